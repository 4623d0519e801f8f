"""The arena's own clockwork: single steps of either player, and slow motion, which names each part of an iteration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from guiapp.messages import Player

PHASE_MS = 1600  # at speed 1
PATIENCE = 20  # of these that slow motion waits for a step to be made


@dataclass(frozen=True)
class Phase:
    """A part of an iteration: the layers it is about, whether the generated points still are noise, who steps."""

    caption: str
    lit: frozenset[str]
    noise: bool = False
    player: Player | None = None


PHASES: Final = (
    Phase("1 · Draw noise z and real data x", frozenset({"real", "generated", "mesh"}), noise=True),
    Phase("2 · Generate: x̃ = G(z)", frozenset({"generated", "mesh"})),
    Phase("3 · D judges every place: real or generated?", frozenset({"field", "line", "real", "generated"})),
    Phase("4 · D's step: the field moves", frozenset({"field", "line"}), player="d"),
    Phase("5 · New noise z for the generator", frozenset({"generated", "mesh"}), noise=True),
    Phase("6 · Each sample's push: minus the gradient of G's loss", frozenset({"generated", "arrows"})),
    Phase("7 · G's step: the samples move", frozenset({"generated", "mesh", "arrows"}), player="g"),
)


class SlowMotion(QObject):
    """Plays `PHASES` round and round; a phase that steps asks for it and waits until `see` has seen it made.

    Whoever draws tells `see` of every frame: a step that was not asked for here ends the play, for someone has run.

    Signals:
        phase_changed(object): the `Phase` now, or None: it has ended. step_asked(int, str): as `View.step_asked`.
        ended(str): why it ended by itself; empty when it was asked to.
    """

    phase_changed = Signal(object)
    step_asked = Signal(int, str)
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None, interval: int = PHASE_MS) -> None:
        super().__init__(parent)
        self._interval, self._speed = interval, 1.0
        self._timer = QTimer(self, interval=interval)
        self._timer.timeout.connect(self.advance)
        self._place = -1
        self._running, self._moment = False, (0, 0)  # of the newest frame: it trains; key and step
        self._expected: int | None = None  # the step that all we have asked for leads to; None: not known yet
        self._waited = 0

    @property
    def playing(self) -> bool:
        """Whether it plays."""
        return self._timer.isActive()

    @property
    def phase(self) -> Phase | None:
        """The part of the iteration that is shown."""
        return PHASES[self._place] if self.playing and self._place >= 0 else None

    def set_speed(self, speed: float) -> None:
        """How many times as fast as one phase in `PHASE_MS`."""
        self._speed = speed
        self._timer.setInterval(max(1, round(self._interval / speed)))

    def start(self) -> None:
        """Begin with the first phase; training that runs is stopped by one step."""
        self._place, self._waited = -1, 0
        self._expected = self._moment[1]
        self._timer.start()
        if self._running:
            self._expected = None
            self.step_asked.emit(1, "both")
        else:
            self.advance()

    def stop(self, why: str = "") -> None:
        """End; all layers are as they were."""
        if self.playing:
            self._timer.stop()
            self.phase_changed.emit(None)
            self.ended.emit(why)

    def see(self, key: int, step: int, running: bool) -> None:
        """A frame of run `key` was drawn, which trains or stands at `step`."""
        same = key == self._moment[0]
        self._running, self._moment = running, (key, step)
        if not self.playing:
            return
        if not same:
            self.stop("Slow motion ended: there is another run.")
        elif self._expected is None:
            self._expected = None if running else step
        elif step > self._expected:
            self.stop("Slow motion ended: training was run.")

    def advance(self) -> None:
        """Go on to the next phase, unless a step is still to come."""
        if self._expected is None or self._moment[1] < self._expected:
            self._waited += 1
            if self._waited > PATIENCE:
                self.stop("Slow motion ended: the step that it asked for was not made.")
            return
        self._waited = 0
        self._place = (self._place + 1) % len(PHASES)
        phase = PHASES[self._place]
        self.phase_changed.emit(phase)
        if phase.player is not None:
            self._expected += 1
            self.step_asked.emit(1, phase.player)
