"""What the view of verdicts says: titles, what to try in this run, what is checked and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from guiapp import parameters
from guiapp.gui.verdicts import Ruling
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.spec import Gan, Network, Optimiser, RunSpec, Vae
from guiapp.theory import game_verdicts, layer_verdicts

EVERY = 1000  # steps between two checks
MOST_TRIES = 4
DEFINITIONS: Final = MappingProxyType(
    dict[str, str]((*game_verdicts.DEFINITIONS.items(), *layer_verdicts.DEFINITIONS.items()))
)

Model = Vae | Gan
Wish = tuple[Mapping[str, Any], bool]  # values by path, and whether only a new run makes them help


@dataclass(frozen=True, slots=True)
class Try:
    """A change of the run as a button: `text`, and the link "set:PATH=VALUE" that makes it; or `changes`, values by
    path with which a new run begins."""

    text: str
    link: str
    tooltip: str
    changes: Mapping[str, Any] = field(default_factory=dict)


def kinds(model: Model) -> tuple[str, ...]:
    """The verdicts that there are on such a model."""
    return tuple(DEFINITIONS) if isinstance(model, Gan) else tuple(layer_verdicts.DEFINITIONS)


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


def unchecked(names: tuple[str, ...], model: Model) -> dict[str, str]:
    """By kind of verdict, why it cannot be given in this run, whose series have `names`."""
    found: dict[str, str] = {}
    if isinstance(model, Gan):
        if model.objective == "Wasserstein":
            found["discriminator winning"] = "a Wasserstein critic should be ahead"
        if "metric/modes" not in names:
            found["mode dropping"] = "the data have no modes that one could count"
        if "metric/memorisation" not in names:
            found["memorisation"] = "every step draws fresh data, so there is nothing to copy"
    networks = [network for _, network in _networks(model)]
    if max(len(network.hidden) for network in networks) < layer_verdicts.LEAST_LAYERS:
        found["vanishing gradient"] = f"no network here has {layer_verdicts.LEAST_LAYERS} hidden layers"
    used = {network.activation for network in networks if network.hidden}
    for kind, column, those, called in (
        ("dead units", "dead/", layer_verdicts.RECTIFIERS, "ReLUs"),
        ("saturated units", "saturated/", layer_verdicts.BOUNDED, "sigmoids or tanhs"),
    ):
        if not used & those:
            found[kind] = f"no network here has {called}"
        elif not any(name.startswith(column) for name in names):
            found[kind] = "an older version recorded this run, and did not count them"
    return found


def tries(kind: str, spec: RunSpec, layer: str = "") -> tuple[Try, ...]:
    """What could help against `kind`, found in `layer`, in a run of `spec`, most promising first; what is set already
    is left out."""
    model = spec.model
    if kind in layer_verdicts.DEFINITIONS:
        wanted = _of_layers(kind, model, layer)
    else:
        wanted = _of_game(kind, model) if isinstance(model, Gan) else []
    known = parameters.flat(spec)
    found = []
    for wish, anew in wanted:
        changes = {path: value for path, value in wish.items() if parameters.value(spec, path) != value}
        if changes:
            found.append(_try(known, changes, anew))
    return tuple(found[:MOST_TRIES])


def _of_game(kind: str, model: Gan) -> list[Wish]:
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
    return [({path: value}, False) for path, value in wanted]


_NOISE = ("model.instance_noise", 0.1)
_AVERAGE = ("model.averaging", 0.999)


def _above(now: float, path: str, value: Any) -> list[tuple[str, Any]]:
    """The setting, unless something of the kind is in use already."""
    return [] if now else [(path, value)]


def _of_layers(kind: str, model: Model, layer: str) -> list[Wish]:
    """For the network of `layer`; nothing where that is none of this model: the file may come from elsewhere."""
    name = layer.partition(".")[0]
    network = dict(_networks(model)).get(name)
    if network is None:
        return _slower(model, name, 0.1) if kind == "exploding gradient" else []
    path = f"model.{name}"
    rectify: Wish = ({f"{path}.activation": "relu", f"{path}.init": "he"}, True)
    skip: Wish = ({f"{path}.skip": True}, True)
    # Over the units it leaves a deep sigmoid's gradient as small as it was; a critic's penalty needs each datum alone.
    norm = "layer" if name == "discriminator" else "batch"
    normalise: list[Wish] = [({f"{path}.norm": norm}, True)] if network.norm == "none" else []
    match kind:
        case "vanishing gradient":
            return [rectify, skip, *normalise]
        case "exploding gradient":
            keeps = "glorot" if network.activation in layer_verdicts.BOUNDED else "he"
            return [*_slower(model, name, 0.1), ({f"{path}.init": keeps}, True), *normalise]
        case "dead units":
            slower = [(changes, True) for changes, _ in _slower(model, name, 0.1)]
            return [*slower, ({f"{path}.activation": "leaky relu"}, True)]  # normalising did not help in any run
        case _:
            return [*normalise, ({f"{path}.init": "pytorch"}, True), rectify, *_slower(model, name, 0.5)]


def _slower(model: Model, network: str, factor: float) -> list[Wish]:
    """A smaller learning rate of who trains `network`; of all, where that is not known."""
    owner = {"discriminator": "d_optimiser", "generator": "g_optimiser"}.get(network)
    optimisers = (owner,) if owner else ("d_optimiser", "g_optimiser") if isinstance(model, Gan) else ("optimiser",)
    found: list[Wish] = []
    for name in optimisers:
        optimiser = getattr(model, name, None)
        if isinstance(optimiser, Optimiser):
            found.append(({f"model.{name}.lr": float(f"{optimiser.lr * factor:.3g}")}, False))
    return found


def _networks(model: Model) -> Iterator[tuple[str, Network]]:
    names = ("generator", "discriminator") if isinstance(model, Gan) else ("encoder", "decoder")
    return ((name, getattr(model, name)) for name in names)


def _try(known: dict[str, parameters.Parameter], changes: Mapping[str, Any], anew: bool) -> Try:
    """The button for `changes`; one that takes effect at once is a link, unless it helps a new run only, `anew`."""
    players = {"model.d_optimiser": "D's ", "model.g_optimiser": "G's "}
    players |= {f"model.{name}": f"{name}'s " for name in ("encoder", "decoder", "generator", "discriminator")}
    owner = players.get(next(iter(changes)).rpartition(".")[0], "")
    shown = {path: parameters.as_text(value) for path, value in changes.items()}
    (path, value), *more = shown.items()
    others = [f"{also.rpartition('.')[2]} → {its}" for also, its in more]  # a title would make the button too wide
    text = owner + ", ".join((f"{known[path].title} → {value}", *others))
    helps = " ".join(f"{known[one].title}: {known[one].help}" if more else known[one].help for one in changes)
    if known[path].live and not anew:
        return Try(text, f"set:{path}={value}", f"{helps} Takes effect at once.")
    helps += " Begins again at step 0."
    if more or known[path].live:
        return Try(f"Restart with {text}", "", helps, changes)
    return Try(f"Restart with {text}", f"set:{path}={value}", helps)
