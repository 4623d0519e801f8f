"""Making the HTML report of a run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize
from PySide6.QtGui import QImage, QImageWriter

from guiapp.data.source import DataError
from guiapp.export.code import script
from guiapp.gui.frame import Frame
from guiapp.gui.showcase.job import Job
from guiapp.gui.showcase.past import Past, read_past, spread
from guiapp.gui.showcase.report_page import Content, Plate, page
from guiapp.gui.showcase.shoot import Shoot, Shot
from guiapp.gui.showcase.stage_hand import StageHand
from guiapp.gui.showcase.task import Task, picture_of
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.views import STILL_VIEWS
from guiapp.gui.views.base import View
from guiapp.gui.views.field import FieldView
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.samples import SamplesView
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.messages import Seen, Started
from guiapp.spec import Vae

OVER_TIME: Final = (SamplesView, LatentView, FieldView)
MOMENTS: Final = 6  # keyframes that stand for the whole run
LARGE, SMALL = QSize(880, 520), QSize(560, 360)
RATIO = 2  # pixels per pixel of a large picture, for sharp screens and print; small ones are shown smaller than drawn


@dataclass(frozen=True, slots=True)
class _Taken:
    """A view as it was drawn, for light and for dark screens."""

    shot: Shot
    step: int
    images: tuple[QImage, ...]


class Report(Task):
    """Writes the report of the run in the file at `run` to `path`: with a picture of each view that applies at the last
    keyframe, and some over time. Where the trainer cannot make pictures, the report says why and does without."""

    def __init__(self, run: Path, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run, self._path = run, path
        self._part = path.with_name(path.name + ".part")
        self._past: Past | None = None
        self._started: Started | None = None
        self._script = ""
        self._remarks: list[str] = []
        self._shots: list[Shot] = []
        self._began = 0.0
        self._taken: list[_Taken] = []
        self._shoot: Shoot | None = None
        self._job: Job | None = None

    def start(self) -> None:
        self.progressed.emit(-1, "Reading the run")
        self._begin(Job("reading a run", lambda job: _read(self._run, job)), self._set_up)

    def cancel(self) -> None:
        self._stop()
        if self._job is not None:
            self._job.cancel()
        with suppress(OSError):  # its folder may be none
            self._part.unlink(missing_ok=True)

    def on_seen(self, seen: Seen) -> None:
        if self._shoot is not None:
            self._shoot.on_seen(seen)

    def give_up_looking(self, sentence: str) -> None:
        if self._shoot is not None:
            self._shoot.give_up(sentence)

    def _begin(self, job: Job, done: Callable[[Any], None]) -> None:
        if self._job is not None:
            self._job.wait()  # it has said its last word
        self._job = job
        job.done.connect(done)
        job.failed.connect(self._fail)
        job.start()

    def _set_up(self, read: tuple[Past, str, str]) -> None:
        past, self._script, remark = read
        self._past, self._started = past, past.started
        self._remarks += [remark] if remark else []
        self._shots = _shots(past)
        if not past.stored.keyframes:
            self._remarks.append("This run holds no weights, so there are no pictures of what they make.")
        self._shoot = Shoot(past, self._shots, (LIGHT, DARK), False, self)
        self._shoot.look_asked.connect(self.look_asked)
        self._shoot.taken.connect(self._take)
        self._shoot.missed.connect(self._miss)
        self._shoot.over.connect(self._compose)
        self._began = monotonic()
        self._go_on(0)

    def _go_on(self, done: int) -> None:
        assert self._shoot is not None
        count = max(1, len(self._shots))
        self.progressed.emit(0.9 * done / count, picture_of(done, count, self._began))
        self._shoot.next()

    def _take(self, index: int, stages: tuple[StageHand, ...], frame: Frame) -> None:
        shot = self._shots[index]
        if frame.run.data_title:
            self._started = frame.run
        ratio = RATIO if shot.size == LARGE else 1
        self._taken.append(_Taken(shot, frame.step, tuple(stage.picture(ratio) for stage in stages)))
        self._go_on(index + 1)

    def _miss(self, index: int, sentence: str) -> None:
        view = self._shots[index].view
        if sentence != view.missing:
            remark = f"{view.title}: {sentence}"
            self._remarks += [remark] if remark not in self._remarks else []
        self._go_on(index + 1)

    def _compose(self) -> None:
        assert self._past is not None
        assert self._started is not None
        past, started = self._past, self._started
        self.progressed.emit(0.9, "Writing the page")

        def write(job: Job) -> Path:
            content = Content(
                past,
                started,
                f"{datetime.now():%Y-%m-%d %H:%M}",
                [_plate(taken, past, job) for taken in self._taken if taken.shot.size == LARGE],
                [(view.title, self._of(view, past, job)) for view in OVER_TIME],
                self._script,
                self._remarks,
            )
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._part.write_text(page(content), encoding="utf-8")
            job.check()
            self._part.replace(self._path)
            return self._path

        self._begin(Job("writing a report", write), self._finish)

    def _of(self, view: type[View], past: Past, job: Job) -> list[Plate]:
        taken = [taken for taken in self._taken if taken.shot.size == SMALL and taken.shot.view is view]
        return [_plate(one, past, job) for one in taken]

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


def _read(path: Path, job: Job) -> tuple[Past, str, str]:
    """The run, its script, and why there is none. The script of a person's own data takes as long as to read them."""
    past = read_past(path)
    edits = [(mark.step, mark.path, mark.new) for mark in past.marks]
    try:
        steps = max(1, past.series.last)
        return past, script(past.stored.spec, steps=steps, edits=edits, tell=lambda *_: job.check()), ""
    except (DataError, ValueError, OSError) as error:
        return past, "", f"There is no script of this run: {error}"


def _shots(past: Past) -> list[Shot]:
    """Every view at the end, then some over time; those that draw the series alone need no keyframe."""
    keyframes = tuple(past.stored.keyframes)
    lacks = {"scores"} if isinstance(past.stored.spec.model, Vae) else {"encodes"}
    drawn = [view for view in STILL_VIEWS if not view.needs and not view.requires & lacks]
    shots = [Shot(view, past.series.last, LARGE) for view in drawn if past.series.last]
    if keyframes:
        shots += [Shot(view, keyframes[-1], LARGE) for view in STILL_VIEWS if view.needs]
        shots += [Shot(view, step, SMALL) for view in OVER_TIME for step in spread(keyframes, MOMENTS)]
    return shots


def _plate(taken: _Taken, past: Past, job: Job) -> Plate:
    job.check()
    view, size = taken.shot.view, taken.shot.size
    step = f"step {grouped_digits(taken.step)}"
    caption = f"{view.title}, {step}" if size == LARGE else step
    light, dark = (_png(image) for image in taken.images)
    return Plate(caption, f"{view.title} of {past.summary.title} at {step}", light, dark, size.width(), size.height())


def _png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())
