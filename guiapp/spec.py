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

Estimator = Literal["reparameterised", "score function", "score function, baseline", "none"]
Activation = Literal["relu", "leaky relu", "elu", "gelu", "tanh", "sigmoid"]
Initialisation = Literal["he", "glorot", "orthogonal", "pytorch"]
Normalisation = Literal["none", "batch", "layer"]
Width = Annotated[int, Meta(ge=1, le=4096)]

LearningRate = Annotated[
    float,
    Meta(
        gt=0,
        le=10,
        title="learning rate",
        description="Step length of the optimiser; too large diverges, too small crawls.",
        extra={"live": True, "log": True, "low": 1e-5, "high": 1.0},
    ),
]


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """Hidden layers h = g(norm(W x + b)), then one linear output layer; W dense, or convolutions for images."""

    layers: Annotated[
        Literal["dense", "convolutional"],
        Meta(
            title="layers",
            description="dense: every unit sees all inputs; convolutional: 4 x 4 filters that halve (or double) the "
            "image at each layer, for images from 28 x 28 on.",
        ),
    ] = "dense"
    hidden: Annotated[
        tuple[Width, ...],
        Meta(
            max_length=100,
            title="hidden layers",
            description="Units (convolutional: channels) of each hidden layer, first to last, such as 256, 64. "
            "Empty: a linear map.",
            extra={"unit": "units"},
        ),
    ] = (256, 128)
    activation: Annotated[
        Activation, Meta(title="activation", description="The nonlinearity g after each hidden layer.")
    ] = "relu"
    init: Annotated[
        Initialisation,
        Meta(
            title="initialisation",
            description="Scale of the first weights: He keeps the variance through ReLU, Glorot through tanh.",
        ),
    ] = "he"
    norm: Annotated[
        Normalisation,
        Meta(title="normalisation", description="Standardise each hidden layer over the batch or over its units."),
    ] = "none"
    skip: Annotated[
        bool,
        Meta(
            title="skip connections",
            description="Add each hidden layer's input to its output where the widths agree (a residual layer).",
        ),
    ] = False


class Optimiser(Struct, frozen=True, forbid_unknown_fields=True):
    """First-order optimiser of one player; Kingma & Ba 2015 (Adam), or SGD with heavy-ball momentum."""

    kind: Annotated[
        Literal["adam", "sgd"],
        Meta(title="optimiser", description="Adam scales each weight's step by its gradient history; SGD does not."),
    ] = "adam"
    lr: LearningRate = 1e-3
    beta1: Annotated[
        float,
        Meta(ge=0, lt=1, title="β₁", description="Adam: how slowly the mean of the gradients forgets."),
    ] = 0.9
    beta2: Annotated[
        float,
        Meta(ge=0, lt=1, title="β₂", description="Adam: how slowly the mean of the squared gradients forgets."),
    ] = 0.999
    momentum: Annotated[
        float,
        Meta(ge=0, lt=1, title="momentum", description="SGD: fraction of the last step that is repeated."),
    ] = 0.0


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


class Gan(Struct, frozen=True, forbid_unknown_fields=True, tag="gan", tag_field="kind"):
    """Generative adversarial network, Goodfellow et al. 2014: D ascends, G descends V(D, G)."""

    generator: Annotated[Network, Meta(title="Generator")] = Network(hidden=(64, 64))
    discriminator: Annotated[Network, Meta(title="Discriminator")] = Network(hidden=(64, 64))
    noise: Annotated[
        int, Meta(ge=1, le=256, title="noise dimensions", description="Size Z of the generator's input z.")
    ] = 2
    noise_law: Annotated[
        Literal["normal", "uniform"],
        Meta(title="noise law", description="z ~ N(0, I), or uniform on [-1, 1] in each dimension."),
    ] = "normal"
    objective: Annotated[
        Literal["minimax", "non-saturating"],
        Meta(
            title="generator objective",
            description="minimax: log(1 - D(G(z))), saturates when D wins; non-saturating: -log D(G(z)).",
            extra={"live": True},
        ),
    ] = "non-saturating"
    d_steps: Annotated[
        int,
        Meta(
            ge=0,
            le=20,
            title="D steps per iteration",
            description="Discriminator updates per iteration; 0 freezes the discriminator.",
            extra={"live": True},
        ),
    ] = 1
    g_steps: Annotated[
        int,
        Meta(
            ge=0,
            le=20,
            title="G steps per iteration",
            description="Generator updates per iteration; 0 freezes the generator.",
            extra={"live": True},
        ),
    ] = 1
    d_optimiser: Annotated[Optimiser, Meta(title="Discriminator optimiser")] = Optimiser(lr=1e-3, beta1=0.5)
    g_optimiser: Annotated[Optimiser, Meta(title="Generator optimiser")] = Optimiser(lr=1e-3, beta1=0.5)


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
