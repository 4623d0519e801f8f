"""Choosing what is exported of a run, and watching it being made."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.showcase.animation import Animation
from guiapp.gui.showcase.command import Command
from guiapp.gui.showcase.destination import Destination
from guiapp.gui.showcase.film_form import FilmForm
from guiapp.gui.showcase.kinds import KINDS, Kind
from guiapp.gui.showcase.report import Report
from guiapp.gui.showcase.task import Task
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.messages import Seen
from guiapp.run_file import RunFileError, keyframe_steps, read_summary


class ExportDialog(QDialog):
    """Exports the run in the file at `run`. What is proposed lies in `folder`, by default the person's documents;
    `program` are the words that start Elboscope's command line, by default this very program.

    It is deleted when it is closed, and what it was doing is cancelled then. Pictures come through `look_asked`, with
    the arguments of `Session.look`, and `on_seen`, which takes what `Session.seen` says.

    Signals:
        look_asked(str, int, object, object): pictures are needed.
        exported(object): the paths that were written, a tuple of `Path`.
    """

    look_asked = Signal(str, int, object, object)
    exported = Signal(object)

    def __init__(
        self, run: Path, folder: Path | None = None, program: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._run, self._program, self._theme = run, tuple(program), LIGHT
        self._task: Task | None = None
        self._written: tuple[Path, ...] = ()
        self._asked = False  # which views apply
        title, self._keyframes, self._trouble = _look_at(run)
        self.setWindowTitle(f"Export {title}")
        self._list = QListWidget()
        self._about, self._hint, self._doing = QLabel(), QLabel(), QLabel()
        self._forms = {"": QWidget(), "step": QWidget(), "film": FilmForm(self._keyframes)}
        self._step = QComboBox()
        self._stack = QStackedWidget()
        self._destination = Destination(title, folder or _documents())
        self._bar = QProgressBar()
        self._export, self._stop = QPushButton("&Export", default=True), QPushButton("Close", autoDefault=False)
        self._show = QPushButton("Show in &folder", autoDefault=False)
        self._fill()
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self._list.setCurrentRow(0)
        self.resize(720, 440)

    @property
    def kind(self) -> Kind:
        """What is chosen."""
        return KINDS[self._list.currentRow()]

    @property
    def task(self) -> Task | None:
        """What is being made now."""
        return self._task

    def on_seen(self, seen: Seen) -> None:
        """The trainer answers a look."""
        if self._task is not None:
            self._task.on_seen(seen)
        if seen.path == str(self._run) and seen.run is not None:
            self._film.set_run(seen.run)

    def give_up_looking(self, sentence: str) -> None:
        """There will be no answer to `look_asked` any more, for the reason in `sentence`."""
        if self._task is not None:
            self._task.give_up_looking(sentence)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`; animations are drawn in it."""
        self._theme = theme
        self._about.setStyleSheet(f"color: {theme.muted};")
        self._hint.setStyleSheet(f"color: {theme.warning};")

    def done(self, result: int) -> None:
        """Close, and end what is being made."""
        self._end_task(cancel=True)
        super().done(result)

    def start(self) -> None:
        """Make what is chosen, once the person agrees to replace what is there."""
        path = self._destination.path()
        trouble = _objection(path, self._run, self.kind)
        if trouble or path is None:
            self._tell(trouble, bad=True)
            self._destination.setFocus()
        elif self._may_replace(path):
            self._task = task = self._made(path)
            task.look_asked.connect(self.look_asked)
            task.progressed.connect(self._progress)
            task.finished.connect(self._finish)
            task.failed.connect(self._fail)
            self._written = ()
            self._set_busy(True)
            task.start()

    @property
    def _film(self) -> FilmForm:
        form = self._forms["film"]
        assert isinstance(form, FilmForm)
        return form

    def _made(self, path: Path) -> Task:
        kind = self.kind
        if kind.option:
            step = self._step.currentData() if kind.form == "step" else None
            more = () if step is None else ("--step", str(step))
            return Command(self._run, kind.option, path, more, self._program, self)
        if kind.form == "film":
            return Animation(self._run, path, self._film.film(self._theme), self)
        return Report(self._run, path, self)

    def _may_replace(self, path: Path) -> bool:
        there = [place for place in self.kind.places(path) if place.is_file()]
        if not there:
            return True
        names = " and ".join(found.name for found in there)
        are = "is" if len(there) == 1 else "are"
        question = f"{names} {are} in {path.parent} already. Replace {'it' if len(there) == 1 else 'them'}?"
        # A name such as <b>.gif would be read as HTML.
        yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
        return QMessageBox.question(self, "Replace?", f"<qt>{escape(question)}</qt>", yes | no, no) == yes

    def _progress(self, part: float, what: str) -> None:
        self._bar.setRange(0, 0 if part < 0 else 1000)
        self._bar.setValue(round(1000 * max(part, 0)))
        self._tell(what)

    def _finish(self, written: tuple[Path, ...]) -> None:
        remark = self._task.remark if self._task is not None else ""
        self._end_task()
        self._written = written
        self._tell(" ".join(part for part in (f"Written: {', '.join(map(str, written))}", remark) if part))
        self._show.show()
        self.exported.emit(written)

    def _fail(self, sentence: str) -> None:
        self._end_task()
        self._tell(f"Not exported: {sentence}", bad=True)

    def _end_task(self, cancel: bool = False) -> None:
        task, self._task = self._task, None
        if task is not None:
            if cancel:
                task.cancel()
            task.deleteLater()
            self._set_busy(False)

    def _cancel(self) -> None:
        if self._task is None:
            self.close()
        else:
            self._end_task(cancel=True)
            self._tell("Cancelled; nothing was written.")

    def _set_busy(self, busy: bool) -> None:
        for part in (self._list, self._stack, self._destination):
            part.setEnabled(not busy)
        self._export.setEnabled(not busy and not self._hint.text())
        self._stop.setText("Cancel" if busy else "Close")
        self._bar.setVisible(busy)
        self._show.hide()

    def _tell(self, sentence: str, bad: bool = False) -> None:
        self._doing.setStyleSheet(f"color: {self._theme.bad};" if bad else "")
        self._doing.setText(sentence)

    def _choose(self) -> None:
        kind = self.kind
        self._about.setText(kind.about)
        self._hint.setText(self._missing(kind))
        self._hint.setVisible(bool(self._hint.text()))
        self._stack.setCurrentWidget(self._forms[kind.form])
        self._destination.set_kind(kind)
        self._set_busy(False)
        self._tell("")
        if kind.form == "film" and self._keyframes and not self._asked:
            self._asked = True
            self.look_asked.emit(str(self._run), self._keyframes[-1], frozenset(), {})

    def _missing(self, kind: Kind) -> str:
        if self._trouble:
            return self._trouble
        if kind.form == "step" and not self._keyframes:
            return "This run holds no weights yet: train it for a second or more."
        return kind.missing()

    def _fill(self) -> None:
        for kind in KINDS:
            self._list.addItem(kind.title)
        self._list.setSpacing(2)
        self._list.setAccessibleName("What to export")
        self._step.addItem("the newest", None)
        for step in reversed([step for step in self._keyframes if step]):
            self._step.addItem(f"step {grouped_digits(step)}", step)
        self._step.setAccessibleName("Weights of")
        self._step.setToolTip("Which keyframe the weights are taken from")

    def _arrange(self) -> None:
        form = QFormLayout(self._forms["step"])
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow("&Weights of:", self._step)
        for part in self._forms.values():
            self._stack.addWidget(part)
        for label in (self._about, self._hint, self._doing):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        right = QVBoxLayout()
        right.setSpacing(12)
        for part in (self._about, self._hint, self._stack):
            right.addWidget(part)
        right.addStretch(1)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        self._list.setFixedWidth(self._list.sizeHintForColumn(0) + 32)
        middle.addWidget(self._list)
        middle.addLayout(right, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self._show)
        buttons.addStretch(1)
        buttons.addWidget(self._export)
        buttons.addWidget(self._stop)
        whole = QVBoxLayout(self)
        whole.setSpacing(12)
        whole.addLayout(middle, 1)
        whole.addWidget(self._destination)
        whole.addWidget(self._doing)
        whole.addWidget(self._bar)
        whole.addLayout(buttons)

    def _connect(self) -> None:
        self._list.currentRowChanged.connect(self._choose)
        self._destination.changed.connect(lambda: self._tell(""))
        self._export.clicked.connect(self.start)
        self._stop.clicked.connect(self._cancel)
        self._show.clicked.connect(self._show_folder)
        application = QCoreApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.close)

    def _show_folder(self) -> None:
        folder = self._written[0].parent if self._written else None
        if folder is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._tell(f"No program here shows folders; this one is {folder}.", bad=True)


def _look_at(run: Path) -> tuple[str, tuple[int, ...], str]:
    """Title and keyframes of the run, or why it cannot be read."""
    try:
        return read_summary(run).title, keyframe_steps(run), ""
    except RunFileError as error:
        return run.stem, (), str(error)


def _objection(path: Path | None, run: Path, kind: Kind) -> str:
    """Why `kind` cannot be written to `path`; "" where it may."""
    if path is None:
        return "Say where to save it."
    if path.exists() and path.samefile(run):
        return f"{path.name} is the run itself; choose another name."
    if path.is_dir() and (kind.suffix or any(path.iterdir())):
        return f"{path} is a folder that is there already; choose another name."
    return ""


def _documents() -> Path:
    found = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(found) if found and Path(found).is_dir() else Path.home()
