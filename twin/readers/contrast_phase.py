"""A proposal for the contrast phase of a series, from the words of its description or the time after injection."""

from __future__ import annotations

import re
import unicodedata

from twin.readers.image_header import ImageHeader
from twin.volume import ContrastPhase

__all__ = ["proposed_phase"]

# Words in French and English, without accents. An entry matches whole words.
_WORDS = (
    (
        ContrastPhase.UNENHANCED,
        r"sans (injection|inj|contraste|iv|pdc)|non[- ]?(injecte|contrast|enhanced|contraste)\w*|unenhanced|native?"
        r"|natif|plain|pre[- ]?contrast\w*|without (iv )?contrast|blanc|spc|c-",
    ),
    (ContrastPhase.ARTERIAL, r"arter\w*|hap|art|tps art|aortic"),
    (ContrastPhase.PORTAL, r"port\w*|veineu\w*|venous|ven|pvp|vp|tps port\w*|70 ?s(ec)?"),
    (ContrastPhase.DELAYED, r"tardi\w*|delay\w*|late(?! ?art)|equilibr\w*|excret\w*|\d+ ?min"),
)
# Seconds from the start of the injection; between two ranges the phase stays unknown. Late arterial 35-45 s and
# portal venous 60-80 s after injection are the usual aims for the liver (LI-RADS v2018, technical appendix).
_SECONDS = (
    (ContrastPhase.ARTERIAL, 15.0, 48.0),
    (ContrastPhase.PORTAL, 55.0, 110.0),
    (ContrastPhase.DELAYED, 150.0, 900.0),
)


def proposed_phase(image: ImageHeader) -> tuple[ContrastPhase, str]:
    """Return a phase to propose and what it was taken from: ``description``, ``timing`` or empty.

    Parameters
    ----------
    image
        Any image of the series.

    Returns
    -------
    tuple
        The phase is unknown when the words name none or several, and the times do not decide.
    """
    for keyword in ("SeriesDescription", "ProtocolName"):
        named = _phases_named(image.text(keyword))
        if len(named) == 1:
            return named.pop(), "description"
        if named:
            return ContrastPhase.UNKNOWN, ""
    seconds = _seconds_after_injection(image)
    for phase, first, last in _SECONDS:
        if seconds is not None and first <= seconds <= last:
            return phase, "timing"
    return ContrastPhase.UNKNOWN, ""


def _phases_named(text: str) -> set[ContrastPhase]:
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    plain = plain.replace("_", " ")
    return {phase for phase, words in _WORDS if re.search(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", plain)}


def _seconds_after_injection(image: ImageHeader) -> float | None:
    if not image.text("ContrastBolusAgent"):
        return None
    acquired = image.text("AcquisitionTime") or image.text("AcquisitionDateTime")[8:]
    start, end = _seconds_of_day(image.text("ContrastBolusStartTime")), _seconds_of_day(acquired)
    return None if start is None or end is None else end - start


def _seconds_of_day(time: str) -> float | None:
    """Seconds of a DICOM time ``HHMMSS.FFFFFF``."""
    found = re.match(r"(\d{2})(\d{2})(\d{2}(?:\.\d+)?)", time)
    return None if found is None else int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
