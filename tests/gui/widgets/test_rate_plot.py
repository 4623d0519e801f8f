"""What is written in the plane of rate and distortion, and where."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.rate_course import Course
from guiapp.gui.widgets.rate_plot import RateItem, RatePlot, Scene, _Free

Written = dict[str, tuple[float, float, float, float]]


@pytest.fixture
def plot(qtbot: QtBot) -> RatePlot:
    plot = RatePlot("plane")
    qtbot.addWidget(plot)
    plot.resize(420, 330)
    with qtbot.waitExposed(plot):
        plot.show()
    return plot


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> tuple[Written, list[np.ndarray]]:
    """Left, top, right and bottom of each text that the last painting wrote, and the points of the paths."""
    found: Written = {}
    paths: list[np.ndarray] = []
    write = RateItem._write

    def note(item: RateItem, painter: QPainter, at: QPointF, text: str, free: _Free) -> bool:
        done = write(item, painter, at, text, free)
        if done:
            place = free.taken[-1]
            found[text] = place.left(), place.top(), place.right(), place.bottom()
            paths[:] = [free.paths]
        return done

    monkeypatch.setattr(RateItem, "_write", note)
    return found, paths


def spiral(turn: float) -> Course:
    """A path that comes in from the upper right and ends near the lower left, as most do, or is turned."""
    t = np.linspace(0, 1, 300)
    x, y = 8 - 6 * t + np.sin(9 * t), 30 * (1 - t) ** 2 - 9 + 0.4 * np.cos(40 * t)
    return Course(10 * np.arange(1, 301.0), x + turn * y / 10, y)


@pytest.mark.parametrize("turn", [0.0, 0.5, -0.7])
@pytest.mark.parametrize("beta", [0.1, 1.0, 4.0])
def test_no_text_lies_over_a_path_or_another_text(
    plot: RatePlot, written: tuple[Written, list[np.ndarray]], turn: float, beta: float
) -> None:
    path, (texts, paths) = spiral(turn), written
    held = Course(path.steps[::5], path.rate[::5] + 0.1, path.distortion[::5] + 0.7)
    notes = ((400, "β 4 → 1"), (1000, "step 1 000"), (100, "step 100"))
    plot.show_scene(Scene(path, held, beta, notes), whole=True, unit="nats")
    texts.clear()
    plot.grab()
    assert any(text.startswith(f"β = {beta:g}") for text in texts), "the line's name has room somewhere"
    points = paths[0]
    for text, (left, top, right, bottom) in texts.items():
        inside = (points > (left, top)) & (points < (right, bottom))
        assert not inside.all(1).any(), text
    places = list(texts.values())
    for i, (left, top, right, bottom) in enumerate(places):
        for other in places[:i]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1]


def test_the_line_of_elbo_zero_has_no_sign(plot: RatePlot, written: tuple[Written, list[np.ndarray]]) -> None:
    plot.show_scene(Scene(spiral(0.0), beta=1.0), whole=True, unit="nats")
    plot.grab()
    texts = {text.removeprefix("ELBO ") for text in written[0]}
    assert "0" in texts
    assert not {"-0", "−0"} & texts
    assert not any("-" in text for text in texts), "a minus sign, no hyphen"
