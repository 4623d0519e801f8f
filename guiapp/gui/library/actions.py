"""What can be done with runs: as buttons, in the context menu, and by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from guiapp.gui.icons import icon
from guiapp.gui.library.table import RunView
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.action_button import ActionButton
from guiapp.runs.library import Entry

if TYPE_CHECKING:
    from guiapp.gui.library.window import LibraryWindow

MOST_COMPARED: Final = 8
COMPARE_TIP: Final = f"Select 2 to {MOST_COMPARED} runs and see them together"


class Actions(QObject):
    """The actions of `window`; those of single keys work while its table has the focus, so that Delete deletes a
    letter in a field of text."""

    def __init__(self, window: LibraryWindow) -> None:
        super().__init__(window)
        self._window = window
        table, anywhere = window.view, window
        self.open = self._add("&Open", window.open_run, table, "Go on with this run", "Return", "Enter")
        self.fork = self._add("&Fork", window.fork_run, table, "Begin a new run from the last keyframe of this one")
        self.compare = self._add("&Compare", window.compare_runs, table, COMPARE_TIP)
        self.delete = self._add(
            "&Delete", window.delete_runs, table, "Delete the selected runs; this can be undone", "Del"
        )
        self.bring_in = self._add("&Import…", window.ask_what_to_import, anywhere, "Copy run files into the library")
        self.export = self._add("&Export…", window.export_run, table, "Curves, weights, pictures, a report")
        self.show_folder = self._add("Show in f&older", window.show_folder, anywhere, "Open the folder of the runs")
        self.copy_path = self._add("Copy &path", window.copy_path, table, "Copy where the run file is", "Ctrl+C")
        self.rename = self._add("&Rename", window.details.edit_title, table, "Change the title of this run", "F2")
        self.refresh = self._add("Read &again", window.refresh, anywhere, "See what has changed meanwhile", "F5")
        self._add("Undo", window.keeping.undo, anywhere, "Bring back what was deleted last", "Ctrl+Z")
        self._add("Search", window.search.take_focus, anywhere, "Search the runs", "Ctrl+F")
        self._add("Close", window.close, anywhere, "Close this window", "Ctrl+W")
        self._more = QToolButton(window)
        self.set_selected([])

    def set_selected(self, entries: Sequence[Entry]) -> None:
        """Enable what can be done with these."""
        sound = [entry for entry in entries if not entry.trouble]
        is_one = len(entries) == len(sound) == 1
        for action in (self.open, self.fork, self.export, self.rename):
            action.setEnabled(is_one)
        self.compare.setEnabled(2 <= len(sound) <= MOST_COMPARED and len(sound) == len(entries))
        for action in (self.delete, self.copy_path):
            action.setEnabled(bool(entries))

    def bar(self, search: QWidget) -> QWidget:
        """`search`, and the buttons beside it."""
        bar = QWidget(self._window)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(search, 1)
        for action in (self.open, self.fork, self.compare, self.delete, self.bring_in, self.export):
            button = ActionButton(action, bar)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.iconText())
            layout.addWidget(button)
        self._more.setToolTip("More")
        self._more.setAccessibleName("More")
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.clicked.connect(self._pop_up)
        layout.addWidget(self._more)
        return bar

    def menu(self, view: RunView) -> QMenu:
        """The context menu of the table."""
        menu = QMenu(view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        menu.addActions([self.open, self.fork, self.compare])
        menu.addSeparator()
        menu.addActions([self.rename, self.delete])
        menu.addSeparator()
        menu.addActions([self.export, self.show_folder, self.copy_path])
        menu.addSeparator()
        self._add_views(menu)
        return menu

    def set_theme(self, theme: Theme) -> None:
        """The icon in the ink of `theme`."""
        self._more.setIcon(icon("more", theme))

    def _pop_up(self) -> None:
        menu = QMenu(self._more)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addActions([self.show_folder, self.copy_path, self.rename, self.refresh])
        menu.addSeparator()
        self._add_views(menu)
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _add_views(self, menu: QMenu) -> None:
        menu.addMenu(self._window.view.columns_menu(menu))
        menu.addMenu(self._window.view.sort_menu(menu))

    def _add(self, text: str, act: Callable[..., object], place: QWidget, tip: str, *keys: str) -> QAction:
        action = QAction(text, self)
        action.setIconText(text.replace("&", ""))  # Qt's own leaves out the dots
        action.triggered.connect(lambda *_: act())
        action.setToolTip(f"{tip} ({keys[-1]})" if keys else tip)
        if keys:
            action.setShortcuts([QKeySequence(key) for key in keys])
            is_table = isinstance(place, RunView)
            action.setShortcutContext(
                Qt.ShortcutContext.WidgetShortcut if is_table else Qt.ShortcutContext.WindowShortcut
            )
        place.addAction(action)
        return action


class SearchLine(QLineEdit):
    """Words to search for. Down and Enter go to the table, Escape clears."""

    def __init__(self, view: RunView) -> None:
        super().__init__()
        self._view = view
        self.setClearButtonEnabled(True)
        self.setAccessibleName("Search")
        self.setPlaceholderText("Search: words, or a value as β=4 or lr=0.001")
        self.setToolTip(
            "Finds words in title, notes, tags, data and model, and values of parameters:\n"
            "β=4, lr:1e-3 or model.latent=2, each by the end of its path or its title.\n"
            "A run is shown when it has all of them (Ctrl+F)."
        )

    def take_focus(self) -> None:
        """Put the cursor here."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._view.setFocus()
            if not self._view.selected():
                self._view.select_row(0)
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            super().keyPressEvent(event)
