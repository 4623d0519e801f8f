"""What the lab of the forward and the reverse fit computes: the path of the descent, the map under it, a check."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from guiapp.gui.labs.elbo_compute import Row
from guiapp.theory.fits import (
    HALF_LOG_2_PI,
    Direction,
    Mixture,
    Point,
    descend,
    divergence,
    entropy,
    gradient,
    log_density,
    moments,
)

Floats = npt.NDArray[np.float64]
MEAN_RANGE: Final = (-6.0, 6.0)
DEVIATION_RANGE: Final = (0.2, 3.0)
START_RANGE: Final = (0.2, 5.0)
WEIGHT_RANGE: Final = (0.02, 0.98)
STEPS: Final = 60  # of a descent, at the most
X: Final = np.linspace(-30.0, 30.0, 481)  # of the map's integrals
SHOWN: Final = np.linspace(-12.0, 12.0, 481)  # of the densities
MUS: Final = np.linspace(*MEAN_RANGE, 61)  # of the map
LOGS: Final = np.linspace(math.log(START_RANGE[0]), math.log(START_RANGE[1]), 49)
STARTS: Final = tuple(Point(mu, math.log(s)) for s in (0.5, 3.0) for mu in (-5.0, -2.5, 0.0, 2.5, 5.0))
LEAST_WEIGHT: Final = 1e-20  # subnormal numbers would make the product ten times as slow
DRAWS: Final = 100_000  # of the check
ERRORS: Final = 5.0  # standard errors that they may be off
LEAST_ERROR: Final = 1e-4  # nats: where q fits one part, log(p/q) is constant but for its tail, which few draws meet
SAME: Final = 0.05  # distance of two ends in μ and in log σ, up to which they are one minimum
for _array in (X, SHOWN, MUS, LOGS):
    _array.flags.writeable = False

Mean = Annotated[float, Meta(ge=MEAN_RANGE[0], le=MEAN_RANGE[1])]
Deviation = Annotated[float, Meta(ge=DEVIATION_RANGE[0], le=DEVIATION_RANGE[1])]


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The target w N(μ₁, σ₁²) + (1 - w) N(μ₂, σ₂²), the start of q = N(μ, σ²), what is minimised, and the step of the
    descent that is shown; beyond the last one it is the end."""

    weight: Annotated[float, Meta(ge=WEIGHT_RANGE[0], le=WEIGHT_RANGE[1])] = 0.4
    mu1: Mean = -3.0
    sigma1: Deviation = 0.7
    mu2: Mean = 2.5
    sigma2: Deviation = 1.0
    mu: Mean = -0.5
    sigma: Annotated[float, Meta(ge=START_RANGE[0], le=START_RANGE[1])] = 3.0
    direction: Direction = "reverse"
    step: Annotated[int, Meta(ge=0, le=STEPS)] = STEPS

    @property
    def target(self) -> Mixture:
        return Mixture(self.weight, self.mu1, self.sigma1, self.mu2, self.sigma2)

    @property
    def start(self) -> Point:
        return Point(self.mu, math.log(self.sigma))


PRESETS: Final[Mapping[str, Params]] = MappingProxyType(
    {
        "two modes": Params(),
        "mode covering": Params(direction="forward"),
        "from the other side": Params(mu=-4.0, sigma=0.5),
        "near: one fit for both": Params(0.5, -1.0, 1.0, 1.0, 1.0, 4.0, 0.5),
        "needle beside a hill": Params(0.3, -5.0, 0.2, 1.0, 2.0, -5.0, 0.3),
    }
)


@dataclass(frozen=True, eq=False)
class Result:
    """`path` is the descent, `q` its point at the step shown; `forward` and `reverse` are the divergences there, in
    nats. `target` and `fit`: densities at SHOWN. `surface` (49, 61): the divergence over LOGS and MUS."""

    params: Params
    path: tuple[Point, ...]
    q: Point
    forward: float
    reverse: float
    moments: tuple[float, float]
    target: Floats
    fit: Floats
    surface: Floats

    @property
    def step(self) -> int:
        """The step shown."""
        return min(self.params.step, len(self.path) - 1)


class Kernel:
    """E_q[log p] for every q of the map at once: Gaussian weights (49 x 61, 481), 11 MB, made once in 30 ms."""

    def __init__(self) -> None:
        z = (X - MUS[None, :, None]) / np.exp(LOGS)[:, None, None]
        weights = np.exp(-0.5 * z * z)
        weights /= weights.sum(-1, keepdims=True)
        weights[weights < LEAST_WEIGHT] = 0.0
        self._weights = weights.reshape(-1, len(X)).astype(np.float32)

    def surface(self, target: Mixture, direction: Direction) -> Floats:
        """The divergence over LOGS and MUS, (49, 61); good to 1 %, for a picture; 1 ms."""
        shape = len(LOGS), len(MUS)
        if direction == "forward":
            mean, variance = moments(target)
            spread = (variance + (mean - MUS) ** 2) * np.exp(-2 * LOGS)[:, None]
            result: Floats = LOGS[:, None] + HALF_LOG_2_PI + 0.5 * spread - entropy(target)
            return result
        logs = log_density(target, X).astype(np.float32)
        # Not `@`: BLAS shares it out to threads, and waits 8 ms for a core where a run trains beside the window.
        mean_log = np.einsum("qx,x->q", self._weights, logs).astype(float).reshape(shape)
        return -LOGS[:, None] - HALF_LOG_2_PI - 0.5 - mean_log


def validated(params: Params) -> Params:
    """`params`, if all of them are in range.

    Raises:
        ValueError: one is not; the message names it and the bound.
    """
    return msgspec.convert(msgspec.to_builtins(params), Params)


def compute(params: Params, kernel: Kernel, known: Result | None = None) -> Result:
    """Everything the lab shows; what does not depend on what has changed is taken from `known`."""
    same = known is not None and msgspec.structs.replace(known.params, step=params.step) == params
    like = known is not None and (known.params.target, known.params.direction) == (params.target, params.direction)
    p = params.target
    path = known.path if known is not None and same else descend(p, params.start, params.direction, STEPS)
    q = path[min(params.step, len(path) - 1)]
    return Result(
        params=params,
        path=path,
        q=q,
        forward=divergence(p, q, "forward"),
        reverse=divergence(p, q, "reverse"),
        moments=moments(p),
        target=known.target if known is not None and like else np.exp(log_density(p, SHOWN)),
        fit=np.exp(-0.5 * ((SHOWN - q.mu) / math.exp(q.log_sigma)) ** 2 - q.log_sigma - HALF_LOG_2_PI),
        surface=known.surface if known is not None and like else kernel.surface(p, params.direction),
    )


def many(params: Params) -> tuple[tuple[Point, ...], ...]:
    """The descents from all STARTS; 60 ms."""
    return tuple(descend(params.target, start, params.direction, 2 * STEPS) for start in STARTS)


def minima(params: Params, paths: tuple[tuple[Point, ...], ...]) -> tuple[tuple[Point, float], ...]:
    """The different ends of `paths` with their divergences, the lowest first."""
    ends = sorted((divergence(params.target, path[-1], params.direction), path[-1]) for path in paths)
    found: list[tuple[Point, float]] = []
    for value, end in ends:
        if all(max(abs(end.mu - other.mu), abs(end.log_sigma - other.log_sigma)) > SAME for other, _ in found):
            found.append((end, value))
    return tuple(found)


def check(params: Params, q: Point, seed: int) -> tuple[Row, ...]:
    """Both divergences at q against the mean of log(p/q) over DRAWS new draws, their gradients against differences, the
    moments of p against its integral; 50 ms."""
    p, rng = params.target, np.random.default_rng((seed, DRAWS))
    sigma = math.exp(q.log_sigma)
    first = rng.random(DRAWS) < p.weight
    noise = rng.standard_normal((2, DRAWS))
    of_p = np.where(first, p.mu1 + p.sigma1 * noise[0], p.mu2 + p.sigma2 * noise[0])
    rows = []
    draws: tuple[tuple[str, Direction, Floats, int], ...] = (
        ("KL(p‖q)", "forward", of_p, 1),
        ("KL(q‖p)", "reverse", q.mu + sigma * noise[1], -1),
    )
    for name, direction, x, sign in draws:
        logs = sign * (log_density(p, x) + 0.5 * ((x - q.mu) / sigma) ** 2 + q.log_sigma + HALF_LOG_2_PI)
        truth = divergence(p, q, direction)
        off = abs(float(logs.mean()) - truth) / max(float(logs.std()) / math.sqrt(DRAWS), LEAST_ERROR)
        rows.append(Row(f"{name}, drawn", "the mean of new draws", off, ERRORS))
        rows.append(Row(f"its slopes, {direction}", "central differences", _apart(p, q, direction), 1e-3))
    x = np.linspace(-40, 40, 20_001)
    density = np.exp(log_density(p, x))
    mean, variance = moments(p)
    rows.append(Row("mean of p", "its integral", abs(float(np.trapezoid(density * x, x)) - mean), 1e-9))
    spread = float(np.trapezoid(density * (x - mean) ** 2, x))
    rows.append(Row("variance of p", "its integral", abs(spread - variance), 1e-9))
    return tuple(rows)


def _apart(p: Mixture, q: Point, direction: Direction) -> float:
    """The largest difference of the gradient from central differences, by their size."""
    h = 1e-4
    ways = ((h, 0.0), (0.0, h))
    found = gradient(p, q, direction)
    apart = 0.0
    for slope, (a, b) in zip(found, ways, strict=True):
        above, below = (divergence(p, Point(q.mu + s * a, q.log_sigma + s * b), direction) for s in (1, -1))
        apart = max(apart, abs((above - below) / (2 * h) - slope) / (1 + abs(slope)))
    return apart
