"""Small images side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.levels import Levels, colour_table, to_image, to_levels, value_range
from guiapp.gui.widgets.plot_menu import add_export_actions

MARGIN = 6  # px
NEARLY = 0.9
WORTH_IT = 0.85  # whole device pixels, if the images lose no more of their size than this


class ImageGrid(QWidget):
    """Images (M, H, W), grey, or (M, H, W, 3), red, green and blue, in as many columns as make them largest, under a
    caption. With `below`, each image stands above its partners (a datum above its reconstruction). Values that are not
    finite are left blank."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(60, 50)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._noun, self._caption = "image", ""
        self._labels: tuple[str, ...] = ()
        self._tiles: Levels = np.empty((0, 1, 1), np.uint8)
        self._image: QImage | None = None
        self._composed_for: tuple[int, int] | None = None  # columns, stride
        self._between = 1  # image pixels between tiles
        add_export_actions(self)

    @property
    def tiles(self) -> Levels:
        """The tiles shown, (M, H, W) or (M, 2 H + gap, W) with partners, and 3 channels last where they have colour:
        levels 1 to 255, 0 for blank."""
        return self._tiles

    @property
    def caption(self) -> str:
        """The line above the images."""
        return self._caption

    def set_images(
        self,
        images: npt.NDArray[Any],
        caption: str = "",
        *,
        below: Sequence[npt.NDArray[Any]] = (),
        labels: Sequence[str] = (),
        grey: tuple[float, float] | None = None,
        noun: str = "image",
    ) -> None:
        """Show `images` (M, H, W) or (M, H, W, 3), and under each the one of every array of `below`, same shape;
        `labels` (M,) for the tooltip. `grey` is the range from black to white, of each channel where there is colour;
        without it that of `images`."""
        low, high = grey or value_range(images)
        tiles = to_levels(images, low, high)
        seam = self._between = max(1, round(max(tiles.shape[1:3]) / 28))
        if below:
            blank = np.zeros((len(tiles), seam, *tiles.shape[2:]), np.uint8)
            tiles = np.concatenate([tiles, *(part for b in below for part in (blank, to_levels(b, low, high)))], 1)
            self._between = 3 * seam  # so that pairs are seen as such
        self._tiles, self._caption, self._labels, self._noun = tiles, caption, tuple(labels), noun
        self._composed_for = None
        self.setAccessibleDescription(f"{caption}: {len(tiles)} images")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme, self._composed_for = theme, None
        self.update()

    def index_at(self, position: QPoint | QPointF) -> int | None:
        """The index of the image at `position` in the widget; None beside the images."""
        columns, scale, area = self._layout()
        height, width = (side + self._between for side in self._tiles.shape[1:3])
        column = math.floor((position.x() - area.left()) / (width * scale))
        row = math.floor((position.y() - area.top()) / (height * scale))
        index = row * columns + column
        return index if 0 <= column < columns and row >= 0 and index < len(self._tiles) else None

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.index_at(event.pos())
            if index is None:
                QToolTip.hideText()
            else:
                label = f" · {self._labels[index]}" if index < len(self._labels) and self._labels[index] else ""
                QToolTip.showText(event.globalPos(), f"{self._noun} {index + 1} of {len(self._tiles)}{label}", self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.setPen(QColor(self._theme.ink))
        line = QRectF(MARGIN, MARGIN, self.width() - 2 * MARGIN, self.fontMetrics().height())
        text = self.fontMetrics().elidedText(self._caption, Qt.TextElideMode.ElideRight, int(line.width()))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
        if self._tiles.size:
            columns, scale, area = self._layout()
            image, magnified = self._composed(columns, scale), scale * self.devicePixelRatioF()
            if magnified > 1 and magnified != round(magnified):  # blocks of uneven width but for a thin soft edge
                image = image.scaled(image.size() * math.ceil(magnified))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, magnified != round(magnified))
            painter.drawImage(area, image)
        painter.end()

    def _layout(self) -> tuple[int, float, QRectF]:
        """Columns, pixels of the widget per image pixel, and the rectangle of all images."""
        top = MARGIN + (self.fontMetrics().height() + MARGIN if self._caption else 0)
        room_x, room_y = max(1, self.width() - 2 * MARGIN), max(1, self.height() - top - MARGIN)
        count, between = max(1, len(self._tiles)), self._between
        height, width = (side + between for side in self._tiles.shape[1:3])
        columns = np.arange(1, count + 1)
        rows = -(-count // columns)
        ratio = self.devicePixelRatioF()
        scales = np.minimum(room_x / (columns * width - between), room_y / (rows * height - between)) * ratio
        whole = np.floor(scales)
        scales = np.where(whole >= WORTH_IT * scales, whole, scales)
        empty = np.where(scales >= NEARLY * scales.max(), rows * columns - count, np.inf)
        best = int(np.flatnonzero(empty == empty.min())[-1])  # nearly as large: full rows, and wide
        scale = float(scales[best]) / ratio
        size = (int(columns[best]) * width - between, int(rows[best]) * height - between)
        return int(columns[best]), scale, QRectF(MARGIN, top, size[0] * scale, size[1] * scale)

    def _composed(self, columns: int, scale: float) -> QImage:
        stride = max(1, math.floor(1 / (scale * self.devicePixelRatioF())))  # no more pixels than the screen shows
        key = (columns, stride)
        if self._image is None or key != self._composed_for:
            tiles = self._tiles[:, ::stride, ::stride]
            gap = max(1, self._between // stride)
            count, height, width, *channels = tiles.shape
            rows = -(-count // columns)
            board = np.zeros((rows * columns, height + gap, width + gap, *channels), np.uint8)
            board[:count, :height, :width] = tiles
            board = board.reshape(rows, columns, height + gap, width + gap, *channels).swapaxes(1, 2)
            board = board.reshape(rows * (height + gap), columns * (width + gap), *channels)[:-gap, :-gap]
            if channels:
                board[(board == 0).any(2)] = _rgb(self._theme.background)
            table = colour_table("#000000", "#ffffff", background=self._theme.background)
            self._image, self._composed_for = to_image(board, table), key
        return self._image


def _rgb(colour: str) -> tuple[int, int, int]:
    parsed = QColor(colour)
    return parsed.red(), parsed.green(), parsed.blue()
