from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.labs.gaussian_kl import GaussianKlLab
from guiapp.gui.labs.grips import Grip
from guiapp.gui.labs.kl_compute import Params, significant
from guiapp.gui.labs.posterior_picker import NO_POSTERIOR


@pytest.fixture
def lab(qtbot: QtBot) -> GaussianKlLab:
    lab = GaussianKlLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()  # pyqtgraph lays out its scene when it is painted
    return lab


def type_into(qtbot: QtBot, lab: GaussianKlLab, name: str, text: str) -> None:
    field = lab.controls.sliders[name].field
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def place(lab: GaussianKlLab, grip: Grip) -> QPoint:
    plot = lab.plots.density
    return plot.mapFromScene(grip.scenePos())


@pytest.fixture
def _every_move_counts() -> Iterator[None]:
    """pyqtgraph drops moves that follow each other within 10 ms."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    yield
    pg.setConfigOption("mouseRateLimit", before)


def drag(qtbot: QtBot, lab: GaussianKlLab, grip: Grip, steps: int = 6, step_px: int = 10) -> None:
    """Press on the grip, move sideways, release."""
    viewport, start = lab.plots.density.viewport(), place(lab, grip)
    send_move(lab, start, False)
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, steps + 1):
        send_move(lab, start + QPoint(step * step_px, 0), True)
    qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=start + QPoint(steps * step_px, 0))


def send_move(lab: GaussianKlLab, where: QPoint, pressed: bool) -> None:
    """A mouse move with the button held, which QTest cannot send."""
    viewport = lab.plots.density.viewport()
    none, left, at = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton, QPointF(where)
    held, keys = left if pressed else none, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseMove, at, viewport.mapToGlobal(at), none, held, keys)
    QApplication.sendEvent(viewport, event)


def posterior(**more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=(8, 3)), rng.uniform(0.1, 1, (8, 3))
    images = rng.uniform(size=(8, 28, 28))
    return {"posterior": {"mean": mean, "std": std, "labels": np.arange(8), "images": images} | more}


def test_the_plots_hold_the_curves(lab: GaussianKlLab) -> None:
    r = lab.result()
    assert lab.plots.density.areas["p"].y is r.p
    assert lab.plots.density.areas["q"].y is r.q
    assert lab.plots.integrand.areas["f"].y is r.f
    titles, rows = lab.plots.table()
    assert titles == ("x", "p", "q", "integrand forward")
    assert rows.shape == (len(r.x), 4)
    np.testing.assert_array_equal(rows[:, 3], r.f)


def test_the_table_shows_the_numbers(lab: GaussianKlLab) -> None:
    lab.controls.presets["asymmetric"].click()
    text = {key: cell.text() for key, cell in lab.table.cells.items()}
    assert text["forward", "exact"] == "0.318147"
    assert text["reverse", "exact"] == "0.806853"
    assert text["js", "exact"] == "0.0927334"
    assert text["forward", "Monte Carlo"].startswith(significant(lab.numbers()["estimate"]))
    assert abs(lab.numbers()["z"]) < 4


@pytest.mark.parametrize(
    ("preset", "forward"), [("identical", "0"), ("very small", "5.00000×10⁻⁵"), ("very large", "5047.20")]
)
def test_presets(lab: GaussianKlLab, preset: str, forward: str) -> None:
    lab.controls.presets[preset].click()
    assert lab.table.cells["forward", "exact"].text() == forward
    assert forward in lab.plots.bottom.text()


def test_a_slider_moves_the_curve(lab: GaussianKlLab) -> None:
    lab.controls.sliders["sigma2"].slider.setValue(1.0)  # log10
    assert lab.params().sigma2 == 10
    assert lab.controls.sliders["sigma2"].field.text() == "10"
    assert lab.result().q.max() == pytest.approx(0.0398942, rel=1e-5)


def test_a_number_can_be_typed(lab: GaussianKlLab, qtbot: QtBot) -> None:
    type_into(qtbot, lab, "mu1", "-2,625")
    assert lab.params().mu1 == -2.625
    assert lab.controls.sliders["mu1"].slider.value() == pytest.approx(-2.625)


@pytest.mark.parametrize(
    ("name", "text", "range_text"),
    [
        ("mu1", "20.5", "−20 to 20"),
        ("sigma1", "0", "0.01 to 100"),
        ("sigma2", "x", "0.01 to 100"),
        ("mu2", "nan", "20"),
    ],
)
def test_a_number_out_of_range_is_refused_at_the_field(
    lab: GaussianKlLab, qtbot: QtBot, name: str, text: str, range_text: str
) -> None:
    before, slider = lab.params(), lab.controls.sliders[name]
    type_into(qtbot, lab, name, text)
    assert lab.params() == before
    assert slider.field.text() == f"{getattr(before, name):g}"
    assert slider.message.isVisible()
    assert range_text in slider.message.text()
    assert text in slider.message.text()
    type_into(qtbot, lab, name, "1")
    assert not slider.message.isVisible()


@pytest.mark.usefixtures("_every_move_counts")
@pytest.mark.parametrize("name", ["p", "q"])
def test_the_mean_can_be_dragged(lab: GaussianKlLab, qtbot: QtBot, name: str) -> None:
    before = lab.params()
    drag(qtbot, lab, lab.plots.grips[name].mean)
    after, mean = lab.params(), "mu1" if name == "p" else "mu2"
    per_pixel = lab.plots.density.getViewBox().viewPixelSize()[0]
    assert getattr(after, mean) == pytest.approx(getattr(before, mean) + 60 * per_pixel, rel=0.15)
    assert msgspec.structs.replace(after, **{mean: getattr(before, mean)}) == before
    assert lab.controls.sliders[mean].value == getattr(after, mean)


@pytest.mark.usefixtures("_every_move_counts")
@pytest.mark.parametrize(("end", "sign"), [("right", 1), ("left", -1)])
def test_the_width_can_be_dragged_and_stays_in_range(lab: GaussianKlLab, qtbot: QtBot, end: str, sign: int) -> None:
    drag(qtbot, lab, getattr(lab.plots.grips["p"], end), step_px=5)
    assert lab.params().mu1 == 1
    assert sign * (lab.params().sigma1 - 0.5) > 0
    for _ in range(2):
        drag(qtbot, lab, getattr(lab.plots.grips["p"], end), step_px=-30 * sign)
    assert lab.params().sigma1 == 0.01


def test_grips_of_equal_gaussians_do_not_hide_each_other(lab: GaussianKlLab) -> None:
    lab.controls.presets["identical"].click()
    p, q = lab.plots.grips["p"], lab.plots.grips["q"]
    assert (place(lab, p.mean) - place(lab, q.mean)).manhattanLength() > 40
    lab.set_params(msgspec.structs.replace(lab.params(), sigma1=0.01))
    assert place(lab, p.right).x() - place(lab, p.mean).x() >= 20


def test_the_grips_stand_right_in_any_window(qtbot: QtBot, lab: GaussianKlLab) -> None:
    grips = lab.plots.grips["p"]
    for size in ((560, 800), (1200, 900)):
        lab.resize(*size)
        lab.grab()
        lab.set_params(lab.params())  # before the window is laid out anew
        qtbot.waitUntil(lambda: abs(grips.left.pos().x() - 0.5) + abs(grips.right.pos().x() - 1.5) < 1e-9)


def test_the_range_is_still_during_a_drag_and_fits_after_it(lab: GaussianKlLab) -> None:
    start = lab.plots.density.ranges()
    for mu in np.linspace(1, 1.8, 9):
        lab.plots.moved.emit("p", float(mu), 0.5, False)
        assert lab.plots.density.ranges() == start
    lab.plots.moved.emit("p", 9.0, 0.5, False)
    (low, high), _ = lab.plots.density.ranges()
    assert low < 0 < 9 < high
    lab.plots.moved.emit("p", 9.0, 0.5, True)
    (low, high), _ = lab.plots.density.ranges()
    assert (low, high) == pytest.approx((-5.2, 12.2), abs=0.01)
    assert lab.plots.integrand.ranges()[0] == pytest.approx((low, high))


def test_a_chosen_range_stays_until_fit(lab: GaussianKlLab, qtbot: QtBot) -> None:
    qtbot.keyClick(lab.plots.density, Qt.Key.Key_Minus)
    chosen = lab.plots.density.ranges()
    lab.plots.moved.emit("p", 0.5, 0.5, True)
    assert lab.plots.density.ranges() == chosen
    qtbot.keyClick(lab.plots.density, Qt.Key.Key_F)
    assert lab.plots.density.ranges() != chosen


def test_the_values_under_the_pointer(lab: GaussianKlLab) -> None:
    lab.plots.density.hovered.emit(0.0)
    assert "q(x) = 0.3989" in lab.plots.top.text()
    assert "nats / unit of x" in lab.plots.bottom.text()
    lab.plots.density.hovered.emit(None)
    assert "x =" not in lab.plots.top.text()


def test_direction_and_draws_and_seed(lab: GaussianKlLab) -> None:
    lab.controls.directions["reverse"].click()
    assert lab.result().chosen == lab.numbers()["reverse"]
    assert "q log(q/p)" in lab.plots.bottom.text()
    lab.controls.draws.setCurrentIndex(0)
    assert lab.params().draws == 100
    first = lab.numbers()["estimate"]
    lab.controls.resample.click()
    assert lab.params().seed == 1
    assert lab.numbers()["estimate"] != first
    lab.set_params(msgspec.structs.replace(lab.params(), seed=0))
    assert lab.numbers()["estimate"] == first
    lab.set_params(msgspec.structs.replace(lab.params(), draws=12345))
    assert lab.controls.draws.currentData() == 12345


def test_bad_parameters_change_nothing(lab: GaussianKlLab) -> None:
    before = lab.params()
    with pytest.raises(ValueError, match="sigma1"):
        lab.set_params(msgspec.structs.replace(before, sigma1=-1.0))
    with pytest.raises(ValueError, match="own parameters"):
        lab.set_params(msgspec.defstruct("Other", [])())
    assert lab.params() == before


def test_without_a_posterior_it_says_why(lab: GaussianKlLab) -> None:
    assert lab.picker.sentence.text() == NO_POSTERIOR
    assert not lab.picker.load.isEnabled()
    lab.set_pictures(posterior())
    assert lab.picker.load.isEnabled()
    lab.set_pictures({})
    assert lab.picker.sentence.text() == NO_POSTERIOR
    assert not lab.picker.follow.isEnabled()


def test_a_posterior_is_loaded_against_the_prior(lab: GaussianKlLab) -> None:
    pictures = posterior()
    lab.set_pictures(pictures)
    assert (lab.picker.example.maximum(), lab.picker.dimension.maximum()) == (8, 3)
    lab.picker.example.setValue(6)  # people count from 1
    lab.picker.dimension.setValue(3)
    before = lab.params()
    assert "class 5" in lab.picker.sentence.text()
    assert lab.picker.thumbnail.isVisible()
    assert lab.params() == before
    lab.picker.load.click()
    mean, std = pictures["posterior"]["mean"][5, 2], pictures["posterior"]["std"][5, 2]
    assert lab.params() == Params(float(mean), float(std), 0.0, 1.0)
    assert lab.numbers()["forward"] == pytest.approx(0.5 * (mean**2 + std**2 - 1 - np.log(std**2)))


def test_follow_keeps_up_with_training_until_a_person_moves_something(lab: GaussianKlLab) -> None:
    lab.set_pictures(posterior())
    lab.picker.follow.setChecked(True)
    lab.set_pictures(posterior(mean=np.full((8, 3), 0.25)))
    assert lab.params().mu1 == 0.25
    lab.controls.sliders["mu1"].slider.setValue(3.0)
    assert not lab.picker.follow.isChecked()
    lab.set_pictures(posterior(mean=np.full((8, 3), 0.75)))
    assert lab.params().mu1 == 3.0


def test_a_smaller_posterior_moves_the_choice_into_range(lab: GaussianKlLab) -> None:
    lab.set_pictures(posterior())
    lab.picker.example.setValue(7)
    lab.set_pictures({"posterior": {"mean": np.zeros((2, 1)), "std": np.ones((2, 1))}})
    assert lab.picker.example.value() == 2
    assert not lab.picker.thumbnail.isVisible()


@pytest.mark.parametrize(
    "bad",
    [
        {"mean": np.full((8, 3), np.nan)},
        {"std": np.zeros((8, 3))},
        {"mean": np.zeros((8, 2))},
        {"mean": "text"},
        {"mean": np.zeros(3), "std": np.ones(3)},
    ],
)
def test_a_posterior_that_cannot_be_is_refused(lab: GaussianKlLab, bad: dict[str, Any]) -> None:
    before = lab.params()
    lab.picker.follow.setChecked(True)
    lab.set_pictures(posterior(**bad))
    assert "diverged" in lab.picker.sentence.text()
    assert lab.params() == before


@pytest.mark.parametrize("shape", [(8, 784), (8, 2), (8, 28, 28), (8, 9, 8, 3), (8, 3, 8, 8), (7, 28, 28)])
def test_a_thumbnail_is_shown_for_images_alone(lab: GaussianKlLab, shape: tuple[int, ...]) -> None:
    lab.set_pictures(posterior(images=np.linspace(0, 1, int(np.prod(shape))).reshape(shape)))
    assert lab.picker.thumbnail.isVisible() == (shape in ((8, 784), (8, 28, 28), (8, 9, 8, 3)))


def test_the_two_signs_have_two_colours(lab: GaussianKlLab) -> None:
    lab.controls.presets["asymmetric"].click()
    image: QImage = lab.plots.integrand.grab().toImage()
    box = lab.plots.integrand.getViewBox()

    def colour(x: float, y: float) -> tuple[int, int, int]:
        at = lab.plots.integrand.mapFromScene(box.mapViewToScene(QPointF(x, y)))
        return image.pixelColor(at).getRgb()[:3]

    top, bottom, outside = colour(0.1, 0.13), colour(2.1, -0.015), colour(6.3, 0.13)
    assert len({top, bottom, outside}) == 3
    assert top[2] < top[0]  # the orange of the KL
    assert bottom[2] > bottom[1]
