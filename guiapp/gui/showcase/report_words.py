"""What a report says of a run, in words and numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import numpy as np

from guiapp.gui.showcase.past import Past
from guiapp.gui.views import losses
from guiapp.messages import Started
from guiapp.parameters import Group, Parameter, as_text, flat, parameters, value
from guiapp.run_file import Event
from guiapp.spec import RunSpec, Vae

AVERAGED: Final = 100  # steps; one mini-batch is too noisy to judge by
CURVES: Final = (losses.TOTAL, losses.RECONSTRUCTION, losses.KL, *losses.PLAYERS, *losses.OUTPUTS)
TITLES: Final = MappingProxyType(
    {curve.name: curve.title for curve in CURVES}
    | {"elbo": "ELBO", "sigma": "noise σ", "steps_per_s": "steps per second"}
)
PLAYERS: Final = MappingProxyType({"both": "both players", "d": "the discriminator alone", "g": "the generator alone"})


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter: its values at the start and at the end, and its default, as a person types them."""

    group: str
    title: str
    path: str
    first: str
    last: str
    default: str
    unit: str

    @property
    def changed(self) -> bool:
        """It is not the default, or was not always."""
        return not self.first == self.last == self.default


def model_in_words(spec: RunSpec, tensors: tuple[tuple[str, tuple[int, ...]], ...]) -> str:
    """Such as "VAE with 2 latent dimensions, Bernoulli likelihood; encoder 784–256–64–4, decoder 2–64–256–784"."""
    model = spec.model
    if isinstance(model, Vae):
        likelihood = f"{model.likelihood.capitalize()} likelihood"
        what = f"VAE with {model.latent} latent dimension{'s' * (model.latent > 1)}, {likelihood}"
    else:
        what = f"GAN with {model.noise} noise dimension{'s' * (model.noise > 1)}, {model.objective} generator"
    networks: dict[str, list[int]] = {}
    for name, shape in tensors:
        if len(shape) == 2:
            widths = networks.setdefault(name.partition(".")[0], [shape[1]])
            widths.append(shape[0])
    chains = ", ".join(f"{name} {'–'.join(map(str, widths))}" for name, widths in networks.items())
    return f"{what}; {chains}" if chains else what


def facts(past: Past, started: Started) -> Iterator[tuple[str, str]]:
    """Pairs of a word and what there is to say of it."""
    summary, spec = past.summary, past.stored.spec
    yield "Model", model_in_words(spec, started.tensors)
    yield "Parameters", f"{started.parameters:,} trained numbers"
    yield "Data", _data(started, spec)
    yield "Trained", f"{past.series.last:,} steps in {duration(summary.seconds)}"
    yield "Begun", moment(summary.created)
    yield "Device", started.device or "not known"
    yield "Versions", _versions(past.stored.meta.get("versions", ""))
    if summary.tags:
        yield "Tags", ", ".join(summary.tags)
    if summary.parent:
        yield "Forked", f"at step {summary.parent_step:,}"
    yield "Run file", past.stored.path.name


def figures(past: Past) -> Iterator[tuple[str, str, str]]:
    """Of each loss term: what it is called, its last value, and its mean over the last 100 steps."""
    series = past.series
    terms = tuple(name for name in TITLES if name in series.names)
    rows = series.recent(terms, AVERAGED)
    for i, name in enumerate(terms):
        finite = rows[np.isfinite(rows[:, i]), i]
        if len(finite):
            yield TITLES[name], number(float(finite[-1])), number(float(finite.mean(dtype=float)))


def rows(past: Past) -> Iterator[Row]:
    """All parameters in their order."""
    first, last = past.stored.spec, past.spec

    def leaves(items: tuple[Parameter | Group, ...], title: str) -> Iterator[Row]:
        for item in items:
            if isinstance(item, Group):
                yield from leaves(item.items, " · ".join(part for part in (title, item.title) if part))
                continue
            at_start, at_end = (as_text(value(spec, item.path)) for spec in (first, last))
            yield Row(title, item.title, item.path, at_start, at_end, as_text(item.default), item.unit)

    return leaves(parameters(first), "")


def happening(event: Event, spec: RunSpec) -> str:
    """What `event` was, as a sentence."""
    detail = event.detail
    if event.kind == "edit":
        path = str(detail.get("path"))
        return f"{_title(spec, path)} ({path}): {_text(detail.get('old'))} → {_text(detail.get('new'))}"
    if event.kind == "fork":
        return f"Forked from “{detail.get('title') or detail.get('parent')}”"
    if event.kind == "step":
        return f"From here on {PLAYERS.get(str(detail.get('player')), 'a player')} trained"
    if event.kind == "diverged":
        return f"Diverged: {detail.get('tensor')} was not finite"
    known = {"start": "Started", "resume": "Gone on with", "recovered": "Recovered after a crash"}
    return known.get(event.kind, event.kind)


def duration(seconds: float) -> str:
    """Such as "3 min 20 s"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(created: str) -> str:
    """ISO 8601 as a person writes it, in UTC."""
    try:
        return f"{datetime.fromisoformat(created).astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    except ValueError:
        return "not known"


def number(value: float) -> str:
    """Five digits, and a minus sign that is one."""
    return f"{value:.5g}".replace("-", "−")


def _data(started: Started, spec: RunSpec) -> str:
    name = started.data_title or spec.data.path or spec.data.name
    shape = " × ".join(map(str, started.shape))
    parts = [name, f"{started.data_count:,} training data" if started.data_count else "", shape and f"each {shape}"]
    return ", ".join(part for part in parts if part)


def _versions(text: str) -> str:
    try:
        return ", ".join(f"{name} {version}" for name, version in dict(json.loads(text)).items())
    except (ValueError, TypeError):
        return "not known"


def _title(spec: RunSpec, path: str) -> str:
    found = flat(spec).get(path)
    return found.title if found else path


def _text(value: object) -> str:
    return as_text(tuple(value) if isinstance(value, list) else value)
