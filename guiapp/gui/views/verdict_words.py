"""What the view of verdicts says: titles, what to try in this run, what is checked and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from guiapp import parameters
from guiapp.gui.verdicts import Ruling
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.spec import Gan, RunSpec

EVERY = 1000  # steps between two checks
MOST_TRIES = 4


@dataclass(frozen=True, slots=True)
class Try:
    """A change of the run as a button: `text`, and the link "set:PATH=VALUE" that makes it."""

    text: str
    link: str
    tooltip: str


def title(ruling: Ruling) -> str:
    """Such as "Mode dropping, sure since step 9 000, likely since step 8 000"."""
    name = ruling.kind[:1].upper() + ruling.kind[1:]
    if ruling.sure is None:
        return f"{name}: likely, since step {grouped_digits(ruling.begin)}"
    said = f"{name}: sure, since step {grouped_digits(ruling.sure)}"
    return said if ruling.sure == ruling.begin else f"{said} (likely since step {grouped_digits(ruling.begin)})"


def line(ruling: Ruling, now: int) -> str:
    """One line of the history, of a run at step `now`."""
    begin = grouped_digits(ruling.begin)
    when = f"since step {begin}" if ruling.end is None else f"steps {begin} to {grouped_digits(ruling.end)}"
    lasted = (now if ruling.end is None else ruling.end) - ruling.begin
    how = "likely" if ruling.sure is None else "sure"
    if ruling.sure is not None and ruling.sure > ruling.begin:
        how = f"sure from step {grouped_digits(ruling.sure)} on"
    return f"{ruling.kind}: {when} ({grouped_digits(lasted)} steps), {how}"


def healthy(step: int) -> str:
    """What there is to say where no verdict stands after `step` steps."""
    if step < EVERY:
        return f"Nothing is known yet: the first check comes at step {grouped_digits(EVERY)}."
    last = grouped_digits(step // EVERY * EVERY)
    return f"Nothing is wrong so far: checked every {grouped_digits(EVERY)} steps, last at step {last}."


def frozen(model: Gan) -> tuple[str, str]:
    """A sentence and a link where a player never moves; else two empty texts."""
    for steps, player, other, path in (
        (model.d_steps, "discriminator", "generator", "model.d_steps"),
        (model.g_steps, "generator", "discriminator", "model.g_steps"),
    ):
        if not steps:
            said = f"The {player} is frozen: it makes 0 steps per iteration, so the {other} plays against one that "
            return said + "never learns.", f"set:{path}=1"
    return "", ""


def unchecked(names: tuple[str, ...], model: Gan) -> dict[str, str]:
    """By kind of verdict, why it cannot be given in this run."""
    found: dict[str, str] = {}
    if model.objective == "Wasserstein":
        found["discriminator winning"] = "a Wasserstein critic should be ahead"
    if "metric/modes" not in names:
        found["mode dropping"] = "the data have no modes that one could count"
    if "metric/memorisation" not in names:
        found["memorisation"] = "every step draws fresh data, so there is nothing to copy"
    return found


def tries(kind: str, spec: RunSpec) -> tuple[Try, ...]:
    """What could help against `kind` in a run of `spec`, most promising first; what is set already is left out."""
    model = spec.model
    if not isinstance(model, Gan):
        return ()
    wanted: list[tuple[str, Any]] = []
    slower_d = ("model.d_optimiser.lr", model.d_optimiser.lr / 2)
    slower_g = ("model.g_optimiser.lr", model.g_optimiser.lr / 2)
    targets = [("model.real_target", 0.9)] if model.objective not in ("hinge", "Wasserstein") else []
    match kind:
        case "discriminator winning":
            wanted += [("model.objective", "non-saturating")] if model.objective == "minimax" else []
            wanted += [("model.d_steps", 1)] if model.d_steps > 1 else []
            wanted += [*_above(model.r1, "model.r1", 1.0), slower_d, *targets, *_above(model.instance_noise, *_NOISE)]
        case "mode dropping":
            wanted += [*_above(model.packing - 1, "model.packing", 2), *_above(model.averaging, *_AVERAGE)]
            wanted += [slower_d, slower_g]
        case "oscillation":
            wanted += [*_above(model.r1, "model.r1", 1.0), slower_d, slower_g, *_above(model.averaging, *_AVERAGE)]
        case "memorisation":
            wanted += [*_above(model.r1, "model.r1", 1.0), *_above(model.instance_noise, *_NOISE)]
    known = parameters.flat(spec)
    return tuple(_try(known, path, value) for path, value in wanted if parameters.value(spec, path) != value)[
        :MOST_TRIES
    ]


_NOISE = ("model.instance_noise", 0.1)
_AVERAGE = ("model.averaging", 0.999)


def _above(now: float, path: str, value: Any) -> list[tuple[str, Any]]:
    """The setting, unless something of the kind is in use already."""
    return [] if now else [(path, value)]


def _try(known: dict[str, parameters.Parameter], path: str, value: Any) -> Try:
    parameter = known[path]
    shown = parameters.as_text(value)
    player = {"model.d_optimiser": "D's ", "model.g_optimiser": "G's "}.get(path.rpartition(".")[0], "")
    text = f"{player}{parameter.title} → {shown}"
    if parameter.live:
        return Try(text, f"set:{path}={shown}", f"{parameter.help} Takes effect at once.")
    return Try(f"Restart with {text}", f"set:{path}={shown}", f"{parameter.help} Begins again at step 0.")
