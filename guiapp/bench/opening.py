"""Opening a run of a million steps."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter

from guiapp.bench.stage import begin, frame_of, showing
from guiapp.bench.watch import Watch
from guiapp.gui.app import App
from guiapp.gui.frame import Frame
from guiapp.run_file import read_run


def runs_folder(app: App) -> Path:
    """Where the window records; it has a run."""
    return Path(frame_of(app).run.run_file).parent


def open_times(app: App, path: Path, preset: str, steps: int, times: int) -> tuple[float, float]:
    """Seconds from `session.open` of the run of `preset` at `path`, which has `steps` steps and lies in the folder of
    the runs, until the first view has drawn all of them, and until all views in sight have and are painted; medians of
    `times`. The window has another run before each."""
    first, all_views = [], []
    for _ in range(times):
        begin(app, preset)
        with Watch(showing(app)) as watch:
            began = perf_counter()
            all_views.append(watch.time(lambda: app.session.open(str(path)), lambda frame: _is_whole(frame, steps)))
            first.append(watch.first - began)
    return median(first), median(all_views)


def _is_whole(frame: Frame, steps: int) -> bool:
    return frame.step == steps and len(frame.series) == steps


def read_time(path: Path, times: int) -> float:
    """Seconds that reading the run file at `path` takes by itself, the median of `times`."""
    spent = []
    for _ in range(times):
        began = perf_counter()
        read_run(path)
        spent.append(perf_counter() - began)
    return median(spent)
