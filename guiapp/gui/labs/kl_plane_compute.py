"""What the lab of the KL in the plane computes: both divergences by parts, the integrand as a map, a check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.gui.labs.elbo_compute import Row
from guiapp.theory.gaussian_plane import (
    CovarianceError,
    Parts,
    PlaneGaussian,
    by_quadrature,
    by_sampling,
    integrand,
    mapped,
    parts,
)

Floats = npt.NDArray[np.float64]
Direction = Literal["forward", "reverse"]
MEAN_RANGE: Final = (-10.0, 10.0)
DEVIATION_RANGE: Final = (0.05, 10.0)
CORRELATION_RANGE: Final = (-0.995, 0.995)
SIDE: Final = 161  # points of the map along each axis
REACH: Final = 5.0  # standard deviations of the law under the integral that the map covers
CHECKED: Final = 100_000  # draws of the check
TOLERANCE: Final = 1e-9  # relative to the parts of the formula
ERRORS: Final = 5.0  # standard errors that they may be off: 6e-7 by chance
TRIES: Final = 200  # affine maps tried until one leaves both Gaussians in range

Mean = Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])]
Deviation = Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])]
Correlation = Annotated[float, Meta(ge=CORRELATION_RANGE[0], le=CORRELATION_RANGE[1])]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """p and q by their means, standard deviations and correlation; the direction whose integrand is drawn."""

    x1: Mean = 1.0
    y1: Mean = 0.5
    sx1: Deviation = 1.5
    sy1: Deviation = 0.8
    rho1: Correlation = 0.6
    x2: Mean = -0.5
    y2: Mean = -0.5
    sx2: Deviation = 1.2
    sy2: Deviation = 1.6
    rho2: Correlation = -0.3
    direction: Direction = "forward"

    @property
    def p(self) -> PlaneGaussian:
        return PlaneGaussian(self.x1, self.y1, self.sx1, self.sy1, self.rho1)

    @property
    def q(self) -> PlaneGaussian:
        return PlaneGaussian(self.x2, self.y2, self.sx2, self.sy2, self.rho2)

    def moved(self, which: str, g: PlaneGaussian) -> Params:
        """With `g` in place of `which`, "p" or "q", as far as the ranges go."""
        ends = (MEAN_RANGE, MEAN_RANGE, DEVIATION_RANGE, DEVIATION_RANGE, CORRELATION_RANGE)
        names = (f"{name}{1 + (which == 'q')}" for name in PlaneGaussian._fields)
        held = (min(max(value, low), high) for value, (low, high) in zip(g, ends, strict=True))
        return msgspec.structs.replace(self, **dict(zip(names, held, strict=True)))


PRESETS: Final[Mapping[str, Params]] = MappingProxyType(
    {
        "identical": Params(1.0, 0.5, 1.5, 0.8, 0.6, 1.0, 0.5, 1.5, 0.8, 0.6),
        "posterior and prior": Params(1.0, -0.5, 0.5, 0.3, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0),
        "correlated, not": Params(0.0, 0.0, 1.0, 1.0, 0.9, 0.0, 0.0, 1.0, 1.0, 0.0),
        "mean field": Params(0.0, 0.0, 1.0, 1.0, 0.9, 0.0, 0.0, 0.435889894, 0.435889894, 0.0),
        "crossed": Params(0.0, 0.0, 1.5, 1.5, 0.9, 0.0, 0.0, 1.5, 1.5, -0.9),
        "narrow in wide": Params(0.0, 0.0, 0.3, 0.3, 0.0, 0.0, 0.0, 2.0, 2.0, 0.0),
    }
)


@dataclass(frozen=True, eq=False)
class Result:
    """`forward` is KL(p‖q), `reverse` KL(q‖p), both by parts. `heat` (SIDE, SIDE) is the integrand of the chosen
    direction over `area`: x from, y from, width, height; row 0 at the smallest y."""

    params: Params
    forward: Parts
    reverse: Parts
    heat: Floats
    area: tuple[float, float, float, float]

    @property
    def pair(self) -> tuple[PlaneGaussian, PlaneGaussian]:
        """The law under the integral, and the one that it is compared with."""
        p, q = self.params.p, self.params.q
        return (p, q) if self.params.direction == "forward" else (q, p)

    @property
    def chosen(self) -> Parts:
        """Of the direction that is drawn."""
        return self.forward if self.params.direction == "forward" else self.reverse


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def compute(params: Params) -> Result:
    """Everything the lab shows."""
    p, q = params.p, params.q
    first, second = (p, q) if params.direction == "forward" else (q, p)
    wide, high = REACH * first.sx, REACH * first.sy
    steps = np.linspace(-1.0, 1.0, SIDE)
    heat = integrand(first, second, first.x + wide * steps, (first.y + high * steps)[:, None])
    area = (first.x - wide, first.y - high, 2 * wide, 2 * high)
    return Result(params, parts(p, q), parts(q, p), heat, area)


def affine(params: Params, seed: int) -> Params | None:
    """Both Gaussians under a common affine map z -> A z + b of the stream `seed`; None where no map that was tried
    leaves both of them in range."""
    rng = np.random.default_rng(seed)
    middle = 0.5 * (params.p.mean + params.q.mean)
    for _ in range(TRIES):
        matrix, goal = random_map(rng), rng.uniform(-2, 2, 2)
        try:
            p, q = (mapped(g, matrix, goal - matrix @ middle) for g in (params.p, params.q))
        except CovarianceError:
            continue
        result = params.moved("p", p).moved("q", q)
        if (result.p, result.q) == (p, q):
            return result
    return None


def random_map(rng: np.random.Generator) -> Floats:
    """A turn, a stretch by .5 to 2 along each axis, and a turn; (2, 2), one in two is a mirror too."""
    stretch = np.diag(np.exp(rng.uniform(-math.log(2), math.log(2), 2)) * (1, rng.choice((-1, 1))))
    return _turn(rng.uniform(0, 2 * math.pi)) @ stretch @ _turn(rng.uniform(0, 2 * math.pi))


def check(params: Params, seed: int) -> tuple[Row, ...]:
    """Both divergences against quadrature, CHECKED new draws, and themselves under a common affine map; 20 ms."""
    rng = np.random.default_rng((seed, CHECKED))
    rows = []
    for name, p, q in (("KL(p‖q)", params.p, params.q), ("KL(q‖p)", params.q, params.p)):
        truth = parts(p, q)
        scale = 1 + truth.trace + truth.distance + abs(truth.log_ratio)
        rows.append(Row(name, "quadrature of p log(p/q)", abs(by_quadrature(p, q) - truth.kl) / scale, TOLERANCE))
        mean, error = by_sampling(p, q, CHECKED, rng)
        off = abs(mean - truth.kl)
        rows.append(
            Row(f"{name}, drawn", "the mean of new draws", 0.0 if off <= 1e-12 * scale else off / error, ERRORS)
        )
        matrix, shift = random_map(rng), rng.uniform(-2, 2, 2)
        image = parts(mapped(p, matrix, shift), mapped(q, matrix, shift)).kl
        rows.append(Row(f"{name}, mapped", "itself under an affine map", abs(image - truth.kl) / scale, TOLERANCE))
    return tuple(rows)


def _turn(angle: float) -> Floats:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
