"""Widgets one below the other, without gaps."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLayout, QVBoxLayout, QWidget
from superqt import QFlowLayout


def tool_row(*controls: QWidget) -> QWidget:
    """`controls` side by side, in as many lines as it takes."""
    tools = QWidget()
    row = QFlowLayout(tools)
    row.setContentsMargins(6, 3, 6, 3)
    for control in controls:
        row.addWidget(control)
    return tools


def stack(parts: Sequence[tuple[QWidget | QLayout, int]], holder: QWidget | None = None) -> QWidget:
    """`parts` from the top, each with its stretch, in `holder`; without one in a new widget, which may be lower than
    they need: in a low dock it is cut off rather than that it pushes the window open."""
    if holder is None:
        holder = QWidget()
        holder.setMinimumHeight(1)
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(0)
    for part, stretch in parts:
        if isinstance(part, QWidget):
            column.addWidget(part, stretch)
        else:
            column.addLayout(part, stretch)
    return holder
