"""The map of all tensors over a long run: what one frame of it costs, painting included."""

from __future__ import annotations

from time import perf_counter

import numpy as np
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from guiapp.gui.theme import LIGHT
from guiapp.gui.widgets.heat_map import HeatMap, Row
from guiapp.series import Series

SIZE = 700, 450
BLOCK = 10_000  # steps drawn up at once
FRAMES = 200
NEW = 20  # steps between two frames


def heat_map_cost(tensors: int, steps: int) -> float:
    """The 95th percentile in ms from `NEW` further steps to the repainted map of `tensors` rows, over a run of `steps`
    steps all of which are in sight. There has to be a QApplication."""
    names = tuple(f"grad/encoder.{i}.weight" for i in range(tensors))
    series, rng = Series(names), np.random.default_rng(0)
    for first in range(0, steps, BLOCK):
        series.append(_rows(rng, tensors, min(BLOCK, steps - first)))
    shown = HeatMap("Gradient by layer and step")
    shown.set_theme(LIGHT)
    shown.resize(*SIZE)
    shown.set_rows([Row(name, name[5:], name) for name in names], "gradient RMS")
    shown.show()
    shown.draw(series)
    QApplication.processEvents()
    spent = []
    for _ in range(FRAMES):
        series.append(_rows(rng, tensors, NEW))
        began = perf_counter()
        shown.draw(series)
        QCoreApplication.sendPostedEvents()
        spent.append(1000 * (perf_counter() - began))
    shown.close()
    shown.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return float(np.percentile(spent, 95))


def _rows(rng: np.random.Generator, tensors: int, steps: int) -> np.ndarray:
    """(steps, tensors): a tenth less from each tensor to the one before it, with noise."""
    levels = 10.0 ** np.linspace(-8, -1, tensors)
    rows: np.ndarray = (levels * np.exp(0.3 * rng.standard_normal((steps, tensors)))).astype(np.float32)
    return rows
