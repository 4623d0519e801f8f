"""What joins the timeline, the parameter panel and the session: looking back, forking, undoing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from guiapp.gui.errors import MessageBar
from guiapp.gui.frame import Frame
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.session import Session
from guiapp.gui.widgets.annotations import mark_label
from guiapp.messages import Edited, Started
from guiapp.parameters import differences, edited, flat
from guiapp.spec import RunSpec, SpecError


class TimeMachine(QObject):
    """While a past step is shown, the parameter panel shows the parameters of that step, and a change to them is one
    for a fork from there; training goes on meanwhile."""

    def __init__(
        self, session: Session, timeline: Timeline, panel: ParameterPanel, bar: MessageBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._timeline, self._panel, self._bar = session, timeline, panel, bar
        self._done = ""  # what was asked for, to be said when it has come about
        self._offer = ""  # of a fork, as it was said
        self._at: int | None = None  # whose parameters the panel shows
        self._waiting: tuple[RunSpec, RunSpec] | None = None  # what is in force and what is pending, once live again
        timeline.travelled.connect(self._travel)
        timeline.went_live.connect(session.go_live)
        timeline.fork_asked.connect(self._prepare_fork)
        timeline.undo_asked.connect(self.undo)
        panel.restart_requested.connect(self._restart)
        session.started.connect(self._on_started)
        session.travelled.connect(self._on_travelled)
        session.history_changed.connect(self._show_history)
        session.edited.connect(self._on_edited)
        session.frame_changed.connect(self._on_frame)
        session.lost.connect(lambda _event: session.go_live())
        session.complained.connect(lambda *_: session.go_live())  # the run has ended
        session.refused.connect(lambda *_: self._on_refused())

    def undo(self, index: int = -1) -> None:
        """Fork before an edit, the last one unless told, or say that there is none."""
        live = self._session.live
        if live is not None and live.marks and live.run.run_file:
            mark = live.marks[index]
            label = mark_label(flat(mark.spec)[mark.path].title, mark, mark)
            self._done = f"This is a new run from before the edit {label}"
            self._session.undo_edit(index)
        else:
            self._bar.set_message("info", "There is no edit in this run to undo.")

    def fork(self) -> None:
        """A new run from the step that is shown, or from the newest keyframe, with the parameters of the panel."""
        live = self._session.live
        if live is None or not len(self._session.history.keyframes):
            self._bar.set_message("info", "There is no step to fork from yet; train first.")
            return
        at = self._session.at
        step = int(self._session.history.keyframes[-1]) if at is None else at
        self._done = f"This is a new run from step {thousands(step)}"
        training = self._session.state == "training"
        self._session.fork(live.run.run_file, step, self._panel.pending(), running=training)

    def _travel(self, step: int) -> None:
        session = self._session
        if session.can_look_back:
            session.travel(step)
            return
        self._timeline.refuse()
        file = session.live.run.run_file if session.live else ""
        actions = (("Resume it", lambda: session.open(file)),) if file and Path(file).exists() else ()
        sentence = f"The run has ended, so step {thousands(step)} cannot be shown; go on with the run first."
        self._bar.set_message("info", sentence, actions)

    def _prepare_fork(self, step: int) -> None:
        """Go there, so that a person sees what is forked and can change parameters before."""
        self._travel(step)
        if self._session.at is not None:
            self._offer_fork(self._session.at)

    def _offer_fork(self, step: int) -> None:
        self._offer = f"The fork will begin at step {thousands(step)}. Change parameters first, if you like."
        self._bar.set_message("info", self._offer, (("Fork from here", self.fork),))

    def _restart(self, spec: RunSpec) -> None:
        if self._session.at is None:
            self._session.start(spec)
        else:
            self.fork()

    def _on_started(self, _run: Started) -> None:
        self._timeline.set_run()
        self._panel.set_past(None)
        self._at, self._waiting, self._offer = None, None, ""
        self._show_history()
        if self._done:
            self._bar.set_message("info", f"{self._done}; the run before is kept: Ctrl+Shift+Z goes back to it.")
        self._done = ""

    def _on_refused(self) -> None:
        """What was asked for cannot be, so what was shown is shown on."""
        self._done = ""
        past = self._session.history.past
        if self._session.at is not None and (past is None or past.step != self._session.at):
            self._session.go_live()
            self._timeline.refuse()

    def _on_travelled(self, at: int | None) -> None:
        """What a person has changed for a fork is kept from step to step, and what waits for a restart until then."""
        panel = self._panel
        pending, before, now = panel.pending(), self._in_force(self._at), self._in_force(at)
        if at is None:
            pending = _with_changes(now, *self._waiting) if self._waiting else now
        elif self._at is not None:
            pending = _with_changes(now, before, pending)
        else:
            self._waiting, pending = (before, pending), now
        self._at = at
        panel.set_past(at)
        panel.set_spec(now, panel.baseline)
        panel.set_pending(pending)
        if self._offer and self._offer == self._bar.message():
            self._bar.hide() if at is None else self._offer_fork(at)

    def _in_force(self, at: int | None) -> RunSpec:
        """The parameters of the run at the step that is shown."""
        session = self._session
        assert session.live is not None
        return session.spec if at is None else session.history.spec(session.live, at)

    def _on_edited(self, event: Edited) -> None:
        if self._session.at is None:  # else the panel shows parameters that were in force before
            self._panel.set_live(event.path, event.new)
        self._show_history()

    def _show_history(self) -> None:
        session = self._session
        self._timeline.set_keyframes(session.history.keyframes)
        edits = session.live.marks if session.live else ()
        self._timeline.set_marks(edits, session.history.events)

    def _on_frame(self, frame: Frame, _fresh: frozenset[str]) -> None:
        self._timeline.set_progress(frame.until or frame.step)
        past = self._session.history.past
        if self._session.at is None:
            self._timeline.set_shown(None)
        elif past is not None:
            self._timeline.set_shown(past.step)


def _with_changes(spec: RunSpec, before: RunSpec, changed: RunSpec) -> RunSpec:
    """`spec` with what was changed from `before` to `changed`; all of that where it is of another kind of model."""
    if type(changed.model) is not type(spec.model):
        return changed
    try:
        for path, (_, new) in differences(before, changed).items():
            spec = edited(spec, path, new)
    except SpecError:  # one that is allowed only with others that come later
        return changed
    return spec
