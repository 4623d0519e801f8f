"""Verdicts on made-up layers, sick and healthy ones: neither may be taken for the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import theilslopes

from guiapp.theory import layer_verdicts as lv
from guiapp.theory.layer_verdicts import Layers, diverged, judge, trends
from guiapp.theory.verdicts import Verdict

Values = npt.NDArray[np.float64]


def network(name: str, depth: int) -> tuple[str, ...]:
    return tuple(f"{name}.{i}" for i in range(depth))


def noisy(profile: Any, steps: int = 600, spread: float = 0.15, seed: int = 0) -> Values:
    """Gradients (T, L) around 10**profile (L,), as noisy in decades as those of batches of 128."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, spread, (steps, len(profile)))
    return np.asarray(10.0 ** (np.asarray(profile) + noise), np.float64)


def of(profile: Any, activation: str = "sigmoid", **fields: Any) -> Layers:
    depth = len(profile)
    return Layers(network("encoder", depth), (activation,) * depth, noisy(profile), **fields)


def kinds(found: tuple[Verdict, ...]) -> list[tuple[str, bool]]:
    return [(verdict.kind, verdict.confident) for verdict in found]


def down(depth: int, decades: float, top: float = -2.0) -> Values:
    """log10 gradients that fall by `decades` towards the input."""
    return np.linspace(top - decades, top, depth)


@pytest.mark.parametrize("depth", [3, 5, 20, 100])
@pytest.mark.parametrize("seed", range(5))
def test_layers_of_one_size_have_no_verdict(depth: int, seed: int) -> None:
    """Half a decade up and down at random, as measured of networks that learn."""
    profile = np.random.default_rng(seed).uniform(-2.3, -1.8, depth)
    assert judge(of(profile, "relu", dead=np.full((9, depth), 0.45), saturated=np.full((9, depth), 0.6))) == ()


@pytest.mark.parametrize(("decades", "expected"), [(1.7, []), (2.5, [False]), (4.5, [True]), (17.0, [True])])
def test_a_staircase_down_vanishes(decades: float, expected: list[bool]) -> None:
    found = judge(of(down(20, decades)))
    assert kinds(found) == [("vanishing gradient", sure) for sure in expected]


@pytest.mark.parametrize(("decades", "expected"), [(1.7, []), (2.5, [False]), (4.5, [True])])
def test_a_staircase_up_explodes(decades: float, expected: list[bool]) -> None:
    found = judge(of(down(20, -decades)))
    assert kinds(found) == [("exploding gradient", sure) for sure in expected]


def test_the_evidence_names_the_layers_and_the_numbers() -> None:
    (verdict,) = judge(of(down(20, 12.0)))
    assert verdict.layer == "encoder.0"
    for part in ("encoder.19.weight is 0.01", "encoder.0.weight 1e-14", "over 20 layers", "12.0 decades", "0.23 times"):
        assert part in verdict.evidence
    assert "ReLU" in verdict.remedy


def test_the_size_of_the_loss_does_not_matter() -> None:
    for top in (-30.0, -2.0, 6.0):
        assert kinds(judge(of(down(10, 6.0, top)))) == [("vanishing gradient", True)]
        assert judge(of(down(10, 0.5, top))) == ()


def test_the_trend_is_that_of_theil_and_sen() -> None:
    y = np.random.default_rng(3).normal(-3, 1, 12)
    layers = Layers(network("decoder", 12), ("relu",) * 12, np.tile(10.0**y, (200, 1)))
    slope = theilslopes(y, np.arange(12)).slope
    assert trends(layers)["decoder"].decades == pytest.approx(11 * slope, rel=1e-9)


def test_one_layer_that_is_otherwise_makes_no_trend() -> None:
    """As the generator of PacGAN has it, whose first layer sees two numbers and not 400."""
    assert judge(of([-1.0, -4.9, -4.8, -4.5, -4.6], "relu")) == ()
    assert judge(of([-9.0, -2.0, -2.0, -2.1, -1.9], "relu")) == ()


def test_a_step_at_one_layer_is_no_staircase() -> None:
    """All above it as large as one another, and all below it: one layer is to blame, and not the depth."""
    assert judge(of([-8.0] * 10 + [-2.0] * 10, "relu")) == ()
    assert judge(of([-2.0] * 10 + [-8.0] * 10, "relu")) == ()


def test_each_network_is_judged_by_itself_and_the_worst_is_named() -> None:
    names = (*network("encoder", 6), *network("decoder", 6))
    both = np.concatenate([down(6, 3.0, -8.0), down(6, 5.0, -1.0)])
    (verdict,) = judge(Layers(names, ("sigmoid",) * 12, noisy(both)))
    assert verdict.layer == "decoder.0"
    assert "Also: encoder by 3.0 decades." in verdict.evidence
    apart = np.concatenate([np.full(6, -9.0), np.full(6, -2.0)])
    assert judge(Layers(names, ("sigmoid",) * 12, noisy(apart))) == ()


def test_what_underflows_is_told() -> None:
    profile = down(100, 84.0, -1.0)
    gradients = np.asarray(noisy(profile, spread=0.01), np.float32)  # the smallest float is 1.4e-45
    (verdict,) = judge(Layers(network("encoder", 100), ("sigmoid",) * 100, gradients))
    assert (verdict.kind, verdict.confident) == ("vanishing gradient", True)
    behind = int((np.median(gradients, 0) == 0).sum())
    assert behind > 30
    assert f"in the {behind} before it is exactly 0" in verdict.evidence
    assert verdict.layer == f"encoder.{behind}"


def test_behind_a_dead_layer_nothing_vanishes() -> None:
    gradients = noisy(np.full(10, -2.0))
    gradients[:, :6] = 0
    assert judge(Layers(network("encoder", 10), ("relu",) * 10, gradients)) == ()


def test_two_layers_and_few_steps_give_no_trend() -> None:
    assert judge(of(down(2, 9.0))) == ()
    whole = noisy(down(10, 9.0))
    for rows, expected in ((lv.LEAST_VALUES - 1, 0), (lv.LEAST_VALUES, 1)):
        assert len(judge(Layers(network("encoder", 10), ("sigmoid",) * 10, whole[:rows]))) == expected


def test_only_the_last_steps_count() -> None:
    early, late = noisy(down(10, 9.0), 900), noisy(np.full(10, -2.0), lv.WINDOW)
    names, functions = network("encoder", 10), ("sigmoid",) * 10
    assert kinds(judge(Layers(names, functions, np.concatenate([late, early])))) == [("vanishing gradient", True)]
    assert judge(Layers(names, functions, np.concatenate([early, late]))) == ()


def test_a_player_that_moves_now_and_then_is_judged_when_it_does() -> None:
    gradients = noisy(down(10, 6.0), 1000)
    gradients[np.arange(1000) % 4 != 0] = np.nan
    assert kinds(judge(Layers(network("generator", 10), ("sigmoid",) * 10, gradients))) == [
        ("vanishing gradient", True)
    ]


# ------------------------------------------------------------------------------------------------------------ in time


def grown(from_: float, to: float, steps: int = 1000) -> Layers:
    gradients = noisy(np.zeros(2), steps, 0.05) * np.geomspace(from_, to, steps)[:, None]
    return Layers(network("decoder", 2), ("relu", "relu"), gradients)


def test_a_gradient_that_grows_by_decades_explodes() -> None:
    (verdict,) = judge(grown(1e-2, 1e3))
    assert (verdict.kind, verdict.confident) == ("exploding gradient", False)
    assert verdict.layer in ("decoder.0", "decoder.1")
    assert "has grown from" in verdict.evidence


@pytest.mark.parametrize(("from_", "to"), [(1e-8, 1e-3), (1e-1, 1e1), (1e3, 1e-3), (1e3, 1e3)])
def test_one_that_wakes_up_rises_a_little_or_is_large_does_not(from_: float, to: float) -> None:
    assert judge(grown(from_, to)) == ()


def test_a_value_that_is_not_finite() -> None:
    verdict = diverged(grown(1e-2, 1e3, 60), 60, "gradient of decoder.1.weight")
    assert (verdict.kind, verdict.confident, verdict.layer) == ("exploding gradient", True, "decoder.1")
    assert "In step 61 the gradient of decoder.1.weight was not finite." in verdict.evidence
    assert "had grown from" in verdict.evidence
    steady = diverged(grown(1e-2, 1e-2, 60), 60, "loss")
    assert (steady.confident, steady.layer) == (False, "")
    assert steady.evidence == "In step 61 the loss was not finite."
    first = diverged(Layers(network("decoder", 2), ("relu", "relu"), np.empty((0, 2))), 0, "input of decoder.0")
    assert (first.evidence, first.layer) == ("In step 1 the input of decoder.0 was not finite.", "decoder.0")
    rising = diverged(of(down(20, -5.0)), 600, "gradient of encoder.0.bias")
    assert rising.confident
    assert rising.layer == "encoder.0"
    assert "rises by 5.0 decades" in rising.evidence


def test_the_end_may_come_within_three_steps() -> None:
    gradients = noisy([-2.0, -2.0], 200)
    gradients[-3:] = [[0.1, 0.1], [10.0, 1.0], [1e4, 10.0]]
    verdict = diverged(Layers(network("decoder", 2), ("relu", "relu"), gradients), 200, "loss")
    assert (verdict.confident, verdict.layer) == (True, "decoder.0")
    assert "to 1e+04 (RMS)" in verdict.evidence


# ------------------------------------------------------------------------------------------------------------- units


def units(activation: str = "relu", **fields: Any) -> Layers:
    return Layers(network("generator", 3), (activation,) * 3, **fields)


@pytest.mark.parametrize(("share", "expected"), [(0.5, []), (0.79, []), (0.85, [False]), (0.97, [True]), (1.0, [True])])
def test_dead_units(share: float, expected: list[bool]) -> None:
    found = judge(units(dead=np.tile([0.1, share, 0.2], (5, 1))))
    assert kinds(found) == [("dead units", sure) for sure in expected]
    if found:
        assert found[0].layer == "generator.1"
        assert f"{100 * share:g}% of the units" in found[0].evidence
        assert ("no gradient passes" in found[0].evidence) == (share == 1)


def test_units_that_wake_now_and_then_are_not_dead() -> None:
    dead = np.tile([0.99, 0.9, 0.3], (20, 1))
    dead[-3] = 0.5
    assert judge(units(dead=dead)) == ()
    dead[-5:] = [0.99, 0.9, 0.3]
    (verdict,) = judge(units(dead=dead))
    assert "Also: generator.1 90%." in verdict.evidence


def test_a_collapsed_posterior_is_named_as_a_reason_in_a_vae_only() -> None:
    dead = np.full((5, 3), 1.0)
    assert "posterior" not in judge(units(dead=dead))[0].remedy
    vae = Layers(network("encoder", 3), ("relu",) * 3, dead=dead)
    assert "posterior" in judge(vae)[0].remedy
    assert "and 2 more" not in judge(vae)[0].evidence
    many = Layers(network("encoder", 9), ("relu",) * 9, dead=np.full((5, 9), 1.0))
    assert "and 5 more" in judge(many)[0].evidence


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize(("share", "expected"), [(0.48, []), (0.7, [False]), (0.95, [True])])
def test_saturated_units(activation: str, share: float, expected: list[bool]) -> None:
    found = judge(units(activation, saturated=np.tile([0.1, 0.2, share], (5, 1))))
    assert kinds(found) == [("saturated units", sure) for sure in expected]
    if found:
        assert found[0].layer == "generator.2"
        assert activation in found[0].evidence


@pytest.mark.parametrize("activation", ["relu", "leaky relu", "elu", "gelu", "maxout"])
def test_a_rectifier_is_not_saturated(activation: str) -> None:
    assert judge(units(activation, saturated=np.full((9, 3), 0.95))) == ()


@pytest.mark.parametrize("activation", ["leaky relu", "elu", "gelu", "maxout", "sigmoid", "tanh"])
def test_only_relus_die(activation: str) -> None:
    assert judge(units(activation, dead=np.full((9, 3), 1.0))) == ()


def test_too_few_measurements_give_no_verdict() -> None:
    for count in range(lv.LEAST_MEASUREMENTS):
        assert judge(units(dead=np.ones((count, 3)))) == ()
        assert judge(units("tanh", saturated=np.ones((count, 3)))) == ()
    sparse = np.full((2000, 3), np.nan)
    sparse[99::100] = 1.0
    assert kinds(judge(units(dead=sparse))) == [("dead units", True)]


# ---------------------------------------------------------------------------------------------------------- bad input

ODD = st.sampled_from([0.0, 1e-45, 1e-3, 1.0, 3e38, math.nan, math.inf, -1.0])


@given(arrays(np.float32, st.tuples(st.integers(0, 300), st.just(4)), elements=ODD), st.sampled_from(["relu", "tanh"]))
def test_no_values_break_it(values: npt.NDArray[np.float32], activation: str) -> None:
    names = (*network("encoder", 3), "decoder.0")
    layers = Layers(names, (activation,) * 4, values, values, values)
    for verdict in (*judge(layers), diverged(layers, 3, "loss")):
        assert verdict.evidence.endswith(".")
        assert "nan" not in verdict.evidence
        assert "inf" not in verdict.evidence


@pytest.mark.parametrize("count", [0, 1])
def test_a_network_without_hidden_layers(count: int) -> None:
    layers = Layers(network("encoder", count), ("relu",) * count, np.ones((600, count)), np.ones((9, count)))
    assert kinds(judge(layers)) == [("dead units", True)] * count
    assert judge(Layers((), ())) == ()
    assert diverged(Layers((), ()), 5, "loss").evidence == "In step 6 the loss was not finite."
