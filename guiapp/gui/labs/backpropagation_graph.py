"""The network of the lab of backpropagation, drawn as a graph to be stepped through, clicked and dragged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QGraphicsScene, QGraphicsSimpleTextItem, QGraphicsView, QSizePolicy

from guiapp.gui.labs.backpropagation_compute import Result, Weight, short
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.own_keys import OwnKeys
from guiapp.theory.backpropagation import weight_name

BOX: Final = 68.0, 42.0  # px, of a unit
TIGHT: Final = 54.0  # px, its width where there is little room between the layers
ROOM: Final = 52.0  # px, for the numbers between two layers
HEADING: Final = 18  # px, the names of the layers
GRASP: Final = 7.0  # px, from an edge
PER_PIXEL: Final = 0.01  # of a weight, when dragged
KEY_STEP: Final = 0.1
ALL_NUMBERS: Final = 9  # edges between two layers up to which all have their number
PLACES: Final = (0.5, 0.34, 0.66, 0.2, 0.8, 0.42, 0.58, 0.27, 0.73)  # along an edge, where its number may stand
ARROWS: Final = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down}
Unit = tuple[int, int]


class NetworkGraph(OwnKeys, QGraphicsView):
    """Units from left to right; an edge's width is the size of its number, its colour the sign. `chosen`: a weight was
    clicked or reached by arrows; `dragged`: its new number, and whether the move is done; `stepped`: Space."""

    chosen = Signal(object)
    dragged = Signal(float, bool)
    stepped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._canvas = QGraphicsScene(self)
        self._canvas.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)  # all items are made anew each time
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setScene(self._canvas)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(300, 170)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("network")
        self.setToolTip(
            "Click a weight, or a unit for its bias; drag it up or down to change it by .01 a pixel.\n"
            "Arrows move the selection, Shift + ↑ ↓ change the weight by .1, Space is the next step."
        )
        self._theme = LIGHT
        self._result: Result | None = None
        self._hovered: Unit | None = None
        self._grip: tuple[float, float] | None = None
        self._taken: list[QRectF] = []
        self._places: list[list[QPointF]] = []
        self._is_tight = False
        self._fonts: dict[tuple[float, bool], QFont] = {}
        self.labels: dict[Weight, QGraphicsSimpleTextItem] = {}

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._draw()

    def draw(self, result: Result) -> None:
        """Show `result` as far as its steps have gone."""
        self._result = result
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw()

    def place(self, layer: int, unit: int) -> QPointF:
        """Where the centre of a unit is, in px; layer 0 are the inputs."""
        return self._places[layer][unit]

    def edge_at(self, point: QPointF) -> Weight | None:
        """The weight under `point`: an edge, or the bias of a unit."""
        unit = self._unit_at(point)
        if unit is not None:
            return (unit[0], unit[1], self._widths()[unit[0] - 1]) if unit[0] else None
        near = min(((self._distance(point, weight), weight) for weight in self._edges()), default=(GRASP, (0, 0, 0)))
        return near[1] if near[0] < GRASP else None

    # Keys and the mouse

    def is_mine(self, event: QKeyEvent) -> bool:
        return event.key() in ARROWS or event.key() == Qt.Key.Key_Space

    def take_key(self, event: QKeyEvent) -> None:
        result, key = self._result, event.key()
        if result is None:
            return
        if key == Qt.Key.Key_Space:
            self.stepped.emit()
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier and key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            step = KEY_STEP if key == Qt.Key.Key_Up else -KEY_STEP
            self.dragged.emit(round(result.chain.name.value + step, 6), True)
        else:
            self.chosen.emit(self._neighbour(result.params.chosen, Qt.Key(key)))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        weight = self.edge_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and weight is not None and self._result is not None:
            self.chosen.emit(weight)
            self._grip = event.position().y(), self._result.chain.name.value

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._drag(event.position().y(), False)
            return
        unit = self._unit_at(event.position())
        if unit != self._hovered:
            self._hovered = unit
            self._draw()
        over = unit is not None or self.edge_at(event.position()) is not None
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._grip is not None:
            self._drag(event.position().y(), True)
            self._grip = None

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if self._hovered is not None:
            self._hovered = None
            self._draw()

    def _drag(self, y: float, done: bool) -> None:
        start, number = self._grip or (y, 0.0)
        if self._result is not None and (y != start or self._result.chain.name.value != number):
            self.dragged.emit(round(number + PER_PIXEL * (start - y), 6), done)

    def _neighbour(self, weight: Weight, key: Qt.Key) -> Weight:
        layer, to, source = weight
        widths = self._widths()
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            layer = min(max(layer + (1 if key == Qt.Key.Key_Right else -1), 1), len(widths) - 1)
            return layer, min(to, widths[layer] - 1), min(source, widths[layer - 1])
        columns = widths[layer - 1] + 1
        index = to * columns + source + (1 if key == Qt.Key.Key_Down else -1)
        return layer, *divmod(index % (columns * widths[layer]), columns)

    # Where things are

    def _box_width(self) -> float:
        return TIGHT if self._is_tight else BOX[0]

    def _points(self) -> float:
        """Of the numbers' letters."""
        return 7.2 if self._is_tight else 8.5

    def _placed(self) -> list[list[QPointF]]:
        widths = self._widths()
        width, height = self.viewport().width(), self.viewport().height() - HEADING
        gaps = max(len(widths) - 1, 1)
        self._is_tight = (width - 16 - BOX[0]) / gaps - BOX[0] < ROOM
        margin = self._box_width() / 2 + 6
        across = (width - 2 * margin) / gaps
        return [
            [QPointF(margin + across * layer, HEADING + height * (unit + 0.5) / units) for unit in range(units)]
            for layer, units in enumerate(widths)
        ]

    def _widths(self) -> tuple[int, ...]:
        return self._result.params.widths if self._result is not None else (1,)

    def _edges(self) -> Iterator[Weight]:
        widths = self._widths()
        for layer in range(1, len(widths)):
            yield from ((layer, to, source) for to in range(widths[layer]) for source in range(widths[layer - 1]))

    def _ends(self, weight: Weight) -> tuple[QPointF, QPointF]:
        layer, to, source = weight
        half = QPointF(self._box_width() / 2, 0)
        return self.place(layer - 1, source) + half, self.place(layer, to) - half

    def _distance(self, point: QPointF, weight: Weight) -> float:
        start, end = self._ends(weight)
        way, from_start = end - start, point - start
        along = QPointF.dotProduct(from_start, way) / max(QPointF.dotProduct(way, way), 1e-9)
        off = from_start - way * min(max(along, 0.0), 1.0)
        return float((off.x() ** 2 + off.y() ** 2) ** 0.5)

    def _box(self, layer: int, unit: int) -> QRectF:
        centre = self.place(layer, unit)
        height = min(BOX[1], (self.viewport().height() - HEADING) / max(self._widths()) - 4)
        width = self._box_width()
        return QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)

    def _unit_at(self, point: QPointF) -> Unit | None:
        for layer, units in enumerate(self._places):
            for unit in range(len(units)):
                if self._box(layer, unit).contains(point):
                    return layer, unit
        return None

    # Drawing

    def _draw(self) -> None:
        self._canvas.clear()
        self.labels = {}
        self._canvas.setBackgroundBrush(QColor(self._theme.background))
        self._canvas.setSceneRect(QRectF(self.viewport().rect()))
        result = self._result
        if result is None:
            return
        self._places = self._placed()
        self._taken = [self._box(layer, unit) for layer, width in enumerate(self._widths()) for unit in range(width)]
        self._draw_edges(result)
        for layer, width in enumerate(self._widths()):
            self._draw_heading(result, layer)
            for unit in range(width):
                self._draw_unit(result, layer, unit)
        self.setAccessibleDescription(f"{result.chain.name.text} is chosen, {short(result.chain.name.value)}")

    def _number(self, result: Result, weight: Weight) -> float:
        """What an edge shows: its weight, or once the backward pass has been there ∂L/∂w of the sample."""
        layer, to, source = weight
        if result.is_backward(layer):
            return float(result.done.gradients[layer - 1][result.params.sample, to, source])
        return result.params.weights[layer - 1][to][source]

    def _draw_edges(self, result: Result) -> None:
        numbers = {weight: self._number(result, weight) for weight in self._edges()}
        largest = {True: 1e-300, False: 1e-300}
        for weight, number in numbers.items():
            size = abs(number) if abs(number) < float("inf") else 0.0
            largest[result.is_backward(weight[0])] = max(largest[result.is_backward(weight[0])], size)
        for weight, number in numbers.items():
            share = min(abs(number) / largest[result.is_backward(weight[0])], 1.0)
            colour = QColor(self._colour(number))
            pen = QPen(colour, 0.8 + 4 * share)
            if weight == result.params.chosen:
                halo = QColor(self._theme.ink)
                halo.setAlphaF(0.35)
                self._line(weight, QPen(halo, pen.widthF() + 6))
            elif result.params.stage < weight[0]:
                colour.setAlphaF(0.45)  # the forward pass has still to come here
                pen.setColor(colour)
            self._line(weight, pen)
        for weight in sorted(numbers, key=lambda w: (w != result.params.chosen, not self._is_near(result, w))):
            if self._has_number(result, weight):
                self._label(weight, numbers[weight], result)

    def _colour(self, number: float) -> str:
        if number == 0:
            return self._theme.muted
        return self._theme.discriminator if number < 0 else self._theme.accent

    def _line(self, weight: Weight, pen: QPen) -> None:
        start, end = self._ends(weight)
        self._canvas.addLine(start.x(), start.y(), end.x(), end.y(), pen)

    def _is_near(self, result: Result, weight: Weight) -> bool:
        """Whether it is the chosen weight, or one of the unit under the pointer."""
        units = (weight[0], weight[1]), (weight[0] - 1, weight[2])
        return weight == result.params.chosen or self._hovered in units

    def _has_number(self, result: Result, weight: Weight) -> bool:
        few = self._widths()[weight[0]] * self._widths()[weight[0] - 1] <= ALL_NUMBERS
        return (
            few or self._is_near(result, weight) or (self._hovered is None and weight[:2] == result.params.chosen[:2])
        )

    def _label(self, weight: Weight, number: float, result: Result) -> None:
        """The number on its edge, where no other and no unit is; where there is no such place only the chosen one's."""
        item = self._text(short(number), self._theme.ink, self._points(), weight == result.params.chosen)
        start, end = self._ends(weight)
        rect = item.boundingRect()
        for share in PLACES:
            middle = start + (end - start) * share
            rect.moveCenter(middle)
            if not any(rect.intersects(other) for other in self._taken):
                break
        else:
            if weight != result.params.chosen:
                self._canvas.removeItem(item)
                return
            rect.moveCenter((start + end) / 2)
        self._taken.append(QRectF(rect))
        back = QColor(self._theme.background)
        back.setAlphaF(0.9)
        self._canvas.addRect(rect, QPen(Qt.PenStyle.NoPen), QBrush(back)).setZValue(3.5)
        item.setPos(rect.topLeft())
        item.setZValue(4)
        self.labels[weight] = item

    def _draw_unit(self, result: Result, layer: int, unit: int) -> None:
        params, done, theme = result.params, result.done, self._theme
        box = self._box(layer, unit)
        is_chosen = layer > 0 and params.chosen == (layer, unit, params.widths[layer - 1])
        marked = is_chosen or self._hovered == (layer, unit)
        pen = QPen(QColor(theme.ink if marked else theme.muted), 3 if is_chosen else 1)
        self._canvas.addRect(box, pen, QBrush(QColor(theme.surface))).setZValue(3)
        lines = []
        if result.is_forward(layer):
            if layer:
                lines.append(("a", done.a[layer - 1][params.sample, unit], theme.muted))
            lines.append(("y" if layer == params.layers else "x", done.x[layer][params.sample, unit], theme.ink))
        if result.has_delta(layer):
            lines.append(("δ", done.delta[layer][params.sample, unit], theme.bad))
        if not lines:
            name = weight_name(layer, unit, 0, True, 0.0).text
            lines.append((name, params.weights[layer - 1][unit][-1], theme.muted))
        self._write(lines, box)

    def _write(self, lines: list[tuple[str, float, str]], box: QRectF) -> None:
        height = min(13.5, box.height() / len(lines))
        top = box.center().y() - height * len(lines) / 2
        for index, (letter, number, colour) in enumerate(lines):
            item = self._text(f"{letter} {short(number)}", colour, min(self._points(), height * 0.62), False)
            rect = item.boundingRect()
            rect.moveCenter(QPointF(box.center().x(), top + height * (index + 0.5)))
            item.setPos(rect.topLeft())
            item.setZValue(4)

    def _draw_heading(self, result: Result, layer: int) -> None:
        params = result.params
        name: str = "inputs" if layer == 0 else "output" if layer == params.layers else params.activation
        if 0 < layer < params.layers and params.net().skips(layer):
            name += " + x"
        item = self._text(name, self._theme.muted, 8.5, False)
        width = item.boundingRect().width()
        x = self.place(layer, 0).x() - width / 2
        item.setPos(min(max(x, 2.0), self.viewport().width() - width - 2), 2)

    def _text(self, text: str, colour: str, points: float, bold: bool) -> QGraphicsSimpleTextItem:
        font = self._fonts.get((points, bold))
        if font is None:
            font = self._fonts[points, bold] = QFont(self.font())
            font.setPointSizeF(points)
            font.setBold(bold)
        item = self._canvas.addSimpleText(text, font)
        item.setBrush(QColor(colour))
        return item
