"""The measurements that need the real window and its trainer, at small sizes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from guiapp.bench import drawing, opening, scrubbing, training
from guiapp.bench.long_run import write_long_run
from guiapp.bench.stage import begin, frame_of, let, open_window, showing
from guiapp.bench.watch import Watch
from guiapp.gui.frame import Frame
from guiapp.presets import load

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
PRESET = "gan-ring"


def test_every_travel_is_measured(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubbing, "FEWEST", 3)
    with open_window() as app:
        been: list[int | None] = []
        app.session.travelled.connect(been.append)
        spent = scrubbing.travel_times(app, PRESET, 5)
        assert len(spent) == 5
        assert all(1 < ms < 20_000 for ms in spent)
        assert been[-1] is None
        assert len(been) == 1 + 5 + 1
        assert all(a != b for a, b in pairwise(been))


def test_opening_is_measured_to_the_last_view(qapp: object) -> None:
    with open_window() as app:
        begin(app, PRESET)
        path = opening.runs_folder(app) / "long.elbo"
        write_long_run(path, load(PRESET).spec, 5000)
        first, whole = opening.open_times(app, path, PRESET, 5000, 1)
        assert 0 < first <= whole < 60
        assert frame_of(app).step == len(frame_of(app).series) == 5000
        assert 0 < opening.read_time(path, 1) < 20


def test_a_watch_ends_with_the_last_view_and_leaves_no_trace(qapp: object) -> None:
    with open_window() as app:
        begin(app, PRESET)
        docks, drawn = showing(app), []

        def is_it(frame: Frame) -> bool:
            drawn.append(frame.step)
            return frame.step > 0

        with Watch(docks) as watch:
            spent = watch.time(app.session.run, is_it)
        assert 0 < spent < 60
        assert len([step for step in drawn if step]) >= len(docks) > 1
        assert not any("draw" in vars(dock) for dock in docks)
        app.session.pause()
        let(0.1)


def test_training_and_drawing_are_measured(qapp: object) -> None:
    seen = training.Seen()
    with open_window() as app:
        training.begin_with_all_views(app, PRESET)
        assert training.train(app, 1.0, seen) > 1
        assert len(seen.frames) > 2
        assert len(seen.late) > 10
        costs = drawing.view_costs(app, seen.frames)
        assert {"losses", "field", "gradients"} <= costs.keys()
        labs = drawing.lab_costs(app)
        assert labs
        timeline = drawing.timeline_cost(app.window.timeline)
        assert all(0 < ms < math.inf for ms in (*costs.values(), *labs.values(), timeline))
