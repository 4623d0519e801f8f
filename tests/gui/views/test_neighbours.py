"""The memorisation view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy, QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.views.neighbours import EMPTY, OF_A_LAW, NeighboursView
from guiapp.messages import Picture, Studied
from tests.gui.frames import gan_frame
from tests.gui.neighbours import frechet_picture, neighbours_picture
from tests.gui.studies import report


@pytest.fixture
def view(qtbot: QtBot) -> NeighboursView:
    view = NeighboursView()
    qtbot.addWidget(view)
    view.resize(720, 480)
    with qtbot.waitExposed(view):
        view.show()
    return view


def frame(picture: Picture | None, found: Studied | None = None, shape: tuple[int, ...] = (28, 28)) -> Frame:
    made = gan_frame(shape=shape, pictures={} if picture is None else {"neighbours": picture})
    made = replace(made, run=replace(made.run, data_count=0 if shape == (2,) else 8500))
    made = replace(made, run=replace(made.run, classes=tuple("abcdefghij")))
    return replace(made, studies={} if found is None else {"frechet": found})


def test_pairs_stand_side_by_side_closest_first(view: NeighboursView) -> None:
    picture = neighbours_picture()
    view.draw(frame(picture))
    order = np.argsort(picture["distance"])
    images = view._pairs.images
    assert images.shape == (24, 28, 57)
    np.testing.assert_array_equal(images[:, :, :28], picture["generated"][order])
    np.testing.assert_array_equal(images[:, :, 29:], picture["nearest"][order])
    assert view._pairs.below == tuple(f"{d:.3g}" for d in picture["distance"][order])
    assert view._labels[0].endswith(frame(None).run.classes[order[0] % 10])


def test_both_distributions(view: NeighboursView) -> None:
    picture = neighbours_picture()
    view.draw(frame(picture))
    farthest = max(picture["samples"].max(), picture["heldout"].max())
    for name in ("samples", "heldout"):
        counts = np.histogram(picture[name], np.linspace(0, farthest, 33))[0]
        np.testing.assert_allclose(view._plot.curves[name].getData()[1], counts / 256)
    assert view._plot.line.value() == pytest.approx(np.quantile(picture["heldout"], 0.05) / 2)
    assert "of the samples" in view._plot.words((6.0, 0.0))
    view._legend.switches["samples"].setChecked(False)
    assert not view._plot.curves["samples"].isVisible()
    assert view._plot.curves["heldout"].isVisible()


@pytest.mark.parametrize(
    ("copies", "shift", "words", "colour"),
    [
        (0.0, 0.0, "No sign of copying", "good"),
        (0.0, 3.0, "do not look like the data yet", "ink"),
        (0.0, -1.5, "blurred or collapsed", "warning"),
        (0.8, 0.0, "Copies", "bad"),
    ],
)
def test_a_sentence_says_what_it_means(
    view: NeighboursView, copies: float, shift: float, words: str, colour: str
) -> None:
    view.draw(frame(neighbours_picture(copies=copies, shift=shift)))
    assert words in view._sentence.text
    assert view._sentence.colour == colour


def test_vectors_have_distributions_alone(view: NeighboursView) -> None:
    view.draw(frame(neighbours_picture((12,)), shape=(12,)))
    assert not view._images.isVisible()
    assert view._plot.isVisible()
    view.draw(frame(neighbours_picture((8, 8, 3)), shape=(8, 8, 3)))
    assert view._pairs.images.shape == (24, 8, 17, 3)


def test_a_law_and_the_empty_state(view: NeighboursView) -> None:
    assert view._stage.sentence == EMPTY
    assert not view._bar.start.isEnabled(), "there is no model to ask"
    view.draw(frame({}, shape=(2,)))
    assert view._stage.sentence == OF_A_LAW
    assert not view._bar.start.isEnabled()
    view.draw(frame(None))
    assert view._stage.sentence == EMPTY
    assert view._bar.start.isEnabled()
    view.draw(frame(neighbours_picture()))
    assert not view._stage.sentence
    view.clear()
    assert view._stage.sentence == EMPTY


def test_samples_that_are_no_numbers(view: NeighboursView) -> None:
    picture = neighbours_picture()
    none = np.full(256, np.nan)
    picture = {**picture, "samples": none, "distance": none[:24], "auc": np.array(np.nan), "z": np.array(np.nan)}
    picture["nearest"] = np.full_like(picture["nearest"], np.nan)
    view.draw(frame(picture))
    view.grab()
    assert "diverged" in view._sentence.text
    assert [number.value for number in view._readings.numbers] == ["–", "–"]
    assert set(view._pairs.below) == {"?"}


def test_the_study_is_asked_for_shown_and_given_up(view: NeighboursView) -> None:
    view.draw(frame(neighbours_picture()))
    asked, stopped = QSignalSpy(view.study_asked), QSignalSpy(view.study_stopped)
    QTest.mouseClick(view._bar.start, Qt.MouseButton.LeftButton)
    assert asked.at(0) == ["frechet", {}]
    half = {"accuracy": np.array(np.nan), "count": np.array(750), "features": np.array(64)}
    view.draw(frame(neighbours_picture(), report("frechet", half, 0.4)))
    assert view._bar.bar.isVisible()
    assert view._readings.numbers[-1].note == "being trained"
    QTest.mouseClick(view._bar.cancel, Qt.MouseButton.LeftButton)
    assert stopped.count() == 1
    view.draw(frame(neighbours_picture(), report("frechet", frechet_picture())))
    numbers = {number.title: number for number in view._readings.numbers}
    assert numbers["Classifier"].value == "84.3 %"
    assert numbers["Fréchet distance"].value == "61.25"
    assert numbers["Fréchet distance"].note == "floor 6.29 ± 1.2 (n = 750)"
    assert "of step 2,000" in view._status.text
    assert "FID" not in " ".join(n.title + n.value + n.note for n in view._readings.numbers)


def test_why_there_is_none(view: NeighboursView) -> None:
    trouble = "This could not be computed: these data have no labels."
    view.draw(frame(neighbours_picture(), report("frechet", {}, 0.0, trouble=trouble)))
    assert "no labels" in view._status.text
    assert len(view._readings.numbers) == 2
