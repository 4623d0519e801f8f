"""When to ask for a frame and which view to draw next, so that the window stays light on its feet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer

from guiapp.gui.frame import Frame
from guiapp.gui.session import Session

TICK = 33  # ms between two draws at the least: what the window paints slows training on the other core too
REST = 1.5  # a draw that took t is followed by a rest of at least REST · t


class Drawable(Protocol):
    """A view on the screen, as the clock sees it."""

    def draw(self, frame: Frame) -> None: ...

    def needs_now(self) -> frozenset[str]: ...

    def focus_now(self) -> Mapping[str, Any]: ...

    def is_showing(self) -> bool: ...

    def wants(self, fresh: frozenset[str]) -> bool: ...


class FrameClock(QObject):
    """Draws one view a tick, and pulls the next frame when all are drawn: a slow window never slows training, and a
    hidden view costs nothing. A moment gone back to is drawn at once, all views of it: a hand is waiting."""

    def __init__(
        self,
        session: Session,
        views: Callable[[], tuple[Drawable, ...]],
        clock: Callable[[], float] = perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._views = views
        self._clock = clock
        self._stale: list[Drawable] = []
        self._moved = True  # something besides training asks for a new frame
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)
        session.frame_changed.connect(self._on_frame)
        session.state_changed.connect(self.nudge)
        session.travelled.connect(self._hurry)
        session.edited.connect(self.nudge)

    def nudge(self, *_: object) -> None:
        """A view was shown, its focus changed, or the state did: get a frame even if training stands."""
        self._moved = True
        if not self._timer.isActive():
            self._timer.start(TICK)

    def _hurry(self, *_: object) -> None:
        self._moved = True
        self._stale.clear()
        self._timer.start(0)

    def _on_frame(self, frame: Frame, fresh: frozenset[str]) -> None:
        if self._session.at not in (None, frame.step):
            self._timer.start(0)  # asked before the last move
            return
        for view in self._views():
            if view.is_showing() and view.wants(fresh) and view not in self._stale:
                self._stale.append(view)
        if frame.until and fresh:
            self._timer.start(0)
        elif not self._timer.isActive():
            self._timer.start(TICK)

    def tick(self) -> None:
        """Draw the view that has waited longest, or all of them when looking back; or, when there is none, ask for the
        next frame."""
        frame = self._session.frame
        began, drawn = self._clock(), False
        try:
            while self._stale and frame is not None and (frame.until or not drawn):
                view = self._stale.pop(0)
                if view.is_showing():
                    drawn = True
                    view.draw(frame)
        finally:  # one that raises is told of elsewhere; the clock goes on
            if drawn:
                self._timer.start(max(TICK, round(1000 * (self._clock() - began) * (1 + REST))))
        if not drawn:
            self._pull()

    def _pull(self) -> None:
        session = self._session
        if session.frame is None or session.pull_pending:
            return  # the answer starts the timer again
        if not self._moved and session.state != "training":
            return
        self._moved = False
        showing = [view for view in self._views() if view.is_showing()]
        focus: dict[str, Any] = {}
        for view in showing:
            focus.update(view.focus_now())
        session.pull(frozenset().union(*(view.needs_now() for view in showing)), focus)
