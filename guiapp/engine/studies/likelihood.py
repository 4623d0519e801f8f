"""log p(x) of held-out data, by importance sampling from the encoder and by plain sampling from the prior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator, Tensor

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.spec import Vae
from guiapp.theory import elbo

ROWS = 256  # codes decoded in one slice: some ms, and memory of some MB, however many draws and data
SEED = 11  # added to the run's seed
MOST_DRAWS, MOST_DATA = 1 << 20, 100_000

Floats = npt.NDArray[np.float64]


class Way:
    """What is known of log (1/K) Σ_k w_k of N data, and of its error, from log w_k (K, N) that come bit by bit."""

    def __init__(self, count: int) -> None:
        self._first = np.full(count, -np.inf)  # log Σ w
        self._second = np.full(count, -np.inf)  # log Σ w²

    def add(self, data: slice, log_weights: Floats) -> None:
        """More draws (k, n) of the data `data`."""
        with np.errstate(invalid="ignore"):  # a diverged model has weights that are no numbers
            self._first[data] = np.logaddexp(self._first[data], np.logaddexp.reduce(log_weights))
            self._second[data] = np.logaddexp(self._second[data], np.logaddexp.reduce(2 * log_weights))

    def told(self, draws: int) -> tuple[float, float, float, float]:
        """After `draws` draws, means over the data: the estimate; its standard error over data and draws; that over
        draws alone; and the effective number of draws (Σw)²/Σw² (Kong 1992).

        Over draws alone a datum's estimate has the variance 1/K_effective - 1/K to first order in 1/K (delta method).
        """
        each, count = self._first - np.log(draws), len(self._first)
        with np.errstate(all="ignore"):
            shares = np.exp(np.minimum(self._second - 2 * self._first, 0.0))  # 1/K_effective
            noise = float(np.sqrt(np.maximum(shares - 1 / draws, 0.0).sum()) / count)
            error = float(each.std(ddof=1) / np.sqrt(count)) if count > 1 else noise
            return float(each.mean()), error, noise, float((1 / shares).mean())


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """log (1/K) Σ_k w_k of each of the first `options["data"]` held-out data (default 100) at K = 1, 2, 4 … up to
    `options["draws"]` (default 1,024), where z_k ~ q(z|x), w = p(x|z) p(z)/q(z|x) (importance; Burda, Grosse &
    Salakhutdinov 2016), and z_k ~ p(z), w = p(x|z) (prior). Both lie below log p(x) in expectation, and rise to it with
    K. The model is as in evaluation: running averages of batch normalisation, the last σ where it is the optimal one.

    Returns:
        draws (S,): the K reached so far. Of both ways: importance (S,), prior (S,): means over the data in nats;
        _error (S,): their standard errors over data and draws; _noise (S,): over the draws alone; _effective (S,):
        effective numbers of draws. elbo (): mean over data and draws of the importance weights' logarithms, elbo_error
        (). log_p (): the last of `importance`. count (): N. most (): the largest K to come. size (): D.

    Raises:
        ValueError: another model, or numbers out of range.
    """
    model, spec = trainer.model, trainer.spec.model
    if not isinstance(model, VaeModel) or not isinstance(spec, Vae):
        raise ValueError("only a VAE has a likelihood to estimate.")
    most, count = int(options.get("draws", 1024)), int(options.get("data", 100))
    if not (1 <= most <= MOST_DRAWS and 1 <= count <= MOST_DATA):
        raise ValueError(f"it takes 1 to {MOST_DRAWS:,} draws of 1 to {MOST_DATA:,} data.")
    x = trainer.feed.heldout[:count]  # (N, D)
    count = len(x)
    generator = Generator(trainer.device).manual_seed(trainer.spec.seed + SEED)
    blocks = [slice(i, min(i + ROWS, count)) for i in range(0, count, ROWS)]
    codes = [model.encode(x[block]) for block in blocks]
    ways = {"importance": Way(count), "prior": Way(count)}
    bound = np.zeros(count)
    targets = (2 ** np.arange(int(np.log2(most)) + 1)).tolist()
    found: Arrays = {"draws": np.empty(0, np.int64), "count": np.array(count), "most": np.array(targets[-1])}
    found["size"] = np.array(model.size)
    done = decoded = 0
    for target in targets:
        for block, code in zip(blocks, codes, strict=True):
            for some in _portions(target - done, max(1, ROWS // (block.stop - block.start))):
                near, far = _log_weights(model, spec, x[block], code, some, generator)
                ways["importance"].add(block, near)
                ways["prior"].add(block, far)
                bound[block] += near.sum(0)
                decoded += some * len(near[0])
                yield min(0.999, decoded / (targets[-1] * count)), found
        done = target
        found = _told(found, ways, bound, done)
    yield 1.0, found


def _portions(total: int, most: int) -> list[int]:
    return [most] * (total // most) + ([total % most] if total % most else [])


def _log_weights(
    model: VaeModel, spec: Vae, x: Tensor, code: tuple[Tensor, Tensor], draws: int, generator: Generator
) -> tuple[Floats, Floats]:
    """log w (K, N) of draws from the encoder and of draws from the prior, which are as many."""
    mean, log_var = code
    eps = torch.randn((2, draws, *mean.shape), generator=generator, device=x.device)
    z = mean + torch.exp(0.5 * log_var) * eps[0]
    near = elbo.log_importance_weights(model.reconstruction(x, z, spec), z, eps[0], log_var)
    far = -model.reconstruction(x, eps[1], spec)
    return near.cpu().double().numpy(), far.cpu().double().numpy()


def _told(found: Arrays, ways: Mapping[str, Way], bound: Floats, draws: int) -> Arrays:
    """`found`, and what is known at K = `draws`."""
    result = {**found, "draws": np.append(found["draws"], draws)}
    for name, way in ways.items():
        for ending, value in zip(("", "_error", "_noise", "_effective"), way.told(draws), strict=True):
            key = name + ending
            result[key] = np.append(found.get(key, np.empty(0)), value)
    result["log_p"] = result["importance"][-1:].reshape(())
    each = bound / draws
    result["elbo"] = np.array(each.mean())
    result["elbo_error"] = np.array(each.std(ddof=1) / np.sqrt(len(each)) if len(each) > 1 else 0.0)
    return result


STUDY = Study("likelihood", frozenset({"encodes", "decodes"}), begin)
