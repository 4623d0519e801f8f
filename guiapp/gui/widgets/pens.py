"""Pens for curves."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget


def curve_pen(widget: QWidget, colour: str | QColor, width: float) -> QPen:
    """A pen `width` logical pixels wide. pyqtgraph's pens are cosmetic: without this they would count pixels of the
    screen, and curves would be half as thick at a scale of 200 %."""
    return pg.mkPen(colour, width=width * widget.devicePixelRatioF())
