"""The weights of a keyframe in formats of others: safetensors, TorchScript, ONNX."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import safetensors
import safetensors.torch
import torch
from torch import Generator, Tensor, nn
from torch.nn.utils import parametrize

from guiapp import spec as specs
from guiapp.data.loading import open_data
from guiapp.data.source import DataError
from guiapp.engine.feed import Feed
from guiapp.engine.keyframe import KeyframeError, shape_of, spec_of
from guiapp.engine.models.gan import GanModel
from guiapp.engine.models.vae import VaeModel
from guiapp.export.target import ExportError, Progress, require, whole
from guiapp.run_file import RunFileError, keyframe_steps, read_keyframe
from guiapp.spec import RunSpec, SpecError, to_json
from guiapp.theory import game

BATCH = 2  # of the example inputs; the exported model takes any


class Autoencoder(VaeModel):
    """`encode(x)`: (B, D) -> μ, log σ² of q(z|x), (B, Z) each. `decode(z)`: (B, Z) -> E[x|z], (B, D). `forward(x)`:
    `decode` of μ, (B, D) -> (B, D)."""

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x)[0])


class Adversaries(GanModel):
    """`generate(z)`, also `forward(z)`, of the averaged generator where there is one: (B, Z) -> (B, D).
    `discriminate(x)`: (B, D) -> (B,), the probability D(x) that x is real, or under objectives without one the
    discriminator's output a(x) itself; a discriminator of packs judges each x packed with itself."""

    def __init__(self, model: specs.Gan, shape: tuple[int, ...], bounded: bool, generator: Generator) -> None:
        super().__init__(model, shape, bounded, generator)
        self.objective = model.objective

    def generate(self, z: Tensor) -> Tensor:
        return self.decode(z)

    def discriminate(self, x: Tensor) -> Tensor:
        found: Tensor = game.belief(self.logit(x), self.objective)
        return found

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z)


Model = Autoencoder | Adversaries


@dataclass(frozen=True)
class Part:
    """A network of a model, the method that runs it, and what ONNX calls its input and outputs."""

    name: str
    method: str
    input: str
    outputs: tuple[str, ...]

    def example(self, weights: Weights) -> Tensor:
        """An input to trace it with."""
        model = weights.spec.model
        codes = model.latent if isinstance(model, specs.Vae) else model.noise
        return torch.zeros(BATCH, math.prod(weights.shape) if self.input == "x" else codes)


# The first one is what the model as a whole does.
PARTS: Final = MappingProxyType(
    {
        specs.Vae: (Part("encoder", "encode", "x", ("mean", "log_var")), Part("decoder", "decode", "z", ("x",))),
        specs.Gan: (Part("generator", "generate", "z", ("x",)), Part("discriminator", "discriminate", "x", ("D",))),
    }
)


@dataclass(frozen=True)
class Weights:
    """The model's tensors, buffers included, after `step`, the spec with the edits until then, and the shape of a
    datum."""

    path: Path
    step: int
    spec: RunSpec
    tensors: dict[str, Tensor]
    shape: tuple[int, ...]

    @property
    def note(self) -> dict[str, str]:
        """What the exported file says of itself; of a GAN, also what `discriminate` gives: "probability" that a datum
        is real, or "critic", a value without such a meaning."""
        note = {"step": str(self.step), "spec": to_json(self.spec).decode()}
        if isinstance(self.spec.model, specs.Gan):
            note["D"] = "probability" if self.spec.model.objective in game.PROBABILISTIC else "critic"
        return note


def weights_at(path: Path, step: int | None) -> Weights:
    """Those of the newest keyframe in the run file at `path`, or of the newest at or before `step`.

    Raises:
        RunFileError: it is no run file, damaged, or has no such keyframe.
    """
    found = [k for k in keyframe_steps(path) if step is None or k <= step]
    if not found:
        where = "" if step is None else f" at or before step {step}"
        raise RunFileError(f"{path}: this run holds no weights{where}.")
    blob = read_keyframe(path, found[-1])
    try:
        tensors = safetensors.torch.load(blob)
        model = {name.removeprefix("model/"): t for name, t in tensors.items() if name.startswith("model/")}
        spec = spec_of(blob)
        return Weights(path, found[-1], spec, model, shape_of(blob) or _vector(spec, model))
    except (safetensors.SafetensorError, KeyframeError, SpecError, LookupError) as error:
        raise RunFileError(f"{path}: the weights of step {found[-1]} are damaged ({error}).") from error


def _vector(spec: RunSpec, tensors: dict[str, Tensor]) -> tuple[int]:
    """(D,), from the first layer that sees a datum: old versions kept no shape, and knew dense layers alone.

    Raises:
        LookupError: there is no such layer.
    """
    first = tensors["encoder.0.weight" if isinstance(spec.model, specs.Vae) else "discriminator.0.weight"]
    return (first.shape[1],)


def network(weights: Weights) -> Model:
    """The model of `weights` in evaluation mode, on the CPU.

    Raises:
        RunFileError: the weights are not those of the spec. ExportError: a GAN's own data, whose range decides how its
            output is scaled, are gone.
    """
    model, generator = weights.spec.model, Generator()
    try:
        if isinstance(model, specs.Vae):
            found: Model = Autoencoder(model, weights.shape, generator)
        else:
            found = Adversaries(model, weights.shape, _bounded(weights.spec), generator)
        found.load_state_dict(weights.tensors)
    except (RuntimeError, SpecError) as error:
        raise RunFileError(f"{weights.path}: the weights of step {weights.step} do not fit the model.") from error
    return found.eval()


def settled(weights: Weights) -> Model:
    """`network`, as it is used and no longer trained: spectral normalisation worked into the weights, and the averaged
    generator, where there is one, for the generator.

    Raises:
        RunFileError, ExportError: as `network`.
    """
    model = network(weights)
    if isinstance(model, Adversaries):
        for layer in list(model.modules()):
            if parametrize.is_parametrized(layer, "weight"):
                parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        if model.average is not None:
            model.generator, model.average = model.average, None
    return model


def write_safetensors(weights: Weights, path: Path, progress: Progress) -> Iterator[Path]:
    """`path` with the model's tensors as they are trained, under their plain names, `step` and `spec` (JSON) in its
    metadata. Spectrally normalised weights are torch's `parametrizations.weight.original`, an averaged generator is
    `average`.

    Raises:
        OSError: it cannot be written.
    """
    with whole(path) as part:
        part.write_bytes(safetensors.torch.save(weights.tensors, {"format": "pt"} | weights.note))
    progress(1.0)
    yield path


def write_torchscript(weights: Weights, path: Path, progress: Progress) -> Iterator[Path]:
    """`path` for `torch.jit.load`: one module, `settled`, with the methods of `Autoencoder` or `Adversaries`; `step`
    and `spec` as extra files.

    Raises:
        RunFileError, ExportError: as `network`. OSError: it cannot be written.
    """
    model = settled(weights)
    parts = PARTS[type(weights.spec.model)]
    inputs = {part.method: part.example(weights) for part in parts} | {"forward": parts[0].example(weights)}
    with (
        whole(path) as temporary,
        torch.no_grad(),
        warnings.catch_warnings(action="ignore", category=DeprecationWarning),
    ):
        script = torch.jit.trace_module(model, inputs, check_trace=False)  # type: ignore[no-untyped-call]
        torch.jit.save(script, str(temporary), _extra_files=weights.note)
    progress(1.0)
    yield path


def write_onnx(weights: Weights, path: Path, progress: Progress) -> Iterator[Path]:
    """NAME.encoder.onnx and NAME.decoder.onnx, or NAME.generator.onnx and NAME.discriminator.onnx, for batches of any
    size; `step` and `spec` in their metadata. Gives each as it is done.

    Raises:
        RunFileError, ExportError: as `network`, or onnx is missing. OSError: it cannot be written.
    """
    for package in ("onnx", "onnxscript"):
        require(package, "ONNX", "onnx", "TorchScript (.pt)")
    model = settled(weights)
    parts = PARTS[type(weights.spec.model)]
    for done, part in enumerate(parts, 1):
        target = path.with_suffix(f".{part.name}.onnx")
        with whole(target) as temporary, _quiet():
            program = torch.onnx.export(
                _Method(model, part.method).eval(),
                (part.example(weights),),
                input_names=[part.input],
                output_names=part.outputs,
                dynamic_shapes=({0: "batch"},),
                dynamo=True,
                verbose=False,
            )
            assert program is not None
            program.model.metadata_props.update(weights.note)
            program.save(temporary)
        progress(done / len(parts))
        yield target


class _Method(nn.Module):
    """One method of a model as a model."""

    def __init__(self, model: Model, method: str) -> None:
        super().__init__()
        self.model, self.method = model, method

    def forward(self, batch: Tensor) -> object:
        return getattr(self.model, self.method)(batch)


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter speaks of its own inner workings, and of torchvision, which nobody needs here."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        log.setLevel(level)


def _bounded(spec: RunSpec) -> bool:
    """The data lie in [0, 1], which the run file does not say."""
    try:
        return Feed(open_data(spec.data), spec.seed, torch.device("cpu")).bounded
    except DataError as error:
        reason = "A GAN without its data is half known"
        raise ExportError(f"{reason}: {error} Bring them back, or export safetensors.") from error
