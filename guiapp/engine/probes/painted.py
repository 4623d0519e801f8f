"""What the model makes of a datum that a person paints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from guiapp import spec as specs
from guiapp.data.source import Table
from guiapp.engine.models import evidence
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.decoded import value_range
from guiapp.engine.probes.probe import Arrays, Probe, array, noise
from guiapp.engine.trainer import Trainer

DRAWS = 16  # of the posterior; the estimate of the reconstruction term has a fourth of one draw's standard error


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The posterior of the datum x = `focus["painted"]`, its reconstruction at the posterior's mean, and its ELBO.

    An image comes as D bytes, from 0 for the least value in the data to 255 for the greatest, in the order (H, W[, C]);
    any other datum as a tuple of D numbers.

    Returns:
        data (*shape): x as the model sees it; mean (Z,), std (Z,): of q(z|x); reconstruction (*shape);
        cost (): -E_q[log p(x|z)] in nats, from 16 fixed draws; kl (): KL(q(z|x) ‖ p(z)) in nats; kl_each (Z,);
        range (2,): of the values in the data. Empty where there is no such datum, or it is one of another data set.
    """
    model, parameters = trainer.model, trainer.spec.model
    assert isinstance(model, VaeModel)
    assert isinstance(parameters, specs.Vae)
    datum = _datum(trainer, focus.get("painted"))
    if datum is None:
        return {}
    x = torch.from_numpy(datum[None]).to(trainer.device)  # (1, D)
    mean, log_var = model.encode(x)
    draws = noise(trainer, DRAWS, model.latent)[:, None]  # (K, 1, Z)
    found = evidence.terms(model, x, draws, parameters, 1.0)
    shape = tuple(trainer.source.shape)
    return {
        "data": array(x, shape),
        "mean": array(mean[0]),
        "std": array((0.5 * log_var[0]).exp()),
        "reconstruction": array(model.decode(mean), shape),
        "cost": array(found.reconstruction),
        "kl": array(found.kl),
        "kl_each": array(found.kl_each),
        "range": value_range(trainer),
    }


def _datum(trainer: Trainer, painted: bytes | tuple[float, ...] | None) -> npt.NDArray[np.float32] | None:
    source = trainer.source
    if painted is None or len(painted) != source.dim:
        return None
    if isinstance(painted, bytes):
        if not isinstance(source, Table):
            return None
        levels = np.frombuffer(painted, np.uint8).astype(np.float32) / 255
        low, high = value_range(trainer).tolist()
        scaled: npt.NDArray[np.float32] = (low + levels * (high - low)).astype(np.float32)
        return scaled
    return np.array(painted, np.float32)


PROBE = Probe("painted", frozenset({"encodes", "decodes"}), read, frozenset({"painted"}), prompt=True)
