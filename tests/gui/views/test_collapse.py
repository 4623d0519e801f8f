"""The collapse monitor: verdict, evidence and advice against the picture and the spec of the frame."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.numbers import numbers
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views import collapse_words as words
from guiapp.gui.views.collapse import CollapseView, spec_at
from guiapp.gui.widgets.paragraph import wrapped
from guiapp.spec import Network, Vae
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import collapse_picture


@pytest.fixture
def view(qtbot: QtBot) -> CollapseView:
    view = CollapseView()
    qtbot.addWidget(view)
    view.resize(720, 480)
    with qtbot.waitExposed(view):
        view.show()
    return view


def shown(z: int, active: int, between: int = 0, steps: int = 1000, **fields: Any) -> Frame:
    return vae_frame(steps, vae=Vae(latent=z, **fields), pictures={"collapse": collapse_picture(z, active, between)})


# ------------------------------------------------------------------------------------------------ what cannot be shown


def test_before_a_picture_it_says_what_will_come(view: CollapseView) -> None:
    assert "▶" in view._stage.sentence
    view.draw(vae_frame(10))
    assert "▶" in view._stage.sentence
    view.draw(shown(3, 3))
    assert view._stage.sentence == ""
    view.clear()
    assert "▶" in view._stage.sentence


def test_a_gan_has_no_encoder(view: CollapseView) -> None:
    view.draw(gan_frame(10))
    assert "no encoder" in view._stage.sentence


def test_one_held_out_datum_is_too_few(view: CollapseView) -> None:
    view.draw(vae_frame(1000, pictures={"collapse": {}}))
    assert "two held-out data" in view._stage.sentence


def test_an_encoder_that_has_diverged_is_called_so(view: CollapseView) -> None:
    picture = {name: np.full_like(array, np.nan, float) for name, array in collapse_picture(3, 3).items()}
    picture |= {"count": np.array(500), "active_units": np.array(0)}
    view.draw(vae_frame(1000, vae=Vae(latent=3), pictures={"collapse": picture}))
    assert "not finite" in view._headline.text
    assert view._headline.colour == "bad"
    assert view._numbers.numbers[1].value == "not finite"
    view._kl.pointed.emit(1)
    view.grab()


# ---------------------------------------------------------------------------------------------------------- the verdict


def test_the_verdict_counts_and_gives_its_evidence(view: CollapseView) -> None:
    view.draw(shown(20, 6))
    evidence = "KL below 0.01 nats and variance of the means below 0.01"
    assert view._headline.text == f"14 of 20 dimensions are collapsed, 6 active. Collapsed: {evidence}."
    assert view._headline.colour == "ink", "some dimensions without use are nothing to be alarmed at"
    view.draw(shown(20, 0))
    assert view._headline.text == f"Posterior collapse. All 20 dimensions are collapsed: {evidence}."
    assert view._headline.colour == "bad"


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        ([2], "The one dimension is active: its means vary from datum to datum."),
        ([0], "Posterior collapse. The one dimension is collapsed: "),
        ([2, 2], "All 2 dimensions are active: their means vary"),
        ([0, 2, 2], "1 of 3 dimensions is collapsed, 2 active. Collapsed: KL below"),
        ([0, 1, 2], "1 of 3 dimensions is collapsed, 1 in between, 1 active. Collapsed: "),
        ([1, 1, 2], "2 of 3 dimensions are in between, 1 active. In between: off the prior, but nearly the same"),
        ([1], "The one dimension is in between: off the prior, but nearly the same for all data."),
        ([1, 1], "All 2 dimensions are in between: off the prior, but nearly the same for all data."),
    ],
)
def test_headlines(kinds: list[int], says: str) -> None:
    assert words.headline(kinds, 0).startswith(says)


def test_it_does_not_judge_too_early(view: CollapseView) -> None:
    view.draw(shown(20, 0, steps=499))
    assert view._headline.text == "Too early to tell: the verdict comes at step 500."
    assert view._headline.colour == "ink"
    assert view._advice.text == ""
    view.draw(shown(20, 0, steps=500))
    assert "Posterior collapse" in view._headline.text
    view.draw(shown(20, 0, steps=900, schedule="linear", warmup=2000))
    assert view._headline.text == "Too early to tell: the verdict comes at step 2,000, when β has risen."


def test_the_spec_is_that_of_the_step_shown() -> None:
    frame = vae_frame(900, edits=((300, "model.beta", 1.0, 4.0), (800, "model.beta", 4.0, 2.0)))
    betas = []
    for step in (200, 300, 700, 900):
        model = spec_at(replace(frame, step=step, until=900)).model
        assert isinstance(model, Vae)
        betas.append(model.beta)
    assert betas == [1.0, 4.0, 4.0, 2.0]


# ----------------------------------------------------------------------------------------------------------- the advice


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"averaged": True, "beta": 4.0},
            "What to try: sum over the pixels instead of averaging (now the KL weighs 784",
        ),
        ({"beta": 4.0}, "What to try: a lower β than 4; KL warm-up"),
        ({"estimator": "none"}, "What to try: gradient estimator 'reparameterised' ('none' keeps"),
        ({"estimator": "score function"}, "What to try: gradient estimator 'reparameterised' (less noise than"),
        ({"likelihood": "gaussian", "sigma": 2.0}, "What to try: a smaller noise σ than 2, or the optimal one"),
        (
            {},
            "What to try: KL warm-up (β schedule 'linear'); free bits λ of about 0.1 nats; a weaker decoder than 64,",
        ),
        (
            {"schedule": "linear", "free_bits": 0.1},
            "What to try: a weaker decoder than 64, 256 units; a lower β than 1",
        ),
        ({"bound": "importance weighted", "schedule": "linear"}, "What to try: a weaker decoder"),
    ],
)
def test_the_advice_names_what_applies(fields: dict[str, Any], says: str) -> None:
    assert words.advice([0, 0], Vae(**fields), 784).startswith(says)


def test_there_is_advice_only_where_it_is_needed(view: CollapseView) -> None:
    view.draw(shown(5, 5))
    assert view._advice.text == ""
    assert not view._advice.isVisible()
    view.draw(shown(5, 2))
    assert view._advice.text.startswith(
        "A VAE switches off dimensions that do not pay for their KL. To use more: KL warm-up"
    )
    assert view._advice.isVisible()
    linear = Vae(decoder=Network(hidden=()), schedule="linear", free_bits=0.1, beta=0.0)
    assert words.advice([0], linear, 784) == "", "nothing is left to try"


# ---------------------------------------------------------------------------------------------------------- the numbers


def test_the_three_numbers(view: CollapseView) -> None:
    picture = {**collapse_picture(4, 2), "information": np.array(3.0), "aggregate_kl": np.array(-0.004)}
    view.draw(vae_frame(1000, vae=Vae(latent=4), pictures={"collapse": picture}))
    units, information, aggregate = view._numbers.numbers
    assert units.value == "2 of 4"
    assert (information.title, information.value) == ("I(x; z)", "3.00")
    assert information.note == "nats ± 0.02, at most 6.21"
    assert aggregate.value == "0.00", "a zero has no sign"
    assert aggregate.note == f"nats ± 0.02, is KL {picture['kl'].sum():.2f} − I"
    assert words.numbers({**picture, "aggregate_kl": np.array(-0.3)})[2].value == "−0.30"
    full = {**picture, "information": np.array(6.1)}
    assert words.numbers(full)[1].note == "nats ± 0.02, at its ceiling 6.21"


def test_no_note_is_cut_where_the_view_is_a_quarter_of_a_small_window(view: CollapseView) -> None:
    view.draw(shown(20, 6))
    view.resize(345, 480)
    metrics, room = QFontMetricsF(view.font()), view._numbers.width() / 3 - 16
    for number in view._numbers.numbers:
        assert " ".join(wrapped(number.note, metrics, room, 2)) == number.note
        assert metrics.horizontalAdvance(number.title) <= room


def test_the_explanation_gets_the_numbers() -> None:
    found = numbers(shown(4, 2))
    assert found["collapse/active_units"] == 2
    assert found["collapse/ceiling"] == pytest.approx(np.log(500))
    broken = {**collapse_picture(4, 2), "information": np.array(np.nan)}
    assert "collapse/information" not in numbers(vae_frame(5, pictures={"collapse": broken}))


# ------------------------------------------------------------------------------------------------------------ the dots


@pytest.mark.parametrize("z", [1, 20, 64])
def test_the_dots_are_sorted_by_kl_against_their_thresholds(view: CollapseView, z: int) -> None:
    frame = shown(z, z // 2)
    picture = frame.pictures["collapse"]
    view.draw(frame)
    order = np.argsort(-picture["kl"])
    for plot, name in ((view._kl, "kl"), (view._variance, "mean_var")):
        assert plot.order.tolist() == order.tolist()
        np.testing.assert_allclose(plot.dots.heights, np.log10(picture[name][order].clip(1e-6)))
        (left, right), (low, high) = plot.getViewBox().viewRange()
        assert left < 0 <= z - 1 < right
        assert low < min(-2, plot.dots.heights.min())
        assert high > max(-2, plot.dots.heights.max())
    np.testing.assert_array_equal(view._kl.dots.kinds == 2, picture["mean_var"][order] > 0.01)
    titles, rows = view._kl.table()
    assert titles == ["dimension", "KL in nats"]
    np.testing.assert_allclose(rows, np.column_stack([order + 1, picture["kl"][order]]))


def test_zero_and_infinity_have_a_place(view: CollapseView) -> None:
    picture = {**collapse_picture(3, 3), "kl": np.array([0.0, np.inf, 1.0])}
    view.draw(vae_frame(1000, vae=Vae(latent=3), pictures={"collapse": picture}))
    np.testing.assert_allclose(view._kl.dots.heights, [6, 0, -6])
    view.grab()


def test_the_pointer_names_the_dimension_in_both_plots(view: CollapseView, qtbot: QtBot) -> None:
    frame = shown(5, 2)
    picture = frame.pictures["collapse"]
    view.draw(frame)
    second, dots = int(view._variance.order[1]), view._variance.dots
    place = view._variance.mapFromScene(dots.mapToScene(QPointF(dots._x(np.array([1.0]))[0], 40)))
    QTest.mouseMove(view._variance.viewport(), place)
    qtbot.waitUntil(lambda: view._status.pointed != "")
    assert view._status.pointed.startswith(f"z{'₁₂₃₄₅'[second]} active: KL {picture['kl'][second]:.3g} nats")
    assert view._kl.dots.pointed == view._variance.dots.pointed == 1
    QTest.mouseMove(view._variance.viewport(), QPoint(2, 2))
    qtbot.waitUntil(lambda: view._status.pointed == "")
    assert view._kl.dots.pointed is None


def test_a_zoom_ends_with_a_double_click(view: CollapseView) -> None:
    view.draw(shown(5, 2))
    whole = view._kl.getViewBox().viewRange()
    view._kl.getViewBox().setRange(xRange=(0, 1), yRange=(-1, 0), padding=0)
    view.draw(shown(5, 2))
    assert view._kl.getViewBox().viewRange() != whole, "a zoom stays while training draws on"
    QTest.mouseDClick(view._kl.viewport(), Qt.MouseButton.LeftButton, pos=view._kl.viewport().rect().center())
    assert view._kl.getViewBox().viewRange() == whole


# ----------------------------------------------------------------------------------------------------- themes and sizes


def test_the_same_frame_gives_the_same_picture_in_each_theme(view: CollapseView) -> None:
    pictures = []
    for theme in (LIGHT, DARK, LIGHT):
        view.set_theme(theme)
        view.draw(shown(64, 30, 4))
        view.draw(shown(1, 1))
        view.draw(shown(20, 6))
        pictures.append(view.grab().toImage())
    assert pictures[0] == pictures[2] != pictures[1]


@pytest.mark.parametrize(
    ("height", "numbers", "advice"), [(480, True, True), (300, False, True), (235, True, False), (120, False, False)]
)
def test_a_low_view_leaves_out_the_least_needed(view: CollapseView, height: int, numbers: bool, advice: bool) -> None:
    view.draw(shown(20, 6))
    view.resize(400, height)
    assert (view._numbers.isVisible(), view._advice.isVisible()) == (numbers, advice)


def test_text_is_broken_between_words_and_cut_at_the_last_line(view: CollapseView) -> None:
    metrics = QFontMetricsF(view.font())
    text = "one two three four five six seven"
    assert wrapped(text, metrics, 1e4, 2) == [text]
    lines = wrapped(text, metrics, metrics.horizontalAdvance("one two three ") + 1, 3)
    assert " ".join(lines) == text
    short = wrapped(text, metrics, metrics.horizontalAdvance("one two three"), 1)
    assert len(short) == 1
    assert short[0].endswith("…")
    assert wrapped("", metrics, 100, 2) == [""]
