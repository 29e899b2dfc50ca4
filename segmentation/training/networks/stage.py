"""What is trained: the classes, and the stages from a coarse look at the abdomen to a fine one at the organs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

__all__ = ["CLASSES", "LABEL_OF_CLASS", "N_FOLDS", "STAGES", "Stage", "fold_of_index"]

CLASSES = (
    "background",
    "liver",
    "pancreas",
    "portal_vein",
    "inferior_vena_cava",
    "aorta",
    "gallbladder",
    "spleen",
    "stomach",
    "kidney",
)
# Label value of each class in the files of labels (resources/anatomy/structures.json).
LABEL_OF_CLASS = (0, 1, 2, 3, 5, 6, 9, 11, 12, 14)
N_FOLDS = 4
_WARM_UP_STEPS = 40
_POWER = 0.9
_RESTART_HEIGHT = 0.6


@dataclass(frozen=True)
class Stage:
    """One network of the queue.

    Parameters
    ----------
    name
        ``"coarse"`` or ``"fine"``; the model files are named after it.
    spacing_mm
        Edge of its voxels.
    steps
        Gradient steps, one patch each.
    learning_rate
        Highest rate; it rises over the first steps and falls to zero at the last.
    channels
        Channels of each level of the network; multiples of 16 run at full speed on a CPU in channels-last memory
        (docs/decisions/0053).
    looks_around
        Classes that a fine network looks at again, in a box around them.
    restarts
        Steps at which the rate rises again, to 0.6 of its height (warm restarts: Loshchilov and Hutter, ICLR 2017).
    start_from
        Stage whose weights of the same fold it starts from, or None.
    centred_on
        Classes whose voxels are drawn as centres of patches, with their weight; all others weigh ``elsewhere``.
    elsewhere
        Weight of the classes that are not named.
    patch
        Edge of the cube the network reads, in voxels.
    """

    name: str
    spacing_mm: float
    steps: int
    learning_rate: float
    start_from: str | None
    centred_on: tuple[tuple[int, float], ...]
    elsewhere: float
    patch: int = 80
    channels: tuple[int, ...] = (32, 64, 96, 128)
    looks_around: tuple[str, ...] = ()
    restarts: tuple[int, ...] = ()

    def rate_at(self, step: int) -> float:
        """Return the learning rate of a step, counted from 0.

        Examples
        --------
        >>> [round(STAGES[0].rate_at(step), 6) for step in (0, 40, 4299, 8599, 11399)]
        [5e-05, 0.001978, 2e-06, 1e-06, 1e-06]
        """
        rounds = pairwise((0, *self.restarts, self.steps))
        first, last = next((begin, end) for begin, end in rounds if step < end)
        highest = self.learning_rate * (_RESTART_HEIGHT if first else 1.0)
        left = 1.0 - (step - first) / (last - first)
        return float(highest * min(1.0, (step - first + 1) / _WARM_UP_STEPS) * left**_POWER)

    def weight_of(self, label_class: int) -> float:
        """Return how often a class is drawn as the centre of a patch."""
        return dict(self.centred_on).get(label_class, self.elsewhere)


STAGES = (
    # The small and winding structures are drawn more often than the large organs.
    Stage(
        "coarse",
        2.0,
        11400,
        2e-3,
        None,
        ((2, 1.6), (3, 1.6), (4, 1.6), (5, 1.6), (6, 1.6)),
        1.0,
        restarts=(3300, 4300, 8600),
    ),
    # Smaller cubes and a level less: the coarse look has told where things are, and the files have to stay small. After
    # 1000 steps it was worse than the coarse network everywhere (docs/decisions/0076): it wants a GPU or many hours.
    Stage(
        "fine",
        1.5,
        20000,
        1e-3,
        "coarse",
        ((2, 3.0), (3, 3.0), (4, 2.0), (5, 1.5), (6, 1.0)),
        0.3,
        patch=64,
        channels=(32, 64, 96),
        looks_around=("pancreas", "portal_vein", "inferior_vena_cava", "aorta", "gallbladder"),
    ),
)


def fold_of_index(index: int) -> int:
    """Fold in which the scan at this place of the sorted list of its set is left out."""
    return index % N_FOLDS
