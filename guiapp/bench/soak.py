"""Hours at the window in minutes: whether its two processes grow."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np

from guiapp import presets
from guiapp.allocator import give_back
from guiapp.bench.processes import open_files, resident
from guiapp.bench.stage import frame_of, let, open_window, wait
from guiapp.gui.app import App
from guiapp.gui.workspace import ARRANGEMENTS

PRESETS = ("gan-ring", "vae-fashion")
RATES: Final = {"gan-ring": "model.d_optimiser.lr", "vae-fashion": "model.optimiser.lr"}  # edited while training
STAY = 1.0  # seconds between two things that the person does
REST = 1.0  # seconds at step 0 before memory is read
TRAVELS = 3
WARM = 0.2  # of the time is for caches to fill; what happens later counts


@dataclass(frozen=True)
class Sample:
    """Both processes at one moment: resident MB and open files, None where the system does not tell."""

    seconds: float
    window_mb: float | None
    trainer_mb: float | None
    window_files: int | None
    trainer_files: int | None


@dataclass(frozen=True)
class Steadiness:
    """Of one value over the time that counts: `drift`, by how much the least-squares line rises from begin to end, and
    `spread`, the largest value less the smallest, both in % of the mean; `change`, the same spread as it is."""

    drift: float
    spread: float
    change: float


def soak(seconds: float, say: Callable[[Sample], object] = lambda _sample: None) -> list[Sample]:
    """Work at the window for `seconds`, a lap after the other, and sample at the same moment of each; at least two
    laps. A lap trains each of `PRESETS` from step 0, and goes through all that makes and drops things: every
    arrangement (with the first preset), the past, an edit, an edit undone (a fork), a restart. Sampled is at step 0 of
    a new run that stands, so that what a run rightly holds, its curves and its list of keyframes, is the same at each
    sample: nothing. The run files left behind are removed, as they would fill the disk in an hour."""
    samples: list[Sample] = []
    with open_window() as app:
        began = perf_counter()
        while len(samples) < 2 or perf_counter() - began < seconds:
            for preset in PRESETS:
                _start(app, preset, running=True)
                wait(lambda: len(app.session.history.keyframes) > 0)
                for act in _acts(app, preset):
                    act()
                    let(STAY)
            _start(app, PRESETS[0], running=False)
            _sweep(app)
            let(REST)
            samples.append(_sample(app, perf_counter() - began))
            say(samples[-1])
    return samples


def steadiness(samples: Sequence[Sample], name: str) -> Steadiness | None:
    """Of the field `name`, after the warming up; None where it is not known."""
    since = WARM * samples[-1].seconds
    counted = [sample for sample in samples if sample.seconds >= since]
    values = [getattr(sample, name) for sample in counted]
    if None in values or len(values) < 2:
        return None
    time, value = np.array([sample.seconds for sample in counted]), np.array(values, float)
    slope = np.polyfit(time - time.mean(), value, 1)[0]
    share, change = 100 / value.mean(), float(np.ptp(value))
    return Steadiness(float(slope * (time[-1] - time[0]) * share), float(change * share), change)


def _start(app: App, preset: str, running: bool) -> None:
    before = app.session.live
    app.session.start(presets.load(preset).spec, running)
    wait(lambda: app.session.live is not None and app.session.live is not before and app.session.has_run)


def _acts(app: App, preset: str) -> Iterator[Callable[[], object]]:
    session, workspace = app.session, app.window.workspace
    for name in ARRANGEMENTS if preset == PRESETS[0] else ():
        yield partial(workspace.arrange, name)
    yield partial(workspace.arrange, workspace.home)
    for i in range(TRAVELS):
        yield partial(_travel, app, i / TRAVELS)
    yield session.go_live
    yield partial(session.edit, RATES[preset], 1e-3)
    yield session.undo_edit
    yield session.run
    yield session.pause


def _travel(app: App, place: float) -> None:
    keyframes = app.session.history.keyframes
    app.session.travel(int(keyframes[int(place * len(keyframes))]))


def _sweep(app: App) -> None:
    current = Path(frame_of(app).run.run_file)
    for path in current.parent.glob("*.elbo"):
        if path != current:
            path.unlink()


def _sample(app: App, seconds: float) -> Sample:
    give_back()  # 7 to 12 MB, which come and go and would hide a growth of 2; the trainer does so by itself
    window, trainer = os.getpid(), app.session.trainer_pid
    return Sample(seconds, resident(window), resident(trainer), open_files(window), open_files(trainer))
