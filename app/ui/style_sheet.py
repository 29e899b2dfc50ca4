"""The style sheet of the window; @names are colours of the theme."""

__all__ = ["STYLE_SHEET"]

STYLE_SHEET = """
* { font-size: 13px; }
QMainWindow, #Ground { background: @ground; }
QToolTip { background: @raised; color: @text; border: 1px solid @line; padding: 5px; }
QMenuBar { background: @panel; color: @text; padding: 1px 4px; }
QMenuBar::item { padding: 4px 9px; background: transparent; border-radius: 4px; }
QMenuBar::item:selected { background: @raised; }
QMenu { background: @panel; color: @text; border: 1px solid @line; padding: 4px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 4px; }
QMenu::icon { padding-left: 8px; }
QMenu::item:selected { background: @selection; }
QMenu::item:disabled { color: @faint; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }

#Banner, #ToolStrip, #Panel, #Foot, #TaskStrip { background: @panel; }
#Rail { background: @panel; border-right: 1px solid @line; }
QToolButton#Step { background: transparent; border: 1px solid transparent; border-radius: 7px; font-size: 12px;
  color: @text; padding: 5px 1px 3px 1px; }
QToolButton#Step:hover { background: @raised; border-color: @line; }
QToolButton#Step:checked { background: @selection; border-color: @accent; }
QToolButton#Step[possible="false"] { color: @faint; }
#Palette { background: @panel; border: 1px solid @accent; border-radius: 9px; }
#Palette QListWidget::item { padding: 5px 6px; }
#Palette QLineEdit { font-size: 15px; padding: 7px 9px; }
#Banner { border-bottom: 1px solid @line; }
#Foot { border-top: 1px solid @line; }
#Panel { border: none; }
#Section { font-weight: 600; color: @text; font-size: 13px; }
#Quiet, #Unit { color: @quiet; }
#Faint { color: @faint; font-size: 12px; }
#PatientName { font-size: 15px; font-weight: 600; color: @text; }
#Notice { color: @quiet; font-size: 11px; }
#Status { color: @quiet; font-size: 12px; }
#Figure { font-size: 15px; font-weight: 600; color: @text; }
#Interval { color: @quiet; font-size: 12px; }
#Difference { color: @accent; font-size: 12px; font-weight: 600; }
#Big { font-size: 26px; font-weight: 600; color: @text; }
#Title { font-size: 28px; font-weight: 600; color: @text; }
#Warning { color: @warning; }
#Good { color: @good; }

#Chip { border-radius: 9px; padding: 2px 9px; font-size: 12px; background: @raised; color: @quiet; }
#Chip[kind="warning"] { background: @warning_ground; color: @warning; }
#Chip[kind="good"] { background: @selection; color: @good; }
#Chip[kind="error"] { background: @error_ground; color: @error; }

#MessageBar[kind="error"] { background: @error_ground; border-left: 4px solid @error; }
#MessageBar[kind="warning"] { background: @warning_ground; border-left: 4px solid @warning; }
#LeftBehind { background: @warning_ground; border-left: 4px solid @warning; border-radius: 4px; }
#MessageBar[kind="info"] { background: @selection; border-left: 4px solid @accent; }

QPushButton, QToolButton {
  background: @raised; color: @text; border: 1px solid @line; border-radius: 5px; padding: 5px 10px;
}
QToolButton { padding: 4px; }
QToolButton#Flat, QPushButton#Flat { background: transparent; border: 1px solid transparent; }
QPushButton:hover, QToolButton:hover, QToolButton#Flat:hover { border-color: @accent; }
QPushButton:pressed, QToolButton:pressed { background: @selection; }
QPushButton:checked, QToolButton:checked { background: @selection; border-color: @accent; }
QPushButton:disabled, QToolButton:disabled { color: @faint; }
QToolButton#Flat:disabled { border-color: transparent; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QAbstractSpinBox:focus, QLineEdit:focus {
  border: 1px solid @accent;
}
QPushButton#Main { background: @accent_strong; color: @on_accent; border-color: @accent_strong; font-weight: 600; }
QPushButton#Main:hover { border-color: @text; }
QPushButton#Main:disabled { background: @raised; color: @faint; border-color: @line; font-weight: 400; }
QPushButton#Small { padding: 1px 9px; font-size: 12px; }
QPushButton#Digit { padding: 1px 2px; font-size: 12px; }
QToolButton#Tool { font-size: 11px; padding: 3px 1px 2px 1px; }
#Pending { background: @selection; border: 1px solid @accent; border-radius: 6px; }
QToolButton::menu-indicator { image: none; }
QPushButton#Tile { text-align: left; padding: 12px 14px; font-size: 14px; }

QPushButton#Tab {
  background: transparent; border: none; border-bottom: 2px solid transparent; border-radius: 0;
  color: @quiet; padding: 7px 8px;
}
QPushButton#Tab:hover { color: @text; }
QPushButton#Tab:checked { color: @text; border-bottom: 2px solid @accent; }

QLineEdit, QAbstractSpinBox, QComboBox, QDateEdit {
  background: @raised; color: @text; border: 1px solid @line; border-radius: 5px; padding: 4px 7px;
  selection-background-color: @accent_strong; selection-color: @on_accent;
}
QComboBox QAbstractItemView { background: @panel; color: @text; border: 1px solid @line; outline: none; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("%chevron%"); width: 14px; height: 14px; }
QAbstractSpinBox { padding: 4px 22px 4px 7px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 20px; background: transparent; }
QAbstractSpinBox::up-button { subcontrol-position: top right; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; }
QAbstractSpinBox::up-arrow { image: url("%chevron_up%"); width: 12px; height: 12px; }
QAbstractSpinBox::down-arrow { image: url("%chevron%"); width: 12px; height: 12px; }
QComboBox:disabled, QAbstractSpinBox:disabled { color: @faint; }
QListWidget, QTableWidget, QScrollArea { background: transparent; border: none; outline: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QListWidget::item { padding: 6px; border-radius: 5px; color: @text; }
QListWidget::item:selected { background: @selection; color: @text; }
QListWidget::item:hover { background: @raised; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; }
QScrollBar::handle:vertical { background: @line; border-radius: 4px; min-height: 28px; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; }
QScrollBar::handle:horizontal { background: @line; border-radius: 4px; min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { height: 0; width: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QProgressBar { background: @raised; border: none; border-radius: 4px; height: 8px; color: transparent; }
QProgressBar::chunk { background: @accent; border-radius: 4px; }
QSlider::groove:horizontal { height: 4px; background: @line; border-radius: 2px; }
QSlider::sub-page:horizontal { background: @accent_strong; border-radius: 2px; }
QSlider::handle:horizontal { background: @accent; width: 12px; height: 12px; margin: -4px 0; border-radius: 6px; }
QSlider::handle:horizontal:disabled { background: @faint; }
QCheckBox { color: @text; spacing: 7px; }
QCheckBox::indicator, QListView::indicator {
  width: 15px; height: 15px; border: 1px solid @faint; border-radius: 3px; background: @raised;
}
QCheckBox::indicator:checked, QListView::indicator:checked {
  background: @accent_strong; border-color: @accent_strong; image: url("%check%");
}
QRadioButton { color: @text; spacing: 7px; }
QRadioButton:disabled { color: @faint; }
QRadioButton::indicator {
  width: 13px; height: 13px; border: 1px solid @faint; border-radius: 7px; background: @raised;
}
QRadioButton::indicator:checked { background: @accent; border: 1px solid @accent; }
QRadioButton::indicator:disabled { border-color: @line; background: transparent; }
QRadioButton:focus { color: @accent; }
QSplitter::handle { background: @ground; }
QFrame#Row { background: transparent; border-radius: 6px; }
QFrame#Row:hover { background: @raised; }
QFrame#Row[selected="true"] { background: @selection; }
QFrame#Rule { background: @line; max-height: 1px; min-height: 1px; border: none; }
QDialog { background: @panel; }
#Drop { border: 2px dashed @line; border-radius: 10px; }
#Drop[active="true"] { border-color: @accent; background: @selection; }
"""
