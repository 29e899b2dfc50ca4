"""What an import brought, for people and for other programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.services.check_quality import QualitySummary
from twin.anatomy import structure
from twin.readers.problem import Problem
from twin.readers.series import Series
from twin.wording import Wording

__all__ = ["ImportResult", "ImportedSeries", "problem_to_json", "worded_problem"]


@dataclass(frozen=True)
class ImportedSeries:
    """A series of the source and what became of it: ``volume_id`` is None when it was not imported."""

    series: Series
    volume_id: str | None = None
    is_new: bool = False
    number: int = 0
    is_planning: bool = False

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        series = self.series
        grid = series.grid
        return {
            "number": self.number,
            "uid": series.uid,
            "description": series.description,
            "modality": series.modality.value,
            "phase": series.phase.value,
            "scan_date": series.scan_date,
            "n_images": series.n_images,
            "size_ijk": None if grid is None else list(grid.size_ijk),
            "spacing_ijk_mm": None if grid is None else [round(float(s), 4) for s in grid.spacing_ijk_mm],
            "volume": self.volume_id,
            "is_new": self.is_new,
            "is_planning": self.is_planning,
            "problems": [problem_to_json(problem, wording) for problem in series.problems],
        }

    def line(self, wording: Wording) -> str:
        """One line: number, kind, size, and what became of it."""
        series = self.series
        grid = series.grid
        state = "import.state.left"
        if self.volume_id is not None:
            state = "import.state.imported" if self.is_new else "import.state.known"
        if self.is_planning:
            state = "import.state.planning"
        return wording.text(
            "import.line_series",
            number=self.number,
            modality=series.modality.value,
            phase=wording.text(f"import.phase.{series.phase.value}"),
            count=series.n_images,
            spacing="-" if grid is None else wording.quantity(float(grid.slice_thickness_mm), "mm"),
            description=series.description or "-",
            state=wording.text(state),
        )


@dataclass(frozen=True)
class ImportResult:
    """What an import brought.

    Parameters
    ----------
    case
        The case.
    series
        Every series of the source, imported or not.
    planning_volume_id
        The volume planned on.
    labels_ml
        Structure id to volume, of imported labels.
    problems
        What was found wrong with files and labels; problems of a series are with the series.
    quality
        What quality control says of the case with the imported labels; empty where none were imported.
    """

    case: Path
    series: tuple[ImportedSeries, ...] = ()
    planning_volume_id: str | None = None
    labels_ml: Mapping[str, float] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    case_id: str = ""
    is_new: bool = False
    quality: QualitySummary = field(default_factory=lambda: QualitySummary(()))

    @property
    def all_problems(self) -> tuple[Problem, ...]:
        """Problems of files and labels, then those of each series."""
        return (*self.problems, *(problem for entry in self.series for problem in entry.series.problems))

    def to_json(self, wording: Wording) -> dict[str, object]:
        """Plain values."""
        return {
            "case": str(self.case),
            "case_id": self.case_id,
            "is_new": self.is_new,
            "planning_volume": self.planning_volume_id,
            "series": [entry.to_json(wording) for entry in self.series],
            "labels_ml": dict(self.labels_ml),
            "problems": [problem_to_json(problem, wording) for problem in self.problems],
            "quality": self.quality.to_json(wording),
        }

    def lines(self, wording: Wording) -> list[str]:
        """The case, a line a series, a line a label."""
        lines = [wording.text("import.line_case", case=str(self.case))]
        lines += [entry.line(wording) for entry in self.series]
        lines += [
            wording.text(
                "import.line_label", structure=structure(i).name(wording.language), volume=wording.quantity(ml, "ml")
            )
            for i, ml in self.labels_ml.items()
        ]
        return lines


def problem_to_json(problem: Problem, wording: Wording) -> dict[str, object]:
    """Plain values of a problem, with its sentence."""
    return {
        "severity": problem.severity.value,
        "message_id": problem.message_id,
        "text": wording.text(problem.message_id, **problem.parameters),
        "where": problem.where,
    }


def worded_problem(problem: Problem, wording: Wording) -> str:
    """One line: severity, where, what."""
    text = wording.text(problem.message_id, **problem.parameters)
    severity = wording.text(f"import.severity.{problem.severity.value}")
    place = f" [{problem.where}]" if problem.where else ""
    return f"{severity}{place}: {text}"
