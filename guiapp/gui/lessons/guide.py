"""What joins the lessons to the window: their dock and menu, what they set up, and the progress that is remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QStackedWidget

from guiapp import presets
from guiapp.explanations import parse_link
from guiapp.gui.docks import LabDock
from guiapp.gui.lessons.panel import LessonsPanel
from guiapp.gui.settings import Progress, default_path
from guiapp.gui.side_docks import side_dock
from guiapp.gui.theme import Theme
from guiapp.lessons import Lesson, Show, lessons
from guiapp.resources import resource
from guiapp.sharing import SharedLab, SharedPreset

if TYPE_CHECKING:
    from guiapp.gui.main_window import MainWindow


class Lessons(QObject):
    """The dock is closed until it is asked for, and its panel made then. Each time it opens, and with the menu, the
    files are read anew (20 of them in 10 ms): a teacher sees what has been changed."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._panel: LessonsPanel | None = None
        self._theme = window.theme
        self._place = QStackedWidget()
        self.dock = side_dock("lessons", "Lessons", self._place, window)
        window.sides.join(self.dock)
        self.dock.hide()
        self.dock.visibilityChanged.connect(self._enter)

    @property
    def panel(self) -> LessonsPanel:
        """Made now if need be."""
        if self._panel is None:
            self._panel = panel = LessonsPanel(self._thing)
            panel.set_theme(self._theme)
            panel.opened.connect(lambda name: self._learn(name, "seen"))
            panel.solved.connect(lambda lesson: self._learn(lesson.name, "answered"))
            panel.set_up_asked.connect(lambda lesson: self._set_up(lesson.show))
            panel.link_activated.connect(self._follow)
            panel.set_progress(self._window.settings.lessons)
            self._place.addWidget(panel)
            self._place.setFocusProxy(panel)
        return self._panel

    def open(self, name: str) -> None:
        """Show the lesson `name` beside the workspace."""
        self.dock.show()
        self.dock.raise_()
        self.panel.set_lessons(*self._read())
        self.panel.open(name)
        self.panel.page.setFocus()

    def fill(self, menu: QMenu) -> None:
        """Every lesson by its question, with a tick at those that were answered."""
        menu.clear()
        menu.addAction(self.dock.toggleViewAction())
        menu.addSeparator()
        for index, lesson in enumerate(self._read()[0], start=1):
            action = menu.addAction(f"{index}. {lesson.question}".replace("&", "&&"))
            action.setData(f"Lesson: {lesson.question}")
            action.setCheckable(True)
            action.setChecked(self._window.settings.lessons.get(lesson.name) == "answered")
            action.triggered.connect(lambda *_, name=lesson.name: self.open(name))

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        if self._panel is not None:
            self._panel.set_theme(theme)

    def _read(self) -> tuple[Sequence[Lesson], Sequence[str]]:
        folders, complaints = [default_path().parent / "lessons"], []
        try:
            folders.insert(0, resource("lessons"))
        except FileNotFoundError as error:
            complaints.append(str(error))
        found, broken = lessons(folders)
        return found, (*complaints, *broken)

    def _enter(self, visible: bool) -> None:
        if visible:
            self.panel.set_lessons(*self._read())

    def _learn(self, name: str, state: Progress) -> None:
        window = self._window
        learned = window.settings.learned({name: state})
        if learned.lessons != window.settings.lessons:
            window.take_settings(learned)
            self.panel.set_progress(learned.lessons)

    def _thing(self, lesson: Lesson) -> tuple[str, str]:
        """What the lesson sets up, and why that is not possible (else "")."""
        show, docks = lesson.show, self._window.workspace.docks
        for kind, name in (("lab", show.lab), ("view", show.view)):
            if name and (name not in docks or isinstance(docks[name], LabDock) != (kind == "lab")):
                return "", f"This version of Elboscope has no {kind} “{name}”, so nothing can be set up."
        if show.lab:
            return f"The lab “{docks[show.lab].windowTitle()}”.", ""
        view = f", with the view “{docks[show.view].windowTitle()}”" if show.view else ""
        title = presets.load(show.preset).title
        return f"The preset “{title}”{view}. It stands at step 0 until you train it with ▶.", ""

    def _set_up(self, show: Show) -> None:
        """What cannot be, the message bar says."""
        shared = SharedLab(show.lab, show.params) if show.lab else SharedPreset(show.preset, show.view)
        self._window.desk.sharing.show(shared)

    def _follow(self, link: str) -> None:
        """As of an explanation; but who wrote a lesson may have named what is not there."""
        target = parse_link(link)
        docks = self._window.workspace.docks
        known = {"view": docks, "lab": docks, "preset": presets.NAMES}.get(target.kind)
        if known is not None and target.name not in known:
            self._window.message_bar.set_message(
                "warning", f"This version of Elboscope has no {target.kind} “{target.name}”."
            )
        else:
            self._window.follow_link(link)
