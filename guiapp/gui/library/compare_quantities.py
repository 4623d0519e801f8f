"""What can be drawn of several runs over their steps, and one quantity of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from guiapp.gui.library.compare_runs import ComparedRun
from guiapp.series import Series


@dataclass(frozen=True, slots=True)
class Quantity:
    """The series `name` (`negated`: times −1) in words."""

    name: str
    title: str
    unit: str
    negated: bool = False

    @property
    def axis(self) -> str:
        """The title of its axis."""
        return f"{self.title}, {self.unit}" if self.unit else self.title


NATS: Final = "nats per datum"
TERMS: Final = (
    Quantity("elbo", "−ELBO", NATS, negated=True),
    Quantity("loss", "total loss", NATS),
    Quantity("reconstruction", "reconstruction", NATS),
    Quantity("kl", "KL", NATS),
    Quantity("sigma", "learned σ", "data units"),
    Quantity("d_loss", "D loss", "nats"),
    Quantity("g_loss", "G loss", "nats"),
    Quantity("d_real", "D(x)", "probability"),
    Quantity("d_fake", "D(G(z))", "probability"),
    Quantity("d_acc_real", "D's accuracy on x", "fraction"),
    Quantity("d_acc_fake", "D's accuracy on G(z)", "fraction"),
)
SPEED: Final = Quantity("steps_per_s", "speed", "steps per second")
PER_TENSOR: Final = {"grad": ("gradient RMS", "nats per unit"), "update": ("update ratio ‖Δw‖ / ‖w‖", "")}


def quantities(runs: Sequence[ComparedRun]) -> tuple[Quantity, ...]:
    """All that any of `runs` has: loss terms, the speed, what is unknown, then each tensor's gradient and update."""
    names = tuple(dict.fromkeys(name for run in runs for name in run.series.names))
    known = {term.name: term for term in (*TERMS, SPEED)}
    other = tuple(name for name in names if name not in known)
    groups = (tuple(name for name in other if name.partition("/")[0] == kind) for kind in ("grad", "update"))
    loose = (name for name in other if name.partition("/")[0] not in PER_TENSOR)
    later = (*loose, *(name for group in groups for name in group))
    return (*(known[name] for name in known if name in names), *(_described(name) for name in later))


def _described(name: str) -> Quantity:
    kind, _, tensor = name.partition("/")
    title, unit = PER_TENSOR.get(kind, ("", ""))
    return Quantity(name, f"{title} of {tensor}" if title else name, unit)


def merged(runs: Sequence[ComparedRun], labels: Sequence[str], quantity: Quantity) -> Series:
    """`quantity` of each run that has it, under its label, up to the last step of any run; NaN where it has no value.
    Cost: about 80 ms for eight runs of a million steps."""
    having = [(run, label) for run, label in zip(runs, labels, strict=True) if quantity.name in run.series.names]
    rows = np.full((max((run.series.last for run in runs), default=0), len(having)), np.nan, np.float32)
    for i, (run, _) in enumerate(having):
        values = run.series.values(quantity.name)
        rows[run.series.first - 1 : run.series.last, i] = -values if quantity.negated else values
    series = Series(tuple(label for _, label in having))
    series.append(rows)
    return series
