"""A line of text for one parameter, which refuses what is not allowed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from guiapp.gui.widgets.outline import outline
from guiapp.parameters import Parameter, as_text, parsed
from guiapp.spec import SpecError


class RefusingLine(QLineEdit):
    """Takes what `parsed` takes for its parameter. While the text is not allowed, the outline is red and `refused` has
    carried the reason; Return does not take it, Escape or leaving the line restores the old value. Up and Down step.
    """

    committed = Signal(object)  # a new value that is allowed
    refused = Signal(str)  # a sentence; "" when the text is allowed again

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(parent)
        self._parameter = parameter
        self._value: Any = parameter.default
        self._is_refused = False
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)  # the row's menu has this line's entries too
        self.textEdited.connect(self._judge)
        self.set_value(parameter.default)

    @property
    def is_number(self) -> bool:
        """Whether it takes a single number."""
        return self._parameter.kind in ("integer", "number")

    def set_value(self, value: Any) -> None:
        """Put `value` in force. Text that is being typed stays, until it is taken or left."""
        self._value = value
        if not (self.hasFocus() and self.isModified()):
            self.restore()

    def restore(self) -> None:
        """Show the value in force."""
        self.setText(as_text(self._value))
        if not self.hasFocus():
            self.setCursorPosition(0)  # of a long path the beginning
        self._judge(self.text())

    def submit(self, text: str) -> None:
        """Take `text` as if it had been typed and followed by Return."""
        self.setText(text)
        self._commit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}
        if event.key() == Qt.Key.Key_Escape and self.text() != as_text(self._value):
            self.setModified(False)
            self.restore()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._commit()
            self.selectAll()
        elif event.key() in steps and self.is_number:
            self._step(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            return  # back in a moment, with the text as it is
        self._commit()
        self.setModified(False)
        self.restore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        outline(self, self.rect(), self._is_refused)

    def is_refused(self) -> bool:
        """Whether the text is one that the parameter does not take."""
        return self._is_refused

    def _judge(self, text: str) -> Any:
        try:
            result, reason = parsed(self._parameter, text), ""
        except SpecError as error:
            result, reason = None, str(error)
        if bool(reason) != self._is_refused or reason:
            self._is_refused = bool(reason)
            self.setAccessibleDescription(reason or self.toolTip())
            self.refused.emit(reason)
            self.update()
        return result

    def _commit(self) -> None:
        if self.text() == as_text(self._value):
            self.setModified(False)
            return
        value = self._judge(self.text())
        if not self._is_refused:
            self.setModified(False)
            changed = value != self._value
            self.set_value(value)
            if changed:
                self.committed.emit(value)

    def _step(self, direction: int) -> None:
        start = self._judge(self.text())
        value = stepped(self._parameter, self._value if self._is_refused else start, direction)
        self.setText(as_text(value))
        self._commit()


def stepped(parameter: Parameter, value: float, direction: int) -> float:
    """The next value up (`direction` 1) or down (-1): by the factor 10^(1/10) on a logarithmic parameter, by 1 on a
    whole number, else by a hundredth of the range. At the end of the range it stays."""
    low, high = parameter.low or 0, parameter.high or 0
    if parameter.log and parameter.slide is not None:
        new = float(f"{value * 10 ** (direction / 10):.3g}")
        if value <= 0 < direction:
            new = parameter.slide[0]
        if parameter.kind == "integer":
            new = max(round(new), value + 1) if direction > 0 else min(round(new), value - 1)
    elif parameter.kind == "integer":
        new = value + direction
    else:
        new = round(value + direction * (high - low) / 100, 10)
    for candidate in (new, min(max(new, low), high)):
        with suppress(SpecError):
            result: float = parsed(parameter, candidate)
            return result
    return value
