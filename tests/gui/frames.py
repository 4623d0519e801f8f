"""Hand-made frames of VAE and GAN runs, as training would give them, for the tests of views: no torch, no process."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp import parameters
from guiapp.gui.frame import Frame
from guiapp.messages import Edited, Picture, Started
from guiapp.series import Series
from guiapp.spec import Data, Gan, Network, RunSpec, Vae
from tests.gui.pictures import layers_picture

Tensors = tuple[tuple[str, tuple[int, ...]], ...]
CLASSES = ("T-shirt", "Trousers", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Trainer", "Bag", "Ankle boot")


def vae_frame(
    steps: int = 2000,
    *,
    vae: Vae | None = None,
    shape: tuple[int, ...] = (28, 28),
    classes: tuple[str, ...] = CLASSES,
    pictures: Mapping[str, Picture] | None = None,
    edits: tuple[tuple[int, str, Any, Any], ...] = (),
    key: int = 1,
    seed: int = 0,
) -> Frame:
    """A VAE after `steps` steps (0: before the first). `edits` are (step, path, old, new); `pictures` go on top of
    the pictures "gradients" and "layers", which every frame has."""
    vae = vae or Vae()
    spec = RunSpec(data=Data(name="fashion" if len(shape) == 2 else "ring"), model=vae, seed=seed)
    size = int(np.prod(shape))
    tensors = layers("encoder", (size, *vae.encoder.hidden, 2 * vae.latent))
    tensors += layers("decoder", (vae.latent, *vae.decoder.hidden, size))
    learned = vae.likelihood == "gaussian, learned σ"
    names = ("loss", "reconstruction", "kl", "elbo", *(("sigma",) if learned else ()), "steps_per_s")
    run = started(spec, names, tensors, shape, classes, frozenset({"encodes", "decodes", "samples"}), key)
    rng = np.random.default_rng(seed)
    rows = gradient_rows(run, steps, rng)
    step = np.arange(1, steps + 1, dtype=np.float32)
    reconstruction = 230 + 320 * np.exp(-step / 40) + 25 * np.exp(-step / 3000) + 3 * noise(steps, rng)
    kl = 9 * (1 - np.exp(-step / 120)) + 0.3 * noise(steps, rng) + 0.35
    put(run, rows, reconstruction=reconstruction, kl=kl, loss=reconstruction + vae.beta * kl)
    put(run, rows, elbo=-(reconstruction + kl), steps_per_s=510 + 15 * noise(steps, rng))
    if learned:
        put(run, rows, sigma=0.2 + 0.3 * np.exp(-step / 200))
    return frame(run, rows, pictures or {}, edits)


def gan_frame(
    steps: int = 2000,
    *,
    gan: Gan | None = None,
    shape: tuple[int, ...] = (2,),
    classes: tuple[str, ...] = (),
    pictures: Mapping[str, Picture] | None = None,
    edits: tuple[tuple[int, str, Any, Any], ...] = (),
    every: int = 1,
    key: int = 2,
    seed: int = 0,
    measured: bool = True,
    collapsed: bool = False,
) -> Frame:
    """A GAN after `steps` steps; all of D is NaN but in each `every`-th step, as when G alone steps in between. Without
    `measured` as an older version recorded it, without metrics; `collapsed` finds modes and loses them again."""
    gan = gan or Gan()
    spec = RunSpec(data=Data(name="ring" if len(shape) == 1 else "fashion"), model=gan, seed=seed)
    size = int(np.prod(shape))
    tensors = layers("generator", (gan.noise, *gan.generator.hidden, size))
    tensors += layers("discriminator", (size, *gan.discriminator.hidden, 1))
    names: tuple[str, ...] = ("d_loss", "g_loss", "d_real", "d_fake", "d_acc_real", "d_acc_fake", "steps_per_s")
    metrics = gan_metrics(steps, shape, collapsed) if measured else {}
    names += ("d_penalty", "g_slope", *metrics) if measured else ()
    run = started(spec, names, tensors, shape, classes, frozenset({"samples", "scores"}), key)
    rng = np.random.default_rng(seed)
    rows = gradient_rows(run, steps, rng)
    step = np.arange(1, steps + 1, dtype=np.float32)
    lead = 0.2 * np.exp(-step / 600) + 0.03 * noise(steps, rng)
    put(run, rows, d_real=0.5 + lead, d_fake=0.5 - lead)
    put(run, rows, d_loss=1.386 - 2 * lead + 0.05 * noise(steps, rng), g_loss=0.693 + 2 * lead)
    put(run, rows, d_acc_real=np.clip(0.55 + lead, 0, 1), d_acc_fake=np.clip(0.6 + lead, 0, 1))
    put(run, rows, steps_per_s=900 + 20 * noise(steps, rng))
    if measured:
        put(run, rows, d_penalty=np.zeros(steps), g_slope=0.5 + lead)
    for name, values in metrics.items():
        rows[999::1000, run.names.index(name)] = values
    of_d = [name.startswith("d_") or name.startswith(("grad/d", "update/d")) for name in run.names]
    skipped = np.arange(steps) % every != 0
    rows[np.ix_(skipped, of_d)] = np.nan
    return frame(run, rows, pictures or {}, edits)


def gan_metrics(steps: int, shape: tuple[int, ...], collapsed: bool) -> dict[str, npt.NDArray[np.float64]]:
    """What is measured every 1,000 steps, (E,) by name: a generator that gets better, of a ring of 8 or of images."""
    count = np.arange(1.0, steps // 1000 + 1)
    if shape != (2,):
        return {"metric/memorisation": 0.5 + 0.02 * np.sin(count)}
    wiggle = np.exp(0.15 * np.sin(7 * count))
    held = np.clip(2 + count // 3, 0, 8) - (np.clip((count - 12) // 2, 0, 5) if collapsed else 0)
    return {
        "metric/modes": np.minimum(held + (count > 2), 8),
        "metric/fair": held,
        "metric/quality": 0.9889 - 0.9 * np.exp(-count / 4) * wiggle,
        "metric/kl_reverse": np.log(8 / held) + 2e-3 * wiggle,
        "metric/kl_forward": 1.5 * np.log(8 / held) + 3e-3 * wiggle,
        "metric/js": 0.012 + 0.6 * np.exp(-count / 5) * wiggle,
        "metric/js_floor": np.full(len(count), 0.0113),
        "metric/mmd": 0.2 * np.exp(-count / 3) * wiggle + 4e-5 * np.sin(5 * count),
        "metric/mmd_floor": np.full(len(count), 6.1e-5),
    }


def layers(network: str, widths: tuple[int, ...]) -> Tensors:
    """Names and shapes of the tensors of a multilayer perceptron through `widths`, input side first."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for i, (before, after) in enumerate(pairwise(widths)):
        found += [(f"{network}.{i}.weight", (after, before)), (f"{network}.{i}.bias", (after,))]
    return tuple(found)


def hidden_layers(tensors: Tensors) -> tuple[str, ...]:
    """Such as "encoder.0": all but the last layer of each network."""
    paths = [name.rpartition(".")[0] for name, _ in tensors if name.endswith(".weight")]
    return tuple(a for a, b in pairwise(paths) if a.partition(".")[0] == b.partition(".")[0])


def started(
    spec: RunSpec,
    names: tuple[str, ...],
    tensors: Tensors,
    shape: tuple[int, ...],
    classes: tuple[str, ...],
    capabilities: frozenset[str],
    key: int,
) -> Started:
    """What the trainer says of such a run; the series of every tensor and hidden layer follow `names`."""
    per_tensor = [f"{kind}/{name}" for kind in ("grad", "update") for name, _ in tensors]
    per_tensor += [f"{kind}/{name}" for kind in ("activation", "dead", "saturated") for name in hidden_layers(tensors)]
    per_tensor += [f"snr/{name}" for name, _ in tensors]
    return Started(
        key=key,
        spec=spec,
        names=(*names, *per_tensor),
        tensors=tensors,
        capabilities=capabilities | ({"plane"} if shape == (2,) else frozenset()),
        shape=shape,
        classes=classes,
        data_title="Fashion-MNIST" if len(shape) == 2 else "Ring of 8 Gaussians",
        data_note="",
        data_count=60_000 if len(shape) == 2 else 0,
        extent=1.5,
        device="cpu",
        parameters=sum(int(np.prod(size)) for _, size in tensors),
        run_file="",
    )


def noise(steps: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Standard normal, shape (steps,)."""
    return rng.standard_normal(steps, dtype=np.float32)


def gradient_rows(run: Started, steps: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Rows (steps, S), NaN but for gradients that shrink with training and towards the input side."""
    rows = np.full((steps, len(run.names)), np.nan, np.float32)
    decay = 2 / (1 + np.arange(steps, dtype=np.float32) / 300) ** 0.5
    for i, (name, _) in enumerate(run.tensors):
        depth = len(run.tensors) - 1 - i
        level = 10 ** (-2 - 0.25 * depth) * (0.5 if name.endswith("bias") else 1)
        rows[:, run.names.index(f"grad/{name}")] = level * decay * np.exp(0.3 * noise(steps, rng))
        rows[:, run.names.index(f"update/{name}")] = 1e-3 * decay * np.exp(0.1 * noise(steps, rng) - 0.05 * depth)
    measured_rows(run, rows)
    return rows


def measured_rows(run: Started, rows: npt.NDArray[np.float32]) -> None:
    """Write into `rows` what is measured every 100 steps of a layer and every 500 steps of a tensor; a tenth of the
    first layer's units is dead."""
    for i, name in enumerate(hidden_layers(run.tensors)):
        count = len(rows[99::100])
        grown = 1 + 0.1 * np.log1p(np.arange(count))
        rows[99::100, run.names.index(f"activation/{name}")] = 0.5 * 0.8**i * grown
        rows[99::100, run.names.index(f"dead/{name}")] = 0 if i else 0.1
        rows[99::100, run.names.index(f"saturated/{name}")] = 0.4 + 0.1 * i
    for i, (name, _) in enumerate(run.tensors):
        rows[499::500, run.names.index(f"snr/{name}")] = 3 / (1 + np.arange(len(rows[499::500]))) * 1.1**i


def put(run: Started, rows: npt.NDArray[np.float32], **curves: npt.NDArray[Any]) -> None:
    """Write each curve into its column of `rows`."""
    for name, curve in curves.items():
        rows[:, run.names.index(name)] = curve


def gradients_picture(run: Started, rms: npt.NDArray[Any], zeros: float = 0.1) -> dict[str, npt.NDArray[Any]]:
    """The "gradients" picture in which log10|g| of each tensor is normal around log10(rms) - 0.3 with sd 0.6."""
    edges = np.linspace(-12, 3, 61)  # (K+1,)
    middles = (edges[1:] + edges[:-1]) / 2
    centre = np.log10(np.nan_to_num(rms, nan=1e-12).clip(1e-12))[:, None] - 0.3
    sizes = np.array([int(np.prod(size)) for _, size in run.tensors])
    law = np.exp(-(((middles - centre) / 0.6) ** 2) / 2)
    counts = np.rint(law / law.sum(1, keepdims=True) * sizes[:, None] * (1 - zeros)).astype(np.int64)
    return {"edges": edges, "counts": counts, "zeros": np.full(len(sizes), zeros), "rms": np.asarray(rms, float)}


def frame(
    run: Started,
    rows: npt.NDArray[np.float32],
    pictures: Mapping[str, Picture],
    edits: tuple[tuple[int, str, Any, Any], ...] = (),
) -> Frame:
    """The frame after all of `rows`."""
    series = Series(run.names)
    series.append(rows)
    own: dict[str, Picture] = {}
    if len(rows):
        columns = [run.names.index(f"grad/{name}") for name, _ in run.tensors]
        own |= {"layers": layers_picture(run)} if run.tensors else {}
        own["gradients"] = gradients_picture(run, np.fmax.reduce(rows[-2:, columns], 0))
    return Frame(
        run=run,
        step=len(rows),
        epoch=len(rows) * run.spec.batch / max(1, run.data_count),
        steps_per_s=500.0,
        running=True,
        series=series,
        pictures={**own, **pictures},
        marks=marks(run, edits),
    )


def marks(run: Started, edits: tuple[tuple[int, str, Any, Any], ...]) -> tuple[Edited, ...]:
    """Each edit with the spec as it is after it."""
    spec, found = run.spec, []
    for step, path, old, new in edits:
        spec = parameters.edited(spec, path, new)
        found.append(Edited(run.key, step, path, old, new, spec))
    return tuple(found)


def deep_vae(depth: int) -> Vae:
    """A VAE whose encoder and decoder have `depth` hidden layers of 32 units."""
    network = Network(hidden=(32,) * depth)
    return Vae(encoder=network, decoder=network)
