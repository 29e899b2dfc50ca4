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
    metastasis: Annotated[Answer | None, typer.Option(help="cli.patient.metastasis")] = None,
    biliary_stent: Annotated[Answer | None, typer.Option(help="cli.patient.biliary_stent")] = None,
    pve_date: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="cli.patient.pve_date")] = None,
    earlier_flr_ml: Annotated[float | None, typer.Option(metavar="ML", help="cli.patient.earlier_flr_ml")] = None,
    earlier_flr_date: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="cli.patient.earlier_flr_date")
    ] = None,
    recipient_weight_kg: Annotated[
        float | None, typer.Option(metavar="KG", help="cli.patient.recipient_weight_kg")
    ] = None,
    bilirubin_umol_l: Annotated[float | None, typer.Option(metavar="UMOL/L", help="cli.patient.bilirubin")] = None,
    albumin_g_l: Annotated[float | None, typer.Option(metavar="G/L", help="cli.patient.albumin")] = None,
    hbs_percent: Annotated[float | None, typer.Option(metavar="%/MIN/M2", help="cli.patient.hbs")] = None,
    icg_r15_percent: Annotated[float | None, typer.Option(metavar="%", help="cli.patient.icg")] = None,
    limax_ug_kg_h: Annotated[float | None, typer.Option(metavar="UG/KG/H", help="cli.patient.limax")] = None,
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
        "metastasis": metastasis,
        "biliary_stent": biliary_stent,
        "pve_date": pve_date,
        "earlier_flr_ml": earlier_flr_ml,
        "earlier_flr_date": earlier_flr_date,
        "recipient_weight_kg": recipient_weight_kg,
        "bilirubin_umol_l": bilirubin_umol_l,
        "albumin_g_l": albumin_g_l,
        "hbs_percent": hbs_percent,
        "icg_r15_percent": icg_r15_percent,
        "limax_ug_kg_h": limax_ug_kg_h,
    }
    entered = {name: v.value if isinstance(v, StrEnum) else v for name, v in given.items() if v is not None}
    console: Console = ctx.obj
    result = set_patient_facts(case, entered)
    console.finish(result.to_json(), result.lines(console.wording))
