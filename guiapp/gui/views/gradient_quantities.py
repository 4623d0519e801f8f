"""What the gradients view can show of each tensor or layer."""

from __future__ import annotations

from dataclasses import dataclass

from guiapp.messages import Started

EACH_STEP = 100  # steps that a value of every step is averaged over


@dataclass(frozen=True, slots=True)
class Quantity:
    """The series "`prefix`/NAME", of each tensor or `of_layers`. Measured only `every` so many steps, 0: in each; a
    `fraction` is shown as it is, all else by its logarithm; `reference` is a value to compare with."""

    prefix: str
    title: str
    axis: str
    verdict: str
    tooltip: str
    reference: float | None = None
    every: int = 0
    of_layers: bool = False
    fraction: bool = False

    @property
    def over(self) -> int:
        """The number of last steps whose mean the profile's line is."""
        return 10 * self.every if self.of_layers else max(EACH_STEP, 2 * self.every)

    def names(self, run: Started) -> tuple[str, ...]:
        """Of the tensors or the hidden layers of `run`, in order, that have it; none in a run that did not measure
        it."""
        if self.of_layers:
            head = f"{self.prefix}/"
            return tuple(name.removeprefix(head) for name in run.names if name.startswith(head))
        known = set(run.names)
        names = tuple(name for name, _ in run.tensors)
        return names if all(f"{self.prefix}/{name}" in known for name in names) else ()


GRADIENT = Quantity(
    "grad",
    "gradient RMS",
    "log10 gradient RMS",
    "weights' gradient RMS",
    "Root mean square of the loss's derivatives by the elements of a tensor, nats per unit of weight",
)
UPDATE = Quantity(
    "update",
    "update ratio ‖Δw‖ / ‖w‖",
    "log10 ‖Δw‖ / ‖w‖",
    "weights' update ratio",
    "How far one step moves a tensor, relative to its length, every 20 steps; about 10⁻³ is a common rule of thumb",
    reference=1e-3,
    every=20,
)
ACTIVATION = Quantity(
    "activation",
    "activation RMS",
    "log10 activation RMS",
    "activation RMS",
    "Root mean square of the outputs g of each hidden layer on one batch, every 100 steps",
    every=100,
    of_layers=True,
)
SIGNAL = Quantity(
    "snr",
    "signal / noise",
    "log10 signal / noise",
    "weights' signal / noise",
    "‖mean‖ / √(Σ variance) of the gradient over 8 parts of a batch, every 500 steps; below 1 the parts of a batch "
    "differ more than they agree, and nothing but noise gives about 1/√8 = 0.35",
    reference=1.0,
    every=500,
)
DEAD = Quantity(
    "dead",
    "dead units",
    "fraction of dead units",
    "Most dead units",
    "Fraction of the units of each hidden layer whose output is exactly 0 for a whole batch, every 100 steps",
    every=100,
    of_layers=True,
    fraction=True,
)
SATURATED = Quantity(
    "saturated",
    "saturated units",
    "fraction saturated",
    "Most saturated",
    "Fraction of (datum, unit) with |g′| below 1 % of its largest, every 100 steps; of a ReLU, those that are off",
    every=100,
    of_layers=True,
    fraction=True,
)
QUANTITIES = (GRADIENT, UPDATE, ACTIVATION, SIGNAL, DEAD, SATURATED)
