"""Closed forms of E[f(z)] for some f and laws: what quadrature and draws are held against."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from guiapp.theory.estimators import Function, exact
from guiapp.theory.monte_carlo import Law

_NORMAL: Final[Mapping[str, Function]] = MappingProxyType(
    {"z": "z", "z²": "z²", "z³": "z³", "abs(z)": "|z|", "exp(−z²)": "exp(−z²)", "sin(z)": "sin z"}
)
_ANTIDERIVATIVES: Final[Mapping[str, Callable[[float], float]]] = MappingProxyType(
    {
        "z": lambda z: z**2 / 2,
        "z²": lambda z: z**3 / 3,
        "z³": lambda z: z**4 / 4,
        "abs(z)": lambda z: z * abs(z) / 2,
        "abs(z)^0.8": lambda z: z * abs(z) ** 0.8 / 1.8,
        "exp(−z²)": lambda z: math.sqrt(math.pi) / 2 * math.erf(z),
        "sin(z)": lambda z: -math.cos(z),
        "z > 2": lambda z: max(z - 2, 0.0),
    }
)


def closed_form(text: str, law: Law) -> float | None:
    """E[f] for the f that is written `text`; None where no closed form is at hand."""
    if law.name == "normal":
        return _normal(text, law.location, law.scale)
    if law.name == "uniform":
        low, high = law.location - law.scale, law.location + law.scale
        whole = _ANTIDERIVATIVES.get(text)
        return None if whole is None else (whole(high) - whole(low)) / (high - low)
    if law.name == "exponential":
        return _exponential(text, law.location, law.scale)
    return _cauchy(text, law.location, law.scale) if law.name == "Cauchy" else None


def _normal(text: str, m: float, s: float) -> float | None:
    if text == "z > 2":
        return 0.5 * math.erfc((2 - m) / (s * math.sqrt(2)))
    return float(exact(_NORMAL[text], m, s).value) if text in _NORMAL else None


def _exponential(text: str, m: float, s: float) -> float | None:
    """z = m + s·b with E[bⁿ] = n!, and E[e^{ib}] = 1/(1 - is)."""
    forms = {
        "z": m + s,
        "z²": m**2 + 2 * m * s + 2 * s**2,
        "z³": m**3 + 3 * m**2 * s + 6 * m * s**2 + 6 * s**3,
        "sin(z)": (math.sin(m) + s * math.cos(m)) / (1 + s**2),
        "z > 2": math.exp(-max(2 - m, 0.0) / s),
    }
    return forms.get(text)


def _cauchy(text: str, m: float, s: float) -> float | None:
    """E[e^{iz}] = e^{im - s}; E[e^{-z²}] = e^{s²} erfc(s) and E|z|^a = s^a/cos(πa/2) at m = 0."""
    if text == "sin(z)":
        return math.exp(-s) * math.sin(m)
    if text == "z > 2":
        return 0.5 - math.atan((2 - m) / s) / math.pi
    if text == "abs(z)^0.8" and m == 0:
        return float(s**0.8 / math.cos(0.4 * math.pi))
    if text == "exp(−z²)" and m == 0 and s <= 5:  # beyond, erfc has too few digits left
        return math.exp(s * s) * math.erfc(s)
    return None
