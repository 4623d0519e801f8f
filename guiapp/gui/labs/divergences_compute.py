"""What the lab of divergences computes, without Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Final, Literal, get_args

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.gui.labs.kl_compute import STEPS
from guiapp.theory.divergence import js
from guiapp.theory.divergences import (
    alpha_divergence,
    by_quadrature,
    squared_hellinger,
    total_variation,
    wasserstein,
)
from guiapp.theory.gaussian import kl, log_density

Floats = npt.NDArray[np.float64]
Name = Literal["forward", "reverse", "alpha", "js", "hellinger2", "hellinger", "variation", "wasserstein"]
NAMES: Final[tuple[Name, ...]] = get_args(Name)
MEAN_RANGE: Final = (-5.0, 5.0)
DEVIATION_RANGE: Final = (0.1, 5.0)
REACHES: Final = (1.0, 2.0, 5.0, 10.0)  # of Δμ in the curves: few, so that the axis rarely changes
SIDE: Final = 61  # points of the map in each direction; odd, so that p = q is one of them
MAP_REACH: Final = (6.0, 4.0)  # of Δμ/σ₂ and of log(σ₁/σ₂): exp(4) is above the largest ratio of widths
_SPREAD: Final = np.sinh(np.linspace(0, 4, 61)) / math.sinh(4)  # closer together where the curves bend
_LOGARITHMIC: Final = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)

Mean = Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])]
Deviation = Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """p = N(μ₁, σ₁²), q = N(μ₂, σ₂²); α of the α-divergence; the divergence of the map."""

    mu1: Mean = 1.0
    sigma1: Deviation = 0.5
    mu2: Mean = 0.0
    sigma2: Deviation = 1.0
    alpha: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    shown: Name = "forward"


@dataclass(frozen=True)
class Measure:
    """A divergence: how it is written, its unit, the most it can be (inf: no bound), the levels of its iso-lines, and
    what makes it special. On the map it is coloured by its logarithm where it has no bound."""

    symbol: str
    unit: str
    ceiling: float
    levels: tuple[float, ...]
    note: str


MEASURES: Final[Mapping[Name, Measure]] = MappingProxyType(
    {
        "forward": Measure("KL(p‖q)", "nats", math.inf, _LOGARITHMIC, "closed form; not symmetric"),
        "reverse": Measure("KL(q‖p)", "nats", math.inf, _LOGARITHMIC, "closed form; not symmetric"),
        "alpha": Measure("Dα(p‖q)", "", math.inf, _LOGARITHMIC, "closed form; KL(q‖p) at α = 0, KL(p‖q) at α = 1"),
        "js": Measure("JS(p, q)", "nats", math.log(2), (0.01, 0.1, 0.3, 0.5, 0.65), "by quadrature; symmetric"),
        "hellinger2": Measure("H²(p, q)", "", 1.0, (0.01, 0.1, 0.3, 0.6, 0.9), "closed form; symmetric"),
        "hellinger": Measure("H(p, q)", "", 1.0, (0.1, 0.3, 0.5, 0.7, 0.9), "closed form; a metric"),
        "variation": Measure("TV(p, q)", "", 1.0, (0.1, 0.3, 0.5, 0.7, 0.9), "from Φ; a metric"),
        "wasserstein": Measure(
            "W₂(p, q)", "unit of x", math.inf, (0.1, 0.5, 1, 2, 4, 8, 16, 32), "closed form; a metric; grows with Δμ"
        ),
    }
)
PRESETS: Final[Mapping[str, Params]] = MappingProxyType(
    {
        "identical": Params(0.0, 1.0, 0.0, 1.0),
        "nearly identical": Params(0.1, 1.0, 0.0, 1.0),
        "far apart": Params(4.0, 0.5, -4.0, 0.5, shown="js"),
        "narrow in wide": Params(0.0, 0.2, 0.0, 2.0),
        "two points": Params(1.0, 0.1, -1.0, 0.1, shown="wasserstein"),
    }
)


@dataclass(frozen=True, eq=False)
class Curves:
    """Every divergence against Δμ = μ₁ - μ₂ at the widths of `params`: x (T,) and a (T,) each."""

    x: Floats
    y: Mapping[Name, Floats]


@dataclass(frozen=True, eq=False)
class Map:
    """A divergence over Δμ/σ₂ (columns) and log(σ₁/σ₂) (rows), (SIDE, SIDE); W₂ in units of σ₂."""

    name: Name
    grid: Floats


@dataclass(frozen=True, eq=False)
class Result:
    """Densities over x (T,), the divergences, their curves, and the map of the one that is chosen."""

    params: Params
    x: Floats
    p: Floats
    q: Floats
    values: Mapping[Name, float]
    curves: Curves
    map: Map


@dataclass(frozen=True)
class Row:
    """A formula, its difference from a numeric witness (relative above 1), and what it may be."""

    formula: str
    witness: str
    apart: float
    allowed: float

    @property
    def good(self) -> bool:
        return self.apart <= self.allowed


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def compute(params: Params) -> Result:
    """Everything the lab shows. Curves and map are kept as long as what they depend on stays."""
    four = (params.mu1, params.sigma1, params.mu2, params.sigma2)
    x = np.unique(np.concatenate([params.mu1 + params.sigma1 * STEPS, params.mu2 + params.sigma2 * STEPS]))
    values = {name: float(value) for name, value in _all(*four, params.alpha).items()}
    return Result(
        params,
        x,
        np.exp(log_density(x, *four[:2])),
        np.exp(log_density(x, *four[2:])),
        values | {"js": _js(*four)},
        curves(params.sigma1, params.sigma2, params.alpha, reach(params)),
        surface(params.shown, params.alpha if params.shown == "alpha" else 0.0),
    )


def reach(params: Params) -> float:
    """How far the curves go to either side."""
    wanted = max(2.5 * max(params.sigma1, params.sigma2), 1.05 * abs(params.mu1 - params.mu2))
    return next((reach for reach in REACHES if reach >= wanted), REACHES[-1])


@lru_cache(maxsize=8)
def curves(sigma1: float, sigma2: float, alpha: float, out: float) -> Curves:
    """Every divergence for |Δμ| up to `out`; all are even in Δμ, so one half is computed."""
    delta = out * _SPREAD
    half = _all(delta, sigma1, 0.0, sigma2, alpha) | {"js": _js_curve(sigma1, sigma2, out)}
    mirrored = {name: np.concatenate([half[name][:0:-1], half[name]]) for name in NAMES}
    return Curves(np.concatenate([-delta[:0:-1], delta]), MappingProxyType(mirrored))


@lru_cache(maxsize=8)
def surface(name: Name, alpha: float) -> Map:
    """The map of a divergence. None of them depends on more than Δμ/σ₂ and σ₁/σ₂, but for W₂, which is in σ₂."""
    wide, high = MAP_REACH
    delta = np.linspace(0, wide, SIDE // 2 + 1)[None]
    sigma1 = np.exp(np.linspace(-high, high, SIDE))[:, None]
    if name == "js":
        half = np.maximum(js(delta, sigma1, 0.0, 1.0), 0.0)  # 100 ms, once
    else:
        half = np.broadcast_to(_all(delta, sigma1, 0.0, 1.0, alpha)[name], (SIDE, SIDE // 2 + 1))
    return Map(name, np.concatenate([half[:, :0:-1], half], axis=1))


def check(params: Params) -> tuple[Row, ...]:
    """Every divergence at `params` against the integral that defines it."""
    four = (params.mu1, params.sigma1, params.mu2, params.sigma2)
    truth = by_quadrature(*four, params.alpha)
    found = {name: float(value) for name, value in _all(*four, params.alpha).items()} | {"js": _js(*four)}
    allowed = dict.fromkeys(truth, 1e-10) | {"variation": 1e-5, "wasserstein": 1e-3}
    if 0 < params.alpha < 1:  # the rounding of the witness is divided by α(1 - α)
        allowed["alpha"] = 1e-10 + 1e-15 / (params.alpha * (1 - params.alpha))
    witness = dict.fromkeys(truth, "quadrature of its definition") | {"wasserstein": "numeric quantiles, transported"}
    return tuple(
        Row(
            MEASURES[name].symbol,
            witness[name],
            abs(found[name] - truth[name]) / max(1.0, abs(found[name])),
            allowed[name],
        )
        for name in NAMES
        if name in truth
    )


def _all(mu1: float | Floats, sigma1: float | Floats, mu2: float, sigma2: float, alpha: float) -> dict[Name, Floats]:
    """All but the Jensen-Shannon divergence, which costs a quadrature."""
    four = (mu1, sigma1, mu2, sigma2)
    squared = squared_hellinger(*four)
    return {
        "forward": np.asarray(kl(*four)),
        "reverse": np.asarray(kl(mu2, sigma2, mu1, sigma1)),
        "alpha": alpha_divergence(*four, alpha),
        "hellinger2": squared,
        "hellinger": np.sqrt(squared),
        "variation": total_variation(*four),
        "wasserstein": wasserstein(*four),
    }


def _js(mu1: float, sigma1: float, mu2: float, sigma2: float) -> float:
    return min(max(0.0, float(js(mu1, sigma1, mu2, sigma2))), math.log(2))  # its rounding error is 1e-15


@lru_cache(maxsize=8)
def _js_curve(sigma1: float, sigma2: float, out: float) -> Floats:
    return np.asarray(np.maximum(js(out * _SPREAD, sigma1, 0.0, sigma2), 0.0))
