"""Hand-made frames of VAE runs with every term of the bound, for the tests of the views that show it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.gui.frame import Frame
from guiapp.spec import Data, RunSpec, Vae
from tests.gui.frames import CLASSES, frame, marks, noise, put, started

TERMS = ("loss", "reconstruction", "kl", "elbo")
EVERY = 50  # steps between two evaluations on held-out data


def evidence_frame(
    steps: int = 2000,
    *,
    vae: Vae | None = None,
    shape: tuple[int, ...] = (28, 28),
    edits: tuple[tuple[int, str, Any, Any], ...] = (),
    key: int = 1,
    seed: int = 0,
) -> Frame:
    """A VAE after `steps` steps: half of its dimensions carry the KL, the others fall to 10⁻⁵ nats."""
    vae = vae or Vae(latent=8)
    spec = RunSpec(data=Data(name="fashion"), model=vae, seed=seed)
    weighted = ("iwae",) if vae.bound == "importance weighted" else ()
    each = tuple(f"kl/{i}" for i in range(vae.latent))
    names = ("steps_per_s", *TERMS, *weighted, "beta", "heldout/reconstruction", "heldout/kl", *each)
    run = started(spec, names, (), shape, CLASSES, frozenset({"encodes", "decodes", "samples"}), key)
    rng, step = np.random.default_rng(seed), np.arange(1, steps + 1, dtype=np.float32)
    rows = np.full((steps, len(names)), np.nan, np.float32)
    kl = np.zeros(steps, np.float32)
    for i in range(vae.latent):
        active = i % 2 == 0
        level = 6 * 0.8**i if active else 1e-5
        course = level * (1 - np.exp(-step / 150)) + (0 if active else 0.5 * np.exp(-step / 200))
        rows[:, names.index(f"kl/{i}")] = course * (1 + 0.05 * noise(steps, rng))
        kl += rows[:, names.index(f"kl/{i}")]
    reconstruction = 230 + 320 * np.exp(-step / 40) + 25 * np.exp(-step / 3000) + 3 * noise(steps, rng)
    beta = np.full(steps, weight(vae, shape))
    for mark in marks(run, edits):
        assert isinstance(mark.spec.model, Vae)
        beta[mark.step :] = weight(mark.spec.model, shape)
    put(run, rows, reconstruction=reconstruction, kl=kl, elbo=-(reconstruction + kl), beta=beta)
    put(run, rows, loss=reconstruction + beta * kl, steps_per_s=500 + noise(steps, rng))
    if weighted:
        put(run, rows, iwae=-(reconstruction + kl) + 4)
    if steps >= EVERY:
        evaluate(rows, names, kl)
    return frame(run, rows, {}, edits)


def evaluate(rows: npt.NDArray[np.float32], names: tuple[str, ...], kl: npt.NDArray[np.float32]) -> None:
    """Fill the held-out columns of every `EVERY`-th step."""
    step = np.arange(1, len(rows) + 1)
    seen = np.flatnonzero(step % EVERY == 0)
    smooth = 232 + 320 * np.exp(-step / 40) + 25 * np.exp(-step / 3000)
    rows[seen, names.index("heldout/reconstruction")] = smooth[seen]
    rows[seen, names.index("heldout/kl")] = (
        1.02 * np.convolve(np.pad(kl, 24, "edge"), np.full(49, 1 / 49), "valid")[seen]
    )


def weight(vae: Vae, shape: tuple[int, ...]) -> float:
    """That of the KL against the summed reconstruction."""
    return float(vae.beta * (np.prod(shape) if vae.averaged else 1))


def past(frame: Frame, step: int) -> Frame:
    """`frame` as it is shown when a person looks back to `step`."""
    kept = tuple(mark for mark in frame.marks if mark.step <= step)
    return replace(frame, step=step, series=frame.series.until(step), marks=kept, until=frame.step)
