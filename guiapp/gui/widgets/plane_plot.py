"""A plot of the plane: equal aspect, a home that a double click returns to, values under the pointer."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis import axes, paint_once

REACH_PX = 8.0  # how near the pointer must be to a point to mean it
ZOOM = 0.8
LEAST_TITLE_PX = 60.0  # a title as short as "z₁" is never cut


class PlanePlot(pg.PlotWidget):
    """Wheel zooms, drag pans, a double click (or Home) fits; + and - zoom. The range is set only when the home
    changes, and not while a person looks elsewhere: range changes are what makes plots slow."""

    hovered = Signal(object)  # (x, y) under the pointer in data units, or None when it has left

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent, axisItems=axes())
        paint_once(self)
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(60, 50)
        self.setMouseTracking(True)
        self._home = self._least = QRectF()
        self._held = False  # a person has chosen the range
        self._titles = self._labelled = ("", "")
        self._ink = LIGHT.ink
        box = self.getViewBox()
        box.setDefaultPadding(0)
        box.disableAutoRange()
        box.setAspectLocked(True)
        box.sigRangeChangedManually.connect(self._hold)
        self.showGrid(x=True, y=True, alpha=0.12)
        for side in ("left", "bottom"):
            self.getAxis(side).setStyle(tickLength=-4, maxTickLevel=1)
        self.getAxis("left").setWidth(58)
        self.hideButtons()
        box.sigResized.connect(self._label_axes)

    @property
    def home(self) -> QRectF:
        """The range that the data ask for; a double click returns to it, or to the larger one of `hold`."""
        return self._home

    def set_titles(self, x: str, y: str) -> None:
        """The titles of the axes, units included."""
        if (x, y) != self._titles:
            self._titles = (x, y)
            self._label_axes()

    def set_home(self, rect: QRectF, square: bool = True) -> None:
        """The range to show; `square` draws both axes to the same scale."""
        if rect == self._home:
            return
        self._home = QRectF(rect)
        self.getViewBox().setAspectLocked(square)
        if not self._held:
            self.fit()

    def hold(self, rect: QRectF) -> None:
        """Show `rect` as well, whatever the data ask for: that of planes side by side, or of all pictures of a film."""
        if rect != self._least:
            self._least = QRectF(rect)
            if not self._held and not self._home.isNull():
                self.fit()

    def fit(self) -> None:
        """Show the home range."""
        self._held = False
        self.getViewBox().setRange(self._home.united(self._least), padding=0.02, disableAutoRange=True)

    def reach(self) -> tuple[float, float]:
        """Half-axes, in data units, of the circle around the pointer within which a point is meant."""
        width, height = self.getViewBox().viewPixelSize()
        return width * REACH_PX, height * REACH_PX

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self.setBackground(theme.background)
        self._ink = theme.ink
        for side in ("left", "bottom"):
            self.getAxis(side).setPen(pg.mkPen(theme.muted, width=1))
            self.getAxis(side).setTextPen(pg.mkPen(theme.muted))
        self._labelled = ("", "")
        self._label_axes()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        box = self.getViewBox()
        at: QPointF = self.mapToScene(event.position().toPoint())
        inside = box.sceneBoundingRect().contains(at)
        self.hovered.emit(box.mapSceneToView(at).toTuple() if inside else None)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.hovered.emit(None)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.fit()
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        factors = {Qt.Key.Key_Plus: ZOOM, Qt.Key.Key_Equal: ZOOM, Qt.Key.Key_Minus: 1 / ZOOM}
        if event.key() == Qt.Key.Key_Home:
            self.fit()
        elif event.key() in factors:
            self._held = True
            factor = factors[Qt.Key(event.key())]
            self.getViewBox().scaleBy((factor, factor))
        else:
            event.ignore()

    def _label_axes(self, _box: object = None) -> None:
        """Write the titles, cut with dots where an axis is too short. Only on a change, for it costs a layout."""
        box = self.getViewBox()
        words = self._cut("bottom", self._titles[0], box.width()), self._cut("left", self._titles[1], box.height())
        if words == self._labelled:
            return
        self._labelled = words
        for side, title in zip(("bottom", "left"), words, strict=True):
            if title:
                self.setLabel(side, title, color=self._ink)
                self.getAxis(side).resizeEvent()  # pyqtgraph centres a title only then

    def _cut(self, side: str, title: str, length: float) -> str:
        metrics = QFontMetricsF(self.getAxis(side).label.font())
        return metrics.elidedText(title, Qt.TextElideMode.ElideRight, max(length, LEAST_TITLE_PX))

    def _hold(self, _axes: object) -> None:
        self._held = True
