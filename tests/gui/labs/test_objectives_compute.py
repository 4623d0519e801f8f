"""The numbers of the lab of the GAN objectives against definitions written a second time, in high precision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.testing import assert_allclose

from guiapp.gui.labs import objectives_check as checks
from guiapp.gui.labs.objectives_compute import (
    OBJECTIVES,
    POINTS,
    PRESETS,
    Curve,
    Params,
    batch,
    compute,
    logit,
    validated,
)
from guiapp.theory import game

mpmath = pytest.importorskip("mpmath")


def picture(**changes: Any) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    real, generated = rng.normal(1, 1, 300).astype(np.float32), rng.normal(-2, 1, 400).astype(np.float32)
    return {"real": real, "generated": generated, "objective": np.array(1), "targets": np.array([1.0, 0.0])} | changes


def curve(params: Params, objective: str, of: str = "D(G(z))") -> Curve:
    return next(c for c in compute(params).curves if (c.objective, c.of) == (objective, of))


def as_functions_of_d(t: float, s: float) -> dict[tuple[str, str, str], Any]:
    """Every loss as a function of D = sigmoid(a), a = log(D / (1 - D))."""
    log = mpmath.log

    def a(d: Any) -> Any:
        return log(d / (1 - d))

    result: dict[tuple[str, str, str], Any] = {
        ("generator", "minimax", "D(G(z))"): lambda d: log(1 - d),
        ("generator", "non-saturating", "D(G(z))"): lambda d: -log(d),
        ("generator", "least squares", "D(G(z))"): lambda d: (a(d) - 1) ** 2,
        ("generator", "hinge", "D(G(z))"): lambda d: -a(d),
        ("generator", "Wasserstein", "D(G(z))"): lambda d: -a(d),
        ("discriminator", "least squares", "D(x)"): lambda d: (a(d) - t) ** 2,
        ("discriminator", "least squares", "D(G(z))"): lambda d: (a(d) - s) ** 2,
        ("discriminator", "hinge", "D(x)"): lambda d: max(mpmath.mpf(0), 1 - a(d)),
        ("discriminator", "hinge", "D(G(z))"): lambda d: max(mpmath.mpf(0), 1 + a(d)),
        ("discriminator", "Wasserstein", "D(x)"): lambda d: -a(d),
        ("discriminator", "Wasserstein", "D(G(z))"): lambda d: a(d),
    }
    for name in ("minimax", "non-saturating"):
        result["discriminator", name, "D(x)"] = lambda d: -t * log(d) - (1 - t) * log(1 - d)
        result["discriminator", name, "D(G(z))"] = lambda d: -s * log(d) - (1 - s) * log(1 - d)
    return result


@pytest.mark.parametrize(("t", "s"), [(1.0, 0.0), (0.9, 0.1)])
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_losses_and_both_derivatives_at_the_marker(player: Any, t: float, s: float) -> None:
    for d in (0.01, 0.3, 0.7, 0.96):
        params = Params(a=logit(d), player=player, real_target=t, fake_target=s)
        for by_a, by_d in zip(
            compute(params).curves, compute(msgspec.structs.replace(params, by="D")).curves, strict=True
        ):
            loss = as_functions_of_d(t, s)[player, by_a.objective, by_a.of]
            with mpmath.workdps(40):
                truth, slope = float(loss(mpmath.mpf(d))), float(mpmath.diff(loss, mpmath.mpf(d)))
            assert by_a.loss_here == pytest.approx(truth, rel=1e-9, abs=1e-9)
            assert by_d.slope_here == pytest.approx(slope, rel=1e-9, abs=1e-9)
            assert by_a.slope_here == pytest.approx(slope * d * (1 - d), rel=1e-9, abs=1e-9)


def test_saturating_against_not() -> None:
    result = compute(Params(a=PRESETS["D wins: D(G(z)) = .01"]))
    slopes = {c.objective: c.slope_here for c in result.curves}
    assert result.belief == pytest.approx(0.01, rel=1e-12)
    assert slopes["minimax"] == pytest.approx(-0.01, rel=1e-12)
    assert slopes["non-saturating"] / slopes["minimax"] == pytest.approx(99, rel=1e-12)
    assert result.ratio == pytest.approx(99, rel=1e-12)


def test_the_equilibrium() -> None:
    losses = {c.objective: c.loss_here for c in compute(Params(a=PRESETS["equilibrium D = ½"])).curves}
    assert losses["non-saturating"] == pytest.approx(0.693147, abs=1e-6)
    value = -sum(c.loss_here for c in compute(Params(a=0.0, player="discriminator")).curves[:2])
    assert value == pytest.approx(-1.386294, abs=1e-6)
    squares = compute(Params(a=0.5, player="discriminator")).curves
    assert sum(c.loss_here for c in squares if c.objective == "least squares") == 0.5


def test_the_curves_hold_the_marker() -> None:
    for c in compute(Params(a=float(POINTS[100]), player="discriminator", by="D")).curves:
        assert (c.loss[100], c.slope[100]) == (c.loss_here, c.slope_here)
        assert np.isfinite(c.loss).all()
        assert np.isfinite(c.slope).all()


@pytest.mark.parametrize("field", [{"a": 13.0}, {"real_target": 0.4}, {"fake_target": 0.6}, {"shown": ("none",)}])
def test_parameters_out_of_range_are_refused(field: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(field))):
        validated(Params(**field))


def test_a_belief_of_0_or_1_is_the_end_of_the_axis() -> None:
    assert (logit(0.0), logit(1.0), logit(-3.0)) == (-12.0, 12.0, -12.0)
    assert logit(0.25) == pytest.approx(np.log(1 / 3))


# ------------------------------------------------------------------------------------------------------- the batch


def test_weights_and_their_effective_share() -> None:
    found = batch(picture())
    assert found is not None
    d = 1 / (1 + np.exp(-found.generated))
    assert_allclose(found.weights, 1 - d, rtol=1e-9)
    assert found.effective == pytest.approx(np.mean(1 - d) ** 2 / np.mean((1 - d) ** 2))
    alone = replace(found, weights=np.eye(1, 8)[0])
    assert alone.effective == pytest.approx(1 / 8)
    assert replace(found, weights=np.full(5, 1e-9)).effective == pytest.approx(1)
    assert replace(found, weights=np.zeros(5)).effective == 0


@pytest.mark.parametrize(
    "broken",
    [
        None,
        {},
        picture(objective=np.array(9)),
        picture(targets=np.array([1.0])),
        picture(generated=np.full(4, np.nan)),
        picture(real=np.empty(0)),
    ],
)
def test_what_is_no_batch(broken: Any) -> None:
    assert batch(broken) is None


def test_outputs_that_are_not_finite_are_left_out() -> None:
    found = batch(picture(generated=np.array([0.0, np.inf, 2.0])))
    assert found is not None
    assert_allclose(found.generated, [0, 2])


# ------------------------------------------------------------------------------------------------------- the check


def study(a: Any, t: float, s: float) -> dict[str, Any]:
    """What the trainer would answer, here the closed forms themselves."""
    forms = checks.closed(a, t, s)
    slopes = np.array([[forms[o, term] for term in checks.TERMS[:3]] for o in OBJECTIVES])
    return {"slopes": slopes, "by_belief": np.array([forms[o, "∂/∂D"] for o in OBJECTIVES[:2]])}


@pytest.mark.parametrize("seed", range(20))
def test_closed_forms_agree_with_differences_on_any_batch(seed: int) -> None:
    a = checks.logits(seed, batch(picture(generated=np.array([-900.0, 1.0, -1.0, 30.0, 5000.0]))))
    rows = checks.check(a, 0.9, 0.1, study(a, 0.9, 0.1))
    assert len(rows) == 17
    assert [row for row in rows if not row.good] == []
    assert all(row.good is None for row in checks.check(a, 0.9, 0.1, None))
    assert not (np.abs(a) == 1).any(), "the kinks of the hinge"


@pytest.mark.parametrize("slope", ["generator_slope", "discriminator_slopes"])
def test_a_wrong_derivative_is_found(slope: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = getattr(game, slope)
    wrong = {
        "generator_slope": lambda a, o: right(a, o) + 2e-6,
        "discriminator_slopes": lambda *of: tuple(1.00001 * part + 2e-6 for part in right(*of)),
    }[slope]
    monkeypatch.setattr(game, slope, wrong)
    a = checks.random_batch(1)
    found = {row.term for row in checks.check(a, 1.0, 0.0, None) if row.good is False}
    assert found >= ({"generator", "∂/∂D"} if slope == "generator_slope" else {"D(x)", "D(G(z))"})


def test_a_wrong_autograd_is_found() -> None:
    a = checks.random_batch(1)
    answer = study(a, 1.0, 0.0)
    answer["slopes"][3, 1, 7] += 1e-5
    answer["by_belief"][1] = np.nan
    bad = {(row.objective, row.term) for row in checks.check(a, 1.0, 0.0, answer) if row.good is False}
    assert bad == {("hinge", "D(x)"), ("non-saturating", "∂/∂D")}
