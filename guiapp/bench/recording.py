"""What recording costs the training."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from guiapp import messages as m
from guiapp.bench.headless_process import rate
from guiapp.engine.recorder import Recorder
from guiapp.engine.run import Run
from guiapp.engine.trainer import Trainer
from guiapp.spec import RunSpec

SETTLING = 1.0  # seconds before each measured segment; what fell due while nothing was recorded is written in them
LOOSE = 1000  # steps between two flushes where nothing is recorded


def recording_cost(spec: RunSpec, seconds: float, pairs: int) -> tuple[float, float]:
    """What recording takes from the training of `spec`, in % of its time, found in two ways: from the steps per second
    with and without it, as the median over `pairs` of segments of `seconds`, which take turns on one trainer; and from
    a clock around what the trainer process does after each step to record it, over the segments with recording. The
    first knows of caches that recording leaves cold, the second does not drift with the machine."""
    with tempfile.TemporaryDirectory(prefix="elboscope-bench-") as folder:
        trainer = Trainer(spec)
        path = Path(folder) / "run.elbo"
        run = Run(1, trainer, lambda: Recorder(path, trainer), _refuse)
        clocked: list[float] = []

        def recorded() -> None:
            next(run.events)
            began = perf_counter()
            run.keep_record()
            clocked.append(perf_counter() - began)

        def loose() -> None:
            next(run.events)
            if trainer.step % LOOSE == 0:
                trainer.flush()

        def speed(segment: int) -> float:
            iterate = recorded if segment else loose
            rate(iterate, SETTLING)
            clocked.clear()
            found = rate(iterate, seconds)
            run.update(m.Pull(frozenset()), running=True)  # as the window does: rows are not kept for ever
            return found

        losses, spent = [], 0.0
        for pair in range(pairs):
            order = (0, 1) if pair % 2 else (1, 0)  # what drifts steadily then counts for neither
            speeds = {}
            for segment in order:
                speeds[segment] = speed(segment)
                spent += sum(clocked)
            losses.append(100 * (1 - speeds[1] / speeds[0]))
        run.close()
    return median(losses), 100 * spent / (pairs * seconds)


def _refuse(event: m.Event) -> None:
    raise RuntimeError(f"the run cannot be recorded: {event}")
