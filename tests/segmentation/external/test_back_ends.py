"""TotalSegmentator and nnU-Net as programs: found or not, run, heard, killed, and their labels checked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from segmentation.external import ExternalSegmenter, configured_segmenters, read_external_settings
from segmentation.external.nnunet import NnunetModel, NnunetSettings
from segmentation.external.totalsegmentator import TotalSegmentator, TotalSegmentatorSettings
from segmentation.segmenter import SegmentationResult, Segmenter
from tests.segmentation.external.stand_ins import ends, nnunet_folder, program, scan
from twin.anatomy import LayerName
from twin.errors import BackendUnavailable, Cancelled, InputError
from twin.job import CancelSource, Progress
from twin.uncertainty import LabelOrigin
from twin.volume import Modality
from twin.wording import LANGUAGES, Wording

TOTAL = """
    for word in ("--task", "total", "--ml", "--device", "cpu", "--fast"):
        assert word in sys.argv, word
    config = json.load(open(os.environ["TOTALSEG_HOME_DIR"] + "/config.json"))
    assert config["send_usage_stats"] is False
    assert os.path.isdir(os.environ["TOTALSEG_WEIGHTS_PATH"])
    for part in (1, 2):
        print(f"Predicting part {part} of 2 ...", flush=True)
        bar(0); bar(50); bar(100)
    made = labels_like(arguments["-i"], {5: ((4, 16), (6, 18), (3, 15)), 1: ((4, 12), (6, 14), (20, 26)),
                                         64: ((8, 10), (8, 10), (10, 15)), 52: ((0, 22), (20, 23), (17, 20)),
                                         29: ((0, 22), (23, 26), (13, 18)), 90: ((18, 20), (0, 3), (0, 3))})
    sitk.WriteImage(made, arguments["-o"])
"""
NNUNET = """
    (name,) = os.listdir(arguments["-i"])
    assert name == "scan_0000.nii.gz" and "--disable_tta" not in sys.argv
    assert sys.argv[sys.argv.index("-f") + 1: sys.argv.index("-chk")] == ["0", "1"]
    bar(25); bar(100)
    os.makedirs(arguments["-o"])
    made = labels_like(arguments["-i"] + "/" + name, {1: ((4, 16), (6, 18), (3, 15)), 2: ((8, 11), (9, 12), (6, 9)),
                                                      3: ((18, 20), (0, 3), (0, 3))})
    sitk.WriteImage(made, arguments["-o"] + "/scan.nii.gz")
"""
HANGING = """
    child = subprocess.Popen(["sleep", "600"])
    open("PIDS", "w").write(f"{os.getpid()} {child.pid}")
    bar(10)
    time.sleep(600)
"""


def _total(tmp_path: Path, body: str = TOTAL) -> TotalSegmentator:
    weights = tmp_path / "weights"
    file = weights / "Dataset297_TotalSegmentator_total_3mm_1559subj" / "trainer" / "fold_0" / "checkpoint_final.pth"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"weights")
    command = program(tmp_path / "bin", "TotalSegmentator", body)
    settings = TotalSegmentatorSettings(str(command), weights)
    return TotalSegmentator(settings, tmp_path / "settings" / "weights.json")


def _nnunet(tmp_path: Path, body: str = NNUNET, **changes: object) -> NnunetModel:
    folder = nnunet_folder(tmp_path / "Dataset007_Liver" / "nnUNetTrainer__nnUNetPlans__3d_fullres", **changes)
    command = program(tmp_path / "bin", "nnUNetv2_predict_from_modelfolder", body)
    return NnunetModel(NnunetSettings(folder, str(command)), tmp_path / "settings" / "weights.json")


def _worded(message_id: str | None) -> None:
    assert message_id is not None
    for language in LANGUAGES:
        assert Wording(language).text(message_id) != message_id


def _structures(result: SegmentationResult) -> set[str]:
    return {i for layer in result.layers.values() for i in layer.structure_ids()}


@pytest.mark.parametrize("is_turned", [False, True])
def test_that_totalsegmentator_labels_arrive_in_layers_on_the_grid_of_the_scan(tmp_path: Path, is_turned: bool) -> None:
    segmenter, heard = _total(tmp_path), list[Progress]()
    assert isinstance(segmenter, Segmenter)
    assert isinstance(segmenter, ExternalSegmenter)
    assert segmenter.availability().is_available
    volume = scan(is_turned=is_turned)
    result = segmenter.segment(volume, progress=heard.append)
    assert _structures(result) == {"liver", "spleen", "portal_vein", "aorta", "bone"}
    organs = result.layers[LayerName.ORGANS]
    organs.grid.require_same_space(volume.grid)
    assert (
        np.count_nonzero(organs.mask("liver")) == 12 * 12 * 12
    )  # the portal vein inside it belongs to the whole organ
    assert organs.uncertainties["liver"].origin is LabelOrigin.AUTOMATIC
    assert result.not_found["pancreas"] == "external.not_found.empty"
    assert "brain" not in result.not_found
    fractions = [progress.fraction for progress in heard]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any(0.2 < fraction < 0.8 for fraction in fractions)


def test_that_licence_weights_and_settings_are_in_the_provenance(tmp_path: Path) -> None:
    provenance = _total(tmp_path).segment(scan()).layers[LayerName.ORGANS].provenance
    assert provenance is not None
    assert provenance.producer == "segmenter.totalsegmentator"
    assert provenance.parameters == {"task": "total", "fast": True, "licence": "Apache-2.0"}
    assert {name.split("/")[0] for name in provenance.input_hashes} == {"volume", "weights"}


def test_that_an_nnunet_folder_names_its_labels_itself(tmp_path: Path) -> None:
    segmenter = _nnunet(tmp_path)
    assert segmenter.id == "segmenter.nnunet.Dataset007_Liver"
    assert segmenter.licence.name == "CC BY 4.0"
    result = segmenter.segment(scan())
    assert _structures(result) == {"liver", "lesion-1"}
    assert np.count_nonzero(result.layers[LayerName.ORGANS].mask("liver")) == 12**3  # its tumour included
    assert result.not_found == {}


def test_that_regions_are_read_by_their_class_order(tmp_path: Path) -> None:
    labels = {"background": 0, "liver": [1, 2], "tumour": [2]}
    segmenter = _nnunet(tmp_path, labels=labels, regions_class_order=[1, 2])
    assert segmenter.availability().is_available
    with pytest.raises(InputError) as refused:  # the stand-in writes a third value, which this model does not have
        segmenter.segment(scan())
    assert refused.value.message_id == "error.external.wrong_values"


@pytest.mark.parametrize("make", [_total, _nnunet])
def test_that_cancelling_ends_the_program_and_its_children(
    tmp_path: Path, make: Callable[[Path, str], Segmenter]
) -> None:
    pids, source = tmp_path / "pids", CancelSource()
    segmenter = make(tmp_path, HANGING.replace("PIDS", str(pids)))

    def listen(progress: Progress) -> None:
        if progress.fraction > 0.1:
            source.cancel()

    with pytest.raises(Cancelled):
        segmenter.segment(scan(), progress=listen, cancel=source.token)
    assert all(ends(int(pid)) for pid in pids.read_text().split())


@pytest.mark.parametrize(
    ("spoil", "message_id"),
    [
        ("made.SetOrigin((0, 0, 0))", "error.external.wrong_grid"),
        ("made = made[:-1]", "error.external.wrong_grid"),
        ("made = made * 0 + 200", "error.external.wrong_values"),
        ("made = sitk.Cast(made, sitk.sitkFloat32) * 0.5", "error.external.wrong_values"),
        ("sys.exit(0)", "error.external.no_result"),
    ],
)
def test_that_a_result_that_does_not_fit_is_refused_as_a_whole(tmp_path: Path, spoil: str, message_id: str) -> None:
    body = TOTAL.replace("    sitk.WriteImage", f"    {spoil}\n    sitk.WriteImage")
    with pytest.raises(InputError) as refused:
        _total(tmp_path, body).segment(scan())
    assert refused.value.message_id == message_id
    _worded(message_id)


def test_that_changed_weights_are_not_run(tmp_path: Path) -> None:
    segmenter = _total(tmp_path)
    segmenter.segment(scan())
    next((tmp_path / "weights").rglob("*.pth")).write_bytes(b"other")
    with pytest.raises(BackendUnavailable) as refused:
        segmenter.segment(scan())
    assert refused.value.message_id == "error.external.weights_changed"


def test_that_each_reason_for_absence_is_told_and_worded(tmp_path: Path) -> None:
    record = tmp_path / "weights.json"
    command = str(program(tmp_path / "bin", "TotalSegmentator", ""))
    empty = tmp_path / "empty"
    empty.mkdir()
    folder = nnunet_folder(tmp_path / "one")
    reasons = {
        "totalsegmentator_absent": TotalSegmentator(TotalSegmentatorSettings("no-such-program"), record),
        "totalsegmentator_weights": TotalSegmentator(TotalSegmentatorSettings(command), record),
        "totalsegmentator_incomplete": TotalSegmentator(TotalSegmentatorSettings(command, empty), record),
        "no_model_folder": NnunetModel(NnunetSettings(), record),
        "model_folder_incomplete": NnunetModel(NnunetSettings(empty), record),
        "nnunet_absent": NnunetModel(NnunetSettings(folder, "no-such-program"), record),
        "model_channels": NnunetModel(
            NnunetSettings(nnunet_folder(tmp_path / "two", channel_names={"0": "T1", "1": "T2"})), record
        ),
        "no_known_structure": NnunetModel(
            NnunetSettings(nnunet_folder(tmp_path / "three", labels={"background": 0, "brain": 1})), record
        ),
    }
    for name, segmenter in reasons.items():
        availability = segmenter.availability()
        assert availability.message_id == f"external.unavailable.{name}"
        assert not availability.is_available
        _worded(availability.message_id)
        with pytest.raises(BackendUnavailable):
            segmenter.segment(scan())


def test_that_a_model_for_ct_refuses_an_mr(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        _nnunet(tmp_path).segment(scan(Modality.MR))
    assert refused.value.message_id == "error.external.needs_ct"


def test_that_weights_of_unknown_terms_are_said_to_be_so(tmp_path: Path) -> None:
    segmenter = _nnunet(tmp_path, licence="")
    assert segmenter.licence.name == ""
    _worded(segmenter.licence.message_id)
    provenance = segmenter.segment(scan()).layers[LayerName.ORGANS].provenance
    assert provenance is not None
    assert provenance.parameters["licence"] == "unknown"


def test_that_settings_name_what_there_is_and_the_rest_is_listed_as_missing(tmp_path: Path) -> None:
    assert [s.id for s in configured_segmenters(tmp_path)] == [
        "segmenter.totalsegmentator",
        "segmenter.nnunet",
        "segmenter.onnx",
    ]
    folder = nnunet_folder(tmp_path / "Dataset9")
    settings = {
        "totalsegmentator": {"command": "no-such-program", "weights": str(tmp_path), "fast": False},
        "nnunet": [str(folder), {"folder": str(folder), "structures": {"brain": "spleen"}, "licence": "MIT"}],
        "onnx": [str(tmp_path / "organs.onnx")],
    }
    (tmp_path / "external.json").write_text(json.dumps(settings))
    assert [s.id for s in configured_segmenters(tmp_path)] == [
        "segmenter.totalsegmentator",
        "segmenter.nnunet.Dataset9",
        "segmenter.nnunet.Dataset9",
        "segmenter.onnx.organs",
    ]
    read = read_external_settings(tmp_path)
    assert read.totalsegmentator.is_fast is False
    assert read.nnunet[1].structures == {"brain": "spleen"}


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("{", "JSON"),
        ('{"totalsegmenter": {}}', "totalsegmenter"),
        ('{"totalsegmentator": {"weights": 3}}', "totalsegmentator.weights"),
        ('{"totalsegmentator": {"device": "abacus"}}', "totalsegmentator.device"),
        ('{"nnunet": [{}]}', "nnunet.folder"),
        ('{"onnx": ["relative.onnx"]}', "onnx"),
        ('{"onnx": "organs.onnx"}', "onnx"),
    ],
)
def test_that_wrong_settings_are_one_line_that_names_the_entry(tmp_path: Path, text: str, entry: str) -> None:
    (tmp_path / "external.json").write_text(text)
    with pytest.raises(InputError) as refused:
        read_external_settings(tmp_path)
    assert refused.value.parameters["entry"] == entry
    (listed,) = configured_segmenters(tmp_path)
    _worded(listed.availability().message_id)
    with pytest.raises(InputError):
        listed.segment(scan())
