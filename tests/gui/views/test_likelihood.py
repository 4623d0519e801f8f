"""The likelihood view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK
from guiapp.gui.views.likelihood import LikelihoodView
from guiapp.messages import Studied
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.studies import likelihood_picture, report


@pytest.fixture
def view(qtbot: QtBot) -> LikelihoodView:
    view = LikelihoodView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(found: Studied | None, steps: int = 2000) -> Frame:
    return replace(vae_frame(steps), studies={} if found is None else {"likelihood": found})


def test_curves_error_bars_and_the_elbo(view: LikelihoodView) -> None:
    picture = likelihood_picture()
    view.draw(frame(report("likelihood", picture)))
    for way in ("importance", "prior"):
        x, y = view._plot.curves[way].getData()
        np.testing.assert_allclose(y, picture[way])
        np.testing.assert_allclose(x, np.arange(11), atol=0.1)
        _, ends = view._plot.bars[way].getData()
        np.testing.assert_allclose(ends.reshape(-1, 6)[:, 0], picture[way] - picture[f"{way}_error"])
        np.testing.assert_allclose(ends.reshape(-1, 6)[:, 5], picture[way] + picture[f"{way}_error"])
    assert set(view._plot.elbo.getData()[1]) == {-103.0}
    home = view._plot.home
    assert home.top() < -430
    assert home.bottom() > -98


def test_the_numbers_have_units(view: LikelihoodView) -> None:
    view.draw(frame(report("likelihood", likelihood_picture())))
    text = view._table.text()
    assert "nats per datum" in text
    assert "bits/dim" in text
    assert "−100.09 ± 1.5" in text
    assert f"{100.09375 / (784 * np.log(2)):.4g}" in text
    assert "of 1,024" in text
    view.resize(400, 400)
    assert "of 1,024" not in view._table.text(), "no room"
    assert "nats per datum" in view._table.text()


def test_the_bars_of_the_draws_alone(view: LikelihoodView) -> None:
    picture = likelihood_picture()
    view.draw(frame(report("likelihood", picture)))
    view._errors.setCurrentIndex(1)
    _, ends = view._plot.bars["prior"].getData()
    np.testing.assert_allclose(ends.reshape(-1, 6)[:, 1], picture["prior"] + picture["prior_noise"])
    assert view._plot.words((10.2, 0.0)) == "K = 1,024 · importance −100.09 ± 0.1 · prior −109.38 ± 0.1"


def test_a_curve_switched_off_leaves_its_room_to_the_others(view: LikelihoodView) -> None:
    view.draw(frame(report("likelihood", likelihood_picture())))
    view._legend.switches["prior"].setChecked(False)
    assert (
        len(view._plot.curves["prior"].getData()[0] if view._plot.curves["prior"].getData()[0] is not None else ()) == 0
    )
    assert view._plot.home.top() > -110
    for switch in view._legend.switches.values():
        switch.setChecked(False)
    view.grab()
    for switch in view._legend.switches.values():
        switch.setChecked(True)
    assert view._plot.home.top() < -430


def test_start_asks_with_the_options_chosen_and_cancel_stops(view: LikelihoodView) -> None:
    asked, stopped = QSignalSpy(view.study_asked), QSignalSpy(view.study_stopped)
    QTest.mouseClick(view._bar.start, Qt.MouseButton.LeftButton)
    assert asked.count() == 0, "there is no model yet, and nobody would answer"
    view.draw(frame(None))
    view._data.setValue(250)
    view._draws.setCurrentIndex(1)
    QTest.mouseClick(view._bar.start, Qt.MouseButton.LeftButton)
    assert asked.at(0) == ["likelihood", {"data": 250, "draws": 64}]
    assert view._bar.cancel.isVisible()
    assert not view._bar.start.isEnabled()
    QTest.mouseClick(view._bar.cancel, Qt.MouseButton.LeftButton)
    assert stopped.count() == 1
    assert view._bar.start.isEnabled()
    assert not view._bar.cancel.isVisible()


def test_progress_while_it_is_under_way(view: LikelihoodView) -> None:
    half = report("likelihood", likelihood_picture(reached=64), 0.25)
    view.draw(frame(half))
    assert view._bar.bar.isVisible()
    assert "25 %" in view._bar.bar.text()
    assert len(view._plot.curves["prior"].getData()[0]) == 7
    assert view._plot.home.right() > 10, "there is room for what will come"
    view.draw(frame(report("likelihood", likelihood_picture())))
    assert not view._bar.bar.isVisible()
    view.draw(frame(report("likelihood", likelihood_picture(reached=64), 0.3, trouble="Stopped.")))
    assert not view._bar.bar.isVisible()
    assert view._status.text.startswith("Stopped · log p(x) − ELBO ≥ about 2.62 nats · of step 2,000")
    assert len(view._plot.curves["prior"].getData()[0]) == 7, "what was found stays"


def test_which_step_it_is_of_and_that_it_is_stale(view: LikelihoodView) -> None:
    found = report("likelihood", likelihood_picture(), step=1500)
    view.draw(frame(found))
    assert view._status.text.startswith("Log p(x) − ELBO ≥ about 2.91 nats · of step 1,500, stale: the step")
    view.draw(frame(found, steps=1500))
    assert " · of step 1,500 · 100 held-out data · " in view._status.text
    view.draw(frame(found, steps=700))
    assert "later than the step shown, 700" in view._status.text


def test_drawing_the_same_report_again_costs_nothing(view: LikelihoodView, monkeypatch: pytest.MonkeyPatch) -> None:
    found = report("likelihood", likelihood_picture())
    view.draw(frame(found))
    monkeypatch.setattr(view._plot, "show_picture", lambda _: pytest.fail("drawn anew"))
    view.draw(frame(found, 2100))


def test_a_low_view_has_no_table_and_a_narrow_one_fewer_columns(view: LikelihoodView) -> None:
    view.draw(frame(report("likelihood", likelihood_picture())))
    for height, shown in ((400, True), (170, False), (240, True)):
        view.resize(420, height)
        assert view._table.isVisible() == shown
    for width in (300, 400, 440, 470, 500, 600, 800):
        view.resize(width, 400)
        assert view._table.sizeHint().width() <= max(width, 400), "nothing is cut"
    assert "effective draws" in view._table.text()
    view.resize(400, 400)
    assert "effective draws" not in view._table.text()


def test_empty_and_in_trouble(view: LikelihoodView) -> None:
    assert "▶" in view._stage.sentence
    assert "Estimate" in view._stage.sentence
    view.draw(frame(None))
    assert "▶" in view._stage.sentence
    view.draw(frame(report("likelihood", {}, 0.0)))
    assert "first draws" in view._stage.sentence
    view.draw(frame(report("likelihood", {}, 0.0, trouble="There is not enough memory for this; take fewer data.")))
    assert "not enough memory" in view._stage.sentence
    view.draw(frame(report("likelihood", likelihood_picture())))
    assert view._stage.sentence == ""
    view.clear()
    assert "▶" in view._stage.sentence
    assert view._status.text == ""
    view.draw(gan_frame())
    assert view._stage.sentence == LikelihoodView.missing


def test_a_new_run_forgets_what_was_asked_for(view: LikelihoodView) -> None:
    view._bar.ask()
    view.clear()
    assert not view._bar.under_way
    assert not view._bar.start.isEnabled(), "there is no model yet"
    view.draw(frame(None))
    assert view._bar.start.isEnabled()


@pytest.mark.filterwarnings("error")
def test_a_diverged_model(view: LikelihoodView) -> None:
    picture = {name: value * np.nan if name.startswith(("imp", "pri", "elbo", "log")) else value
               for name, value in likelihood_picture().items()}  # fmt: skip
    view.draw(frame(report("likelihood", picture)))
    assert "diverged" in view._status.text
    view.grab()
    view._plot.words((3.0, 0.0))


def test_the_numbers_can_be_saved_and_the_picture_is_not_blank(view: LikelihoodView) -> None:
    assert view._plot._table()[1].shape == (0, 9)
    view.draw(frame(report("likelihood", likelihood_picture())))
    names, rows = view._plot._table()
    assert rows.shape == (11, len(names)) == (11, 9)
    view.set_theme(DARK)
    image = view.grab().toImage()
    assert len({image.pixel(x, y) for x in range(60, 600, 3) for y in range(80, 300, 3)}) > 5
