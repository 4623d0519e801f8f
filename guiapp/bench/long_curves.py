"""Panning and zooming along the curves of a long run: the cost of one move, painting included."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication

from guiapp.gui.frame import Frame
from guiapp.gui.views.losses import LossesView
from guiapp.gui.widgets.time_series import TimeSeriesPlot
from guiapp.messages import Started
from guiapp.series import Series
from guiapp.spec import RunSpec, Vae

NAMES = ("loss", "reconstruction", "kl", "elbo", "sigma", "steps_per_s", "seconds")
SIZE = 700, 450
BLOCK = 100_000  # steps drawn up at once: 3 MB
FEWEST = 100  # steps in sight where zooming in ends
MOVES = 200


def pan_and_zoom(steps: int) -> float:
    """The 95th percentile in ms from a key that zooms or pans to the repainted losses view, over a run of `steps`
    steps with four curves (β = 4), at every zoom from all steps to 100. Takes 36 bytes per step. There has to be a
    QApplication."""
    view = LossesView()
    view.resize(*SIZE)
    view.show()
    view.draw(_frame(long_series(steps)))
    QApplication.processEvents()
    spent = []
    plot = view.findChildren(TimeSeriesPlot)[0]
    for key in _keys(steps):
        began = perf_counter()
        QCoreApplication.sendEvent(plot, QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier))
        QCoreApplication.sendPostedEvents()
        spent.append(1000 * (perf_counter() - began))
    view.close()
    view.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # or the series would stay in memory
    return float(np.percentile(spent, 95))


def long_series(steps: int) -> Series:
    """Seven curves that fall, with noise on them; built in blocks."""
    rng, series = np.random.default_rng(0), Series(NAMES)
    levels = np.array([110, 100, 5, -105, 0.2, 500, 1], np.float32)
    for begin in range(0, steps, BLOCK):
        step = np.arange(begin + 1, min(begin + BLOCK, steps) + 1, dtype=np.float32)[:, None]  # (t, 1)
        noise = rng.standard_normal((len(step), len(NAMES)), dtype=np.float32)
        series.append(levels * (1 + 0.5 * np.exp(-8 * step / steps) + 0.02 * noise))
    return series


def _keys(steps: int) -> Iterator[Qt.Key]:
    """In, with a pan back and forth at each zoom, then out again."""
    depth = int(np.log(steps / FEWEST) / np.log(1 / 0.8))
    moves = [key for _ in range(depth) for key in (Qt.Key.Key_Plus, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)]
    yield from moves
    yield from [Qt.Key.Key_Minus] * depth


def _frame(series: Series) -> Frame:
    spec = RunSpec(model=Vae(beta=4.0))
    run = Started(1, spec, NAMES, (), frozenset(), (28, 28), (), "", "", 0, 1.0, "cpu", 0, "")
    return Frame(run, series.last, 0.0, 0.0, False, series, {})
