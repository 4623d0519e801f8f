"""The parts of the arena: its shapes, what its colours say, slow motion, the drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from guiapp.data.drawn import points_of
from guiapp.gui.theme import LIGHT
from guiapp.gui.widgets import arena_field as fields
from guiapp.gui.widgets.arena_shapes import arrows, cells, opacity, sizes
from guiapp.gui.widgets.arena_steps import PATIENCE, PHASES, Phase, SlowMotion
from guiapp.gui.widgets.drawing_canvas import DrawingCanvas
from guiapp.gui.widgets.drawing_dialog import DrawingDialog, thinned, words
from guiapp.spec import Data, Gan
from tests.gui.pictures import arena_picture

# ------------------------------------------------------------------------------------------------------------- shapes


def test_an_arrow_ends_where_it_pushes() -> None:
    x, y, connect = arrows(np.array([[1.0, 2.0]]), np.array([[0.0, 4.0]]), 0.5, 10.0)
    assert_allclose((x[0], y[0], x[1], y[1]), (1, 2, 1, 4))
    assert connect.tolist() == [1, 1, 1, 1, 0]
    assert x[2] == pytest.approx(2 - x[4]), "its barbs lie on both sides"


def test_arrows_are_as_long_as_asked_but_not_longer_than_they_may_be() -> None:
    at, push = np.zeros((3, 2)), np.array([[0.1, 0], [1, 0], [100, 0]])
    assert_allclose(arrows(at, push, 1.0, 2.0)[0][1::5], (0.1, 1, 2))
    assert_allclose(arrows(at, push, 0.0, 3.0)[0][1::5], (1, 1, 1))


def test_what_has_no_length_or_is_not_finite_gets_no_arrow() -> None:
    at = np.array([[0.0, 0], [0, 0], [np.nan, 0], [1, 1]])
    push = np.array([[0.0, 0], [np.inf, 1], [1, 1], [1, 0]])
    x, y, _ = arrows(at, push, 1.0, 2.0)
    assert (x[0], y[0], len(x)) == (1, 1, 5)


def test_cells_twice_as_large_are_thinner() -> None:
    even = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), 2)
    found = cells(even)
    assert found.shape == (64, 5, 2)
    assert_allclose(sizes(found), 1 / 16)
    assert_allclose(opacity(found, 1.0), 1 / 5)  # r = 1
    assert_allclose(opacity(cells(even / 2), 1.0), 4 / 8)  # r = 4
    curve = cells(np.stack([np.linspace(-1, 1, 5), np.zeros(5)], 1))
    assert_allclose(opacity(curve, 1.0), 1 / 2)


def test_a_generator_that_maps_all_to_one_point_is_opaque_not_nan() -> None:
    shown = opacity(cells(np.zeros((5, 5, 2))), 1.0)
    assert ((shown > 0.9) & (shown < 1)).all()
    broken = np.zeros((5, 5, 2))
    broken[2, 2] = np.nan
    assert len(cells(broken)) == 12


# -------------------------------------------------------------------------------------------------------------- field


def field(kind: str, picture: dict[str, Any] | None = None, **gan: Any) -> fields.Field:
    return fields.field_of(kind, picture or dict(arena_picture()), Gan(**gan))


def test_what_the_colours_say_of_each_game() -> None:
    a = arena_picture()["logit"]
    d = 1 / (1 + np.exp(-a.astype(float)))
    for objective in ("minimax", "non-saturating"):
        shown = field(fields.BELIEF, objective=objective)
        assert_allclose(shown.values, d, rtol=1e-6)
        assert (shown.low, shown.high, shown.line) == (0, 1, 0.5)
    least = field(fields.BELIEF, objective="least squares")
    assert_allclose(least.values, a)
    assert (least.low, least.high, least.line) == (0, 1, 0.5)
    hinge = field(fields.BELIEF, objective="hinge")
    assert hinge.line == 0
    assert hinge.low == -hinge.high == -np.abs(a).max()
    critic = field(fields.LOGIT, objective="Wasserstein")
    assert critic.line is None
    assert (critic.low, critic.high) == (a.min(), a.max())


def test_smoothed_labels_move_the_line_and_the_best_discriminator() -> None:
    smooth = {"real_target": 0.9, "fake_target": 0.1}
    assert field(fields.BELIEF, **smooth).line == pytest.approx(0.5)
    one_sided = field(fields.BELIEF, real_target=0.8)
    assert one_sided.line == pytest.approx(0.4)
    assert field(fields.LOGIT, real_target=0.8).line == pytest.approx(np.log(0.4 / 0.6))
    best = field(fields.OPTIMUM, **smooth).values
    assert best is not None
    assert set(np.round(np.unique(best), 6)) == {0.1, 0.9}


def test_the_difference_to_the_best() -> None:
    picture = dict(arena_picture())
    d = 1 / (1 + np.exp(-picture["logit"].astype(float)))
    shown = field(fields.DIFFERENCE, picture)
    assert_allclose(shown.values, d - picture["optimum"], rtol=1e-5, atol=1e-7)
    assert (shown.low, shown.high, shown.line) == (-1, 1, None)
    for objective in ("hinge", "Wasserstein"):
        assert "no probability" in field(fields.DIFFERENCE, objective=objective).why
    del picture["optimum"]
    assert "table" in field(fields.OPTIMUM, picture).why


def test_a_field_of_nothing_but_nan_has_a_scale() -> None:
    picture = {**arena_picture(), "logit": np.full((4, 4), np.nan)}
    for kind in (fields.BELIEF, fields.LOGIT):
        for objective in ("minimax", "hinge", "Wasserstein"):
            shown = field(kind, picture, objective=objective)
            assert np.isfinite([shown.low, shown.high]).all()
            assert shown.high > shown.low


# -------------------------------------------------------------------------------------------------------- slow motion


class Watch:
    """What slow motion said; the clock is `advance`, called by hand."""

    def __init__(self, slow: SlowMotion) -> None:
        self.slow, self.phases, self.steps, self.ended = slow, list[Phase | None](), list[str](), list[str]()
        slow.phase_changed.connect(self.phases.append)
        slow.step_asked.connect(lambda _count, player: self.steps.append(player))
        slow.ended.connect(self.ended.append)


@pytest.fixture
def watch(qtbot: QtBot) -> Watch:
    return Watch(SlowMotion(interval=10**6))


def test_slow_motion_names_every_part_and_steps_d_then_g(watch: Watch) -> None:
    watch.slow.see(1, 100, False)
    watch.slow.start()
    for _ in range(3):
        watch.slow.advance()
    assert watch.steps == ["d"]
    watch.slow.see(1, 101, False)
    for _ in range(3):
        watch.slow.advance()
    assert watch.steps == ["d", "g"]
    assert watch.phases == list(PHASES)
    watch.slow.see(1, 102, False)
    watch.slow.advance()
    assert watch.phases[-1] == PHASES[0], "and round again"
    watch.slow.stop()
    assert watch.phases[-1] is None
    assert watch.ended == [""]


def test_it_waits_for_a_step_and_gives_up_in_the_end(watch: Watch) -> None:
    watch.slow.see(1, 5, False)
    watch.slow.start()
    for _ in range(3 + PATIENCE):
        watch.slow.advance()
    assert watch.slow.playing
    assert watch.phases[-1] == PHASES[3]
    watch.slow.advance()
    assert not watch.slow.playing
    assert "not made" in watch.ended[0]


def test_it_pauses_what_runs_first(watch: Watch) -> None:
    watch.slow.see(1, 5, True)
    watch.slow.start()
    assert watch.steps == ["both"]
    watch.slow.see(1, 7, True)
    watch.slow.advance()
    assert watch.phases == []
    watch.slow.see(1, 8, False)
    watch.slow.advance()
    assert watch.phases == [PHASES[0]]


@pytest.mark.parametrize(("key", "step", "word"), [(1, 9, "training was run"), (2, 0, "another run")])
def test_it_ends_when_somebody_else_trains(watch: Watch, key: int, step: int, word: str) -> None:
    watch.slow.see(1, 5, False)
    watch.slow.start()
    watch.slow.see(key, step, False)
    assert not watch.slow.playing
    assert word in watch.ended[0]


def test_its_speed(qtbot: QtBot) -> None:
    slow = SlowMotion(interval=1)
    phases: list[Phase] = []
    slow.phase_changed.connect(phases.append)
    slow.set_speed(4.0)
    slow.see(1, 0, False)
    slow.start()
    qtbot.waitUntil(lambda: len(phases) >= 4)  # by its own clock
    slow.stop()


# ------------------------------------------------------------------------------------------------------------ drawing


@pytest.fixture
def canvas(qtbot: QtBot) -> DrawingCanvas:
    canvas = DrawingCanvas()
    qtbot.addWidget(canvas)
    canvas.resize(420, 420)
    with qtbot.waitExposed(canvas):
        canvas.show()
    return canvas


def test_a_stroke_of_the_mouse(canvas: DrawingCanvas, qtbot: QtBot) -> None:
    area = canvas.area()
    start, stop = (
        QPoint(round(area.left() + share * area.width()), round(area.center().y())) for share in (0.25, 0.75)
    )
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    at = QPointF(stop)
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    canvas.mouseMoveEvent(QMouseEvent(QEvent.Type.MouseMove, at, at, Qt.MouseButton.NoButton, left, none))
    qtbot.mouseRelease(canvas, left, pos=stop)
    x, y = canvas.points.T
    assert_allclose((x[0], x[-1]), (-0.5, 0.5), atol=0.01)
    assert_allclose(y, 0, atol=0.01)
    assert np.diff(x).max() < 0.011
    qtbot.mousePress(canvas, Qt.MouseButton.RightButton, pos=stop)
    qtbot.mouseRelease(canvas, Qt.MouseButton.RightButton, pos=stop)
    assert canvas.points[:, 0].max() < 0.46, "the right button erases"


def test_drawing_by_keys(canvas: DrawingCanvas, qtbot: QtBot) -> None:
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Return):
        qtbot.keyClick(canvas, key)
    assert_allclose(canvas.points, [[0.05, 0.05]])
    qtbot.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert_allclose(canvas.points[1], [0.045, 0.05])
    for _ in range(60):
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.points[2, 1] == -1, "not out of the square"
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    assert len(canvas.points) == 2


def test_the_dialog_says_what_will_come_of_it(qtbot: QtBot) -> None:
    dialog = DrawingDialog(Data(), LIGHT)
    qtbot.addWidget(dialog)
    ok = dialog._box.button(QDialogButtonBox.StandardButton.Ok)
    assert not ok.isEnabled()
    assert "at least one point" in dialog._sentence.text()
    dialog.canvas.set_points([[0.25, -0.5]])
    assert ok.isEnabled()
    assert "single Gaussian" in dialog._sentence.text()
    assert dialog.text() == "0.250 -0.500"
    dialog.canvas.stroke((-1, -1), (1, 1), False)
    assert len(points_of(dialog.text())) == len(dialog.canvas.points)
    dialog._clear.click()
    assert not ok.isEnabled()


def test_it_begins_with_the_drawing_that_there_is(qtbot: QtBot) -> None:
    dialog = DrawingDialog(Data(name="drawn", drawing="0 0, 1 1", blur=0.1), LIGHT)
    qtbot.addWidget(dialog)
    assert_allclose(dialog.canvas.points, [[0, 0], [1, 1]])
    assert dialog.blur() == pytest.approx(0.1)
    other = DrawingDialog(Data(name="ring", drawing="0 0"), LIGHT)
    qtbot.addWidget(other)
    assert not len(other.canvas.points)


def test_more_than_a_drawing_can_hold_is_thinned() -> None:
    points = np.stack([np.linspace(-1, 1, 5000), np.zeros(5000)], 1)
    kept = thinned(points)
    assert len(kept) == 2000
    assert (kept[0, 0], kept[-1, 0]) == (-1, 1)
    assert np.diff(kept[:, 0]).max() < 0.002
    assert "2,000 of them are kept" in words(5000)
