"""Images in rows and columns, grey or coloured, with words beside, above and below them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.levels import to_levels
from guiapp.gui.widgets.plot_menu import add_export_actions

MARGIN, GAP = 6, 3  # px
LEAST = 12  # px, of an image that still has words below it
WORTH_IT = 0.85  # whole device pixels, if the images lose no more of their size than this

Array = npt.NDArray[Any]


class ImageTable(QWidget):
    """Images (M, H, W) or (M, H, W, C), as large as they fit. Values that are not finite take the background."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setMinimumSize(60, 50)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._theme = LIGHT
        self._images: Array = np.empty((0, 1, 1), np.float32)
        self._span, self._columns = (0.0, 1.0), 0
        self._below: tuple[str, ...] = ()
        self._rows: tuple[str, ...] = ()
        self._heads: tuple[str, ...] = ()
        self._drawn: tuple[int, list[QImage]] = (0, [])  # stride, tiles
        self._under = 0  # px of the words below each image; none where there is no room for them
        add_export_actions(self)

    @property
    def images(self) -> Array:
        """What is shown, (M, H, W) or (M, H, W, C)."""
        return self._images

    @property
    def below(self) -> tuple[str, ...]:
        """The words below the images."""
        return self._below

    def set_images(
        self,
        images: Array,
        span: tuple[float, float],
        *,
        columns: int = 0,
        below: Sequence[str] = (),
        rows: Sequence[str] = (),
        heads: Sequence[str] = (),
    ) -> None:
        """Show `images` from black at span[0] to white at span[1], in so many `columns` (0: what makes them largest),
        with words `below` each (M,), beside each of the `rows`, and as `heads` of the columns."""
        self._images, self._span, self._columns = images, span, columns
        self._below, self._rows, self._heads = tuple(below), tuple(rows), tuple(heads)
        self._drawn = (0, [])
        self.setAccessibleDescription(f"{len(images)} images")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme, self._drawn = theme, (0, [])
        self.update()

    def index_at(self, position: QPoint | QPointF) -> int | None:
        """The index of the image at `position` in the widget; None beside the images."""
        return next((i for i, cell in enumerate(self.cells()) if cell.contains(QPointF(position))), None)

    def cells(self) -> list[QRectF]:
        """Where each image is."""
        count = len(self._images)
        if not count or not self._images.size:
            return []
        height, width = self._images.shape[1:3]
        line = self.fontMetrics().height()
        left = MARGIN + (self._widest(self._rows) + MARGIN if self._rows else 0)
        top = MARGIN + (line if self._heads else 0)
        room_x, room_y = max(1.0, self.width() - left - MARGIN), max(1.0, self.height() - top - MARGIN)
        columns = np.array([self._columns]) if self._columns else np.arange(1, count + 1)
        rows = -(-count // columns)
        under = np.where(rows * (line + LEAST) <= room_y, line, 0) if self._below else 0 * rows
        scales = np.minimum(room_x / columns - GAP, 1e9) / width
        scales = np.maximum(np.minimum(scales, (room_y / rows - GAP - under) / height), 1e-3)
        best = int(np.argmax(scales + 1e-9 * columns))
        across, scale = int(columns[best]), whole_pixels(float(scales[best]), self.devicePixelRatioF())
        self._under = int(under[best])
        pitch_x, pitch_y = width * scale + GAP, height * scale + GAP + self._under
        return [
            QRectF(left + i % across * pitch_x, top + i // across * pitch_y, width * scale, height * scale)
            for i in range(count)
        ]

    def row_height(self, width: int, count: int) -> int:
        """The height, in px, of one row of `count` images in a widget `width` px wide, words included."""
        height, across = self._images.shape[1:3] if self._images.size else (1, 1)
        return round((width - 2 * MARGIN) / count * height / across) + self.fontMetrics().height() + 2 * MARGIN + GAP

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        cells = self.cells()
        if cells:
            self._paint_images(painter, cells)
            self._paint_words(painter, cells)
        painter.end()

    def _paint_images(self, painter: QPainter, cells: list[QRectF]) -> None:
        magnified = cells[0].width() / self._images.shape[2] * self.devicePixelRatioF()
        stride = max(1, math.floor(1 / magnified))  # no more pixels than the screen shows
        if self._drawn[0] != stride:
            self._drawn = (stride, tiles(self._images[:, ::stride, ::stride], self._span, self._theme.background))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, magnified < 1)
        for cell, tile in zip(cells, self._drawn[1], strict=True):
            painter.drawImage(cell, tile)

    def _paint_words(self, painter: QPainter, cells: list[QRectF]) -> None:
        line = self.fontMetrics().height()
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(QColor(self._theme.muted))
        pitch = cells[0].width() + GAP
        every = max(1, math.ceil((self._widest(self._below) + 6) / pitch))  # the others would run into each other
        row = sum(cell.top() == cells[0].top() for cell in cells)  # images in one
        for i, (cell, text) in enumerate(zip(cells, self._below if self._under else (), strict=False)):
            if i % row % every == 0:
                painter.drawText(QRectF(cell.center().x() - 60, cell.bottom(), 120, line), middle, text)
        every = max(1, math.ceil((self._widest(self._heads) + 6) / pitch))
        for i, (cell, text) in enumerate(zip(cells, self._heads, strict=False)):
            if (i - len(self._heads) // 2) % every == 0:
                painter.drawText(QRectF(cell.center().x() - 60, cell.top() - line, 120, line), middle, text)
        across = self._columns or len(cells)
        end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for cell, text in zip(cells[::across], self._rows, strict=False):
            painter.drawText(QRectF(0, cell.center().y() - line, cell.left() - MARGIN, 2 * line), end, text)

    def _widest(self, texts: Sequence[str]) -> int:
        return max((self.fontMetrics().horizontalAdvance(text) for text in texts), default=0)


def whole_pixels(scale: float, ratio: float) -> float:
    """`scale`, px of the widget for one of the image, or a little less where that makes it whole pixels of the screen;
    `ratio` of them make one of the widget."""
    whole = math.floor(scale * ratio)
    return whole / ratio if whole >= max(1.0, WORTH_IT * scale * ratio) else scale


def tiles(images: Array, span: tuple[float, float], background: str) -> list[QImage]:
    """Each of `images` (M, H, W) or (M, H, W, C) as a picture. Three channels are red, green and blue, a fourth is left
    out, and any other number is shown by its mean."""
    levels = to_levels(_channels(images), *span)  # (M, H, W, 1 or 3)
    shades = np.linspace(0, 255, 255).round().astype(np.uint8)  # of the levels 1 to 255
    pixels = np.concatenate([[0], shades]).astype(np.uint8)[np.broadcast_to(levels, (*levels.shape[:3], 3))]
    blank = (levels == 0).any(-1)
    if blank.any():
        colour = QColor(background)
        pixels[blank] = (colour.red(), colour.green(), colour.blue())
    height, width = pixels.shape[1:3]
    form = QImage.Format.Format_RGB888
    return [QImage(image.tobytes(), width, height, 3 * width, form).copy() for image in pixels]


def _channels(images: Array) -> Array:
    if images.ndim == 3:
        return images[..., None]
    if images.shape[-1] in (3, 4):
        return images[..., :3]
    return images.mean(-1, keepdims=True)
