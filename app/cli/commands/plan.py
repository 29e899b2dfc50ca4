"""``twinsight plan``: cuts under a name, confirmations and approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.commands.parameters import CaseArgument
from twin.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from app.cli.console import Console


def run(
    ctx: typer.Context,
    case: CaseArgument,
    plans: Annotated[list[str] | None, typer.Argument(metavar="[PLAN]...", help="cli.argument.plans")] = None,
    name: Annotated[str, typer.Option(metavar="NAME", help="cli.plan.name")] = "",
    cut: Annotated[list[str] | None, typer.Option(metavar="CUT", help="cli.plan.cut")] = None,
    is_list: Annotated[bool, typer.Option("--list", help="cli.plan.list")] = False,
    compare: Annotated[bool, typer.Option("--compare", help="cli.plan.compare")] = False,
    confirm: Annotated[list[str] | None, typer.Option(metavar="STRUCTURE", help="cli.plan.confirm")] = None,
    approve: Annotated[str, typer.Option(metavar="NAME", help="cli.plan.approve")] = "",
    remove: Annotated[str, typer.Option(metavar="NAME", help="cli.plan.remove")] = "",
    by: Annotated[str, typer.Option(metavar="WHO", help="cli.plan.by")] = "",
    count: Annotated[int | None, typer.Option("--propose", metavar="N", help="cli.plan.propose")] = None,
    least_margin: Annotated[
        float | None, typer.Option("--least-margin-mm", metavar="MM", help="cli.plan.least_margin")
    ] = None,
    least_flr: Annotated[
        float | None, typer.Option("--least-flr-percent", metavar="%", help="cli.plan.least_flr")
    ] = None,
    least_functional: Annotated[
        float | None, typer.Option("--least-functional-percent", metavar="%", help="cli.plan.least_functional")
    ] = None,
    lesion: Annotated[list[str] | None, typer.Option(metavar="LESION", help="cli.plan.lesion")] = None,
    keep: Annotated[list[str] | None, typer.Option(metavar="BRANCH", help="cli.plan.keep")] = None,
    most_vessels: Annotated[int | None, typer.Option(metavar="N", help="cli.plan.most_vessels")] = None,
    kind: Annotated[list[str] | None, typer.Option(metavar="KIND", help="cli.plan.kind")] = None,
) -> None:
    """Do one of: save, list, compare, remove, confirm and approve, propose."""
    asked = {
        "least_margin_mm": least_margin,
        "least_flr_percent": least_flr,
        "least_functional_percent": least_functional,
        "most_vessels": most_vessels,
    }
    if count is None and (lesion or keep or kind or any(value is not None for value in asked.values())):
        raise UsageError("error.proposals.alone")
    if plans and not compare:
        raise UsageError("error.plan.names_alone", plans=", ".join(plans))
    if count is not None:
        if cut or is_list or compare or confirm or approve or remove or by:
            raise UsageError("error.plan.one_action")
        _propose(ctx.obj, case, count, name.strip(), asked, (tuple(lesion or ()), tuple(keep or ()), tuple(kind or ())))
        return
    signs = bool(confirm or approve)
    actions = [bool(name or cut), is_list, compare, bool(remove), signs]
    if sum(actions) != 1:
        raise UsageError("error.plan.one_action")
    if signs and not by.strip():
        raise UsageError("error.usage.missing", option="--by")
    if by and not signs:
        raise UsageError("error.plan.by_alone")
    if (name or cut) and not (name.strip() and cut):
        raise UsageError("error.usage.missing", option="--cut" if name.strip() else "--name")
    from app import composition

    composition.prepare_program()
    console: Console = ctx.obj
    if compare:
        _compare(console, case, tuple(plans or ()))
    elif is_list:
        _list(console, case)
    elif signs:
        _sign(console, case, tuple(confirm or ()), approve, by.strip())
    elif remove:
        _remove(console, case, remove)
    else:
        _save(console, case, name.strip(), tuple(cut or ()))


def _save(console: Console, case: Path, name: str, cuts: tuple[str, ...]) -> None:
    from app.services.check_quality import check_quality_of_file
    from app.services.plan_resection import save_plan

    plan = save_plan(case, name, cuts)
    quality = check_quality_of_file(case)
    for line in quality.lines(console.wording):
        console.say(line)
    document: dict[str, object] = {"plan": plan.to_json(), "quality": quality.to_json(console.wording)}
    console.finish(document, [console.wording.text("cli.plan.saved", name=name, count=len(cuts))])


def _list(console: Console, case: Path) -> None:
    from app.cli.tables import plans_table
    from app.services.plan_resection import list_plans

    listed = list_plans(case)
    parts = [plans_table(listed, console.wording)] if listed else [console.wording.text("cli.plan.none")]
    console.finish({"plans": [entry.to_json() for entry in listed]}, parts)


def _compare(console: Console, case: Path, names: tuple[str, ...]) -> None:
    from app.cli.outcome_tables import comparison_parts
    from app.services.plan_resection import compare_plans

    outcomes = compare_plans(case, *names)
    document: dict[str, object] = {"plans": [outcome.to_json() for outcome in outcomes]}
    console.finish(document, comparison_parts(outcomes, console.wording))


def _remove(console: Console, case: Path, name: str) -> None:
    from app.services.plan_resection import remove_plan

    remove_plan(case, name)
    console.finish({"removed": name}, [console.wording.text("cli.plan.removed", name=name)])


def _sign(console: Console, case: Path, structures: tuple[str, ...], plan: str, by: str) -> None:
    from app.services.plan_resection import approve_plan, confirm_structures

    document: dict[str, object] = {}
    lines = []
    if structures:
        confirmations = confirm_structures(case, structures, by)
        document["confirmations"] = [dict(vars(confirmation)) for confirmation in confirmations]
        lines += [console.wording.text("cli.plan.confirmed", structure=c.structure_id, by=c.by) for c in confirmations]
    if plan:
        approved = approve_plan(case, plan, by)
        document["plan"] = approved.to_json()
        lines.append(console.wording.text("cli.plan.approved", name=plan, by=by))
    console.finish(document, lines)


def _propose(
    console: Console,
    case: Path,
    count: int,
    name: str,
    asked: dict[str, float | int | None],
    named: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]],
) -> None:
    from app import composition

    composition.prepare_program()
    from app.cli.proposal_tables import proposal_parts
    from app.services.propose_plans import PlanConstraints, cut_kinds, propose_plans_of_file

    lesions, kept, kinds = named
    given = {key: value for key, value in asked.items() if value is not None}
    constraints = PlanConstraints(lesion_ids=lesions, kept_branches=kept, kinds=cut_kinds(kinds), **given)  # type: ignore[arg-type]
    with console.job() as job:
        found = propose_plans_of_file(
            case, constraints, n_proposals=count, name=name, progress=job.progress, cancel=job.cancel
        )
    console.finish(found.to_json(console.wording), proposal_parts(found, console.wording))
