"""Parameters that the parts of every model have: its networks and its optimisers. See guiapp.spec."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Activation = Literal["relu", "leaky relu", "elu", "gelu", "tanh", "sigmoid", "maxout"]
Initialisation = Literal["he", "glorot", "orthogonal", "pytorch", "normal, 0.02"]
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
        Activation,
        Meta(
            title="activation",
            description="The nonlinearity g after each hidden layer; maxout: the largest of 5 linear maps.",
        ),
    ] = "relu"
    init: Annotated[
        Initialisation,
        Meta(
            title="initialisation",
            description="Scale of the first weights: He keeps the variance through ReLU, Glorot through tanh; normal, "
            "0.02 is DCGAN's.",
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
