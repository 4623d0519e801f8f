"""What a script is written from: the parameters as they were at each step, and the text of its data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from guiapp import fitting
from guiapp.parameters import edited, flat, value
from guiapp.spec import Optimiser, RunSpec, SpecError, Vae

Schedule = Mapping[int, Any]  # {from this step on: value}
AUTO: Final = """\
(
    "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
)"""
WIDTH: Final = 96  # columns of a line that is filled up

CONSTANTS: Final = MappingProxyType(
    {
        "batch": "BATCH",
        "model.beta": "BETA",
        "model.schedule": "SCHEDULE",
        "model.warmup": "WARMUP",
        "model.free_bits": "FREE_BITS",
        "model.averaged": "AVERAGED",
        "model.estimator": "ESTIMATOR",
        "model.sigma": "SIGMA",
        "model.optimiser.lr": "LR",
        "model.d_optimiser.lr": "D_LR",
        "model.g_optimiser.lr": "G_LR",
        "model.d_steps": "D_STEPS",
        "model.g_steps": "G_STEPS",
        "model.objective": "OBJECTIVE",
        "model.updates": "UPDATES",
        "model.real_target": "REAL_TARGET",
        "model.fake_target": "FAKE_TARGET",
        "model.instance_noise": "INSTANCE_NOISE",
        "model.slope": "SLOPE",
        "model.penalty": "PENALTY",
        "model.clip": "CLIP",
        "model.r1": "R1",
    }
)


@dataclass(frozen=True)
class DataCode:
    """The code that makes the data, and what is known of them.

    `blocks` define `train` (N, D), or `sample(n)` for a law, whose `rows` are None; `bounded`: all values in [0, 1].
    """

    title: str
    path: str
    blocks: tuple[str, ...]
    shape: tuple[int, ...]
    rows: int | None
    bounded: bool

    @property
    def dim(self) -> int:
        return math.prod(self.shape)


@dataclass(frozen=True)
class Plan:
    """A run resolved: `spec` as it was at the first step, and the schedule of each parameter that changed later."""

    spec: RunSpec
    steps: int
    schedules: Mapping[str, Schedule]
    data: DataCode

    @property
    def device(self) -> str:
        """The right-hand side of DEVICE; empty where everything stays on the CPU."""
        if self.spec.device == "auto" and self.data.dim >= 64:
            return AUTO
        return f'"{self.spec.device}"' if self.spec.device in ("cuda", "mps") else ""

    @property
    def move(self) -> str:
        """What takes a tensor or a network to the device."""
        return ".to(DEVICE)" if self.device else ""

    @property
    def place(self) -> str:
        """The argument with which torch makes a tensor on the device."""
        return ", device=DEVICE" if self.device else ""

    @property
    def generator_place(self) -> str:
        """The argument of a random stream on the device."""
        return "DEVICE" if self.device else ""

    def values(self, path: str) -> tuple[Any, ...]:
        """Every value that the parameter at `path` takes, in order."""
        schedule = self.schedules.get(path)
        return (value(self.spec, path),) if schedule is None else tuple(schedule.values())

    def name(self, path: str) -> str:
        """How the loop calls the parameter: the constant, or the variable that follows its schedule."""
        constant = CONSTANTS[path]
        return constant.lower() if path in self.schedules else constant

    def at_step(self, path: str) -> str:
        """The parameter's value as an expression inside the loop."""
        return f"at({CONSTANTS[path]}, step)" if path in self.schedules else CONSTANTS[path]

    def at_start(self, path: str) -> str:
        """The parameter's value as an expression before the loop."""
        return f"at({CONSTANTS[path]}, 1)" if path in self.schedules else CONSTANTS[path]

    def constant(self, path: str, comment: str) -> list[str]:
        """The line that defines the parameter at the top; a schedule takes as many as it needs."""
        name, schedule = CONSTANTS[path], self.schedules.get(path)
        if schedule is None:
            return [f"{name} = {literal(value(self.spec, path))}  # {comment}"]
        note = f"# {comment}, edited live: {{from step: value}}"
        lines = filled(f"{name} = {{", [f"{step}: {literal(new)}" for step, new in schedule.items()], "}")
        return [f"{lines[0]}  {note}"] if len(lines) == 1 and len(lines[0] + note) < WIDTH else [note, *lines]


def literal(new: Any) -> str:
    """A value as Python writes it, texts in double quotes."""
    if isinstance(new, str):
        plain = new.isprintable() and not set(new) & {'"', "\\"}
        return f'"{new}"' if plain else ascii(new)
    return repr(new)


def filled(opening: str, cells: Sequence[str], closing: str, indent: str = "    ") -> list[str]:
    """`opening`, the cells with commas, `closing`: on one line where they fit, else as many a line as fit."""
    one = opening + ", ".join(cells) + closing
    if len(one) <= WIDTH:
        return [one]
    lines, line = [opening], indent
    for cell in cells:
        if len(line) + len(cell) + 1 > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += f"{cell}, "
    return [*lines, line.rstrip(", "), closing]


def schedules(
    spec: RunSpec, edits: Sequence[tuple[int, str, Any]], steps: int
) -> tuple[RunSpec, dict[str, dict[int, Any]]]:
    """The spec of the first step, and the schedule of every parameter that took another value later on.

    An edit (step, path, new) was made when `step` iterations were done, so it holds from the next one on.

    Raises:
        SpecError: no such parameter, one that cannot change while training, a value out of its range, or parameters
            that do not go together.
    """
    start, found = _checked(spec), dict[str, dict[int, Any]]()
    now = start
    for step, path, new in sorted(edits, key=lambda edit: edit[0]):
        parameter = flat(spec).get(path)
        if parameter is None or not parameter.live:
            value(spec, path)
            raise SpecError(f"{path} cannot change while training; it takes effect on restart.")
        now = _checked(edited(now, path, new))
        number = value(now, path)
        if not _counts(spec, path) or step >= steps:
            continue
        if step <= 0:
            start = edited(start, path, number)
        else:
            found.setdefault(path, {})[step + 1] = number
    result: dict[str, dict[int, Any]] = {}
    for path, changes in found.items():
        schedule = _changing(value(start, path), changes)
        if len(schedule) > 1:
            result[path] = schedule
    if isinstance(start.model, Vae) and {start.model.schedule, *result.get("model.schedule", {}).values()} == {
        "constant"
    }:
        result.pop("model.warmup", None)
    return start, result


def _checked(spec: RunSpec) -> RunSpec:
    """Raises SpecError where parameters do not go together."""
    if isinstance(spec.model, Vae):
        fitting.check(spec.model)
    else:
        fitting.check_game(spec.model)
    return spec


def _counts(spec: RunSpec, path: str) -> bool:
    """A σ that is learned or computed only starts from the parameter, and a Bernoulli likelihood has none."""
    model = spec.model
    return path != "model.sigma" or (isinstance(model, Vae) and model.likelihood == "gaussian")


def _changing(first: Any, changes: Mapping[int, Any]) -> dict[int, Any]:
    """The first value and every change to another one."""
    schedule, current = {1: first}, first
    for step, new in changes.items():
        if new != current:
            schedule[step] = current = new
    return schedule


def optimiser_code(name: str, parameters: str, rate: str, optimiser: Optimiser) -> list[str]:
    """The line that makes an optimiser; fused, for another kernel rounds otherwise."""
    if optimiser.kind == "adam":
        betas = f"betas=({optimiser.beta1!r}, {optimiser.beta2!r})"
        cells = [parameters, f"lr={rate}", betas, "fused=True"]
        return filled(f"{name} = torch.optim.Adam(", cells, ")")
    momentum = [f"momentum={optimiser.momentum!r}"] if optimiser.momentum else []
    return filled(f"{name} = torch.optim.SGD(", [parameters, f"lr={rate}", *momentum, "fused=True"], ")")


def print_code(terms: Mapping[str, str], exact: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """Lines that print the step and every term {name: expression}, with all digits of a float32; those that are
    `exact` are numbers of Python's own."""
    cells = ["step {step}", *(f"{name} {{{expression}:.9g}}" for name, expression in terms.items())]
    cells += [f"{name} {{{expression}}}" for name, expression in exact.items()]
    start, one = "    if step == 1 or step % EVERY == 0:", f'        print(f"{"  ".join(cells)}")'
    if len(one) <= WIDTH:
        return [start, one]
    parts = [cells[0]]
    for cell in cells[1:]:
        if len(f'            f"{parts[-1]}  {cell}"') <= WIDTH:
            parts[-1] += f"  {cell}"
        else:
            parts.append(f"  {cell}")
    return [start, "        print(", *(f'            f"{part}"' for part in parts), "        )"]
