"""What the decoder makes of codes that a person points at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from guiapp.data.source import Table
from guiapp.engine.models.gan import GanModel
from guiapp.engine.probes.probe import Arrays, Probe, array
from guiapp.engine.trainer import Trainer

MOST = 256  # codes at once: 3 ms in the default decoder, and more than a screen shows as images


def read(trainer: Trainer, focus: Mapping[str, Any]) -> Arrays:
    """The decoder's mean at the codes `focus["z"]`, K tuples of Z numbers; for a GAN the generator's output.

    Returns:
        z (K, Z): the codes; images (K, *shape): what they decode to; range (2,): of the values in the data. Empty where
        there are no codes, or they are those of another model, as when a run is replaced under a hand on the mouse.
    """
    model = trainer.model
    size = model.noise if isinstance(model, GanModel) else model.latent
    codes = tuple(focus.get("z") or ())[:MOST]
    if not codes or any(len(code) != size for code in codes):
        return {}
    z = torch.tensor(np.array(codes, np.float32), device=trainer.device)
    images = array(model.decode(z), (len(codes), *trainer.source.shape))
    return {"z": array(z), "images": images, "range": value_range(trainer)}


def value_range(trainer: Trainer) -> npt.NDArray[np.float32]:
    """The least and the greatest value in the data, (2,); of a law, the ends of the square that holds it; of data that
    are all one value, [0, 1] where that lies in it, else half a unit to either side."""
    source = trainer.source
    low, high = (source.low, source.high) if isinstance(source, Table) else (-source.extent, source.extent)
    if low == high:
        low, high = (0.0, 1.0) if 0 <= low <= 1 else (low - 0.5, high + 0.5)
    return np.array((low, high), np.float32)


PROBE = Probe("decoded", frozenset({"samples"}), read, frozenset({"z"}), prompt=True)
