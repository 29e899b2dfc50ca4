"""Headers of DICOM files, read without their pixels (adapter of pydicom)."""

from __future__ import annotations

import io
import logging
from typing import BinaryIO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.pixels import get_decoder
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from twin.patient import PatientIdentity
from twin.readers.attributes_dicom import dicom_leniently, header_texts, image_header, values
from twin.readers.enhanced_dicom import frame_headers
from twin.readers.image_header import ScannedFile
from twin.readers.source_file import SourceFile

__all__ = ["scan_file"]

_logger = logging.getLogger(__name__)

_HEAD_BYTES = 256 * 1024
_PIXEL_TAGS = (0x7FE00008, 0x7FE00009, 0x7FE00010)  # float, double and integer pixel data
_UNDEFINED_LENGTH = 0xFFFFFFFF
_SCANNERS = ("CT", "MR")

_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "PatientSize", "PatientWeight")
# Attributes kept as text: what groups, splits, names and describes a series. No institution, no person.
_TEXTS = [
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "ImageType",
    "StudyDate",
    "SeriesDate",
    "AcquisitionDate",
    "ContentDate",
    "SeriesTime",
    "AcquisitionTime",
    "AcquisitionDateTime",
    "ContentTime",
    "SeriesDescription",
    "ProtocolName",
    "SeriesNumber",
    "AcquisitionNumber",
    "InstanceNumber",
    "ImagesInAcquisition",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "StackID",
    "Manufacturer",
    "ManufacturerModelName",
    "PatientPosition",
    "BodyPartExamined",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
    "RescaleType",
    "ContrastBolusAgent",
    "ContrastBolusStartTime",
    "ContrastBolusVolume",
    "ConvolutionKernel",
    "KVP",
    "ScanOptions",
    "ScanningSequence",
    "SequenceVariant",
    "SequenceName",
    "MRAcquisitionType",
    "RepetitionTime",
    "EchoTime",
    "EchoNumbers",
    "InversionTime",
    "FlipAngle",
    "EchoTrainLength",
    "MagneticFieldStrength",
    "DiffusionBValue",
    "TriggerTime",
    "PhotometricInterpretation",
]
_PIXELS = [
    "Rows",
    "Columns",
    "SamplesPerPixel",
    "NumberOfFrames",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "RescaleSlope",
    "RescaleIntercept",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "SpecificCharacterSet",
]


def _tags(*keywords: str) -> list[int]:
    return [tag for keyword in keywords if (tag := tag_for_keyword(keyword)) is not None]


_WANTED = _tags(*_PATIENT, *_TEXTS, *_PIXELS)


def scan_file(source: SourceFile) -> ScannedFile:
    """Read the header of one file; whatever is wrong with it is named in the result, never raised."""
    try:
        n_bytes = source.n_bytes
        with source.open_head(_HEAD_BYTES) as stream:
            header = _Header.read(stream, n_bytes)
            if not header.is_complete and stream.seek(0, 2) < n_bytes:
                header = _Header.read_whole(source)
    except InvalidDicomError:
        return ScannedFile(source, fault="empty" if n_bytes == 0 else "not_dicom")
    except OSError:
        return ScannedFile(source, fault="unreadable")
    except Exception as error:  # a damaged header fails anywhere inside the parser
        _logger.debug("header unreadable: %s", type(error).__name__)
        return ScannedFile(source, fault="damaged_header")
    try:
        return _scanned(source, header)
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        _logger.debug("header values unusable: %s", type(error).__name__)
        return ScannedFile(source, identity=_identity(header.dataset), fault="damaged_header")


class _Header:
    """A dataset up to its pixels, and where the pixels begin."""

    def __init__(self, dataset: FileDataset, pixels_at: int | None, pixels_length: int, is_cut: bool) -> None:
        self.dataset = dataset
        self.has_pixels = pixels_at is not None
        self.pixels_length = pixels_length
        self.is_cut = is_cut  # the file ends before its pixels do

    @property
    def is_complete(self) -> bool:
        return self.has_pixels and not self.is_cut

    @classmethod
    def read_whole(cls, source: SourceFile) -> _Header:
        content = source.read()
        return cls.read(io.BytesIO(content), len(content))

    @classmethod
    def read(cls, stream: BinaryIO, n_bytes: int) -> _Header:
        found: list[int] = []

        def is_at_pixels(tag: int, vr: str | None, length: int) -> bool:
            if tag in _PIXEL_TAGS:
                found.append(length)
            return tag in _PIXEL_TAGS

        stream.seek(0)
        is_bare = _begins_without_preamble(stream)
        with dicom_leniently():
            dataset = read_partial(stream, is_at_pixels, specific_tags=_WANTED, force=is_bare)
            dataset.decode()
        if not found:
            return cls(dataset, None, 0, is_cut=True)
        is_deflated = dataset.file_meta.get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian
        is_cut = not is_deflated and _is_cut(stream, dataset, found[0], n_bytes)
        return cls(dataset, stream.tell(), found[0], is_cut)


def _begins_without_preamble(stream: BinaryIO) -> bool:
    """Tell whether the stream looks like a data set without preamble: its first element is of group 0002 or 0008."""
    head = stream.read(132)
    stream.seek(0)
    return len(head) >= 16 and head[128:132] != b"DICM" and head[:2] in (b"\x08\x00", b"\x02\x00") and head[3] == 0


def _is_cut(stream: BinaryIO, dataset: Dataset, length: int, n_bytes: int) -> bool:
    start = stream.tell()
    is_implicit, _ = dataset.original_encoding
    first_byte = start + (8 if is_implicit else 12)
    if length != _UNDEFINED_LENGTH:
        n_pixels = int(dataset.Rows) * int(dataset.Columns) * int(dataset.get("SamplesPerPixel") or 1)
        expected = n_pixels * int(dataset.BitsAllocated) // 8 * int(dataset.get("NumberOfFrames") or 1)
        is_native = not _is_encapsulated(_transfer_syntax(dataset))
        needed = max(length, expected) if is_native else length
        cut = first_byte + needed > n_bytes or (is_native and length < expected)
    else:
        cut = _is_last_fragment_cut(stream, first_byte, n_bytes)
    stream.seek(start)
    return cut


def _is_last_fragment_cut(stream: BinaryIO, first_byte: int, n_bytes: int) -> bool:
    """Walk the fragments of encapsulated pixels to their end (DICOM PS3.5, A.4)."""
    place, n_items = first_byte, 0
    while place + 8 <= n_bytes:
        stream.seek(place)
        item = stream.read(8)
        if len(item) < 8:
            return True
        if item[:4] == b"\xfe\xff\xdd\xe0":
            return n_items < 2  # an offset table and at least one fragment
        if item[:4] != b"\xfe\xff\x00\xe0":
            return True
        place += 8 + int.from_bytes(item[4:], "little")
        n_items += 1
    return True


def _transfer_syntax(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    return str(meta.get("TransferSyntaxUID", "") or "") if meta is not None else ""


def _scanned(source: SourceFile, header: _Header) -> ScannedFile:
    dataset = header.dataset
    identity = _identity(dataset)
    if _sop_class(dataset) == "1.2.840.10008.1.3.10":
        return ScannedFile(source, fault="directory")
    fault, detail = _fault(header)
    if fault is not None:
        return ScannedFile(source, identity=identity, fault=fault, detail=detail)
    texts = header_texts(dataset, _TEXTS)
    texts.setdefault("Modality", _modality(dataset))
    if "PerFrameFunctionalGroupsSequence" in dataset:
        images = frame_headers(dataset, source, texts, is_damaged=header.is_cut)
    else:
        image = image_header(dataset, source, texts, is_damaged=header.is_cut)
        images = () if image is None else (image,)
    return ScannedFile(source, images, identity, None if images else "no_position", "", header_texts(dataset, _PATIENT))


def _fault(header: _Header) -> tuple[str | None, str]:
    """Why a file gives no images, and what the message adds."""
    dataset = header.dataset
    modality = _modality(dataset)
    is_image = "Rows" in dataset or header.has_pixels
    if not is_image and modality not in _SCANNERS:
        is_known = bool(modality or _sop_class(dataset))
        return ("no_image", modality or "?") if is_known else ("not_dicom", "")
    if not header.has_pixels:
        return "truncated", ""
    if modality not in _SCANNERS:
        return "other_modality", modality or "?"
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        return "colour", ""
    syntax = _transfer_syntax(dataset)
    if syntax and not _can_decode(syntax):
        return "unknown_compression", UID(syntax).name
    if not _is_localizer(dataset):
        return None, ""
    return "localizer", ""


def _is_localizer(dataset: Dataset) -> bool:
    return any(str(part).upper() in ("LOCALIZER", "SCOUT") for part in values(dataset.get("ImageType")))


def _is_encapsulated(syntax: str) -> bool:
    try:
        return bool(syntax) and UID(syntax).is_encapsulated
    except ValueError:  # no transfer syntax that anybody registered
        return False


def _can_decode(syntax: str) -> bool:
    try:
        return bool(get_decoder(UID(syntax)).is_available)
    except (NotImplementedError, ValueError):
        return False


def _sop_class(dataset: Dataset) -> str:
    meta = getattr(dataset, "file_meta", None)
    stored = meta.get("MediaStorageSOPClassUID", "") if meta is not None else ""
    return str(dataset.get("SOPClassUID") or stored or "")


def _modality(dataset: Dataset) -> str:
    written = str(dataset.get("Modality") or "").strip().upper()
    if written:
        return written
    name = UID(_sop_class(dataset)).name if _sop_class(dataset) else ""
    return next((m for m in _SCANNERS if f"{m} Image Storage" in name), "")


def _identity(dataset: Dataset) -> PatientIdentity:
    texts = header_texts(dataset, _PATIENT)
    return PatientIdentity(
        patient_id=texts.get("PatientID", ""),
        name=texts.get("PatientName", ""),
        birth_date=texts.get("PatientBirthDate", ""),
        sex=texts.get("PatientSex", ""),
    )
