"""An export that a process of its own makes: `elboscope export`."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

import guiapp
from guiapp.gui.showcase.task import Task

PROGRESS = re.compile(r"progress (\d*\.?\d+)\s*(.*)")
LAST_WORDS_MS = 3000  # for a process that was killed


def own_program() -> tuple[str, ...]:
    """The words that begin a command line of this very program."""
    return (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "guiapp")


class Command(Task):
    """Runs `elboscope export RUN FLAG PATH`, with `more` after it. It writes into a folder of its own beside `path`,
    and what it has written goes to its place when all is there; so what is there stays until then, and nothing half
    done is left. A folder at `path` keeps what else it holds."""

    def __init__(
        self,
        run: Path,
        flag: str,
        path: Path,
        more: Sequence[str] = (),
        program: Sequence[str] = (),
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._run, self._flag, self._path = run.absolute(), flag, path.absolute()
        self._more, self._words = tuple(more), (*(program or own_program()), "export")
        self._room: Path | None = None
        self._complaint = ""
        self._rest = ""
        self._process = QProcess(self)
        self._process.setProcessEnvironment(_environment())
        self._process.setWorkingDirectory(str(Path(guiapp.__file__).resolve().parents[1]))
        self._process.readyReadStandardError.connect(self._listen)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(self._not_started)

    def start(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._room = Path(tempfile.mkdtemp(prefix=".elboscope-", dir=self._path.parent))
        except OSError as error:
            self._fail(f"{self._path.parent} cannot be written to: {error.strerror}. Choose another folder.")
            return
        self.progressed.emit(-1, "Reading the run")
        words = [*self._words, str(self._run), self._flag, str(self._room / self._path.name), *self._more]
        self._process.start(words[0], words[1:])

    def cancel(self) -> None:
        self._process.blockSignals(True)
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(LAST_WORDS_MS)
        self._clear()

    def _listen(self) -> None:
        text = self._rest + bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        *lines, self._rest = text.split("\n")
        for line in map(str.strip, lines):
            if found := PROGRESS.fullmatch(line):
                part = float(found[1])  # 0: it reads, or loads torch
                self.progressed.emit(min(1.0, part) if part else -1.0, f"Writing {found[2]}")
            elif line:
                self._complaint = line.removeprefix("elboscope: ")

    def _ended(self, code: int, status: QProcess.ExitStatus) -> None:
        self._rest += "\n"
        self._listen()
        if status == QProcess.ExitStatus.CrashExit:
            self._fail("The export ended before it was done, perhaps for want of memory; close other programs.")
        elif code:
            sentence = self._complaint or f"The export failed with exit code {code}."
            self._fail(sentence.replace(f"{self._room}", f"{self._path.parent}"))
        else:
            self._move()

    def _not_started(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._fail(f"The export could not be started: {self._process.errorString()}.")

    def _move(self) -> None:
        assert self._room is not None
        made = sorted(self._path.parent / path.name for path in self._room.iterdir())
        try:
            for file in [path for path in self._room.rglob("*") if path.is_file()]:
                place = self._path.parent / file.relative_to(self._room)
                place.parent.mkdir(parents=True, exist_ok=True)
                file.replace(place)
        except OSError as error:
            self._fail(f"{error.filename2 or self._path} cannot be replaced: {error.strerror}. Choose another name.")
            return
        if not made:
            self._fail(f"The export wrote nothing to {self._path}.")
            return
        self._clear()
        self.remark = self._complaint
        self.finished.emit(tuple(made))

    def _fail(self, sentence: str) -> None:
        self._clear()
        self.failed.emit(sentence)

    def _clear(self) -> None:
        if self._room is not None:
            shutil.rmtree(self._room, ignore_errors=True)
            self._room = None


def _environment() -> QProcessEnvironment:
    """That of this process, without what is meant for its window alone."""
    environment = QProcessEnvironment.systemEnvironment()
    for name in environment.keys():  # noqa: SIM118
        if name.startswith(("QT_", "QML")):
            environment.remove(name)
    environment.insert("PYTHONUNBUFFERED", "1")
    environment.insert("PYTHONUTF8", "1")
    environment.insert("PYINSTALLER_RESET_ENVIRONMENT", "1")  # it is a program of its own, not a part of this one
    return environment
