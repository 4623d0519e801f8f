"""One person's work with the trainer: what runs, what state it is in, what was said of it. No widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from PySide6.QtCore import QObject, Signal

from guiapp import messages as m
from guiapp.gui.frame import Frame
from guiapp.gui.training_thread import TrainingThread
from guiapp.parameters import edited, flat, value
from guiapp.series import Series
from guiapp.spec import RunSpec

State = Literal["loading", "ready", "starting", "training", "paused", "diverged", "lost"]


class Session(QObject):
    """Sends commands, keeps the series, and says what happened.

    Signals:
        state_changed(str): one of `State`; "paused" is said anew after each single step.
        started(Started): a new run exists.
        frame_changed(Frame, frozenset): something new to draw, and which picture kinds are new in it.
        edited(Edited), diverged(Diverged), saved(str): as the trainer said.
        complained(str, str): a sentence for the person, and details (a traceback) or "".
        refused(str, object): a sentence, and the `RunSpec` that would work instead, or None.
        lost(Died): the trainer process ended, or could not be started; the next run starts a new one.
    """

    state_changed = Signal(str)
    started = Signal(object)
    frame_changed = Signal(object, object)
    edited = Signal(object)
    diverged = Signal(object)
    saved = Signal(str)
    complained = Signal(str, str)
    refused = Signal(str, object)
    lost = Signal(object)

    def __init__(self, thread: TrainingThread, spec: RunSpec, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: State = "loading"
        self.spec = spec  # of the run, edits included; before a run, of the next one
        self.asked: RunSpec | None = spec  # of the start asked for last, which may have been refused
        self.frame: Frame | None = None
        self.previous = ""  # the run file of the run before this one, if it had a step
        self.device = ""
        self.seconds = 0.0
        self.pull_pending = False
        self._thread = thread
        self._key = 0  # of the current run
        self._last_key = 0  # of the run asked for last
        self._before: State = "ready"
        self._running = False
        self._then: m.Command | None = None
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
        """Replace the current run by the one in the run file at `path`, paused where its weights were last stored. If
        that cannot be, the current run goes on."""
        self.asked, self._running, self._then = None, False, None
        self._send_new(m.Open(self._new_key(), path))

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

    @property
    def trainer_pid(self) -> int:
        """Of the trainer process; 0 when there is none."""
        return self._thread.pid

    @property
    def has_run(self) -> bool:
        """There is a run that can go on."""
        return self.frame is not None and self.state in ("training", "paused")

    def run(self, until: int | None = None) -> None:
        """Train on, or start the first run, or start again after a failure."""
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
        command = m.Step(count, player)
        if self.has_run:
            if count > 1:
                self._set_state("training")
            self._thread.send(command)
        else:
            self.start(self.spec, running=False, then=command)

    def epoch(self) -> None:
        """As many iterations as one pass over the data takes; 1,000 of a law, which has no end."""
        count = self.frame.run.data_count if self.frame else 0
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
            self.pull_pending = True
            self._thread.send(m.Pull(needs, focus))

    def shut_down(self) -> None:
        """End the trainer process; returns when it is gone."""
        self._thread.shut_down()

    # What the trainer says

    def _receive(self, event: m.Event) -> None:
        if isinstance(event, m.Update):
            self.pull_pending = False
        if isinstance(event, m.Update | m.Paused | m.Edited | m.Diverged) and event.key != self._key:
            return  # of a run that was replaced meanwhile
        match event:
            case m.Ready():
                if self.state == "loading":
                    self._set_state("ready")
            case m.Started():
                self._begin(event)
            case m.Update():
                self._update(event)
            case m.Paused() if self.state == "starting":
                self._before = "paused"
            case m.Paused():
                self.state = "paused"
                self.state_changed.emit("paused")
            case m.Edited():
                self.spec = event.spec
                if self.frame is not None:
                    self.frame = replace(self.frame, marks=(*self.frame.marks, event))
                self.edited.emit(event)
            case m.Diverged() if self.state == "starting":
                self._before = "diverged"
            case m.Diverged():
                self._set_state("diverged")
                self.diverged.emit(event)
            case m.Saved():
                self.saved.emit(event.path)
            case m.Refused():
                self._refused(event)
            case m.Failed():
                self.pull_pending = False
                self._set_state("ready")
                self.complained.emit(event.sentence, event.details)
            case m.Died():
                self.pull_pending = False
                self._set_state("lost")
                self.lost.emit(event)

    def _begin(self, event: m.Started) -> None:
        if self.frame is not None and self.frame.step:
            self.previous = self.frame.run.run_file
        self._key = event.key
        self.spec = event.spec
        self.device = event.device
        self.seconds = 0.0
        self.pull_pending = False
        self.frame = Frame(event, 0, 0.0, 0.0, False, Series(event.names), {})
        self._set_state("training" if self._running else "paused")
        self.started.emit(event)
        if self._then is not None:
            self._thread.send(self._then)
            self._then = None

    def _update(self, event: m.Update) -> None:
        assert self.frame is not None
        frame = self.frame
        frame.series.append(event.rows)
        self.seconds = event.seconds
        if event.running and self.state == "paused":
            self._set_state("training")
        self.frame = replace(
            frame,
            step=event.step,
            epoch=event.epoch,
            steps_per_s=event.steps_per_s if len(event.rows) else frame.steps_per_s,
            running=event.running,
            pictures={**frame.pictures, **event.pictures},
        )
        self.frame_changed.emit(self.frame, frozenset(event.pictures))

    def _refused(self, event: m.Refused) -> None:
        instead = None
        if self.state == "starting" and event.key == self._last_key:
            self._then = None
            self._set_state(self._before if self.frame is not None else "ready")
            if event.remedy and self.asked is not None:
                instead = self.asked
                for path, new in event.remedy.items():
                    instead = edited(instead, path, new)
        self.refused.emit(event.sentence, instead)

    def _set_state(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)


def with_half_rate(spec: RunSpec) -> RunSpec:
    """`spec` with every learning rate halved, the usual first remedy for divergence."""
    for path in flat(spec):
        if path.endswith(".lr"):
            spec = edited(spec, path, value(spec, path) / 2)
    return spec
