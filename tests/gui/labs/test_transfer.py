"""The lab of the transfer functions: what it computes, what it draws, and what the layers of a run do in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyqtgraph as pg
import pytest
from numpy.testing import assert_allclose
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs import transfer_compute
from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.transfer import TransferLab
from guiapp.gui.labs.transfer_compute import POINTS, PRESETS, Params, check, compute, layers
from guiapp.gui.labs.transfer_panels import NO_LAYER as NO_CHOICE
from guiapp.gui.labs.transfer_plots import NO_LAYER
from guiapp.gui.theme import DARK
from guiapp.theory.activations import ACTIVATIONS, derivative, value

EDGES = np.linspace(-8, 8, 129, dtype=np.float32)
LAWS = {"encoder.0": ("tanh", 0.5, 1.5), "encoder.1": ("relu", -2.0, 1.0), "decoder.0": ("maxout", 0.0, 0.5)}


def draws(name: str) -> np.ndarray:
    _, mean, deviation = LAWS[name]
    return np.random.default_rng(3).normal(mean, deviation, 20_000).clip(-7.99, 7.99)


def picture(**changes: Any) -> dict[str, Any]:
    """The picture "layers" of three layers, in the shapes that the probe promises."""
    return {
        "layer": np.array(list(LAWS)),
        "activation": np.array([law[0] for law in LAWS.values()]),
        "pre_edges": EDGES,
        "pre_counts": np.stack([np.histogram(draws(name), EDGES)[0] for name in LAWS]),
    } | changes


@pytest.fixture
def lab(qtbot: QtBot) -> TransferLab:
    lab = TransferLab()
    qtbot.addWidget(lab)
    lab.resize(1000, 700)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


@pytest.fixture
def _every_move_counts() -> Iterator[None]:
    """pyqtgraph drops moves that follow each other within 10 ms."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    yield
    pg.setConfigOption("mouseRateLimit", before)


def change(lab: TransferLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def choose(lab: TransferLab, name: str) -> None:
    lab.layer_panel.choice.setCurrentText(name)
    lab.layer_panel.choice.activated.emit(lab.layer_panel.choice.currentIndex())


def cell(lab: TransferLab, name: str, column: int = 0) -> str:
    return lab.figures.cells[name, column].text()


def drag(qtbot: QtBot, lab: TransferLab, grip: Grip, way: int) -> None:
    viewport = lab.plots.law.viewport()
    start = lab.plots.law.mapFromScene(grip.scenePos())
    send_move(lab, start, False)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 7):
        send_move(lab, start + QPoint(step * way // 6, 0), True)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(way, 0))


def send_move(lab: TransferLab, where: QPoint, pressed: bool) -> None:
    """A mouse move with the button held, which QTest cannot send."""
    viewport = lab.plots.law.viewport()
    none, left, at = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QPointF(where)
    held, keys = left if pressed else none, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), none, held, keys)
    QApplication.sendEvent(viewport, event)


# ----------------------------------------------------------------------------------------------------- what it computes


def test_what_is_left_of_a_gradient_is_that_of_draws() -> None:
    params = Params(activation="tanh", mean=0.5, deviation=2.0, weight=1.5, layers=7)
    through = compute(params).normal
    slopes = derivative("tanh", np.random.default_rng(0).normal(0.5, 2.0, 400_000))
    one = 1.5 * float((slopes**2).mean())
    assert through.one == pytest.approx(one, rel=0.01)
    assert through.rms == pytest.approx(one**3.5, rel=0.04)
    assert through.variance == pytest.approx(through.rms**2)


@pytest.mark.parametrize(
    ("preset", "one"),
    [("ReLU + He", 1.0), ("ReLU, half dead", 0.5), ("tanh, Glorot", 0.85), ("sigmoid, centred", 0.045)],
)
def test_the_presets_say_what_the_literature_says(lab: TransferLab, preset: str, one: float) -> None:
    lab.controls.presets[preset].click()
    assert lab.numbers()["one"] == pytest.approx(one, rel=0.02)
    assert lab.numbers()["through"] == pytest.approx(lab.numbers()["one"] ** 5)
    assert lab.params().activation == PRESETS[preset][0] == lab.table.choice.currentText()


def test_saturated_presets_are_saturated_and_the_sigmoid_keeps_its_bound(lab: TransferLab) -> None:
    for preset, least in (("sigmoid, saturated", 35), ("tanh, saturated", 60), ("ReLU, dead", 99.9)):
        lab.controls.presets[preset].click()
        assert lab.numbers()["saturated"] > least
    assert cell(lab, "dead") == cell(lab, "saturated") == "100.00 %"
    change(lab, activation="sigmoid", layers=10, weight=1.0)
    assert lab.numbers()["bound"] == pytest.approx(0.25**10)
    assert lab.numbers()["through"] <= lab.numbers()["bound"]
    assert "9.54×10⁻⁷" in lab.figures.bound.text()


def test_nothing_overflows_at_the_ends_of_the_ranges() -> None:
    for activation in ACTIVATIONS:
        for weight in transfer_compute.WEIGHT_RANGE:
            result = compute(Params(activation=activation, mean=20.0, deviation=0.05, weight=weight, layers=100))
            assert all(np.isfinite([t.one, t.variance, t.rms]).all() for t in result.all.values())


def test_parameters_out_of_range_are_refused_and_nothing_changes(lab: TransferLab) -> None:
    before = lab.params()
    for fields in ({"deviation": 0.0}, {"mean": 21.0}, {"layers": 0}, {"activation": "maxout"}, {"shown": ("maxout",)}):
        with pytest.raises(ValueError, match=r"Expected|Invalid"):
            change(lab, **fields)
    assert lab.params() == before


# --------------------------------------------------------------------------------------------------------------- charts


def test_the_charts_hold_g_and_its_derivative_on_one_axis(lab: TransferLab) -> None:
    for name in ACTIVATIONS:
        for plot, function in ((lab.plots.value, value), (lab.plots.slope, derivative)):
            x, y = lab.plots.curves[plot][name].getData()
            assert_allclose(x, POINTS)
            assert_allclose(y, function(name, POINTS))
            assert lab.plots.curves[plot][name].isVisible() == (name in lab.params().shown)
    lab.plots.law.set_ranges((-3, 5), (0, 1))
    assert lab.plots.value.ranges()[0] == lab.plots.slope.ranges()[0] == pytest.approx((-3, 5))


def test_decades(lab: TransferLab) -> None:
    lab.controls.log.click()
    x, y = lab.plots.curves[lab.plots.slope]["sigmoid"].getData()
    near = np.abs(x) < 20
    assert_allclose(10 ** y[near], derivative("sigmoid", x[near]), rtol=1e-9)
    assert np.isnan(lab.plots.curves[lab.plots.slope]["relu"].getData()[1][x <= 0]).all()
    lab.grab()
    assert "10⁻³" in [text for _, text in lab.plots.slope.getAxis("left")._texts]


def test_a_click_on_a_name_shows_its_curves_and_the_chosen_one_stays(lab: TransferLab) -> None:
    lab.table.names["gelu"].click()
    lab.table.names["sigmoid"].click()
    assert lab.params().shown == ("relu", "gelu", "tanh")
    assert lab.plots.curves[lab.plots.value]["gelu"].isVisible()
    assert lab.plots.curves[lab.plots.value]["sigmoid"].isVisible()  # the numbers are of it
    titles, rows = lab.plots.table()
    assert titles == ["a", *(f"{of} {name}" for name in ("relu", "gelu", "tanh", "sigmoid") for of in ("g", "g'"))]
    assert_allclose(rows[:, 4], derivative("gelu", rows[:, 0]))


def test_the_saturated_region_is_shaded(lab: TransferLab) -> None:
    for plot in (lab.plots.slope, lab.plots.law):
        left, right = lab.plots.shades[plot]
        assert (left.getRegion()[1], right.getRegion()[0]) == pytest.approx((-5.986, 5.986), abs=1e-3)
        change(lab, activation="leaky relu")
        assert not left.isVisible()
        assert not right.isVisible()
        change(lab, activation="sigmoid")
    assert "&lt; −5.99 or a > 5.99" in lab.plots.caption.text()


def test_hovering_says_the_values_there(lab: TransferLab) -> None:
    lab.plots.slope.hovered.emit(0.0)
    assert "0.500, 0.250" in lab.plots.caption.text()
    lab.plots.slope.hovered.emit(None)
    assert "saturated" in lab.plots.caption.text()


@pytest.mark.usefixtures("_every_move_counts")
def test_the_normal_can_be_dragged(lab: TransferLab, qtbot: QtBot) -> None:
    width = lab.plots.law.getViewBox().viewPixelSize()[0]
    drag(qtbot, lab, lab.plots.grips.mean, 60)
    assert lab.params().mean == pytest.approx(60 * width, rel=0.05)
    before = lab.params().deviation
    drag(qtbot, lab, lab.plots.grips.right, 48)
    assert lab.params().deviation - before == pytest.approx(48 * width, rel=0.06)
    area = lab.plots.law.areas["normal"]
    assert np.trapezoid(area.y, area.x) == pytest.approx(1, abs=1e-4)
    assert area.x[area.y.argmax()] == pytest.approx(lab.params().mean)


def test_the_normal_stays_in_sight(lab: TransferLab) -> None:
    change(lab, mean=15.0, deviation=0.1)
    (low, high), (_, top) = lab.plots.law.ranges()
    assert low <= -8
    assert high > 15.2
    assert top > 1 / (0.1 * np.sqrt(2 * np.pi))
    change(lab, mean=0.0, deviation=1.0)
    assert lab.plots.law.ranges()[0] == (-8.0, 8.0)


def test_the_number_of_layers_is_whole(lab: TransferLab) -> None:
    lab.controls.sliders["layers"].slider.setValue(20.4)
    assert lab.params().layers == 20
    assert lab.controls.sliders["layers"].value == 20


# ---------------------------------------------------------------------------------------------------- layers of the run


def test_without_a_run_it_says_what_would_appear(lab: TransferLab) -> None:
    assert lab.plots.note.text() == NO_LAYER
    assert lab.layer_panel.sentence.text() == NO_CHOICE
    assert not lab.layer_panel.choice.isEnabled()
    assert cell(lab, "squared", 1) == "–"
    assert "live_squared" not in lab.numbers()


def test_the_layer_that_is_chosen_is_drawn_and_counted(lab: TransferLab) -> None:
    lab.set_pictures({"layers": picture()})
    for name in ("encoder.0", "encoder.1"):
        choose(lab, name)
        area = lab.plots.law.areas["live"]
        assert np.trapezoid(area.y, area.x) == pytest.approx(1, rel=1e-6)
        a, law = draws(name), lab.plots.note.text()
        assert f"<b>{name}</b>, {LAWS[name][0]}" in law
        slopes = derivative("sigmoid", a)
        assert lab.numbers()["live_squared"] == pytest.approx((slopes**2).mean(), rel=0.01)
        assert lab.numbers()["live_saturated"] == pytest.approx(100 * (np.abs(a) > 5.986).mean(), abs=0.3)
    change(lab, activation="relu")
    assert float(cell(lab, "dead", 1).removesuffix(" %")) == pytest.approx(
        100 * (draws("encoder.1") <= 0).mean(), abs=0.3
    )
    titles, rows = lab.plots._laws()
    assert titles == ["a", "normal", "density encoder.1"]
    assert rows.shape == (len(POINTS), 3)
    lab.set_pictures({})
    assert lab.plots.note.text() == NO_LAYER
    assert len(lab.plots.law.areas["live"].x) == 0


def test_follow_takes_the_activation_of_the_layer_until_another_is_chosen(lab: TransferLab) -> None:
    lab.set_pictures({"layers": picture()})
    lab.layer_panel.follow.click()
    assert lab.params().activation == "tanh"
    choose(lab, "encoder.1")
    assert lab.params().activation == "relu"
    choose(lab, "decoder.0")  # maxout is no function of one number
    assert lab.params().activation == "relu"
    assert "no function of one number" in lab.layer_panel.sentence.text()
    lab.table.chosen.emit("elu")
    assert not lab.layer_panel.follow.isChecked()
    assert lab.params().activation == "elu"


def test_the_layer_stays_chosen_by_its_name(lab: TransferLab) -> None:
    lab.set_pictures({"layers": picture()})
    choose(lab, "encoder.1")
    order = [2, 1, 0]
    newer = {key: array[order] if key != "pre_edges" else array for key, array in picture().items()}
    lab.set_pictures({"layers": {key: array[:2] if key != "pre_edges" else array for key, array in newer.items()}})
    assert lab.layer_panel.choice.currentText() == "encoder.1"
    assert lab.layer_panel.layer is not None
    assert lab.layer_panel.layer.activation == "relu"


def test_the_normal_is_fitted_to_the_layer(lab: TransferLab) -> None:
    lab.set_pictures({"layers": picture()})
    lab.layer_panel.fit.click()
    a = draws("encoder.0")
    assert (lab.params().mean, lab.params().deviation) == pytest.approx((a.mean(), a.std()), abs=0.02)
    change(lab, activation="tanh")
    assert lab.numbers()["squared"] == pytest.approx(lab.numbers()["live_squared"], rel=0.02)


@pytest.mark.parametrize(
    "broken",
    [
        {"pre_edges": EDGES[::-1]},
        {"pre_edges": EDGES * np.nan},
        {"pre_counts": np.zeros((3, 7))},
        {"pre_counts": np.full((3, 128), np.nan)},
        {"pre_counts": np.zeros((3, 128), int)},
        {"layer": np.array(["one"])},
        {"activation": None},
        {"pre_edges": "none"},
    ],
)
def test_a_picture_that_is_none_shows_no_layer(lab: TransferLab, broken: dict[str, Any]) -> None:
    lab.set_pictures({"layers": picture(**broken)})
    assert lab.layer_panel.layer is None
    assert lab.plots.note.text() == NO_LAYER
    assert layers({}) == ()


def test_a_layer_that_is_all_nan_is_left_out_alone() -> None:
    counts = picture()["pre_counts"].copy()
    counts[1] = 0  # NaN is counted in no bin
    assert [layer.name for layer in layers(picture(pre_counts=counts))] == ["encoder.0", "decoder.0"]


def test_the_page_has_the_live_numbers(lab: TransferLab) -> None:
    lab.set_pictures({"layers": picture()})
    assert set(load_page("transfer").numbers) <= set(lab.numbers())
    lab.set_theme(DARK)
    image = lab.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, 1000, 9) for y in range(0, 700, 9)}) > 20


# ---------------------------------------------------------------------------------------------------------------- check


def test_the_check_says_that_the_derivatives_are_right(lab: TransferLab) -> None:
    lab.checks.button.click()
    first = lab.checks.sentence.toolTip()
    assert "All agree within 10⁻⁶" in lab.checks.sentence.text()
    assert all(name in first for name in ACTIVATIONS)
    lab.checks.button.click()
    assert lab.checks.sentence.toolTip() != first  # at other points
    assert max(check(5).values()) < 1e-8


def test_the_check_sees_a_derivative_that_is_wrong(lab: TransferLab, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(name: str, a: Any) -> Any:
        return derivative(name, a) + (2e-6 if name == "gelu" else 0)

    monkeypatch.setattr(transfer_compute, "derivative", wrong)
    lab.checks.button.click()
    assert "do NOT agree" in lab.checks.sentence.text()
    assert "of gelu" in lab.checks.sentence.text()
