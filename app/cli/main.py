"""``twinsight``: reads the line, runs one command, ends with the exit code that the table promises."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Sequence

import typer
import typer.main

from app.cli.commands import COMMANDS
from app.cli.console import Console
from app.cli.failure import EXIT_CANCELLED, Failure
from app.cli.help_text import HelpedCommand, HelpedGroup
from app.cli.invocation import Invocation
from app.cli.usage_typer import usage_error_of
from app.services.system_fault import error_of_system
from twin.errors import Cancelled, TwinSightError
from twin.wording import NOT_A_DEVICE, Wording

__all__ = ["main"]

_logger = logging.getLogger("app.cli")  # not __name__, which is __main__ under "python -m"
_HELP = {"help_option_names": ["--help", "-h"]}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(exit_code_of(list(sys.argv[1:] if arguments is None else arguments)))


def exit_code_of(arguments: Sequence[str]) -> int:
    """Run the command line; 0 done, 1 our defect, 2 usage, 3 input, 4 geometry, 5 back end, 6 case, 7 safety, 130."""
    invocation = Invocation.from_arguments(arguments)
    wording = Wording(invocation.language)
    console = Console(wording, is_json=invocation.is_json)
    doing = next((word for word in invocation.arguments if not word.startswith("-")), "")
    started = time.monotonic()
    try:
        code = _run(invocation, console)
        _logger.info("command %s ended with code %d after %.1f s", doing, code, time.monotonic() - started)
        return code
    except BrokenPipeError:  # the reader went away, as in "| head": nobody is left to tell
        _silence_standard_output()
        return 0
    except BaseException as error:
        failure = _failure_of(error, wording, doing if doing in COMMANDS else "")
        console.fail(failure.to_json(), failure.text)
        return failure.exit_code


def _run(invocation: Invocation, console: Console) -> int:
    invocation.check()
    program = _program()
    words = list(invocation.arguments)
    if "--version" in words[:1]:
        _show_version(console)
        return 0
    try:
        # Not program.main(): it swallows Ctrl-C and closed pipes before we can word them.
        with program.make_context("twinsight", words or ["--help"], obj=console) as context:
            program.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    except typer.TyperException as error:
        raise usage_error_of(error, tuple(COMMANDS)) from error
    return 0


def _program() -> HelpedGroup:
    program = typer.Typer(cls=HelpedGroup, add_completion=False, rich_markup_mode=None, context_settings=_HELP)
    program.callback()(lambda: None)
    for name, run in COMMANDS.items():
        program.command(name, cls=HelpedCommand, help=f"cli.about.{name}", context_settings=_HELP)(run)
    group = typer.main.get_command(program)
    assert isinstance(group, HelpedGroup)
    return group


def _show_version(console: Console) -> None:
    from app.services.crash_log import product_version

    notice = console.wording.text(NOT_A_DEVICE)
    console.finish({"version": product_version(), "notice": notice}, [f"TwinSight {product_version()}", notice])


def _failure_of(error: BaseException, wording: Wording, doing: str) -> Failure:
    """Return how to explain an exception; what nobody foresaw is a defect and leaves a crash log."""
    if isinstance(error, KeyboardInterrupt | EOFError | typer.Abort):
        error = Cancelled()
    if isinstance(error, OSError | MemoryError):
        error = error_of_system(error) or error
    if isinstance(error, TwinSightError):
        if error.exit_code != EXIT_CANCELLED:
            _logger.info("command %s ended with %s", doing, error.message_id)
        return Failure.from_error(error, wording)
    from app import composition
    from app.services.crash_log import write_crash_log

    log = write_crash_log(error, composition.user_folders().logs, doing=doing)
    return Failure.of_defect(log, wording)


def _silence_standard_output() -> None:
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
