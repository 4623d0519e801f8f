"""A node of the lab of ancestral sampling as a box: its name, and its law as bars or as a histogram."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from guiapp.gui.labs.sampling_compute import Result, state_text
from guiapp.gui.theme import Theme
from guiapp.theory.bayesian_inference import Mixture, Shares
from guiapp.theory.bayesian_network import Discrete, Floats

PAD: Final = 5.0  # px
PLOT: Final = 46.0  # px, height of a histogram
SHRUNK: Final = 0.88  # of the letters beside the bars
CURVE: Final = 72  # points of a density


class NodeBox:
    """What is where in the box of the node `name`, for a box `width` wide whose centre is `centre`."""

    def __init__(self, result: Result, name: str, centre: QPointF, width: float, font: QFont) -> None:
        self.name, self.node = name, result.network.nodes[name]
        self._result, self._font = result, QFont(font)
        self._font.setPointSizeF(SHRUNK * font.pointSizeF())
        self._title = QFont(font)
        self._title.setBold(True)
        self._line = QFontMetricsF(self._font).height()
        self._head = QFontMetricsF(self._title).height() + 4
        height = box_height(result, name, font)
        self.rect = QRectF(centre.x() - width / 2, centre.y() - height / 2, width, height)

    def rows(self) -> list[QRectF]:
        """Where each state is; none of a node without states."""
        if not isinstance(self.node, Discrete):
            return []
        left, top, width = self.rect.left() + 2, self.rect.top() + self._head, self.rect.width() - 4
        return [QRectF(left, top + place * self._line, width, self._line) for place in range(len(self.node.states))]

    def plot(self) -> QRectF:
        """Where the histogram of a node without states is."""
        return QRectF(self.rect.left() + PAD, self.rect.top() + self._head, self.rect.width() - 2 * PAD, PLOT)

    def value_at(self, point: QPointF) -> str | float | None:
        """The state or the number at `point`, to be clamped."""
        if isinstance(self.node, Discrete):
            return next(
                (state for row, state in zip(self.rows(), self.node.states, strict=True) if row.contains(point)), None
            )
        if not self.plot().contains(point):
            return None
        return self.number_at(point.x())

    def number_at(self, x: float) -> float:
        """The number at `x` px of a node without states, within its range."""
        share = min(max((x - self.plot().left()) / self.plot().width(), 0.0), 1.0)
        values = self._result.estimator.values.get(self.name)
        if values is not None:
            return float(values[min(int(share * len(values)), len(values) - 1)])
        low, high = self._result.estimator.edges[self.name][[0, -1]]
        return float(f"{low + share * (high - low):.2g}")

    # Painting

    def paint(self, painter: QPainter, theme: Theme, chosen: bool, focused: bool) -> None:
        """The box; `chosen`: with a thick border; `focused`: and a mark at the state that keys move."""
        result = self._result
        observed = self.name in result.clamped
        border = theme.real if observed else (theme.accent if chosen else theme.muted)
        painter.setPen(QPen(QColor(border), 3 if observed else (2.2 if chosen else 1)))
        painter.setBrush(QColor(theme.surface))
        painter.drawRoundedRect(self.rect, 5, 5)
        self._paint_title(painter, theme, observed)
        painter.setFont(self._font)
        if isinstance(self.node, Discrete):
            self._paint_states(painter, theme, self.node.states, chosen and focused)
        else:
            self._paint_plot(painter, theme)
            if chosen and focused:
                painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(self.plot().adjusted(-1, -1, 1, 1))

    def _paint_title(self, painter: QPainter, theme: Theme, observed: bool) -> None:
        room = self.rect.adjusted(PAD, 2, -PAD, 0)
        room.setHeight(self._head - 2)
        painter.setFont(self._title)
        painter.setPen(QColor(theme.ink))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.name)
        used = QFontMetricsF(self._title).horizontalAdvance(self.name) + 8
        value = self._result.single.values.get(self.name)
        said, colour = ("observed", theme.real) if observed else ("", theme.muted)
        if not observed and not isinstance(self.node, Discrete):
            said = self._moments()
        if value is not None:
            drawn = f"● {state_text(self._result.network, self.name, value)}"
            said, colour = (f"{said} {drawn}", theme.real) if observed else (drawn, theme.generated)
        painter.setFont(self._font)
        painter.setPen(QColor(colour))
        said = QFontMetricsF(self._font).elidedText(said, Qt.TextElideMode.ElideRight, room.width() - used)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)

    def _law(self) -> Shares | Mixture | None:
        return self._result.exact.laws.get(self.name) if self._result.exact is not None else None

    def _paint_states(self, painter: QPainter, theme: Theme, states: Sequence[str], focused: bool) -> None:
        law, result = self._law(), self._result
        shares = result.tally().shares(self.name)
        metrics = QFontMetricsF(self._font)
        label = min(max(metrics.horizontalAdvance(state) for state in states) + 4, 0.4 * self.rect.width())
        digits = metrics.horizontalAdvance("0.0000") + 2
        for place, (row, state) in enumerate(zip(self.rows(), states, strict=True)):
            clamped = result.clamped.get(self.name) == place
            drawn = result.single.values.get(self.name) == place
            if focused and place == max(result.state, 0):
                painter.setPen(QPen(QColor(theme.accent), 1, Qt.PenStyle.DotLine))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(row.adjusted(1, 0.5, -1, -0.5))
            painter.setPen(QColor(theme.generated if drawn else (theme.real if clamped else theme.ink)))
            inner = row.adjusted(PAD - 1, 0, -PAD + 1, 0)
            text = metrics.elidedText(state, Qt.TextElideMode.ElideRight, label)
            painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, text)
            share = float(shares[place]) if place < len(shares) else float("nan")
            painter.setPen(QColor(theme.ink))
            number = f"{share:.4f}" if share == share else "–"
            painter.drawText(inner, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
            track = inner.adjusted(label + 3, 3, -digits - 2, -3)
            if track.width() > 4:
                painter.fillRect(track, QColor(theme.grid))
                if share == share:
                    bar = QRectF(track)
                    bar.setWidth(track.width() * share)
                    painter.fillRect(bar, QColor(theme.posterior))
                if isinstance(law, Shares):
                    x = track.left() + track.width() * float(law.shares[place])
                    painter.fillRect(QRectF(x - 1, track.top() - 2, 2, track.height() + 4), QColor(theme.ink))

    def _paint_plot(self, painter: QPainter, theme: Theme) -> None:
        plot, result = self.plot(), self._result
        painter.fillRect(plot, QColor(theme.background))
        values = result.estimator.values.get(self.name)
        shares = result.tally().shares(self.name)
        law = self._law()
        if values is not None:
            self._paint_values(painter, theme, values, shares, law)
        else:
            self._paint_density(painter, theme, shares, law)
        painter.setPen(QColor(theme.muted))
        ends = QRectF(plot.left(), plot.bottom(), plot.width(), self._line)
        low, high = self._ends()
        for text, side in ((low, Qt.AlignmentFlag.AlignLeft), (high, Qt.AlignmentFlag.AlignRight)):
            painter.drawText(ends, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _ends(self) -> tuple[str, str]:
        values = self._result.estimator.values.get(self.name)
        edges = self._result.estimator.edges[self.name] if values is None else values
        return _number(float(edges[0])), _number(float(edges[-1]))

    def _moments(self) -> str:
        """Mean and standard deviation of the samples, to a hundredth of the latter."""
        tally = self._result.tally()
        mean, deviation = tally.mean(self.name), tally.deviation(self.name)
        if not math.isfinite(mean) or not math.isfinite(deviation):
            return "no number"
        if not 1e-3 < deviation < 1e4:
            return f"{_number(mean)} ± {_number(deviation)}"
        digits = max(0, 1 - math.floor(math.log10(deviation / 3)))
        return f"{mean:.{digits}f} ± {deviation:.{digits}f}".replace("-", "−")

    def _paint_values(
        self, painter: QPainter, theme: Theme, values: Floats, shares: Floats, law: Shares | Mixture | None
    ) -> None:
        plot = self.plot()
        step = plot.width() / len(values)
        exact = law.shares if isinstance(law, Shares) and len(law.shares) == len(values) else None
        top = max(float(np.nanmax(shares)) if np.isfinite(shares).any() else 0.0, 0.0 if exact is None else exact.max())
        scale = (plot.height() - 3) / (top or 1.0)
        for place in range(len(values)):
            left = plot.left() + place * step
            if place < len(shares) and np.isfinite(shares[place]):
                height = scale * float(shares[place])
                painter.fillRect(QRectF(left + 0.5, plot.bottom() - height, step - 1, height), QColor(theme.posterior))
            if exact is not None:
                y = plot.bottom() - scale * float(exact[place])
                painter.fillRect(QRectF(left, y - 1, step, 2), QColor(theme.ink))

    def _paint_density(self, painter: QPainter, theme: Theme, shares: Floats, law: Shares | Mixture | None) -> None:
        plot, edges = self.plot(), self._result.estimator.edges[self.name]
        low, high = float(edges[0]), float(edges[-1])
        clamped = self._result.clamped.get(self.name)
        if clamped is not None:
            x = plot.left() + plot.width() * min(max((clamped - low) / (high - low), 0.0), 1.0)
            painter.fillRect(QRectF(x - 1.5, plot.top(), 3, plot.height()), QColor(theme.real))
            painter.setPen(QColor(theme.ink))
            side = Qt.AlignmentFlag.AlignLeft if x > plot.center().x() else Qt.AlignmentFlag.AlignRight
            painter.drawText(plot.adjusted(3, 0, -3, 0), side | Qt.AlignmentFlag.AlignTop, f"= {_number(clamped)}")
            return
        found = np.linspace(low, high, CURVE)
        curve = law.density(found) * (high - low) / (len(edges) - 1) if isinstance(law, Mixture) else None
        finite = len(shares) > 1 and bool(np.isfinite(shares).all())
        top = max(float(shares.max()) if finite else 0.0, float(curve.max()) if curve is not None else 0.0)
        scale = (plot.height() - 3) / (top or 1.0)
        if finite:
            step = plot.width() / len(shares)
            for place in np.flatnonzero(shares):
                height = scale * float(shares[place])
                bar = QRectF(plot.left() + place * step, plot.bottom() - height, step, height)
                painter.fillRect(bar, QColor(theme.posterior))
        if curve is not None:
            points = zip(np.linspace(plot.left(), plot.right(), CURVE), plot.bottom() - scale * curve, strict=True)
            painter.setPen(QPen(QColor(theme.ink), 1.5))
            painter.drawPolyline(QPolygonF([QPointF(float(x), float(y)) for x, y in points]))


def box_height(result: Result, name: str, font: QFont) -> float:
    """In px."""
    small, bold = QFont(font), QFont(font)
    small.setPointSizeF(SHRUNK * font.pointSizeF())
    bold.setBold(True)
    line, head = QFontMetricsF(small).height(), QFontMetricsF(bold).height() + 4
    node = result.network.nodes[name]
    return head + (len(node.states) * line + 3 if isinstance(node, Discrete) else PLOT + line)


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
