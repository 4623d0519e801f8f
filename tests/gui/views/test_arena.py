"""The arena as a view."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import THEMES
from guiapp.gui.views.arena import ArenaView
from guiapp.gui.widgets.arena_canvas import FOLLOWED, LONGEST, MEMORY
from guiapp.gui.widgets.arena_steps import PHASES
from guiapp.spec import Gan
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import arena_picture


@pytest.fixture
def view(qtbot: QtBot) -> ArenaView:
    view = ArenaView()
    qtbot.addWidget(view)
    view.resize(820, 560)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(step: int = 100, key: int = 1, gan: Gan | None = None, **changed: Any) -> Frame:
    picture = {**arena_picture(), **changed}
    picture = {name: values for name, values in picture.items() if values is not None}
    made = gan_frame(1, gan=gan, pictures={"arena": picture}, key=key)
    return replace(made, step=step, running=False)


def test_every_layer_holds_its_data(view: ArenaView) -> None:
    picture = arena_picture()
    view.draw(frame())
    canvas = view.canvas
    assert_allclose(canvas.real.points, picture["real"])
    assert_allclose(canvas.generated.points, picture["generated"])
    x, y = canvas.line.getData()
    assert_allclose(y, 0.3 * np.sin(3 * x), atol=0.01)
    x, y = canvas.arrows.getData()
    assert_allclose(y[1::5] - y[::5], -0.1 * 1.5, rtol=1e-5)
    assert sum(len(found) for found in canvas.mesh.grades.values()) == 16 * 16
    assert view.bar.isVisible()


@pytest.mark.parametrize("factor", [1e-6, 1.0, 27.0])
def test_fitted_arrows_show_which_pushes_are_larger_whatever_their_size(view: ArenaView, factor: float) -> None:
    push = np.zeros((3, 2), np.float32)
    push[:, 0] = [factor, 2 * factor, np.nan]
    view.draw(frame(at=np.zeros((3, 2), np.float32), push=push))
    x, _ = view.canvas.arrows.getData()
    extent = view.canvas.extent
    assert_allclose((x[1::5] - x[::5]) / extent, [0.1 / 1.5, 0.2 / 1.5], rtol=1e-5)
    view.tools.scale.setCurrentIndex(view.tools.scale.findText("Arrows × 1"))
    x, _ = view.canvas.arrows.getData()
    assert_allclose((x[1] - x[0]) / extent, min(0.15 * factor, LONGEST), rtol=1e-5)


def test_each_layer_has_its_switch(view: ArenaView) -> None:
    view.draw(frame())
    for name, switch in view.tools.switches.items():
        for on in (False, True):
            switch.setChecked(on)
            view.draw(frame())
            assert view.canvas.is_on(name) == on
    assert "trails" in view.tools.switches


def test_the_field_can_be_chosen_and_asks_for_what_it_needs(view: ArenaView, qtbot: QtBot) -> None:
    view.draw(frame())
    assert view.focus() == {}
    seen = {}
    for i in range(view.tools.field.count()):
        if i:
            with qtbot.waitSignal(view.focus_changed):
                view.tools.field.setCurrentIndex(i)
        seen[view.kind] = (view.canvas.shown.symbol, bool(view.focus()))
    assert seen == {
        "belief": ("D(x)", False),
        "logit": ("a(x)", False),
        "optimum": ("D*(x)", True),
        "difference": ("D − D*", True),
    }
    view.draw(frame(optimum=None))
    assert "known only of a law" in view.status.text
    assert not view.bar.isVisible()


def test_the_game_is_that_of_the_edit_in_force(view: ArenaView) -> None:
    """A live edit changes the objective, and with it what D's output means; looking back, it has not happened yet."""
    made = frame(gan=Gan(objective="non-saturating"))
    edits = ((150, "model.objective", "non-saturating", "hinge"),)
    edited = gan_frame(1, pictures=made.pictures, edits=edits, key=1)
    view.draw(replace(edited, step=200))
    assert view.canvas.shown.title == "critic's value a(x)"
    assert view.tools.switches["line"].isVisible()
    view.draw(replace(edited, step=100, until=200))
    assert view.canvas.shown.title.startswith("D(x)")
    view.draw(frame(gan=Gan(objective="Wasserstein")))
    assert not view.tools.switches["line"].isVisible()
    assert not len(view.canvas.line.getData()[0])


def test_the_morph_goes_from_the_noise_to_the_data(view: ArenaView) -> None:
    picture = arena_picture()
    view.draw(frame())
    view.tools.morph.setValue(0)
    assert_allclose(view.canvas.generated.points, picture["noise"] * 1.5 / 3, atol=1e-6)
    assert not view.canvas.is_on("arrows")
    view.tools.morph.setValue(30)
    assert_allclose(view.canvas.generated.points, (picture["noise"] / 2 + picture["generated"]) / 2, atol=1e-6)
    view.tools.play.click()
    while view.tools.morph.value() < view.tools.morph.maximum():
        view.tools._advance()
    assert not view.tools._timer.isActive()
    assert_allclose(view.canvas.generated.points, picture["generated"])
    assert view.canvas.is_on("arrows")


@pytest.mark.parametrize("z", [1, 8])
def test_noise_of_other_sizes(view: ArenaView, z: int) -> None:
    made = gan_frame(1, gan=Gan(noise=z), pictures={"arena": arena_picture(z)})
    view.draw(made)
    view.tools.morph.setValue(0)
    assert len(view.canvas.generated.points) == 750
    assert view.tools.switches["mesh"].isVisible() == (z == 1)
    assert ("more than 2 dimensions" in view.status.text) == (z == 8)
    view.grab()


def test_trails_remember_so_much_and_no_more(view: ArenaView) -> None:
    view.tools.switches["trails"].setChecked(True)
    for step in range(1, MEMORY + 20):
        view.draw(frame(step, generated=np.full((50, 2), step / 1000)))
        view.draw(frame(step))
    x, _ = view.canvas.trails.getData()
    assert len(x) == FOLLOWED * MEMORY
    assert x[0] == pytest.approx(0.02)
    view.draw(replace(frame(5), until=100))
    assert not len(view.canvas.trails.getData()[0]), "one looks back"
    view.draw(frame(100))
    view.draw(frame(101))
    assert len(view.canvas.trails.getData()[0]) == 2 * FOLLOWED
    view.draw(frame(102, key=2))
    assert not len(view.canvas.trails.getData()[0]), "another run"


def test_steps_are_asked_for(view: ArenaView, qtbot: QtBot) -> None:
    view.draw(frame())
    for player, button in view.tools.steps.items():
        with qtbot.waitSignal(view.step_asked, check_params_cb=lambda n, who, player=player: (n, who) == (1, player)):
            button.click()


def test_slow_motion_lights_what_it_names(view: ArenaView) -> None:
    view.draw(frame())
    view.tools.slow.click()
    assert view.caption.text == PHASES[0].caption
    assert view.caption.isVisible()
    assert view.canvas.morph == 0
    assert view.canvas.field.opacity() < 0.2
    assert view.canvas.real.opacity() == 1
    view.slow.advance()
    view.slow.advance()
    assert view.canvas.field.opacity() == 1
    assert view.canvas.morph == 1
    view.draw(frame(107))
    assert not view.slow.playing
    assert not view.tools.slow.isChecked()
    assert not view.caption.isVisible()
    assert view.canvas.mesh.opacity() == 1
    assert "training was run" in view.status.text


def test_slow_motion_ends_where_nobody_watches_or_one_looks_back(view: ArenaView) -> None:
    view.draw(frame())
    view.tools.slow.click()
    view.hide()
    assert not view.slow.playing
    view.show()
    view.tools.slow.click()
    view.draw(replace(frame(50), until=100))
    assert not view.slow.playing
    view.draw(frame())
    view.tools.slow.click()
    view.tools.steps["d"].click()
    assert not view.slow.playing
    view.tools.slow.click()
    view.clear()
    assert not view.slow.playing


def test_a_drawing_becomes_a_run(view: ArenaView, qtbot: QtBot) -> None:
    view.open_drawing()
    assert view._dialog is None, "there is nothing to draw for yet"
    view.draw(frame())
    view.tools.draw.click()
    dialog = view._dialog
    assert dialog is not None
    dialog.canvas.set_points([[0.5, 0.25]])
    with qtbot.waitSignal(view.run_asked) as asked:
        dialog.accept()
    assert asked.args == [{"data.name": "drawn", "data.drawing": "0.500 0.250", "data.blur": pytest.approx(0.03)}]
    view.tools.draw.click()
    with qtbot.assertNotEmitted(view.run_asked):
        assert view._dialog is not None
        view._dialog.done(QDialog.DialogCode.Rejected)


def test_what_is_wrong_is_said(view: ArenaView) -> None:
    made = np.clip(arena_picture()["generated"], -1.4, 1.4)
    made[:7] = 99
    view.draw(frame(generated=made))
    assert "7 generated lie outside the square" in view.status.text
    made[:7], logit = np.nan, np.full((48, 48), np.nan)
    view.draw(frame(generated=made, logit=logit, push=np.full((150, 2), np.nan)))
    for words in ("7 left out: not finite", "D's output is not finite in places", "150 arrows are not finite"):
        assert words in view.status.text
    view.grab()
    view.draw(frame(generated=np.full((750, 2), 0.3), mesh=np.full((17, 17, 2), 0.3)))
    assert "all generated points lie in one spot" in view.status.text
    view.grab()


def test_the_field_is_read_at_the_pointer(view: ArenaView) -> None:
    view.draw(frame())
    view.canvas.hovered.emit((0.0, -1.0))
    assert view.status.pointed.startswith("x₁ = 0, x₂ = −1, D(x) = 0.9")
    view.canvas.hovered.emit((9.0, 0.0))
    assert "D(x)" not in view.status.pointed
    view.canvas.hovered.emit(None)
    assert view.status.pointed == ""


def test_why_there_is_nothing(view: ArenaView) -> None:
    assert "▶" in view._stage.sentence
    for other in (vae_frame(), vae_frame(shape=(2,)), gan_frame(shape=(28, 28))):
        view.draw(other)
        assert view._stage.sentence == ArenaView.missing
    view.draw(gan_frame())
    assert "▶" in view._stage.sentence
    view.draw(frame())
    assert view._stage.sentence == ""


def test_a_picture_without_what_is_not_always_there(view: ArenaView) -> None:
    for name in ("mesh", "optimum"):
        view.draw(frame(**{name: None}))
        view.grab()


@pytest.mark.parametrize("name", THEMES)
def test_the_middle_of_the_field_is_the_background(view: ArenaView, name: str) -> None:
    view.set_theme(THEMES[name])
    for switch in view.tools.switches.values():
        switch.setChecked(False)
    view.draw(frame(logit=np.zeros((48, 48))))
    without = view.canvas.grab().toImage().pixelColor(300, 200)
    view.tools.switches["field"].setChecked(True)
    assert view.canvas.grab().toImage().pixelColor(300, 200) == without


def test_the_numbers_can_be_saved(view: ArenaView) -> None:
    view.draw(frame())
    names, rows = view._table()
    assert (names, rows.shape) == (("x1", "x2", "generated"), (1500, 3))


def test_in_a_small_dock_the_picture_comes_first(view: ArenaView) -> None:
    view.draw(frame())
    assert view.tools.slow.isVisible()
    view.resize(340, 320)
    assert not view.tools.slow.isVisible()
    assert view.canvas.height() > 120
    view.tools.more.click()
    assert view.tools.slow.isVisible()
    view.resize(820, 560)
    assert view.tools.slow.isVisible()
    assert not view.tools.more.isVisible()
