"""How the track of the timeline looks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.timeline_axis import Axis, Keyframes
from guiapp.gui.panels.timeline_marks import HALF_PX, Chain, Marks, Shape, placed_labels
from guiapp.gui.theme import Theme

PAD = 4.0
GROOVE = 8.0  # px high
RADIUS = 6.0  # of the handle
LABEL_PX = 90.0  # between the labels of the axis, at the least
TICK_PX = 3.0  # between ticks, at the least, so that many still look like ticks
SMALLER = 0.88  # the size of the labels, in the widget's font


@dataclass(frozen=True, slots=True)
class Scene:
    """All that lies still while the handle moves. `ticks` is one row of pixels of the screen."""

    axis: Axis
    ticks: npt.NDArray[np.uint32]
    chains: tuple[Chain, ...]
    labels: tuple[tuple[float, str], ...]
    font: QFont

    @property
    def line(self) -> float:
        """The height of a line of text."""
        return line_height(self.font)

    @property
    def groove(self) -> QRectF:
        """Where the steps lie, below the marks and above the numbers."""
        return QRectF(self.axis.left, PAD + self.line + 2, self.axis.width, GROOVE)


def small(font: QFont) -> QFont:
    """The font of all labels."""
    result = QFont(font)
    result.setPointSizeF(font.pointSizeF() * SMALLER)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def line_height(font: QFont) -> float:
    """Of a label in `font`; a mark needs as much as it is wide."""
    return max(2 * HALF_PX, QFontMetricsF(font).height())


def height(font: QFont) -> int:
    """Pixels that the track needs: marks, groove, numbers."""
    return round(2 * PAD + 2 * line_height(small(font)) + GROOVE + 3)


def scene(axis: Axis, keyframes: Keyframes, marks: Marks, font: QFont, colour: str, ratio: float) -> Scene:
    """Lay out marks and keyframes along `axis`; `ratio` pixels of the screen are one of the widget's."""
    chains = tuple(marks.chains(0, axis.end, axis.x))
    advance = QFontMetricsF(font).horizontalAdvance
    labels = placed_labels(chains, advance, axis.left + axis.width + HALF_PX)
    return Scene(axis, tick_row(axis, keyframes, colour, ratio), chains, tuple(labels), font)


def tick_row(axis: Axis, keyframes: Keyframes, colour: str, ratio: float) -> npt.NDArray[np.uint32]:
    """One row of the screen's pixels along `axis` (W,), `colour` at keyframes and else clear: 3,000 keyframes cost no
    more than one."""
    row = np.zeros(max(1, round(axis.width * ratio)), np.uint32)
    places = np.array([x * ratio for x in apart(axis.xs(keyframes) - axis.left, TICK_PX)], np.int64)
    for i in range(max(1, round(ratio))):
        row[np.minimum(places + i, len(row) - 1)] = QColor(colour).rgba()
    return row


def apart(xs: npt.NDArray[np.float64], least: float) -> list[float]:
    """Of ascending `xs` the first, and each that is at least `least` after the one before."""
    found: list[float] = []
    every, i = xs.tolist(), 0
    while i < len(every):
        found.append(every[i])
        i = bisect_left(every, every[i] + least, i + 1)
    return found


def paint(painter: QPainter, scene: Scene, theme: Theme, position: int | None, hover: int | None) -> None:
    """Everything but the ring of the focus; `position` is where the handle is, None at the live end, `hover` the
    keyframe that a press would go to."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(scene.font)
    place = scene.axis.x(scene.axis.end if position is None else min(position, scene.axis.end))
    _paint_groove(painter, scene, theme, place)
    _paint_numbers(painter, scene, theme)
    _paint_marks(painter, scene, theme)
    groove = scene.groove
    if hover is not None:
        painter.fillRect(QRectF(scene.axis.x(hover) - 1, groove.top() - 3, 2, GROOVE + 6), QColor(theme.ink))
    painter.setPen(QPen(QColor(theme.surface), 1.5))
    painter.setBrush(QColor(theme.ink if position is None else theme.accent))
    painter.drawEllipse(QPointF(place, groove.center().y()), RADIUS, RADIUS)


def _paint_groove(painter: QPainter, scene: Scene, theme: Theme, place: float) -> None:
    groove = scene.groove
    round_ends = QPainterPath()
    round_ends.addRoundedRect(groove, 2, 2)
    painter.fillPath(round_ends, QColor(theme.grid))
    past = QColor(theme.accent)
    past.setAlphaF(0.45)
    painter.save()
    painter.setClipRect(QRectF(groove.left(), groove.top(), place - groove.left(), GROOVE))
    painter.fillPath(round_ends, past)
    painter.restore()
    row = scene.ticks
    image = QImage(row.data, len(row), 1, 4 * len(row), QImage.Format.Format_ARGB32)
    painter.drawImage(groove.adjusted(0, 1, 0, -1), image, QRectF(0, 0, len(row), 1))


def _paint_numbers(painter: QPainter, scene: Scene, theme: Theme) -> None:
    metrics, axis = QFontMetricsF(scene.font), scene.axis
    baseline = scene.groove.bottom() + 1 + metrics.ascent()
    painter.setPen(QColor(theme.muted))
    for step in axis.ticks(LABEL_PX):
        text = thousands(step)
        wide = metrics.horizontalAdvance(text)
        left = max(axis.x(step) - wide / 2, axis.left - HALF_PX)
        if left + wide <= axis.left + axis.width + HALF_PX:
            painter.drawText(QPointF(left, baseline), text)


def _paint_marks(painter: QPainter, scene: Scene, theme: Theme) -> None:
    metrics = QFontMetricsF(scene.font)
    base = scene.groove.top() - 2
    for chain in scene.chains:
        style = chain.first.style
        colour = QColor(getattr(theme, style.colour))
        painter.setPen(QPen(colour, 2) if style.shape in STROKED else Qt.PenStyle.NoPen)
        painter.setBrush(Qt.BrushStyle.NoBrush if style.shape in STROKED else colour)
        shape = SHAPES[style.shape]
        if chain.right > chain.left:
            foot = base + shape.boundingRect().bottom()
            painter.fillRect(QRectF(chain.left, foot - 2, chain.right - chain.left, 2), colour)
        painter.translate(chain.left, base)
        painter.drawPath(shape)
        painter.translate(-chain.left, -base)
    painter.setPen(QColor(theme.ink))
    for left, text in scene.labels:
        painter.drawText(QPointF(left, base - metrics.descent()), text)


def _shapes() -> Mapping[Shape, QPainterPath]:
    """Outlines of the marks that stand on (0, 0), 2 `HALF_PX` wide at the most."""
    r = HALF_PX - 1
    outlines: dict[Shape, list[list[tuple[float, float]]]] = {
        "triangle": [[(-HALF_PX, 0), (0, -9), (HALF_PX, 0)]],
        "arrow": [[(-r, 0), (-r, -9), (HALF_PX, -4.5)]],
        "diamond": [[(0, 0.5), (-HALF_PX, -4.5), (0, -9.5), (HALF_PX, -4.5)]],
        "square": [[(-r, 0), (-r, -8), (r, -8), (r, 0)]],
        "cross": [[(-r, -1), (r, -9)], [(-r, -9), (r, -1)]],
        "plus": [[(-HALF_PX, -5), (HALF_PX, -5)], [(0, -10), (0, 0)]],
    }
    paths: dict[Shape, QPainterPath] = {}
    for shape, lines in outlines.items():
        path = paths[shape] = QPainterPath()
        for points in lines:
            path.addPolygon(QPolygonF([QPointF(*point) for point in points]))
            if len(points) > 2:
                path.closeSubpath()
    discs: dict[Shape, tuple[float, float]] = {"ring": (-4.5, 3.5), "upper dot": (-7.5, 2.5), "lower dot": (-2.5, 2.5)}
    for shape, (middle, radius) in discs.items():
        paths[shape] = QPainterPath()
        paths[shape].addEllipse(QPointF(0, middle), radius, radius)
    return MappingProxyType(paths)


STROKED: Final[frozenset[Shape]] = frozenset({"cross", "plus", "ring"})
SHAPES: Final = _shapes()
