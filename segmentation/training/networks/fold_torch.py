"""Train one network on all folds but one; stopped at any time, it goes on from its last checkpoint."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from segmentation.training.networks.architecture_torch import BlockUNet
from segmentation.training.networks.loss_torch import partial_loss
from segmentation.training.networks.patches_torch import PatchSource
from segmentation.training.networks.stage import CLASSES, Stage
from segmentation.training.networks.training_scans_sitk import TrainingScan

__all__ = ["FoldTraining", "trained_weights"]

_WEIGHT_DECAY = 1e-2
_LONGEST_GRADIENT = 12.0
_SLOWEST_AVERAGE = 0.995
_STEPS_BETWEEN_CHECKPOINTS = 100
_STEPS_BETWEEN_LINES = 50
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FoldTraining:
    """Which network is trained, and where its checkpoint lies.

    Parameters
    ----------
    stage
        Coarse or fine.
    fold
        Fold left out.
    work
        Folder of the checkpoints.
    """

    stage: Stage
    fold: int
    work: Path

    @property
    def checkpoint(self) -> Path:
        """File of the state."""
        return self.work / f"{self.stage.name}_{self.fold}.pt"

    @property
    def steps_done(self) -> int:
        """Steps that the checkpoint holds."""
        return int(_loaded(self.checkpoint)["step"]) if self.checkpoint.exists() else 0

    @property
    def is_done(self) -> bool:
        """True when nothing is left to train."""
        return self.steps_done >= self.stage.steps

    def run(self, scans: Sequence[TrainingScan], start: Path | None = None, *, stop_after: int | None = None) -> None:
        """Train to the end, or up to a step.

        Parameters
        ----------
        scans
            Scans of the other folds.
        start
            Checkpoint whose weights it begins with, when there is none of its own yet.
        stop_after
            Step after which it stops, to go on another time.
        """
        state = _State(self.stage, self.fold)
        if self.checkpoint.exists():
            state.restore(_loaded(self.checkpoint))
        elif start is not None:
            state.begin_with(_loaded(start))
        source = PatchSource(scans, self.stage, state.random)
        began, first, mean_loss = time.monotonic(), state.step, 0.0
        last = self.stage.steps if stop_after is None else min(stop_after, self.stage.steps)
        while state.step < last:
            loss = state.descend(source)
            mean_loss = 0.97 * mean_loss + 0.03 * loss if mean_loss else loss
            if state.step % _STEPS_BETWEEN_LINES == 0:
                pace = (time.monotonic() - began) / (state.step - first)
                log.info(
                    "%s %d: step %d, loss %.3f, %.2f s a step", self.stage.name, self.fold, state.step, mean_loss, pace
                )
            if state.step % _STEPS_BETWEEN_CHECKPOINTS == 0 or state.step == last:
                _save(state.to_save(), self.checkpoint)


def trained_weights(checkpoint: Path) -> dict[str, np.ndarray]:
    """Return the averaged weights of a checkpoint, as arrays."""
    return {name: value.numpy() for name, value in _loaded(checkpoint)["average"].items()}


class _State:
    """Everything that changes while a network is trained."""

    def __init__(self, stage: Stage, fold: int) -> None:
        self.stage, self.step = stage, 0
        torch.manual_seed(1000 * fold + 5)
        self.random = np.random.default_rng([fold, stage.steps])
        self.network = BlockUNet(len(CLASSES), stage.channels).to(memory_format=torch.channels_last_3d)
        self.average = BlockUNet(len(CLASSES), stage.channels)
        self.average.load_state_dict(self.network.state_dict())
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=0.0, weight_decay=_WEIGHT_DECAY)

    def begin_with(self, saved: dict[str, Any]) -> None:
        """Take the weights of the levels that both networks have."""
        own = self.network.state_dict()
        shared = {name: value for name, value in saved["average"].items() if name in own}
        self.network.load_state_dict({**own, **shared})
        self.average.load_state_dict({**own, **shared})

    def restore(self, saved: dict[str, Any]) -> None:
        self.network.load_state_dict(saved["network"])
        self.average.load_state_dict(saved["average"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step = int(saved["step"])
        if "random" in saved:
            self.random.bit_generator.state = saved["random"]
            torch.set_rng_state(saved["torch_random"])

    def to_save(self) -> dict[str, Any]:
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "random": self.random.bit_generator.state,
            "torch_random": torch.get_rng_state(),
        }

    def descend(self, source: PatchSource) -> float:
        """One step down the gradient of one patch; returns its loss."""
        left = 1.0 - self.step / self.stage.steps
        for group in self.optimiser.param_groups:
            group["lr"] = self.stage.rate_at(self.step)
        patch = source.draw()
        logits = self.network(patch.image.contiguous(memory_format=torch.channels_last_3d))
        loss = partial_loss(logits, patch.classes, patch.known, balance=left)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), _LONGEST_GRADIENT)
        self.optimiser.step()
        self.step += 1
        keep = min(_SLOWEST_AVERAGE, self.step / (self.step + 19))
        with torch.no_grad():
            for mean, new in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(new, 1.0 - keep)
        return float(loss.item())


def _loaded(path: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(path, weights_only=False)
    return state


def _save(state: dict[str, Any], path: Path) -> None:
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)
