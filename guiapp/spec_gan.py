"""The parameters of a generative adversarial network. See guiapp.spec."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from guiapp.spec_parts import Network, Optimiser


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
        Literal["minimax", "non-saturating", "least squares", "hinge", "Wasserstein"],
        Meta(
            title="objective",
            description="What G descends: minimax: log(1 - D(G(z))), saturates when D wins; non-saturating: "
            "-log D(G(z)). The others are games of their own for both.",
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
    updates: Annotated[
        Literal["alternating", "simultaneous"],
        Meta(
            title="updates",
            description="alternating: G answers the D that has just moved; simultaneous: both gradients are taken "
            "before either moves.",
            extra={"live": True},
        ),
    ] = "alternating"
    real_target: Annotated[
        float,
        Meta(
            ge=0.5,
            le=1,
            title="target of the real",
            description="What D is to say of real data; 0.9 is one-sided label smoothing. Hinge and Wasserstein have "
            "no targets.",
            extra={"live": True},
        ),
    ] = 1.0
    fake_target: Annotated[
        float,
        Meta(
            ge=0,
            le=0.5,
            title="target of the generated",
            description="What D is to say of generated data; above 0 (two-sided smoothing) it moves D's optimum off "
            "p / (p + p_g).",
            extra={"live": True},
        ),
    ] = 0.0
    instance_noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="instance noise σ",
            description="Gaussian noise on all that D sees, so that the two laws overlap and D cannot win outright.",
            extra={"live": True, "unit": "data units", "low": 0.0, "high": 1.0},
        ),
    ] = 0.0
    slope: Annotated[
        Literal["free", "gradient penalty", "clipping"],
        Meta(
            title="slope of D",
            description="gradient penalty: λ (‖∇D‖ - 1)² between real and generated data (WGAN-GP); clipping: every "
            "weight of D stays within ±c (WGAN).",
            extra={"live": True},
        ),
    ] = "free"
    penalty: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="gradient penalty λ",
            description="Weight of the gradient penalty, where that is chosen.",
            extra={"live": True, "log": True, "low": 1e-2, "high": 100.0},
        ),
    ] = 10.0
    clip: Annotated[
        float,
        Meta(
            ge=1e-4,
            le=100,
            title="clipping c",
            description="Greatest absolute weight of D, where clipping is chosen.",
            extra={"live": True, "log": True, "low": 1e-3, "high": 1.0},
        ),
    ] = 0.01
    r1: Annotated[
        float,
        Meta(
            ge=0,
            le=1000,
            title="R1 penalty γ",
            description="Adds γ/2 ‖∇D‖² on real data to D's loss (Mescheder et al. 2018), so that the game settles.",
            extra={"live": True, "log": True, "low": 1e-2, "high": 100.0},
        ),
    ] = 0.0
    spectral: Annotated[
        bool,
        Meta(
            title="spectral normalisation",
            description="Divide every weight matrix of D by its largest singular value (Miyato et al. 2018).",
        ),
    ] = False
    packing: Annotated[
        int,
        Meta(
            ge=1,
            le=8,
            title="packing",
            description="Data that D judges together (PacGAN): a pack without variety gives itself away. A step takes "
            "as many packs as the batch size says.",
            extra={"unit": "data a pack"},
        ),
    ] = 1
    averaging: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="averaged generator",
            description="Decay per step of a moving average of G's weights, which is then what is shown; 0: none.",
        ),
    ] = 0.0
    d_optimiser: Annotated[Optimiser, Meta(title="Discriminator optimiser")] = Optimiser(lr=1e-3, beta1=0.5)
    g_optimiser: Annotated[Optimiser, Meta(title="Generator optimiser")] = Optimiser(lr=1e-3, beta1=0.5)
