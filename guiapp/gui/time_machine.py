"""What joins the timeline, the parameter panel and the session: looking back, forking, undoing."""

from __future__ import annotations

from PySide6.QtCore import QObject

from guiapp.gui.errors import MessageBar
from guiapp.gui.frame import Frame
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.session import Session
from guiapp.gui.widgets.annotations import mark_label
from guiapp.messages import Started
from guiapp.parameters import flat
from guiapp.spec import RunSpec


class TimeMachine(QObject):
    """While a past step is shown, the parameter panel shows the parameters of that step, and a change to them is one
    for a fork from there; training goes on meanwhile."""

    def __init__(
        self, session: Session, timeline: Timeline, panel: ParameterPanel, bar: MessageBar, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._timeline, self._panel, self._bar = session, timeline, panel, bar
        self._done = ""  # what was asked for, to be said when it has come about
        timeline.travelled.connect(session.travel)
        timeline.went_live.connect(session.go_live)
        timeline.fork_asked.connect(self._prepare_fork)
        timeline.undo_asked.connect(self.undo)
        panel.restart_requested.connect(self._restart)
        session.started.connect(self._on_started)
        session.travelled.connect(self._on_travelled)
        session.history_changed.connect(self._show_history)
        session.edited.connect(lambda _event: self._show_history())
        session.frame_changed.connect(self._on_frame)
        session.lost.connect(lambda _event: session.go_live())
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
        self._done = f"This is a new run from step {step:,}"
        self._session.fork(live.run.run_file, step, self._panel.pending())

    def _prepare_fork(self, step: int) -> None:
        """Go there, so that a person sees what is forked and can change parameters before."""
        self._session.travel(step)
        sentence = f"The fork will begin at step {step:,}. Change parameters first, if you like."
        self._bar.set_message("info", sentence, (("Fork from here", self.fork),))

    def _restart(self, spec: RunSpec) -> None:
        if self._session.at is None:
            self._session.start(spec)
        else:
            self.fork()

    def _on_started(self, _run: Started) -> None:
        self._timeline.set_run()
        self._panel.set_past(None)
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
        session, panel = self._session, self._panel
        assert session.live is not None
        panel.set_past(at)
        panel.set_spec(session.spec if at is None else session.history.spec(session.live, at), panel.baseline)

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
