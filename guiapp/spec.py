"""Every parameter of a run, once: range, unit, default, help, and whether it may change while training.

The parameter panel, the command line, validation, the run file and the tooltips all read these fields. A field's
annotation carries the bounds (`ge`, `gt`, `le`), its `title`, its `description`, and in `extra` its `unit`, `live`
(takes effect at the next step, without restart) and `log` (a slider moves through it in decades).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from guiapp.spec_gan import Gan as Gan
from guiapp.spec_parts import Activation as Activation
from guiapp.spec_parts import Initialisation as Initialisation
from guiapp.spec_parts import Network as Network
from guiapp.spec_parts import Normalisation as Normalisation
from guiapp.spec_parts import Optimiser as Optimiser

Estimator = Literal["reparameterised", "score function", "score function, baseline", "none"]


class Vae(Struct, frozen=True, forbid_unknown_fields=True, tag="vae", tag_field="kind"):
    """Variational autoencoder, Kingma & Welling 2014: q(z|x) = N(μ(x), diag σ²(x)), prior N(0, I)."""

    encoder: Annotated[Network, Meta(title="Encoder")] = Network(hidden=(256, 64))
    decoder: Annotated[Network, Meta(title="Decoder")] = Network(hidden=(64, 256))
    latent: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            title="latent dimensions",
            description="Size Z of the code. With 2 the whole latent space can be drawn.",
        ),
    ] = 2
    likelihood: Annotated[
        Literal["bernoulli", "gaussian", "gaussian, learned σ", "gaussian, optimal σ"],
        Meta(
            title="likelihood",
            description="p(x|z): Bernoulli for values in [0, 1]; Gaussian with a fixed noise σ, one learned by "
            "descent, or the optimal one, σ² = mean squared error of the batch.",
        ),
    ] = "bernoulli"
    sigma: Annotated[
        float,
        Meta(
            ge=1e-3,
            le=100,
            title="noise σ",
            description="Standard deviation of the Gaussian likelihood; 1/σ² weighs reconstruction against KL.",
            extra={"live": True, "log": True, "unit": "data units", "low": 1e-2, "high": 10.0},
        ),
    ] = 0.3
    beta: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="β",
            description="Weight of the KL term in the loss; 1 gives the evidence lower bound.",
            extra={"live": True, "log": True, "low": 1e-2, "high": 100.0},
        ),
    ] = 1.0
    schedule: Annotated[
        Literal["constant", "linear", "cyclical"],
        Meta(
            title="β schedule",
            description="linear: β rises from 0 over the warm-up; cyclical: it does so again and again, and stays for "
            "the second half of each cycle.",
            extra={"live": True},
        ),
    ] = "constant"
    warmup: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000_000,
            title="warm-up",
            description="Steps over which a linear schedule rises, or steps of one cycle.",
            extra={"live": True, "log": True, "unit": "steps", "low": 10, "high": 100_000},
        ),
    ] = 1000
    free_bits: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="free bits λ",
            description="The KL of each latent dimension counts as at least λ, so that it is not driven below.",
            extra={"live": True, "unit": "nats", "low": 0.0, "high": 2.0},
        ),
    ] = 0.0
    averaged: Annotated[
        bool,
        Meta(
            title="average over pixels instead of summing",
            description="The commonest bug: the reconstruction is divided by the D pixels, which multiplies β by D.",
            extra={"live": True},
        ),
    ] = False
    bound: Annotated[
        Literal["elbo", "importance weighted"],
        Meta(
            title="bound",
            description="elbo: the mean over the draws; importance weighted (IWAE): the log of their mean weight, "
            "tighter the more draws.",
        ),
    ] = "elbo"
    draws: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            title="draws k",
            description="Draws of z for each datum and step.",
            extra={"unit": "draws", "log": True, "low": 1, "high": 256},
        ),
    ] = 1
    estimator: Annotated[
        Estimator,
        Meta(
            title="gradient estimator",
            description="How the encoder hears of the reconstruction: through z = μ + σε, through log q (score "
            "function), or not at all.",
            extra={"live": True},
        ),
    ] = "reparameterised"
    optimiser: Annotated[Optimiser, Meta(title="Optimiser")] = Optimiser()


class Data(Struct, frozen=True, forbid_unknown_fields=True):
    """What the model learns: a bundled set, a 2-D law, or a file of the user's."""

    name: Annotated[
        str,
        Meta(title="data set", description="A bundled set, a law in the plane sampled fresh each step, or a file."),
    ] = "fashion"
    path: Annotated[
        str, Meta(title="file", description="Your own data: .npz, .npy, IDX, CSV, or a folder of images.")
    ] = ""
    scale: Annotated[
        Literal["auto", "none", "unit", "standard"],
        Meta(
            title="scaling of a file",
            description="auto: bytes to [0, 1], other numbers standardised; unit: to [0, 1]; standard: mean 0, sd 1.",
        ),
    ] = "auto"
    side: Annotated[
        int,
        Meta(
            ge=4,
            le=300,
            title="image side at most",
            description="Images of a folder that are larger are shrunk until neither side has more pixels than this.",
            extra={"unit": "pixels", "log": True, "low": 8, "high": 256},
        ),
    ] = 64
    limit: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000_000,
            title="training data at most",
            description="Train on the first so many of a finite data set; 0: on all. A handful is learnt by heart.",
            extra={"unit": "data", "low": 0, "high": 1000},
        ),
    ] = 0
    drawing: Annotated[
        str,
        Meta(
            max_length=40_000,
            title="drawing",
            description="Points of the data set 'drawn', between -1 and 1: x y, x y, … The data lie about them.",
        ),
    ] = ""
    blur: Annotated[
        float,
        Meta(
            ge=1e-3,
            le=1,
            title="blur of a drawing",
            description="Standard deviation of the data about each point of the drawing.",
            extra={"unit": "data units", "log": True, "low": 5e-3, "high": 0.5},
        ),
    ] = 0.03


class RunSpec(Struct, frozen=True, forbid_unknown_fields=True):
    """One run, complete: the same spec and the same edits at the same steps give the same weights on a CPU."""

    data: Annotated[Data, Meta(title="Data")] = Data()
    model: Annotated[Vae | Gan, Meta(title="Model")] = Vae()
    batch: Annotated[
        int,
        Meta(
            ge=1,
            le=65536,
            title="batch size",
            description="Data per step; the gradient is their mean, its noise falls as 1/√batch.",
            extra={"live": True, "unit": "data", "log": True, "low": 1, "high": 4096},
        ),
    ] = 128
    seed: Annotated[
        int, Meta(ge=0, le=2**63 - 1, title="seed", description="Start of every random stream of the run.")
    ] = 0
    device: Annotated[
        Literal["auto", "cpu", "cuda", "mps"],
        Meta(title="device", description="Where to train; auto takes CUDA for images if there is one, else the CPU."),
    ] = "auto"


class SpecError(ValueError):
    """A parameter that cannot be: one sentence naming the parameter, the value and the allowed range.

    `remedy` maps paths to values that would make it work, where there is an obvious choice.
    """

    def __init__(self, sentence: str, remedy: Mapping[str, Any] = MappingProxyType({})) -> None:
        super().__init__(sentence)
        self.remedy = remedy


def to_json(spec: RunSpec) -> bytes:
    """`spec` as indented JSON, every field written out, so that a later default does not change an old file."""
    return msgspec.json.format(msgspec.json.encode(spec), indent=2)


def from_json(text: bytes | str) -> RunSpec:
    """The spec in `text`.

    Raises:
        SpecError: not JSON, an unknown field, or a value out of its range.
    """
    try:
        return msgspec.json.decode(text, type=RunSpec)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SpecError(f"This is no run specification: {error}.") from error


def to_builtins(spec: Any) -> dict[str, Any]:
    """`spec` as nested dictionaries of plain values."""
    result: dict[str, Any] = msgspec.to_builtins(spec)
    return result
