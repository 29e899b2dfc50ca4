"""What the window is given by the composition: it knows neither segmenters nor renderers itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.phantom import PhantomRecipe

__all__ = ["Equipment"]


@dataclass(frozen=True)
class Equipment:
    """Tools and folders of the workstation.

    Parameters
    ----------
    segmenters
        Returns every automatic segmenter, the preferred one first.
    renderer
        Returns what draws the pictures of documents.
    settings_folder, cache_folder
        Folders of this user.
    demo_recipe
        The phantom of the demo; None for the usual one.
    log_folder
        Where crash logs and the technical log are; None keeps none.
    """

    segmenters: Callable[[], Sequence[Any]]
    renderer: Callable[[], Any]
    settings_folder: Path
    cache_folder: Path
    demo_recipe: PhantomRecipe | None = None
    log_folder: Path | None = None
