"""The true posterior p(z|x) of one datum on the latent plane, beside q(z|x), and the gap between ELBO and log p(x)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, array
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.spec import Vae
from guiapp.theory import gaussian
from guiapp.theory.quadrature import PlaneIntegral, gaussian_nodes

ROWS = 256  # codes decoded in one slice
REACH = 6.0  # half-width of the plane at the least: the prior has e⁻¹⁸ of its mass beyond
FEWEST_CELLS, MOST_CELLS = 64, 192  # a side, at first
CELL_IN_SIGMAS = 3.0  # of q, whose σ is hardly larger than that of the posterior: KL(q ‖ p) is zero-forcing
GRID = 96  # of the picture
NODES, MORE_NODES = 16, 32  # a dimension: in the ascent, and for the numbers
ASCENTS = 25  # of up to four evaluations
STANDS_STILL = 1e-5  # nats
ROUNDING = 1e-6  # of a log-likelihood that is a sum in single precision

Floats = npt.NDArray[np.float64]


class Joint:
    """log p(x, z) of one datum x (1, D), and bounds from it; numbers in nats, double precision."""

    def __init__(self, model: VaeModel, spec: Vae, x: Tensor) -> None:
        self._model, self._spec, self._x = model, spec, x

    def reconstruction(self, z: Tensor) -> Tensor:
        """-log p(x|z): (P, 2) -> (P,)."""
        return self._model.reconstruction(self._x, z[:, None], self._spec)[:, 0]

    def values(self, points: Floats) -> Iterator[Floats]:
        """log p(x, z) at `points` (P, 2), portion by portion."""
        for start in range(0, len(points), ROWS):
            some = points[start : start + ROWS]
            z = torch.from_numpy(some.astype(np.float32)).to(self._x.device)
            prior = -0.5 * (some**2).sum(1) - math.log(2 * math.pi)
            yield prior - self.reconstruction(z).cpu().double().numpy()

    def bound(self, code: Tensor, nodes: Tensor, weights: Tensor) -> Tensor:
        """ELBO = E_q[log p(x|z)] - KL(q ‖ p(z)) of q = N(μ, diag σ²), `code` = (μ, log σ²) (4,), by quadrature."""
        mean, log_var = code[:2], code[2:]
        z = mean + torch.exp(0.5 * log_var) * nodes
        expected: Tensor = (weights * self.reconstruction(z)).sum() + gaussian.kl_standard(mean, log_var)
        return -expected


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """Of the datum `options["index"]` (from 0, default 0) of the held-out data, or of the training data where
    `options["of"]` is "train".

    log p(x) = ∫ p(x|z) p(z) dz by quadrature on the plane; p(z|x) = p(x|z) p(z) / p(x). log p(x) - ELBO(q) =
    KL(q(z|x) ‖ p(z|x)) has two parts (Cremer, Li & Duvenaud 2018, eq. 2), each of them >= 0: that of approximation,
    log p(x) - ELBO(q*), and that of amortisation, ELBO(q*) - ELBO(q), where q* is the best N(μ, diag σ²) for this x
    alone: found by ascent (L-BFGS) of the ELBO from q, and once more from the highest point of p(z|x). All ELBOs are
    Gauss-Hermite sums over the same nodes.

    Returns:
        image (1, *shape), reconstruction (1, *shape): x and the decoder's mean at q's mean; label (), index (),
        training (): whether of the training data; count (): how many of these there are. mean (2,), std (2,): of q.
        Then elbo (), elbo_error (); log_p (), log_p_error () by quadrature; true_mean (2,), true_cov (2, 2); density
        (G, G): p(z|x) at the middles of a square of cells, row 0 at the smallest z2; box (3,): left, bottom, side.
        Then best_elbo (), best_mean (2,), best_std (2,), and the parts of the gap: approximation (), amortisation ().

    Raises:
        ValueError: another model, more or fewer latent dimensions, or no such datum.
    """
    model, spec = trainer.model, trainer.spec.model
    if not isinstance(model, VaeModel) or not isinstance(spec, Vae):
        raise ValueError("only a VAE has a posterior.")
    if model.latent != 2:
        raise ValueError(f"the posterior is drawn for 2 latent dimensions, and this model has {model.latent}.")
    x, found = _datum(trainer, model, options)
    joint, code, mean, std = Joint(model, spec, x), torch.cat(model.encode(x), 1)[0], found["mean"], found["std"]
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError("q(z|x) of this datum is not finite: the encoder has diverged.")
    found = found | _bound(joint, code)
    yield 0.02, found
    plane = _plane(mean, std)
    while plane.open:
        values: list[Floats] = []
        for portion in joint.values(plane.points):
            values.append(portion)
            yield 0.02 + 0.5 * (1 - 0.5 ** (1 + len(values) * ROWS / len(plane.points))), found
        plane.add(np.concatenate(values))
    if not math.isfinite(plane.log_integral):
        raise ValueError("p(x, z) is not finite anywhere: the decoder has diverged.")
    found = found | {"log_p": np.array(plane.log_integral), "log_p_error": _error(plane.error, plane.log_integral)}
    found["true_mean"], found["true_cov"] = plane.moments()
    yield 0.55, found
    best = code
    for progress, better in _ascent(joint, code, plane):
        best = better
        yield 0.55 + 0.25 * progress, found
    found = found | _best(found, joint, best)
    found["approximation"] = found["log_p"] - found["best_elbo"]
    found["amortisation"] = found["best_elbo"] - found["elbo"]
    yield 0.8, found
    box, points = _window(found)
    values = []
    for portion in joint.values(points):
        values.append(portion)
        yield 0.8 + 0.19 * len(values) * ROWS / len(points), found
    density = np.exp(np.concatenate(values) - plane.log_integral).reshape(GRID, GRID)
    yield 1.0, {**found, "box": box, "density": density.astype(np.float32)}


def _datum(trainer: Trainer, model: VaeModel, options: Mapping[str, Any]) -> tuple[Tensor, Arrays]:
    """The datum asked for, (1, D), and what is known of it at once."""
    training, index = options.get("of") == "train", int(options.get("index", 0))
    data = trainer.feed.train if training else trainer.feed.heldout
    if not 0 <= index < len(data):
        raise ValueError(f"there are {len(data):,} {'training' if training else 'held-out'} data; choose one of them.")
    x = data[index : index + 1]
    mean, log_var = model.encode(x)
    labels = trainer.feed.train_labels if training else trainer.feed.heldout_labels
    shape = (1, *trainer.source.shape)
    return x, {
        "image": array(x, shape),
        "reconstruction": array(model.decode(mean), shape),
        "label": np.array(labels[index]),
        "index": np.array(index),
        "training": np.array(training),
        "count": np.array(len(data)),
        "mean": array(mean[0]).astype(float),
        "std": array((0.5 * log_var[0]).exp()).astype(float),
    }


def _plane(mean: Floats, std: Floats) -> PlaneIntegral:
    half = max(REACH, float((np.abs(mean) + REACH * std).max()))
    cells = 2 * half / (CELL_IN_SIGMAS * float(std.min()))
    return PlaneIntegral(half, int(np.clip(cells, FEWEST_CELLS, MOST_CELLS)))


def _rule(count: int, like: Tensor) -> tuple[Tensor, Tensor]:
    nodes, weights = gaussian_nodes(count)
    return torch.from_numpy(nodes).to(like), torch.from_numpy(weights).to(like)


def _bound(joint: Joint, code: Tensor) -> Arrays:
    """The ELBO of q, and by how much it changes with the number of nodes."""
    fine, coarse = (float(joint.bound(code, *_rule(count, code))) for count in (MORE_NODES, NODES))
    return {"elbo": np.array(fine), "elbo_error": _error(abs(fine - coarse), fine)}


def _error(quadrature: float, value: float) -> npt.NDArray[Any]:
    return np.array(quadrature + ROUNDING * abs(value))


def _ascent(joint: Joint, code: Tensor, plane: PlaneIntegral) -> Iterator[tuple[float, Tensor]]:
    """How far it is, and the best code (4,) so far."""
    points, log_mass = plane.masses()
    peak = torch.from_numpy(points[log_mass.argmax()]).to(code)
    rule = _rule(NODES, code)
    best, highest = code, float(joint.bound(code, *rule))
    for number, start in enumerate((code, torch.cat((peak, code[2:])))):
        here = start.clone().requires_grad_()
        optimiser = torch.optim.LBFGS([here], max_iter=2, max_eval=4, line_search_fn="strong_wolfe")

        def loss(here: Tensor = here) -> Tensor:
            with torch.enable_grad():
                value = -joint.bound(here, *rule)
                (here.grad,) = torch.autograd.grad(value, here)
            return value.detach()

        before = math.inf
        for turn in range(ASCENTS):
            optimiser.step(loss)  # type: ignore[no-untyped-call]
            value = float(joint.bound(here.detach(), *rule))
            if value > highest:
                best, highest = here.detach().clone(), value
            yield (number + turn / ASCENTS) / 2, best
            if not abs(value - before) > STANDS_STILL:
                break
            before = value


def _best(found: Arrays, joint: Joint, code: Tensor) -> Arrays:
    """q*; it is q itself where more nodes show that it was no better."""
    bound = _bound(joint, code)
    if not bound["elbo"] > found["elbo"]:
        return {"best_elbo": found["elbo"], "best_mean": found["mean"], "best_std": found["std"]}
    std = array((0.5 * code[2:]).exp()).astype(float)
    return {"best_elbo": bound["elbo"], "best_mean": array(code[:2]).astype(float), "best_std": std}


def _window(found: Arrays) -> tuple[Floats, Floats]:
    """The square that holds p(z|x), q and q*, and the middles (G², 2) of its cells."""
    spread = np.sqrt(np.diag(found["true_cov"]))
    parts = ((found["true_mean"], spread), (found["mean"], found["std"]), (found["best_mean"], found["best_std"]))
    low = np.min([centre - 3 * width for centre, width in parts], 0)
    high = np.max([centre + 3 * width for centre, width in parts], 0)
    side = float((high - low).max())
    corner = (low + high - side) / 2
    middles = side * (np.arange(GRID) + 0.5) / GRID
    y, x = np.meshgrid(corner[1] + middles, corner[0] + middles, indexing="ij")
    return np.array([*corner, side]), np.stack([x.ravel(), y.ravel()], 1)


STUDY = Study("posterior", frozenset({"encodes", "decodes"}), begin)
