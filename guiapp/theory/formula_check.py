"""A person's formula for KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²)), tried on what every KL has to be and on the integral itself.

The integral is numeric, ∫ p log(p/q) dx from the two densities alone; the closed form is nowhere used, so that a
formula is not judged by itself.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from guiapp.theory.divergence import integrand
from guiapp.theory.expression import Expression

Floats = npt.NDArray[np.float64]
Four = tuple[float, float, float, float]  # μ₁, σ₁, μ₂, σ₂
Property = Literal["finite", "positive", "zero", "shift", "unit", "factor", "integral"]
ORDER: Final[tuple[Property, ...]] = ("finite", "positive", "zero", "shift", "unit", "factor", "integral")
NAMES: Final = ("μ₁", "σ₁", "μ₂", "σ₂")
SPELT: Final = ("mu1", "sigma1", "mu2", "sigma2")  # the same on any keyboard
TOLERANCE: Final = 1e-8  # relative where the value is above 1, else absolute, in nats
MEANS, DEVIATIONS = 19.0, (0.02, 50.0)  # of the random points; halved or moved by 1 they stay in the lab's range
RANDOM: Final = 500
SMALL: Final = 1e-3  # nats; below it a ratio of formula and integral has too few digits
PANELS, NODES, REACH = 40, 10, 10.0  # of the quadrature, over μ₁ ± REACH σ₁
KNOWN: Final[tuple[Four, ...]] = (
    (1, 0.5, 0, 1), (0, 1, 0, 1), (0, 1, 0, 2), (0, 2, 0, 1), (3, 1, -3, 1), (0, 1, 0.01, 1), (0, 1, 10, 0.1),
)  # fmt: skip
_FACTORS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "twice": 2.0,
        "half": 0.5,
        "four times": 4.0,
        "a quarter of": 0.25,
        "1/log 2 = 1.4427 times (bits, not nats)": 1 / math.log(2),
        "log 2 = 0.6931 times": math.log(2),
    }
)
EXAMPLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "the right one": "log(σ₂/σ₁) + (σ₁² + (μ₁−μ₂)²)/(2·σ₂²) − 1/2",
        "slip (a)": "log(σ₁/σ₂) + (σ₂² − (μ₁+μ₂)²)/(2·σ₁²) − 1/2",
        "slip (b)": "log(σ₂/σ₁) + (σ₁² + (μ₁−μ₂)²)/(2·σ₁²) + 1/2",
        "the roles swapped": "log(σ₁/σ₂) + (σ₂² + (μ₁−μ₂)²)/(2·σ₁²) − 1/2",
        "σ where σ² belongs": "log(σ₂/σ₁) + (σ₁ + (μ₁−μ₂)²)/(2·σ₂) − 1/2",
        "the − ½ forgotten": "log(σ₂/σ₁) + (σ₁² + (μ₁−μ₂)²)/(2·σ₂²)",
        "the ½ in front forgotten": "2·log(σ₂/σ₁) + (σ₁² + (μ₁−μ₂)²)/σ₂² − 1",
        "in bits": "log2(σ₂/σ₁) + ((σ₁² + (μ₁−μ₂)²)/(2·σ₂²) − 1/2)/log(2)",
        "the means added": "log(σ₂/σ₁) + (σ₁² + (μ₁+μ₂)²)/(2·σ₂²) − 1/2",
        "to N(0, 1) only": "(μ₁² + σ₁² − 1)/2 − log(σ₁)",
        "the distance not squared": "log(σ₂/σ₁) + (σ₁² + abs(μ₁−μ₂))/(2·σ₂²) − 1/2",
    }
)


class Failure(NamedTuple):
    """A property that the formula lacks: at the point `at` it is `value` where the integral is `integral`. `why` says
    what is wrong, in a sentence; `factor` is the constant multiple, if that is all."""

    property: Property
    at: Four
    value: float
    integral: float
    why: str
    factor: float = math.nan


@dataclass(frozen=True)
class Verdict:
    """All `failures` in the order of `ORDER`; with none of them the formula agrees with the integral to `apart`
    (relative above 1 nat) at all `points`. `swapped`: it agrees with the integral of q log(q/p) instead."""

    failures: tuple[Failure, ...]
    apart: float
    points: int
    swapped: bool

    @property
    def first(self) -> Failure | None:
        """The failure that is named; None where there is none."""
        return self.failures[0] if self.failures else None

    @property
    def sentence(self) -> str:
        """What is to be said of the formula."""
        if self.first is not None:
            hint = " It is KL(q‖p): the roles of p and q are swapped." if self.swapped else ""
            return self.first.why + hint
        return f"It agrees with the integral to {_digits(max(self.apart, 1e-16), 1)} at all {self.points} points."


def read(text: str) -> Expression:
    """The formula `text` in μ₁, σ₁, μ₂, σ₂, or mu1, sigma1, mu2, sigma2. Raises ExpressionError: a sentence."""
    return Expression(text, (*NAMES, *SPELT))


def value(formula: Expression, four: Floats) -> Floats:
    """The formula at the points (N, 4) of μ₁, σ₁, μ₂, σ₂: (N,). Raises ExpressionError."""
    columns = tuple(four.T)
    return formula(**dict(zip((*NAMES, *SPELT), (*columns, *columns), strict=True)))


def integral(four: Floats) -> Floats:
    """∫ p log(p/q) dx at the points (N, 4): (N,), in nats. Composite Gauss-Legendre over μ₁ ± 10 σ₁ in 40 panels of 10
    nodes; error below 1e-11 of max(1, KL), found by comparison with the closed form (in the tests)."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(-REACH, REACH, PANELS + 1)
    half = REACH / PANELS
    z = (0.5 * (edges[1:] + edges[:-1])[:, None] + half * nodes).ravel()
    mu1, sigma1, mu2, sigma2 = (four[:, k, None] for k in range(4))
    terms = sigma1 * integrand(mu1 + sigma1 * z, mu1, sigma1, mu2, sigma2)
    result: Floats = terms @ np.tile(half * weights, PANELS)
    return result


@lru_cache(maxsize=1)
def points() -> tuple[Floats, Floats]:
    """The points (N, 4) at which formulas are tried, the easy ones first, and the integrals (N,) there."""
    easy = np.array(np.meshgrid((-2.0, 0, 1), (0.5, 1, 2), (-2.0, 0, 1), (0.5, 1, 2), indexing="ij")).reshape(4, -1).T
    rng = np.random.default_rng(0)
    means = rng.uniform(-MEANS, MEANS, (RANDOM, 2))
    deviations = np.exp(rng.uniform(math.log(DEVIATIONS[0]), math.log(DEVIATIONS[1]), (RANDOM, 2)))
    drawn = np.column_stack([means[:, 0], deviations[:, 0], means[:, 1], deviations[:, 1]])
    drawn = np.array([[float(f"{number:.3g}") for number in row] for row in drawn.tolist()])  # as they are written
    alike = drawn[:20].copy()
    alike[:, 2:] = alike[:, :2]
    four = np.concatenate([np.array(KNOWN, float), easy, drawn, alike])
    return four, integral(four)


def check(formula: Expression) -> Verdict:
    """What the formula is to be told, at all `points`. Takes some milliseconds. Raises ExpressionError."""
    four, truth = points()
    found = value(formula, four)
    failures = (
        _finite(four, found, truth),
        _positive(four, found, truth),
        _zero(four, found, truth),
        _moved(formula, four, found, truth),
        _scaled(formula, four, found, truth),
        _factor(four, found, truth),
    )
    kept = tuple(failure for failure in failures if failure is not None)
    differs = _integral(four, found, truth)
    if differs is not None and not any(failure.property == "factor" for failure in kept):
        kept += (differs,)
    return Verdict(kept, float(_apart(found, truth).max()), len(four), bool(kept) and _agrees(found, _reverse(four)))


def place(four: Four) -> str:
    """The point in words."""
    return ", ".join(f"{name} = {_digits(number)}" for name, number in zip(NAMES, four, strict=True))


def _finite(four: Floats, found: Floats, truth: Floats) -> Failure | None:
    bad = ~np.isfinite(found)
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    said = "not a number" if math.isnan(found[at]) else "infinite"
    return _failure(
        "finite", four, found, truth, at, f"It is {said} at {place(_four(four[at]))}; a KL is finite there."
    )


def _positive(four: Floats, found: Floats, truth: Floats) -> Failure | None:
    bad = found < -TOLERANCE
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    why = f"It is negative, {_digits(found[at])}, at {place(_four(four[at]))}; a KL never is."
    return _failure("positive", four, found, truth, at, why)


def _zero(four: Floats, found: Floats, truth: Floats) -> Failure | None:
    alike = (four[:, 0] == four[:, 2]) & (four[:, 1] == four[:, 3])
    bad = alike & (np.abs(found) > TOLERANCE)
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    why = f"It is {_digits(found[at])}, not 0, for two equal Gaussians: {place(_four(four[at]))}."
    return _failure("zero", four, found, truth, at, why)


def _moved(formula: Expression, four: Floats, found: Floats, truth: Floats) -> Failure | None:
    other = four.copy()
    other[:, [0, 2]] += np.where(four[:, 0] + four[:, 2] > 0, -1.0, 1.0)[:, None]
    return _changed("shift", "when both means move together", formula, four, other, found, truth)


def _scaled(formula: Expression, four: Floats, found: Floats, truth: Floats) -> Failure | None:
    return _changed("unit", "with the unit of x, when all four are halved", formula, four, 0.5 * four, found, truth)


def _changed(
    name: Property, when: str, formula: Expression, four: Floats, other: Floats, found: Floats, truth: Floats
) -> Failure | None:
    """The first point where the formula is another one at `other`, where the integral is the same; of the two points
    the one is named where the formula is further off."""
    there = value(formula, other)
    bad = np.isfinite(found) & np.isfinite(there) & (_apart(there, found) > TOLERANCE)
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    worse = abs(there[at] - truth[at]) > abs(found[at] - truth[at])
    named, value_named = (_four(other[at]), there[at]) if worse else (_four(four[at]), found[at])
    why = (
        f"It changes {when}: {_digits(found[at])} at {place(_four(four[at]))}, "
        f"but {_digits(there[at])} at {place(_four(other[at]))}."
    )
    return Failure(name, named, float(value_named), float(truth[at]), why)


def _factor(four: Floats, found: Floats, truth: Floats) -> Failure | None:
    large = truth > SMALL
    with np.errstate(invalid="ignore"):
        factor = float(np.median(found[large] / truth[large]))
    if not math.isfinite(factor) or abs(factor - 1) < TOLERANCE or abs(factor) < TOLERANCE:
        return None
    if not _agrees(found, factor * truth):
        return None
    said = next((words for words, known in _FACTORS.items() if math.isclose(known, factor, rel_tol=1e-9)), None)
    why = f"Wrong scale: it is {said or f'{_digits(factor)} times'} the integral, everywhere."
    return _failure("factor", four, found, truth, 0, why)._replace(factor=factor)


def _integral(four: Floats, found: Floats, truth: Floats) -> Failure | None:
    bad = np.isfinite(found) & (_apart(found, truth) > TOLERANCE)
    if not bad.any():
        return None
    at = int(np.argmax(bad))
    why = f"It is {_digits(found[at])} at {place(_four(four[at]))}, where the integral is {_digits(truth[at])}."
    return _failure("integral", four, found, truth, at, why)


def _failure(name: Property, four: Floats, found: Floats, truth: Floats, at: int, why: str) -> Failure:
    return Failure(name, _four(four[at]), float(found[at]), float(truth[at]), why)


def _reverse(four: Floats) -> Floats:
    return integral(four[:, [2, 3, 0, 1]])


def _agrees(found: Floats, truth: Floats) -> bool:
    return bool(np.isfinite(found).all() and _apart(found, truth).max() <= TOLERANCE)


def _apart(found: Floats, truth: Floats) -> Floats:
    """|found - truth|, relative where |truth| is above 1."""
    with np.errstate(invalid="ignore", over="ignore"):
        result: Floats = np.abs(found - truth) / np.maximum(1.0, np.abs(truth))
    return result


def _four(row: Floats) -> Four:
    a, b, c, d = (float(number) + 0.0 for number in row)  # no negative zero
    return a, b, c, d


def _digits(number: float, digits: int = 4) -> str:
    return f"{number:.{digits}g}".replace("-", "−")
