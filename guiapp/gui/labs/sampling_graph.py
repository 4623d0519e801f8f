"""The network of the lab of ancestral sampling, drawn as a graph whose nodes can be dragged, clamped and connected."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from guiapp.gui.labs.sampling_boxes import NodeBox, box_height
from guiapp.gui.labs.sampling_compute import Result
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.own_keys import OwnKeys
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.theory.bayesian_inference import Shares
from guiapp.theory.bayesian_network import Discrete

BOX: Final = (116.0, 176.0)  # px, width of a node, at least and at most
SHARE: Final = 0.3  # of the drawing that it has between these
MARGIN: Final = 4.0  # px
SLACK: Final = 4.0  # px, up to which a press is a click
ARROW: Final = 9.0  # px
KEY_STEP: Final = 0.03  # of the drawing
KEYS: Final = {
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down),
    *(Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete),
}
ARROWS: Final = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}


class NetworkCanvas(OwnKeys, QWidget):
    """Bars are estimates, ticks and curves exact. Signals: `chosen`: a node, and a state or ""; `clamped`: a node, and
    a value; `pulled`: an observed number to another one; `moved`: a node, its new place in 0..1, and whether the move
    is done; `linked`: parent and child; `stepped`: Space; `deleted`: a node."""

    chosen = Signal(str, str)
    clamped = Signal(str, object)
    moved = Signal(str, object, bool)
    linked = Signal(str, str)
    pulled = Signal(str, float)
    stepped = Signal()
    deleted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._theme = LIGHT
        self._result: Result | None = None
        self._grip: tuple[str, QPointF, QPointF] | None = None  # node, where it was pressed, from there to its centre
        self._is_dragged = False
        self._is_pulled = False  # an observed number, instead of the node
        self._link: tuple[str, QPointF] | None = None  # from which node to where
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(280, 170)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("network")
        self.setToolTip(
            "Click a state or a number to clamp it; click the state again, or double-click the number, to let it go.\n"
            "Drag an observed number to another one, a node by its name. Drag with Shift from a node to "
            "another for an arrow, again to take it away.\n"
            "Keys: ← → nodes, ↑ ↓ states, Enter clamps, Shift + arrows move, Delete deletes, Space draws a node.\n"
            "Bar: estimate; tick or curve: exact; ●: the single sample."
        )
        add_export_actions(self, self.table)

    def draw(self, result: Result) -> None:
        """Show `result` as far as it is drawn."""
        self._result = result
        drawn = ", ".join(result.single.values) or "none"
        self.setAccessibleDescription(f"{result.target} is compared; drawn so far: {drawn}")
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.update()

    def boxes(self) -> dict[str, NodeBox]:
        """The box of each node, in the order of drawing."""
        result = self._result
        if result is None:
            return {}
        return {name: NodeBox(result, name, self._centre(name), self._width(), self.font()) for name in self._stack()}

    def table(self) -> Table:
        """Place of the node in the order, state or value, exact, and the estimate with its error."""
        titles, rows, result = ("node", "value", "exact", "estimate", "error"), [], self._result
        for place, name in enumerate(result.network.order if result is not None else ()):
            assert result is not None
            tally, law = result.tally(), result.exact.laws.get(name) if result.exact is not None else None
            known = law.shares if isinstance(law, Shares) else np.full(len(tally.shares(name)), math.nan)
            edges = result.estimator.edges.get(name)
            points = np.arange(len(tally.shares(name))) if edges is None else (edges[1:] + edges[:-1]) / 2
            values = result.estimator.values.get(name, points)
            if not len(values) == len(known) == len(tally.shares(name)) == len(tally.errors(name)):
                continue
            columns = (values, known, tally.shares(name), tally.errors(name))
            rows += [(place, *row) for row in zip(*columns, strict=True)]
        return titles, np.array(rows).reshape(-1, len(titles))

    # Keys

    def is_mine(self, event: QKeyEvent) -> bool:
        return event.key() in KEYS

    def take_key(self, event: QKeyEvent) -> None:
        result, key = self._result, Qt.Key(event.key())
        if result is None:
            return
        if key == Qt.Key.Key_Space:
            self.stepped.emit()
        elif key == Qt.Key.Key_Delete:
            self.deleted.emit(result.chosen)
        elif key in ARROWS and event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            x, y = result.places[result.chosen]
            dx, dy = ARROWS[key]
            place = min(max(x + KEY_STEP * dx, 0.0), 1.0), min(max(y + KEY_STEP * dy, 0.0), 1.0)
            self.moved.emit(result.chosen, place, True)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            order = result.network.order
            at = order.index(result.chosen) + ARROWS[key][0]
            self.chosen.emit(order[at % len(order)], "")
        else:
            self._take_state_key(result, key)

    def _take_state_key(self, result: Result, key: Qt.Key) -> None:
        node = result.network.nodes[result.chosen]
        if isinstance(node, Discrete):
            if key in ARROWS:
                self.chosen.emit(node.name, node.states[(result.state + ARROWS[key][1]) % len(node.states)])
            else:
                self.clamped.emit(node.name, node.states[result.state])
            return
        edges, values = result.estimator.edges.get(node.name), result.estimator.values.get(node.name)
        known = result.clamped.get(node.name)
        if key not in ARROWS:
            if values is not None:
                start = float(values[len(values) // 2])
            else:
                start = float(f"{float(edges.mean()):.2g}") if edges is not None else 0.0
            self.clamped.emit(node.name, start if known is None else known)
        elif known is not None:
            up = -ARROWS[key][1]
            if values is not None:
                at = int(np.searchsorted(values, known)) + up
                if 0 <= at < len(values):
                    self.clamped.emit(node.name, float(values[at]))
            elif edges is not None:
                self.clamped.emit(node.name, float(f"{known + up * float(edges[-1] - edges[0]) / 100:.4g}"))

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        box = self._box_at(event.position())
        if event.button() != Qt.MouseButton.LeftButton or box is None:
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._link = box.name, event.position()
            return
        self._grip = box.name, event.position(), box.rect.center() - event.position()
        self._is_dragged = False
        observed = self._result is not None and box.name in self._result.clamped
        self._is_pulled = observed and not box.rows() and box.plot().contains(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Lets an observed number go; elsewhere a second press."""
        box = self._box_at(event.position())
        if box is not None and self._result is not None and box.name in self._result.clamped and not box.rows():
            self.clamped.emit(box.name, self._result.params.evidence[box.name])
        else:
            self.mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._link is not None:
            self._link = self._link[0], event.position()
            self.update()
        elif self._grip is not None:
            off = event.position() - self._grip[1]
            self._is_dragged = self._is_dragged or math.hypot(off.x(), off.y()) > SLACK
            if self._is_dragged and self._is_pulled:
                self.pulled.emit(self._grip[0], self.boxes()[self._grip[0]].number_at(event.position().x()))
            elif self._is_dragged:
                self._move(event.position(), False)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        link, grip, self._link = self._link, self._grip, None
        if link is not None:
            box = self._box_at(event.position())
            if box is not None and box.name != link[0]:
                self.linked.emit(link[0], box.name)
            self.update()
        elif grip is not None:
            if self._is_dragged and not self._is_pulled:
                self._move(event.position(), True)
            elif not self._is_dragged:
                self._click(grip[0], event.position())
            self._grip = None

    def _click(self, name: str, point: QPointF) -> None:
        value = self.boxes()[name].value_at(point)
        self.chosen.emit(name, value if isinstance(value, str) else "")
        if value is not None:
            self.clamped.emit(name, value)

    def _move(self, point: QPointF, done: bool) -> None:
        assert self._grip is not None
        name, _, to_centre = self._grip
        centre, half = point + to_centre, self._half(name)
        room_x, room_y = self.width() - 2 * half.x(), self.height() - 2 * half.y()
        x = (centre.x() - half.x()) / room_x if room_x > 0 else 0.5
        y = (centre.y() - half.y()) / room_y if room_y > 0 else 0.5
        self.moved.emit(name, (round(min(max(x, 0.0), 1.0), 4), round(min(max(y, 0.0), 1.0), 4)), done)

    def _box_at(self, point: QPointF) -> NodeBox | None:
        return next((box for box in reversed(self.boxes().values()) if box.rect.contains(point)), None)

    # Where things are

    def _width(self) -> float:
        return min(max(SHARE * self.width(), BOX[0]), BOX[1])

    def _half(self, name: str) -> QPointF:
        assert self._result is not None
        height = box_height(self._result, name, self.font())
        return QPointF(self._width() / 2 + MARGIN, height / 2 + MARGIN)

    def _centre(self, name: str) -> QPointF:
        assert self._result is not None
        (x, y), half = self._result.places[name], self._half(name)
        return QPointF(half.x() + x * (self.width() - 2 * half.x()), half.y() + y * (self.height() - 2 * half.y()))

    def _stack(self) -> list[str]:
        """The chosen node last, on top."""
        assert self._result is not None
        chosen = self._result.chosen
        return sorted(self._result.network.order, key=lambda name: name == chosen)

    # Painting

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.background))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._result is not None:
            boxes = self.boxes()
            for parent, child in self._result.network.graph.edges:
                self._paint_edge(painter, boxes[parent], boxes[child])
            for name, box in boxes.items():
                box.paint(painter, self._theme, name == self._result.chosen, self.hasFocus())
            if self._link is not None:
                painter.setPen(QPen(QColor(self._theme.accent), 2, Qt.PenStyle.DashLine))
                painter.drawLine(boxes[self._link[0]].rect.center(), self._link[1])
        painter.end()

    def _paint_edge(self, painter: QPainter, one: NodeBox, other: NodeBox) -> None:
        """From border to border; thick once the single sample has passed along it."""
        assert self._result is not None
        start, end = _border(one, other.rect.center()), _border(other, one.rect.center())
        passed = other.name in self._result.single.values
        cut = self._result.params.method == "naive clamp" and other.name in self._result.clamped
        colour = QColor(self._theme.bad if cut else (self._theme.generated if passed else self._theme.muted))
        style = Qt.PenStyle.DashLine if cut else Qt.PenStyle.SolidLine
        painter.setPen(QPen(colour, 2.5 if passed and not cut else 1.4, style))
        painter.drawLine(start, end)
        angle = math.atan2(end.y() - start.y(), end.x() - start.x())
        corners = [end]
        for turn in (math.pi - 0.4, math.pi + 0.4):
            corners.append(end + QPointF(math.cos(angle + turn), math.sin(angle + turn)) * ARROW)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(QPolygonF(corners))


def _border(box: NodeBox, towards: QPointF) -> QPointF:
    """Where the line from the centre of `box` leaves it."""
    centre = box.rect.center()
    way = towards - centre
    shares = [
        half / abs(length)
        for half, length in ((box.rect.width() / 2, way.x()), (box.rect.height() / 2, way.y()))
        if length
    ]
    return centre + way * min([1.0, *shares])
