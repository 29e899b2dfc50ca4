"""Colours, sizes and icons of the window: dark and light, both calm, with teal for what can be acted on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from app.ui.style_sheet import STYLE_SHEET
from resources import resource_path

__all__ = ["DARK", "LIGHT", "Theme", "apply_theme", "icon"]


@dataclass(frozen=True)
class Theme:
    """Colours by their role, as ``#RRGGBB``; contrast of text on its ground is at least 4.5 to 1.

    ``scene`` names the background of the 3D view.
    """

    name: str
    scene: str
    ground: str
    panel: str
    raised: str
    line: str
    text: str
    quiet: str
    faint: str
    accent: str
    accent_strong: str
    on_accent: str
    selection: str
    warning: str
    warning_ground: str
    error: str
    error_ground: str
    good: str


DARK = Theme(
    "dark", "dark",
    ground="#15191b", panel="#1f2527", raised="#2a3234", line="#39444a",
    text="#e6ecec", quiet="#a9b6b8", faint="#7d8b8e",
    accent="#4cc2b9", accent_strong="#1f8a84", on_accent="#ffffff", selection="#21494a",
    warning="#f0c36a", warning_ground="#3b3322", error="#ff9d8f", error_ground="#472a28", good="#7fd6a0",
)  # fmt: skip
LIGHT = Theme(
    "light", "light",
    ground="#dfe5e6", panel="#f4f7f7", raised="#ffffff", line="#bfcacc",
    text="#1b2426", quiet="#4b5a5d", faint="#66757a",
    accent="#0f7671", accent_strong="#0f7671", on_accent="#ffffff", selection="#cfe6e4",
    warning="#7a5200", warning_ground="#fdf0d2", error="#9b2315", error_ground="#fbe3df", good="#1d6e3c",
)  # fmt: skip

_STYLE = "fusion"


def apply_theme(application: QApplication, theme: Theme) -> None:
    """Paint the whole application in a theme."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.panel,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.raised,
        QPalette.ColorRole.AlternateBase: theme.panel,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.raised,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.Highlight: theme.accent_strong,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.ToolTipBase: theme.raised,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.faint,
        QPalette.ColorRole.Link: theme.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.faint))
    if application.style().objectName() != _STYLE:  # each widget is polished again, the same style or not
        application.setStyle(_STYLE)
    application.setPalette(palette)
    sheet = STYLE_SHEET
    # Longest names first, so that @accent does not eat the beginning of @accent_strong.
    for name in sorted(vars(theme), key=len, reverse=True):
        sheet = sheet.replace(f"@{name}", str(getattr(theme, name)))
    for drawing in ("check", "chevron_up", "chevron"):
        sheet = sheet.replace(f"%{drawing}%", resource_path(f"icons/{drawing}.svg").as_posix())
    application.setStyleSheet(sheet)


@lru_cache(maxsize=256)
def icon(name: str, colour: str, faint: str = "") -> QIcon:
    """Return one of our drawings in a colour; ``faint`` is the colour of the disabled state."""
    made = QIcon()
    for size in (16, 20, 24, 32, 48):
        made.addPixmap(_pixmap(name, colour, size))
        if faint:
            made.addPixmap(_pixmap(name, faint, size), QIcon.Mode.Disabled)
    return made


def _pixmap(name: str, colour: str, size: int) -> QPixmap:
    source = resource_path(f"icons/{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    pixmap = QPixmap(QSize(size, size) * 2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(source.encode())).render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(2.0)
    return pixmap
