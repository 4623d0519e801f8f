"""Runs that are compared: one of them as its file holds it, and how they are called beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from guiapp.gui.frame import Frame
from guiapp.gui.widgets.annotations import mark_title
from guiapp.messages import Edited, Seen
from guiapp.parameters import as_text, flat, value
from guiapp.run_file import Event, Summary, edits, read_run, read_summary
from guiapp.series import Series
from guiapp.spec import RunSpec

MOST: Final = 8  # runs side by side
LONGEST_TITLE: Final = 32  # characters
DISTINCTIONS: Final = 2  # parameters named beside a title; the table holds all


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A stored run. `marks` are its edits, each with the id of its event; `keyframes` lead from the step of each to the
    id of the last event before it was taken; `series` holds every step."""

    path: Path
    summary: Summary
    series: Series
    events: tuple[Event, ...]
    marks: tuple[tuple[int, Edited], ...]
    keyframes: Mapping[int, int]

    @property
    def spec(self) -> RunSpec:
        """The run's first specification, before any edit."""
        return self.summary.spec

    def keyframe(self, step: int) -> int | None:
        """The newest keyframe up to `step`; None where there is none."""
        return max((k for k in self.keyframes if k <= step), default=None)

    def edits_of(self, path: str) -> list[Event]:
        """The edits of the parameter at `path`, all of the run."""
        return [event for event in self.events if event.kind == "edit" and event.detail.get("path") == path]

    def frame(self, seen: Seen) -> Frame:
        """The moment that `seen` shows; the series and the edits end there."""
        assert seen.run is not None
        before = self.keyframes.get(seen.step)
        marks = (m for id, m in self.marks if (id <= before if before is not None else m.step < seen.step))
        return Frame(
            run=seen.run,
            step=seen.step,
            epoch=seen.step * self.spec.batch / seen.run.data_count if seen.run.data_count else 0.0,
            steps_per_s=0.0,
            running=False,
            series=self.series.until(seen.step),
            pictures=seen.pictures,
            marks=tuple(marks),
            events=tuple(event for event in self.events if event.step <= seen.step),
            until=self.series.last if seen.step < self.series.last else 0,
        )


def read(path: Path) -> ComparedRun:
    """The run in the run file at `path`. Cost: below 2 s for a million steps of 40 series, most of it the pyramid.

    Raises:
        RunFileError: as `guiapp.run_file.read_run`.
    """
    stored = read_run(path)
    summary = read_summary(path)
    series = stored.curves()
    found = edits(stored, max(stored.keyframes)) if stored.keyframes else []
    marks = tuple((event.id, _mark(event, spec)) for event, spec in found)
    return ComparedRun(path, summary, series, stored.events, marks, MappingProxyType(dict(stored.keyframes)))


def _mark(event: Event, spec: RunSpec) -> Edited:
    return Edited(0, event.step, str(event.detail["path"]), event.detail.get("old"), event.detail["new"], spec)


def parameter_title(spec: RunSpec, path: str) -> str:
    """The title of the parameter at `path`, with a word of its group where the spec has several of that title."""
    return mark_title(Edited(0, 0, path, None, None, spec))


def differing(specs: Sequence[RunSpec]) -> list[str]:
    """The paths, in the order of the fields, whose values are not the same in all of `specs` that have them."""
    found: dict[str, set[Any]] = {}
    for spec in specs:
        for path in flat(spec):
            found.setdefault(path, set()).add(value(spec, path))
    return [path for path, values in found.items() if len(values) > 1]


def labels(runs: Sequence[ComparedRun]) -> tuple[str, ...]:
    """A name of its own for each run: its title, what differs among the runs of its kind of model on its data, such as
    "β 4", and where that is the same too, a number. A title that all runs share is left out where the rest tells them
    apart."""
    told = [_distinctions(run, [other for other in runs if _alike(run, other)]) for run in runs]
    if len({run.summary.title for run in runs}) == 1 and len(set(told)) == len(runs) and all(told):
        return tuple(told)
    found = [
        f"{_cut(run.summary.title)} · {words}" if words else _cut(run.summary.title)
        for run, words in zip(runs, told, strict=True)
    ]
    return tuple(
        f"{name} ({found[: i + 1].count(name)})" if found.count(name) > 1 else name for i, name in enumerate(found)
    )


def run_tip(label: str, run: ComparedRun) -> str:
    """A tooltip with all of a label that may be cut off, and where the run is."""
    return f"<p>{escape(label)}</p><p>{escape(str(run.path))}</p>"  # plain text with a < in it would count as HTML


def _alike(run: ComparedRun, other: ComparedRun) -> bool:
    """Whether both train the same kind of model on the same data, so that their parameters tell them apart."""
    return type(run.spec.model) is type(other.spec.model) and run.spec.data == other.spec.data


def _distinctions(run: ComparedRun, alike: Sequence[ComparedRun]) -> str:
    """Such as "β 4, seed 1", or "β 1→4" where it was edited."""
    edited = [str(event.detail.get("path")) for other in alike for event in other.events if event.kind == "edit"]
    paths = [
        path
        for path in dict.fromkeys((*differing([other.spec for other in alike]), *edited))
        if path in flat(run.spec) and len({_course(other, path) for other in alike}) > 1
    ]
    words = [f"{parameter_title(run.spec, path)} {_course(run, path)}" for path in paths[:DISTINCTIONS]]
    return ", ".join(words) + (" …" if len(paths) > DISTINCTIONS else "")


def _course(run: ComparedRun, path: str) -> str:
    first, found = as_text(value(run.spec, path)), run.edits_of(path)
    return f"{first}→{last_value(found)}" if found else first


def last_value(edits: Sequence[Event]) -> str:
    """What the last of these edits of one parameter led to."""
    new = edits[-1].detail.get("new")
    return as_text(tuple(new) if isinstance(new, list) else new)


def _cut(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
