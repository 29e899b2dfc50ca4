"""What a plan is made of: ways to remove tissue, and what was done to vessels or territories beside them.

A sum type, matched exhaustively wherever it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import assert_never

from twin.errors import UsageError

__all__ = [
    "AblationZone",
    "AbsentTerritory",
    "DonorSplit",
    "EmbolisedTerritory",
    "PancreasCut",
    "PancreasOperation",
    "Partition",
    "PlanCondition",
    "PlaneCut",
    "ReconstructedVessel",
    "Resection",
    "SheetCut",
    "TerritorySet",
    "TissueCut",
    "WedgeCut",
    "parse_cut",
    "resection_from_json",
    "resection_to_json",
    "write_cut",
]

Point = tuple[float, float, float]

_LEAST_NET, _LARGEST_NET = 2, 16  # points each way
_WIDEST_RIM_MM = 30.0
_FARTHEST_MM = 10_000.0  # beyond it a number is no place in a patient


@dataclass(frozen=True)
class PlaneCut:
    """Everything of the organ on the side the normal points to is removed.

    ``origin_lps_mm`` is a point of the plane, ``normal_lps`` is normalised on creation.
    """

    origin_lps_mm: Point
    normal_lps: Point

    def __post_init__(self) -> None:
        length = sum(part * part for part in self.normal_lps) ** 0.5
        if not length > 1e-9:
            raise UsageError("error.cut.zero_normal")
        if abs(length - 1.0) < 1e-12:
            return  # dividing again would change the last bit, and with it the hash of an approved plan
        x, y, z = (part / length for part in self.normal_lps)
        object.__setattr__(self, "normal_lps", (x, y, z))


@dataclass(frozen=True)
class SheetCut:
    """A smooth sheet over a net of control points; its positive side is removed.

    The sheet is the clamped B-spline surface of degree 3 (less for fewer points) of the net; 4 x 4 points are a bicubic
    Bezier patch. Its positive side is that of the cross product of "along a row" with "from row to row". Beyond its
    border it goes straight on.

    Parameters
    ----------
    control_points_lps_mm
        Rows of points, 2 to 16 rows of equally many, 2 to 16, points; LPS mm.

    Raises
    ------
    UsageError
        ``error.sheet.bad_net`` when the rows are no such net, ``error.sheet.bad_point`` when a coordinate is no finite
        number within ten metres.
    """

    control_points_lps_mm: tuple[tuple[Point, ...], ...]

    def __post_init__(self) -> None:
        rows = self.control_points_lps_mm
        n_columns = len(rows[0]) if rows else 0
        is_net = all(len(row) == n_columns for row in rows)
        if not (is_net and _LEAST_NET <= len(rows) <= _LARGEST_NET and _LEAST_NET <= n_columns <= _LARGEST_NET):
            lengths = sorted({len(row) for row in rows})
            raise UsageError(
                "error.sheet.bad_net",
                rows=len(rows),
                columns=" / ".join(str(n) for n in lengths) or "0",
                least=_LEAST_NET,
                most=_LARGEST_NET,
            )
        for at, row in enumerate(rows, start=1):
            for place, point in enumerate(row, start=1):
                if len(point) != 3 or not all(isfinite(v) and abs(v) <= _FARTHEST_MM for v in point):
                    raise UsageError("error.sheet.bad_point", row=at, point=place)

    @property
    def n_rows(self) -> int:
        """Rows of the net."""
        return len(self.control_points_lps_mm)

    @property
    def n_columns(self) -> int:
        """Points in a row of the net."""
        return len(self.control_points_lps_mm[0])


@dataclass(frozen=True)
class TerritorySet:
    """Whole territories: branch names (``portal.right.anterior``) or one New World code (``H5678``)."""

    branches: tuple[str, ...] = ()
    new_world_code: str = ""


@dataclass(frozen=True)
class WedgeCut:
    """A non-anatomic resection: all organ within ``margin_mm`` of the lesion."""

    lesion_id: str
    margin_mm: float


@dataclass(frozen=True)
class AblationZone:
    """A zone destroyed in place: all organ within ``margin_mm`` of the lesion; nothing is taken out."""

    lesion_id: str
    margin_mm: float


ENUCLEATION_RIM_MM = 2.0  # ours, unless the cut says another: the capsule of the lesion and a little gland


class PancreasOperation(StrEnum):
    """Operations along the axis of the pancreas."""

    WHIPPLE = "whipple"
    DISTAL = "distal"
    CENTRAL = "central"
    TOTAL = "total"
    ENUCLEATION = "enucleation"


@dataclass(frozen=True)
class PancreasCut:
    """A resection of the pancreas; cuts are fractions of the gland's axis from head (0) to tail (1).

    ``margin_mm`` is the rim that an enucleation takes around the lesion; the other operations have none.
    """

    operation: PancreasOperation
    fractions: tuple[float, ...] = ()
    lesion_id: str = ""
    keeps_spleen: bool = False
    margin_mm: float = ENUCLEATION_RIM_MM


@dataclass(frozen=True)
class DonorSplit:
    """A living-donor split: ``left-lateral``, ``left`` or ``right`` is the graft.

    ``takes_middle_vein`` tells whether the middle hepatic vein goes with the graft; None leaves it to where the vein
    lies along the cut.
    """

    graft: str
    takes_middle_vein: bool | None = None


@dataclass(frozen=True)
class EmbolisedTerritory:
    """Portal branches closed before or in the first stage (embolised or tied): nothing is removed.

    What they supply stays in every volume and counts as without portal supply.
    """

    branches: tuple[str, ...]


@dataclass(frozen=True)
class AbsentTerritory:
    """Territories that are gone since the scan or were labelled in error after an earlier hepatectomy.

    ``branches`` or one New World code, as in :class:`TerritorySet`. They count as no organ: neither as removed nor as
    remaining.
    """

    branches: tuple[str, ...] = ()
    new_world_code: str = ""


@dataclass(frozen=True)
class ReconstructedVessel:
    """Vessels that are resected and joined again: what they supply or drain counts as kept."""

    branches: tuple[str, ...]


@dataclass(frozen=True)
class Partition:
    """The first operation of ALPPS: the liver is parted where the second one will cut, and nothing is removed.

    ``branches`` are the portal branches closed at the same time, those of the part that the second operation takes.
    """

    branches: tuple[str, ...]


TissueCut = PlaneCut | SheetCut | TerritorySet | WedgeCut | AblationZone | PancreasCut | DonorSplit
PlanCondition = EmbolisedTerritory | AbsentTerritory | ReconstructedVessel | Partition
Resection = TissueCut | PlanCondition


def _numbers(text: str, count: int, cut: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if len(values) != count or any(v != v or abs(v) == float("inf") for v in values):
        raise UsageError("error.cut.bad_numbers", cut=cut, expected=count)
    return values


def _around_lesion(kind: type[WedgeCut] | type[AblationZone], rest: str, text: str) -> WedgeCut | AblationZone:
    lesion, _, margin = rest.partition(":")
    (margin_mm,) = _numbers(margin, 1, text)
    if not lesion or not 0 <= margin_mm <= 100:
        raise UsageError("error.cut.bad_margin", cut=text)
    return kind(lesion, margin_mm)


def _pancreas(rest: str, text: str) -> PancreasCut:
    operation_text, _, option = rest.partition(":")
    name, _, where = operation_text.partition("@")
    try:
        operation = PancreasOperation(name)
    except ValueError as error:
        raise UsageError("error.cut.unknown", cut=text) from error
    if operation is PancreasOperation.ENUCLEATION:
        lesion, _, margin = option.partition(":")
        if not lesion or where:
            raise UsageError("error.cut.unknown", cut=text)
        (margin_mm,) = _numbers(margin, 1, text) if margin else (ENUCLEATION_RIM_MM,)
        if not 0 <= margin_mm <= _WIDEST_RIM_MM:
            raise UsageError("error.cut.bad_rim", cut=text, most=_WIDEST_RIM_MM)
        return PancreasCut(operation, lesion_id=lesion, margin_mm=margin_mm)
    n_cuts = {PancreasOperation.CENTRAL: 2, PancreasOperation.TOTAL: 0}.get(operation, 1)
    fractions = _numbers(where, n_cuts, text) if n_cuts else ()
    if any(not 0 < fraction < 1 for fraction in fractions) or list(fractions) != sorted(fractions):
        raise UsageError("error.cut.bad_fraction", cut=text)
    may_keep_spleen = operation in (PancreasOperation.DISTAL, PancreasOperation.TOTAL)
    if option not in (("", "spleen=keep") if may_keep_spleen else ("",)) or (where and not n_cuts):
        raise UsageError("error.cut.unknown", cut=text)
    return PancreasCut(operation, fractions, keeps_spleen=option == "spleen=keep")


_TAKES_MIDDLE_VEIN = {"": None, "+mhv": True, "-mhv": False}


def _donor(rest: str, text: str) -> DonorSplit:
    for graft in ("left-lateral", "left", "right"):
        vein = rest.removeprefix(graft)
        if rest.startswith(graft) and vein in _TAKES_MIDDLE_VEIN and not (graft == "left-lateral" and vein):
            return DonorSplit(graft, _TAKES_MIDDLE_VEIN[vein])
    raise UsageError("error.cut.unknown", cut=text)


def _names(rest: str) -> tuple[str, ...]:
    """Return names parted by commas; none when one of them is empty."""
    names = tuple(name.strip() for name in rest.split(","))
    return names if all(names) else ()


def _is_code(text: str) -> bool:
    return text[:1] == "H" and text[1:].replace("'", "").isdigit()


def _vessels(
    kind: type[EmbolisedTerritory] | type[ReconstructedVessel] | type[Partition], rest: str, text: str
) -> EmbolisedTerritory | ReconstructedVessel | Partition:
    trees = ("portal", "hepatic") if kind is ReconstructedVessel else ("portal",)
    names = _names(rest)
    if not names or any(name.partition(".")[0] not in trees for name in names):
        raise UsageError("error.cut.bad_vessel", cut=text, trees=", ".join(trees))
    return kind(names)


def parse_cut(text: str) -> Resection:
    """Read a cut in the notation of the command line, except ``sheet:FILE`` which its caller reads.

    Raises
    ------
    UsageError
        When the text is no cut; it names the text and what is expected.

    Examples
    --------
    >>> parse_cut("plane:0,0,10:0,0,2").normal_lps
    (0.0, 0.0, 1.0)
    >>> parse_cut("wedge:lesion-1:10")
    WedgeCut(lesion_id='lesion-1', margin_mm=10.0)
    """
    kind, _, rest = text.partition(":")
    match kind:
        case "plane":
            origin, _, normal = rest.partition(":")
            ox, oy, oz = _numbers(origin, 3, text)
            nx, ny, nz = _numbers(normal, 3, text)
            return PlaneCut((ox, oy, oz), (nx, ny, nz))
        case "wedge":
            return _around_lesion(WedgeCut, rest, text)
        case "ablation":
            return _around_lesion(AblationZone, rest, text)
        case "territory" if _names(rest):
            return TerritorySet(branches=_names(rest))
        case "pancreas" if rest:
            return _pancreas(rest, text)
        case "donor":
            return _donor(rest, text)
        case "embolised":
            return _vessels(EmbolisedTerritory, rest, text)
        case "partition":
            return _vessels(Partition, rest, text)
        case "reconstructed":
            return _vessels(ReconstructedVessel, rest, text)
        case "absent" if _is_code(rest):
            return AbsentTerritory(new_world_code=rest)
        case "absent" if _names(rest):
            return AbsentTerritory(branches=_names(rest))
        case _ if not rest and _is_code(kind):
            return TerritorySet(new_world_code=kind)
    raise UsageError("error.cut.unknown", cut=text)


def _exact(number: float) -> str:
    """Shortest text that reads back as the same number."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)


def write_cut(resection: Resection) -> str:
    """Write a cut in the notation of the command line (a sheet as ``sheet``)."""
    match resection:
        case PlaneCut(origin, normal):
            place, direction = (",".join(f"{v:.{n}f}" for v in point) for point, n in ((origin, 3), (normal, 6)))
            return f"plane:{place}:{direction}"
        case SheetCut():
            return "sheet"
        case TerritorySet(branches, code):
            return code or "territory:" + ",".join(branches)
        case WedgeCut(lesion, margin):
            return f"wedge:{lesion}:{_exact(margin)}"
        case AblationZone(lesion, margin):
            return f"ablation:{lesion}:{_exact(margin)}"
        case PancreasCut(operation, fractions, lesion, keeps_spleen, margin):
            where = "@" + ",".join(_exact(f) for f in fractions) if fractions else ""
            return (
                f"pancreas:{operation}{where}"
                + (f":{lesion}" if lesion else "")
                + (f":{_exact(margin)}" if lesion and margin != ENUCLEATION_RIM_MM else "")
                + (":spleen=keep" if keeps_spleen else "")
            )
        case DonorSplit(graft, takes_middle_vein):
            vein = next(sign for sign, takes in _TAKES_MIDDLE_VEIN.items() if takes is takes_middle_vein)
            return f"donor:{graft}{vein}"
        case EmbolisedTerritory(branches):
            return "embolised:" + ",".join(branches)
        case AbsentTerritory(branches, code):
            return "absent:" + (code or ",".join(branches))
        case ReconstructedVessel(branches):
            return "reconstructed:" + ",".join(branches)
        case Partition(branches):
            return "partition:" + ",".join(branches)
        case _:
            assert_never(resection)


def resection_to_json(resection: Resection) -> dict[str, object]:
    """Plain values for a file: the kind as a stable id and the cut as text, control points for a sheet."""
    data: dict[str, object] = {"cut": write_cut(resection)}
    if isinstance(resection, PlaneCut):  # text is rounded to a micrometre; a file keeps every bit
        data |= {"origin_lps_mm": list(resection.origin_lps_mm), "normal_lps": list(resection.normal_lps)}
    if isinstance(resection, SheetCut):
        data["control_points_lps_mm"] = [[list(p) for p in row] for row in resection.control_points_lps_mm]
    return data


def resection_from_json(data: dict[str, object]) -> Resection:
    """Read what :func:`resection_to_json` wrote."""
    if "control_points_lps_mm" in data:
        rows = data["control_points_lps_mm"]
        return SheetCut(tuple(tuple(tuple(p) for p in row) for row in rows))  # type: ignore[attr-defined]
    if "origin_lps_mm" in data:
        return PlaneCut(tuple(data["origin_lps_mm"]), tuple(data["normal_lps"]))  # type: ignore[arg-type]
    return parse_cut(str(data["cut"]))
