"""Going through the keyframes at a speed, never faster than they can be shown."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

PER_SECOND: Final = 10  # keyframes at speed 1


class Replay(QObject):
    """Asks for one keyframe after another: the next when its time has come *and* the last one was answered, so that a
    machine that needs long for its pictures plays slower and nothing queues up.

    Signals:
        asked(int): show this keyframe, then call `answered`.
        ended(): the last keyframe has been shown for its time.
    """

    asked = Signal(object)  # an int: Signal(int) has 32 bits
    ended = Signal()

    def __init__(
        self, after: Callable[[int], int | None], parent: QObject, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`after` gives the first keyframe later than a step, or None."""
        super().__init__(parent)
        self.speed = 1.0
        self._after, self._clock = after, clock
        self._place = -1
        self._playing = False
        self._waiting = False
        self._last = -math.inf  # when, by plan, a keyframe was asked for
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._go_on)

    @property
    def playing(self) -> bool:
        return self._playing

    def start(self, place: int) -> None:
        """Ask for the first keyframe after `place`, and go on from there."""
        self._playing, self._place, self._last = True, place, -math.inf
        self._go_on()

    def stop(self) -> None:
        """Ask for nothing more."""
        self._playing = self._waiting = False
        self._timer.stop()

    def answered(self) -> None:
        """What was asked for last is shown."""
        if self._waiting:
            self._waiting = False
            self._timer.start(self._rest())

    def _rest(self) -> int:
        """Milliseconds until the next keyframe is due."""
        return max(0, round(1000 * (self._last + 1 / (PER_SECOND * self.speed) - self._clock())))

    def _go_on(self) -> None:
        step = self._after(self._place)
        if step is None:
            self.stop()
            self.ended.emit()
            return
        due = self._last + 1 / (PER_SECOND * self.speed)
        now = self._clock()
        # A timer that is late by less than a period is made up for; a picture that took longer is not.
        self._last = due if now - due < 1 / (PER_SECOND * self.speed) else now
        self._place, self._waiting = step, True
        self.asked.emit(step)
