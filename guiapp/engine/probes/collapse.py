"""How much of the latent space is in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays, Probe, array, noise
from guiapp.engine.trainer import Trainer
from guiapp.theory import collapse, gaussian

DATA = 500
DRAWS = 2  # of each datum, for the mutual information


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The evidence of posterior collapse on up to 500 held-out data; nothing for fewer than two. Nats.

    Returns:
        kl (Z,): KL(q(z_i|x) ‖ N(0, 1)), mean over x; mean_var (Z,): the variance of the posterior means over x;
        noise_var (Z,): the mean over x of the posterior's own variance; marginal_kl (Z,): KL(q(z_i) ‖ N(0, 1)) of the
        aggregate; active_units (): dimensions with mean_var > 0.01; information (), information_error (), ceiling ():
        I(x; z) over these data, its standard error, and log N; aggregate_kl (): KL(q(z) ‖ N(0, I)), the mean KL less
        the information, with the same error; count (): N.
    """
    assert isinstance(trainer.model, VaeModel)
    x = trainer.feed.heldout[:DATA]
    if len(x) < 2:
        return {}
    # On the CPU: not every device has float64, which tells narrow posteriors apart.
    mean, log_var = (part.cpu().double() for part in trainer.model.encode(x))  # (N, Z)
    kl = gaussian.kl_standard_each(mean, log_var).mean(0)
    variance = collapse.variance_of_means(mean)
    eps = noise(trainer, DRAWS * len(x), mean.shape[1]).cpu().double().reshape(DRAWS, *mean.shape)
    information = collapse.mutual_information(mean, log_var, eps)
    return {
        "kl": array(kl),
        "mean_var": array(variance),
        "noise_var": array(log_var.exp().mean(0)),
        "marginal_kl": array(collapse.marginal_kl(mean.float(), log_var.float())),
        "active_units": np.array(int((variance > collapse.ACTIVE_VARIANCE).sum())),
        "information": array(information.value),
        "information_error": array(information.error),
        "ceiling": np.array(information.ceiling),
        "aggregate_kl": array(kl.sum() - information.value),
        "count": np.array(len(x)),
    }


PROBE = Probe("collapse", frozenset({"encodes"}), read)
