"""Docks that hold a live view or a lab, as the frame clock sees them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel, QStackedWidget, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.labs.base import Lab
from guiapp.gui.theme import Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.messages import Started

log = logging.getLogger(__name__)


class Place(QStackedWidget):
    """Where the content of a dock comes to stand.

    Signals:
        entered(): it is seen. Qt shows docks behind tabs, too, but paints only the one in front.
    """

    entered = Signal()

    def paintEvent(self, event: QPaintEvent) -> None:
        self.entered.emit()
        super().paintEvent(event)


class Dock(QDockWidget):
    """A dock named after the view or lab that it holds, which it makes when it first comes into sight: of the dozens
    that there are a window shows a few.

    Signals:
        made(QWidget): the content exists now. shown(): it has come into sight. left(): it is being closed while it has
            the focus. broke(str, str): drawing raised; a sentence and the traceback, said once.
    """

    made = Signal(QWidget)
    shown = Signal()
    left = Signal()
    broke = Signal(str, str)

    def __init__(self, content_type: type[View] | type[Lab], parent: QWidget | None = None) -> None:
        super().__init__(content_type.title, parent)
        self._content_type = content_type
        self._content: View | Lab | None = None
        self._theme: Theme | None = None
        self.place = Place()
        self.place.entered.connect(self.content, Qt.ConnectionType.QueuedConnection)  # not amidst the painting
        self.setObjectName(content_type.name)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self.setWidget(self.place)
        self.topLevelChanged.connect(lambda _floating: self.place.setFocus())  # lost by changing its window
        self.visibilityChanged.connect(lambda visible: self.shown.emit() if visible else None)

    def content(self) -> View | Lab:
        """The view or lab, made now if need be."""
        if self._content is None:
            self.place.entered.disconnect(self.content)
            self._content = self._content_type()
            if self._theme is not None:
                self._content.set_theme(self._theme)
            self.place.addWidget(self._content)
            focus_by_tab(self.place)
            self.made.emit(self._content)
        return self._content

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        if self._content is not None:
            self._content.set_theme(theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and self.isAncestorOf(focused):
            self.left.emit()
        super().closeEvent(event)

    def is_showing(self) -> bool:
        """It is on the screen, not closed and not behind another tab."""
        return self.place.isVisible() and not self.place.visibleRegion().isEmpty()


class ViewDock(Dock):
    """A live view, or the sentence that says why it does not apply to the current model."""

    def __init__(self, view_type: type[View], parent: QWidget | None = None) -> None:
        super().__init__(view_type, parent)
        self._view_type = view_type
        self._note = QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self._note.setWordWrap(True)
        self._note.setMargin(24)
        self.place.addWidget(self._note)
        self.made.connect(lambda _view: self._say(self._note.text()))
        self.broken = False

    @property
    def view(self) -> View:
        return cast(View, self.content())

    def set_run(self, run: Started) -> None:
        """Empty the view for a new run, or say why it has nothing to show."""
        self.broken = False
        if not self._view_type.requires <= run.capabilities:
            self._say(self._view_type.missing)
            return
        self._say("")
        if self._content is not None:
            self.view.clear()

    def applies(self) -> bool:
        return not self._note.text()

    def draw(self, frame: Frame) -> None:
        """Draw; a view that raises is put aside until the next run, the others go on."""
        try:
            self.view.draw(frame)
        except Exception as error:
            log.exception("view %s", self._view_type.name)
            self.broken = True
            self._say(f"This view stopped with an error: {error}. It comes back with the next run.")
            self.broke.emit(f"The view “{self._view_type.title}” could not be drawn.", repr(error))

    def needs_now(self) -> frozenset[str]:
        return self.view.needs if self.applies() else frozenset()

    def focus_now(self) -> Mapping[str, Any]:
        return self.view.focus() if self.applies() else {}

    def wants(self, fresh: frozenset[str]) -> bool:
        return self.applies() and (self.view.draws_series or bool((self.view.needs | self.view.studies) & fresh))

    def _say(self, sentence: str) -> None:
        """Show `sentence` in place of the view; the view itself where there is none."""
        self._note.setText(sentence)
        self.place.setCurrentWidget(self._note if sentence or self._content is None else self._content)


class LabDock(Dock):
    """A theory lab; it is given the pictures of the current run that it can use."""

    def __init__(self, lab_type: type[Lab], parent: QWidget | None = None) -> None:
        super().__init__(lab_type, parent)
        self._lab_type = lab_type

    @property
    def lab(self) -> Lab:
        return cast(Lab, self.content())

    def draw(self, frame: Frame) -> None:
        self.lab.set_pictures({kind: frame.pictures[kind] for kind in self.lab.needs if kind in frame.pictures})
        self.lab.set_studies({kind: frame.studies[kind] for kind in self.lab.studies if kind in frame.studies})

    def set_run(self, _run: Started) -> None:
        """The pictures and studies of the run before are gone."""
        if self._content is not None:
            self.lab.set_pictures({})
            self.lab.set_studies({})

    def needs_now(self) -> frozenset[str]:
        return self._lab_type.needs

    def focus_now(self) -> Mapping[str, Any]:
        return {}

    def wants(self, fresh: frozenset[str]) -> bool:
        return bool((self._lab_type.needs | self._lab_type.studies) & fresh)
