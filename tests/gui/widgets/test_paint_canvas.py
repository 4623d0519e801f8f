"""Painting an image."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import THEMES
from guiapp.gui.widgets.paint_canvas import PaintCanvas


@pytest.fixture
def canvas(qtbot: QtBot) -> PaintCanvas:
    canvas = PaintCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(300, 300)
    canvas.set_shape(10, 20, 1)
    with qtbot.waitExposed(canvas):
        canvas.show()
    return canvas


def at(canvas: PaintCanvas, x: float, y: float) -> QPoint:
    area = canvas.area()
    scale = area.width() / canvas.levels.shape[1]
    return QPoint(round(area.left() + x * scale), round(area.top() + y * scale))


def test_a_stroke_covers_what_lies_under_the_brush(canvas: PaintCanvas) -> None:
    canvas.radius = 1.0
    canvas.stroke((5.5, 4.5), (9.5, 4.5), False)
    grey = canvas.levels[..., 0]
    assert (grey[4, 5:10] == 255).all()
    assert (grey[[3, 5], 7] > 100).all(), "a soft rim"
    assert grey[[2, 6]].sum() == 0
    assert grey[:, :4].sum() == grey[:, 12:].sum() == 0
    canvas.stroke((7.5, 4.5), (7.5, 4.5), True)
    assert canvas.levels[4, 7] == 0


def test_the_mouse_paints_and_its_right_button_erases(qtbot: QtBot, canvas: PaintCanvas) -> None:
    with qtbot.waitSignal(canvas.changed):
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, 3.5, 3.5))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, 3.5, 3.5))
    assert canvas.levels[3, 3] == 255
    QTest.mouseClick(canvas, Qt.MouseButton.RightButton, pos=at(canvas, 3.5, 3.5))
    assert canvas.levels[3, 3] == 0
    canvas.clear()
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(299, 299))
    assert canvas.levels.sum() == 0, "beside the image there is nothing to paint"


def test_keys_paint(canvas: PaintCanvas) -> None:
    assert canvas._brush == (10, 5)
    for _ in range(30):
        QTest.keyClick(canvas, Qt.Key.Key_Left)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.levels[4:6, 0].max() > 0
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert canvas.levels[4:6, 0].max() < 255


@pytest.mark.parametrize("shape", [(1, 1, 1), (28, 28, 1), (32, 20, 3), (5, 5, 4), (200, 3, 2)])
def test_any_shape_in_both_themes(canvas: PaintCanvas, shape: tuple[int, int, int]) -> None:
    canvas.set_shape(*shape)
    canvas.ink = (200, 100, 50)
    canvas.stroke((0, 0), (shape[1], shape[0]), False)
    assert canvas.levels.shape == shape
    assert canvas.levels.any()
    for theme in THEMES.values():
        canvas.set_theme(theme)
        canvas.grab()
    canvas.resize(20, 10)
    canvas.grab()
    canvas.clear()
    assert not canvas.levels.any()


def test_a_datum_is_loaded_as_a_copy(canvas: PaintCanvas) -> None:
    levels = np.arange(200, dtype=np.uint8)
    canvas.load(levels)
    canvas.stroke((0, 0), (20, 10), True)
    assert levels.tolist() == list(range(200))
