"""log p(x) of held-out data, by importance sampling from the encoder and by plain sampling from the prior."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Generator

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.study import Study
from guiapp.engine.trainer import Trainer
from guiapp.spec import Vae
from guiapp.theory import elbo

CHUNK = 2_000_000  # decoded values at once: some 20 ms
SEED = 11  # added to the run's seed


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """log (1/K) Σ_k w_k of each of `options["data"]` held-out data (default 100) at K = 1, 2, 4 … up to
    `options["draws"]` (default 1,024), where z_k ~ q(z|x), w = p(x|z) p(z)/q(z|x) (importance; Burda et al. 2016), and
    z_k ~ p(z), w = p(x|z) (prior). Both lie below log p(x) in expectation, and rise to it with K.

    Returns:
        draws (S,): the K; importance (S,), prior (S,): means over the data in nats; importance_error (S,), prior_error
        (S,): their standard errors over data and draws; NaN where K was not reached yet. elbo (): mean over the data,
        from the same draws. each (N,), each_prior (N,): of every datum at the largest K. count (): N.
    """
    model, spec = trainer.model, trainer.spec.model
    if not isinstance(model, VaeModel) or not isinstance(spec, Vae):
        raise ValueError("only a VAE has a likelihood to estimate.")
    most, count = int(options.get("draws", 1024)), int(options.get("data", 100))
    if not (1 <= most <= 1 << 20 and 1 <= count <= 100_000):
        raise ValueError("it takes 1 to 1,048,576 draws of 1 to 100,000 data.")
    x = trainer.feed.heldout[:count]  # (N, D)
    generator = Generator(trainer.device).manual_seed(trainer.spec.seed + SEED)
    draws = 2 ** np.arange(int(np.log2(most)) + 1)
    found = {way: np.full((len(draws), len(x)), np.nan) for way in ("importance", "prior")}
    totals = {way: torch.full((len(x),), -torch.inf, dtype=torch.float64) for way in found}
    bound = torch.zeros(len(x), dtype=torch.float64)
    mean, log_var = model.encode(x)
    done, size = 0, max(1, CHUNK // (len(x) * model.size))
    for level, target in enumerate(draws):
        while done < target:
            some = min(size, int(target) - done)
            eps = torch.randn((some, len(x), model.latent), generator=generator, device=x.device)
            for way in found:
                z = mean + torch.exp(0.5 * log_var) * eps if way == "importance" else eps
                cost = model.reconstruction(x, z, spec)  # (K, N)
                weights = elbo.log_importance_weights(cost, z, eps, log_var) if way == "importance" else -cost
                weights = weights.double().cpu()
                totals[way] = torch.logaddexp(totals[way], torch.logsumexp(weights, 0))
                if way == "importance":
                    bound += weights.sum(0)
            done += some
            yield min(0.999, done / draws[-1]), _told(draws, found, bound / done)
        for way, values in found.items():
            values[level] = (totals[way] - np.log(target)).numpy()
    yield 1.0, _told(draws, found, bound / done)


def _told(draws: np.ndarray, found: Mapping[str, np.ndarray], bound: torch.Tensor) -> Arrays:
    result: Arrays = {"draws": draws.astype(np.int64), "elbo": bound.mean().numpy(), "count": np.array(len(bound))}
    for way, values in found.items():
        result[way] = values.mean(1)
        result[f"{way}_error"] = values.std(1) / np.sqrt(values.shape[1])
        result["each" if way == "importance" else "each_prior"] = values[-1]
    return result


STUDY = Study("likelihood", frozenset({"encodes", "decodes"}), begin)
