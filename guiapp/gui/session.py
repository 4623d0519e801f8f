"""One person's work with the trainer: what runs, what state it is in, what was said of it. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import perf_counter
from types import MappingProxyType
from typing import Any, Final, Literal

from PySide6.QtCore import QObject, Signal

from guiapp import messages as m
from guiapp.gui.frame import Frame
from guiapp.gui.history import History
from guiapp.gui.training_thread import TrainingThread
from guiapp.parameters import edited
from guiapp.series import Series
from guiapp.spec import RunSpec

_NO_STUDY: Final = MappingProxyType(
    {
        "starting": "A run is being started; ask for this again when it is there.",
        "lost": "The trainer has ended; start a run first.",
    }
)

State = Literal["loading", "ready", "starting", "training", "paused", "diverged", "lost"]


class Session(QObject):
    """Sends commands, keeps the series, and says what happened.

    Signals:
        state_changed(str): one of `State`; "paused" is said anew after each single step.
        loading(int, int): of the data of the run asked for, so many are read, and so many there are.
        started(Started): a new run exists.
        frame_changed(Frame, frozenset): something new to draw, and which picture kinds are new in it.
        travelled(object): the views show the step of this keyframe now, or None: the newest one, live.
        history_changed(): there are new keyframes or events to go back to.
        seen(Seen), annotated(Annotated): the answers to `look` and `annotate`.
        edited(Edited), diverged(Diverged), saved(str): as the trainer said.
        recorded(str): the run, which had no run file so far, has this one now.
        complained(str, str): a sentence for the person, and details (a traceback) or "".
        refused(str, object): a sentence, and the `RunSpec` that would work instead, or None.
        mended(str): what a refusal told of is over, in a sentence.
        lost(Died): the trainer process ended, or could not be started; the next run starts a new one.
    """

    state_changed = Signal(str)
    loading = Signal(int, int)
    started = Signal(object)
    frame_changed = Signal(object, object)
    travelled = Signal(object)
    history_changed = Signal()
    seen = Signal(object)
    annotated = Signal(object)
    edited = Signal(object)
    diverged = Signal(object)
    recorded = Signal(str)
    saved = Signal(str)
    complained = Signal(str, str)
    refused = Signal(str, object)
    mended = Signal(str)
    lost = Signal(object)

    def __init__(self, thread: TrainingThread, spec: RunSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "loading"
        self.spec = spec  # of the run, edits included; before a run, of the next one
        self.asked: RunSpec | None = spec  # of the start asked for last, which may have been refused
        self.live: Frame | None = None  # the newest moment of the run
        self.history = History()
        self.previous = ""  # the run file of the run before this one, if it had a step
        self.device = ""
        self.seconds = 0.0
        self.pull_pending = False
        self._pulled: int | None = None  # the moment that was asked for last
        self._asked_at = 0.0
        self._thread = thread
        self._key = 0  # of the current run
        self._last_key = 0  # of the run asked for last
        self._before: State = "ready"
        self._running = False
        self._then: m.Command | None = None
        self._unheard: set[str] = set()  # kinds of study asked for, of which nothing has come yet
        thread.received.connect(self._receive)
        if not thread.isRunning():
            thread.start()

    # What a person asks for

    def start(self, spec: RunSpec, running: bool = True, then: m.Command | None = None) -> None:
        """Replace the current run by a new one of `spec`, and send it `then`. If the trainer refuses, the current run
        goes on."""
        self.asked, self._running, self._then = spec, running, then
        self._send_new(m.Start(self._new_key(), spec, running))

    def open(self, path: str) -> None:
        """Go on with the run in the run file at `path`, paused where its weights were last stored. If that cannot be,
        the current run goes on."""
        self.asked, self._running, self._then = None, False, None
        self._send_new(m.Open(self._new_key(), path))

    def fork(self, path: str, step: int, spec: RunSpec, running: bool = False) -> None:
        """Begin a new run as the one in the run file at `path` was at its newest keyframe up to `step`, with the
        parameters of `spec`. If that cannot be, the current run goes on."""
        self.asked, self._running, self._then = spec, running, None
        self._send_new(m.Open(self._new_key(), path, step, spec, running))

    def stop_loading(self) -> None:
        """Give up reading the data of the run asked for; the current run goes on."""
        if self.state == "starting":
            self._thread.send(m.Pause())

    def undo_edit(self, index: int = -1) -> None:
        """Fork before the edit `index` of the run; the edits that a turn of one slider made count as one."""
        if self.live is not None and self.live.marks:
            first = self.history.first_of_turn(self.live.marks, index)
            before = edited(first.spec, first.path, first.old)
            self.fork(self.live.run.run_file, first.step, before, running=self.state == "training")

    def _new_key(self) -> int:
        self._last_key += 1
        return self._last_key

    def _send_new(self, command: m.Start | m.Open) -> None:
        if self.state == "lost":
            self._thread.wait()
            self._thread.start()
            self._before = "ready"  # the new process has no run to go back to
        elif self.state != "starting":
            self._before = self.state
        self._set_state("starting")
        self._thread.send(command)

    # Looking back

    @property
    def at(self) -> int | None:
        """The step of the keyframe that the views show; None: the newest one."""
        return self.history.at

    @property
    def frame(self) -> Frame | None:
        """What the views show: now, or the moment gone back to once its pictures have come."""
        return self.history.past or self.live

    def travel(self, step: int) -> None:
        """Show the newest keyframe up to `step`, while training goes on; `frame_changed` follows."""
        if self.history.go(step):
            self.pull_pending = False  # what is to come is of another moment: do not wait for that
            self.travelled.emit(self.at)

    def go_live(self) -> None:
        """Show the newest moment again."""
        if self.at is not None and self.live is not None:
            self.history.go_live()
            self.travelled.emit(None)
            self.frame_changed.emit(self.live, frozenset(self.live.pictures))

    def look(self, path: str, step: int, needs: frozenset[str], focus: Mapping[str, Any]) -> None:
        """Ask for pictures of any stored run at its newest keyframe up to `step`; `seen` follows."""
        self._thread.send(m.Look(path, step, needs, focus))

    def study(self, kind: str, options: Mapping[str, Any]) -> None:
        """Begin a long computation on the moment shown; `frame_changed` follows, again and again, or once where there
        is no trainer that could do it, to say so."""
        if self.has_run or self.state == "diverged":
            self._unheard.add(kind)
            self._thread.send(m.Study(kind, options, self.at))
        elif self.live is not None:
            self._end_study(kind, _NO_STUDY.get(self.state, "There is no run any more; start one first."))

    def stop_study(self) -> None:
        """Give up the long computation under way."""
        if self.can_look_back:
            self._thread.send(m.StopStudy())

    def annotate(self, path: str, title: str, notes: str, tags: tuple[str, ...]) -> None:
        """Write what a person calls a run into its file; `annotated` follows."""
        self._thread.send(m.Annotate(path, title, notes, tags))

    @property
    def trainer_pid(self) -> int:
        """Of the trainer process; 0 when there is none."""
        return self._thread.pid

    @property
    def can_look_back(self) -> bool:
        """There is a trainer that has a run and can show its past, or is about to."""
        return self.live is not None and self.state not in ("loading", "ready", "lost")

    @property
    def has_run(self) -> bool:
        """There is a run that can go on."""
        return self.live is not None and self.state in ("training", "paused")

    def run(self, until: int | None = None) -> None:
        """Train on, or start the first run, or start again after a failure. It is the newest moment that goes on."""
        self.go_live()
        if not self.has_run:
            self.start(self.spec, running=until is None, then=None if until is None else m.Run(until))
        elif self.state == "paused" or until is not None:
            self._set_state("training")
            self._thread.send(m.Run(until))

    def pause(self) -> None:
        """Stop at the next step boundary."""
        if self.state == "training":
            self._thread.send(m.Pause())

    def step(self, count: int = 1, player: m.Player = "both") -> None:
        """`count` iterations of both players or one, then pause."""
        self.go_live()
        command = m.Step(count, player)
        if self.has_run:
            if count > 1:
                self._set_state("training")
            self._thread.send(command)
        else:
            self.start(self.spec, running=False, then=command)

    def epoch(self) -> None:
        """As many iterations as one pass over the data takes; 1,000 of a law, which has no end."""
        count = self.live.run.data_count if self.live else 0
        self.step(max(1, -(-count // self.spec.batch)) if count else 1000)

    def edit(self, path: str, new: Any) -> None:
        """Change a live parameter of the current run."""
        self._thread.send(m.Edit(path, new))

    def save(self, path: str) -> None:
        """Copy the run file to `path`."""
        self._thread.send(m.Save(path))

    def pull(self, needs: frozenset[str], focus: Mapping[str, Any]) -> None:
        """Ask for the next frame; `frame_changed` follows."""
        if not self.pull_pending and (self.has_run or self.state == "diverged"):
            self.pull_pending, self._pulled, self._asked_at = True, self.at, perf_counter()
            self._thread.send(m.Pull(needs, focus, self.at))

    @property
    def waiting(self) -> float:
        """Seconds for which the trainer of the run has owed an answer; 0 where it owes none."""
        return perf_counter() - self._asked_at if self.pull_pending and self.has_run else 0.0

    def shut_down(self) -> None:
        """End the trainer process; returns when it is gone."""
        self._thread.shut_down()

    # What the trainer says

    def _receive(self, event: m.Event) -> None:
        if isinstance(event, m.Update) and event.at == self._pulled:
            self.pull_pending = bool(event.to_come)
        if (
            isinstance(event, m.Update | m.Kept | m.Recorded | m.Paused | m.Edited | m.Diverged | m.Studied)
            and event.key != self._key
        ):
            return  # of a run that was replaced meanwhile
        match event:
            case m.Ready():
                if self.state == "loading":
                    self._set_state("ready")
            case m.Loading() if event.key == self._last_key:
                self.loading.emit(event.done, event.total)
            case m.Started():
                self._begin(event)
            case m.Update():
                self._update(event)
            case m.Kept():
                self.history.keyframes = event.keyframes
                self.history_changed.emit()
            case m.Paused() if self.state == "starting":
                self._before = "paused"
            case m.Paused():
                self.state = "paused"
                self.state_changed.emit("paused")
            case m.Edited():
                self.spec = event.spec
                if self.live is not None:
                    self.live = replace(self.live, marks=(*self.live.marks, event))
                self.edited.emit(event)
            case m.Diverged() if self.state == "starting":
                self._before = "diverged"
            case m.Diverged():
                self._set_state("diverged")
                self.diverged.emit(event)
            case m.Studied():
                self._unheard.discard(event.kind)
                self._studied(event)
            case m.Seen():
                self.seen.emit(event)
            case m.Annotated():
                self.annotated.emit(event)
            case m.Recorded():
                self._recorded(event)
            case m.Saved():
                self.saved.emit(event.path)
            case m.Refused() if event.mended:
                self.mended.emit(event.sentence)
            case m.Refused():
                self._refused(event)
            case m.Failed():
                self._end("ready", "The run has ended.")
                self.complained.emit(event.sentence, event.details)
            case m.Died():
                self._end("lost", "The trainer has ended.")
                self.lost.emit(event)

    def _end(self, state: State, why: str) -> None:
        self.pull_pending = False
        self._end_studies(why)
        self._set_state(state)

    def _begin(self, event: m.Started) -> None:
        if self.live is not None and self.live.step:
            self.previous = self.live.run.run_file
        self._key = event.key
        self.spec = event.spec
        self.device = event.device
        self.seconds = 0.0
        self.pull_pending = False
        self._unheard.clear()
        self.live = Frame(event, event.known, 0.0, 0.0, False, event.past or Series(event.names), {}, event.edited)
        self.history = History()
        self._set_state("training" if self._running or event.again else "paused")
        self.started.emit(event)
        if self._then is not None:
            self._thread.send(self._then)
            self._then = None

    def _update(self, event: m.Update) -> None:
        assert self.live is not None
        frame = self.live
        frame.series.append(event.rows)
        self.seconds = event.seconds
        if event.running and self.state == "paused":
            self._set_state("training")
        told = self.history.learn(event)
        self.live = replace(
            frame,
            step=event.step,
            epoch=event.epoch,
            steps_per_s=event.steps_per_s if len(event.rows) else frame.steps_per_s,
            running=event.running,
            pictures={**frame.pictures, **event.pictures} if event.at is None else frame.pictures,
            events=self.history.events,
        )
        fresh = self.history.show(self.live, event) if self.at is not None else frozenset(event.pictures)
        if told:
            self.history_changed.emit()
        assert self.frame is not None
        self.frame_changed.emit(self.frame, fresh)

    def _end_studies(self, trouble: str) -> None:
        """Nothing more will come of those under way."""
        if self.live is not None:
            under_way = {kind for kind, report in self.live.studies.items() if not report.ended}
            for kind in sorted(under_way | self._unheard):
                self._end_study(kind, trouble)
        self._unheard.clear()

    def _end_study(self, kind: str, trouble: str) -> None:
        """What is known of it stays."""
        assert self.live is not None
        assert self.frame is not None
        nothing = m.Studied(self._key, kind, self.frame.step, 0.0, {})
        self._studied(replace(self.live.studies.get(kind, nothing), trouble=trouble))

    def _studied(self, event: m.Studied) -> None:
        assert self.live is not None
        self.live = replace(self.live, studies={**self.live.studies, event.kind: event})
        if self.history.past is not None:
            self.history.past = replace(self.history.past, studies=self.live.studies)
        assert self.frame is not None
        self.frame_changed.emit(self.frame, frozenset({event.kind}))

    def _recorded(self, event: m.Recorded) -> None:
        assert self.live is not None
        run = replace(self.live.run, run_file=event.run_file)
        self.live = replace(self.live, run=run)
        self.recorded.emit(run.run_file)

    def _refused(self, event: m.Refused) -> None:
        instead = None
        if self.state == "starting" and event.key == self._last_key:
            self._then = None
            self._set_state(self._before if self.live is not None else "ready")
            if event.remedy and self.asked is not None:
                instead = self.asked
                for path, new in event.remedy.items():
                    instead = edited(instead, path, new)
        self.refused.emit(event.sentence, instead)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
