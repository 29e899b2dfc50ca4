"""Runs an ONNX model on a scan file, as a program: ``python -m segmentation.external.onnx_program MODEL SCAN LABELS``.

Windows with Gaussian weights, as for the networks of TwinSight; it prints how far it is.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmentation.external.image_sitk import read_scan, upright_scan, write_labels
from segmentation.external.onnx_sidecar import OnnxSidecar, read_sidecar
from twin.errors import InputError, TwinSightError
from twin.geometry.numba_environment import prepare_numba_environment
from twin.job import CancelToken

__all__ = ["PROGRESS_WORD", "main"]

PROGRESS_WORD = "twinsight-progress"
FloatVoxels = NDArray[np.float32]
_LEAST_PROBABILITY = 1e-7


class _Member:
    """A model behind its sidecar: levels from -1 to 1 go in, logits come out."""

    def __init__(self, path: Path, sidecar: OnnxSidecar) -> None:
        from segmentation.networks.session_onnxruntime import NetworkSession

        self._session = NetworkSession(path)
        self._sidecar = sidecar

    def run(self, image: FloatVoxels, *, cancel: CancelToken | None = None) -> FloatVoxels:
        low, high = self._sidecar.levels
        scaled = (np.float32(low) + (image + 1) * np.float32((high - low) / 2)).astype(np.float32)
        output, n_classes = self._session.run(scaled, cancel=cancel), len(self._sidecar.classes)
        if self._sidecar.output == "labels":
            labels = np.round(output.reshape(1, *image.shape[2:])).astype(int)
            output = (labels[:, None] == np.arange(n_classes)[:, None, None, None]).astype(np.float32)
        if output.shape != (1, n_classes, *image.shape[2:]):
            raise InputError("error.external.output_shape", shape=str(output.shape), classes=n_classes)
        if self._sidecar.output == "logits":
            return np.asarray(output, np.float32)
        return np.log(np.clip(output, _LEAST_PROBABILITY, None)).astype(np.float32)


def labelled(path: Path, scan: Path, result: Path) -> None:
    """Label a scan file with a model and write the labels on the grid of the scan."""
    from segmentation.networks.scan_labels import labels_on_scan
    from segmentation.networks.sliding_window import windowed_fields

    sidecar = read_sidecar(path.with_suffix(".json"))
    member = _Member(path, sidecar)
    voxels, grid = read_scan(scan)
    values, upright = upright_scan(voxels, grid, sidecar.spacing_ijk_mm, float(voxels.min()))
    low, high = _window(values, sidecar)
    levels = np.round(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)
    fields = windowed_fields(
        levels,
        np.ones(levels.shape, np.bool_),
        [member],
        len(sidecar.classes),
        sidecar.patch_kji,
        progress=lambda fraction: print(PROGRESS_WORD, round(0.95 * fraction, 4), flush=True),
    )
    write_labels(result, labels_on_scan(list(fields.fields), upright, grid), grid)


def _window(values: FloatVoxels, sidecar: OnnxSidecar) -> tuple[float, float]:
    if sidecar.clip is not None:
        return sidecar.clip
    assert sidecar.percentiles is not None
    positive = values[values > 0]
    low, high = np.percentile(positive, sidecar.percentiles) if positive.size else (0.0, 0.0)
    if not high > low:
        raise InputError("error.external.no_signal")
    return float(low), float(high)


def main(arguments: list[str]) -> int:
    """Run; 0 when the labels were written."""
    prepare_numba_environment()
    model, scan, result = (Path(name) for name in arguments)
    try:
        labelled(model, scan, result)
    except TwinSightError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
