"""One run in a grid of runs: its name and step, and a view of it."""

from __future__ import annotations

import logging

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout
from superqt import QElidingLabel

from guiapp.gui.library.compare_curves import COLOURS
from guiapp.gui.library.compare_looks import Wish
from guiapp.gui.library.compare_runs import ComparedRun, run_tip
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.theme import Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.curve_symbols import SYMBOLS
from guiapp.gui.widgets.stage import Stage
from guiapp.messages import Seen, Started

LEAST = (240, 310)  # px; in less a view is all controls

log = logging.getLogger(__name__)


class RunCell(QFrame):
    """`view` shows `run`, or a sentence says why it does not."""

    focus_changed = Signal()  # the view's pictures should be made anew

    def __init__(self, index: int, run: ComparedRun, label: str, view: View) -> None:
        super().__init__()
        self.run, self.view = run, view
        self.drawn: Wish | None = None
        self._index = index
        self._stage = Stage(view)
        self._symbol, self._name, self._step = QLabel(SYMBOLS[index]), QElidingLabel(label), QLabel()
        self._name.setElideMode(Qt.TextElideMode.ElideMiddle)  # what differs stands at the end
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setToolTip(run_tip(label, run))
        self.setAccessibleName(f"{view.title} of {label}")
        title = QHBoxLayout()
        title.setContentsMargins(6, 2, 6, 2)
        title.setSpacing(6)
        title.addWidget(self._symbol)
        title.addWidget(self._name, 1)
        title.addWidget(self._step)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(title)
        column.addWidget(self._stage, 1)
        self.setMinimumSize(*LEAST)
        view.focus_changed.connect(self.focus_changed)
        self.say("Waiting for the pictures of this run…")

    @property
    def step(self) -> str:
        """The step that is shown, in words; empty for none."""
        return self._step.text()

    @property
    def sentence(self) -> str:
        """What stands in place of the view; empty while the view shows the run."""
        return self._stage.sentence

    def wish(self, step: int) -> Wish | None:
        """What the view needs to show the newest keyframe up to `step`; None where there is none."""
        keyframe = self.run.keyframe(step)
        return None if keyframe is None else Wish(keyframe, self.view.needs, dict(self.view.focus()))

    def applies(self, started: Started | None) -> bool:
        """Whether the view can show a run like this; True while that is not known."""
        return started is None or self.view.requires <= started.capabilities

    def show_seen(self, seen: Seen, wish: Wish) -> None:
        """Draw what was asked for by `wish`; a view that raises is put aside, the others go on."""
        self.drawn = wish
        if seen.run is None:
            self.say(seen.trouble)
            return
        if not self.applies(seen.run):
            self.say(self.view.missing)
            return
        try:
            self.view.draw(self.run.frame(seen))
        except Exception as error:
            log.exception("view %s of %s", self.view.name, self.run.path)
            self.say(f"This view stopped with an error: {error}. Choose another view or step.")
            return
        last = "last " if seen.step == max(self.run.keyframes, default=0) else ""
        self._step.setText(f"{last}step {thousands(seen.step)}")
        self._stage.show_content()

    def say(self, sentence: str) -> None:
        """Show `sentence` in place of the view."""
        self._step.clear()
        self._stage.say(sentence)

    def forget(self) -> None:
        """What is drawn is not what is wanted: draw the next answer, whatever it is."""
        self.drawn = None

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self.view.set_theme(theme)
        self._stage.set_theme(theme)
        self._symbol.setStyleSheet(f"color: {getattr(theme, COLOURS[self._index])};")
