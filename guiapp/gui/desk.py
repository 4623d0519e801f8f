"""The windows and dialogs around the main one: files, library, comparison, export, code, preferences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from guiapp.data.source import DataError
from guiapp.gui.drops import Drops
from guiapp.gui.lessons.guide import Lessons
from guiapp.gui.sharing import Sharing
from guiapp.gui.theme import Theme
from guiapp.messages import Annotated, Died, Seen, Started
from guiapp.run_file import RunFileError, edits, read_run
from guiapp.runs.library import Library, default_folder

if TYPE_CHECKING:
    from guiapp.gui.library.compare import CompareWindow
    from guiapp.gui.library.window import LibraryWindow
    from guiapp.gui.main_window import MainWindow
    from guiapp.gui.panels.code_job import CodeJob
    from guiapp.gui.panels.code_window import CodeWindow
    from guiapp.gui.showcase.export_dialog import ExportDialog

RUN_FILES = "Run files (*.elbo);;All files (*)"


class Desk(QObject):
    """Opens them, one of each, joins them to the session of `window`, and closes them with it. `runs` is the folder of
    the run files. They are imported when first asked for: the window opens sooner."""

    def __init__(self, window: MainWindow, runs: Path) -> None:
        super().__init__(window)
        Drops(window)
        self._window, self._session, self._folder = window, window.session, runs
        self.lessons = Lessons(window)
        self.sharing = Sharing(window)
        self.library: LibraryWindow | None = None
        self.comparison: CompareWindow | None = None
        self.exporting: ExportDialog | None = None
        self.code: CodeWindow | None = None
        self._coding: CodeJob | None = None
        self._session.started.connect(self._on_started)
        self._session.recorded.connect(self._on_started)
        self._session.state_changed.connect(self._on_state)
        self._session.annotated.connect(self._on_annotated)
        self._session.seen.connect(self._on_seen)
        self._session.lost.connect(self._on_lost)

    # Files

    def ask_for_data(self, folder: bool = False) -> None:
        """Let the person choose a file, or a folder of images."""
        if folder:
            path = QFileDialog.getExistingDirectory(self._window, "Open a folder of images")
        else:
            kinds = "Data (*.npz *.npy *.csv *.tsv *.txt *.gz *ubyte *.idx*);;All files (*)"
            path, _ = QFileDialog.getOpenFileName(self._window, "Open data", "", kinds)
        if path:
            self._window.open_data(path)

    def ask_for_run(self) -> None:
        """Let the person choose a run file to go on with."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a run", str(self._folder), RUN_FILES)
        if path:
            self._session.open(path)

    def ask_where_to_save(self) -> None:
        """Let the person choose where a copy of the run file goes."""
        dialog = QFileDialog(self._window, "Save the run", "", RUN_FILES)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("elbo")  # the dialog then asks about the name as it will be
        dialog.selectFile("run.elbo")
        if dialog.exec():
            self._session.save(dialog.selectedFiles()[0])

    # Windows

    def show_library(self) -> None:
        """The table of all runs."""
        if self.library is None:
            self.library = self._made_library()
        self.library.refresh()
        _raise(self.library)

    def _made_library(self) -> LibraryWindow:
        from guiapp.gui.library.window import LibraryWindow

        window, session = LibraryWindow(Library(self._folder), self._window), self._session
        _let_go(window)
        window.open_asked.connect(self._open)
        window.fork_asked.connect(self._fork)
        window.compare_asked.connect(self.compare)
        window.export_asked.connect(self.export)
        window.annotate_asked.connect(session.annotate)
        window.restore_layout(self._window.settings.library)
        window.set_theme(self._window.theme)
        self._mark_current(window)
        return window

    def compare(self, paths: Sequence[str]) -> None:
        """Up to eight runs beside one another."""
        from guiapp.gui.library.compare import CompareWindow

        if self.comparison is None:
            self.comparison = CompareWindow(self._window)
            _let_go(self.comparison)
            self.comparison.look_asked.connect(self._session.look)
            self.comparison.set_theme(self._window.theme)
        self.comparison.show_runs([Path(path) for path in paths])
        _raise(self.comparison)

    def export(self, path: str = "") -> None:
        """Choose what of the run at `path`, or of the current one, is written where."""
        from guiapp.gui.showcase.export_dialog import ExportDialog

        path = path or self._current()
        if not path:
            self._window.message_bar.set_message("info", "There is no run to export yet; train first.")
            return
        if self.exporting is not None:
            self.exporting.close()
        self.exporting = dialog = ExportDialog(Path(path), parent=self._window)
        dialog.look_asked.connect(self._session.look)
        dialog.finished.connect(self._export_closed)
        dialog.set_theme(self._window.theme)
        _raise(dialog)

    def show_code(self) -> None:
        """The current run, or the one that would be started, as a PyTorch script."""
        from guiapp.export.code import script
        from guiapp.gui.panels.code_job import CodeJob
        from guiapp.gui.panels.code_window import CodeWindow

        live = self._session.live
        spec = self._session.history.spec(live, 0) if live else self._window.parameter_panel.pending()
        made = [(mark.step, mark.path, mark.new) for mark in live.marks] if live else []
        steps, text = max(1000, live.step if live else 0), ""
        self._stop_coding()
        try:
            if spec.data.name == "file":  # which may take minutes to read
                self._coding = CodeJob(spec, steps, made, self)
            else:
                text = script(spec, steps=steps, edits=made)
        except (ValueError, DataError, OSError) as error:
            self._window.message_bar.set_message("warning", str(error))
            return
        if self.code is None:
            self.code = CodeWindow(self._window)
            self.code.cancelled.connect(self._stop_coding)
            self.code.set_theme(self._window.theme)
        name = f"{spec.data.name}_{type(spec.model).__name__.lower()}"
        if self._coding is None:
            self.code.show_script(text, name)
            return
        self._coding.told.connect(self.code.loading_bar.show_progress)
        self._coding.refused.connect(self.code.refuse)
        self._coding.came.connect(self.code.write)
        self.code.wait_for(name)

    def _stop_coding(self) -> None:
        if self._coding is not None:
            self._coding.stop()
            self._coding.deleteLater()
            self._coding = None

    def show_preferences(self) -> None:
        """What the window remembers."""
        from guiapp.gui.preferences import Preferences

        dialog = Preferences(self._window.settings, default_folder(), self._window)
        dialog.chosen.connect(self._window.take_settings)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def library_layout(self) -> str:
        """Size and columns of the library, for the settings."""
        return self._window.settings.library if self.library is None else self.library.layout_state()

    def set_theme(self, theme: Theme) -> None:
        """Repaint what is open."""
        self.lessons.set_theme(theme)
        for window in (self.library, self.comparison, self.exporting, self.code):
            if window is not None:
                window.set_theme(theme)

    def close(self) -> None:
        """Close what is open."""
        self._stop_coding()
        self.sharing.close()
        for window in (self.library, self.comparison, self.code):
            if window is not None:
                window.close()
                window.deleteLater()
        if self.exporting is not None:
            self.exporting.close()
        self.library = self.comparison = self.code = None

    # What follows

    def _export_closed(self) -> None:
        """It deletes itself."""
        self.exporting = None

    def _on_lost(self, _event: Died) -> None:
        if self.exporting is not None:
            self.exporting.give_up_looking("The trainer process has ended.")

    def _current(self) -> str:
        live = self._session.live
        return "" if live is None else live.run.run_file

    def _open(self, path: str) -> None:
        """Go on with this run, where a person sees it."""
        self._session.open(path)
        _raise(self._window)

    def _fork(self, path: str) -> None:
        """From the newest keyframe of the run at `path`, with the parameters that it had there."""
        _raise(self._window)
        try:
            stored = read_run(Path(path))
            step = stored.keyframe_at()
            made = edits(stored, step)
        except RunFileError as error:
            self._window.message_bar.set_message("error", str(error))
            return
        self._session.fork(path, step, made[-1][1] if made else stored.spec)

    def _on_started(self, _run: Started | str) -> None:
        if self.library is not None:
            self._mark_current(self.library)
            self.library.refresh()

    def _on_state(self, state: str) -> None:
        if self.library is not None and state != "starting":  # when the run before goes on as it did
            self._mark_current(self.library)

    def _mark_current(self, library: LibraryWindow) -> None:
        """Show there which run is open in this window, if its trainer lives, and what it does."""
        alive = self._session.state not in ("ready", "lost")
        training = self._session.state == "training"
        library.set_current(self._current() if alive else "", "training" if training else "paused")

    def _on_annotated(self, event: Annotated) -> None:
        if self.library is not None:
            self.library.on_annotated(event.path, event.trouble)
        elif event.trouble:
            self._window.message_bar.set_message("warning", event.trouble)

    def _on_seen(self, event: Seen) -> None:
        for window in (self.comparison, self.exporting):
            if window is not None:
                window.on_seen(event)


def _let_go(window: QWidget) -> None:
    """Let the main window come before `window`: Qt has a window lie above its parent always."""
    window.winId()  # makes the handle
    window.windowHandle().setTransientParent(None)  # type: ignore[arg-type]


def _raise(window: QWidget) -> None:
    if window.isVisible():
        window.raise_()
    window.show()
    window.activateWindow()
