"""The histograms of one tensor against the picture's counts, and the panel that chooses the tensor."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.tensor_histograms import KINDS, TensorHistograms
from guiapp.gui.widgets.tensor_panel import TensorPanel
from guiapp.messages import Picture
from tests.gui.pictures import tensor_picture

NAMES = ("encoder.0.weight", "encoder.0.bias", "decoder.0.weight")


@pytest.fixture
def drawn(qtbot: QtBot) -> TensorHistograms:
    drawn = TensorHistograms()
    qtbot.addWidget(drawn)
    drawn.resize(420, 300)
    with qtbot.waitExposed(drawn):
        drawn.show()
    return drawn


@pytest.fixture
def panel(qtbot: QtBot) -> TensorPanel:
    panel = TensorPanel()
    qtbot.addWidget(panel)
    panel.set_tensors(NAMES)
    panel.resize(300, 200)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def bars(widget: TensorHistograms, i: int) -> np.ndarray:
    """Heights of the columns of pixels in the colour of bars, in the room of histogram `i`, below its words."""
    image, room = widget.grab().toImage(), widget._rooms()[i]
    ratio = image.width() / widget.width()
    xs = range(int(room.left() * ratio), int(room.right() * ratio))
    ys = range(int((room.top() + widget.fontMetrics().height()) * ratio), int(room.bottom() * ratio))
    return np.array([sum(image.pixelColor(x, y).name() == LIGHT.accent for y in ys) for x in xs])


def test_bars_stand_where_the_values_are(drawn: TensorHistograms) -> None:
    drawn.show_picture(tensor_picture())
    low, high = drawn.span
    assert low < -4 < 0 < high
    for i, scale in enumerate((0.05, 1e-4, 1.0)):
        tall = bars(drawn, i)
        peak = low + (np.argmax(tall) + 0.5) / len(tall) * (high - low)
        assert peak == pytest.approx(np.log10(scale), abs=0.4)


def test_what_has_no_logarithm_is_told_in_numbers(drawn: TensorHistograms) -> None:
    picture = tensor_picture()
    drawn.show_picture(picture)
    assert drawn.facts(0).startswith("0 zeros · ")
    assert drawn.facts(2).startswith(f"{picture['zeros'][2]:,} zeros")
    assert (drawn.alarm(0), drawn.alarm(2)) == ("", "2 Inf")
    picture = {**picture, "nan": np.array([3, 0, 0])}
    drawn.show_picture(picture)
    assert drawn.alarm(0) == "3 NaN"
    assert "weights" in drawn.accessibleDescription()


def blank() -> Picture:
    nothing, nan = np.zeros(100, np.int64), np.full(3, np.nan)
    return {
        **tensor_picture(),
        **dict.fromkeys(KINDS, nothing),
        **dict.fromkeys(("zeros", "nan", "inf"), np.zeros(3, np.int64)),
        **dict.fromkeys(("min", "max", "mean", "std"), nan),
    }


def test_nothing_is_said_to_be_nothing(drawn: TensorHistograms) -> None:
    drawn.show_picture(blank())
    assert drawn.facts(1) == "no gradient yet"
    assert drawn.facts(2) == "it belongs to no layer"
    drawn.grab()
    drawn.show_picture({**blank(), "inf": np.array([0, 9, 0])})
    assert (drawn.facts(1), drawn.alarm(1)) == ("", "9 Inf")
    drawn.grab()


def test_the_pointer_names_the_bin(drawn: TensorHistograms) -> None:
    picture = tensor_picture()
    drawn.show_picture(picture)
    i = int(np.argmax(picture["weights"]))
    middle = (float(picture["edges"][i]) + float(picture["edges"][i + 1])) / 2
    low, high = drawn.span
    room = drawn._rooms()[0]
    at = QPointF(room.left() + (middle - low) / (high - low) * room.width(), room.center().y())
    text = drawn.text_at(at)
    assert text.startswith(f"{picture['weights'][i]:,} weights of size {10 ** float(picture['edges'][i]):.2g} to")
    assert drawn.text_at(QPointF(1, 299)) == ""


def test_csv_has_all_bins(drawn: TensorHistograms) -> None:
    picture = tensor_picture()
    drawn.show_picture(picture)
    titles, rows = drawn._table()
    assert list(titles)[2:] == list(KINDS)
    np.testing.assert_array_equal(rows[:, 3], picture["gradients"])


@pytest.mark.parametrize("size", [(60, 50), (900, 700)])
def test_any_size_and_theme(drawn: TensorHistograms, size: tuple[int, int]) -> None:
    drawn.resize(*size)
    drawn.show_picture(tensor_picture())
    shown = []
    for theme in (LIGHT, DARK, LIGHT):
        drawn.set_theme(theme)
        shown.append(drawn.grab().toImage())
    assert shown[0] == shown[2] != shown[1]


def test_it_waits_for_the_picture_of_its_tensor(panel: TensorPanel) -> None:
    panel.show_picture(None)
    assert "encoder.0.weight" in panel.sentence
    panel.show_picture(tensor_picture("decoder.0.weight"))
    assert "next picture" in panel.sentence, "that one is of another tensor"
    panel.show_picture(tensor_picture())
    assert panel.sentence == ""
    panel.show_picture({})
    assert "no tensor" in panel.sentence


def test_a_choice_is_told_once_and_lives_through_a_new_run(panel: TensorPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.chosen) as caught:
        panel.choose("decoder.0.weight")
    assert caught.args == ["decoder.0.weight"]
    with qtbot.assertNotEmitted(panel.chosen):
        panel.set_tensors(("decoder.0.weight", "decoder.0.bias"))
    assert panel.tensor == "decoder.0.weight"
    panel.set_tensors(NAMES[:1])
    assert panel.tensor == "encoder.0.weight"


def test_the_button_closes(panel: TensorPanel, qtbot: QtBot) -> None:
    button = panel.findChild(QToolButton)
    assert button is not None
    assert button.accessibleName()
    with qtbot.waitSignal(panel.closed):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
