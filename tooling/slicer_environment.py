"""Make the environment of 3D Slicer's own filters, which speed is compared with.

``python tooling/slicer_environment.py``. The wheel ``slicer-core`` brings a VTK of its own and so lives apart, in
``build/slicer-environment``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = ("slicer-core==5.13.31053.0", "numpy==2.4.6")
FOLDER = Path(__file__).resolve().parents[1] / "build" / "slicer-environment"


def slicer_python() -> Path:
    """Return the Python of that environment; it is made where it does not exist.

    ``TWINSIGHT_SLICER_PYTHON`` names one that exists already.

    Raises
    ------
    RuntimeError
        When it cannot be made, with the last line of the installer.
    """
    given = os.environ.get("TWINSIGHT_SLICER_PYTHON")
    if given:
        return Path(given)
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if python.exists() and _runs(python):
        return python
    steps = ([sys.executable, "-m", "venv", FOLDER], [python, "-m", "pip", "install", "--quiet", *REQUIREMENTS])
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
            raise RuntimeError(f"the environment of slicer-core cannot be made: {lines[-1]}")
    return python


def _runs(python: Path) -> bool:
    return subprocess.run([python, "-c", "import slicer_core"], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    print(slicer_python())
