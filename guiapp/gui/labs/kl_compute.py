"""What the KL lab computes: curves, divergences and their Monte Carlo estimates, without Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.theory.divergence import (
    Estimate,
    NoiseMoments,
    crossings,
    integrand,
    js,
    kl_from_moments,
    noise_moments,
    signed_areas,
)
from guiapp.theory.expression import LONGEST
from guiapp.theory.gaussian import kl, log_density

Floats = npt.NDArray[np.float64]
Direction = Literal["forward", "reverse"]
MEAN_RANGE: Final = (-20.0, 20.0)
DEVIATION_RANGE: Final = (0.01, 100.0)
DRAWS: Final = (100, 1_000, 10_000, 100_000, 1_000_000)
STEPS = np.linspace(-7.0, 7.0, 281)  # .05 σ apart: the polygon misses a Gaussian by .03 % of its peak
STEPS.flags.writeable = False

Mean = Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])]
Deviation = Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """p = N(μ₁, σ₁²), q = N(μ₂, σ₂²); the direction whose integrand is drawn; draws and seed of the Monte Carlo; a
    person's formula for KL(p‖q), "" for none."""

    mu1: Mean = 1.0
    sigma1: Deviation = 0.5
    mu2: Mean = 0.0
    sigma2: Deviation = 1.0
    direction: Direction = "forward"
    draws: Annotated[int, Meta(ge=DRAWS[0], le=DRAWS[-1])] = 10_000
    seed: Annotated[int, Meta(ge=0)] = 0
    formula: Annotated[str, Meta(max_length=LONGEST)] = ""


PRESETS: Final = MappingProxyType(
    {
        "identical": (0.0, 1.0, 0.0, 1.0),
        "very small": (0.0, 1.0, 0.01, 1.0),
        "very large": (0.0, 1.0, 10.0, 0.1),
        "asymmetric": (0.0, 1.0, 0.0, 2.0),
    }
)


@dataclass(frozen=True, eq=False)
class Result:
    """Curves over x, shapes (T,), and numbers in nats. `f` is the integrand of the chosen direction; `positive` minus
    `negative`, its signed areas, is that direction's KL."""

    params: Params
    x: Floats
    p: Floats
    q: Floats
    f: Floats
    positive: float
    negative: float
    forward: float
    reverse: float
    js: float
    forward_estimate: Estimate
    reverse_estimate: Estimate

    @property
    def chosen(self) -> float:
        """The KL of the direction that is drawn."""
        return self.forward if self.params.direction == "forward" else self.reverse


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def draw(draws: int, seed: int) -> NoiseMoments:
    """`draws` standard normal numbers of the stream `seed`, as the moments that matter. A million take 30 ms."""
    return noise_moments(np.random.default_rng(seed).standard_normal(draws))


def compute(params: Params, noise: NoiseMoments | None = None) -> Result:
    """Everything the lab shows; `noise` must be what `draw(params.draws, params.seed)` gives, and saves drawing it."""
    if noise is None:
        noise = draw(params.draws, params.seed)
    there = (params.mu1, params.sigma1, params.mu2, params.sigma2)
    back = (params.mu2, params.sigma2, params.mu1, params.sigma1)
    first = there if params.direction == "forward" else back
    x = _points(*there)
    positive, negative = signed_areas(*first)
    return Result(
        params=params,
        x=x,
        p=np.exp(log_density(x, *there[:2])),
        q=np.exp(log_density(x, *there[2:])),
        f=integrand(x, *first),
        positive=positive,
        negative=negative,
        forward=float(kl(*there)),
        reverse=float(kl(*back)),
        js=max(0.0, float(js(*there))),  # its rounding error is 1e-15, either way
        forward_estimate=kl_from_moments(*there, noise),
        reverse_estimate=kl_from_moments(*back, noise),
    )


def z_score(estimate: Estimate, truth: float) -> float:
    """How many standard errors the estimate lies above the truth; 0 where both are exact."""
    if estimate.error == 0:
        return 0.0
    return float((estimate.value - truth) / estimate.error)


def significant(value: float, digits: int = 6) -> str:
    """`value` with so many significant digits: 5047.20, 5.00000×10⁻⁵, −1.386294."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("−∞" if value < 0 else "∞")
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{value:#.{digits}g}".partition("e")
    if exponent:
        mantissa += "×10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return mantissa.removesuffix(".").replace("-", "−").replace(".×", "×")


def _points(mu1: float, sigma1: float, mu2: float, sigma2: float) -> Floats:
    """Points fine enough for both curves, with the crossings, so that the two signs meet on the axis."""
    cross = np.asarray(crossings(mu1, sigma1, mu2, sigma2), np.float64)
    low, high = min(mu1 - 8 * sigma1, mu2 - 8 * sigma2), max(mu1 + 8 * sigma1, mu2 + 8 * sigma2)
    inside = cross[(cross > low) & (cross < high)]
    low, high = 2 * low - high, 2 * high - low  # both are zero from here to far out of the view
    return np.unique(np.concatenate([mu1 + sigma1 * STEPS, mu2 + sigma2 * STEPS, inside, [low, high]]))
