"""Any view over the steps of a run, as GIF or MP4."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QObject, QSize
from PySide6.QtGui import QImage

from guiapp.gui.frame import Frame
from guiapp.gui.showcase.film import write_film
from guiapp.gui.showcase.job import Job
from guiapp.gui.showcase.past import Past, read_past, spread
from guiapp.gui.showcase.shoot import Shoot, Shot
from guiapp.gui.showcase.stage_hand import StageHand
from guiapp.gui.showcase.task import Task, picture_of
from guiapp.gui.theme import Theme
from guiapp.gui.views.base import View
from guiapp.messages import Seen

AHEAD = 4  # pictures taken and not yet written: at twice 900 x 600, 35 MB


@dataclass(frozen=True, slots=True)
class Film:
    """What is to be made: at most `most` pictures of `view`, `size` (even in both directions) times `ratio` pixels
    large, `per_s` a second."""

    view: type[View]
    theme: Theme
    size: QSize
    ratio: int = 1
    most: int = 100
    per_s: float = 10.0


class Animation(Task):
    """Writes the run in the file at `run` to `path`, as its suffix says: one picture for each keyframe; of a view that
    draws the series alone, one for each of `most` steps spread evenly."""

    def __init__(self, run: Path, path: Path, film: Film, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run, self._path, self._film = run, path, film
        self._part = path.with_name(path.name + ".part")
        self._pictures: queue.Queue[QImage | None] = queue.Queue()
        self._count = self._taken = self._written = 0
        self._began = 0.0
        self._shoot: Shoot | None = None
        self._job: Job | None = None

    def start(self) -> None:
        self.progressed.emit(-1, "Reading the run")
        self._begin(Job("reading a run", lambda _job: read_past(self._run)), self._set_up)

    def cancel(self) -> None:
        self._stop()
        if self._job is not None:
            self._pictures.put(None)
            self._job.cancel()
        with suppress(OSError):  # its folder may be none
            self._part.unlink(missing_ok=True)

    def on_seen(self, seen: Seen) -> None:
        if self._shoot is not None:
            self._shoot.on_seen(seen)

    def give_up_looking(self, sentence: str) -> None:
        if self._shoot is not None:
            self._shoot.give_up(sentence)

    def _begin(self, job: Job, done) -> None:
        self._job = job
        job.done.connect(done)
        job.failed.connect(self._fail)
        job.start()

    def _set_up(self, past: Past) -> None:
        film = self._film
        steps = _steps(past, film)
        if len(steps) < 2:
            self._fail(f"{self._run.name}: this run holds too few steps for an animation; train it a little more.")
            return
        self._count, self._began = len(steps), monotonic()
        shots = [Shot(film.view, step, film.size) for step in steps]
        self._shoot = Shoot(past, shots, (film.theme,), True, self)
        self._shoot.look_asked.connect(self.look_asked)
        self._shoot.taken.connect(self._take)
        self._shoot.missed.connect(lambda _i, sentence: self._fail(sentence))
        self._shoot.over.connect(lambda: self._pictures.put(None))
        assert self._job is not None
        self._job.wait()  # it has said its last word
        job = Job("writing an animation", self._write)
        job.told.connect(self._wrote)
        self._begin(job, self._finish)
        self._tell()
        self._shoot.next()

    def _take(self, _index: int, stages: tuple[StageHand, ...], _frame: Frame) -> None:
        assert self._shoot is not None
        self._pictures.put(stages[0].picture(self._film.ratio))
        self._taken += 1
        if self._taken - self._written < AHEAD:
            self._shoot.next()

    def _wrote(self, count: int) -> None:
        held_back = self._taken - self._written >= AHEAD
        self._written = count
        self._tell()
        if held_back and self._shoot is not None:
            self._shoot.next()

    def _tell(self) -> None:
        done, count = self._written, self._count
        what = "Writing the file" if done == count else picture_of(done, count, self._began)
        self.progressed.emit(0.98 * done / count, what)

    def _write(self, job: Job) -> Path:
        self._part.parent.mkdir(parents=True, exist_ok=True)
        gif = self._path.suffix.lower() == ".gif"
        write_film(self._part, gif, self._arriving(job), self._film.per_s, job.check)
        job.check()
        self._part.replace(self._path)
        return self._path

    def _arriving(self, job: Job) -> Iterator[QImage]:
        """In the job's thread."""
        count = 0
        while True:
            job.check()
            picture = self._pictures.get()
            job.check()
            if picture is None:
                return
            yield picture
            count += 1
            job.tell(count)

    def _finish(self, path: Path) -> None:
        self._stop()
        if self._job is not None:
            self._job.wait()
        self.finished.emit((path,))

    def _fail(self, sentence: str) -> None:
        self.cancel()
        self.failed.emit(sentence)

    def _stop(self) -> None:
        if self._shoot is not None:
            self._shoot.stop()


def _steps(past: Past, film: Film) -> tuple[int, ...]:
    """Where there are no curves yet, what draws curves has nothing to show."""
    if not film.view.needs:
        return past.steps(film.most)
    return spread(tuple(k for k in past.stored.keyframes if k or not film.view.draws_series), film.most)
