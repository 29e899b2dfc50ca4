"""Each doubt is said where it is, and a healthy body raises none."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from segmentation.quality import FindingSeverity, PatientSize, QualityFinding, QualityReport, quality_report
from tests.segmentation.quality.block_anatomy import GRID, SHAPE, SPACING_MM, BlockScan, block, healthy
from twin.box import Box
from twin.grid import Grid
from twin.phantom import PhantomRecipe, build_phantom
from twin.volume import ContrastPhase, Modality, Quantity, Volume
from twin.wording import LANGUAGES, Wording


def _report(scan: BlockScan, volume: Volume | None = None, **options: object) -> QualityReport:
    return quality_report(scan.layers(), volume or scan.volume(), **options)  # type: ignore[arg-type]


def _named(report: QualityReport) -> dict[str, QualityFinding]:
    """Findings by short name; each must have words in both languages, with every parameter filled in."""
    for finding in report.findings:
        for language in LANGUAGES:
            text = Wording(language).text(finding.message_id, **finding.parameters)
            assert text != finding.message_id
            assert "{" not in text
    return {f.message_id.removeprefix("segmentation.warning.").removeprefix("quality."): f for f in report.findings}


def _is_inside(point_lps_mm: tuple[float, float, float] | None, mask: np.ndarray, grid: Grid = GRID) -> bool:
    assert point_lps_mm is not None
    i, j, k = np.round(grid.ijk_from_lps(point_lps_mm)).astype(int)
    return bool(mask[k, j, i])


def _with(**masks: np.ndarray) -> BlockScan:
    return BlockScan(healthy() | {name.replace("lesion_1", "lesion-1"): mask for name, mask in masks.items()})


def test_that_a_healthy_body_raises_no_doubt() -> None:
    patient = PatientSize(standard_liver_ml=1400.0)
    assert _named(_report(BlockScan(), patient=patient, on_date=date(2026, 2, 1))) == {}


HEALTHY = healthy()
SPECKS = HEALTHY["spleen"].copy()
SPECKS[34:60:2, 20:29:2, 60:69:2] = True
SPOILED: list[tuple[str, dict[str, np.ndarray], str, Callable[[], np.ndarray]]] = [
    ("liver_small", {"liver": block((40, 50), (12, 30), (10, 30))}, "liver", lambda: HEALTHY["liver"]),
    ("liver_large", {"liver": block((12, 68), (8, 40), (6, 50))}, "liver", lambda: block((12, 68), (8, 40), (6, 50))),
    ("organ_small", {"spleen": block((40, 46), (32, 38), (70, 76))}, "spleen", lambda: HEALTHY["spleen"]),
    ("organ_large", {"pancreas": block((12, 33), (25, 39), (41, 69))}, "pancreas",
     lambda: block((12, 33), (25, 39), (41, 69))),
    ("organ_small", {"kidney": block((8, 12), (40, 45), (22, 32))}, "kidney", lambda: HEALTHY["kidney"]),
    ("cut_by_scan", {"liver": block((38, 70), (12, 40), (10, 38))}, "liver", lambda: block((69, 70), (0, 60), (0, 90))),
    ("organ_cut_by_scan", {"pancreas": block((0, 9), (30, 36), (41, 70))}, "pancreas",
     lambda: block((0, 1), (0, 60), (0, 90))),
    ("several_pieces", {"spleen": HEALTHY["spleen"] | block((58, 62), (30, 40), (70, 78))}, "spleen",
     lambda: block((58, 62), (30, 40), (70, 78))),
    ("several_pieces", {"liver": HEALTHY["liver"] | block((62, 68), (12, 30), (10, 30))}, "liver",
     lambda: block((62, 68), (12, 30), (10, 30))),
    ("several_pieces", {"kidney": HEALTHY["kidney"] | block((50, 56), (44, 50), (22, 30))}, "kidney",
     lambda: block((50, 56), (44, 50), (22, 30))),
    ("specks", {"spleen": SPECKS}, "spleen", lambda: SPECKS & ~HEALTHY["spleen"]),
    ("holes", {"liver": HEALTHY["liver"] & ~block((40, 44), (20, 24), (14, 18))}, "liver",
     lambda: block((40, 44), (20, 24), (14, 18))),
    ("holes", {"pancreas": HEALTHY["pancreas"] & ~block((27, 30), (32, 34), (50, 54))}, "pancreas",
     lambda: block((27, 30), (32, 34), (50, 54))),
    ("lesion_outside", {"lesion_1": block((58, 66), (20, 26), (20, 26))}, "lesion-1",
     lambda: block((60, 66), (20, 26), (20, 26))),
    ("outside_organ", {"pancreatic_duct": block((36, 38), (32, 34), (43, 68))}, "pancreatic_duct",
     lambda: block((36, 38), (32, 34), (43, 68))),
    ("outside_organ", {"hepatic_vein": block((58, 68), (20, 28), (20, 30))}, "hepatic_vein",
     lambda: block((60, 68), (20, 28), (20, 30))),
    ("outside_body", {"spleen": block((35, 55), (30, 45), (80, 88))}, "spleen",
     lambda: block((35, 55), (30, 45), (85, 88))),
    ("overlap", {"bone": block((0, 70), (36, 52), (30, 50))}, "bone",
     lambda: HEALTHY["liver"] | HEALTHY["kidney"]),
    ("overlap", {"aorta": block((0, 70), (30, 36), (47, 51))}, "aorta", lambda: HEALTHY["pancreas"]),
    ("enclosed", {"kidney": block((40, 52), (18, 30), (16, 28))}, "kidney",
     lambda: block((40, 52), (18, 30), (16, 28))),
    ("spleen_on_the_right", {"spleen": block((35, 55), (41, 54), (6, 14))}, "spleen",
     lambda: block((35, 55), (41, 54), (6, 14))),
    ("aorta_on_the_right", {"aorta": HEALTHY["inferior_vena_cava"], "inferior_vena_cava": HEALTHY["aorta"]}, "aorta",
     lambda: HEALTHY["inferior_vena_cava"]),
    ("front_to_back", {"aorta": block((0, 70), (8, 12), (47, 51))}, "aorta", lambda: block((0, 70), (8, 12), (47, 51))),
    ("upside_down", {"kidney": block((62, 69), (40, 50), (15, 32)) | block((62, 69), (40, 50), (58, 75))}, "kidney",
     lambda: block((62, 69), (40, 50), (15, 75))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "masks", "structure_id", "place"), SPOILED, ids=[f"{s[0]}-{s[2]}" for s in SPOILED])
def test_that_what_is_wrong_is_named_with_its_structure_and_place(
    name: str, masks: dict[str, np.ndarray], structure_id: str, place: Callable[[], np.ndarray]
) -> None:
    findings = _named(_report(_with(**masks)))
    assert name in findings
    assert findings[name].structure_id == structure_id
    assert _is_inside(findings[name].point_lps_mm, place())


def test_that_a_mirrored_scan_is_serious() -> None:
    mirrored = BlockScan({name: mask[:, :, ::-1] for name, mask in healthy().items()})
    findings = _named(_report(mirrored))
    for name in ("liver_on_the_left", "spleen_on_the_right", "aorta_on_the_right"):
        assert findings[name].severity is FindingSeverity.SERIOUS
    assert _report(mirrored).findings[0].severity is FindingSeverity.SERIOUS


def test_that_a_liver_is_compared_with_the_body_only_where_its_size_is_known() -> None:
    assert "liver_unlike_body" in _named(_report(BlockScan(), patient=PatientSize(standard_liver_ml=600.0)))
    assert "liver_unlike_body" in _named(_report(BlockScan(), patient=PatientSize(standard_liver_ml=2800.0)))
    assert "liver_unlike_body" not in _named(_report(BlockScan()))


def test_that_volumes_of_a_child_are_not_judged() -> None:
    small = _with(liver=block((40, 50), (12, 30), (10, 30)))
    assert "liver_small" not in _named(_report(small, patient=PatientSize(is_under_age=True)))


def test_that_a_cut_organ_is_not_called_small() -> None:
    findings = _named(_report(_with(spleen=block((66, 70), (30, 38), (68, 78)))))
    assert findings["organ_cut_by_scan"].severity is FindingSeverity.NOTE
    assert "organ_small" not in findings


def test_that_blank_slices_at_the_end_are_no_part_of_the_scan() -> None:
    scan = _with(liver=block((38, 68), (12, 40), (10, 38)))
    voxels = scan.voxels()
    assert "cut_by_scan" not in _named(_report(scan, scan.volume(voxels)))
    voxels = voxels.copy()
    voxels[68:] = -125
    assert "cut_by_scan" in _named(_report(scan, scan.volume(voxels)))


def test_that_the_holes_of_a_body_without_overlaps_belong_to_it() -> None:
    """A flat label map gives the body a hole where the liver is."""
    scan = BlockScan()
    flat = {**healthy(), "skin": healthy()["skin"] & ~healthy()["liver"] & ~healthy()["spleen"]}
    assert "outside_body" not in _named(_report(BlockScan(flat), scan.volume()))


@pytest.mark.parametrize(
    ("aorta_hu", "liver_hu", "declared", "name"),
    [
        (42, 58, ContrastPhase.UNKNOWN, "looks_unenhanced"),
        (320, 70, ContrastPhase.ARTERIAL, "looks_arterial"),
        (320, 70, ContrastPhase.PORTAL, "phase_differs"),
        (42, 58, ContrastPhase.PORTAL, "phase_differs"),
        (150, 110, ContrastPhase.ARTERIAL, "phase_differs"),
    ],
)
def test_that_the_wrong_phase_is_said(aorta_hu: int, liver_hu: int, declared: ContrastPhase, name: str) -> None:
    scan = BlockScan(hu={"liver": liver_hu, "aorta": aorta_hu}, phase=declared)
    assert name in _named(_report(scan))
    assert "phase_differs" not in _named(_report(BlockScan(phase=ContrastPhase.PORTAL)))


def test_that_thick_slices_are_said() -> None:
    thick = BlockScan(grid=Grid.from_spacing(SHAPE[::-1], (4.0, 4.0, 5.0)))
    assert "thick_slices" in _named(_report(thick))


@pytest.mark.parametrize(
    ("scan_date", "name"), [("20260101", None), ("20251201", "scan_old"), ("20260301", "scan_date_ahead"), ("?", None)]
)
def test_that_the_age_of_the_scan_is_counted_in_days(scan_date: str, name: str | None) -> None:
    findings = _named(_report(BlockScan(scan_date=scan_date), on_date=date(2026, 1, 20)))
    assert set(findings) == ({name} if name else set())
    if name == "scan_old":
        assert findings[name].parameters["days"] == 50


def _with_metal(*ranges: tuple[int, int]) -> Volume:
    voxels = BlockScan().voxels()
    voxels[block(*ranges)] = 2500
    return BlockScan().volume(voxels)


def test_that_a_metal_tube_by_the_bile_duct_is_a_possible_stent() -> None:
    finding = _named(_report(BlockScan(), _with_metal((20, 38), (28, 30), (40, 42))))["stent_possible"]
    assert 45 <= finding.parameters["length_mm"] <= 60
    assert _is_inside(finding.point_lps_mm, block((20, 38), (28, 30), (40, 42)))


@pytest.mark.parametrize(
    "ranges",
    [((25, 28), (28, 30), (40, 42)), ((62, 70), (10, 12), (75, 77)), ((24, 34), (25, 33), (40, 48))],
    ids=["clip", "elsewhere", "lump"],
)
def test_that_other_metal_is_no_stent(ranges: tuple[tuple[int, int], ...]) -> None:
    assert "stent_possible" not in _named(_report(BlockScan(), _with_metal(*ranges)))


@pytest.fixture(scope="module")
def phantom() -> tuple[Volume, dict]:  # type: ignore[type-arg]
    made = build_phantom(PhantomRecipe.small(2))
    return made.volume, dict(made.layers)


def test_that_a_phantom_raises_no_doubt(phantom: tuple[Volume, dict]) -> None:  # type: ignore[type-arg]
    volume, layers = phantom
    assert _named(quality_report(layers, volume)) == {}


def test_that_a_jump_of_the_body_between_two_slices_is_seen_where_it_is(phantom: tuple[Volume, dict]) -> None:  # type: ignore[type-arg]
    volume, layers = phantom
    k, by_voxels = 80, 4  # nine millimetres towards the back

    def jumped(voxels: np.ndarray) -> np.ndarray:
        moved = voxels.copy()
        moved[k:] = np.roll(voxels[k:], by_voxels, axis=1)
        return moved

    moved = {name: layer.with_voxels(jumped(layer.voxels)) for name, layer in layers.items()}
    scan = Volume(volume.id, volume.grid, jumped(np.asarray(volume.voxels)), Quantity.HOUNSFIELD, Modality.CT)
    finding = _named(quality_report(moved, scan))["motion"]
    assert finding.parameters["slice"] == k
    assert finding.point_lps_mm is not None
    assert abs(volume.grid.ijk_from_lps(finding.point_lps_mm)[2] - (k - 0.5)) < 0.1


def test_that_labels_without_a_scan_are_examined() -> None:
    report = quality_report(_with(liver=block((40, 50), (12, 30), (10, 30))).layers())
    assert "liver_small" in _named(report)


def test_that_boxes_hold_their_structures() -> None:
    report = _report(BlockScan())
    for structure_id, mask in healthy().items():
        assert report.boxes[structure_id] == Box.around(mask), structure_id


def test_that_voxel_spacing_counts_and_not_voxels() -> None:
    coarse = BlockScan(grid=Grid.from_spacing(SHAPE[::-1], tuple(2 * s for s in SPACING_MM)))
    assert "liver_large" in _named(_report(coarse))
