"""The plane of rate and distortion, with the path of a run through it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.axis import minus
from guiapp.gui.widgets.axis_range import Range, settled
from guiapp.gui.widgets.dashes import dashed
from guiapp.gui.widgets.pens import blended
from guiapp.gui.widgets.plane_plot import PlanePlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions
from guiapp.gui.widgets.rate_course import NOTHING, Course
from guiapp.gui.widgets.rate_lines import Line, family, line

Pixels = npt.NDArray[np.float64]
SHADES = 12  # of a path, from its start to now
THIN = 2.0  # px: points of a path that are nearer to the one before are left out
PALEST = 0.22  # of the colour at the start
GAP = 5.0  # px
MARGIN = 0.02
START_UP, LONG = 0.05, 200  # as of curves: the fall from the first steps would leave no room for the rest


@dataclass(frozen=True, slots=True)
class Scene:
    """What is drawn, all in one unit. `beta`: the effective weight of the rate, NaN where it is not known; `notes`:
    texts at steps of the training path, the most important first."""

    training: Course = NOTHING
    heldout: Course = NOTHING
    beta: float = math.nan
    notes: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Free:
    """Where in `room` a text may stand: over nothing `taken`, and over no point of a path (N, 2), all in pixels."""

    room: QRectF
    paths: Pixels
    taken: list[QRectF]

    def has(self, place: QRectF) -> bool:
        """`place` is free."""
        if not self.room.contains(place) or any(place.intersects(other) for other in self.taken):
            return False
        low, high = (place.left(), place.top()), (place.right(), place.bottom())
        return not ((self.paths > low) & (self.paths < high)).all(1).any()


class RateItem(pg.GraphicsObject):
    """Lies over a view box, in its pixels. Thin lines: equal ELBO = −(rate + distortion). The accented one, through
    now, and its paler parallels: equal distortion + β·rate, which training descends. A path is faint where it is old,
    dashed on held-out data; a disc and a ring stand at now."""

    def __init__(self, box: pg.ViewBox) -> None:
        super().__init__(box)
        self.setZValue(10)
        self._box, self._theme = box, LIGHT
        self.scene_shown = Scene()
        self.pointed: tuple[float, float] | None = None
        box.sigResized.connect(lambda _box: self.prepareGeometryChange())
        box.sigRangeChanged.connect(lambda *_: self.update())

    def show_scene(self, scene: Scene) -> None:
        """Draw `scene`."""
        self.scene_shown = scene
        self.update()

    def point_at(self, at: tuple[float, float] | None) -> None:
        """Put a ring around (rate, distortion), in the unit shown."""
        if at != self.pointed:
            self.pointed = at
            self.update()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.update()

    def boundingRect(self) -> QRectF:
        return self._box.boundingRect()

    def paint(self, painter: QPainter, _option: object = None, _widget: QWidget | None = None) -> None:
        room, (x, y) = self.boundingRect(), self._box.viewRange()
        plane, scene = QRectF(QPointF(x[0], y[0]), QPointF(x[1], y[1])), self.scene_shown
        painter.setClipRect(room)
        painter.setFont(QApplication.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bounds = family(plane, 1.0)
        self._draw_bounds(painter, bounds)
        now = self._draw_objective(painter, plane)
        paths = [self._draw_path(painter, scene.heldout, dashes=True)]
        paths.append(self._draw_path(painter, scene.training, dashes=False))
        free = _Free(room, np.concatenate(paths), [])
        self._draw_now(painter, scene.heldout, free, hollow=True)
        self._draw_now(painter, scene.training, free, hollow=False)
        self._name_objective(painter, now, free)
        self._name_bounds(painter, bounds, free)
        self._draw_notes(painter, free)
        if self.pointed is not None:
            painter.setPen(QPen(QColor(self._theme.accent), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(self._pixel(*self.pointed), 6, 6)

    def _draw_bounds(self, painter: QPainter, lines: list[Line]) -> None:
        painter.setPen(QPen(QColor(blended(self._theme.muted, self._theme.background, 0.45)), 1))
        for found in lines:
            painter.drawLine(self._pixels(found))

    def _name_bounds(self, painter: QPainter, lines: list[Line], free: _Free) -> None:
        painter.setPen(QColor(self._theme.muted))
        for i, found in enumerate(lines):
            text = minus(f"{0.0 - found.value:.6g}")  # no −0
            self._write(painter, self._pixels(found).p2(), f"ELBO {text}" if i == len(lines) - 1 else text, free)

    def _draw_objective(self, painter: QPainter, plane: QRectF) -> QLineF | None:
        """Gives the line through now, where it crosses the plane."""
        beta, path = self.scene_shown.beta, self.scene_shown.training
        if not math.isfinite(beta) or not len(path.steps):
            return None
        accent, value = self._theme.accent, float(path.distortion[-1] + beta * path.rate[-1])
        if beta != 1:  # else they are those of equal ELBO
            painter.setPen(QPen(QColor(blended(accent, self._theme.background, 0.35)), 1))
            for found in family(plane, beta, through=value):
                painter.drawLine(self._pixels(found))
        now = line(value, plane, beta)
        if now is None:
            return None
        painter.setPen(QPen(QColor(accent), 1.5))
        painter.drawLine(self._pixels(now))
        return self._pixels(now)

    def _name_objective(self, painter: QPainter, now: QLineF | None, free: _Free) -> None:
        if now is None:
            return
        painter.setPen(QColor(self._theme.accent))
        long, short = f"β = {self.scene_shown.beta:.4g}: equal distortion + β·rate", f"β = {self.scene_shown.beta:.4g}"
        any(self._write(painter, end, text, free) for text in (long, short) for end in (now.p2(), now.p1()))

    def _draw_path(self, painter: QPainter, path: Course, dashes: bool) -> Pixels:
        """Gives its points (N, 2) in pixels."""
        x, y = _thinned(*self._pixel_arrays(path.rate, path.distortion))
        points = np.column_stack((x, y))
        joined = np.ones(len(x), np.int32)
        if dashes:
            x, y, joined = dashed(x, y, 1.0, 1.0)
        ends = np.column_stack((x[:-1], y[:-1], x[1:], y[1:]))
        shades = np.arange(len(ends)) * SHADES // max(1, len(ends))
        room = self.boundingRect()
        inside = (np.minimum(ends[:, :2], ends[:, 2:]) < (room.right(), room.bottom())).all(1)
        inside &= (np.maximum(ends[:, :2], ends[:, 2:]) > (room.left(), room.top())).all(1) & (joined[:-1] > 0)
        for shade in range(SHADES):
            share = PALEST + (1 - PALEST) * (shade + 1) / SHADES
            painter.setPen(QPen(QColor(blended(self._theme.ink, self._theme.background, share)), 1.5 if dashes else 2))
            lines = ends[(shades == shade) & inside]
            painter.drawLines([QLineF(*line) for line in lines.tolist()])
        return points

    def _draw_now(self, painter: QPainter, path: Course, free: _Free, hollow: bool) -> None:
        if not len(path.steps):
            return
        at = self._pixel(path.rate[-1], path.distortion[-1])
        painter.setPen(QPen(QColor(self._theme.ink), 1.5))
        painter.setBrush(QColor(self._theme.background if hollow else self._theme.ink))
        painter.drawEllipse(at, 4.5, 4.5)
        painter.setPen(QColor(self._theme.ink))
        self._write(painter, at, "held-out" if hollow else "now", free)
        free.taken.append(QRectF(at.x() - 6, at.y() - 6, 12, 12))

    def _draw_notes(self, painter: QPainter, free: _Free) -> None:
        path, notes = self.scene_shown.training, self.scene_shown.notes
        if not len(path.steps):
            return
        room = self.boundingRect()
        for step, text in notes:
            place = int(np.searchsorted(path.steps, step).clip(0, len(path.steps) - 1))
            at = self._pixel(path.rate[place], path.distortion[place])
            painter.setPen(QColor(self._theme.ink))
            if room.contains(at) and self._write(painter, at, text, free):
                painter.setBrush(QColor(self._theme.ink))
                painter.drawEllipse(at, 2.5, 2.5)

    def _write(self, painter: QPainter, at: QPointF, text: str, free: _Free) -> bool:
        """Write `text` beside `at` where it hides nothing that is written, and no path; else not."""
        metrics = QFontMetricsF(QApplication.font())
        width, height = metrics.horizontalAdvance(text) + 4, metrics.height()
        for left, top in ((GAP, -height - 1), (-GAP - width, -height - 1), (GAP, 2), (-GAP - width, 2)):
            place = QRectF(at.x() + left, at.y() + top, width, height)
            if free.has(place):
                painter.fillRect(place.adjusted(0, 1, 0, -1), QColor(self._theme.background))
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
                free.taken.append(place)
                return True
        return False

    def _pixel(self, rate: float, distortion: float) -> QPointF:
        point: QPointF = self._box.mapFromView(QPointF(rate, distortion))
        return point

    def _pixels(self, found: Line) -> QLineF:
        return QLineF(self._pixel(found.begin.x(), found.begin.y()), self._pixel(found.end.x(), found.end.y()))

    def _pixel_arrays(
        self, rate: npt.NDArray[np.float64], distortion: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        origin, corner = self._pixel(0, 0), self._pixel(1, 1)
        return (
            origin.x() + (corner.x() - origin.x()) * rate,
            origin.y() + (corner.y() - origin.y()) * distortion,
        )


def _thinned(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The polyline without what hardly moves it; a line that thick costs 10 µs to paint, however short."""
    cells = np.rint(np.column_stack((x, y)) / THIN)
    moved = np.ones(len(x), bool)
    moved[1:-1] = (cells[1:-1] != cells[:-2]).any(1)
    return x[moved], y[moved]


class RatePlot(PlanePlot):
    """Rate along x, distortion along y. The range covers the paths, but for the first 5 % of a run of 200 steps and
    more unless `whole`; it moves only when it must."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(name, parent)
        self.item = RateItem(self.getViewBox())
        self._ranges: tuple[Range, Range] | None = None
        self.showGrid(x=False, y=False)
        add_export_actions(self, self._table)

    def show_scene(self, scene: Scene, *, whole: bool, unit: str) -> None:
        """Draw `scene`, whose numbers are in `unit`."""
        self.item.show_scene(scene)
        self.set_titles(f"rate (KL) · {unit}", f"distortion · {unit}")
        paths = [path for path in (scene.training, scene.heldout) if len(path.steps)]
        if not paths:
            return
        last = max(path.steps[-1] for path in paths)
        least = START_UP * last if last >= LONG and not whole else 0.0
        late = [path.since(min(least, path.steps[-1])) for path in paths]
        kept = self._ranges or (None, None)
        x = settled(kept[0], *_extent([path.rate for path in late]))
        y = settled(kept[1], *_extent([path.distortion for path in late]))
        self._ranges = x, y
        x = max(x[0], -MARGIN * x[1]), x[1]  # there is no rate below 0
        self.set_home(QRectF(QPointF(x[0], y[0]), QPointF(x[1], y[1])), square=False)

    def forget_range(self) -> None:
        """Choose the range anew with the next scene, whatever was shown before."""
        self._ranges = None

    def nearest(self, at: tuple[float, float]) -> tuple[Course, int] | None:
        """The course and the number of its point nearest to `at`, within reach."""
        found, least = None, 1.0
        reach_x, reach_y = self.reach()
        for path in (self.item.scene_shown.training, self.item.scene_shown.heldout):
            if len(path.steps):
                far = ((path.rate - at[0]) / reach_x) ** 2 + ((path.distortion - at[1]) / reach_y) ** 2
                if far.min() < least:
                    least, found = float(far.min()), (path, int(far.argmin()))
        return found

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.item.set_theme(theme)

    def _table(self) -> Table:
        scene = self.item.scene_shown
        rows = [
            np.column_stack((path.steps, path.rate, path.distortion, np.full(len(path.steps), number)))
            for number, path in enumerate((scene.training, scene.heldout))
        ]
        return ("step", "rate", "distortion", "heldout"), np.concatenate(rows)


def _extent(values: list[npt.NDArray[np.float64]]) -> Range:
    together = np.concatenate(values)
    return float(together.min()), float(together.max())
