"""Data files of TwinSight and the one function that finds them."""

from importlib.resources import as_file, files
from pathlib import Path

__all__ = ["resource_path"]


def resource_path(relative: str) -> Path:
    """Return the path of a data file shipped with TwinSight.

    Parameters
    ----------
    relative
        Path inside ``resources/``, with forward slashes, e.g. ``"anatomy/structures.json"``.

    Raises
    ------
    FileNotFoundError
        When no such file is shipped (for the viewer bundle: it was not built).

    Examples
    --------
    >>> resource_path("anatomy/structures.json").name
    'structures.json'
    """
    with as_file(files(__name__).joinpath(relative)) as path:
        if not path.exists():
            raise FileNotFoundError(relative)
        return Path(path)
