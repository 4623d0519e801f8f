"""The computational graph with and without the reparameterisation trick, and where a gradient gets through."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QGraphicsScene, QGraphicsView, QSizePolicy, QWidget

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.reparameterisation_compute import Result
from guiapp.gui.labs.reparameterisation_plots import estimator_colours
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.plot_menu import add_export_actions

HEIGHT: Final = 152  # px
SIDE_BY_SIDE_PX: Final = 520
BOX: Final = (64.0, 28.0)  # px, of a node
PLACES: Final = {"θ": (0.0, 0.34), "σ": (0.0, 0.76), "z": (0.5, 0.34), "ε": (0.8, 0.76), "f": (1.0, 0.34)}
ARROW: Final = 8.0  # px
SHRUNK: Final = 0.85  # size of the small letters


class TrickGraph(QGraphicsView):
    """θ, σ -> z -> f(z) for the first draw of the seed. Boxes are computed, circles drawn at random. Thick: the way of
    the gradient from f back to θ (and to σ); dashed: where it is blocked. With the trick the randomness ε is an input;
    without it z itself is drawn, and a draw has no derivative."""

    def __init__(self, trick: bool) -> None:
        super().__init__()
        self.trick = trick
        self._canvas = QGraphicsScene(self)
        self._canvas.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)  # all items are made anew each time
        self.setScene(self._canvas)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setToolTip(
            "One draw, the first of the seed. Box: computed; circle: drawn at random.\n"
            "Thick arrow: the gradient on its way back; dashed and crossed: it does not get through."
        )
        self._theme = LIGHT
        self._result: Result | None = None
        self.lit: list[tuple[str, str]] = []  # edges, from and to, that the gradient takes
        self.blocked: list[tuple[str, str]] = []
        self.texts: list[str] = []
        add_export_actions(self)

    def draw(self, result: Result) -> None:
        """Show the first draw of `result`."""
        self._result = result
        self._draw()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._draw()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._draw()

    def _draw(self) -> None:
        self._canvas.clear()
        self.lit, self.blocked, self.texts = [], [], []
        self.setBackgroundBrush(QColor(self._theme.background))
        self._canvas.setSceneRect(0, 0, self.viewport().width(), self.viewport().height())
        if self._result is None:
            return
        title = "With the trick: z = θ + σε, ε an input" if self.trick else "Without it: z is drawn from N(θ, σ²)"
        self._write(title, QPointF(8, 9), self._theme.ink, bold=True)
        (self._draw_with if self.trick else self._draw_without)(self._result)
        self.setAccessibleName("computational graph: " + "; ".join(self.texts))

    def _draw_with(self, result: Result) -> None:
        draw, dead = result.draw, result.is_biased
        slope = _short(draw.slope)
        colour = self._theme.muted if dead else self._colour("pathwise")
        lost = self._theme.bad if dead else colour
        self._edge("f", "z", lost, f"f′(z) = {slope}", above=True, through=not dead)
        self._edge("z", "θ", colour, "∂z/∂θ = 1", above=True, thin=dead, gradient=not dead)
        self._edge("z", "σ", colour, "∂z/∂σ = ε", above=False, thin=True, gradient=not dead)
        self._edge("ε", "z", self._theme.muted, "", above=True, thin=True, gradient=False)
        self._nodes(result, circle="ε")
        said = "f′ = 0: the gradient is lost at the step" if dead else f"at θ arrives f′(z) · 1 = {slope}"
        self._write(said, QPointF(8, self._height() - 20), self._theme.bad if dead else colour)

    def _draw_without(self, result: Result) -> None:
        draw, dead = result.draw, result.is_biased
        colour = self._theme.bad if dead else self._colour("pathwise")
        self._edge("f", "z", colour, f"f′(z) = {_short(draw.slope)}", above=True, through=not dead)
        self._edge("z", "θ", self._theme.bad, "blocked", above=True, through=False)
        self._edge("z", "σ", self._theme.bad, "", above=False, through=False)
        self._nodes(result, circle="z")
        score = _short(draw.f * draw.score)
        self._write("a draw has no derivative", self._place("z") + QPointF(-22, 24), self._theme.bad, small=True)
        said = f"score function, around: f(z) ε/σ = {score}"
        self._write(said, QPointF(8, self._height() - 20), self._colour("score function"))

    def _nodes(self, result: Result, circle: str) -> None:
        params, draw = result.params, result.draw
        texts = {"θ": f"θ = {_short(params.theta)}", "σ": f"σ = {_short(params.sigma)}", "z": f"z = {_short(draw.z)}"}
        if self.trick:
            texts["ε"] = f"ε = {_short(draw.noise)}"
        texts["f"] = f"f = {_short(draw.f)}"
        for name, text in texts.items():
            centre, ink = self._place(name), self._theme.ink
            box = QRectF(centre.x() - BOX[0] / 2, centre.y() - BOX[1] / 2, *BOX)
            pen = QPen(QColor(self._theme.generated if name == circle else ink), 2.0 if name == circle else 1.2)
            brush = QBrush(QColor(self._theme.surface))
            if name == circle:
                self._canvas.addEllipse(box.adjusted(-6, -2, 6, 2), pen, brush)
            else:
                self._canvas.addRect(box, pen, brush)
            self._write(text, centre, ink, small=True, centred=True)

    def _edge(
        self,
        start: str,
        end: str,
        colour: str,
        label: str,
        *,
        above: bool,
        thin: bool = False,
        through: bool = True,
        gradient: bool = True,
    ) -> None:
        """An arrow between two nodes; one that is not `through` is dashed, with a cross on it."""
        if gradient:
            (self.lit if through else self.blocked).append((start, end))
        one, other = self._ends(start, end)
        pen = QPen(QColor(colour), 1.5 if thin or not through else 3.0)
        pen.setStyle(Qt.PenStyle.SolidLine if through else Qt.PenStyle.DashLine)
        self._canvas.addLine(one.x(), one.y(), other.x(), other.y(), pen)
        middle = (one + other) / 2
        if through:
            self._head(one, other, colour)
        else:
            cross = QPen(QColor(colour), 2.5)
            for dx, dy in ((5, 5), (5, -5)):
                self._canvas.addLine(middle.x() - dx, middle.y() - dy, middle.x() + dx, middle.y() + dy, cross)
        if label:
            at = middle + (QPointF(0, -23) if above else QPointF(38, 10))
            self._write(label, at, colour, small=True, centred=True)

    def _head(self, one: QPointF, other: QPointF, colour: str) -> None:
        angle = math.atan2(other.y() - one.y(), other.x() - one.x())
        corners = [other]
        for turn in (math.pi - 0.42, math.pi + 0.42):
            corners.append(other + QPointF(math.cos(angle + turn), math.sin(angle + turn)) * ARROW)
        self._canvas.addPolygon(QPolygonF(corners), QPen(Qt.PenStyle.NoPen), QBrush(QColor(colour)))

    def _ends(self, start: str, end: str) -> tuple[QPointF, QPointF]:
        """From border to border of the two boxes."""
        one, other = self._place(start), self._place(end)
        way = other - one
        share = min(
            (BOX[0] / 2 + 8) / abs(way.x()) if way.x() else math.inf,
            (BOX[1] / 2 + 4) / abs(way.y()) if way.y() else math.inf,
        )
        return one + way * share, other - way * share

    def _place(self, name: str) -> QPointF:
        x, y = PLACES[name]
        margin = BOX[0] / 2 + 10
        return QPointF(margin + x * (self.viewport().width() - 2 * margin), 12 + y * (self._height() - 26))

    def _height(self) -> float:
        return float(self.viewport().height())

    def _colour(self, estimator: str) -> str:
        return next(colour for name, colour in estimator_colours(self._theme).items() if name == estimator)

    def _write(
        self, text: str, at: QPointF, colour: str, *, bold: bool = False, small: bool = False, centred: bool = False
    ) -> None:
        """`at` is the left end of the line's middle, or its centre."""
        self.texts.append(text)
        font = QFont(self.font())
        font.setBold(bold)
        if small:
            font.setPointSizeF(SHRUNK * font.pointSizeF())
        item = self._canvas.addSimpleText(text, font)
        item.setBrush(QColor(colour))
        metrics = QFontMetricsF(font)
        width, height = metrics.horizontalAdvance(text), metrics.height()
        item.setPos(at - QPointF(width / 2 if centred else 0, height / 2 if centred else 0))


class TrickGraphs(QWidget):
    """Both graphs, beside each other where there is the width."""

    def __init__(self) -> None:
        super().__init__()
        self.with_trick, self.without = TrickGraph(True), TrickGraph(False)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        for graph in (self.with_trick, self.without):
            self._row.addWidget(graph, 1)

    def draw(self, result: Result) -> None:
        """Show the first draw of `result`."""
        for graph in (self.with_trick, self.without):
            graph.draw(result)

    def set_theme(self, theme: Theme) -> None:
        for graph in (self.with_trick, self.without):
            graph.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        wide = self.width() >= SIDE_BY_SIDE_PX
        self._row.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        super().resizeEvent(event)


def _short(value: float) -> str:
    text = f"{value:.3g}"
    return text.replace("-", "−") if "e" not in text else significant(value, 2)
