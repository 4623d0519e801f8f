"""Verdicts on made-up runs, sick and healthy ones: neither may be taken for the other."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import lfilter

from guiapp.theory import game_verdicts as gv
from guiapp.theory.game import Objective
from guiapp.theory.game_verdicts import Kind, Verdict, Window, judge

STEPS = 4000
TIME = np.arange(STEPS)


def kinds(found: tuple[Verdict, ...]) -> list[str]:
    return [verdict.kind for verdict in found]


def healthy(seed: int = 0, step: int = 20_000) -> Window:
    """A game near its equilibrium, on a ring of eight, with the noise of batches of 256."""
    rng = np.random.default_rng(seed)
    drift = lfilter([1], [1, -0.99], rng.normal(0, 0.002, (2, STEPS)), axis=1)
    held = rng.random((20, 8)) < 0.98
    fair = held.sum(axis=1)
    return Window(
        step=step,
        objective="non-saturating",
        acc_real=np.clip(0.6 + drift[0] + rng.normal(0, 0.03, STEPS), 0, 1),
        acc_fake=np.clip(0.62 + drift[1] + rng.normal(0, 0.03, STEPS), 0, 1),
        d_fake=np.clip(0.45 + drift[0] + rng.normal(0, 0.02, STEPS), 0, 1),
        d_loss=1.35 + drift[1] + rng.normal(0, 0.02, STEPS),
        modes=8,
        captured=np.full(20, 8.0),
        fair=np.where(np.arange(20) == 15, 8, fair).astype(float),
        high_quality=np.clip(rng.normal(0.8, 0.05, 20), 0, 1),
        held=held,
        centre=rng.normal(0, 0.05, (STEPS, 2)),
        spread=0.7,
        samples=rng.chisquare(20, 64),
        heldout=rng.chisquare(20, 256),
    )


@pytest.mark.parametrize("seed", range(50))
def test_a_balanced_game_has_no_verdict(seed: int) -> None:
    assert judge(healthy(seed)) == ()


def test_nothing_known_has_no_verdict() -> None:
    for objective in get_args(Objective):
        assert judge(Window(step=10**6, objective=objective)) == ()


SERIES = arrays(
    np.float32,
    st.integers(0, 700),
    elements=st.sampled_from([0.0, 0.5, 1.0, 2.0, -1.0, 1e-30, 3e38, -3e38, math.nan, math.inf, -math.inf]),
)


@given(SERIES, SERIES, SERIES, SERIES, st.sampled_from(get_args(Objective)), st.integers(0, 30))
def test_no_values_break_it(
    a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray, objective: Objective, modes: int
) -> None:
    found = judge(
        Window(
            step=1000,
            objective=objective,
            acc_real=a,
            acc_fake=b,
            d_fake=c,
            d_loss=d,
            modes=modes,
            captured=a,
            fair=b,
            high_quality=c,
            held=np.resize(a > 0, (len(a), modes)) if len(a) and modes else np.empty((0, modes), bool),
            centre=np.stack([d, d[::-1]], axis=1),
            samples=b,
            heldout=d,
        )
    )
    assert len(set(kinds(found))) == len(found)
    for verdict in found:
        assert "nan" not in verdict.evidence
        assert verdict.evidence.endswith(".")
        assert verdict.remedy.endswith(".")


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0, math.nan, math.inf])
def test_constant_curves_do_not_oscillate(value: float) -> None:
    flat = np.full(STEPS, value, np.float32)
    assert gv.oscillation(flat, np.stack([flat, flat], axis=1)) is None
    assert gv.rhythm(np.full((STEPS, 1), 0.1) * (1 + 1e-15 * np.sin(TIME / 9))[:, None]) is None


def test_every_kind_is_defined() -> None:
    assert set(gv.DEFINITIONS) == set(get_args(Kind))
    assert all(text.endswith(".") for text in gv.DEFINITIONS.values())


# -------------------------------------------------------------------------------------------- the discriminator wins


def winning(seed: int = 0, fake: float = 0.004, length: int = 600) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    accuracy = rng.binomial(256, 0.998, (2, length)) / 256
    return accuracy[0], accuracy[1], fake * rng.lognormal(0, 0.2, length)


def test_a_discriminator_that_wins() -> None:
    found = gv.discriminator_winning(5000, *winning(), "non-saturating")
    assert found is not None
    assert found.kind == "discriminator winning"
    assert found.confident
    assert "last 500 steps" in found.evidence
    assert "0.004" in found.evidence
    assert "vanished" not in found.evidence


def test_with_the_minimax_loss_the_gradient_has_vanished() -> None:
    found = gv.discriminator_winning(5000, *winning(), "minimax")
    assert found is not None
    assert "vanished" in found.evidence
    assert found.remedy.startswith("Change G's loss to non-saturating")


def test_one_that_nearly_wins_is_not_sure() -> None:
    found = gv.discriminator_winning(5000, *winning(fake=0.02))
    assert found is not None
    assert not found.confident
    assert gv.discriminator_winning(5000, *winning(fake=0.1)) is None


def test_a_critic_may_be_ahead() -> None:
    real, fake, value = winning()
    assert gv.discriminator_winning(5000, real, fake, value - 10, "Wasserstein") is None


def test_of_hinge_the_value_counts_not_a_probability() -> None:
    real, fake, value = winning()
    assert gv.discriminator_winning(5000, real, fake, value, "hinge") is None
    found = gv.discriminator_winning(5000, real, fake, value - 1.5, "hinge")
    assert found is not None
    assert found.confident


def test_the_first_steps_do_not_count() -> None:
    assert gv.discriminator_winning(gv.EARLY_STEPS - 1, *winning()) is None
    assert gv.discriminator_winning(gv.EARLY_STEPS, *winning()) is not None


def test_a_victory_must_last() -> None:
    real, fake, value = winning()
    real[-100:] = 0.7  # of the 500 steps that count
    assert gv.discriminator_winning(5000, real, fake, value) is None
    real, fake, value = winning()
    real[:100] = 0.7  # before them
    assert gv.discriminator_winning(5000, real, fake, value) is not None


def test_both_sides_must_be_lost() -> None:
    real, fake, value = winning()
    assert gv.discriminator_winning(5000, np.full(600, 0.6), fake, value) is None
    assert gv.discriminator_winning(5000, real, np.full(600, 0.6), value) is None


def test_steps_without_values() -> None:
    real, fake, value = winning()
    value[::2] = np.nan
    real[::7] = np.inf
    assert gv.discriminator_winning(5000, real, fake, value) is not None
    value[: -2 * gv.LEAST_VALUES + 10] = np.nan  # fewer than 200 are left
    assert gv.discriminator_winning(5000, real, fake, value) is None
    assert gv.discriminator_winning(5000, real, fake, np.empty(0)) is None  # no steps of D at all


# ------------------------------------------------------------------------------------------------------ mode dropping


def dropping(captured: list[float], fair: list[float], quality: float = 0.9, modes: int = 8) -> Verdict | None:
    return gv.mode_dropping(np.array(captured), np.array(fair), np.full(len(fair), quality), modes)


def test_modes_that_stay_empty() -> None:
    found = dropping([3] * 12, [2] * 12)
    assert found is not None
    assert (found.kind, found.confident) == ("mode dropping", True)
    assert found.evidence == (
        "Throughout the last 6 evaluations at most 2 of 8 modes had 20 % of their fair share, 5 no sample at all."
    )


def test_modes_that_are_only_thin_are_not_sure() -> None:
    found = dropping([8] * 12, [7, 6] * 6)
    assert found is not None
    assert not found.confident
    assert "no sample" not in found.evidence


def test_modes_that_were_held_and_are_lost() -> None:
    found = dropping([8] * 12, [8, 8, 8, 8, 8, 7, 6, 6, 5, 5, 4, 4])
    assert found is not None
    assert found.confident
    assert "up to 8 had it before" in found.evidence


def test_modes_that_are_still_being_found() -> None:
    assert dropping([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 6]) is None


def test_modes_that_come_back() -> None:
    assert dropping([8] * 12, [8, 7, 6, 8, 8, 7, 6, 7, 6, 8, 7, 7]) is None


def test_all_modes_held_is_healthy() -> None:
    assert dropping([8] * 20, [8] * 20) is None


def test_blurred_samples_drop_no_mode() -> None:
    assert dropping([8] * 12, [0] * 12, quality=0.05) is None
    assert dropping([0] * 12, [0] * 12, quality=0.0) is None


def test_one_mode_cannot_be_dropped() -> None:
    assert dropping([0] * 12, [0] * 12, modes=1) is None


def test_too_few_evaluations() -> None:
    assert dropping([3] * 7, [2] * 7) is None
    assert dropping([3] * 8, [2] * 8) is not None
    curve = np.full(800, np.nan)  # one value a step, known every hundred steps
    curve[::100] = 2
    assert gv.mode_dropping(curve, curve, curve / 2, 8) is not None
    curve[0] = np.inf
    assert gv.mode_dropping(curve, curve, curve / 2, 8) is None


def test_only_the_newest_evaluations_count() -> None:
    assert dropping([2] * 40 + [8] * 20, [2] * 40 + [8] * 20) is None
    assert dropping([8] * 40 + [2] * 20, [8] * 40 + [2] * 20) is not None


# -------------------------------------------------------------------------------------------------------- all together


def test_several_at_once() -> None:
    real, fake, value = winning()
    found = judge(
        Window(
            step=5000,
            objective="minimax",
            acc_real=real,
            acc_fake=fake,
            d_fake=value,
            d_loss=1 + np.cos(2 * np.pi * TIME / 100),
            modes=8,
            captured=np.full(12, 1.0),
            fair=np.full(12, 1.0),
            high_quality=np.full(12, 0.9),
            samples=np.full(64, 0.01),
            heldout=np.linspace(1, 2, 256),
        )
    )
    assert kinds(found) == list(get_args(Kind))
    assert all(verdict.confident for verdict in found)
