"""What the gradient observatory costs the training, beside the histograms of a public tool."""

from __future__ import annotations

import importlib.util
import math
import tempfile
from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter

import torch
from torch import Tensor

from guiapp import presets
from guiapp.engine.darkroom import ADVANCE, Darkroom
from guiapp.engine.layer_statistics import SNR_EVERY
from guiapp.engine.player import NonFiniteError, Player
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, RunSpec, Vae

NEEDS = frozenset({"gradients", "layers"})  # of the view
PULL = 1 / 30  # seconds between two frames
PEER_STEPS = 20
DEEP = "20 layers"

Step = Callable[[], None]


class Unmeasured(Player):
    """`player`, with its optimiser and its weights, that tells nothing of its steps."""

    def __init__(self, player: Player) -> None:
        vars(self).update(vars(player))

    def slope(self, loss: Tensor) -> tuple[list[Tensor], Tensor]:
        self.gradients = [gradient.contiguous() for gradient in torch.autograd.grad(loss, self.parameters)]
        if not math.isfinite(loss.item()):
            raise NonFiniteError
        return self.gradients, self._nothing

    def move(self, gradients: list[Tensor], rms: Tensor, step: int) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            for parameter, gradient in zip(self.parameters, gradients, strict=True):
                parameter.grad = gradient
            self.optimiser.step()
        return self.rest()


def observatory_cost(name: str, pairs: int, steps: int = SNR_EVERY) -> dict[str, float | None]:
    """Extra time of a step in % of one in which nothing is measured of the layers, for a preset or `DEEP`: "gradients",
    the gradient RMS of each tensor in every step and its update ratio in some; "all", the measurements of the layers
    and the pictures of the view at their cadence as well; "peer", TensorBoard's histograms of all gradients in every
    step, None where it is not installed. Medians over `pairs` of segments of `steps` steps, which take turns on
    trainers of their own that make the same weights."""
    spec = RunSpec(model=Vae(encoder=Network(hidden=(64,) * 20))) if name == DEEP else presets.load(name).spec
    plain, gradients = Trainer(spec), Trainer(spec)
    plain.objective.players = {who: Unmeasured(player) for who, player in plain.objective.players.items()}
    nothing = torch.full((len(plain.statistics.names),), torch.nan, device=plain.device)
    for trainer in (plain, gradients):
        trainer.statistics.read = lambda *_: nothing  # type: ignore[method-assign]
    ways = {"plain": _stepping(plain), "gradients": _stepping(gradients), "all": _looked_at(Trainer(spec))}
    found: dict[str, list[float]] = {way: [] for way in ways}
    for step in ways.values():
        _seconds(step, steps)  # warming up
    for pair in range(pairs):
        for way in list(ways) if pair % 2 else reversed(ways):  # what drifts steadily then counts for none
            found[way].append(_seconds(ways[way], steps))
    extra = {way: _percent(found[way], found["plain"]) for way in ("gradients", "all")}
    return {**extra, "peer": _peer(plain, ways["plain"], median(found["plain"]) / steps)}


def _percent(seconds: list[float], plain: list[float]) -> float:
    return median(100 * (a / b - 1) for a, b in zip(seconds, plain, strict=True))


def _seconds(step: Step, steps: int) -> float:
    began = perf_counter()
    for _ in range(steps):
        step()
    return perf_counter() - began


def _stepping(trainer: Trainer) -> Step:
    events = trainer.events()

    def step() -> None:
        next(events)
        if trainer.step % 1000 == 0:
            trainer.flush()

    return step


def _looked_at(trainer: Trainer) -> Step:
    """With pictures as the window asks for them, what they may cost at the start being spent."""
    darkroom, step = Darkroom(trainer, _refuse), _stepping(trainer)
    spent, last = 0.0, 0.0
    while spent < ADVANCE:
        step()
        began = perf_counter()
        darkroom.make(NEEDS, {}, running=True)
        spent += perf_counter() - began

    def look() -> None:
        nonlocal last
        step()
        if perf_counter() - last > PULL:
            last = perf_counter()
            darkroom.make(NEEDS, {}, running=True)
            trainer.flush()

    return look


def _peer(trainer: Trainer, step: Step, plain: float) -> float | None:
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory(prefix="elboscope-bench-") as folder:
        writer = SummaryWriter(folder)

        def told() -> None:
            step()
            for name, gradient in _gradients(trainer).items():
                writer.add_histogram(name, gradient, trainer.step)

        told()
        spent = _seconds(told, PEER_STEPS) / PEER_STEPS
        writer.close()
    return 100 * (spent / plain - 1)


def _gradients(trainer: Trainer) -> Mapping[str, Tensor]:
    players = trainer.objective.players.values()
    return {name: g for player in players for name, g in zip(player.names, player.gradients, strict=True)}


def _refuse(sentence: str) -> None:
    raise RuntimeError(sentence)
