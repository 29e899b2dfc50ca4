"""``twinsight patient``: the clinical facts that the figures need."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument

if TYPE_CHECKING:
    from app.cli.console import Console


class Sex(StrEnum):
    F = "f"
    M = "m"


class Parenchyma(StrEnum):
    NORMAL = "normal"
    STEATOSIS = "steatosis"
    CHEMOTHERAPY = "chemotherapy"
    FIBROSIS = "fibrosis"
    CIRRHOSIS = "cirrhosis"


class Texture(StrEnum):
    SOFT = "soft"
    FIRM = "firm"


class Approach(StrEnum):
    OPEN = "open"
    MINIMALLY_INVASIVE = "minimally-invasive"


class Answer(StrEnum):
    YES = "yes"
    NO = "no"


def run(
    ctx: typer.Context,
    case: CaseArgument,
    height_cm: Annotated[float | None, typer.Option(metavar="CM", help="cli.patient.height_cm")] = None,
    weight_kg: Annotated[float | None, typer.Option(metavar="KG", help="cli.patient.weight_kg")] = None,
    sex: Annotated[Sex | None, typer.Option(help="cli.patient.sex")] = None,
    birth_year: Annotated[int | None, typer.Option(metavar="YYYY", help="cli.patient.birth_year")] = None,
    parenchyma: Annotated[Parenchyma | None, typer.Option(help="cli.patient.parenchyma")] = None,
    pancreas_texture: Annotated[Texture | None, typer.Option(help="cli.patient.pancreas_texture")] = None,
    approach: Annotated[Approach | None, typer.Option(help="cli.patient.approach")] = None,
    neoadjuvant: Annotated[Answer | None, typer.Option(help="cli.patient.neoadjuvant")] = None,
    pve_date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="cli.patient.pve_date")] = None,
) -> None:
    """Enter facts, or show them when none is given."""
    from app import composition

    composition.prepare_program()
    from app.services.patient_facts import set_patient_facts

    given = {
        "height_cm": height_cm,
        "weight_kg": weight_kg,
        "sex": sex,
        "birth_year": birth_year,
        "parenchyma": parenchyma,
        "pancreas_texture": pancreas_texture,
        "approach": approach,
        "neoadjuvant": neoadjuvant,
        "pve_date": pve_date,
    }
    entered = {name: v.value if isinstance(v, StrEnum) else v for name, v in given.items() if v is not None}
    console: Console = ctx.obj
    result = set_patient_facts(case, entered)
    console.finish(result.to_json(), result.lines(console.wording))
