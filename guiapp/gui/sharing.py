"""Links: copying what is on the screen as a text, and setting up what such a text holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from guiapp import presets, sharing
from guiapp.data import DATASETS
from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.errors import Kind
from guiapp.gui.panels.link_dialog import LinkDialog
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.workspace import home_of
from guiapp.messages import Started
from guiapp.sharing import SUFFIX, Shared, SharedLab, SharedPreset, SharedRun, SharingError
from guiapp.spec import RunSpec

if TYPE_CHECKING:
    from guiapp.gui.main_window import MainWindow

LINK_FILES = f"Links to labs and runs (*{SUFFIX});;All files (*)"


class Sharing(QObject):
    """What a person does with links in `window`. Why something cannot be, its message bar says, or the dialog at its
    line."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._session = window, window.session
        self._docks = window.workspace.docks
        self.dialog: LinkDialog | None = None
        self._asked: RunSpec | None = None  # of the run that a link has begun
        self._view = ""  # to raise when that run exists
        self._kept = ""  # what to say then of the run before
        self._session.started.connect(self._on_started)

    # Giving

    def current(self) -> Shared:
        """What has the focus: a lab, or the run with the view. Where it is elsewhere, the lab if only labs are seen."""
        dock = self._focused()
        if dock is None:
            seen = [each for each in self._docks.values() if each.is_showing()]
            if not any(isinstance(each, ViewDock) for each in seen):
                dock = next(iter(seen), None)
        if isinstance(dock, LabDock):
            return SharedLab(dock.objectName(), msgspec.to_builtins(dock.lab.params()))
        session, panel = self._session, self._window.parameter_panel
        spec = session.spec if session.has_run else panel.pending()
        return sharing.of_run(spec, dock.objectName() if dock is not None else "")

    def copy(self) -> None:
        """Put `current()` on the clipboard as a link."""
        shared = self.current()
        try:
            text = sharing.text(shared)
        except SharingError as error:
            self._say("warning", str(error))
            return
        QGuiApplication.clipboard().setText(text)
        what = f"{self.title(shared)} was copied as a link of {thousands(len(text))} characters"
        self._say("info", f"{what}; File ▸ Link ▸ Paste opens one. {_left_behind(shared)}".rstrip())

    def save(self) -> None:
        """Let the person choose a file for the link to `current()`."""
        shared = self.current()  # before the dialog takes the focus
        dialog = QFileDialog(self._window, "Save as a link", "", LINK_FILES)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(SUFFIX[1:])
        dialog.selectFile(f"{_name(shared)}{SUFFIX}")
        if dialog.exec():
            self.write(shared, Path(dialog.selectedFiles()[0]))

    def write(self, shared: Shared, path: Path) -> None:
        """Save the link to `shared` at `path`."""
        try:
            sharing.write_file(shared, path)
        except SharingError as error:
            self._say("error", str(error))
            return
        self._say("info", f"{self.title(shared)} was saved as a link to {path}. {_left_behind(shared)}".rstrip())

    # Taking

    def paste(self) -> None:
        """Open the link on the clipboard."""
        text = QGuiApplication.clipboard().text()
        if not sharing.is_link(text):
            self._say("info", f"The clipboard holds no Elboscope link; one begins with “{sharing.SCHEME}”.")
            return
        self.take(text)

    def take(self, text: str) -> None:
        """Set up what the link `text` holds, or say why that cannot be."""
        try:
            self.open_text(text)
        except SharingError as error:
            self._say("warning", str(error))

    def ask(self) -> None:
        """Open the dialog that takes a link; one on the clipboard stands in it."""
        if self.dialog is None:
            self.dialog = LinkDialog(self.describe, self.open_text, self._window)
            self.dialog.file_asked.connect(self.ask_for_file)
            self.dialog.finished.connect(self._dialog_closed)
        text = QGuiApplication.clipboard().text()
        if sharing.is_link(text):
            self.dialog.line.setText(text)
            self.dialog.line.selectAll()
        self.dialog.show()
        self.dialog.activateWindow()
        self.dialog.line.setFocus()

    def ask_for_file(self) -> None:
        """Let the person choose a file with a link."""
        path, _ = QFileDialog.getOpenFileName(self._window, "Open a link", "", LINK_FILES)
        if path:
            self.open_file(path)

    def open_file(self, path: str) -> None:
        """Set up what the link in the file at `path` holds."""
        try:
            self.open_text(sharing.read_file(Path(path)))
        except SharingError as error:
            self._say("warning", f"{Path(path).name}: {error}")

    def open_text(self, text: str) -> None:
        """Set up what the link `text` holds.

        Raises:
            SharingError: nothing was changed; the sentence says why, and which Elboscope can.
        """
        shared = sharing.read(text)
        try:
            self._set_up(shared)
        except SharingError as error:
            raise SharingError(f"{error}{sharing.newer(text)}") from error

    def describe(self, text: str) -> str:
        """A sentence on what the link `text` holds.

        Raises:
            SharingError: it is no link, or one that this Elboscope cannot read.
        """
        shared = sharing.read(text)
        try:
            self._known(shared)
        except SharingError as error:
            raise SharingError(f"{error}{sharing.newer(text)}") from error
        if isinstance(shared, SharedLab):
            return f"{self.title(shared)}, with its parameters."
        return f"{self.title(shared)}. It stands at step 0 until you train it. {self._kept_run()}".rstrip()

    def show(self, shared: Shared) -> bool:
        """Set up the lab, or start the preset or run, paused, and raise its view; whether that could be, else the
        message bar says why. What a lab's `params` do not name has its default."""
        try:
            self._set_up(shared)
        except SharingError as error:
            self._say("warning", str(error))
            return False
        return True

    def title(self, shared: Shared) -> str:
        """What to call it at the beginning of a sentence."""
        match shared:
            case SharedLab():
                return f"The lab “{self._docks[shared.lab].windowTitle()}”"
            case SharedPreset():
                return f"The preset “{presets.load(shared.preset).title}”"
            case SharedRun():
                return f"A run of a {type(shared.spec.model).__name__.upper()} on {_data(shared.spec)}"

    # How

    def _set_up(self, shared: Shared) -> None:
        self._known(shared)
        match shared:
            case SharedLab():
                self._set_lab(shared)
            case SharedPreset():
                self._window.baseline = presets.load(shared.preset).spec
                self._start(self._window.baseline, shared.view)
            case SharedRun() if shared.spec.data.name == "file":
                self._ask_for_data(shared)
            case SharedRun():
                self._start(shared.spec, shared.view)

    def _known(self, shared: Shared) -> None:
        """Raises SharingError where it names what there is not."""
        if isinstance(shared, SharedLab):
            if not isinstance(self._docks.get(shared.lab), LabDock):
                raise SharingError(f"This Elboscope has no lab “{shared.lab}”.")
            return
        if shared.view and not isinstance(self._docks.get(shared.view), ViewDock):
            raise SharingError(f"This Elboscope has no view “{shared.view}”.")
        if isinstance(shared, SharedPreset) and shared.preset not in presets.NAMES:
            raise SharingError(f"This Elboscope has no preset “{shared.preset}”.")

    def _set_lab(self, shared: SharedLab) -> None:
        dock = self._docks[shared.lab]
        assert isinstance(dock, LabDock)
        try:
            dock.lab.set_params(msgspec.convert(shared.params, type(dock.lab.params())))
        except (ValueError, RecursionError) as error:
            why = str(error).replace("`", "").rstrip(".")
            raise SharingError(f"The lab “{dock.windowTitle()}” does not take these parameters: {why}.") from error
        self._window.workspace.reveal(shared.lab)

    def _start(self, spec: RunSpec, view: str) -> None:
        """As choosing a preset does, but to stand at step 0."""
        self._asked, self._view, self._kept = spec, view, self._kept_run()
        self._session.start(spec, running=False)

    def _on_started(self, run: Started) -> None:
        asked, self._asked = self._asked, None
        if asked is None or self._session.asked is not asked:
            return  # a later one took its place
        if self._view:
            self._window.workspace.reveal(self._view)
        else:
            self._window.workspace.arrange(home_of(run))
        if self._window.message_bar.isHidden():  # else it tells of the data
            self._say("info", f"The run stands at step 0; ▶ trains it. {self._kept}".rstrip())

    def _ask_for_data(self, shared: SharedRun) -> None:
        name = shared.spec.data.path
        sentence = f"This run learns from a file of the sharer's, “{name}”, which a link does not hold. Choose your own"
        actions = (
            ("Choose the file…", lambda: self._with_data(shared, folder=False)),
            ("Choose a folder of images…", lambda: self._with_data(shared, folder=True)),
        )
        self._window.message_bar.set_message("info", f"{sentence} copy of it, or data of the same shape.", actions)

    def _with_data(self, shared: SharedRun, folder: bool) -> None:
        if folder:
            path = QFileDialog.getExistingDirectory(self._window, "The images of the shared run")
        else:
            path, _ = QFileDialog.getOpenFileName(self._window, f"The data of the shared run: {shared.spec.data.path}")
        if path:
            data = msgspec.structs.replace(shared.spec.data, path=path)
            self._start(msgspec.structs.replace(shared.spec, data=data), shared.view)

    def _kept_run(self) -> str:
        """What becomes of the run of now, in a sentence; "" where there is none."""
        live = self._session.live
        return "The run before is kept: Ctrl+Shift+Z goes back to it." if live is not None and live.step else ""

    def _focused(self) -> LabDock | ViewDock | None:
        """The dock that has the focus, or had it last in the window when another one has it now."""
        for widget in (QApplication.focusWidget(), self._window.focusWidget()):
            if widget is not None:
                found = next((dock for dock in self._docks.values() if _holds(dock, widget)), None)
                if found is not None:
                    return found
        return None

    def _say(self, kind: Kind, sentence: str) -> None:
        self._window.message_bar.set_message(kind, sentence)

    def _dialog_closed(self) -> None:
        """It deletes itself."""
        self.dialog = None

    def close(self) -> None:
        """Close what is open."""
        if self.dialog is not None:
            self.dialog.close()


def _holds(dock: QWidget, widget: QWidget) -> bool:
    return dock is widget or dock.isAncestorOf(widget)


def _left_behind(shared: Shared) -> str:
    """What a link does not hold, in a sentence; "" for none."""
    if isinstance(shared, SharedRun) and shared.spec.data.name == "file":
        name = shared.spec.data.path
        return f"Your data are not in it: who opens it is asked for their copy of “{name}”."
    return ""


def _name(shared: Shared) -> str:
    """Of a file that holds it."""
    match shared:
        case SharedLab():
            return shared.lab
        case SharedPreset():
            return shared.preset
        case SharedRun():
            return f"{type(shared.spec.model).__name__.lower()}-{shared.spec.data.name}"


def _data(spec: RunSpec) -> str:
    """What it learns from, as a person calls it."""
    title = next((dataset.title for dataset in DATASETS if dataset.name == spec.data.name), spec.data.name)
    return f"“{spec.data.path if spec.data.name == 'file' else title}”"
