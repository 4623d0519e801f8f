"""Outlines painted over Qt's own: a style sheet would change the size of what it colours."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPalette, QPen
from PySide6.QtWidgets import QWidget


def outline(widget: QWidget, rect: QRect, is_refused: bool) -> None:
    """Within a paint event: red around what is refused; in a dark theme, where Fusion's own outline is darker than the
    dark background and so not seen, a quiet one around everything else."""
    palette = widget.palette()
    if not is_refused and (palette.window().color().lightness() > 127 or widget.hasFocus()):
        return
    colour = palette.color(QPalette.ColorRole.BrightText if is_refused else QPalette.ColorRole.PlaceholderText)
    colour.setAlphaF(1.0 if is_refused else 0.65)
    painter = QPainter(widget)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 2 if is_refused else 1))
    inset = 1.0 if is_refused else 0.5
    painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), 3, 3)
