"""The latent explorer, its pictures made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import THEMES
from guiapp.gui.views.explorer import ExplorerView
from guiapp.gui.widgets.exploration import COLUMNS, REACH
from guiapp.gui.widgets.explorer_tools import DRAWN, PAINT, PATH, POINT, TRAVERSE
from guiapp.spec import Gan
from tests.everyday import everyday
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.views.exploring import answer, frame, turn


@pytest.fixture
def view(qtbot: QtBot) -> ExplorerView:
    view = ExplorerView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    with qtbot.waitExposed(view):
        view.show()
    return view


# ------------------------------------------------------------------------------------------------------------- Point


def test_the_probe_is_decoded_where_it_is_put(qtbot: QtBot, view: ExplorerView) -> None:
    shown = answer(view, frame())
    with qtbot.waitSignal(view.focus_changed):
        view.probe_at(1.0, -2.0)
    assert view.focus() == {"z": ((1.0, -2.0),)}
    answer(view, shown)
    assert view.explorer.decoded.table.images[0, 0, 0] == pytest.approx(1 / (1 + np.e))
    assert "z₁ = 1.00, z₂ = −2.00" in view.status.text
    assert "‖z‖ = 2.24" in view.status.text
    assert "log p(z) = −4.34 nats" in view.status.text


@pytest.fixture
def _every_move(qapp: object) -> Iterator[None]:
    """pyqtgraph passes on a hundred moves of the mouse a second, and the others not."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", before)


def drag(view: ExplorerView, to: tuple[float, float]) -> None:
    QCoreApplication.sendPostedEvents()  # a tab that was turned is laid out a beat later
    plane = view.explorer.plane
    box, handle = plane.getViewBox(), plane.handles[plane.active]
    start = plane.mapFromScene(box.mapViewToScene(handle.pos()))
    stop = plane.mapFromScene(box.mapViewToScene(QPointF(*to)))
    port = plane.viewport()
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(port, start + (stop - start) * share)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=stop)


@pytest.mark.usefixtures("_every_move")
def test_the_handle_is_dragged_and_kept_on_the_plane(view: ExplorerView) -> None:
    answer(view, frame())
    drag(view, (1.5, -0.5))
    assert view.explorer.state.probe == pytest.approx([1.5, -0.5], abs=0.1)
    view.explorer.plane.handles[0].dragged.emit(1e9, -77.0)
    assert view.focus() == {"z": ((REACH, -REACH),)}
    assert view.explorer.plane.handles[0].pos() == QPointF(REACH, -REACH)


def test_arrow_keys_move_the_handle_and_not_the_run(view: ExplorerView) -> None:
    answer(view, frame())
    plane = view.explorer.plane
    plane.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(plane, key)
    assert view.explorer.state.probe == pytest.approx([0.1, -0.05])
    QTest.keyClick(plane, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert view.explorer.state.probe == pytest.approx([0.1, 0.45])


def test_the_other_dimensions_are_bars(view: ExplorerView) -> None:
    shown = answer(view, frame(5))
    assert view.explorer.bars.isVisible()
    view.explorer.bars.moved.emit(3, 1.25)
    assert view.focus()["z"][0] == (0.0, 0.0, 0.0, 1.25, 0.0)
    view.explorer.tools.axes[0].setValue(4)
    answer(view, shown)
    assert view.explorer.state.axes == (3, 1)
    assert view.explorer.plane.handles[0].pos() == QPointF(1.25, 0.0)
    view.explorer.tools.axes[1].setValue(4)
    assert view.explorer.state.axes == (1, 3), "one dimension on both axes would be a line: they change places"
    view.explorer.tools.zero.click()
    assert view.focus()["z"] == ((0.0,) * 5,)


def test_a_datum_under_the_pointer_gives_its_whole_code(view: ExplorerView) -> None:
    shown = answer(view, frame(5))
    codes = shown.pictures["codes"]["mean"]
    far = int(np.abs(codes[:, :2]).sum(1).argmax())
    view.explorer.plane.clicked.emit(*codes[far, :2].tolist())
    assert view.explorer.state.probe == pytest.approx(codes[far])
    view.explorer.plane.clicked.emit(3.9, 3.9)
    assert view.explorer.state.probe == pytest.approx([3.9, 3.9, *codes[far, 2:]])


# -------------------------------------------------------------------------------------------------------------- Path


def test_a_way_between_two_data(view: ExplorerView) -> None:
    shown = turn(view, PATH, answer(view, frame(6)))
    codes = shown.pictures["codes"]["mean"]
    for _ in range(2):
        view.explorer.plane.clicked.emit(*codes[7, :2].tolist())
        view.explorer.plane.clicked.emit(*codes[9, :2].tolist())
    shown = answer(view, shown)
    assert np.array(view.focus()["z"])[[0, -1]] == pytest.approx(codes[[7, 9]], abs=1e-4)
    table = view.explorer.decoded.table
    assert len(table.images) == len(table.below) == 10
    assert float(table.below[0].replace("−", "-")) == pytest.approx(np.linalg.norm(codes[7]), abs=0.01)
    view.explorer.tools.measure.setCurrentIndex(1)
    density = -0.5 * (codes[7] ** 2).sum() - 3 * np.log(2 * np.pi)
    assert float(table.below[0].replace("−", "-")) == pytest.approx(density, abs=0.06)
    view.explorer.tools.count.setValue(20)
    answer(view, shown)
    assert len(table.images) == 20


def test_the_arc_keeps_the_length(view: ExplorerView) -> None:
    turn(view, PATH, answer(view, frame(64)))
    straight = np.linalg.norm(np.array(view.focus()["z"]), axis=1)
    view.explorer.tools.kind.setCurrentIndex(1)
    arc = np.linalg.norm(np.array(view.focus()["z"]), axis=1)
    assert straight.min() < 0.85 * straight.max()
    assert arc.min() > 0.95 * min(straight[0], straight[-1])
    assert "7.97 ± 0.71" in view.status.text


@pytest.mark.usefixtures("_every_move")
def test_letters_choose_the_end_that_the_keys_move(view: ExplorerView) -> None:
    turn(view, PATH, answer(view, frame()))
    plane, before = view.explorer.plane, view.explorer.state.ends[1].copy()
    plane.setFocus()
    QTest.keyClick(plane, Qt.Key.Key_B)
    QTest.keyClick(plane, Qt.Key.Key_Right)
    assert view.explorer.state.ends[1] == pytest.approx(before + np.array([0.05, 0]))
    drag(view, (-2.0, 2.0))
    assert view.explorer.state.ends[1] == pytest.approx([-2, 2], abs=0.1)


def test_a_way_is_drawn_with_the_mouse(view: ExplorerView) -> None:
    shown = turn(view, PATH, answer(view, frame()))
    explorer = view.explorer
    explorer.tools.way.setCurrentIndex(DRAWN)
    answer(view, shown)
    assert "Draw a way" in view.status.text
    assert not explorer.plane.handles
    assert not len(explorer.decoded.table.images), "those between A and B are of no way that is seen"
    port, box = explorer.plane.viewport(), explorer.plane.getViewBox()
    before = box.viewRange()
    corners = [(-2.0, 0.0), (0.0, 0.0), (0.0, 2.0), (99.0, 2.0)]
    places = [explorer.plane.mapFromScene(box.mapViewToScene(QPointF(*corner))) for corner in corners]
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(port, place)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=places[-1])
    way = np.array(view.focus()["z"])
    assert way[0] == pytest.approx([-2, 0], abs=0.1)
    assert way[-1] == pytest.approx([REACH, 2], abs=0.1), "what is drawn beside the plane goes along its edge"
    assert np.abs(way).max() <= REACH
    assert box.viewRange() == before, "the range did not move"


# ---------------------------------------------------------------------------------------------- Traverse and Paint


def test_each_dimension_is_traversed_ten_to_a_page(view: ExplorerView) -> None:
    shown = turn(view, TRAVERSE, answer(view, frame(64)))
    assert view.needs == {"decoded"}
    assert not view.explorer.plane.isVisible()
    assert len(view.explorer.decoded.table.images) == 10 * COLUMNS
    view.explorer.tools.page.setValue(2)
    view.draw(shown)
    assert view.explorer.decoded.table._rows[0] == "z₁", "images of other dimensions are not shown under these names"
    answer(view, shown)
    assert view.explorer.decoded.table._rows[0] == "z₁₁"
    view.explorer.tools.page.setValue(7)
    answer(view, shown)
    assert len(view.explorer.decoded.table.images) == 4 * COLUMNS
    assert view.explorer.decoded.table._rows == ("z₆₁", "z₆₂", "z₆₃", "z₆₄")


def test_a_datum_is_painted_and_encoded(qtbot: QtBot, view: ExplorerView) -> None:
    shown = turn(view, PAINT, answer(view, frame()))
    assert view.needs == {"painted", "reconstructions"}
    assert view.focus() == {"painted": bytes(784)}
    with qtbot.waitSignal(view.focus_changed):
        view.paint.canvas.stroke((3, 3), (20, 20), False)
    assert view.focus()["painted"] != bytes(784)
    answer(view, shown)
    assert view.status.text == "ELBO −100.00 nats: E[log p(x|z)] −90.00, KL 10.00"
    assert view.paint.posterior.values == pytest.approx([0.5, 0.5])
    view.paint._go.click()
    assert view.tab == POINT
    assert view.focus() == {"z": ((0.5, 0.5),)}


def test_what_lay_under_the_pointer_goes_with_the_tab(view: ExplorerView) -> None:
    shown = answer(view, frame())
    view.explorer.pointed.emit("1.00, 2.00")
    turn(view, PAINT, shown)
    assert not view.status.pointed


def test_painting_begins_with_held_out_data(view: ExplorerView) -> None:
    shown = turn(view, PAINT, answer(view, frame()))
    data = shown.pictures["reconstructions"]["data"]
    for number in (0, 1):
        view.paint._load.click()
        assert view.paint.canvas.levels[..., 0] == pytest.approx(np.rint(255 * data[number]), abs=1)
    view.paint._clear.click()
    assert view.focus() == {"painted": bytes(784)}


def test_a_point_is_placed_and_a_vector_set(view: ExplorerView) -> None:
    shown = turn(view, PAINT, answer(view, frame(shape=(2,), classes=())))
    view.paint.plane.moved.emit(0, 0.5, -0.25)
    assert view.focus() == {"painted": (0.5, -0.25)}
    view.paint.plane.moved.emit(0, 1e9, np.nan)
    assert view.focus()["painted"] == (pytest.approx(1.65), 0.0)
    answer(view, shown)
    assert view.paint.plane.handles[0].pos() == QPointF(1.65, 0.0)
    answer(view, frame(shape=(7,), classes=(), key=4))
    view.paint.bars.moved.emit(6, 0.75)
    assert view.focus() == {"painted": (0.0,) * 6 + (0.75,)}
    answer(view, frame(shape=(500,), classes=(), key=5))
    assert not view.paint.bars.isVisible(), "too many to set one by one"
    view.paint._load.click()
    assert len(view.focus()["painted"]) == 500


# ---------------------------------------------------------------------------------------------------- all of them

SPACES = [
    frame(1, (1,), classes=()), frame(1, (8, 8)), frame(2, (1, 1)), frame(2, (2,), classes=()), frame(64, (28, 28)),
    frame(3, (16, 12, 3)), frame(12, (20,)), gan_frame(20, gan=Gan(noise=2)),
    gan_frame(20, gan=Gan(noise=64, noise_law="uniform"), shape=(8, 8)), gan_frame(20, gan=Gan(noise=1)),
]  # fmt: skip


@pytest.mark.parametrize("theme", everyday(THEMES, ["light"]))
@pytest.mark.parametrize("spoil", everyday([False, True], [False]))
@pytest.mark.parametrize("space", SPACES)
def test_every_tab_of_every_space(view: ExplorerView, space: Frame, spoil: bool, theme: str) -> None:
    view.set_theme(THEMES[theme])
    shown = answer(view, space)
    for tab in range(view.tabs.count()):
        view.tabs.setCurrentIndex(tab)
        if not view.tabs.isTabEnabled(tab):
            continue
        shown = answer(view, shown, spoil=spoil)
        once = view.grab().toImage()
        view.draw(shown)
        assert view.grab().toImage() == once, "the same frame gives the same picture"
        assert ("not finite" in view.status.text) == spoil
        for size in ((1024, 700), (300, 200), (200, 600), (60, 50)):
            view.resize(*size)
            view.grab()
            if size[0] >= 300:
                assert (view.width(), view.height()) == size, "it must not push the window open"
        view.resize(700, 500)


def test_a_run_that_is_replaced_under_the_hand(view: ExplorerView) -> None:
    answer(view, frame(64))
    handle = view.explorer.plane.handles[0]
    handle.dragged.emit(1.0, 1.0)
    view.draw(replace(frame(2, key=9), pictures={"decoded": {}}))
    handle.dragged.emit(2.0, 2.0)
    assert view.focus() == {"z": ((2.0, 2.0),)}
    shown = answer(view, frame(2, key=9))
    view.draw(replace(frame(1, key=10), pictures=shown.pictures))
    assert len(view.focus()["z"][0]) == 1
    view.grab()


def test_a_gan_has_noise_to_explore_and_nothing_to_paint(view: ExplorerView) -> None:
    turn(view, PAINT, answer(view, frame()))
    answer(view, gan_frame(20, gan=Gan(noise=8, noise_law="uniform"), shape=(8, 8)))
    assert view.tab == POINT
    assert not view.tabs.isTabEnabled(PAINT)
    assert "no encoder" in view.tabs.tabToolTip(PAINT)
    view.probe_at(5.0, -5.0)
    assert view.focus()["z"][0][:2] == (1.0, -1.0)


def test_why_there_is_nothing(view: ExplorerView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(0))
    assert "▶" in view._stage.sentence
    answer(view, frame())
    assert view._stage.sentence == ""
    view.clear()
    assert "▶" in view._stage.sentence


def test_only_the_tab_in_sight_asks(qtbot: QtBot, view: ExplorerView) -> None:
    for tab, needs in ((PATH, {"decoded", "codes"}), (TRAVERSE, {"decoded"}), (PAINT, {"painted", "reconstructions"})):
        with qtbot.waitSignal(view.focus_changed):
            view.tabs.setCurrentIndex(tab)
        assert view.needs == needs
        assert set(view.focus()) == ({"painted"} if tab == PAINT else {"z"})
