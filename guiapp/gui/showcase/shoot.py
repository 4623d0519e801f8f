"""Pictures of a run taken one after the other, each when its consumer has room for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from PySide6.QtCore import QObject, QSize, QTimer, Signal

from guiapp.gui.frame import Frame
from guiapp.gui.showcase.past import Past
from guiapp.gui.showcase.stage_hand import StageHand
from guiapp.gui.theme import Theme
from guiapp.gui.views.base import View
from guiapp.messages import Seen

PATIENCE_MS = 60_000  # for one answer; the trainer may be building a large model


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of `view`, `size` large, at `step`."""

    view: type[View]
    step: int
    size: QSize


class Shoot(QObject):
    """Takes one shot in each of `themes` for each call of `next`: asks for its pictures, draws, and says that it is
    `taken`. A view that needs no picture is drawn from the series alone. Each part has a turn of the event loop for
    itself. `titled`: with a line above the view that says what it shows. Shots of the same view and size that follow
    each other share their stages, whose axes are settled on the last of them.

    Signals:
        look_asked: as `Task`'s.
        taken(int, object, Frame): shot number i stands drawn on its stages, a tuple with one for each theme.
        over(): there is no next one.
        missed(int, str): shot number i cannot be taken, and why; `next` goes on with the next one of another view.
    """

    look_asked = Signal(str, int, object, object)
    taken = Signal(int, object, object)
    over = Signal()
    missed = Signal(int, str)

    def __init__(
        self, past: Past, shots: Sequence[Shot], themes: Sequence[Theme], titled: bool, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._past, self._shots, self._themes, self._titled = past, shots, themes, titled
        self._index = -1
        self._stages: tuple[StageHand, ...] = ()
        self._for: tuple[object, ...] = ()  # what the stages were made for
        self._missed: set[type[View]] = set()
        self._silence = ""  # why there will be no answers any more
        self._waiting: Shot | None = None  # whose pictures are to come
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE_MS)
        self._patience.timeout.connect(lambda: self.give_up("The trainer does not answer; try again when it is idle."))

    def next(self) -> None:
        """Take the next shot."""
        self._index += 1
        while self._index < len(self._shots) and self._shots[self._index].view in self._missed:
            self._index += 1
        if self._index >= len(self._shots):
            self._strike()
            self.over.emit()
            return
        shot = self._shots[self._index]
        if (shot.view, shot.size) == self._for:
            self._ask(shot)
        else:
            self._strike()
            self._for = (shot.view, shot.size)
            self._set_up(shot)

    def _set_up(self, shot: Shot) -> None:
        title = f"{shot.view.title} · {self._past.summary.title}" if self._titled else ""
        theme = self._themes[len(self._stages)]
        stage = StageHand(shot.view, shot.size, theme, title)
        if shot.view.draws_series:
            stage.settle(self._past.frame(self._past.series.last))
        self._stages += (stage,)
        ready = len(self._stages) == len(self._themes)
        first = self._last_of_kind() if stage.settles else shot
        self._soon((lambda: self._ask(first)) if ready else (lambda: self._set_up(shot)))

    def _last_of_kind(self) -> Shot:
        """The last shot that the stages serve."""
        return list(takewhile(lambda shot: (shot.view, shot.size) == self._for, self._shots[self._index :]))[-1]

    def _ask(self, shot: Shot) -> None:
        """Ask for what `shot` needs; where that is not the present one, to settle the axes."""
        view = self._stages[0].view
        if not view.needs:
            self._soon(lambda: self._draw(self._past.frame(self._shots[self._index].step)))
            return
        if self._silence:
            self._soon(lambda: self._miss(self._silence))
            return
        self._waiting = shot
        self._patience.start()
        self.look_asked.emit(str(self._past.stored.path), shot.step, view.needs, view.focus())

    def on_seen(self, seen: Seen) -> None:
        """The trainer answers a look, of this shoot or of someone else."""
        shot = self._waiting
        if shot is None or seen.path != str(self._past.stored.path):
            return
        view = self._stages[0].view
        if seen.run is None:
            if seen.step == shot.step:
                self._miss(seen.trouble)
        elif not view.requires <= seen.run.capabilities:
            self._miss(view.missing)
        elif seen.step <= shot.step and set(seen.pictures) <= view.needs:
            self._answered()
            frame, present = self._past.frame(seen.step, seen), self._shots[self._index]
            self._soon((lambda: self._draw(frame)) if shot is present else (lambda: self._settle(frame)))

    def give_up(self, sentence: str) -> None:
        """There will be no answers any more, for the reason in `sentence`."""
        self._silence = sentence
        if self._waiting is not None:
            self._miss(sentence)

    def _miss(self, sentence: str) -> None:
        self._answered()
        self._missed.add(self._shots[self._index].view)
        self.missed.emit(self._index, sentence)

    def stop(self) -> None:
        """Take no more."""
        self._answered()
        self._index = len(self._shots)
        self._strike()

    def _answered(self) -> None:
        self._waiting = None
        self._patience.stop()

    def _settle(self, frame: Frame) -> None:
        for stage in self._stages:
            stage.settle(frame)
        self._ask(self._shots[self._index])

    def _draw(self, frame: Frame, drawn: int = 0) -> None:
        self._stages[drawn].draw(frame)
        if drawn + 1 < len(self._stages):
            self._soon(lambda: self._draw(frame, drawn + 1))
        else:
            self._soon(lambda: self.taken.emit(self._index, self._stages, frame))

    def _soon(self, act: Callable[[], object]) -> None:
        index = self._index
        QTimer.singleShot(0, self, lambda: act() if index == self._index else None)

    def _strike(self) -> None:
        for stage in self._stages:
            stage.strike()
        self._stages, self._for = (), ()
