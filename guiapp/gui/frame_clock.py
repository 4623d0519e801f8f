"""When to ask for a frame and which view to draw next, so that the window stays light on its feet."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, QTimer

from guiapp.gui.frame import Frame
from guiapp.gui.session import Session

TICK = 33  # ms between two draws at the least: what the window paints slows training on the other core too
HAND = 25  # ms between two pulls at the least that a hand on a view asks for
APART = 100  # ms between two draws of the other views at the least while a hand moves: it looks at the one in hand
MOVING = 0.25  # seconds after its last move that a hand counts as moving
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
    hidden view costs nothing. A moment gone back to is drawn at once, all views of it: a hand is waiting.

    So it is on a view whose focus has changed: what it now needs is asked for without waiting for the draws that are
    due, and is drawn as soon as it comes, out of turn. While training runs such a question is about the views in hand
    alone, so that the answer does not wait for the pictures of the others, nor are they drawn for it. A hand that goes
    on moving asks again at most every `HAND` ms and after the same rest as any draw; the other views keep their turns,
    `APART` ms apart."""

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
        self._asked: dict[Drawable, tuple[frozenset[str], Mapping[str, Any]]] = {}  # needs and focus at the last pull
        self._in_hand: list[Drawable] = []  # whose focus has changed since, and that have not been drawn anew
        self._waiting: list[Drawable] = []  # for the rest of the pictures of a past step
        self._for_hand = False  # the answer to come is about the views in hand alone
        self._followed = -math.inf  # when a hand was last asked for, in s of `perf_counter`
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.tick)
        self._pace = QTimer(self)  # of the pulls that a hand asks for
        self._pace.setTimerType(Qt.TimerType.PreciseTimer)
        self._pace.setSingleShot(True)
        self._pace.timeout.connect(self._follow)
        session.frame_changed.connect(self._on_frame)
        session.state_changed.connect(self.nudge)
        session.travelled.connect(self._hurry)
        session.edited.connect(self.nudge)

    def nudge(self, *_: object) -> None:
        """A view was shown, its focus changed, or the state did: get a frame even if training stands."""
        self._moved = True
        if not self._pace.isActive():
            self._pace.start(0)

    def _follow(self) -> None:
        """Pull for a hand, unless an answer is still to come: then that calls again."""
        if self._moved and not self._session.pull_pending:
            self._pace.start(HAND)
            self._pull(by_hand=True)

    def _hurry(self, *_: object) -> None:
        self._moved = True
        self._stale.clear()
        self._waiting.clear()
        self._pull()  # at once: the trainer works while the panels follow
        self._timer.start(0)

    def _on_frame(self, frame: Frame, fresh: frozenset[str]) -> None:
        if self._session.at not in (None, frame.step):
            self._timer.start(0)  # asked before the last move
            return
        asked = self._in_hand if self._for_hand else self._views()
        waited = self._waiting if frame.until else []
        wanting = waited or [view for view in asked if view.is_showing() and view.wants(fresh)]
        self._waiting = [view for view in wanting if view.needs_now() & frame.to_come]
        self._stale += [view for view in wanting if view not in self._stale and view not in self._waiting]
        self._draw_in_hand(frame)
        if self._moved and not self._pace.isActive():
            self._pace.start(0)
        if frame.until and fresh:
            self._timer.start(0)
        elif not self._timer.isActive():
            self._timer.start(self._beat())

    def _beat(self) -> int:
        """ms between two draws in turn at the least."""
        moving = perf_counter() - self._followed < MOVING
        return APART if moving and self._session.state == "training" else TICK

    def _draw_in_hand(self, frame: Frame) -> None:
        found = [view for view in self._in_hand if view in self._stale]
        if not found:
            return
        began = self._clock()
        for view in found:
            self._in_hand.remove(view)
            self._stale.remove(view)
            view.draw(frame)
        self._pace.start(max(HAND, round(1000 * (self._clock() - began) * (1 + REST))))

    def tick(self) -> None:
        """Draw the view that has waited longest, or all of them when looking back; or, when there is none, ask for the
        next frame."""
        frame = self._session.frame
        began, drawn = self._clock(), False
        try:
            while self._stale and frame is not None and (frame.until or not drawn):
                view = self._stale.pop(0)
                self._in_hand = [other for other in self._in_hand if other is not view]
                if view.is_showing():
                    drawn = True
                    view.draw(frame)
        finally:  # one that raises is told of elsewhere; the clock goes on
            if drawn:
                self._timer.start(max(self._beat(), round(1000 * (self._clock() - began) * (1 + REST))))
        if not drawn:
            self._pull()

    def _pull(self, by_hand: bool = False) -> None:
        session = self._session
        if session.frame is None or session.pull_pending:
            return  # the answer starts the timer again
        if not self._moved and session.state != "training":
            return
        self._moved = False
        showing = [view for view in self._views() if view.is_showing()]
        focus: dict[str, Any] = {}
        for view in showing:
            own = view.focus_now()
            focus.update(own)
            now = (view.needs_now(), own)
            if self._asked.setdefault(view, now) != now and view not in self._in_hand:
                self._in_hand.append(view)
            self._asked[view] = now
        held = [view for view in showing if view in self._in_hand] if by_hand else []
        if held:
            self._followed = perf_counter()
        self._for_hand = bool(held) and session.state == "training" and session.at is None
        asking = held if self._for_hand else showing
        session.pull(frozenset().union(*(view.needs_now() for view in asking)), focus)
