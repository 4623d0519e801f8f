"""What stands in a time plot besides its curves: edits of parameters, and levels to compare with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp import parameters
from guiapp.gui.theme import LIGHT, Theme
from guiapp.messages import Edited

Marks = tuple[Edited, ...]
GAP = 4.0  # px
CHAIN_PX = 8.0  # edits of one parameter nearer than this, as from a slider, are one line and a band behind it
BAND_ALPHA = 45  # of 255
LABEL_SHARE = 0.6  # of the plot's width; a longer label of a reference loses what stands before its colon


@dataclass(frozen=True, slots=True)
class Reference:
    """A horizontal line at `value`, such as 1.386 with the label "log 4 = 1.386"."""

    value: float
    label: str


def mark_title(mark: Edited) -> str:
    """The parameter's title; where the spec has several of that title, after the first word of their group's."""
    found = parameters.flat(mark.spec)
    if mark.path not in found:
        return mark.path.rpartition(".")[2]
    title = found[mark.path].title
    if sum(other.title == title for other in found.values()) == 1:
        return title
    return f"{_group_title(mark)} {title}".strip()


def mark_label(title: str, first: Edited, last: Edited) -> str:
    """Such as "β 1→4", from the old value of `first` to the new one of `last`."""
    return f"{title} {_short(first.old)}→{_short(last.new)}"


def _group_title(mark: Edited) -> str:
    prefix, items = mark.path.rpartition(".")[0], parameters.parameters(mark.spec)
    while items:
        group = next(
            (i for i in items if isinstance(i, parameters.Group) and f"{prefix}.".startswith(f"{i.path}.")), None
        )
        if group is None:
            return ""
        if group.path == prefix:
            return group.title.split()[0]
        items = group.items
    return ""


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def placed_labels(
    marks: Marks, titles: Mapping[str, str], xs: list[float], width: Callable[[str], float], room: float
) -> list[tuple[float, int, str]]:
    """Labels (left edge, level 0 or 1, text) of `marks` at pixels `xs` that fit into 0 .. `room` without overlap;
    `titles` by path.

    Edits of one parameter closer together than their label is wide share it.
    """
    groups: list[tuple[float, Edited, Edited]] = []
    for mark, x in zip(marks, xs, strict=True):
        begun = groups[-1] if groups else None
        if begun and begun[2].path == mark.path and x - begun[0] < width(mark_label(titles[mark.path], begun[1], mark)):
            groups[-1] = (begun[0], begun[1], mark)
        else:
            groups.append((x, mark, mark))
    ends = [0.0, 0.0]
    placed: list[tuple[float, int, str]] = []
    for x, first, last in groups:
        text = mark_label(titles[last.path], first, last)
        left = x + GAP if x + GAP + width(text) <= room else x - GAP - width(text)
        level = next((i for i, end in enumerate(ends) if left >= end), None)
        if level is not None and 0 <= x <= room:
            placed.append((left, level, text))
            ends[level] = left + width(text) + 2 * GAP
    return placed


def spans(places: list[tuple[str, float]]) -> list[tuple[float, float]]:
    """First and last pixel of each chain of edits (path, pixel) of one parameter that are at most `CHAIN_PX` apart."""
    chains: list[tuple[str, float, float]] = []
    for path, x in places:
        if chains and chains[-1][0] == path and x - chains[-1][2] <= CHAIN_PX:
            chains[-1] = (path, chains[-1][1], x)
        else:
            chains.append((path, x, x))
    return [(begin, end) for _, begin, end in chains]


class Annotations(pg.GraphicsObject):
    """Lies over a view box, in its pixels. Edits are thin dashed lines with labels at the top, on two levels where they
    would overlap; edits of one parameter close together, as from a slider, share one line, a band, and one label; one
    without room is left to the crosshair."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(50)
        self._box, self._theme = box, LIGHT
        self._log, self._note = False, ""
        self._marks: Marks = ()
        self._titles: dict[str, str] = {}  # by path; finding one costs 3 ms
        self._references: tuple[Reference, ...] = ()
        self._now: int | None = None
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    @property
    def marks(self) -> Marks:
        """The edits shown."""
        return self._marks

    @property
    def references(self) -> tuple[Reference, ...]:
        """The levels shown."""
        return self._references

    def set_marks(self, marks: Marks) -> None:
        """Show these edits, in the order of their steps."""
        if marks == self._marks:
            return
        if self._marks and (not marks or marks[0].key != self._marks[0].key):
            self._titles.clear()
        for mark in marks:
            if mark.path not in self._titles:
                self._titles[mark.path] = mark_title(mark)
        self._marks = marks
        self.update()

    def set_references(self, references: tuple[Reference, ...]) -> None:
        """Show these levels."""
        self._references = references
        self.update()

    @property
    def now(self) -> int | None:
        """The past step that is shown."""
        return self._now

    def set_now(self, step: int | None) -> None:
        """Draw a line after `step` and shade the later ones; None for neither."""
        if step != self._now:
            self._now = step
            self.update()

    def set_log(self, log: bool) -> None:
        """Whether the value axis holds log10 of the values."""
        self._log = log
        self.update()

    @property
    def note(self) -> str:
        """The sentence at the bottom of the plot."""
        return self._note

    def set_note(self, note: str) -> None:
        """Say something of the whole plot at its bottom; empty for nothing."""
        if note != self._note:
            self._note = note
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def texts_near(self, step: float, reach: float) -> tuple[str, ...]:
        """Of the edits within `reach` steps of `step`."""
        return tuple(
            mark_label(self._titles[mark.path], mark, mark)
            for mark in self._marks
            if abs(mark.step + 0.5 - step) <= reach
        )

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        font = QApplication.font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        room = self.boundingRect()
        painter.setClipRect(room)
        if self._now is not None:
            self._draw_now(painter, room, self._now)
        pen = QPen(QColor(self._theme.muted), 1, Qt.PenStyle.CustomDashLine)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        for reference in self._references:
            self._draw_reference(painter, room, metrics, reference)
        if self._note:
            foot = Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room.adjusted(GAP, 0, -GAP, -GAP), foot, self._note)
        if not self._marks:
            return
        self._draw_marks(painter, room, metrics)

    def _draw_now(self, painter: QPainter, room: QRectF, now: int) -> None:
        x = self._box.mapFromView(QPointF(now + 0.5, 0)).x()
        later = QRectF(QPointF(max(x, room.left()), room.top()), room.bottomRight())
        painter.fillRect(later, QColor(self._theme.surface))  # opaque: the last column of a heat map reaches past `now`
        painter.setPen(QPen(QColor(self._theme.accent), 1))
        painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))

    def _draw_marks(self, painter: QPainter, room: QRectF, metrics: QFontMetricsF) -> None:
        xs = [self._box.mapFromView(QPointF(mark.step + 0.5, 0)).x() for mark in self._marks]
        inside = [(mark, x) for mark, x in zip(self._marks, xs, strict=True) if room.left() <= x <= room.right()]
        band = QColor(self._theme.muted)
        band.setAlpha(BAND_ALPHA)
        for begin, end in spans([(mark.path, x) for mark, x in inside]):
            painter.fillRect(QRectF(begin, room.top(), end - begin, room.height()), band)
            painter.drawLine(QLineF(begin, room.top(), begin, room.bottom()))
        painter.setPen(QColor(self._theme.ink))
        marks, xs = tuple(mark for mark, _ in inside), [x - room.left() for _, x in inside]
        for left, level, text in placed_labels(marks, self._titles, xs, metrics.horizontalAdvance, room.width()):
            place = QRectF(room.left() + left - 2, room.top() + level * metrics.height(), 0, metrics.height())
            place.setWidth(metrics.horizontalAdvance(text) + 4)
            painter.fillRect(place, QColor(self._theme.background))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_reference(self, painter: QPainter, room: QRectF, metrics: QFontMetricsF, reference: Reference) -> None:
        if self._log and reference.value <= 0:
            return
        value = math.log10(reference.value) if self._log else reference.value
        y = self._box.mapFromView(QPointF(0, value)).y()
        if not room.top() < y < room.bottom():
            return
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
        above = y - metrics.height() > room.top()
        top = y - metrics.height() if above else y
        label = reference.label
        if metrics.horizontalAdvance(label) > LABEL_SHARE * room.width():
            label = label.rpartition(": ")[2]
        width = metrics.horizontalAdvance(label) + 4
        place = QRectF(room.right() - width - GAP, top, width, metrics.height())
        ground = QColor(self._theme.background)
        ground.setAlpha(170)
        painter.fillRect(place, ground)
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, label)
