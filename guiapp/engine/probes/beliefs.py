"""What the discriminator makes of a batch: its raw outputs for real and for generated data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays, Probe, array, few, noise
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan
from guiapp.theory import game

MOST = 512  # data of either kind
STREAM = 11  # of the instance noise


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The first held-out data and what the generator in training (not its average) makes of noise that is the same at
    every step: up to 512 each, fewer where a datum is large; with instance noise as the run has it, in packs where the
    run has packs. D stands as in use: batch normalisation takes its running averages.

    Returns:
        real (N,), generated (M,): D's raw output a for each pack. objective (): its number in `game.Objective`.
        targets (2,): D's targets for the real and the generated.
    """
    model, spec = trainer.model, trainer.spec.model
    assert isinstance(model, GanModel)
    assert isinstance(spec, Gan)
    count = few(trainer, MOST)
    z = noise(trainer, count, model.noise)
    if model.noise_law == "uniform":  # Φ maps the normal draws to uniform ones
        z = (z / 2**0.5).erf()
    halves = [trainer.feed.heldout[:count], model.generate(z)]
    real, generated = (model.judge(model.pack(_blurred(trainer, x, spec, i))) for i, x in enumerate(halves))
    return {
        "real": array(real),
        "generated": array(generated),
        "objective": np.array(get_args(game.Objective).index(spec.objective)),
        "targets": np.array([spec.real_target, spec.fake_target]),
    }


def _blurred(trainer: Trainer, x: Tensor, spec: Gan, half: int) -> Tensor:
    """As many data as fill packs, with the same instance noise at every step; a lone datum is packed with itself."""
    x = x[: len(x) - len(x) % spec.packing] if len(x) >= spec.packing else x[:1].repeat(spec.packing, 1)
    if not spec.instance_noise:
        return x
    rng = np.random.default_rng([trainer.spec.seed, STREAM, half])
    return x + spec.instance_noise * torch.from_numpy(rng.standard_normal(tuple(x.shape), np.float32)).to(x.device)


PROBE = Probe("beliefs", frozenset({"samples", "scores"}), read)
