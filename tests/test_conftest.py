"""Each guard of conftest.py must fail a test that deserves it, and let an honest one pass."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent

CULPRITS = """
import logging, multiprocessing, os, subprocess, sys, threading, warnings
from pathlib import Path
import pytest
from PySide6.QtCore import QSettings, QThread, QTimer, qWarning
from PySide6.QtWidgets import QLabel
import pyqtgraph

KEPT = []
KEPT_TIMER = QTimer(singleShot=True)

def test_log(): logging.getLogger("x").warning("careful")
@pytest.mark.expected_log("never said")
def test_log_expected_in_vain(): pass
@pytest.mark.expected_log("careful")
def test_log_another(): logging.getLogger("x").error("careful"); logging.getLogger("x").error("surprise")
def test_warning(): warnings.warn("old", DeprecationWarning)
def test_qt_message(qapp): qWarning("Qt complains")
@pytest.fixture
def complaint(): yield; qWarning("Qt complains late")
def test_qt_message_late(qapp, complaint): pass
def test_window(qapp): KEPT.append(QLabel("forgotten")); KEPT[-1].show(); KEPT[-1].setObjectName("forgotten-window")
def test_slot_raises(qtbot):
    QTimer.singleShot(0, lambda: 1 / 0)
    with qtbot.waitSignal(KEPT_TIMER.timeout, timeout=1000): KEPT_TIMER.start(20)
def test_thread(): threading.Thread(target=threading.Event().wait, daemon=True, name="forgotten-thread").start()
class ForgottenThread(QThread):
    def run(self): self.exec()
def test_qt_thread(qapp): KEPT.append(ForgottenThread()); KEPT[-1].start()
def test_process(): KEPT.append(subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE))

@pytest.mark.expected_log("careful")
def test_honest_log(): logging.getLogger("x").warning("careful")
@pytest.mark.expected_qt_message("Qt complains")
def test_honest_qt_message(qapp): qWarning("Qt complains")
def test_honest_plot(qtbot):
    plot = pyqtgraph.PlotWidget(); qtbot.addWidget(plot); plot.plot([1, 2, 3]); plot.show(); plot.repaint()
def test_honest_thread():
    thread = threading.Thread(target=lambda: None); thread.start(); thread.join()
def test_honest_qt_thread(qapp):
    thread = QThread(); thread.start(); thread.quit(); assert thread.wait(1000)
def test_honest_process():
    process = multiprocessing.get_context("spawn").Process(target=print); process.start(); process.join()
def test_private_folders(tmp_path_factory):
    base = str(tmp_path_factory.getbasetemp())
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        assert os.environ[name].startswith(base)
    assert QSettings("elboscope", "elboscope").fileName().startswith(base)
    assert Path.home() == Path(os.environ["HOME"])
    (Path.home() / "left").touch()
def test_folders_of_another(): assert not list(Path.home().iterdir())

def test_let_the_process_end():  # last: the forgotten ones must not outlive the session
    KEPT[-1].communicate(b"\\n")
    KEPT[-2].quit(); KEPT[-2].wait(1000)
    KEPT.clear()
"""

SAID = {
    "test_log": "WARNING x: careful",
    "test_log_expected_in_vain": "expected log records that did not come:",
    "test_log_another": "ERROR x: surprise",
    "test_warning": "DeprecationWarning: old",
    "test_qt_message": "Qt complains",
    "test_qt_message_late": "Qt complains late",
    "test_window": "windows: QLabel 'forgotten-window'",
    "test_slot_raises": "ZeroDivisionError",
    "test_thread": "threads: Thread forgotten-thread",
    "test_qt_thread": "Qt threads: ForgottenThread",
    "test_process": "processes: ",
}


@pytest.fixture
def outcome(pytester: pytest.Pytester) -> tuple[set[str], str]:
    """Names of the tests that did not pass, and everything printed."""
    pytester.makeconftest((HERE / "conftest.py").read_text().replace("PATIENCE_S = 1.0", "PATIENCE_S = 0.2"))
    (pytester.path / "pyproject.toml").write_text((HERE.parent / "pyproject.toml").read_text())
    (pytester.path / "tests").mkdir()
    (pytester.path / "tests" / "test_culprits.py").write_text(CULPRITS)
    # Not in this process: the forgotten threads and the handlers of Qt would be this test's own.
    printed = pytester.runpytest_subprocess("tests", "-p", "no:cacheprovider").stdout.str()
    summary = [line for line in printed.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return {line.split("::")[1].split(" ")[0] for line in summary if "::" in line}, printed


def test_guards(outcome: tuple[set[str], str]) -> None:
    failed, printed = outcome
    assert failed == set(SAID), printed
    for name, text in SAID.items():
        assert text in printed, name
