"""What the rows in a work folder were made from, so that a training does not go on with those of other networks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

__all__ = ["require_made_from"]

_FILE = "made_from.json"


def require_made_from(work: Path, files: Iterable[Path]) -> None:
    """Write into a new work folder what its contents are made from; stop where they were made from anything else.

    Parameters
    ----------
    work
        The folder; it is made when it is absent.
    files
        Networks or labels that are asked; they are told apart by name and SHA-256.

    Raises
    ------
    SystemExit
        With one line, when the folder holds work made from other files, or that does not say what from.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> folder, network = Path(mkdtemp()) / "work", Path(mkdtemp()) / "coarse_0.onnx"
    >>> _ = network.write_bytes(b"weights")
    >>> require_made_from(folder, [network])
    >>> require_made_from(folder, [network])
    """
    made_from = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    work.mkdir(parents=True, exist_ok=True)
    path = work / _FILE
    if not any(work.iterdir()):
        path.write_text(json.dumps(made_from, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    elif not path.exists() or json.loads(path.read_text(encoding="utf-8")) != made_from:
        raise SystemExit(f"{work}: made from other networks or labels; remove it, or name another with --work")
