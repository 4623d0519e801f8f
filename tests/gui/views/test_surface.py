"""The view of the loss surface."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views.surface import SurfaceView
from guiapp.gui.widgets.surface_heights import heights, told
from guiapp.gui.widgets.surface_relief import coloured, refined, shade
from guiapp.messages import Picture, Studied
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.studies import report
from tests.gui.surfaces import path_picture, surface_picture


@pytest.fixture
def view(qtbot: QtBot) -> SurfaceView:
    view = SurfaceView()
    qtbot.addWidget(view)
    view.resize(720, 480)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(found: Studied | None, steps: int = 2000, whole: Frame | None = None) -> Frame:
    return replace(whole or vae_frame(steps), studies={} if found is None else {"surface": found})


def show(view: SurfaceView, picture: Picture, **changes: Any) -> None:
    view.draw(frame(report("surface", picture, **changes)))


# ---------------------------------------------------------------------------------------------------------- pictures


def bowl() -> Picture:
    """L = 7 + a² + b², whose contours are circles."""
    a = np.linspace(-1, 1, 25)
    loss = 7 + a[None] ** 2 + a[:, None] ** 2
    return {**surface_picture(), "a": a, "b": a, "loss": loss, "centre": np.array(7.0)}


def test_contours_lie_where_the_loss_is_what_their_labels_say(view: SurfaceView) -> None:
    show(view, bowl())
    x, y = view._plot.contours.getData()
    assert len(x) > 500
    scale = view._plot.heights
    assert scale is not None
    radius = np.hypot(x, y)
    wanted = np.sqrt(np.array(scale.levels()) - 7)
    off = np.abs(radius[:, None] - wanted).min(1)
    assert off.max() < 0.01
    for label in view._plot.labels.labels[1:]:
        distance = np.hypot(*np.array(label.places).T)
        np.testing.assert_allclose(7 + distance**2, float(label.text), atol=0.03)


@pytest.mark.parametrize("log", [True, False])
def test_rows_are_b_and_columns_are_a(view: SurfaceView, log: bool) -> None:
    picture = surface_picture()
    a = np.linspace(-1, 1, 25)
    show(view, {**picture, "loss": np.exp(a)[None] + 0 * a[:, None]})
    view._tools.scale.setCurrentIndex(0 if log else 1)
    view._tools.look.setCurrentIndex(1)
    pixels = view._plot.heat.levels
    assert pixels is not None
    assert pixels.shape[2] == 3
    assert (pixels == pixels[:1]).all(), "the loss does not depend on b"
    assert (pixels[0] != pixels[0, 0]).any()
    x, _ = view._plot.contours.getData()
    assert set(np.round(np.exp(x[::2]), 1)) <= {round(level, 1) for level in view._plot.heights.levels()}


def test_relief_lines_and_both(view: SurfaceView) -> None:
    show(view, surface_picture())
    seen = {}
    for i in range(3):
        view._tools.look.setCurrentIndex(i)
        seen[i] = (view._plot.heat.levels.copy(), len(view._plot.contours.getData()[0]))
    assert np.array_equal(seen[0][0], seen[2][0])
    assert not np.array_equal(seen[0][0], seen[1][0]), "without light"
    assert seen[0][1] == seen[1][1] > 0
    assert seen[2][1] == 0


def test_the_parts_of_a_vae(view: SurfaceView) -> None:
    picture = surface_picture()
    show(view, picture)
    assert not view._tools.part.isHidden()
    assert view._tools.player.isHidden()
    assert view._plot.labels.labels[0].text.startswith("loss 241")
    view._tools.part.setCurrentIndex(2)
    assert view._plot.labels.labels[0].text.startswith("KL 10")
    assert view._plot.heights.highest == pytest.approx(picture["kl"].max())
    assert view._scale.accessibleName().startswith("KL")


def test_the_path_with_its_steps(view: SurfaceView) -> None:
    picture = path_picture()
    show(view, picture)
    x, y = view._plot.path.getData()
    np.testing.assert_allclose(np.stack([x, y], 1), picture["path"])
    texts = [label.text for label in view._plot.labels.labels]
    assert texts[1] == "step 0"
    assert "step 512" in texts
    assert len(view._plot.labels.dots) == 11
    title = view._plot.getAxis("bottom").labelText
    assert title.startswith("PCA 1, 83 % of the path's variance")
    assert view._plot._titles[1].startswith("PCA 2, 9.4 %")
    assert view._plot.words((-20.0, 0.0)).startswith("step 0 · a = ")
    show(view, surface_picture())
    assert view._plot._titles[0] == "direction 1, in multiples of ‖w‖ per filter"
    assert len(view._plot.path.getData()[0]) == 0


def test_hovering_reads_the_nearest_node(view: SurfaceView) -> None:
    picture = surface_picture()
    show(view, picture)
    view._plot.hovered.emit((0.26, -0.49))
    j, i = 15, 6
    assert view._status.pointed == (
        f"a = 0.25, b = −0.5 · loss {picture['loss'][i, j]:.1f} · reconstruction "
        f"{picture['reconstruction'][i, j]:.1f} · KL {picture['kl'][i, j]:.1f}"
    )
    view._plot.hovered.emit(None)
    assert view._status.pointed == ""


# ------------------------------------------------------------------------------------------------------- bad numbers


@pytest.mark.filterwarnings("error")
def test_what_is_not_finite_is_blank_and_counted(view: SurfaceView) -> None:
    show(view, surface_picture(player="d", blank=6))
    assert view._plot.blanks == 36
    assert "36 of 625 nodes are not finite, left blank" in view._status.text
    corner, middle = view._plot.heat.levels[-1, -1], view._plot.heat.levels[0, 0]
    assert corner.tolist() == [255, 255, 255]
    assert middle.tolist() != [255, 255, 255]
    x, y = view._plot.contours.getData()
    assert not ((x > 0.6) & (y > 0.6)).any()
    assert "not finite" in view._plot.words((1.0, 1.0))
    view.grab()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, 3.0, -1e30])
def test_a_surface_of_nothing_or_of_one_value(view: SurfaceView, value: float) -> None:
    picture = surface_picture(player="g")
    picture = {**picture, "loss": np.full((25, 25), value), "centre": np.array(value)}
    for k in range(2):
        view._tools.scale.setCurrentIndex(k)
        show(view, {**picture, "count": np.array(k)})
        view.grab()
    assert ("625 of 625" in view._status.text) == bool(np.isnan(value))


@pytest.mark.filterwarnings("error")
def test_losses_of_any_size_and_sign() -> None:
    grid = np.linspace(-1, 1, 9)
    for scale in (1e-7, 1.0, 1e12):
        for shift in (-5.0, 0.0, 300.0):
            losses = scale * (grid[None] ** 2 + 3 * grid[:, None] ** 2 + shift)
            for log in (True, False):
                found = heights(losses, log)
                assert found is not None
                levels = found.levels()
                assert 2 <= len(levels) <= 10
                assert all(found.lowest < level < found.highest for level in levels)
                assert (np.diff(found.of(np.sort(losses.ravel()))) >= 0).all()
                assert len({found.text(level) for level in levels}) == len(levels)
    assert heights(np.full((5, 5), np.nan), True) is None


def test_numbers_have_the_digits_that_tell_them_apart() -> None:
    assert told(243.674, 0.5) == "243.67"
    assert told(-1234.5, 30.0) == "−1,234"
    assert told(3.2e7, 1e6) == "3.20e7"
    assert told(3.2e7, 1e4) == "3.2000e7"
    assert told(np.inf, 1.0) == "not finite"


def test_a_fine_grid_goes_through_the_nodes_and_is_exact_on_a_plane() -> None:
    rng = np.random.default_rng(0)
    grid = rng.normal(size=(25, 25))
    fine = refined(grid)
    assert fine.shape == (97, 97)
    np.testing.assert_allclose(fine[::4, ::4], grid)
    a = np.linspace(0, 1, 7)
    fine = refined(2 * a[None] - 3 * a[:, None])
    b = np.linspace(0, 1, len(fine))
    np.testing.assert_allclose(fine, 2 * b[None] - 3 * b[:, None], atol=1e-12)


def test_the_light_comes_from_the_upper_left() -> None:
    a = np.linspace(-1, 1, 41)
    hill = np.exp(-3 * (a[None] ** 2 + a[:, None] ** 2))
    light = shade(hill)
    assert light[30, 10] > 1 > light[10, 30], "row 0 is at the bottom"
    assert light[20, 20] == pytest.approx(1, abs=0.01)
    np.testing.assert_allclose(shade(np.zeros((5, 5))), 1)
    table = [0xFFFFFFFF, *[0xFF808080] * 255]
    picture = coloured(np.array([[0, 9], [9, 9]], np.uint8), table, np.array([[0.5, 0.5], [1.0, 1.3]]))
    assert picture[0, 0].tolist() == [255] * 3, "what is blank is not lit"
    assert picture[0, 1, 0] == 64
    assert picture[1, 0, 0] == 128 < picture[1, 1, 0]


# ------------------------------------------------------------------------------------------------- asking and telling


def test_compute_asks_with_the_options_chosen_and_cancel_stops(view: SurfaceView) -> None:
    asked, stopped = QSignalSpy(view.study_asked), QSignalSpy(view.study_stopped)
    QTest.mouseClick(view._tools.bar.start, Qt.MouseButton.LeftButton)
    assert asked.count() == 0, "there is no model yet, and nobody would answer"
    view.draw(frame(None))
    view._tools.seed.setValue(4)
    view._tools.nodes.setCurrentIndex(0)
    view._tools.extent.setValue(6)
    QTest.mouseClick(view._tools.bar.start, Qt.MouseButton.LeftButton)
    assert asked.at(0) == ["surface", {"directions": "random", "nodes": 13, "data": 256, "reach": 0.5, "seed": 4}]
    assert view._tools.bar.cancel.isVisible()
    QTest.mouseClick(view._tools.bar.cancel, Qt.MouseButton.LeftButton)
    assert stopped.count() == 1


def test_of_a_game_a_player_and_of_a_path_the_run_file(view: SurfaceView) -> None:
    asked = QSignalSpy(view.study_asked)
    game = gan_frame()
    game = replace(game, run=replace(game.run, run_file="/runs/one.elbo"))
    view.draw(frame(None, whole=game))
    assert view._tools.part.isHidden()
    view._tools.player.setCurrentIndex(1)
    view._tools.way.setCurrentIndex(1)
    assert view._tools.seed.isHidden()
    assert "path" in view._tools._extent_text.text()
    view._tools.bar.ask()
    options = asked.at(0)[1]
    assert (options["player"], options["directions"], options["run_file"]) == ("d", "path", "/runs/one.elbo")
    assert "seed" not in options
    view.draw(frame(report("surface", surface_picture(player="d")), whole=game))
    assert "loss of D, G fixed" in view._status.text


def test_which_step_it_is_of_and_that_it_is_stale(view: SurfaceView) -> None:
    found = report("surface", surface_picture(), step=1500)
    view.draw(frame(found))
    assert view._status.text.startswith("Loss at the centre 241.00 · of step 1,500, stale: the step shown is 2,000 · ")
    assert "curvature 196.0 and 284.0 along the axes" in view._status.text
    assert view._tools.bar.start.text() == "Recompute"
    view.draw(frame(found, steps=700))
    assert "later than the step shown, 700" in view._status.text


def test_grid_by_grid_with_progress(view: SurfaceView) -> None:
    show(view, {"player": np.array(["vae"])}, progress=0.0)
    assert "first nodes" in view._stage.sentence
    show(view, surface_picture(shown=7), progress=0.3)
    assert view._stage.sentence == ""
    assert "30 %" in view._tools.bar.bar.text()
    home = view._plot.home
    show(view, surface_picture(), progress=1.0)
    assert view._plot.home == home, "the axes stay where they are"
    assert not view._tools.bar.bar.isVisible()
    show(view, surface_picture(shown=13), progress=0.4, trouble="Stopped.")
    assert view._status.text.startswith("Stopped · loss at the centre")


def test_the_same_grid_is_not_drawn_again(view: SurfaceView, monkeypatch: pytest.MonkeyPatch) -> None:
    show(view, surface_picture(shown=13), progress=0.3)
    monkeypatch.setattr(view._plot, "show_picture", lambda _: pytest.fail("drawn anew"))
    show(view, surface_picture(shown=13), progress=0.4)


def test_empty_in_trouble_and_another_run(view: SurfaceView) -> None:
    assert "▶" in view._stage.sentence
    assert "Compute" in view._stage.sentence
    view.draw(frame(None))
    assert "▶" in view._stage.sentence
    sentence = "This could not be computed: the path takes 3 keyframes at least, and the run file holds 2 up to step 1."
    show(view, {"player": np.array(["vae"])}, progress=0.0, trouble=sentence)
    assert view._stage.sentence == sentence
    show(view, surface_picture())
    view.clear()
    assert "▶" in view._stage.sentence
    assert view._status.text == ""
    assert not view._tools.isEnabled()
    assert view._tools.bar.start.text() == "Compute"
    show(view, surface_picture())
    assert view._stage.sentence == "", "the same surface is drawn for the new run as well"


def test_labels_never_cover_one_another(view: SurfaceView, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = []
    place = view._plot.labels._place

    def watched(label: Any, width: float, height: float, room: Any, taken: list[Any]) -> Any:
        rect = place(label, width, height, room, taken)
        if rect is not None:
            placed.append(rect)
        return rect

    monkeypatch.setattr(view._plot.labels, "_place", watched)
    show(view, path_picture())
    view.grab()
    last = placed[-len({(r.x(), r.y()) for r in placed}) :]
    assert len(last) >= 8
    for i, one in enumerate(last):
        assert not any(one.intersects(other) for other in last[:i])


def test_numbers_can_be_saved_and_both_themes_show_something(view: SurfaceView) -> None:
    assert view._plot._table()[1].shape == (0, 3)
    picture = surface_picture()
    show(view, picture)
    names, rows = view._plot._table()
    assert names == ("a", "b", "loss", "reconstruction", "kl")
    assert rows.shape == (625, 5)
    np.testing.assert_allclose(rows[30], [-1 + 5 / 12, -1 + 1 / 12, *(picture[n][1, 5] for n in names[2:])])
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        image = view.grab().toImage()
        assert len({image.pixel(x, y) for x in range(80, 600, 7) for y in range(100, 400, 7)}) > 100


def test_a_narrow_view_has_no_scale(view: SurfaceView) -> None:
    show(view, surface_picture())
    assert view._scale.isVisible()
    view.resize(340, 400)
    assert not view._scale.isVisible()
