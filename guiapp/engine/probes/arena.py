"""The game in the plane: what the generator makes of its noise, what the discriminator thinks of every place, and where
the generator's loss pushes its samples."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.special import ndtr

from guiapp.data.densities import Mixture
from guiapp.data.source import Law
from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.field import GRID, POINTS, extent
from guiapp.engine.probes.probe import Arrays, Probe, array, noise
from guiapp.engine.probes.rows import by_rows
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan
from guiapp.theory import game

ARROWS = 150
LINES = 17  # quantile lines of 2-D noise each way
CURVE = 256  # points of the curve that 1-D noise becomes
FINE = 4  # density points a cell each way, of a law that is no mixture of Gaussians
SAMPLES = 4000  # generated for their density, in a small generator
WORK = 1e9  # multiplications that these may take: 30 ms
KNOWN = 2.5e-5  # mass in a cell, a tenth of one of those samples, below which D* is not known
Grid = npt.NDArray[np.float64]


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """A GAN's plane; square and grid as in the picture "field".

    Returns:
        real (N, 2): held-out data. noise (N, min(Z, 2)), the same at every step, and generated (N, 2), what the
        generator that is shown makes of it. logit (G, G): D's raw output a at the centres of the cells, first row the
        smallest y. at (K, 2), the first generated points, and push (K, 2): -∂(G's loss)/∂x̃ = -(∂loss/∂a)(∂a/∂x̃) there,
        in nats a unit of x where the loss is in nats; with packing, a point is judged beside copies of itself, and
        `push` is the mean over its places in the pack.
        Of 2-D noise: quantiles (R,), the noise at equal steps of probability from 1 to 99 %, and mesh (R, R, 2), what
        the grid of it becomes, first row the smallest z₂. Of 1-D noise: mesh (C, 2).
        With `focus["arena_optimum"]`, of a law: optimum (G, G), D* = p / (p + p_g) of single data, NaN where neither
        has mass; see `optimum`.
    """
    model, spec = trainer.model, trainer.spec.model
    assert isinstance(model, GanModel)
    assert isinstance(spec, Gan)
    z = _of_law(model, noise(trainer, POINTS, model.noise))
    made = by_rows(model.decode, z)
    result = {"real": array(trainer.feed.heldout[:POINTS]), "noise": array(z[:, :2]), "generated": array(made)}
    result["logit"] = array(by_rows(model.logit, _centres(trainer)), (GRID, GRID))
    result["at"], result["push"] = array(made[:ARROWS]), array(push(model, spec, made[:ARROWS]))
    result |= _deformed(trainer, model)
    if focus.get("arena_optimum") and isinstance(trainer.source, Law):
        result["optimum"] = optimum(trainer, model, trainer.source).astype(np.float32)
    return result


def push(model: GanModel, spec: Gan, x: Tensor) -> Tensor:
    """-∂(G's loss)/∂x̃ at generated data x̃ (K, D), each sample's own loss, not the batch's mean. The derivative of the
    loss by a is in closed form, that of a by x̃ is autograd's. Parameters get no gradient."""
    with torch.enable_grad():
        at = x.detach().clone().requires_grad_()
        a = model.logit(at)
        (slope,) = torch.autograd.grad(a.sum(), at)
    result: Tensor = -game.generator_slope(a.detach(), spec.objective)[:, None] * slope / model.packing
    return result


def optimum(trainer: Trainer, model: GanModel, law: Law) -> Grid:
    """D* = p / (p + p_g) (G, G) for both laws blurred alike, by a Gaussian whose standard deviation is one cell: what
    the best D would say with that much instance noise.

    p is the law's probability of each cell; p_g the histogram of 4,000 generated samples, fewer (at least 1,000) of a
    large generator.
    """
    size = sum(parameter.numel() for parameter in model.generator.parameters())
    count = int(min(SAMPLES, max(1000, WORK // max(1, size))))
    made = array(by_rows(model.decode, _of_law(model, noise(trainer, count, model.noise))))
    edges = np.linspace(-1, 1, GRID + 1) * extent(trainer)
    finite = made[np.isfinite(made).all(1)]
    histogram = np.histogram2d(finite[:, 1], finite[:, 0], bins=(edges, edges))[0] / max(1, len(finite))
    blur = _blur()
    p, q = blur @ _mass(law) @ blur.T, blur @ histogram @ blur.T
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p + q > KNOWN, p / (p + q), np.nan)


def _mass(law: Law) -> Grid:
    """The probability of every cell of the square (G, G): exact for Gaussians, whose axes are independent; of another
    law the mean of its density over FINE² points a cell."""
    edges = np.linspace(-1, 1, GRID + 1) * law.extent
    if isinstance(law, Mixture):
        z = (edges[:, None, None] - law.means) / law.deviations.astype(np.float64)  # (G + 1, K, 2)
        x, y = np.moveaxis(np.diff(ndtr(torch.from_numpy(z)).numpy(), axis=0), 2, 0)  # (G, K) each
        exact: Grid = y @ x.T / len(law.means)
        return exact
    fine = GRID * FINE
    side = ((np.arange(fine) + 0.5) / fine * 2 - 1) * law.extent
    points = np.stack(np.meshgrid(side, side), axis=2).reshape(-1, 2)
    density = np.exp(law.log_density(points)).reshape(GRID, FINE, GRID, FINE).mean((1, 3))
    cells: Grid = density * (2 * law.extent / GRID) ** 2
    return cells


def _blur() -> Grid:
    """(G, G): a Gaussian of standard deviation one cell; what leaves the square is lost."""
    apart = np.subtract.outer(np.arange(GRID), np.arange(GRID))
    result: Grid = np.exp(-(apart**2) / 2) / np.sqrt(2 * np.pi)
    return result


def _centres(trainer: Trainer) -> Tensor:
    """The centres of the cells (G², 2)."""
    side = ((torch.arange(GRID, device=trainer.device) + 0.5) / GRID * 2 - 1) * extent(trainer)
    y, x = torch.meshgrid(side, side, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), dim=1)


def _of_law(model: GanModel, z: Tensor) -> Tensor:
    """Standard normal draws as draws of the model's noise law; Φ makes them uniform."""
    return (z / 2**0.5).erf() if model.noise_law == "uniform" else z


def _deformed(trainer: Trainer, model: GanModel) -> Arrays:
    """The noise grid as the generator bends it."""
    if model.noise > 2:
        return {}
    share = np.linspace(0.01, 0.99, LINES if model.noise == 2 else CURVE)
    normal = np.array([NormalDist().inv_cdf(u) for u in share])
    z = (2 * share - 1 if model.noise_law == "uniform" else normal).astype(np.float32)
    if model.noise == 1:
        return {"quantiles": z, "mesh": array(model.decode(torch.from_numpy(z)[:, None].to(trainer.device)))}
    grid = torch.from_numpy(np.stack(np.meshgrid(z, z), axis=2).reshape(-1, 2)).to(trainer.device)
    return {"quantiles": z, "mesh": array(model.decode(grid), (LINES, LINES, 2))}


PROBE = Probe("arena", frozenset({"samples", "scores", "plane"}), read, frozenset({"arena_optimum"}))
