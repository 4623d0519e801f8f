"""Deleting runs, bringing them back, and importing run files, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from guiapp.gui.errors import MessageBar
from guiapp.gui.library.jobs import JobLine
from guiapp.gui.panels.readouts import thousands
from guiapp.run_file import RunFileError
from guiapp.runs.files import CancelledError, LibraryError, Progress
from guiapp.runs.library import Library, Removal

MOST_TOLD = 3  # refusals in one message


class Housekeeping(QObject):
    """Changes the folder of `library` in the jobs of `jobs` and tells in `bar` what came of it."""

    removed = Signal(object)  # list of paths
    returned = Signal(object)  # list of paths that are there now

    def __init__(self, library: Library, jobs: JobLine, bar: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._library, self._jobs, self._bar = library, jobs, bar
        self._removals: list[Removal] = []

    def delete(self, paths: Sequence[Path]) -> None:
        """Move run files out of sight, with an offer to undo it."""
        if paths:
            self._jobs.do(
                "Deleting…", lambda p: self._library.remove(paths, progress=p), self._on_removed, self.complain
            )

    def undo(self) -> None:
        """Bring back what was deleted last."""
        if not self._removals:
            return
        removal = self._removals.pop()
        self._bar.hide()

        def then(troubles: tuple[str, ...]) -> None:
            if troubles:
                self.complain(_told(troubles))
            self.returned.emit([str(path) for path, _ in removal.moved])

        self._jobs.do("Bringing back…", removal.undo, then, self.complain)

    def bring_in(self, paths: Sequence[str]) -> None:
        """Copy run files into the library."""
        if paths:
            self._jobs.do("Copying…", lambda p: self._copied(paths, p), self._on_copied, self.complain)

    def complain(self, sentence: str) -> None:
        """Tell what went wrong."""
        self._bar.set_message("error", sentence)

    def _on_removed(self, removal: Removal) -> None:
        self.removed.emit([str(path) for path, _ in removal.moved])
        refused = _told(removal.refused)
        if removal.moved:
            self._removals.append(removal)
            sentence = f"{_runs(len(removal.moved))} deleted. {refused}".strip()
            self._bar.set_message("warning" if refused else "info", sentence, (("Undo", self.undo),))
        elif refused:
            self.complain(refused)

    def _copied(self, paths: Sequence[str], progress: Progress) -> tuple[list[str], list[str]]:
        added, refused = [], []
        for path in paths:
            try:
                added.append(str(self._library.add(Path(path), progress)))
            except CancelledError:
                break
            except (LibraryError, RunFileError) as error:
                refused.append(str(error))
        return added, refused

    def _on_copied(self, result: tuple[list[str], list[str]]) -> None:
        added, refused = result
        said = [f"{_runs(len(added))} imported."] if added else []
        if added or refused:
            self._bar.set_message("warning" if refused else "info", " ".join([*said, _told(refused)]).strip())
        self.returned.emit(added)


def _told(refused: Sequence[str]) -> str:
    """The first of these sentences, and how many more there are."""
    more = len(refused) - MOST_TOLD
    return " ".join([*refused[:MOST_TOLD], *([f"And {thousands(more)} more."] if more > 0 else [])])


def _runs(count: int) -> str:
    return f"{thousands(count)} run{'s' if count != 1 else ''}"
