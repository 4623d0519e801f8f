"""The ELBO view: the bound, its terms, the latent dimensions, the unit and the warning."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views.elbo import ElboView
from guiapp.series import Series
from guiapp.spec import Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.views.evidence import evidence_frame, past

BIT = 784 * math.log(2)  # nats per datum of one bit per dimension
EDITS = ((300, "model.beta", 1.0, 4.0), (500, "model.averaged", False, True))
IWAE = Vae(latent=3, bound="importance weighted", draws=5)


@pytest.fixture
def view(qtbot: QtBot) -> ElboView:
    view = ElboView()
    qtbot.addWidget(view)
    view.resize(720, 640)
    with qtbot.waitExposed(view):
        view.show()
    return view


def names(view: ElboView) -> list[list[str]]:
    return [[curve.name for curve in plot.curves] for plot in (view._bound, view._kl)]


def drawn(view: ElboView) -> list[np.ndarray]:
    curves = [
        part
        for plot in (view._bound, view._kl)
        for curve in plot.curves
        for smooth in (False, True)
        for part in plot.points(curve.name, smooth)
    ]
    assert view._map.levels is not None
    return [*curves, view._map.levels, view._bars.values]


def settle(view: ElboView) -> None:
    """Lay out what has come or gone."""
    view.grab()
    QApplication.processEvents()


def without(frame: Frame, *prefixes: str) -> Frame:
    """The frame of a run that does not record these series."""
    kept = tuple(name for name in frame.series.names if not name.startswith(prefixes))
    series = Series(kept)
    series.append(np.stack([frame.series.values(name) for name in kept], 1))
    return replace(frame, run=replace(frame.run, names=kept), series=series)


def test_before_the_first_step_it_says_what_will_come(view: ElboView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(evidence_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(evidence_frame(1))
    assert view._stage.sentence == ""
    view.draw(past(evidence_frame(10), 0))
    assert "before its first step" in view._stage.sentence
    view.clear()
    assert "▶" in view._stage.sentence


def test_the_bound_is_its_first_term_less_the_kl(view: ElboView) -> None:
    frame = evidence_frame(400)
    view._controls.slider.setValue(0)
    view.draw(frame)
    term, bound, kl = (
        plot.points(name)[1]
        for plot, name in ((view._bound, "reconstruction"), (view._bound, "elbo"), (view._kl, "kl"))
    )
    np.testing.assert_allclose(bound, frame.series.values("elbo"), rtol=1e-6)
    np.testing.assert_allclose(term - kl, bound, rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0, 90])
def test_the_area_between_them_is_the_kl(view: ElboView, smoothing: int) -> None:
    view._controls.slider.setValue(smoothing)
    frame = evidence_frame(400)
    view.draw(frame)
    assert view._bound.band is not None
    corners = np.array([(p.x(), p.y()) for p in view._bound.band.polygon])
    low, high = corners[: len(corners) // 2], corners[len(corners) // 2 :][::-1]
    np.testing.assert_array_equal(low[:, 0], high[:, 0])
    late = low[:, 0] > 250
    assert (high[late, 1] - low[late, 1]).mean() == pytest.approx(frame.series.values("kl")[-150:].mean(), rel=0.02)
    view._bound.toggle("elbo")
    assert not view._bound.band.polygon.size()


def test_held_out_lines_go_through_their_points(view: ElboView) -> None:
    frame = evidence_frame(200)  # so few that each step has pixels of its own
    view.draw(frame)
    seen = np.arange(50, 201, 50)
    recon, kl = (frame.series.values(f"heldout/{name}")[seen - 1] for name in ("reconstruction", "kl"))
    for plot, name, values in (
        (view._bound, "heldout/elbo", -recon - kl),
        (view._bound, "heldout/reconstruction", -recon),
        (view._kl, "heldout/kl", kl),
    ):
        x, y = plot.points(name, smooth=True)
        assert set(seen) <= set(x.tolist())
        np.testing.assert_allclose([y[np.flatnonzero(x == at)[0]] for at in seen], values, rtol=1e-5)
        assert next(label for label, curve in zip(plot.labels, plot.curves, strict=True) if curve.name == name).dashed


def test_the_importance_weighted_bound_comes_where_it_is_trained(view: ElboView) -> None:
    view.draw(evidence_frame(300))
    assert "iwae" not in names(view)[0]
    frame = evidence_frame(300, vae=IWAE, key=2)
    view.draw(frame)
    assert "iwae" in names(view)[0]
    view._controls.slider.setValue(0)
    np.testing.assert_allclose(view._bound.points("iwae")[1], frame.series.values("iwae"), rtol=1e-6)


def test_bits_per_dimension_are_nats_by_d_log_2(view: ElboView) -> None:
    frame = evidence_frame(500)
    view._controls.slider.setValue(0)
    view.draw(frame)
    nats = [view._bound.points("elbo")[1], view._kl.points("kl")[1], view._kl.points("heldout/kl", smooth=True)[1][0]]
    assert " nats · effective β" in view._status.text
    view._units.choose(True)
    bits = [view._bound.points("elbo")[1], view._kl.points("kl")[1], view._kl.points("heldout/kl", smooth=True)[1][0]]
    for one, other in zip(nats, bits, strict=True):
        np.testing.assert_allclose(one / BIT, other, rtol=1e-5)
    assert view._bound._axis.title == view._kl._axis.title == "bits per dimension"
    assert " bits/dim · effective β" in view._status.text
    view._units.choose(False)
    np.testing.assert_array_equal(view._bound.points("elbo")[1], nats[0])


def test_the_most_important_comes_first(view: ElboView) -> None:
    """A view in a quarter of a window shows some 50 characters of it."""
    frame = evidence_frame(500)
    view.draw(frame)
    held = frame.series.values("heldout/reconstruction")[-1] + frame.series.values("heldout/kl")[-1]
    assert view._status.text.startswith(f"held-out ELBO −{held:.2f} nats · effective β 1 · training ELBO −")
    assert view._status.text.endswith(" · mean of 100 steps")


def test_the_status_adds_up(view: ElboView) -> None:
    frame = evidence_frame(500)
    view.draw(frame)
    recent = {name: frame.series.values(name)[-100:].mean() for name in ("elbo", "reconstruction", "kl")}
    for number in (recent["elbo"], -recent["reconstruction"], recent["kl"]):
        assert f"{number:.2f}".replace("-", "−") in view._status.text
    assert "effective β 1" in view._status.text


def test_each_dimension_has_a_row_and_a_bar(view: ElboView) -> None:
    frame = evidence_frame(900, vae=Vae(latent=8))
    view.draw(frame)
    assert [row.name for row in view._map.rows] == [f"kl/{i}" for i in range(8)]
    assert view._map.levels is not None
    assert view._map.levels.shape[0] == 8
    late = view._map.levels[:, -5:].mean(1)
    assert late[0] == late.max() > 200, "the first one carries most"
    assert (late[1::2] < 30).all(), "collapsed dimensions are dark, not without a value"
    assert (late[1::2] >= 2).all()
    np.testing.assert_allclose(
        view._bars.values, [frame.series.values(f"kl/{i}")[-100:].mean() for i in range(8)], 1e-5
    )
    assert view._bars.order[:4] == (0, 2, 4, 6)
    assert view._bars.carriers() == 4


@pytest.mark.parametrize("latent", [1, 64])
@pytest.mark.parametrize("steps", [1, 120, 30_000])
def test_one_dimension_and_many(view: ElboView, latent: int, steps: int) -> None:
    view.draw(evidence_frame(steps, vae=Vae(latent=latent)))
    assert view._map.levels is not None
    assert view._map.levels.shape[0] == latent
    assert view._bars.isVisible() is (latent > 1)
    view.grab()


@pytest.mark.slow
def test_a_million_steps(view: ElboView) -> None:
    view.draw(evidence_frame(1_000_000, vae=Vae(latent=20)))
    assert len(view._bound.points("elbo", smooth=True)[0]) < 1000
    assert len(view._bound.points("heldout/elbo", smooth=True)[0]) < 4000
    view.grab()


def test_a_run_of_an_older_version_shows_what_it_has(view: ElboView) -> None:
    view.draw(vae_frame(300))
    assert view._stage.sentence == ""
    assert names(view) == [["reconstruction", "elbo"], ["kl"]]
    assert "older version" in view._dimensions.sentence
    assert "older version" in view._status.text
    assert not view._bars.isVisible()
    view.draw(evidence_frame(300, key=2))
    assert view._dimensions.sentence == ""
    assert "older version" not in view._status.text
    view.draw(without(evidence_frame(300, key=3), "heldout", "beta"))
    assert names(view) == [["reconstruction", "elbo"], ["kl"]]
    assert "effective β 1" in view._status.text, "that of the spec"
    view.draw(without(evidence_frame(300, key=4), "elbo"))
    assert "no evidence lower bound" in view._stage.sentence


def test_a_gan_has_none(view: ElboView) -> None:
    view.draw(gan_frame(10))
    assert view._stage.sentence == view.missing


def test_averaging_is_labelled_as_the_bug_it_is(view: ElboView) -> None:
    frame = evidence_frame(900, edits=EDITS)
    view.draw(frame)
    assert "common bug" in view._banner.text()
    assert "4 · 784 = 3136" in view._banner.text()
    assert "collapses" in view._banner.text()
    assert view._banner.isVisible()
    assert "effective β 3136" in view._status.text
    view.draw(past(frame, 450))
    assert not view._banner.isVisible()
    assert "effective β 4" in view._status.text
    view.draw(evidence_frame(20, vae=Vae(averaged=True), key=2))
    assert "β·D = 784" in view._banner.text()
    view.resize(360, 640)
    view.draw(evidence_frame(20, vae=Vae(averaged=True), key=2))
    assert "collapses" not in view._banner.text(), "short of room it says what it is, its tooltip the rest"
    assert "collapses" in view._banner.toolTip()


def test_all_plots_show_the_same_steps(view: ElboView) -> None:
    view.draw(evidence_frame(3000, edits=EDITS))
    plots = (view._bound, view._kl, view._map)

    def places() -> set[tuple[float, float]]:
        return {(plot.mapFromScene(plot.box.sceneBoundingRect().topLeft()).x(), plot.box.width()) for plot in plots}

    assert len(places()) == 1
    view._units.choose(True)
    view.grab()
    assert len(places()) == 1
    for plot in plots:
        assert len(plot.annotations.marks) == 2
    QTest.keyClick(view._map, Qt.Key.Key_Plus)
    assert len({tuple(plot.box.viewRange()[0]) for plot in plots}) == 1
    assert not view._bound.following
    view._controls.back.click()
    assert all(plot.following for plot in plots)
    view._controls.followed.emit(1000)
    assert view._bound.box.viewRange()[0][0] >= 1900


def test_the_log_axis_is_the_kl_s(view: ElboView) -> None:
    view.draw(evidence_frame(300))
    view._controls.log.setChecked(True)
    assert view._kl.log
    assert not view._bound.log


def test_hovering_reads_the_values_and_the_last_held_out_ones(view: ElboView) -> None:
    frame = evidence_frame(600)
    view.draw(frame)
    texts = {r.title: r.value for r in view._bound.readings(333, QPointF(333, 0))}
    assert texts["ELBO"] == f"{frame.series.values('elbo')[332]:.6g}".replace("-", "−")
    held = -(frame.series.values("heldout/reconstruction")[299] + frame.series.values("heldout/kl")[299])
    assert texts["ELBO held-out"] == f"{held:.6g} (step 300)".replace("-", "−")
    assert {r.title: r.value for r in view._bound.readings(20, QPointF())}["ELBO held-out"] == "no value"
    detail, value = view._map.readings(333, QPointF(333, 2.5))
    assert detail.title == "KL of latent dimension z₃"
    assert value.value == f"{frame.series.values('kl/2')[332]:.4g}"


@pytest.mark.parametrize("step", [1, 49, 400, 1999])
def test_a_past_step_is_drawn_as_if_nothing_had_been_drawn_before(view: ElboView, qtbot: QtBot, step: int) -> None:
    frame, other = evidence_frame(2000, edits=EDITS), ElboView()
    qtbot.addWidget(other)
    other.resize(view.size())
    with qtbot.waitExposed(other):
        other.show()
    view.draw(frame)
    settle(view)
    first = drawn(view)
    for each in (view, other):
        each.draw(past(frame, step))
        settle(each)  # the banner goes, and the plots take its room
    assert all(np.array_equal(a, b) for a, b in zip(drawn(view), drawn(other), strict=True))
    for plot in (view._bound, view._kl, view._map):
        assert plot.annotations.now == step
    view.draw(frame)
    settle(view)
    assert all(np.array_equal(a, b) for a, b in zip(drawn(view), first, strict=True))


def test_the_same_frame_gives_the_same_picture_whatever_came_between(view: ElboView) -> None:
    frame = evidence_frame(1500)
    view.draw(frame)
    view.grab()
    before = view.grab().toImage()
    for other in (vae_frame(80, key=7), evidence_frame(40, vae=IWAE, key=8), gan_frame(5), evidence_frame(0, key=9)):
        view.draw(other)
        view.grab()
    view.clear()
    view.draw(frame)
    view.grab()
    assert view.grab().toImage() == before


def test_a_low_view_keeps_the_bound(view: ElboView) -> None:
    view.draw(evidence_frame(300))
    for size, shown in (((720, 640), (True, True, True)), ((300, 200), (False, False, False))):
        view.resize(*size)
        view.grab()
        assert view.size().toTuple() == size
        assert (view._kl.isVisible(), view._dimensions.isVisible(), view._bars.isVisible()) == shown
        assert view._bound.isVisible()


def test_themes_change_while_it_shows(view: ElboView) -> None:
    view.draw(evidence_frame(400, edits=EDITS))
    shown = []
    for theme in (LIGHT, DARK, LIGHT):
        view.set_theme(theme)
        shown.append(view.grab().toImage())
    assert shown[0] == shown[2] != shown[1]
