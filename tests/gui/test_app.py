"""What happens at the start: settings, a killed window, the last run."""

import gc
import json
import threading
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from guiapp import messages as m
from guiapp import presets
from guiapp.gui import app as apps
from tests.gui.wire import Wire, started, update


class Start:
    """Opens the window as `run` does, but for the event loop and the trainer process."""

    def __init__(self, qtbot, folder, monkeypatch):
        self._qtbot, self.folder = qtbot, folder
        monkeypatch.setattr(apps, "TrainingThread", self._thread)
        self.app = None

    def _thread(self, runs, budget):
        self.runs, self.budget, self.wire = runs, budget, Wire()
        return self.wire

    def __call__(self, spec=None, **settings):
        if settings:
            (self.folder / "settings.json").write_text(json.dumps(settings))
        self.app = apps.build(spec, spec, self.folder)
        self._qtbot.addWidget(self.app.window)
        apps.begin(self.app, spec)
        return self.app

    def sent(self):
        return [command for command in self.wire.sent if isinstance(command, m.Start | m.Open)]


@pytest.fixture
def start(qtbot, tmp_path, monkeypatch):
    start = Start(qtbot, tmp_path, monkeypatch)
    yield start
    if start.app:
        start.app.window.close()


@pytest.fixture
def run_file(tmp_path) -> Path:
    path = tmp_path / "runs" / "kept.elbo"
    path.parent.mkdir()
    path.touch()
    return path


def test_the_preset_of_the_settings_is_the_one_that_runs(start):
    app = start(preset="gan-ring")
    assert app.session.spec == app.window.baseline == presets.load("gan-ring").spec
    assert start.sent() == []


def test_a_preset_that_is_gone_gives_way_to_the_default(start):
    assert start(preset="no such preset").session.spec == presets.load(presets.DEFAULT).spec


def test_damaged_settings_are_set_aside_and_named(start, tmp_path):
    (tmp_path / "settings.json").write_text("{")
    app = start()
    assert "settings.json.broken" in app.window.message_bar.message()
    assert (tmp_path / "settings.json.broken").exists()


def test_runs_go_where_the_settings_say(start, tmp_path):
    start()
    assert (start.runs, start.budget) == (tmp_path / "runs", 256 << 20)
    start.app.window.close()
    start(runs=str(tmp_path / "elsewhere"), keyframes_mb=20)
    assert (start.runs, start.budget) == (tmp_path / "elsewhere", 20 << 20)


def test_the_last_run_is_opened_if_wished(start, run_file):
    start(reopen=True, last_run=str(run_file))
    assert start.sent() == [m.Open(1, str(run_file))]


@pytest.mark.parametrize("settings", [{"reopen": False}, {"reopen": True, "last_run": ""}])
def test_else_nothing_is_opened(start, run_file, settings):
    start(**{"last_run": str(run_file)} | settings)
    assert start.sent() == []


def test_a_last_run_that_is_gone_is_not_opened(start, tmp_path):
    start(reopen=True, last_run=str(tmp_path / "gone.elbo"))
    assert start.sent() == []


def test_what_was_asked_for_comes_before_the_last_run(start, run_file):
    start(presets.load("gan-ring").spec, reopen=True, last_run=str(run_file))
    assert start.sent() == []


def test_the_last_run_is_remembered(start, tmp_path, run_file):
    app = start()
    app.session.start(app.session.spec)
    event = started(1)
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__} | {"run_file": str(run_file)}
    start.wire.say(m.Started(**fields))
    start.wire.say(update(1, 1, 10))
    (mark,) = (tmp_path / "runs").glob("*.window")
    assert json.loads(mark.read_text()) == {"run": str(run_file)}
    app.window.close()
    assert json.loads((tmp_path / "settings.json").read_text())["last_run"] == str(run_file)
    assert not mark.exists()


def test_a_killed_window_is_offered_for_recovery(start, run_file):
    (run_file.parent / "x.window").write_text(json.dumps({"run": str(run_file)}))
    bar = start(reopen=True, last_run=str(run_file)).window.message_bar
    assert "did not end well" in bar.message()
    assert "kept" in bar.message()
    assert start.sent() == []
    next(b for b in bar.findChildren(QAbstractButton) if b.text() == "Recover it").click()
    assert start.sent() == [m.Open(1, str(run_file))]


def test_garbage_is_collected_from_the_event_loop_alone(start, request):
    """Widgets that another thread collected, as it may while it allocates, were a crash of the whole program."""
    request.addfinalizer(gc.disable)  # as in all tests
    gc.enable()
    app = start()
    assert not gc.isenabled()
    widget = QWidget()
    widget.itself = widget
    gone, kept = weakref.ref(widget), []
    del widget
    thread = threading.Thread(target=lambda: kept.extend([] for _ in range(10 * gc.get_threshold()[0])))
    thread.start()
    thread.join()
    assert gone() is not None
    app.collector.timer.timeout.emit()
    assert gone() is None


def test_a_closed_window_leaves_nothing_in_memory(start):
    app = start()
    gone = [weakref.ref(part) for part in (app.window, app.session, app.window.workspace, app.window.desk)]
    app.window.close()
    app.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del app
    start.app = None
    gc.collect()
    assert [part() for part in gone] == [None] * 4
