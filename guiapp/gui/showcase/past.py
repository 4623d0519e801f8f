"""A stored run as the frames that it went through."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from guiapp.gui.frame import Frame
from guiapp.messages import Edited, Seen, Started
from guiapp.run_file import RunFileError, StoredRun, Summary, edits, read_run, read_summary
from guiapp.series import Series
from guiapp.spec import RunSpec


@dataclass(frozen=True, slots=True)
class Past:
    """All that the run file holds but the weights. `marks` are its edits; `started` is what is known of the run without
    its data."""

    stored: StoredRun
    summary: Summary
    series: Series
    marks: tuple[Edited, ...]
    started: Started

    @property
    def spec(self) -> RunSpec:
        """The parameters at the end."""
        return self.marks[-1].spec if self.marks else self.stored.spec

    def frame(self, step: int, seen: Seen | None = None) -> Frame:
        """The run after `step`, with the pictures of `seen`. The time axes are those of the whole run."""
        run = self.started if seen is None or seen.run is None else seen.run
        return Frame(
            run=replace(run, key=0, spec=self.stored.spec),
            step=step,
            epoch=step * self.stored.spec.batch / run.data_count if run.data_count else 0.0,
            steps_per_s=0.0,
            running=False,
            series=self.series.until(step),
            pictures={} if seen is None else seen.pictures,
            marks=tuple(mark for mark in self.marks if mark.step < step),
            events=tuple(event for event in self.stored.events if event.step <= step),
            until=self.series.last if step < self.series.last else 0,
        )

    def steps(self, most: int) -> tuple[int, ...]:
        """At most `most` steps spread evenly over the whole run, its last one with them."""
        if not self.series.last:
            return ()
        return tuple(int(k) for k in np.unique(np.linspace(1, self.series.last, max(2, most)).round()))


def read_past(path: Path) -> Past:
    """The run in the file at `path`; a million steps take about a second.

    Raises:
        RunFileError: it cannot be read.
    """
    stored, summary = read_run(path), read_summary(path)
    series = stored.curves()
    marks = []
    for event, spec in edits(stored):
        marks.append(Edited(0, event.step, event.detail["path"], event.detail.get("old"), event.detail["new"], spec))
    return Past(stored, summary, series, tuple(marks), _started(stored, summary))


def _started(stored: StoredRun, summary: Summary) -> Started:
    try:
        listed = json.loads(stored.meta.get("tensors", "[]"))
        tensors = tuple((str(name), tuple(int(n) for n in shape)) for name, shape in listed)
    except (ValueError, TypeError) as error:
        raise RunFileError(f"{stored.path}: this run file is damaged (its tensors: {error}).") from error
    return Started(
        key=0,
        spec=stored.spec,
        names=stored.names,
        tensors=tensors,
        capabilities=frozenset(),
        shape=(),
        classes=(),
        data_title="",
        data_note="",
        data_count=0,
        extent=0.0,
        device=stored.meta.get("device", ""),
        parameters=sum(math.prod(shape) for _, shape in tensors),
        run_file=str(summary.path),
    )


def spread(steps: tuple[int, ...], most: int) -> tuple[int, ...]:
    """At most `most` of the ascending `steps`, the first and the last among them, spread evenly over the square root of
    the step: a model changes fastest at its start, and keyframes lie closest at the end."""
    if most >= len(steps):
        return steps
    roots = np.sqrt(np.array(steps, float))
    wanted = np.linspace(roots[0], roots[-1], max(2, most))
    nearest = np.abs(roots[None] - wanted[:, None]).argmin(1)
    return tuple(steps[i] for i in dict.fromkeys(nearest.tolist()))
