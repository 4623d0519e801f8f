"""Editors of one parameter each. What cannot be is refused at the field, and the old value stays in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QStyle, QStyleOptionButton, QWidget

from guiapp.gui.widgets.file_button import FileButton
from guiapp.gui.widgets.outline import outline
from guiapp.gui.widgets.parameter_slider import ParameterSlider
from guiapp.gui.widgets.refusing_line import RefusingLine
from guiapp.parameters import Parameter

Option = tuple[str, str, str]  # what is stored, what is read, what the tooltip says


class Field(QObject):
    """The editor of one parameter: `editor` sits beside or below the title, `slider`, where there is one, below it.

    `edited` carries a new value that is allowed; `refused` a sentence while what is typed is not, and "" afterwards.
    """

    edited = Signal(object)
    refused = Signal(str)
    editor: QWidget
    focus_target: QWidget
    slider: QWidget | None = None

    def set_value(self, value: Any) -> None:
        """Show `value`, without a signal."""
        raise NotImplementedError

    def restore(self, value: Any) -> None:
        """Show `value`, and forget what a hand has begun."""
        self.set_value(value)

    def set_bold(self, bold: bool) -> None:
        """Bold letters say that the value is not the default."""
        font = self.focus_target.font()
        font.setBold(bold)
        self.focus_target.setFont(font)


class TextField(Field):
    """Numbers, widths and texts: a line, with a slider below it where the parameter has a range for one."""

    slider: ParameterSlider | None = None

    def __init__(self, parameter: Parameter, parent: QWidget) -> None:
        super().__init__(parent)
        self.line = RefusingLine(parameter, parent)
        self.editor = self.focus_target = self.line
        self.line.committed.connect(self._commit)
        self.line.refused.connect(self.refused)
        if parameter.slide is not None:
            self.slider = ParameterSlider(parameter, parent)
            self.slider.moved.connect(self.line.set_value)
            self.slider.settled.connect(self.edited)
        if parameter.path.endswith(".path"):
            self.editor = self._with_button(parent)

    def set_value(self, value: Any) -> None:
        if self.slider is not None:
            if self.slider.is_moving():
                return  # the hand on the slider is ahead of what the trainer confirms
            self.slider.set_value(value)
        self.line.set_value(value)

    def restore(self, value: Any) -> None:
        if self.slider is not None:
            self.slider.let_go()
        self.set_value(value)

    def _commit(self, value: Any) -> None:
        if self.slider is not None:
            self.slider.set_value(value)
        self.edited.emit(value)

    def _with_button(self, parent: QWidget) -> QWidget:
        box = QWidget(parent)
        layout = QHBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        button = FileButton(box)
        button.chosen.connect(self.line.submit)
        layout.addWidget(self.line, 1)
        layout.addWidget(button)
        return box


class ChoiceField(Field):
    """One of a few: a combo box. A value that is none of the options, as from a newer file, is shown as it is."""

    def __init__(self, options: Sequence[Option], parent: QWidget) -> None:
        super().__init__(parent)
        self.combo = _Combo(parent)
        self.editor = self.focus_target = self.combo
        for i, (name, title, tooltip) in enumerate(options):
            self.combo.addItem(title, name)
            self.combo.setItemData(i, tooltip, Qt.ItemDataRole.ToolTipRole)
        self.combo.activated.connect(lambda i: self.edited.emit(self.combo.itemData(i)))

    def set_value(self, value: Any) -> None:
        with QSignalBlocker(self.combo):
            self.combo.setPlaceholderText(str(value))
            self.combo.setCurrentIndex(self.combo.findData(value))


class SwitchField(Field):
    """True or false: a check box."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = _Box(parent)
        self.editor = self.focus_target = self.box
        self.box.clicked.connect(lambda checked: self.edited.emit(checked))

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))


def field_for(parameter: Parameter, options: Sequence[Option], parent: QWidget) -> Field:
    """The editor for `parameter`; `options`, when given, make a text a choice."""
    if parameter.kind == "switch":
        return SwitchField(parent)
    if parameter.kind == "choice" or options:
        return ChoiceField(options or [(choice, choice, "") for choice in parameter.choices], parent)
    return TextField(parameter, parent)


class _Combo(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel scrolls the panel and changes nothing by accident


class _Box(QCheckBox):
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        outline(self, self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self), False)
