"""One view of every compared run, side by side, at the same step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

from PySide6.QtCore import QRectF, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent, QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from guiapp.gui.library.compare_cell import RunCell
from guiapp.gui.library.compare_looks import Looks, Wish
from guiapp.gui.library.compare_runs import MOST, ComparedRun
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views import STORED_VIEWS
from guiapp.gui.widgets.latent_plot import LatentPlot
from guiapp.messages import Seen, Started

PATIENCE: Final = 15_000  # ms without an answer after which the trainer is taken to be gone
NO_ANSWER: Final = "The trainer has not answered: it is busy or has ended. Move the step to ask again."
NO_KEYFRAMES: Final = "This run holds no weights to show."
FIRST: Final = "samples"  # the view that every model can serve


class SideBySide(QWidget):
    """A cell for each run, all of one size, made once it is on the screen. While it is there, it asks for pictures, at
    most one question a run at a time; the answers come to `on_seen`."""

    look_asked = Signal(str, int, object, object)  # path, step, frozenset of picture kinds, focus

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells: tuple[RunCell, ...] = ()
        self._runs: tuple[ComparedRun, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._started: dict[str, Started] = {}
        self._step: int | None = None
        self._theme = LIGHT
        self._looks = Looks(self._send)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(PATIENCE)
        self._patience.timeout.connect(self.give_up)
        self._making = QTimer(self)  # a cell takes up to 40 ms: one a turn, and none while hidden
        self._making.setInterval(0)
        self._making.timeout.connect(self._make_cell)
        self.chooser = QComboBox()
        self.chooser.setAccessibleName("View shown of every run")
        for view in STORED_VIEWS:
            self.chooser.addItem(view.title, view.name)
        self.chooser.setCurrentIndex(self.chooser.findData(FIRST))
        self.chooser.currentIndexChanged.connect(lambda _i: self._renew_cells())
        self._arrange()

    def show_runs(self, runs: Sequence[ComparedRun], labels: Sequence[str]) -> None:
        """Show these runs in the view chosen last."""
        self._runs, self._labels = tuple(runs), tuple(labels)
        self._started = {path: run for path, run in self._started.items() if path in map(str, self._paths())}
        self._looks.forget()
        self._renew_cells()

    def set_step(self, step: int | None) -> None:
        """Show each run at its newest keyframe up to `step`."""
        self._step = step
        self._ask_all()

    def on_seen(self, seen: Seen) -> None:
        """Draw the answer to a question; what others have asked is left alone."""
        cell = next((cell for cell in self.cells if str(cell.run.path) == seen.path), None)
        if cell is None:
            return
        wish = self._looks.answered(seen.path, seen)
        if seen.run is not None:
            self._started[seen.path] = seen.run
            self._offer_views()
        current = None if self._step is None else cell.wish(self._step)
        if wish is not None and current is not None and wish.needs == current.needs:
            cell.show_seen(seen, wish)
            self._share_scales()
        if not self._looks.waiting:
            self._patience.stop()

    def give_up(self) -> None:
        """Await no answer any more, and say so where nothing is drawn."""
        for path in self._looks.forget():
            for cell in self.cells:
                if str(cell.run.path) == path:
                    cell.say(NO_ANSWER)
                    cell.forget()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for cell in self.cells:
            cell.set_theme(theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._making.start()
        self._ask_all()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._making.stop()
        for cell in self.cells:
            self._looks.drop(str(cell.run.path))

    def _paths(self) -> list[str]:
        return [str(run.path) for run in self._runs]

    def _renew_cells(self) -> None:
        for cell in self.cells:
            self._grid.removeWidget(cell)
            cell.hide()
            cell.deleteLater()
        self.cells = ()
        across = columns(len(self._runs))
        for line in range(MOST):
            self._grid.setColumnStretch(line, int(line < across))
            self._grid.setRowStretch(line, int(line * across < len(self._runs)))
        self._offer_views()
        if self.isVisible():
            self._making.start()

    def _make_cell(self) -> None:
        i = len(self.cells)
        if i == len(self._runs):
            self._making.stop()
            return
        cell = RunCell(i, self._runs[i], self._labels[i], STORED_VIEWS[self.chooser.currentIndex()]())
        self.cells += (cell,)
        cell.set_theme(self._theme)
        cell.focus_changed.connect(self._ask_all)
        self._grid.addWidget(cell, *divmod(i, columns(len(self._runs))))
        if self._step is not None:
            self._ask(cell, self._step)

    def _ask_all(self) -> None:
        if self.isVisible() and self._step is not None:
            for cell in self.cells:
                self._ask(cell, self._step)

    def _ask(self, cell: RunCell, step: int) -> None:
        path, wish = str(cell.run.path), cell.wish(step)
        known = self._started.get(path)
        if wish is None:
            first = min(cell.run.keyframes, default=None)
            cell.say(
                NO_KEYFRAMES if first is None else f"The first keyframe of this run is at step {thousands(first)}."
            )
            cell.forget()
            self._looks.drop(path)
        elif not cell.applies(known):
            cell.say(cell.view.missing)
            self._looks.drop(path)
        elif known is not None and not wish.needs:
            cell.show_seen(Seen(path, wish.step, known, known.spec, {}), wish)
        elif wish == cell.drawn:
            self._looks.drop(path)
        else:
            self._looks.want(path, wish)

    def _share_scales(self) -> None:
        """Latent planes of one kind are drawn to one scale: they all have the same prior."""
        planes = [plane for cell in self.cells for plane in cell.view.findChildren(LatentPlot) if not cell.sentence]
        for is_line in (False, True):
            alike = [plane for plane in planes if plane.is_line is is_line]
            all_of_them = reduce(QRectF.united, [plane.home for plane in alike], QRectF())
            for plane in alike:
                plane.hold(all_of_them)

    def _send(self, path: str, wish: Wish) -> None:
        self._patience.start()
        focus: Mapping[str, Any] = wish.focus
        self.look_asked.emit(path, wish.step, wish.needs, focus)

    def _offer_views(self) -> None:
        """Only those that one of the runs can serve, once that is known of all."""
        known = [self._started[path] for path in self._paths() if path in self._started]
        model = self.chooser.model()
        assert isinstance(model, QStandardItemModel)
        for i, view in enumerate(STORED_VIEWS):
            served = len(known) < len(self._runs) or any(view.requires <= run.capabilities for run in known)
            model.item(i).setEnabled(served)
            model.item(i).setToolTip("" if served else view.missing)

    def _arrange(self) -> None:
        label = QLabel("&View")
        label.setBuddy(self.chooser)
        tools = QHBoxLayout()
        tools.setContentsMargins(6, 3, 6, 3)
        tools.setSpacing(6)  # not that of the column
        tools.addWidget(label)
        tools.addWidget(self.chooser)
        tools.addStretch(1)
        inside = QWidget()
        self._grid = _Grid(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(4)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(scroll, 1)


class _Grid(QGridLayout):
    """Takes the height that there is: what the rows of controls in the cells would like best makes a scroll area bigger
    than its room."""

    def hasHeightForWidth(self) -> bool:
        return False


def columns(count: int) -> int:
    """Of a grid of `count` cells: up to three stand in one row, more in two."""
    return max(1, count if count <= 3 else -(-count // 2))
