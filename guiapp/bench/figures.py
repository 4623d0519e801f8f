"""The figures that the project answers for; see docs/bench.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from guiapp import presets
from guiapp.bench import headless_process
from guiapp.bench.drawing import lab_costs, timeline_cost, view_costs
from guiapp.bench.heat_map import heat_map_cost
from guiapp.bench.library import open_time
from guiapp.bench.long_curves import pan_and_zoom
from guiapp.bench.opening import open_times, read_time, runs_folder
from guiapp.bench.probing import probe_times
from guiapp.bench.processes import machine, resident
from guiapp.bench.report import Figure, as_json, as_table
from guiapp.bench.scrubbing import travel_times
from guiapp.bench.soak import Sample, soak, steadiness
from guiapp.bench.stage import begin, open_window
from guiapp.bench.starting import program, start_seconds
from guiapp.bench.training import Seen, begin_with_all_views, train

PRESETS = ("vae-fashion", "gan-ring", "vae-digits")
PAIRS = 5
TRAVELS = 40
MOVES = 60  # of the probe in the latent explorer
LONG = 1_000_000  # steps of the run that is opened
CURVES = 10_000_000  # steps of the curves that are panned and zoomed
TENSORS, MAPPED = 60, 100_000  # of the map of gradients, and its steps
OBSERVED = ("vae-fashion", "gan-ring", "20 layers")  # see guiapp.bench.observatory
RUNS = 5_000  # in the library
TIMES = 5  # of what is done anew each time

Ask = Callable[..., Any]


@dataclass
class Bench:
    """What is asked for, and what came of it. `seconds` of training per segment, `soaking` seconds at the window."""

    seconds: float
    soaking: float
    samples: list[Sample] = field(default_factory=list)
    alone: bool = False  # nothing was measured in this process before


def bench(seconds: float, soaking: float, parts: Sequence[str], in_json: bool) -> int:
    """Measure the `parts` of guiapp.bench.PARTS, `seconds` of training per segment and `soaking` seconds at the window,
    and print the figures; gives 0."""
    order = Bench(seconds, soaking, alone=len(parts) == 1)
    figures = []
    for part in parts:
        print(f"elboscope: measuring {part}…", file=sys.stderr, flush=True)
        figures += list(MEASURES[part](order))
    circumstances = {"machine": machine(), "segment_s": seconds, "pairs": PAIRS}
    if in_json:
        print(as_json({**circumstances, "soak": [asdict(sample) for sample in order.samples]}, figures))
    else:
        print(as_table(circumstances, figures))
    return 0


def _start(_order: Bench) -> Iterator[Figure]:
    yield Figure("start_s", median(start_seconds() for _ in range(3)), 2)


def _training(order: Bench) -> Iterator[Figure]:
    seen = Seen()
    views: dict[str, float] = {}
    with _headless() as ask, open_window() as app:
        for name in PRESETS:
            yield Figure(f"bare_ratio {name}", ask("bare", name, order.seconds / 3, PAIRS), 0.95, at_least=True)
        for name in PRESETS:
            begin_with_all_views(app, name)
            seen.frames.clear()
            ratios = [train(app, order.seconds, seen) / ask("headless", name, order.seconds) for _ in range(PAIRS)]
            yield Figure(f"in_app_ratio {name}", median(ratios), 0.95, at_least=True)
            for view, cost in view_costs(app, seen.frames).items():
                views[view] = max(views.get(view, 0.0), cost)
        memory = {"window": resident(os.getpid()), "trainer": resident(app.session.trainer_pid)}
        labs, timeline = lab_costs(app), timeline_cost(app.window.timeline)
    for percent, target in ((50, None), (95, None), (99, 16)):
        yield Figure(f"lateness_ms p{percent}", float(np.percentile(seen.late, percent)), target)
    yield from (Figure(f"view_ms {view}", cost, 10) for view, cost in views.items())
    yield Figure("view_ms timeline", timeline, 10)
    yield from (Figure(f"lab_ms {lab}", cost, 16) for lab, cost in labs.items())
    yield from (Figure(f"memory_mb {name}", size) for name, size in memory.items())


def _recording(order: Bench) -> Iterator[Figure]:
    with _headless() as ask:
        for name in (presets.DEFAULT, "gan-ring"):
            loss, spent = ask("recording", name, order.seconds, PAIRS)
            yield Figure(f"recording_percent {name}", loss, 2)
            yield Figure(f"recording_percent {name}, by its own clock", spent, 2)


def _scrub(_order: Bench) -> Iterator[Figure]:
    with open_window() as app:
        for name in presets.NAMES:
            p50, p95 = np.percentile(travel_times(app, name, TRAVELS), (50, 95))
            yield Figure(f"scrub_ms {name} p50", float(p50), 100)
            yield Figure(f"scrub_ms {name} p95", float(p95), 100)


def _probe(_order: Bench) -> Iterator[Figure]:
    with open_window() as app:
        for name in ("vae-fashion", "vae-20d"):
            p50, p95 = np.percentile(probe_times(app, name, MOVES), (50, 95))
            yield Figure(f"probe_ms {name} p50", float(p50), 50)
            yield Figure(f"probe_ms {name} p95", float(p95), 50)


def _open(_order: Bench) -> Iterator[Figure]:
    with open_window() as app:
        begin(app, presets.DEFAULT)
        path = runs_folder(app) / "a long run.elbo"
        with _headless() as ask:
            ask("long_run", path, presets.DEFAULT, LONG)
        yield Figure(f"read_s of {LONG:,} steps", read_time(path, TIMES))
        first, whole = open_times(app, path, presets.DEFAULT, LONG, TIMES)
        yield Figure(f"open_s of {LONG:,} steps, first view", first, 1)
        yield Figure(f"open_s of {LONG:,} steps, all views", whole, 1)


def _curves(_order: Bench) -> Iterator[Figure]:
    _application()
    yield Figure(f"pan_zoom_ms p95 of {CURVES:,} steps", pan_and_zoom(CURVES), 16)


def _observatory(_order: Bench) -> Iterator[Figure]:
    with _headless() as ask:
        for name in OBSERVED:
            found = ask("observatory", name, PAIRS)
            yield Figure(f"observatory_percent {name}, gradients and updates", found["gradients"], 5)
            yield Figure(f"observatory_percent {name}, all instruments", found["all"], 10)
            yield Figure(f"observatory_percent {name}, TensorBoard histograms of all gradients", found["peer"])
    _application()
    yield Figure(f"heat_map_ms p95 of {TENSORS} tensors x {MAPPED:,} steps", heat_map_cost(TENSORS, MAPPED), 12)


def _library(_order: Bench) -> Iterator[Figure]:
    _application()
    yield Figure(f"library_ms of {RUNS:,} runs", median(open_time(RUNS) for _ in range(3)), 300)


def _soak(order: Bench) -> Iterator[Figure]:
    """In a process that has done nothing else, whose free memory would hide what grows."""
    if not order.soaking:
        return
    if order.alone:
        order.samples = soak(order.soaking, _tell)
    else:
        command = [*program(), "bench", "--only", "soak", "--soak", str(order.soaking), "--json"]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        order.samples = [Sample(**sample) for sample in json.loads(done.stdout)["soak"]]
    for process in ("window", "trainer"):
        memory, files = (steadiness(order.samples, f"{process}_{what}") for what in ("mb", "files"))
        yield Figure(f"soak_percent {process} memory, drift", abs(memory.drift) if memory else None, 2)
        yield Figure(f"soak_percent {process} memory, spread", memory.spread if memory else None, 2)
        yield Figure(f"soak_files {process}, change", files.change if files else None, 0)


def _tell(sample: Sample) -> None:
    print(f"elboscope: {sample}", file=sys.stderr, flush=True)


MEASURES: Final[Mapping[str, Callable[[Bench], Iterator[Figure]]]] = {
    "start": _start,
    "training": _training,
    "recording": _recording,
    "probe": _probe,
    "scrub": _scrub,
    "open": _open,
    "curves": _curves,
    "observatory": _observatory,
    "library": _library,
    "soak": _soak,
}


@contextmanager
def _headless() -> Iterator[Ask]:
    """The way to ask the process without a window; the one with a window stays alive meanwhile."""
    process, connection = headless_process.start()

    def ask(*question: object) -> Any:
        connection.send(question)
        while not connection.poll(0.05):
            if application := QCoreApplication.instance():
                application.processEvents()
        return connection.recv()

    try:
        yield ask
    finally:
        connection.close()
        process.join()


def _application() -> QCoreApplication:
    return QApplication.instance() or QApplication(sys.argv[:1])
