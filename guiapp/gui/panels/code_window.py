"""The window that shows a run as a script."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontDatabase, QFontMetrics, QGuiApplication, QKeySequence, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.panels.loading_bar import LoadingBar
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.python_highlighter import PythonHighlighter

COLUMNS, ROWS = 102, 38  # of text that the window shows at first
ABOUT = "The same model on the same data in plain PyTorch: with the same seed it prints the same losses."
WORKING = "The script appears here once the data are read: it is written for just these."
STOPPED = "Making the script was stopped at your wish; “Show as code” begins anew."
EMPTY = "The script of a run appears here; choose “Show as code” while a run is open."


class CodeWindow(QDialog):
    """Python text to read, copy and save. It blocks nothing, and closing it only hides it.

    Signals:
        cancelled(): the script that is being made is not wanted any more.
    """

    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._name = ""
        self.setWindowTitle("Show as code")
        self.text = QPlainTextEdit(self, readOnly=True)
        self.text.setAccessibleName("script")
        self.text.setPlaceholderText(EMPTY)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.text.document().setDocumentMargin(10)
        self._colours = PythonHighlighter(self.text.document())
        self._about = QLabel(ABOUT, self, wordWrap=True)
        self._told = QLabel(self, wordWrap=True)
        self._told.setTextFormat(Qt.TextFormat.PlainText)
        self._told.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._told.setAccessibleName("what was done")
        self.loading_bar = LoadingBar(self, tip="Stop reading; no script is made")
        self.loading_bar.cancelled.connect(self.refuse)
        self.loading_bar.cancelled.connect(self.cancelled)
        self.loading_bar.hide()
        self.finished.connect(self._closed)
        self._lay_out()
        self.set_theme(LIGHT)

    def show_script(self, text: str, name: str) -> None:
        """Show `text`, which is saved as NAME.py unless the user chooses otherwise, and come to the front."""
        self._come(name)
        self.write(text)
        self.text.setFocus()

    def wait_for(self, name: str) -> None:
        """Come to the front and say that a script is being made, which `write` then shows; `loading_bar` tells how
        far."""
        self._come(name)
        self.write("")
        self.text.setPlaceholderText(WORKING)
        self.loading_bar.begin()
        self.loading_bar.show()

    def write(self, text: str) -> None:
        """Show `text` where the window is."""
        self.loading_bar.hide()
        self.text.setPlaceholderText(EMPTY)
        self.text.setPlainText(text)
        self._tell("")
        self._set_enabled()

    def refuse(self, sentence: str = STOPPED) -> None:
        """There will be no script, for the reason in `sentence`."""
        self.loading_bar.hide()
        self.text.setPlaceholderText(EMPTY)
        self._tell(sentence, is_bad=sentence != STOPPED)

    def _closed(self) -> None:
        if self.loading_bar.isVisibleTo(self):
            self.refuse()
            self.cancelled.emit()

    def _come(self, name: str) -> None:
        self._name = name
        self.setWindowTitle(f"{name}: show as code" if name else "Show as code")
        if self.isVisible():
            self.raise_()
        elif not self.testAttribute(Qt.WidgetAttribute.WA_Resized):
            self.resize(self.sizeHint())  # Qt would take the least height that the lines of text above need
        self.show()
        self.activateWindow()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        palette = self.text.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.background))
        palette.setColor(QPalette.ColorRole.Text, QColor(theme.ink))
        palette.setColor(QPalette.ColorRole.PlaceholderText, QColor(theme.muted))
        self.text.setPalette(palette)
        self._about.setStyleSheet(f"color: {theme.muted};")
        self._colours.set_theme(theme)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.text.font())
        width = metrics.horizontalAdvance("0") * COLUMNS + 2 * 10 + self.text.verticalScrollBar().sizeHint().width()
        wished = QSize(width + 40, metrics.lineSpacing() * ROWS + 120)
        screen = self.screen().availableSize()
        return wished.boundedTo(QSize(screen.width() * 9 // 10, screen.height() * 9 // 10))

    def _lay_out(self) -> None:
        buttons = QDialogButtonBox(self)
        self._copy = self._button(buttons, "&Copy", "Copy the whole script", "Ctrl+Shift+C")
        self._copy.clicked.connect(self._copy_all)
        self._save = self._button(buttons, "&Save as…", "Save the script as a .py file", "Ctrl+S")
        self._save.clicked.connect(self._save_as)
        buttons.addButton(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        foot = QHBoxLayout()
        foot.addWidget(self.loading_bar)
        foot.addWidget(self._told, 1)
        foot.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addWidget(self._about)
        layout.addWidget(self.text, 1)
        layout.addLayout(foot)
        self._set_enabled()

    def _button(self, box: QDialogButtonBox, label: str, tip: str, keys: str) -> QPushButton:
        button = QPushButton(label, self, autoDefault=False)
        button.setShortcut(QKeySequence(keys))
        button.setToolTip(f"{tip} ({QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)})")
        box.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
        return button

    def _set_enabled(self) -> None:
        for button in (self._copy, self._save):
            button.setEnabled(bool(self.text.toPlainText()))

    def _copy_all(self) -> None:
        text = self.text.toPlainText()
        QGuiApplication.clipboard().setText(text)
        self._tell(f"Copied: {len(text.splitlines())} lines.")

    def _save_as(self) -> None:
        stem = re.sub(r"[^\w.-]+", "-", self._name).strip("-.") or "script"
        name, _ = QFileDialog.getSaveFileName(self, "Save the script", f"{stem}.py", "Python (*.py)")
        if not name:
            return
        path = Path(name) if Path(name).suffix else Path(name + ".py")
        try:
            path.write_text(self.text.toPlainText(), encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            self._tell(f"{path} could not be written: {reason}; choose another place.", is_bad=True)
            return
        self._tell(f"Saved as {path}.")

    def _tell(self, sentence: str, is_bad: bool = False) -> None:
        self._told.setStyleSheet(f"color: {self._theme.bad if is_bad else self._theme.muted};")
        self._told.setText(sentence)
