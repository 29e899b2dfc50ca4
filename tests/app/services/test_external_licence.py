"""The licence of a segmenter made by others is shown once, and again when its terms change."""

from pathlib import Path

from app.services.external_licence import licence_text, mark_licence_shown
from segmentation.external.nnunet import NnunetModel, NnunetSettings
from segmentation.segmenter import segmenters
from tests.segmentation.external.stand_ins import nnunet_folder
from twin.wording import LANGUAGES, Wording


def test_that_a_licence_is_shown_before_the_first_run_and_after_a_change(tmp_path: Path) -> None:
    folder, settings = nnunet_folder(tmp_path / "Dataset1"), tmp_path / "settings"
    model = NnunetModel(NnunetSettings(folder), settings / "weights.json")
    for language in LANGUAGES:
        text = licence_text(model, settings, Wording(language))
        assert text is not None
        assert "CC BY 4.0" in text
    mark_licence_shown(model, settings)
    assert licence_text(model, settings, Wording("en")) is None
    changed = NnunetModel(NnunetSettings(folder, licence="all rights reserved"), settings / "weights.json")
    text = licence_text(changed, settings, Wording("en"))
    assert text is not None
    assert "all rights reserved" in text


def test_that_segmenters_of_ours_have_nothing_to_show(tmp_path: Path) -> None:
    assert all(licence_text(segmenter, tmp_path, Wording("en")) is None for segmenter in segmenters())
