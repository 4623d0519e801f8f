"""Pens for curves, and colours for them."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QWidget


def curve_pen(widget: QWidget, colour: str | QColor, width: float) -> QPen:
    """A pen `width` logical pixels wide. pyqtgraph's pens are cosmetic: without this they would count pixels of the
    screen, and curves would be half as thick at a scale of 200 %."""
    return pg.mkPen(colour, width=width * widget.devicePixelRatioF())


def blended(colour: str | QColor, ground: str | QColor, share: float) -> str:
    """`share` of `colour` over `ground`, opaque: crossing lines do not show as dots, and are painted in a twentieth of
    the time that translucent ones take."""
    one, other = QColor(colour), QColor(ground)
    pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    return str(QColor(*(round(share * a + (1 - share) * b) for a, b in pairs)).name())
