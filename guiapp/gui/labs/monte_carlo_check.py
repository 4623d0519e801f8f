"""The check of the Monte Carlo lab: every exact number against a witness that shares nothing with it."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from guiapp.gui.labs.elbo_compute import Row
from guiapp.gui.labs.monte_carlo_compute import Expectation, Floats, Params, function
from guiapp.theory.gaussian import log_density
from guiapp.theory.monte_carlo import Law, base_draws
from guiapp.theory.monte_carlo_evidence import Model, log_evidence, log_weights, noise
from guiapp.theory.monte_carlo_forms import closed_form

CHECKED: Final = 100_000  # new draws, of f or of a coordinate
ERRORS: Final = 4.5  # standard errors that a mean of draws may be off
CELLS: Final = 400_000  # of the midpoint rule
ROUGH: Final = 1e-3  # standard deviations that the midpoint rule may be off where f jumps


def of_expectation(result: Expectation, seed: int) -> tuple[Row, ...]:
    """E[f] and sd(f) as far as they exist; new draws at each `seed`. 30 ms."""
    truth, text, law = result.moments, result.params.function, result.params.the_law
    if not truth.has_mean:
        return ()
    size = truth.deviation if truth.has_variance else abs(truth.mean)
    size = max(size, 1e-9 * abs(truth.mean), 1e-300)
    rows = []
    known = closed_form(text, law)
    if known is not None:
        allowed = 1e-6 + truth.error / size
        rows.append(Row("E[f]", f"closed form, {known:.6g}", abs(truth.mean - known) / size, allowed))
    if truth.has_variance:
        z, weights = _midpoints(law)
        f = function(text)
        with np.errstate(all="ignore"):
            values = np.nan_to_num(f(z))
            mean = float(weights @ values)
            deviation = math.sqrt(float(weights @ np.square(values - mean)))
            drawn = float(f(law.draws(base_draws(law.name, seed, (2 * CHECKED,))[CHECKED:])).mean())
        allowed = ROUGH + truth.error / size
        errors = _errors(drawn - truth.mean, truth.deviation / math.sqrt(CHECKED))
        rows += [
            Row("E[f]", "midpoint rule, in units of sd(f)", abs(truth.mean - mean) / size, allowed),
            Row("sd(f)", "midpoint rule, relative", abs(truth.deviation - deviation) / size, allowed),
            Row("E[f]", f"{CHECKED:,} new draws, in standard errors", errors, ERRORS + truth.error / size),
        ]
    return tuple(rows)


def of_evidence(params: Params, seed: int) -> tuple[Row, ...]:
    """log p(x), the weights, their variances and the bias; new draws at each `seed`. 50 ms."""
    model, g, d = params.model, params.quality, params.dimension
    rotation = np.linalg.qr(np.random.default_rng((seed, d)).standard_normal((d, d)))[0]
    exact = d * model.evidence
    turned = log_evidence(rotation @ np.full(d, model.x), rotation, params.noise)
    drawn = noise(seed, CHECKED, 1)
    logs = log_weights(model, g, drawn, np.array([1]))[0]
    gap = _errors(float(logs.mean()) + model.gap(g), float(logs.std(ddof=1)) / math.sqrt(CHECKED))
    spread = math.sqrt(math.expm1(model.growth(g)) / CHECKED)
    unbiased = _errors(float(np.exp(logs).mean()) - 1, spread)
    draws = f"{CHECKED:,} new draws of a coordinate, in standard errors"
    growth = max(_growth_apart(model, 0.0), _growth_apart(model, g))
    return (
        Row("log p(x)", "Cholesky factor, W turned at random", abs(exact - turned), 1e-9 * max(1.0, abs(exact))),
        Row("log w", "the three densities", _weight_apart(model, g, drawn.first[0], logs), 1e-8),
        Row("Var[w]/E[w]²", "quadrature: log of E[w²]/E[w]², a coordinate", growth, 1e-8),
        Row("E[w] = p(x)", draws, unbiased, ERRORS),
        Row("E[log w]", draws, gap, ERRORS),
    )


def _midpoints(law: Law) -> tuple[Floats, Floats]:
    """Nodes and weights, both (CELLS,), in equal steps of z, or of the angle for the Cauchy law."""
    if law.name == "Bernoulli":
        return np.array([0.0, 1.0]), np.array([1 - law.probability, law.probability])
    share = (np.arange(CELLS) + 0.5) / CELLS
    if law.name == "Cauchy":
        return law.location + law.scale * np.tan(math.pi * (share - 0.5)), np.full(CELLS, 1 / CELLS)
    low, high = {"normal": (-38.0, 38.0), "uniform": (-1.0, 1.0), "exponential": (0.0, 200.0)}[law.name]
    z = law.location + law.scale * (low + (high - low) * share)
    weights = law.density(z)
    return z, weights / weights.sum()


def _errors(apart: float, error: float) -> float:
    """|apart| in standard errors; what rounding explains is none."""
    return 0.0 if abs(apart) <= 1e-11 else abs(apart) / error if error else math.inf


def _weight_apart(model: Model, g: float, drawn: Floats, logs: Floats) -> float:
    """The largest difference of log w - log p(x) from log p(x|z) + log p(z) - log q(z) - log p(x)."""
    m, s = model.proposal(g)
    z = m + s * drawn
    direct = log_density(model.x, z, model.noise) + log_density(z, 0.0, 1.0) - log_density(z, m, s)
    return float(np.abs(direct - float(log_density(model.x, 0.0, math.hypot(1.0, model.noise))) - logs).max())


def _growth_apart(model: Model, g: float) -> float:
    """The difference of log(E[w²]/E[w]²) from quadrature of w² q, w = p(x|z) p(z)/q, by the trapezoid rule."""
    m, s = model.proposal(g)
    centre, width = model.proposal(2 - g)  # w² q is proportional to this
    z = centre + width * np.linspace(-12.0, 12.0, 4801)
    logs = 2 * (log_density(model.x, z, model.noise) + log_density(z, 0.0, 1.0)) - log_density(z, m, s)
    top = float(logs.max())
    square = top + math.log(float(np.exp(logs - top).sum()) * (z[1] - z[0]))
    return abs(square - 2 * float(log_density(model.x, 0.0, math.hypot(1.0, model.noise))) - model.growth(g))
