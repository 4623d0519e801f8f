"""A table of numbers as a picture in a plot."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from guiapp.gui.widgets.levels import Levels, to_image

CRISP = 2  # below this magnification boxes of uneven width would distort an image more than blending does


class HeatItem(pg.GraphicsObject):
    """Levels (R, C), row 0 at the smallest y, over a rectangle in data units; level 0 is left out.

    `smooth` blends neighbouring values (a field), else each is a box of its own (pixels, table cells).
    """

    def __init__(self, smooth: bool = False) -> None:
        super().__init__()
        self._smooth = smooth
        self._levels: Levels | None = None
        self._table: list[int] = [0] * 256
        self._rect = QRectF()
        self._image: QImage | None = None

    @property
    def levels(self) -> Levels | None:
        """What is shown."""
        return self._levels

    def set_levels(self, levels: Levels | None, rect: QRectF) -> None:
        """Show `levels` over `rect`; None shows nothing."""
        if rect != self._rect:
            self.prepareGeometryChange()
            self._rect = QRectF(rect)
        self._levels, self._image = levels, None
        self.update()

    def set_colours(self, table: list[int]) -> None:
        """The colours of the 256 levels, from `levels.colour_table`."""
        self._table, self._image = table, None
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        if self._levels is None or not self._levels.size:
            return
        if self._image is None:
            self._image = to_image(self._levels, self._table)
        magnified = abs(painter.transform().m11()) * self._rect.width() / self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._smooth or magnified < CRISP)
        painter.drawImage(self._rect, self._image)
