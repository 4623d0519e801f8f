"""The metrics of a GAN: which charts a run has, what stands over them, and what they are compared with."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from guiapp.engine import gan_metrics  # torch, in the tests alone
from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views import metrics_charts
from guiapp.gui.views.metrics import MetricsView, latest
from guiapp.gui.widgets.metric_chart import MetricChart
from guiapp.spec import Data, Gan, RunSpec
from tests.gui.frames import frame as framed
from tests.gui.frames import gan_frame, vae_frame

OF_PLANE = ["modes", "quality", "kl", "js", "mmd", "accuracy", "belief", "losses"]


@pytest.fixture
def view(qtbot: QtBot) -> MetricsView:
    view = MetricsView()
    qtbot.addWidget(view)
    view.resize(900, 800)
    with qtbot.waitExposed(view):
        view.show()
    return view


def chart(view: MetricsView, name: str) -> MetricChart:
    return next(chart for chart in view._charts if chart.chart.name == name)


def parts(view: MetricsView, name: str) -> tuple[str, str, str]:
    return chart(view, name).header.parts


def levels(view: MetricsView, name: str) -> list[float]:
    return [reference.value for reference in chart(view, name).plot.annotations.references]


def draw(view: MetricsView, frame: Frame) -> None:
    view.draw(frame)
    QCoreApplication.sendPostedEvents()
    view.draw(frame)


# ------------------------------------------------------------------------------ which charts there are


def test_the_charts_follow_the_columns(view: MetricsView) -> None:
    view.draw(gan_frame(3000))
    assert [c.name for c in view.shown] == OF_PLANE
    view.draw(gan_frame(3000, shape=(28, 28)))
    assert [c.name for c in view.shown] == ["copying", "accuracy", "belief", "losses"]
    view.draw(gan_frame(3000, measured=False))
    assert [c.name for c in view.shown] == ["accuracy", "belief", "losses"]
    assert "older version" in view._status.text


def test_a_law_without_modes_has_distances_alone(view: MetricsView) -> None:
    whole = gan_frame(2000)
    kept = tuple(n for n in whole.run.names if not n.startswith("metric/") or "js" in n or "mmd" in n)
    rows = np.stack([whole.series.values(name) for name in kept], axis=1)
    view.draw(framed(replace(whole.run, names=kept), rows, {}))
    assert [c.name for c in view.shown] == ["js", "mmd", "accuracy", "belief", "losses"]
    assert "no modes that one could count" in view._status.text


def test_empty_and_not_for_a_vae(view: MetricsView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(gan_frame(0))
    assert "▶" in view._stage.sentence
    view.draw(replace(gan_frame(0), until=500))
    assert "before its first step" in view._stage.sentence
    view.draw(vae_frame(50))
    assert view._stage.sentence == MetricsView.missing
    view.draw(gan_frame(50))
    assert view._stage.sentence == ""


# ------------------------------------------------------------------------------ the newest numbers


def test_the_newest_values_and_what_is_perfect(view: MetricsView) -> None:
    view.draw(gan_frame(9500))
    now, newest = latest(gan_frame(9500).series)
    assert newest == 9000
    assert parts(view, "modes")[1:] == ("6 captured, 5 fair of 8", "perfect: 8 and 8")
    assert parts(view, "quality")[2] == "perfect: 98.89 %"
    assert float(parts(view, "quality")[1].split()[0]) == pytest.approx(100 * now["metric/quality"], abs=0.05)
    assert parts(view, "js")[2] == "perfect: 0.0113"
    assert parts(view, "mmd")[2] == "perfect: 0 ± 6.1e−5"
    assert "last at step 9" in view._status.text


def test_the_numbers_of_the_game_are_means_of_the_last_steps(view: MetricsView) -> None:
    frame = gan_frame(2500)
    now, _ = latest(frame.series)
    assert now["d_loss"] == pytest.approx(float(frame.series.values("d_loss")[-100:].mean()), rel=1e-5)


def test_before_the_first_evaluation(view: MetricsView) -> None:
    view.draw(gan_frame(900))
    assert parts(view, "modes") == ("Modes", "", "from step 1,000 on")
    assert chart(view, "js").plot.band is None
    assert levels(view, "js") == []
    assert "the first time at step 1" in view._status.text
    view.draw(gan_frame(1000))
    assert parts(view, "modes")[1]
    assert chart(view, "js").plot.band == pytest.approx((0.0, 0.0113))


def test_no_sample_in_any_mode(view: MetricsView) -> None:
    frame = gan_frame(3000)
    for name in ("metric/kl_reverse", "metric/kl_forward"):
        frame.series.values(name)[:] = np.nan
    view.draw(frame)
    assert parts(view, "kl") == ("KL over modes", "", "no sample in any mode")


# ------------------------------------------------------------------------------ levels to compare with


@pytest.mark.parametrize(
    ("game", "belief", "losses"),
    [
        ({"objective": "minimax"}, [0.5], [math.log(4), -math.log(2)]),
        ({}, [0.5], [math.log(4), math.log(2)]),
        ({"objective": "least squares"}, [0.5], [0.5, 0.25]),
        ({"objective": "hinge"}, [], []),
        ({"objective": "Wasserstein"}, [], []),
        ({"real_target": 0.9}, [0.45], [-0.9 * math.log(0.45) - 1.1 * math.log(0.55), -math.log(0.45)]),
    ],
)
def test_the_equilibrium_is_that_of_the_game(
    view: MetricsView, game: dict[str, Any], belief: list[float], losses: list[float]
) -> None:
    view.draw(gan_frame(1500, gan=Gan(**game)))
    assert levels(view, "belief") == pytest.approx(belief)
    assert levels(view, "losses") == pytest.approx(losses)
    assert levels(view, "accuracy") == [0.5]


def test_an_edit_moves_the_levels(view: MetricsView) -> None:
    view.draw(gan_frame(1500, edits=((100, "model.objective", "non-saturating", "minimax"),)))
    assert levels(view, "losses")[1] == pytest.approx(-math.log(2))
    view.draw(gan_frame(1500))
    assert levels(view, "losses")[1] == pytest.approx(math.log(2))


def test_the_value_of_the_game_stands_beside_minus_log_4(view: MetricsView) -> None:
    view.draw(gan_frame(9000))
    _, said, compared = parts(view, "losses")
    assert compared == "equilibrium: −log 4"
    value = float(said.partition("V ")[2].replace("−", "-"))
    assert value == pytest.approx(-math.log(4), abs=0.05)
    view.draw(gan_frame(9000, gan=Gan(real_target=0.9)))
    assert "V" not in parts(view, "losses")[1], "with smoothed targets D's loss is not −V"


def test_levels_of_the_metrics(view: MetricsView) -> None:
    view.draw(gan_frame(4000))
    assert levels(view, "modes") == [8]
    assert levels(view, "quality") == pytest.approx([98.889], abs=1e-3)
    assert chart(view, "mmd").plot.band == pytest.approx((-6.1e-5, 6.1e-5))
    view.draw(gan_frame(4000, shape=(28, 28)))
    assert levels(view, "copying") == [0.5]


def test_a_run_whose_data_cannot_be_opened_counts_no_modes(view: MetricsView) -> None:
    frame = gan_frame(2000)
    gone = replace(frame.run, spec=replace_data(frame, Data(name="nowhere")))
    view.draw(replace(frame, run=gone))
    assert parts(view, "modes")[2] == "perfect: all"
    assert levels(view, "modes") == []


def replace_data(frame: Frame, data: Data) -> RunSpec:
    return msgspec.structs.replace(frame.run.spec, data=data)


# ------------------------------------------------------------------------------ curves


def test_evaluations_are_dots_joined_by_a_line(view: MetricsView) -> None:
    draw(view, gan_frame(9500))
    plot = chart(view, "quality").plot
    x, y = plot.points("metric/quality", smooth=True)
    np.testing.assert_allclose(y, 100 * gan_frame(9500).series.values("metric/quality")[999::1000], rtol=1e-5)
    np.testing.assert_allclose(x, np.arange(1000, 9001, 1000), atol=3)
    assert len(plot._dots.places("metric/quality")) == 9
    assert plot.labels[0].dashed is False


def test_where_dots_would_touch_only_the_newest_is_left(view: MetricsView) -> None:
    draw(view, gan_frame(300_000))
    plot = chart(view, "quality").plot
    assert len(plot._dots.places("metric/quality")) == 1
    assert len(plot.points("metric/quality", smooth=True)[0]) > 50


def test_between_two_evaluations_the_line_leads_on(view: MetricsView) -> None:
    draw(view, gan_frame(9500))
    plot = chart(view, "quality").plot
    plot.look_at(4200, 4700)
    x, _ = plot.points("metric/quality", smooth=True)
    assert x.min() == pytest.approx(4000, abs=1)
    assert x.max() == pytest.approx(5000, abs=1)


def test_a_chart_of_evaluations_is_drawn_for_news_alone(view: MetricsView, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = gan_frame(5100)
    draw(view, frame)
    drawn: list[str] = []
    for shown in view._charts:
        plot, name = shown.plot, shown.chart.name
        monkeypatch.setattr(plot, "_render", lambda plot=plot, name=name: drawn.append(name))
    view.draw(frame)
    assert drawn == ["accuracy", "belief", "losses"]
    drawn.clear()
    view.draw(replace(frame, until=8000))
    assert set(drawn) == set(OF_PLANE)


def test_all_charts_look_at_the_same_steps(view: MetricsView) -> None:
    draw(view, gan_frame(9500))
    one = chart(view, "js").plot
    one.box.setXRange(2000, 4000, padding=0)
    one.box.moved.emit(0)
    for shown in view._charts:
        assert tuple(shown.plot.box.viewRange()[0]) == (2000, 4000)
    assert view._controls.back.isEnabled()
    view._controls.back.click()
    assert len({tuple(shown.plot.box.viewRange()[0]) for shown in view._charts}) == 1
    assert not view._controls.back.isEnabled()


def test_a_logarithmic_axis_is_for_distances(view: MetricsView) -> None:
    draw(view, gan_frame(9500))
    view._controls.log.setChecked(True)
    assert {shown.chart.name for shown in view._charts if shown.plot.log} == {"kl", "js", "mmd"}
    view.grab()


def test_the_charts_stand_in_as_many_columns_as_have_room(view: MetricsView) -> None:
    draw(view, gan_frame(3000))
    for width, columns in ((320, 1), (700, 2), (1300, 3), (2000, 3)):
        view.resize(width, 600)
        QCoreApplication.sendPostedEvents()
        assert view._columns == columns
        bottoms = [shown.plot.getAxis("bottom").style["showValues"] for shown in view._charts]
        assert sum(bottoms) == columns


def test_in_both_themes(view: MetricsView) -> None:
    shown = []
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        draw(view, gan_frame(3000))
        shown.append(view.grab().toImage())
    assert shown[0] != shown[1]
    assert shown[1].pixelColor(450, 790).name() == DARK.background


def test_the_constants_are_those_of_the_engine() -> None:
    assert (metrics_charts.EVERY, metrics_charts.SAMPLES) == (gan_metrics.EVERY, gan_metrics.SAMPLES)
    of = {f"metric/{n}" for n in (*gan_metrics.OF_MODES, *gan_metrics.OF_PLANE, *gan_metrics.OF_TABLE)}
    used = {c.name for chart in metrics_charts.charts(tuple(of), metrics_charts.Facts(Gan())) for c in chart.curves}
    assert used | {"metric/js_floor", "metric/mmd_floor"} == of
