"""The benchmark of long curves runs, on a short one; its figures belong to the bench."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt

from guiapp.bench import long_curves


def test_every_move_is_measured(qapp: object) -> None:
    assert 0 < long_curves.pan_and_zoom(3000) < math.inf


def test_the_moves_go_down_to_a_hundred_steps_and_back() -> None:
    keys = list(long_curves._keys(10_000_000))
    depth = keys.count(Qt.Key.Key_Plus)
    assert keys.count(Qt.Key.Key_Minus) == keys.count(Qt.Key.Key_PageUp) == depth
    assert 50 < 10_000_000 * 0.8**depth < 200


def test_the_curves_are_whole() -> None:
    series = long_curves.long_series(250_000)
    assert len(series) == 250_000
    assert all(np.isfinite(series.values(name)).all() for name in series.names)
