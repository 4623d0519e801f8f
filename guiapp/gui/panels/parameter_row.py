"""One row of the parameter panel: title, unit, editor, and what is special about the value."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QMenu, QSizePolicy, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.field_editor import Option, field_for
from guiapp.parameters import Parameter, as_text

EDITOR_LETTERS: Final = 17  # width of the editors' column, in average letters
LONG: Final = 13  # an option of more letters does not fit into it
WHEN: Final = ("on restart", "in a fork")  # a pending change takes effect: of the run as it is, of its past


class ParameterRow(QWidget):
    """Title and unit to the left, the editor to the right; a long text and a slider take the whole width below.

    The title is bold while the value is not the default, and says "on restart" (looking back: "in a fork") while the
    run still has another value. Two lines are always kept for it, so that no row moves when it says more.
    """

    edited = Signal(str, object)  # path, new value
    refused = Signal(str)  # why the text is not allowed; "" when it is again

    def __init__(
        self, parameter: Parameter, options: Sequence[Option], section: str, theme: Theme, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.field = field_for(parameter, options, self)
        self._theme = theme
        self._value: Any = parameter.default
        self._pending, self._past = False, False
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setWordWrap(True)
        self._label.setBuddy(self.field.focus_target)
        titles = [title for _, title, _ in options] or parameter.choices
        self._lay_out(parameter.kind == "text" or any(len(title) > LONG for title in titles))
        self._name(f"{section}, {parameter.title}" if section else parameter.title)
        self.field.edited.connect(lambda new: self.edited.emit(self.parameter.path, new))
        self.field.refused.connect(self.refused)
        self.field.set_value(parameter.default)
        self.set_state(parameter, parameter.default, False)

    def set_state(self, parameter: Parameter, value: Any, pending: bool, past: bool = False) -> None:
        """Show `value`; `parameter` brings the default to compare with, `pending` says that the run has another one,
        and `past` that it is shown at a past step."""
        if value != self._value or self.field.slider is not None:  # a handle may have been ahead of the last value
            self.field.set_value(value)
        state = (parameter, value, pending, past)
        if state == (self.parameter, self._value, self._pending, self._past) and self._label.text():
            return
        self.parameter, self._value, self._pending, self._past = state
        self.field.set_bold(value != parameter.default)
        self._write()

    def restore(self) -> None:
        """Show the value again that `set_state` told of, whatever a hand has begun since."""
        self.field.restore(self._value)

    def set_theme(self, theme: Theme) -> None:
        """Write the title in the colours of `theme`."""
        self._theme = theme
        self._write()

    def matches(self, words: str) -> bool:
        """Whether every word is found in the title, the path or the help."""
        text = f"{self._label.text()} {self.parameter.title} {self.parameter.path} {self.parameter.help}".lower()
        return all(word in text for word in words.lower().split())

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        line = self.field.focus_target
        if isinstance(line, QLineEdit):
            standard = line.createStandardContextMenu()
            standard.setParent(menu)
            menu.addActions(standard.actions())
            menu.addSeparator()
        self.fill_menu(menu)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be done with any parameter."""
        default = as_text(self.parameter.default) or "empty"
        restore = menu.addAction(f"Restore default ({default})")
        restore.setEnabled(self._value != self.parameter.default)
        restore.triggered.connect(lambda: self.edited.emit(self.parameter.path, self.parameter.default))
        text = as_text(self._value)
        text = text.replace(" ", "") if self.parameter.kind == "widths" else text
        option = shlex.join(["--set", f"{self.parameter.path}={text}"])
        menu.addAction(f"Copy as {option}").triggered.connect(lambda: QGuiApplication.clipboard().setText(option))

    def _lay_out(self, is_long: bool) -> None:
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setHorizontalSpacing(6)
        layout.setVerticalSpacing(0)
        layout.setColumnStretch(0, 1)
        layout.addWidget(self._label, 0, 0)
        editor = self.field.editor
        if is_long:
            editor.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            layout.addWidget(editor, 1, 0, 1, 2)
        else:
            editor.setFixedWidth(self.fontMetrics().averageCharWidth() * EDITOR_LETTERS)
            layout.addWidget(editor, 0, 1, Qt.AlignmentFlag.AlignVCenter)
            layout.setRowMinimumHeight(0, 2 * self.fontMetrics().height() + 2)
        if self.field.slider is not None:
            layout.addWidget(self.field.slider, 1, 0, 1, 2)

    def _name(self, name: str) -> None:
        target, slider = self.field.focus_target, self.field.slider
        target.setAccessibleName(name)
        if slider is not None:
            slider.setAccessibleName(f"{name}, slider")

    def _write(self) -> None:
        parameter, theme = self.parameter, self._theme
        title = escape(parameter.title)
        text = f"<b>{title}</b>" if self._value != parameter.default else title
        if self._pending:
            when = WHEN[self._past].replace(" ", "&nbsp;")
            text += f" <span style='color:{theme.warning}'>{when}</span>"
        elif parameter.unit:
            unit = escape(parameter.unit).replace(" ", "&nbsp;")
            text += f" <span style='color:{theme.muted}'>{unit}</span>"
        self._label.setText(text)
        tooltip = described(parameter) + (f" Changed: takes effect {WHEN[self._past]}." if self._pending else "")
        self.setToolTip(f"<p>{escape(tooltip)}</p>")  # a paragraph wraps, a line of plain text does not
        self.field.focus_target.setAccessibleDescription(tooltip)


def described(parameter: Parameter) -> str:
    """Help, unit, range and default of `parameter` in a few short sentences."""
    unit = f" Unit: {parameter.unit}." if parameter.unit else ""
    takes = f" Takes {parameter.range_text}." if parameter.kind not in ("text", "switch") else ""
    live = " Changes at once while training." if parameter.live else ""
    return f"{parameter.help}{unit}{takes}{live} Default: {as_text(parameter.default) or 'empty'}."
