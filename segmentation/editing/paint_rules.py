"""Which labels a tool may change: overwriting within a layer, locked structures, only inside another structure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from segmentation.editing.box_change import Labels
from segmentation.kernels.paint import paint_labels
from twin.anatomy import LayerName, structure
from twin.errors import InputError

__all__ = ["LabelTarget", "Overwrite", "PaintRules", "erased", "painted", "require_editable", "with_mask"]

_SKIN = "skin"


class Overwrite(StrEnum):
    """What a structure may grow over within its layer, where labels exclude each other."""

    UNLOCKED = "unlocked"  # every structure that is not locked
    BACKGROUND = "background"  # nothing that is labelled


@dataclass(frozen=True)
class LabelTarget:
    """A structure as labels: its value, and what a voxel becomes that no longer belongs to it.

    Parameters
    ----------
    structure_id
        Which structure.
    layer
        Its layer.
    value
        Its label.
    background
        Label of a voxel that is taken from it: 0, but ``skin`` (the whole body) inside the body.
    is_whole_layer
        True for ``skin``: every labelled voxel of its layer belongs to it.
    """

    structure_id: str
    layer: LayerName
    value: int
    background: int = 0
    is_whole_layer: bool = False

    @classmethod
    def of(cls, structure_id: str, *, has_skin: bool = False) -> LabelTarget:
        """Return the target of a structure; ``has_skin`` tells whether its layer holds the body.

        Raises
        ------
        InputError
            When there is no such structure; ``error.editing.all_lesions`` for ``lesion``, which is all of them.

        Examples
        --------
        >>> LabelTarget.of("lesion-3").value, LabelTarget.of("bone", has_skin=True).background
        (3, 16)
        """
        found = structure(structure_id)
        if structure_id == "lesion":
            raise InputError("error.editing.all_lesions")
        is_skin = structure_id == _SKIN
        inside_body = has_skin and found.layer is LayerName.CONTEXT and not is_skin
        background = structure(_SKIN).value if inside_body else 0
        return cls(structure_id, found.layer, found.value, background, is_skin)

    def mask(self, labels: Labels) -> NDArray[np.bool_]:
        """Return which voxels belong to the structure."""
        return np.asarray(labels != 0 if self.is_whole_layer else labels == self.value)


@dataclass(frozen=True)
class PaintRules:
    """What may change in the layer of the target.

    Parameters
    ----------
    overwrite
        What the target may grow over.
    locked_values
        Labels that never change: nothing is taken from them, nothing given to them.
    only_value
        Label that alone may be grown over: the rule "only inside this structure" for one of the same layer.

    The rule "only inside a structure of another layer" is a mask that the caller joins to that of the tool.
    """

    overwrite: Overwrite = Overwrite.UNLOCKED
    locked_values: frozenset[int] = frozenset()
    only_value: int | None = None

    def addable(self, target: LabelTarget, n_values: int) -> NDArray[np.bool_]:
        """Return, for each label, whether a voxel that has it may join the target."""
        table = np.zeros(n_values, np.bool_)
        if target.value in self.locked_values:
            return table
        if self.only_value is not None:
            table[self.only_value] = True
        elif self.overwrite is Overwrite.BACKGROUND or target.is_whole_layer:
            table[[0, target.background]] = True
        else:
            table[:] = True
        table[[*self.locked_values, target.value]] = False
        return table

    def removable(self, target: LabelTarget, n_values: int) -> NDArray[np.bool_]:
        """Return, for each label, whether a voxel that has it may leave the target."""
        table = np.zeros(n_values, np.bool_)
        table[1 if target.is_whole_layer else target.value :] = True
        if not target.is_whole_layer:
            table[target.value + 1 :] = False
        table[list(self.locked_values)] = False
        return table


def painted(labels: Labels, mask: NDArray[np.bool_], target: LabelTarget, rules: PaintRules) -> Labels:
    """Return the labels of a box with the target painted where the mask is true and the rules allow it.

    Examples
    --------
    >>> labels = np.array([[[0, 2, 1]]], np.uint8)
    >>> rules = PaintRules(locked_values=frozenset({2}))
    >>> painted(labels, np.ones((1, 1, 3), bool), LabelTarget.of("liver"), rules).tolist()
    [[[1, 2, 1]]]
    """
    return _changed(labels, mask, rules.addable(target, _n_values(labels)), target.value)


def erased(labels: Labels, mask: NDArray[np.bool_], target: LabelTarget, rules: PaintRules) -> Labels:
    """Return the labels of a box with the target taken away where the mask is true and the rules allow it."""
    return _changed(labels, mask, rules.removable(target, _n_values(labels)), target.background)


def with_mask(
    labels: Labels,
    after: NDArray[np.bool_],
    target: LabelTarget,
    rules: PaintRules,
    allowed: NDArray[np.bool_] | None = None,
) -> Labels:
    """Return the labels of a box with the target brought to the mask ``after``, as far as the rules allow it.

    Parameters
    ----------
    labels
        uint8 or uint16 ``[k, j, i]``.
    after
        The structure as it shall be.
    target, rules
        Which structure, and what may change.
    allowed
        Where anything may change; None for everywhere.
    """
    before = target.mask(labels)
    joins, leaves = after & ~before, before & ~after
    if allowed is not None:
        joins &= allowed
        leaves &= allowed
    return painted(erased(labels, leaves, target, rules), joins, target, rules)


def require_editable(target: LabelTarget, locked_values: Collection[int]) -> None:
    """Raise when the structure itself is locked.

    Raises
    ------
    InputError
        ``error.editing.locked``.
    """
    if target.value in locked_values:
        raise InputError("error.editing.locked", structure=target.structure_id)


def _n_values(labels: Labels) -> int:
    return int(np.iinfo(labels.dtype).max) + 1


def _changed(labels: Labels, mask: NDArray[np.bool_], is_replaceable: NDArray[np.bool_], value: int) -> Labels:
    out: Any = np.array(labels, order="C")  # always a copy
    whole = np.array(mask, order="C") if not mask.flags.writeable else np.ascontiguousarray(mask)  # one compiled type
    paint_labels(out.reshape(-1), whole.reshape(-1), is_replaceable, value)
    return cast(Labels, out)
