"""Every test runs offscreen, in folders of its own, and fails on what it leaves behind: log records of level WARNING or
above, messages of Qt, windows, threads and processes. What a test means to provoke it names in the smallest scope:
`@pytest.mark.expected_log("pattern")`, `@pytest.mark.expected_qt_message("pattern")`.
"""

from __future__ import annotations

import atexit
import gc
import logging
import multiprocessing
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

PATIENCE_S = 1.0  # for threads and processes that were told to stop and are about to
HARMLESS_MESSAGE_OF_QT = "This plugin does not support propagateSizeHints"  # the offscreen platform
OWN_PROCESSES_OF_PYTHON = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")  # live as long as we do
OWN_THREADS_OF_QT = {"QDBusConnection", "QXcbEventQueue", "Thread (pooled)", "gmain", "gdbus", "pool-spawner"}


# Half as many examples as usual, of two hundred properties; else as hypothesis has it, on a CI always the same ones.
settings.register_profile("brisk", settings.get_profile(settings.get_current_profile_name()), max_examples=50)
settings.load_profile("brisk")

# As in the program (gui.app.build): a collection that comes inside a lock of Qt hangs, one in another thread crashes.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()  # the tests themselves, half a million objects, stay: each look through them would take 0.12 s


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collects garbage between two tests, by Python's own rule for which generations are due."""
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [generation for generation, (count, threshold) in enumerate(counts) if count > threshold]
    if due:
        gc.collect(due[-1])


def private_folders(root: Path) -> dict[str, str]:
    """Environment variables that move settings, caches, data and the home itself below `root`."""
    names = {f"XDG_{kind}_HOME": kind.lower() for kind in ("CONFIG", "CACHE", "DATA", "STATE")}
    names |= {"XDG_RUNTIME_DIR": "runtime", "HOME": "home"}
    for folder in names.values():
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    return {name: str(root / folder) for name, folder in names.items()}


SESSION_FOLDER = Path(tempfile.mkdtemp(prefix="elboscope-tests-"))  # for fixtures of a wider scope than one test
atexit.register(shutil.rmtree, SESSION_FOLDER, ignore_errors=True)
os.environ.update(private_folders(SESSION_FOLDER))


@pytest.fixture(scope="session")
def _clean_folders(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """The same private folders again for as long as no test has written into them, else new ones: making and removing
    seven for each of thousands of tests took half a minute."""
    made: list[Path] = []

    def clean() -> Path:
        if not made or any(any(folder.iterdir()) for folder in made[-1].iterdir()):
            made.append(tmp_path_factory.mktemp("private"))
            private_folders(made[-1])
        return made[-1]

    return clean


@pytest.fixture(autouse=True)
def _private_folders(_clean_folders: Callable[[], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _clean_folders()
    for name, value in private_folders(folder).items():
        monkeypatch.setenv(name, value)
    if "PySide6.QtCore" in sys.modules:  # QSettings reads its variable but once
        from PySide6.QtCore import QSettings

        for file_format in (QSettings.Format.NativeFormat, QSettings.Format.IniFormat):
            QSettings.setPath(file_format, QSettings.Scope.UserScope, str(folder / "config"))


# ------------------------------------------------------------------------------------------------- log and messages


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.levelname} {record.name}: {record.getMessage()}")


def _judge(what: str, lines: list[str], request: pytest.FixtureRequest, marker: str) -> None:
    """Exactly what the test's markers announce may come, and must."""
    expected = [pattern for mark in request.node.iter_markers(marker) for pattern in mark.args]
    missed = [pattern for pattern in expected if not any(re.search(pattern, line) for line in lines)]
    surprises = [line for line in lines if not any(re.search(pattern, line) for pattern in expected)]
    if missed:
        pytest.fail(f"expected {what} that did not come:\n" + "\n".join(missed), pytrace=False)
    if surprises:
        pytest.fail(f"unexpected {what}:\n" + "\n".join(surprises), pytrace=False)


@pytest.fixture(autouse=True)
def _no_log_records(request: pytest.FixtureRequest) -> Iterator[None]:
    collector = _Collector()
    logging.getLogger().addHandler(collector)
    yield
    logging.getLogger().removeHandler(collector)
    _judge("log records", collector.lines, request, "expected_log")


@pytest.fixture(autouse=True)
def _no_qt_messages(request: pytest.FixtureRequest) -> Iterator[None]:
    """In place of pytest-qt's own (--no-qt-log), which is deaf once the test's body is done."""
    if "PySide6.QtCore" not in sys.modules:
        yield
        return
    from PySide6.QtCore import qInstallMessageHandler

    lines: list[str] = []
    previous = qInstallMessageHandler(lambda _kind, _context, text: lines.append(text))
    yield
    qInstallMessageHandler(previous)
    lines = [line for line in lines if not line.startswith(HARMLESS_MESSAGE_OF_QT)]
    _judge("messages of Qt", lines, request, "expected_qt_message")


# ---------------------------------------------------------------------------------------------------------- leftovers


def _windows() -> dict[int, str]:
    """Top-level widgets that are still alive once every deferred deletion is done, by the address of the C++ object."""
    if "PySide6.QtWidgets" not in sys.modules:
        return {}
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent
    from PySide6.QtWidgets import QApplication

    if not isinstance(QCoreApplication.instance(), QApplication):
        return {}
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    orphans = [widget for widget in QApplication.topLevelWidgets() if widget.parent() is None]
    return {
        shiboken6.getCppPointer(widget)[0]: f"{type(widget).__name__} {widget.objectName() or widget.windowTitle()!r}"
        for widget in orphans
    }


def _python_threads() -> dict[int, str]:
    """Dummy threads are only Python's notes about a QThread that once ran Python code; they never go away."""
    threads = [thread for thread in threading.enumerate() if not isinstance(thread, threading._DummyThread)]
    return {id(thread): f"{type(thread).__name__} {thread.name}" for thread in threads}


def _named_threads() -> dict[int, str]:
    """QThreads, told by their name in /proc: Qt sets it, while the pools of numpy and torch keep the process's name."""
    found = {int(task): _said_of_task(task, "comm").strip() for task in _tasks()}
    own = found.get(os.getpid())
    return {task: name for task, name in found.items() if name not in ("", own) and name not in OWN_THREADS_OF_QT}


def _tasks() -> list[str]:
    """All threads of this process. Not by pathlib: this is done six times a test, of thousands."""
    try:
        return os.listdir("/proc/self/task")
    except OSError:  # not Linux
        return []


def _said_of_task(task: str, what: str) -> str:
    try:
        with open(f"/proc/self/task/{task}/{what}", encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:  # ended meanwhile
        return ""


def _children() -> dict[int, str]:
    """Child processes."""
    found = {child.pid or 0: child.name for child in multiprocessing.active_children()}  # this also buries the dead
    for task in _tasks():
        for pid in map(int, _said_of_task(task, "children").split()):
            try:
                command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if not any(own in command for own in OWN_PROCESSES_OF_PYTHON):
                found.setdefault(pid, command or "(ended, not waited for)")
    return found


CENSUS: dict[str, Callable[[], dict[int, str]]] = {
    "windows": _windows,
    "threads": _python_threads,
    "Qt threads": _named_threads,
    "processes": _children,
}


@pytest.fixture(autouse=True)
def _nothing_left(_no_log_records: None, _no_qt_messages: None) -> Iterator[None]:
    before = {kind: count() for kind, count in CENSUS.items()}
    tasks = set(_tasks())
    yield
    if set(_tasks()) - tasks:
        threading.Event().wait(0.02)  # a QThread gives itself its name a moment after its start
    gc_done = False
    problems = []
    for kind, count in CENSUS.items():
        deadline = time.monotonic() + PATIENCE_S
        while new := {key: name for key, name in count().items() if key not in before[kind]}:
            if not gc_done:
                gc.collect()  # plots and their menus hold each other: such a ring is no leak
                gc_done = True
            elif kind == "windows" or time.monotonic() > deadline:
                problems += [f"{kind}: {name}" for name in new.values()]
                break
            else:
                threading.Event().wait(0.01)
    if problems:
        pytest.fail("left behind:\n" + "\n".join(problems), pytrace=False)
