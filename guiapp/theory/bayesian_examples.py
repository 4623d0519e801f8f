"""Networks to begin with."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from guiapp.theory.bayesian_network import Deterministic, Discrete, LinearGaussian, Node

# Koller & Friedman 2009, figure 3.4. P(l¹) = 0.502336, P(i¹ | g³) = 0.078947, P(i¹ | g³, s¹) = 0.578313.
STUDENT: Final[tuple[Node, ...]] = (
    Discrete("D", ("d⁰", "d¹"), ((0.6, 0.4),)),
    Discrete("I", ("i⁰", "i¹"), ((0.7, 0.3),)),
    Discrete(
        "G",
        ("g¹", "g²", "g³"),
        ((0.3, 0.4, 0.3), (0.05, 0.25, 0.7), (0.9, 0.08, 0.02), (0.5, 0.3, 0.2)),
        ("I", "D"),
    ),
    Discrete("S", ("s⁰", "s¹"), ((0.95, 0.05), (0.2, 0.8)), ("I",)),
    Discrete("L", ("l⁰", "l¹"), ((0.1, 0.9), (0.4, 0.6), (0.99, 0.01)), ("G",)),
)
# Two causes of one effect, each explaining the other away; after Pearl 1988.
SPRINKLER: Final[tuple[Node, ...]] = (
    Discrete("Rain", ("no", "yes"), ((0.8, 0.2),)),
    Discrete("Sprinkler", ("off", "on"), ((0.7, 0.3),)),
    Discrete("Wet", ("dry", "wet"), ((1.0, 0.0), (0.1, 0.9), (0.2, 0.8), (0.01, 0.99)), ("Rain", "Sprinkler")),
)
# A latent number, its noisy image, and one more step: the posterior of z given y is Gaussian.
CHAIN: Final[tuple[Node, ...]] = (
    LinearGaussian("z", 0.0, (), 1.0),
    LinearGaussian("x", 1.0, (2.0,), 0.5, ("z",)),
    LinearGaussian("y", 0.0, (-1.0,), 1.0, ("x",)),
)
_FACES: Final = tuple(str(face) for face in range(1, 7))
DICE: Final[tuple[Node, ...]] = (
    Discrete("A", _FACES, ((1 / 6,) * 6,)),
    Discrete("B", _FACES, ((1 / 6,) * 6,)),
    Deterministic("total", "A + B", ("A", "B")),
)
# What a VAE's decoder does: noise, a deterministic function of it, and noise on top.
DECODER: Final[tuple[Node, ...]] = (
    LinearGaussian("z", 0.0, (), 1.0),
    Deterministic("f", "tanh(3*z)", ("z",)),
    LinearGaussian("x", 0.0, (1.0,), 0.2, ("f",)),
)
EXAMPLES: Final[Mapping[str, tuple[Node, ...]]] = MappingProxyType(
    {
        "student": STUDENT,
        "sprinkler": SPRINKLER,
        "linear-Gaussian chain": CHAIN,
        "two dice": DICE,
        "tiny decoder": DECODER,
    }
)
