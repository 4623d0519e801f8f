"""Docks that hold a live view or a lab, as the frame clock sees them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QStackedWidget, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.labs.base import Lab
from guiapp.gui.theme import Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.messages import Started

log = logging.getLogger(__name__)


class Dock(QDockWidget):
    """A dock named after what it holds.

    Signals:
        shown(): it has come into sight. left(): it is being closed while it has the focus. broke(str, str): drawing
            raised; a sentence and the traceback, said once.
    """

    shown = Signal()
    left = Signal()
    broke = Signal(str, str)

    def __init__(self, name: str, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self.setWidget(content)
        focus_by_tab(content)
        self.topLevelChanged.connect(lambda _floating: content.setFocus())  # it has lost it by changing its window
        self.visibilityChanged.connect(lambda visible: self.shown.emit() if visible else None)

    def closeEvent(self, event: QCloseEvent) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.left.emit()
        super().closeEvent(event)

    def is_showing(self) -> bool:
        """It is on the screen, not closed and not behind another tab."""
        content = self.widget()
        return content.isVisible() and not content.visibleRegion().isEmpty()


class ViewDock(Dock):
    """A live view, or the sentence that says why it does not apply to the current model."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        self.view = view
        self._note = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._note.setMargin(24)
        self._stack = QStackedWidget()
        self._stack.addWidget(view)
        self._stack.addWidget(self._note)
        self.broken = False
        super().__init__(view.name, view.title, self._stack, parent)

    def set_run(self, run: Started) -> None:
        """Empty the view for a new run, or say why it has nothing to show."""
        self.broken = False
        if self.view.requires <= run.capabilities:
            self.view.clear()
            self._stack.setCurrentWidget(self.view)
        else:
            self._say(self.view.missing)

    def applies(self) -> bool:
        return self._stack.currentWidget() is self.view

    def draw(self, frame: Frame) -> None:
        """Draw; a view that raises is put aside until the next run, the others go on."""
        try:
            self.view.draw(frame)
        except Exception as error:
            log.exception("view %s", self.view.name)
            self.broken = True
            self._say(f"This view stopped with an error: {error}. It comes back with the next run.")
            self.broke.emit(f"The view “{self.view.title}” could not be drawn.", repr(error))

    def needs_now(self) -> frozenset[str]:
        return self.view.needs if self.applies() else frozenset()

    def focus_now(self) -> Mapping[str, Any]:
        return self.view.focus() if self.applies() else {}

    def wants(self, fresh: frozenset[str]) -> bool:
        return self.applies() and (self.view.draws_series or bool((self.view.needs | self.view.studies) & fresh))

    def set_theme(self, theme: Theme) -> None:
        self.view.set_theme(theme)

    def _say(self, sentence: str) -> None:
        self._note.setText(sentence)
        self._stack.setCurrentWidget(self._note)


class LabDock(Dock):
    """A theory lab; it is given the pictures of the current run that it can use."""

    def __init__(self, lab: Lab, parent: QWidget | None = None) -> None:
        self.lab = lab
        super().__init__(lab.name, lab.title, lab, parent)

    def draw(self, frame: Frame) -> None:
        self.lab.set_pictures({kind: frame.pictures[kind] for kind in self.lab.needs if kind in frame.pictures})

    def set_run(self, _run: Started) -> None:
        """The pictures of the run before are gone."""
        self.lab.set_pictures({})

    def needs_now(self) -> frozenset[str]:
        return self.lab.needs

    def focus_now(self) -> Mapping[str, Any]:
        return {}

    def wants(self, fresh: frozenset[str]) -> bool:
        return bool(self.lab.needs & fresh)

    def set_theme(self, theme: Theme) -> None:
        self.lab.set_theme(theme)
