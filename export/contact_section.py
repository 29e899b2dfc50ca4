"""Section of HTML for the surgeon's documents: contacts of lesions with vessels, and the row they would suggest."""

from __future__ import annotations

from html import escape

from export.contact_rows import contact_rows, suggestion_lines
from twin.outcome import Outcome
from twin.wording import Wording

__all__ = ["contacts_section"]

_COLUMNS = ("vessel", "axial", "normal", "length", "plane")


def contacts_section(outcome: Outcome, wording: Wording, *, at_most: int | None = None) -> str:
    """Return the contacts as a table, with the plane that each angle was read in; nothing where there is none.

    Never for a patient's document.
    """
    rows = contact_rows(outcome, wording)
    heads = "".join(f'<th scope="col">{_text(wording, f"contacts.column.{name}")}</th>' for name in _COLUMNS)
    lines = []
    for row in rows[:at_most]:
        name = f"{row.lesion}, {row.vessel}" if row.lesion else row.vessel
        cells = "".join(f"<td>{escape(getattr(row, column))}</td>" for column in _COLUMNS[1:])
        lines.append(f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>')
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(lines)}</tbody></table>" if rows else ""
    n_left = 0 if at_most is None else max(len(rows) - at_most, 0)
    more = f"<p>{escape(wording.text('contacts.more', count=n_left))}</p>" if n_left else ""
    notes = " ".join(escape(line) for line in suggestion_lines(outcome, wording))
    return table + more + (f'<p class="note">{notes}</p>' if notes else "")


def _text(wording: Wording, message_id: str) -> str:
    return escape(wording.text(message_id))
