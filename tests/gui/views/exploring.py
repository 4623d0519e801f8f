"""What the trainer would answer the latent explorer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from guiapp.gui.frame import Frame
from guiapp.gui.views.explorer import ExplorerView
from guiapp.spec import Gan, Vae
from tests.gui.frames import vae_frame

POINTS = 300


def frame(latent: int = 2, shape: tuple[int, ...] = (28, 28), **fields: Any) -> Frame:
    return vae_frame(20, vae=Vae(latent=latent), shape=shape, **fields)


def decode(z: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Every value is the sum of the code, squeezed into (0, 1)."""
    values = 1 / (1 + np.exp(-z.sum(1)))
    return np.broadcast_to(values.reshape(-1, *(1,) * len(shape)), (len(z), *shape)).astype(np.float32)


def answer(view: ExplorerView, frame: Frame, rounds: int = 2, spoil: bool = False) -> Frame:
    """Draw `frame` with the pictures that the trainer would make of the view's focus."""
    model = frame.run.spec.model
    size = model.noise if isinstance(model, Gan) else model.latent
    rng = np.random.default_rng(0)
    shape = tuple(frame.run.shape)
    for _ in range(rounds):
        focus, made = view.focus(), dict[str, Any]()
        if "z" in focus:
            z = np.array(focus["z"], np.float32)
            fits = z.shape[1] == size
            images = decode(z, shape)
            images = np.where(spoil, np.nan, images) if spoil else images
            made["decoded"] = {"z": z, "images": images, "range": np.array([0.0, 1.0])} if fits else {}
        if "codes" in view.needs and not isinstance(model, Gan):
            made["codes"] = {"mean": rng.normal(0, 1, (POINTS, size)), "labels": rng.integers(0, 10, POINTS)}
        if "painted" in focus:
            made["painted"] = paint(focus["painted"], shape, size, spoil)
            data = rng.random((4, *shape)).astype(np.float32)
            made["reconstructions"] = {"data": data, "mean": data, "labels": np.zeros(4, int)}
        frame = replace(frame, pictures=made)
        view.draw(frame)
    return frame


def paint(datum: bytes | tuple[float, ...], shape: tuple[int, ...], size: int, spoil: bool) -> dict[str, np.ndarray]:
    values = np.frombuffer(datum, np.uint8) / 255 if isinstance(datum, bytes) else np.array(datum)
    if values.size != np.prod(shape):
        return {}
    back = np.full(shape, np.nan) if spoil else np.full(shape, values.mean())
    return {
        "data": values.reshape(shape), "mean": np.full(size, 0.5), "std": np.full(size, 0.1), "reconstruction": back,
        "cost": np.array(90.0), "kl": np.array(10.0), "kl_each": np.full(size, 10 / size), "range": np.array([0, 1.0]),
    }  # fmt: skip


def turn(view: ExplorerView, tab: int, shown: Frame) -> Frame:
    view.tabs.setCurrentIndex(tab)
    return answer(view, shown)
