"""The posterior view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK
from guiapp.gui.views.posterior import PosteriorView
from guiapp.messages import Studied
from guiapp.spec import Vae
from tests.gui.frames import CLASSES, gan_frame, vae_frame
from tests.gui.studies import posterior_picture, report


@pytest.fixture
def view(qtbot: QtBot) -> PosteriorView:
    view = PosteriorView()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(found: Studied | None, steps: int = 2000, latent: int = 2, shape: tuple[int, ...] = (28, 28)) -> Frame:
    made = vae_frame(steps, vae=Vae(latent=latent), shape=shape, classes=CLASSES if shape == (28, 28) else ())
    return replace(made, studies={} if found is None else {"posterior": found})


def test_the_posterior_lies_under_both_gaussians(view: PosteriorView) -> None:
    picture = posterior_picture()
    view.draw(frame(report("posterior", picture)))
    levels = view._plot.heat.levels
    assert levels is not None
    row, column = np.unravel_index(levels.argmax(), levels.shape)
    np.testing.assert_allclose(
        (-0.4 + 1.6 * (column + 0.5) / 96, -1.5 + 1.6 * (row + 0.5) / 96), picture["true_mean"], atol=0.02
    )
    for curve, name in ((view._plot.given, ""), (view._plot.best, "best_")):
        x, y = curve.getData()
        outer = slice(len(x) // 2, None)
        for values, axis in ((x[outer], 0), (y[outer], 1)):
            middle, reach = (values.max() + values.min()) / 2, (values.max() - values.min()) / 2
            assert middle == pytest.approx(picture[f"{name}mean"][axis])
            assert reach == pytest.approx(2 * picture[f"{name}std"][axis], rel=1e-3)


def test_the_outlines_are_those_of_one_and_two_sigma(view: PosteriorView) -> None:
    """Of a Gaussian the densest region of 39 % is its 1σ ellipse."""
    picture = posterior_picture()
    view.draw(frame(report("posterior", picture)))
    points = np.stack(view._plot.outlines.getData(), 1) - picture["true_mean"]
    distance = np.sqrt(np.einsum("pi,ij,pj->p", points, np.linalg.inv(picture["true_cov"]), points))
    assert np.abs(distance[:, None] - [1, 2]).min(1).max() < 0.05
    assert {1, 2} == set(np.round(distance).astype(int))


def test_the_bars_add_up(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture())))
    assert view._gap.parts == pytest.approx((0.4, 1.6))
    words = view._gap._words()
    assert words[0] == "log p(x) − ELBO = 2 nats"
    assert words[1] == "approximation 0.4 ± 0.001 nats = log p(x) − ELBO(q*)"
    assert words[5] == f"ELBO(q) −102.000 nats · {102 / (784 * np.log(2)):.3g} bits/dim"
    assert view._gap._table()[1].tolist() == [pytest.approx([-100, -100.4, -102, 0.4, 1.6])]


def test_the_bars_as_painted_are_as_long_as_the_gaps(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture())))
    image = view._gap.grab().toImage()
    row = view._gap.fontMetrics().height() * 3 // 2 + 8
    ratio = image.devicePixelRatio()
    colours = [image.pixelColor(x, round(row * ratio)).name() for x in range(image.width())]
    theme = view._gap._theme
    approximation, amortisation = colours.count(theme.kl), colours.count(theme.posterior)
    assert amortisation / approximation == pytest.approx(4, rel=0.05)
    assert amortisation + approximation == pytest.approx(view._gap.width() * ratio, rel=0.1), "2 is a round number"


def test_a_gap_below_zero_by_its_error_has_no_bar(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", {**posterior_picture(), "best_elbo": np.array(-99.999)})))
    assert view._gap.parts[0] < 0
    view.grab()


def test_the_datum_is_shown_with_its_reconstruction(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture(3))))
    assert len(view._datum.grid.tiles) == 2
    assert view._datum.grid.caption == "held-out datum 4, Coat"
    assert view._status.text.startswith("Held-out datum 4, Coat · of step 2,000 · the true posterior's")
    assert "correlation 0.75" in view._status.text
    view.draw(frame(report("posterior", posterior_picture(8, training=True))))
    assert view._datum.grid.caption == "training datum 9, Coat"


@pytest.mark.parametrize("shape", [(2,), (20,), (14, 10, 3)])
def test_data_of_other_shapes(view: PosteriorView, shape: tuple[int, ...]) -> None:
    view.draw(frame(report("posterior", posterior_picture(shape=shape)), shape=shape))
    assert view._stage.sentence == ""
    view.grab()


def test_choosing_a_datum_asks_for_it(view: PosteriorView) -> None:
    asked, stopped = QSignalSpy(view.study_asked), QSignalSpy(view.study_stopped)
    QTest.mouseClick(view._bar.start, Qt.MouseButton.LeftButton)
    assert asked.count() == 0, "there is no model yet, and nobody would answer"
    view.draw(frame(None))
    QTest.mouseClick(view._bar.start, Qt.MouseButton.LeftButton)
    assert asked.at(0) == ["posterior", {"index": 0, "of": "heldout"}]
    QTest.mouseClick(view._next, Qt.MouseButton.LeftButton)
    assert asked.at(1) == ["posterior", {"index": 1, "of": "heldout"}]
    view._of.setCurrentIndex(1)
    assert asked.count() == 2, "which of them is not said yet"
    view._index.setValue(17)
    assert asked.at(2) == ["posterior", {"index": 16, "of": "train"}]
    QTest.mouseClick(view._random, Qt.MouseButton.LeftButton)
    assert asked.at(3)[1]["index"] != 16
    QTest.mouseClick(view._bar.cancel, Qt.MouseButton.LeftButton)
    assert stopped.count() == 1


def test_it_learns_how_many_data_there_are(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture())))
    assert view._index.maximum() == 300
    asked = QSignalSpy(view.study_asked)
    view._index.setValue(300)
    view._next.click()
    assert view._index.value() == 1, "round again"
    assert asked.count() == 2
    view._of.setCurrentIndex(1)
    assert view._index.maximum() == 100, "of training data it is not known"
    view.clear()
    assert view._index.maximum() == 100


def test_random_reaches_every_other_datum(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", {**posterior_picture(), "count": np.array(5)})))
    seen = set()
    for _ in range(200):
        before = view._index.value()
        view._random.click()
        assert view._index.value() != before
        seen.add(view._index.value())
    assert seen == {1, 2, 3, 4, 5}


def test_one_datum_alone(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", {**posterior_picture(), "count": np.array(1)})))
    view._random.click()
    view._next.click()
    assert view._index.value() == 1


def test_while_the_next_one_is_computed_the_last_one_stays(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture(3))))
    first = {
        name: value for name, value in posterior_picture(4).items() if name in ("image", "index", "count", "training")
    }
    view.draw(frame(report("posterior", first, 0.1)))
    assert view._stage.sentence == ""
    assert view._bar.bar.isVisible()
    view.draw(frame(report("posterior", {}, 0.0, trouble="This could not be computed: there are 3 data.")))
    assert "there are 3 data" in view._stage.sentence


def test_stale(view: PosteriorView) -> None:
    found = report("posterior", posterior_picture(), step=900)
    view.draw(frame(found))
    assert "of step 900, stale: the step shown is 2,000" in view._status.text


@pytest.mark.parametrize("latent", [1, 3, 20])
def test_other_latent_spaces(view: PosteriorView, latent: int) -> None:
    view.draw(frame(None, latent=latent))
    assert f"this model has {latent}." in view._stage.sentence
    assert not view._tools.isEnabled()
    view.clear()
    view.draw(frame(None))
    assert view._tools.isEnabled()
    assert "▶" in view._stage.sentence


def test_why_there_is_nothing(view: PosteriorView) -> None:
    view.draw(gan_frame())
    assert view._stage.sentence == PosteriorView.missing


def test_parts_can_be_switched_off(view: PosteriorView) -> None:
    view.draw(frame(report("posterior", posterior_picture())))
    view._legend.switches["best"].setChecked(False)
    assert not view._plot.best.isVisible()
    assert view._plot.given.isVisible()
    view._legend.switches["true"].setChecked(False)
    assert not view._plot.heat.isVisible()


def test_what_lies_under_the_pointer(view: PosteriorView) -> None:
    assert view._plot.words((0.0, 0.0)) == ""
    view.draw(frame(report("posterior", posterior_picture())))
    assert view._plot.words((0.4, -0.7)).startswith("z = 0.4, −0.7 · p(z|x) = 6.0")
    assert "p(z|x)" not in view._plot.words((5.0, 5.0))
    assert view._plot._table()[1].shape == (96 * 96, 3)


def test_a_narrow_view_stacks_and_is_not_blank(view: PosteriorView) -> None:
    view.set_theme(DARK)
    view.draw(frame(report("posterior", posterior_picture())))
    view.resize(340, 460)
    image = view.grab().toImage()
    assert view._gap.y() > view._plot.y()
    assert len({image.pixel(x, y) for x in range(0, 340, 3) for y in range(60, 440, 3)}) > 30
