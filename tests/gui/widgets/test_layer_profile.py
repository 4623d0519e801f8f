"""What stands above and below the values: names of networks that no value covers, names of layers that have room."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets import layer_dots
from guiapp.gui.widgets.layer_dots import fitted
from guiapp.gui.widgets.layer_profile import CAPTION_PX, LayerProfile
from guiapp.gui.widgets.layers import Profile, placed

NORMED = tuple(
    (f"encoder.{i}.{name}", shape)
    for i in range(4)
    for name, shape in (("weight", (3, 4)), ("norm.weight", (3,)), ("norm.bias", (3,)))
)


@pytest.fixture
def plot(qtbot: QtBot) -> LayerProfile:
    plot = LayerProfile("gradients by layer")
    qtbot.addWidget(plot)
    plot.resize(400, 200)
    with qtbot.waitExposed(plot):
        plot.show()
    plot.set_tensors(placed(NORMED))
    return plot


def profile(high: float, low: float = 1e-4) -> Profile:
    values = np.full(len(NORMED), low)
    values[0] = high
    return Profile(values, values)


def room(plot: LayerProfile, high: float) -> float:
    """Pixels from the top of the plot to the value `high`."""
    box = plot.getViewBox()
    bottom, top = box.viewRange()[1]
    return (top - high) / (top - bottom) * box.height()


@pytest.mark.parametrize("height", [120, 200, 600])
def test_no_value_reaches_the_names(plot: LayerProfile, height: int) -> None:
    plot.resize(400, height)
    for high in 10.0 ** np.arange(-3, 3, 0.25):
        plot.show_profile(profile(high), "gradient")
        assert room(plot, np.log10(high)) >= min(CAPTION_PX, plot.getViewBox().height() / 2) - 1e-6, high
    plot.show_profile(profile(1.0, 0.0), "zeros", fraction=True)
    assert room(plot, 1.0) >= min(CAPTION_PX, plot.getViewBox().height() / 2) - 1e-6


def test_nor_in_a_plot_that_has_been_made_lower(plot: LayerProfile) -> None:
    plot.show_profile(profile(1.0), "gradient")
    before = plot.getViewBox().height()
    plot.resize(400, 130)
    plot.grab()
    assert plot.getViewBox().height() < before
    assert room(plot, 0.0) >= CAPTION_PX - 1e-6


def test_the_range_rests_while_it_serves(plot: LayerProfile) -> None:
    ranges = set()
    for high in 10.0 ** np.linspace(-1.05, -0.95, 50):
        plot.show_profile(profile(high), "gradient")
        ranges.add(tuple(plot.getViewBox().viewRange()[1]))
    assert len(ranges) <= 2


def test_layers_with_weights_are_named_first_and_norms_where_there_is_room(plot: LayerProfile) -> None:
    first, second = plot.getAxis("bottom")._tickLevels
    assert [text for _, text in first] == ["0", "1", "2", "3"]
    assert [text for _, text in second] == ["0.norm", "1.norm", "2.norm", "3.norm"]
    assert [x for x, _ in first] == [0, 2, 4, 6]


def test_of_many_layers_some_are_named_and_no_norms(plot: LayerProfile) -> None:
    names = ("weight", (3, 4)), ("norm.weight", (3,))
    plot.set_tensors(placed(tuple((f"encoder.{i}.{name}", shape) for i in range(40) for name, shape in names)))
    first, second = plot.getAxis("bottom")._tickLevels
    assert [text for _, text in first] == [str(i) for i in range(0, 40, 3)]
    assert second == []


def test_a_caption_is_cut_by_words_before_letters(qapp: QApplication) -> None:
    whole, width = "generator · G step", QFontMetricsF(QApplication.font()).horizontalAdvance
    for text in (whole, "gen · G step", "G step"):
        assert fitted(whole, width(text)) == text
        assert fitted(whole, width(text) - 1) != text
    assert fitted(whole, width("G step") - 1).startswith("G")
    assert fitted(whole, width("G step") - 1).endswith("…")
    assert fitted("encoder", width("encoder")) == "encoder"
    assert width(fitted("encoder", 30)) <= 30


@pytest.mark.parametrize("width", [150, 220, 400])
def test_captions_stay_within_the_plot_and_apart(
    plot: LayerProfile, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    game = [
        (f"{network}.{i}.{name}", (3, 4))
        for network in ("generator", "discriminator")
        for i in range(3)
        for name in ("weight", "bias")
    ]
    plot.resize(width, 200)
    plot.set_tensors(
        placed(tuple(game)), {"generator": "generator · G step", "discriminator": "discriminator · D step"}
    )
    rooms: list[float] = []
    monkeypatch.setattr(layer_dots, "fitted", lambda caption, room: rooms.append(room) or fitted(caption, room))
    plot.show_profile(Profile(np.ones(len(game)), np.ones(len(game))), "gradient")
    plot.grab()
    assert len(rooms) >= 2
    assert sum(rooms[-2:]) == pytest.approx(plot.getViewBox().width() - 8, abs=1)
