"""After an edit the quick examination says what the whole one would say."""

import pytest

from segmentation.quality import quality_report, quality_report_after
from tests.segmentation.quality.block_anatomy import BlockScan, block, healthy
from twin.box import Box

CHANGES = {
    "a hole in the liver": ("liver", healthy()["liver"] & ~block((40, 44), (20, 24), (14, 18))),
    "a piece beside the spleen": ("spleen", healthy()["spleen"] | block((58, 62), (30, 40), (70, 78))),
    "a liver cut short below its lesion": ("liver", block((28, 40), (12, 40), (10, 38))),
    "a kidney drawn inside the liver": ("kidney", block((40, 52), (18, 30), (16, 28))),
    "a duct that leaves the gland": ("pancreatic_duct", block((36, 38), (32, 34), (43, 68))),
    "vessels swapped": ("aorta", block((0, 70), (40, 44), (30, 34))),
    "a lesion moved out": ("lesion-1", block((58, 66), (20, 26), (20, 26))),
    "a spleen cut down": ("spleen", block((40, 46), (32, 38), (70, 76))),
    "a body that lost its left side": ("skin", block((0, 70), (5, 55), (5, 72))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_that_the_quick_examination_equals_the_whole_one(name: str) -> None:
    structure_id, mask = CHANGES[name]
    before, after = BlockScan(), BlockScan({**healthy(), structure_id: mask})
    box = Box.around(healthy()[structure_id] ^ mask)
    assert box is not None
    volume = before.volume()
    # Within a layer the stroke also takes voxels from those it covers.
    changed = {structure_id} | ({"liver"} if structure_id == "kidney" else set())
    quick = quality_report_after(quality_report(before.layers(), volume), after.layers(), volume, changed, box)
    whole = quality_report(after.layers(), volume)
    of_images = ("quality.motion", "segmentation.warning.looks_unenhanced")
    still = [f for f in whole.findings if f.message_id not in of_images]
    assert sorted(f.message_id for f in quick.findings) == sorted(f.message_id for f in still)
    assert still, "the change must raise a doubt"


def test_that_a_structure_that_was_erased_raises_no_more_doubts() -> None:
    holed = healthy()["pancreas"] & ~block((27, 30), (32, 34), (50, 54))
    before = BlockScan({**healthy(), "pancreas": holed})
    after = BlockScan({name: mask for name, mask in healthy().items() if name != "pancreas"})
    volume = before.volume()
    report = quality_report(before.layers(), volume)
    box = Box.around(holed)
    assert box is not None
    assert [f.message_id for f in report.findings] == ["quality.holes"]
    assert quality_report_after(report, after.layers(), volume, {"pancreas"}, box).findings == ()
