"""What there is to tell of one run besides its numbers: what was set differently, and what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.timeline_marks import of_event
from guiapp.gui.widgets.annotations import mark_label, mark_title
from guiapp.messages import Edited
from guiapp.parameters import as_text, differences
from guiapp.run_file import Event, read_events, read_summary
from guiapp.spec import RunSpec

MOST: Final = 40  # lines of what happened
UNTOLD: Final = frozenset({"start", "fork"})  # the origin has a line of its own


@dataclass(frozen=True)
class Story:
    """`settings`: title, value and default of each parameter that is not at its default; `events`: one line each;
    `origin`: what the run was called that it was forked from."""

    settings: tuple[tuple[str, str, str], ...]
    events: tuple[str, ...]
    origin: str


def story(path: Path) -> Story:
    """Of the run file at `path`.

    Raises:
        RunFileError: it cannot be read.
    """
    spec, events = read_summary(path).spec, read_events(path)
    forks = [event for event in events if event.kind == "fork"]
    origin = str(forks[-1].detail.get("title", "")) if forks else ""
    return Story(tuple(_settings(spec)), _happened(spec, events), origin)


def _settings(spec: RunSpec) -> Iterator[tuple[str, str, str]]:
    default = RunSpec(model=type(spec.model)())
    for path, (old, new) in differences(default, spec).items():
        title = mark_title(Edited(0, 0, path, old, new, spec))
        yield (
            title[:1].upper() + title[1:] if title.isascii() else title,
            as_text(new) or "none",
            as_text(old) or "none",
        )


def _happened(spec: RunSpec, events: Sequence[Event]) -> tuple[str, ...]:
    lines = [_line(spec, group) for group in _groups([event for event in events if event.kind not in UNTOLD])]
    more = len(lines) - MOST
    return (*lines[:MOST], f"and {more} more") if more > 0 else tuple(lines)


def _groups(events: Sequence[Event]) -> list[list[Event]]:
    """Edits of one parameter one after the other, as by a slider, and other events of one kind, told as one."""
    groups: list[list[Event]] = []
    for event in events:
        last = groups[-1][-1] if groups else None
        if last and (last.kind, last.detail.get("path")) == (event.kind, event.detail.get("path")):
            groups[-1].append(event)
        else:
            groups.append([event])
    return groups


def _line(spec: RunSpec, group: Sequence[Event]) -> str:
    first, last = group[0], group[-1]
    steps = f"step {thousands(first.step)}"
    if last.step != first.step:
        steps = f"steps {thousands(first.step)} to {thousands(last.step)}"
    return f"{_said(spec, group)} · {steps}"


def _said(spec: RunSpec, group: Sequence[Event]) -> str:
    first, last = group[0], group[-1]
    if first.kind == "edit":
        begun, ended = (Edited(0, e.step, str(e.detail.get("path")), e.detail.get("old"), e.detail.get("new"), spec)
                        for e in (first, last))  # fmt: skip
        return mark_label(mark_title(begun), begun, ended)
    times = f" ({len(group)} times)" if len(group) > 1 else ""
    return of_event(first).note + times
