"""One module a command; each is thin and calls a service."""

from collections.abc import Callable
from typing import Any

from app.cli.commands import (
    batch,
    consult,
    demo,
    doctor,
    export,
    gui,
    import_study,
    patient,
    plan,
    purge,
    segment,
    simulate,
    twin,
)

__all__ = ["COMMANDS"]

# In the order of the work, which is the order of the help page.
COMMANDS: dict[str, Callable[..., Any]] = {
    "demo": demo.run,
    "import": import_study.run,
    "patient": patient.run,
    "segment": segment.run,
    "twin": twin.run,
    "plan": plan.run,
    "simulate": simulate.run,
    "export": export.run,
    "consult": consult.run,
    "batch": batch.run,
    "gui": gui.run,
    "doctor": doctor.run,
    "purge": purge.run,
}
