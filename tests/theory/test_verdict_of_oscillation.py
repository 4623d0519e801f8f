"""What repeats itself is found, and what wanders, settles or jumps is left alone."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy.signal import lfilter

from guiapp.theory import game_verdicts as gv
from guiapp.theory.game_verdicts import Window, judge

STEPS = 4000
TIME = np.arange(STEPS)


def noise(count: int, coordinates: int = 1, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, coordinates))


def cycle(period: float, coordinates: int = 1) -> np.ndarray:
    phase = 2 * np.pi * TIME[:, None] / period
    return np.hstack([np.cos(phase), np.sin(phase)])[:, :coordinates]


@pytest.mark.parametrize("period", [40, 100, 333, 950])
@pytest.mark.parametrize("level", [0.0, 1.0])
@pytest.mark.parametrize("coordinates", [1, 2])
def test_a_period_is_found(period: float, level: float, coordinates: int) -> None:
    values = cycle(period, coordinates) + level * noise(STEPS, coordinates) + TIME[:, None] / 1000
    found = gv.rhythm(values)
    assert found is not None
    assert found.period == pytest.approx(period, rel=0.05, abs=4.1)  # half a bin of 8 steps
    assert found.peak > (gv.PEAK if level else 0.95)
    assert found.swing == pytest.approx(math.sqrt((1 if coordinates == 2 else 0.5) + coordinates * level / 8), rel=0.15)


def test_a_period_that_wobbles() -> None:
    phase = np.cumsum(2 * np.pi / 200 * (1 + 0.3 * noise(STEPS)[:, 0]))
    found = gv.rhythm(np.sign(np.sin(phase))[:, None])  # a jump from mode to mode, not a sine
    assert found is not None
    assert found.period == pytest.approx(200, rel=0.05)


def test_steps_without_values_keep_the_period_in_steps() -> None:
    values = cycle(400, 2)
    values[np.arange(STEPS) % 10 != 0] = np.nan
    found = gv.rhythm(values)
    assert found is not None
    assert found.period == pytest.approx(400, rel=0.03)


def test_fewer_than_four_periods_are_none() -> None:
    assert gv.rhythm(cycle(1200, 2)) is None
    assert gv.rhythm(cycle(100, 2)[:40]) is None


AIMLESS: dict[str, Callable[[int], np.ndarray]] = {
    "noise": lambda seed: noise(STEPS, 1, seed),
    "noise in the plane": lambda seed: noise(STEPS, 2, seed),
    "little noise": lambda seed: noise(50, 1, seed),
    "random walk": lambda seed: noise(STEPS, 1, seed).cumsum(axis=0),
    "random walk in the plane": lambda seed: noise(STEPS, 2, seed).cumsum(axis=0),
    "short random walk": lambda seed: noise(64, 2, seed).cumsum(axis=0),
    "drawn back": lambda seed: lfilter([1], [1, -0.99], noise(STEPS, 1, seed), axis=0),
    "learning": lambda seed: 3 * np.exp(-TIME[:, None] / 300) + 0.1 * noise(STEPS, 1, seed),
    "a jump": lambda seed: (TIME[:, None] > 1500) + 0.1 * noise(STEPS, 1, seed),
    "a spike": lambda seed: 100.0 * (TIME[:, None] == 1500) + noise(STEPS, 1, seed),
}


@pytest.mark.parametrize("name", AIMLESS)
def test_what_has_no_period(name: str) -> None:
    found = [gv.rhythm(AIMLESS[name](seed)) for seed in range(100)]
    assert sum(each is not None for each in found) <= 1  # of a hundred


def test_the_mean_of_the_generated_points_goes_round() -> None:
    found = gv.oscillation(np.ones(STEPS), 0.5 * cycle(200, 2), spread=0.7)
    assert found is not None
    assert (found.kind, found.confident) == ("oscillation", True)
    assert found.evidence.startswith("The mean of the generated points repeats itself every 200 steps")
    assert gv.oscillation(np.ones(STEPS), 0.05 * cycle(200, 2), spread=0.7) is None  # less than a tenth of .7
    assert gv.oscillation(np.ones(STEPS), 0.08 * cycle(200, 2), spread=0.7) is not None


def test_the_loss_swings() -> None:
    found = gv.oscillation(1.3 + 0.2 * cycle(200)[:, 0] + 0.3 * noise(STEPS)[:, 0])
    assert found is not None
    assert found.evidence.startswith("The discriminator's loss repeats")
    assert gv.oscillation(1.3 + 0.02 * cycle(200)[:, 0]) is None


def hopping(quality: float = 0.9, count: int = 16) -> tuple[np.ndarray, np.ndarray]:
    held = np.zeros((count, 8), bool)
    held[np.arange(count), np.arange(count) // 2 * 3 % 8] = True
    return held, np.full(count, quality)


def test_a_generator_that_hops_from_mode_to_mode() -> None:
    found = gv.mode_hopping(*hopping())
    assert found is not None
    assert found.kind == "oscillation"
    assert "8 modes were held at some time during 16 evaluations, 1.0 at a time" in found.evidence
    assert judge(Window(1000, "minimax", held=hopping()[0], high_quality=hopping()[1])) == (found,)


def test_modes_on_the_brink_of_being_held_flicker_and_do_not_hop() -> None:
    held = np.random.default_rng(0).random((20, 8)) < 0.5
    assert gv.mode_hopping(held, np.full(20, 0.2)) is None
    assert gv.mode_hopping(held, np.full(20, np.nan)) is None
    assert gv.mode_hopping(held, np.full(20, 0.9)) is not None


def test_finding_modes_is_not_hopping() -> None:
    growing = np.arange(8) < np.arange(20)[:, None]
    assert gv.mode_hopping(growing, np.full(20, 0.9)) is None
    doubling = np.arange(128) < 2 ** np.arange(8)[:, None]
    assert gv.mode_hopping(doubling, np.full(8, 0.9)) is None
    collapsed = np.arange(8) < np.ones((20, 1))
    assert gv.mode_hopping(collapsed, np.full(20, 0.9)) is None


def test_too_few_evaluations_to_hop() -> None:
    assert gv.mode_hopping(*hopping(count=7)) is None
    assert gv.mode_hopping(np.zeros((20, 8), bool), np.ones(20)) is None
    assert gv.mode_hopping(np.empty((0, 0), bool), np.ones(20)) is None


@pytest.mark.parametrize("period", [18, 30])
def test_the_swing_that_a_game_begins_with_is_none(period: float) -> None:
    """As seen in healthy games on a ring: the loss of D swings every 18 to 30 steps at first, and comes to rest."""
    time = np.arange(1000)
    loss = 1.38 + 0.3 * np.exp(-time / 150) * np.sin(2 * np.pi * time / period) + 0.01 * noise(1000)[:, 0]
    found = gv.oscillation(loss)
    assert found is not None
    assert judge(Window(step=1000, objective="non-saturating", d_loss=loss)) == ()
    assert judge(Window(step=1000 + gv.EARLY_STEPS, objective="non-saturating", d_loss=loss)) == (found,), "later it is"
