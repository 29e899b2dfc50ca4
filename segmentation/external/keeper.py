"""Runs a program as the leader of a group of its own and ends the group when whoever started it is gone.

Started as a script with the command behind it; needs nothing but Python. Its standard input is a pipe that the
starter holds open and never writes to: when that ends, so does everything that was started here.
"""

import os
import signal
import subprocess
import sys
import threading


def _end_with_starter() -> None:
    sys.stdin.buffer.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main() -> int:
    """Run the command of the arguments and return its exit code."""
    try:
        program = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
    except OSError as error:
        print(error.strerror or type(error).__name__)
        return 127
    threading.Thread(target=_end_with_starter, daemon=True).start()
    return program.wait()


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code if 0 <= code < 256 else 128 - code if code < 0 else 1)
