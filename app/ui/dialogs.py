"""The few questions that are asked in a dialog; tests answer them without one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QMessageBox,
    QVBoxLayout,
    QWidget,
)

from app.ui.pieces import label
from twin.wording import Wording

__all__ = ["Dialogs"]

_DIALOG_PX = 500


class Dialogs:
    """Asks for files, names and confirmations; each answer may be None: the user thought better of it."""

    def __init__(self, window: QWidget) -> None:
        self._window = window

    def study_file(self, wording: Wording, folder: str) -> Path | None:
        """Ask for a file: zip, DICOM, DICOMDIR, NIfTI, NRRD, MetaImage."""
        kinds = (
            wording.text("ui.dialog.study_kinds") + " (*.zip *.dcm *.nii *.nii.gz *.nrrd *.nhdr *.mha *.mhd DICOMDIR)"
        )
        everything = wording.text("ui.dialog.all_files") + " (*)"
        title = wording.text("ui.action.file.open_file").replace("…", "")
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, folder, f"{kinds};;{everything}")
        return Path(chosen) if chosen else None

    def folder(self, title: str, folder: str) -> Path | None:
        """Ask for a folder."""
        chosen = QFileDialog.getExistingDirectory(self._window, title, folder)
        return Path(chosen) if chosen else None

    def new_case(self, wording: Wording, folder: str, name: str) -> Path | None:
        """Ask where a new case shall be kept."""
        title = wording.text("ui.dialog.new_case")
        kinds = wording.text("ui.dialog.case_kind") + " (*.twinsight)"
        options = QFileDialog.Option.DontConfirmOverwrite
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, str(Path(folder) / name), kinds, options=options)
        if not chosen:
            return None
        path = Path(chosen)
        return path if path.suffix == ".twinsight" else path.with_name(path.name + ".twinsight")

    def name(self, title: str, question: str, proposal: str) -> str | None:
        """Ask for a name."""
        answer, is_given = QInputDialog.getText(self._window, title, question, QLineEdit.EchoMode.Normal, proposal)
        return answer.strip() or None if is_given else None

    def declaration(self, wording: Wording, title: str, statement: str, name: str) -> str | None:
        """Ask a person to declare something under a name, with the statement in full and a box to tick."""
        dialog = QDialog(self._window)
        dialog.setWindowTitle(title)
        editor = QLineEdit(name)
        editor.setPlaceholderText(wording.text("ui.dialog.declared_name"))
        tick = QCheckBox(wording.text("ui.dialog.i_declare"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        accept = buttons.button(QDialogButtonBox.StandardButton.Ok)
        buttons.accepted.connect(dialog.accept)
        buttons.rejected.connect(dialog.reject)

        def follow() -> None:
            accept.setEnabled(tick.isChecked() and bool(editor.text().strip()))

        tick.toggled.connect(follow)
        editor.textChanged.connect(follow)
        layout = QVBoxLayout(dialog)
        layout.setSpacing(12)
        for widget in (
            label(statement, wraps=True),
            label(wording.text("ui.dialog.declared_by"), "Quiet"),
            editor,
            tick,
            label(wording.text("ui.dialog.declared_note"), "Faint", wraps=True),
            buttons,
        ):
            layout.addWidget(widget)
        follow()
        for button in buttons.buttons():
            button.setIcon(QIcon())
        dialog.resize(_DIALOG_PX, layout.totalHeightForWidth(_DIALOG_PX))
        is_accepted = dialog.exec() == QDialog.DialogCode.Accepted
        declared = editor.text().strip()
        dialog.deleteLater()
        return declared if is_accepted else None

    def tell(self, title: str, text: str) -> None:
        """Show a page of words."""
        box = QMessageBox(self._window)
        box.setWindowTitle(title)
        box.setText(text)
        box.exec()
        box.deleteLater()
