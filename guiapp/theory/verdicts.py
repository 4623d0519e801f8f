"""What is said of a run that ails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`confident` where there is little doubt. `evidence` and `remedy` are sentences to be read. `layer` is where it
    is worst, such as "encoder.0", if it is in a layer."""

    kind: str
    confident: bool
    evidence: str
    remedy: str
    layer: str = ""
