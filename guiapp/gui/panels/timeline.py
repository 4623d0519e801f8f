"""The timeline along the bottom of the window: where a run has been, and the way back there."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from guiapp.gui.icons import icon
from guiapp.gui.panels.readouts import SteadyLabel, thousands
from guiapp.gui.panels.timeline_axis import nearest
from guiapp.gui.panels.timeline_handle import Handle
from guiapp.gui.panels.timeline_replay import PER_SECOND, Replay
from guiapp.gui.panels.timeline_track import Track
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.messages import Edited
from guiapp.run_file import Event

SPEEDS: Final = (("×¼", 0.25), ("×½", 0.5), ("×1", 1.0), ("×2", 2.0), ("×4", 4.0), ("×8", 8.0))
REPAINT_MS: Final = 100  # between repaints as training goes on
NARROW: Final = 560  # px, below which the live button has one word
LIVE_PAD: Final = 28  # px around its text
LATE_MS: Final = 300  # after which the timeline says that pictures are awaited
TRACK_ROOM = 360  # px that the track keeps before numbers and speeds are shown
LIVE_TEXTS: Final = (("● live", "⟳ back to live"), ("● live", "⟳ live"))  # with room and without


class Timeline(QWidget):
    """Emits where a person wants to go and shows where the views are told to be; it decides nothing.

    The handle follows the hand at once. `set_shown` says what the views show: an answer to the latest `travelled`
    leaves the handle where it is, one to an earlier one does so too, and a step that nobody asked for here moves it.

    Signals:
        travelled(int): show the keyframe of this step; once for each step that the handle comes to.
        went_live(): show the newest step again, and go on with it.
        fork_asked(int): a new run from the keyframe of this step.
        undo_asked(int): a new run without the edit of this index, and without all after it.
    """

    travelled = Signal(object)  # an int: Signal(int) has 32 bits
    went_live = Signal()
    fork_asked = Signal(object)
    undo_asked = Signal(int)

    def __init__(self, parent: QWidget | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds, for the pace of a replay."""
        super().__init__(parent)
        self.setObjectName("timeline")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(300)
        self._theme = LIGHT
        self._newest = 0
        self._handle = Handle()
        self._track = Track(self)
        self._replay = Replay(self._track.after, self, clock)
        self._late = QTimer(self, singleShot=True, interval=LATE_MS)
        self._rest = QTimer(self, singleShot=True, interval=REPAINT_MS)
        self._stale = False
        self._digits = 0  # of steps that the numbers have room for
        self._look: tuple[Theme, bool, bool, bool] | None = None  # shown now
        self._make_controls()
        self._lay_out()
        focus_by_tab(self)
        self._track.asked.connect(self._by_hand)
        self._track.menu_asked.connect(lambda at, x: self._menu(x).popup(at))
        self._replay.asked.connect(self._replay_to)
        self._replay.ended.connect(lambda: self._by_hand(None))
        self._late.timeout.connect(self._tell)
        self._rest.timeout.connect(lambda: self._refresh() if self._stale else None)
        self.set_theme(LIGHT)
        self._refresh()

    # What it is told

    def set_run(self) -> None:
        """A new run: empty, live."""
        self._replay.stop()
        self._late.stop()
        self._handle = Handle()
        self._newest = 0
        self._track.marks.clear()
        self._track.set_keyframes(np.empty(0, np.int64))
        self._track.set_position(None)
        self._track.let_go()
        for menu in self.findChildren(QMenu):  # it speaks of steps and edits that are gone
            menu.close()
        self._refresh()

    def set_progress(self, step: int) -> None:
        """The run has come to `step`. As often as you like: it repaints ten times a second at most."""
        if step != self._newest:
            self._newest = int(step)
            self._change()

    def set_keyframes(self, keyframes: npt.NDArray[np.int64]) -> None:
        """Steps (K,) that one can go to; those after the newest step count once it is there. A keyframe that was asked
        for and is none any more will not be shown: a replay goes on without it."""
        steps = np.unique(np.asarray(keyframes, np.int64))  # sorted, and a copy
        self._track.set_keyframes(steps)
        if self._handle.awaits and self._handle.position is not None and self._handle.position not in steps:
            self._fall_back()
        self._change()

    def set_marks(self, edits: Sequence[Edited], events: Sequence[Event] = ()) -> None:
        """Show these edits and what else happened. `undo_asked` gives an index into `edits`."""
        self._track.marks.set(edits, events)
        self._change()

    def set_shown(self, step: int | None) -> None:
        """What the views show now: the keyframe of this step; None: the newest step. Told again, it changes nothing."""
        if not self._handle.show(None if step is None else int(step)):
            return
        if self._handle.position is None:
            self._replay.stop()
        self._track.set_position(self._handle.position)
        self._answered()

    def refuse(self) -> None:
        """The step asked for cannot be shown: the handle goes back to the one that is, and a replay ends."""
        self._replay.stop()
        self._fall_back()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the colours of `theme`."""
        self._theme = theme
        self._icons = {name: icon(name, theme) for name in ("replay", "stop")}
        self._track.set_theme(theme)
        self._tell()

    # What a person asks for

    def _by_hand(self, step: int | None) -> None:
        if self._replay.playing:
            self._stop()
        self._go(step)

    def _go(self, step: int | None) -> None:
        if not self._handle.ask(step):
            return
        self._track.set_position(step)
        if step is None:
            self._late.stop()
        elif not self._late.isActive():
            self._late.start()
        self._tell()
        if step is None:
            self.went_live.emit()
        else:
            self.travelled.emit(step)

    def _fall_back(self) -> None:
        self._handle.fall_back()
        self._track.set_position(self._handle.position)
        self._answered()

    def _answered(self) -> None:
        if not self._handle.awaits:
            self._late.stop()
            self._replay.answered()
        self._tell()

    def _toggle_replay(self) -> None:
        if self._replay.playing:
            self._stop()
            return
        place = -1 if self._handle.position is None else self._handle.position
        self._replay.start(place if self._track.after(place) is not None else -1)
        self._tell()

    def _stop(self) -> None:
        self._replay.stop()
        self._tell()

    def _replay_to(self, step: int) -> None:
        if step == self._handle.position:
            self._replay.answered()
        else:
            self._go(step)

    def _menu(self, x: float) -> QMenu:
        """What can be done at pixel `x` of the track."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        keyframes = self._track.keyframes
        if len(keyframes):
            step = nearest(keyframes, self._track.axis.step(x))
            menu.addAction(f"Go to step {thousands(step)}", lambda: self._by_hand(step))
            menu.addAction(f"Fork from step {thousands(step)}…", lambda: self.fork_asked.emit(step))
        for chain in self._track.chains_at(x):
            if chain.first.edited is not None:
                undo = partial(self.undo_asked.emit, chain.first.edit)
                menu.addAction(f"Undo this edit ({chain.label})", undo)
        menu.addSeparator()
        menu.addAction("Back to live", lambda: self._by_hand(None)).setEnabled(self._handle.position is not None)
        return menu

    # What it looks like

    def _make_controls(self) -> None:
        self._play = QToolButton(self, autoRaise=True)
        self._play.setIconSize(QSize(20, 20))
        self._play.clicked.connect(lambda: self._toggle_replay())
        self._speed = QComboBox(self)
        self._speed.setAccessibleName("Replay speed")
        self._speed.setToolTip(f"Replay speed: ×1 shows {PER_SECOND} keyframes a second, if pictures come as fast")
        for text, speed in SPEEDS:
            self._speed.addItem(text, speed)
        self._speed.setCurrentIndex(self._speed.findData(1.0))
        self._speed.currentIndexChanged.connect(lambda i: setattr(self._replay, "speed", SPEEDS[i][1]))
        self._readout = SteadyLabel(_position_text(99_999, 99_999), self)
        self._readout.setAccessibleName("Step shown")
        self._live = QToolButton(self)
        self._live.setAccessibleName("Back to live")
        self._live.clicked.connect(lambda: self._by_hand(None))

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(4)
        layout.addWidget(self._play)
        layout.addWidget(self._speed)
        layout.addWidget(self._track, 1)
        layout.addWidget(self._readout)
        layout.addWidget(self._live)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        """A narrow timeline keeps its track: first the numbers go, then the speeds, then words; an empty one has no use
        for them. The widths do not depend on where the handle is, so that the track stays in place under a hand."""
        self._texts = LIVE_TEXTS[self.width() < NARROW]
        self._live.setText(self._texts[self._handle.position is not None])
        bold = self._live.font()
        bold.setBold(True)
        self._live.setFixedWidth(math.ceil(QFontMetricsF(bold).horizontalAdvance(self._texts[1])) + LIVE_PAD)
        room = self.width() - TRACK_ROOM - self._play.sizeHint().width() - self._live.width()
        for widget, width in (
            (self._speed, self._speed.sizeHint().width()),
            (self._readout, self._readout.minimumWidth()),
        ):
            room -= width
            widget.setVisible(room >= 0 and self._newest > 0)

    def _change(self) -> None:
        """Something is to be painted anew: now, or when it has rested since the last time."""
        if self._rest.isActive():
            self._stale = True
        else:
            self._refresh()

    def _refresh(self) -> None:
        self._stale = False
        self._rest.start()
        if len(str(self._newest)) > self._digits:
            self._digits = len(str(self._newest))
            self._readout.show_text(_position_text(10**self._digits - 1, 10**self._digits - 1))
            self._fit()
        self._track.set_newest(self._newest)
        self._tell()

    def _tell(self) -> None:
        """Numbers and buttons."""
        self._readout.show_text(self._words())
        self._play.setEnabled(self._replay.playing or len(self._track.keyframes) > 1)
        self._live.setEnabled(self._newest > 0)
        look = (self._theme, self._replay.playing, self._handle.position is None, self._newest > 0)
        if look != self._look:
            self._look = look
            self._show_look()

    def _words(self) -> str:
        position = self._handle.position
        if position is None:
            return f"step {thousands(self._newest)}"
        late = position != self._handle.shown and not self._late.isActive()
        return _position_text(position, self._newest, "loading" if late else "keyframe")

    def _show_look(self) -> None:
        """What changes seldom: icon and words of the play button, colour of the live button, room for numbers."""
        playing, live = self._replay.playing, self._handle.position is None
        self._play.setIcon(self._icons["stop" if playing else "replay"])
        text = "Stop the replay" if playing else "Replay the keyframes from here; from the first when live"
        self._play.setToolTip(text)
        self._play.setAccessibleName("Stop the replay" if playing else "Replay")
        self._live.setToolTip("The newest step is shown" if live else "Show the newest step again (End or Esc)")
        theme = self._theme
        colours = f"color: {theme.muted}; background: transparent;"
        if not live:
            colours = f"color: {theme.background}; background: {theme.accent}; font-weight: bold;"
        self._live.setStyleSheet(
            f"QToolButton {{ {colours} border: 2px solid transparent; border-radius: 4px; padding: 3px 6px; }}"
            f"QToolButton:focus {{ border-color: {theme.ink}; }}"
        )
        self._fit()


def _position_text(step: int, newest: int, what: str = "keyframe") -> str:
    return f"step {thousands(step)} of {thousands(newest)} · {what}"
