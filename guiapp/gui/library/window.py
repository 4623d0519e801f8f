"""The window of all runs: a table to search and sort, the details of one run, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec
from PySide6.QtCore import QByteArray, QCoreApplication, QEvent, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QCloseEvent, QDesktopServices, QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFileDialog, QLabel, QMainWindow, QSplitter, QVBoxLayout, QWidget

from guiapp.gui.errors import MessageBar
from guiapp.gui.library.actions import MOST_COMPARED, Actions, SearchLine
from guiapp.gui.library.columns import size
from guiapp.gui.library.details import Details
from guiapp.gui.library.housekeeping import Housekeeping
from guiapp.gui.library.jobs import JobLine, Latest
from guiapp.gui.library.model import RunTable
from guiapp.gui.library.story import Story, story
from guiapp.gui.library.table import RunView
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.stage import Stage
from guiapp.runs.files import LibraryError, Progress
from guiapp.runs.library import Entry, Library, State

SMALLEST = 900, 560
SIZE = QSize(1500, 760)
SIDE = 320  # px of the details
WATCH_MS = 2000  # between two looks at a run in training; 5,000 others cost 0.1 s of another thread, 25 ms of this one

EMPTY = (
    "No runs yet.\n\nEvery run that you train is kept here, with a picture of what it generates,\n"
    "its losses, its parameters and your notes.\n\nStart one in the main window, or import a run file."
)
READING = "Reading the runs…"


class LibraryWindow(QMainWindow):
    """The runs of `library`; `now` gives the local time. Whoever opens it does what is asked for, and calls
    `on_annotated` when a title, notes and tags have been written, or not."""

    open_asked = Signal(str)
    fork_asked = Signal(str)
    compare_asked = Signal(object)  # list of paths
    export_asked = Signal(str)
    annotate_asked = Signal(str, str, str, object)  # path, title, notes, tuple of tags

    def __init__(
        self,
        library: Library,
        parent: QWidget | None = None,
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        super().__init__(parent)
        self.library = library
        self._unconfirmed: dict[str, Entry] = {}  # as they were before the person wrote something else
        self._wanted: list[str] = []  # to be selected once they are there
        self._is_purged = False
        self._watch = QTimer(self, interval=WATCH_MS)
        self.setWindowTitle("Elboscope: runs")
        self.setMinimumSize(*SMALLEST)
        self.resize(SIZE.boundedTo(self.screen().availableSize() * 0.95))
        self.table = RunTable(library.thumbnail, now, self)
        self.view = RunView(self.table)
        self.stage = Stage(self.view)
        self.details = Details()
        self.message_bar = MessageBar()
        self.search = SearchLine(self.view)
        self.jobs = JobLine()
        self.keeping = Housekeeping(library, self.jobs, self.message_bar, self)
        self._reader = Latest(self)
        self._totals = QLabel()
        self.actions_ = Actions(self)
        self._lay_out()
        self._connect()
        self.set_theme(LIGHT)
        self._read_index()

    # What others tell

    def refresh(self) -> None:
        """Read what came or changed since, in another thread."""

        def work(progress: Progress) -> list[Entry]:
            if not self._is_purged:
                self._is_purged = True
                self.library.purge()
            return self.library.refresh(progress)

        self.jobs.do(READING, work, self._on_entries, self.keeping.complain, once=True)
        self._tell_empty()

    def set_current(self, path: str, state: State = "training") -> None:
        """The run file that is open in this program, and what the run does; empty for none."""
        self.table.set_current(path, state)
        self._watch_run()

    def on_annotated(self, path: str, trouble: str) -> None:
        """What a person wrote is in the run file at `path`, or `trouble` says why not."""
        before = self._unconfirmed.pop(path, None)
        if not trouble:
            self.refresh()
            return
        self.keeping.complain(trouble)
        if before is not None:
            self.table.replace(before)

    def set_theme(self, theme: Theme) -> None:
        """Repaint everything in the colours of `theme`."""
        for part in (self.table, self.stage, self.details, self.message_bar, self.actions_):
            part.set_theme(theme)

    def select(self, path: str) -> None:
        """Show this run, whatever is being searched for."""
        if self.table.row_of(path) < 0:
            self.search.clear()
        self.view.select([path])

    def layout_state(self) -> str:
        """Size and columns, for `restore_layout`."""
        states = (self.saveGeometry(), self.view.horizontalHeader().saveState(), self._splitter.saveState())
        return " ".join(bytes(state.toBase64().data()).decode() for state in states)

    def restore_layout(self, state: str) -> None:
        """As `layout_state` gave it; anything else is ignored."""
        header = self.view.horizontalHeader()
        restores = (self.restoreGeometry, header.restoreState, self._splitter.restoreState)
        for part, restore in zip(state.split(" "), restores, strict=False):
            restore(QByteArray.fromBase64(part.encode()))

    # What a person does

    def open_run(self) -> None:
        self.open_asked.emit(self.view.selected()[0].file)

    def fork_run(self) -> None:
        self.fork_asked.emit(self.view.selected()[0].file)

    def export_run(self) -> None:
        self.export_asked.emit(self.view.selected()[0].file)

    def compare_runs(self) -> None:
        self.compare_asked.emit([entry.file for entry in self.view.selected()])

    def copy_path(self) -> None:
        paths = [entry.file for entry in self.view.selected()]
        QGuiApplication.clipboard().setText("\n".join(paths))

    def show_folder(self) -> None:
        folder = self.library.folder
        if not folder.is_dir():
            self.keeping.complain(f"There is no folder {folder} yet; it is made when the first run begins.")
        elif not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.keeping.complain(f"No program here shows folders; the runs are in {folder}.")

    def delete_runs(self) -> None:
        """Move what is selected out of sight, with an offer to undo it."""
        self.keeping.delete([entry.path for entry in self.view.selected()])

    def ask_what_to_import(self) -> None:
        """Let the person choose run files."""
        paths, _ = QFileDialog.getOpenFileNames(self, "Import runs", "", "Run files (*.elbo);;All files (*)")
        self.keeping.bring_in(paths)

    # How it is made

    def _lay_out(self) -> None:
        top = self.actions_.bar(self.search)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.addWidget(self.stage)
        self._splitter.addWidget(self.details)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setSizes([self.width() - SIDE, SIDE])
        self.details.setMinimumWidth(SIDE - 60)
        central = QWidget()
        layout = QVBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(top)
        layout.addWidget(self.message_bar)
        layout.addWidget(self._splitter, 1)
        self.setCentralWidget(central)
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        self._totals.setContentsMargins(6, 0, 0, 0)
        status.addWidget(self._totals, 1)
        status.addPermanentWidget(self.jobs)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._on_search)
        self.view.chosen.connect(self._on_chosen)
        self.view.doubleClicked.connect(lambda *_: self.actions_.open.trigger())
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(
            lambda at: self.actions_.menu(self.view).popup(self.view.viewport().mapToGlobal(at))
        )
        self.keeping.removed.connect(self._on_removed)
        self.keeping.returned.connect(self._on_returned)
        self.details.renamed.connect(self._on_renamed)
        self.details.parent_asked.connect(self._on_parent_asked)
        self.jobs.idle.connect(self._tell_empty)
        self._watch.timeout.connect(self.refresh)
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self._stop)

    # What comes of it

    def _read_index(self) -> None:
        try:
            self.table.set_entries(self.library.entries())
        except LibraryError as error:
            self.keeping.complain(str(error))
        self._tell_totals()

    def _on_entries(self, entries: list[Entry]) -> None:
        known = [self._with_words(entry) for entry in entries]
        was_empty = not self.table.rowCount()
        self.table.set_entries(known)
        self.view.select(self._wanted)
        self._wanted = []
        if was_empty and not self.view.selected():
            self.view.select_row(0)
        self._tell_totals()
        if was_empty and not self.search.text():
            self.view.setFocus()

    def _with_words(self, entry: Entry) -> Entry:
        """With what the person wrote and no one has confirmed yet."""
        path = entry.file
        if path not in self._unconfirmed or (shown := self.table.find(path)) is None:
            return entry
        return msgspec.structs.replace(entry, title=shown.title, notes=shown.notes, tags=shown.tags)

    def _on_search(self, text: str) -> None:
        self.table.set_query(text)
        self._tell_totals()

    def _on_chosen(self) -> None:
        entries, shown = self.view.selected(), self.details.entry
        if shown is not None and [entry.file for entry in entries] != [shown.file]:
            self.details.commit()
        self.actions_.set_selected(entries)
        if len(entries) == 1 and not entries[0].trouble:
            self._show(entries[0])
        elif len(entries) == 1:
            self.details.show_sentence(f"{entries[0].trouble} It cannot be opened; Delete removes it.")
        elif entries:
            together = f"{thousands(len(entries))} runs, {size(sum(entry.size for entry in entries))}."
            fit = "Compare lays the curves of 2 to 8 runs over each other."
            hint = fit if len(entries) <= MOST_COMPARED else "Compare takes 8 runs at the most."
            self.details.show_sentence(f"{together} {hint}")
        else:
            self.details.show_sentence("Select a run to see what it was." if self.table.rowCount() else "")

    def _show(self, entry: Entry) -> None:
        shown = self.details.entry
        parent = self.table.find_id(entry.parent)
        if shown == entry:
            return
        self.details.show_run(entry, self.library.thumbnail(entry), parent)

        def then(told: Story) -> None:
            if self.details.entry is not None and self.details.entry.file == entry.file:
                self.details.show_story(told, parent)

        self._reader.do(lambda _progress: story(entry.path), then)

    def _on_renamed(self, entry: Entry, title: str, notes: str, tags: tuple[str, ...]) -> None:
        path = entry.file
        self._unconfirmed.setdefault(path, entry)
        self.table.replace(msgspec.structs.replace(entry, title=title, notes=notes, tags=tags))
        self.annotate_asked.emit(path, title, notes, tags)

    def _on_parent_asked(self, id: str) -> None:
        parent = self.table.find_id(id)
        if parent is not None:
            self.select(parent.file)

    def _on_removed(self, paths: list[str]) -> None:
        rows = self.table.rows_of(paths)
        self.table.remove(paths)
        if not self.view.selected():
            self.view.select_row(rows[0] if rows else 0)
        self._tell_totals()

    def _on_returned(self, paths: list[str]) -> None:
        self._wanted = paths
        self.refresh()

    def _tell_totals(self) -> None:
        total, shown = self.table.total, self.table.rowCount()
        runs = f"{thousands(total)} run{'s' if total != 1 else ''}"
        self._totals.setText(
            f"{thousands(shown)} of {runs}" if shown != total else f"{runs} · {size(self.table.total_size)}"
        )
        self._tell_empty()

    def _tell_empty(self) -> None:
        if self.table.rowCount():
            self.stage.show_content()
        elif self.table.total:
            self.stage.say(f"No run matches “{self.table.query}”. Clear the search to see all {self.table.total}.")
        else:
            self.stage.say(READING if self.jobs.is_busy else EMPTY)

    def _watch_run(self) -> None:
        """Keep up with a run in training while someone looks."""
        if self.table.current and self.isVisible():
            self._watch.start()
        else:
            self._watch.stop()

    def _stop(self) -> None:
        self._watch.stop()
        self.jobs.stop()
        self._reader.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._watch_run()
        self.refresh()
        self.view.setFocus()
        if not self.view.selected():
            self.view.select_row(0)
        self._on_chosen()

    def changeEvent(self, event: QEvent) -> None:
        """Coming back to it, one sees what happened meanwhile."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow() and self.isVisible():
            self.refresh()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.details.commit()
        self._stop()
        super().closeEvent(event)
