"""Phases and patients: what is proposed from the words and times of the headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.patient import PatientIdentity
from twin.readers.contrast_phase import proposed_phase
from twin.readers.image_header import ImageHeader
from twin.readers.patient_proposal import joined_identity, masked
from twin.readers.source_file import FolderFile
from twin.volume import ContrastPhase


def header(**texts: str) -> ImageHeader:
    source = FolderFile(Path("x"), "x")
    return ImageHeader(source, 0, texts, 1, 1, (0, 0, 0), (1, 0, 0, 0, 1, 0), (1, 1))


@pytest.mark.parametrize(
    ("description", "phase"),
    [
        ("ABDO PORTAL 1.25", ContrastPhase.PORTAL),
        ("Abdomen temps portal", ContrastPhase.PORTAL),
        ("TAP veineux", ContrastPhase.PORTAL),
        ("Phase portale", ContrastPhase.PORTAL),
        ("Liver venous 2.0", ContrastPhase.PORTAL),
        ("FOIE ARTERIEL", ContrastPhase.ARTERIAL),
        ("Temps artériel 1mm", ContrastPhase.ARTERIAL),
        ("Late arterial", ContrastPhase.ARTERIAL),
        ("Tardif", ContrastPhase.DELAYED),
        ("Delayed 5 min", ContrastPhase.DELAYED),
        ("SANS INJECTION", ContrastPhase.UNENHANCED),
        ("Abdomen non injecté", ContrastPhase.UNENHANCED),
        ("non-contrast", ContrastPhase.UNENHANCED),
        ("Art + Portal", ContrastPhase.UNKNOWN),
        ("CT ABDOMEN & PELVIS ENHANCED", ContrastPhase.UNKNOWN),
        ("LUNG BASES 5MM", ContrastPhase.UNKNOWN),
        ("Cartilage", ContrastPhase.UNKNOWN),
        ("", ContrastPhase.UNKNOWN),
    ],
)
def test_that_french_and_english_words_name_the_phase(description: str, phase: ContrastPhase) -> None:
    assert proposed_phase(header(SeriesDescription=description))[0] is phase


@pytest.mark.parametrize(
    ("start", "acquired", "phase"),
    [
        ("100000", "100035", ContrastPhase.ARTERIAL),
        ("100000.5", "100110.25", ContrastPhase.PORTAL),
        ("100000", "100500", ContrastPhase.DELAYED),
        ("100000", "100130", ContrastPhase.PORTAL),
        ("100000", "100052", ContrastPhase.UNKNOWN),
        ("100000", "095900", ContrastPhase.UNKNOWN),
        ("", "100110", ContrastPhase.UNKNOWN),
    ],
)
def test_that_the_time_after_injection_proposes_the_phase(start: str, acquired: str, phase: ContrastPhase) -> None:
    found = header(ContrastBolusAgent="Iomeron", ContrastBolusStartTime=start, AcquisitionTime=acquired)
    assert proposed_phase(found)[0] is phase


def test_that_without_contrast_agent_times_propose_nothing() -> None:
    found = header(ContrastBolusStartTime="100000", AcquisitionTime="100110")
    assert proposed_phase(found) == (ContrastPhase.UNKNOWN, "")


def test_that_masking_keeps_the_words_that_are_no_name() -> None:
    patient = PatientIdentity(patient_id="4711-A", name="De La Tour^Anne-Marie", birth_date="19600101")
    assert masked("ANNE foie TOUR 4711 tournure 1960", patient) == "… foie … … tournure 1960"


def test_that_the_fuller_identity_is_kept() -> None:
    short, full = PatientIdentity(name="A^B"), PatientIdentity("1", "a b", "19700101", "F")
    assert joined_identity([short, full, full], join_reason=None) == full
