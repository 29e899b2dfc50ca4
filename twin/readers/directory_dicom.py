"""The files that a DICOMDIR names (adapter of pydicom).

References
----------
DICOM PS3.3, F.3 Basic Directory IOD.
"""

from __future__ import annotations

import io
import logging

from pydicom import dcmread

from twin.errors import InputError
from twin.readers.attributes_dicom import dicom_leniently, values
from twin.readers.source_file import SourceFile

__all__ = ["referenced_files"]

_logger = logging.getLogger(__name__)


def referenced_files(source: SourceFile) -> list[str]:
    """Return the paths a DICOMDIR names, relative to its folder, with forward slashes.

    Raises
    ------
    InputError
        When it is damaged, or names a file outside of its folder.
    """
    try:
        with dicom_leniently():
            dataset = dcmread(io.BytesIO(source.read()))
            records = dataset.get("DirectoryRecordSequence") or []
            paths = [[str(part).strip() for part in values(record.get("ReferencedFileID"))] for record in records]
    except Exception as error:  # a damaged directory fails anywhere inside the parser
        _logger.debug("DICOMDIR unreadable: %s", type(error).__name__)
        raise InputError("error.import.bad_dicomdir") from error
    folder = source.name.rpartition("/")[0]
    names = []
    for parts in paths:
        if any(part in ("..", "") or "/" in part or "\\" in part or ":" in part for part in parts):
            raise InputError("error.import.dicomdir_traversal")
        if parts:
            names.append("/".join(([folder] if folder else []) + parts))
    return names
