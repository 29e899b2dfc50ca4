"""Cross-entropy, plain and balanced, plus Dice, for scans in which only some classes were labelled."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["partial_loss"]

_LEAST_VOXELS = 30  # a class with fewer in the patch hardly counts in the Dice term
_ABSENT_WEIGHT = 0.15
_SMOOTH = 20.0


def partial_loss(logits: Tensor, classes: Tensor, known: tuple[int, ...], balance: float) -> Tensor:
    """Return the loss of one patch.

    Classes that nobody labelled in this scan are added to the background before anything is compared: to call a
    voxel pancreas costs nothing where only the liver is known.

    Parameters
    ----------
    logits
        (1, classes, k, j, i).
    classes
        (k, j, i), true class of each voxel.
    known
        Classes labelled in this scan, background first.
    balance
        Weight of the balanced cross-entropy, in which each class of the patch counts the same. Without it the small
        organs are not found for the first thousand steps; at the end it would draw them too large, so it fades.
    """
    n_classes = logits.shape[1]
    unknown = [c for c in range(1, n_classes) if c not in known]
    if unknown:
        background = torch.logsumexp(logits[:, [0, *unknown]], 1, keepdim=True)
        kept = [c for c in known if c]
        logits = torch.cat([background, logits[:, kept]], 1)
        place = torch.zeros(n_classes, dtype=torch.long)
        place[kept] = torch.arange(1, len(kept) + 1)
        classes = place[classes]
    log_probability = torch.log_softmax(logits, 1)
    of_truth = log_probability.gather(1, classes[None, None])[0, 0]
    n_known, flat = logits.shape[1], classes.reshape(-1)
    true_count = torch.bincount(flat, minlength=n_known).float()
    predicted = log_probability.exp().sum((0, 2, 3, 4))
    shared = torch.zeros(n_known).index_add(0, flat, of_truth.exp().reshape(-1))
    dice = 1.0 - (2.0 * shared + _SMOOTH) / (predicted + true_count + _SMOOTH)
    weight = torch.where(true_count > _LEAST_VOXELS, 1.0, _ABSENT_WEIGHT)[1:]
    of_class = torch.zeros(n_known).index_add(0, flat, of_truth.reshape(-1)) / true_count.clamp(min=1.0)
    is_seen = true_count > _LEAST_VOXELS
    balanced = (of_class * is_seen).sum() / is_seen.sum().clamp(min=1)
    return (dice[1:] * weight).sum() / weight.sum() - of_truth.mean() - balance * balanced
