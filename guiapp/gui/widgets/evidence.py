"""The terms of a VAE's bound at one moment, and what is to be said of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guiapp.gui.frame import Frame
from guiapp.spec import RunSpec, Vae

MEAN_OF = 100  # steps; a single mini-batch is too noisy to read
LOOK_BACK = 1000  # steps in which the last evaluation on held-out data is looked for


@dataclass(frozen=True, slots=True)
class Evidence:
    """Means over the last `steps` steps in nats per datum: `distortion` = −E_q[log p(x|z)], `rate` = KL, `kl_each` (Z,)
    by latent dimension, (0,) where that is not recorded. `heldout`: the last ELBO on held-out data. `beta`: the weight
    of the KL against the summed reconstruction in the last step. NaN where something is not known."""

    steps: int
    distortion: float
    rate: float
    heldout: float
    beta: float
    kl_each: npt.NDArray[np.float64]


def evidence(frame: Frame) -> Evidence:
    """What the series of `frame`, which has a step, say of its last steps."""
    series = frame.series
    names = ("reconstruction", "kl", *(f"kl/{i}" for i in range(widest(series.names))))
    recent = series.recent(names, MEAN_OF)  # (t, 2 + Z)
    filled = ~np.isnan(recent)
    total, count = np.where(filled, recent, 0).sum(0, dtype=float), filled.sum(0)
    means = np.divide(total, count, out=np.full(len(names), np.nan), where=count > 0)
    heldout = float("nan")
    if {"heldout/reconstruction", "heldout/kl"} <= set(series.names):
        sums = series.recent(("heldout/reconstruction", "heldout/kl"), LOOK_BACK).sum(1)
        heldout = -_last(sums)
    return Evidence(len(recent), float(means[0]), float(means[1]), heldout, effective_beta(frame), means[2:])


def why_empty(frame: Frame, columns: set[str], empty: str, before: str, nothing: str) -> str:
    """What to say in place of a picture of the series `columns`: `empty` without a step, `before` where one has gone
    back to that, `nothing` where they are not recorded; "" where there is a picture."""
    if not len(frame.series):
        return before if frame.until else empty
    return "" if columns <= set(frame.series.names) else nothing


def effective_beta(frame: Frame) -> float:
    """The weight of the KL against the summed reconstruction in the last step: the column, else that of the spec."""
    if "beta" in frame.series.names:
        return _last(frame.series.recent(("beta",), MEAN_OF)[:, 0])
    model = spec_now(frame).model
    return model.beta if isinstance(model, Vae) else float("nan")


def spec_now(frame: Frame) -> RunSpec:
    """The parameters after the last edit."""
    return frame.marks[-1].spec if frame.marks else frame.run.spec


def widest(names: tuple[str, ...]) -> int:
    """For how many latent dimensions, from the first on, the KL is recorded."""
    known, count = set(names), 0
    while f"kl/{count}" in known:
        count += 1
    return count


def missing(frame: Frame) -> str:
    """What a run of an older version did not record; empty where all is there."""
    if {"heldout/reconstruction", "heldout/kl", "beta", "kl/0"} <= set(frame.series.names):
        return ""
    return "recorded by an older version: parts are missing"


def averaging(frame: Frame) -> tuple[str, str]:
    """The warning where the reconstruction is averaged over the components of a datum, and what that does; else two
    empty sentences."""
    model = spec_now(frame).model
    if not isinstance(model, Vae) or not model.averaged:
        return "", ""
    size = int(np.prod(frame.run.shape))
    pixels = "pixels" if len(frame.run.shape) > 1 else "components"
    product = f"{size}" if model.beta == 1 else f"{model.beta:g} · {size} = {model.beta * size:g}"
    return (
        f"Averaged over {size} {pixels}: effective β = β·D = {product} — the common bug.",
        f"The reconstruction is divided by D and the KL is not, so that it weighs {size} times as much: the posterior "
        "collapses. Sum over the components instead.",
    )


def _last(values: npt.NDArray[np.float32]) -> float:
    found = values[~np.isnan(values)]
    return float(found[-1]) if len(found) else float("nan")
