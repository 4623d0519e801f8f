"""The windows around the main one: each joined to the session, one of each, closed with it."""

import json
from pathlib import Path
from time import perf_counter

import pytest
from PySide6.QtWidgets import QAbstractButton

from guiapp import messages as m
from guiapp import presets
from guiapp.engine.recorder import Recorder
from guiapp.gui import app as apps
from guiapp.parameters import edited
from guiapp.run_file import read_run
from tests.engine import runs
from tests.gui.wire import Wire, started, update


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def window(qtbot, tmp_path, monkeypatch, wire):
    monkeypatch.setattr(apps, "TrainingThread", lambda _runs, _budget: wire)
    app = apps.build(presets.load("vae-digits").spec, None, tmp_path)
    qtbot.addWidget(app.window)
    app.window.show()
    yield app.window
    app.window.close()


@pytest.fixture
def desk(window):
    return window.desk


@pytest.fixture
def run_file(tmp_path) -> Path:
    """A run of 20 steps with β set to 4 after 10."""
    trainer = runs.trainer(runs.vae(), "digits")
    folder = tmp_path / "runs"
    folder.mkdir(exist_ok=True)
    recorder = Recorder(folder / "kept.elbo", trainer)
    recorder.add(runs.train(trainer, 10))
    old, new = trainer.edit("model.beta", 4.0)
    recorder.add(runs.train(trainer, 10), [(10, "edit", {"path": "model.beta", "old": old, "new": new})])
    recorder.close()
    return folder / "kept.elbo"


def begin(window, wire, run_file="", spec=None):
    spec = spec or window.session.spec
    window.session.start(spec)
    key = wire.last().key
    event = started(key, spec)
    wire.say(m.Started(**({n: getattr(event, n) for n in event.__dataclass_fields__} | {"run_file": str(run_file)})))
    wire.say(update(key, 1, 30))
    return key


@pytest.mark.expected_qt_message("does not support raise")
def test_the_library_opens_forks_and_writes_notes_through_the_session(qtbot, window, desk, wire, run_file):
    desk.show_library()
    library = desk.library
    desk.show_library()
    assert desk.library is library
    library.open_asked.emit(str(run_file))
    assert wire.last() == m.Open(1, str(run_file))
    qtbot.waitUntil(window.isActiveWindow)  # where one sees what came of it
    assert library.windowHandle().transientParent() is None, "else the main window could not come to the front"
    library.fork_asked.emit(str(run_file))
    fork = wire.last()
    assert (fork.path, fork.at) == (str(run_file), 20)
    assert fork.spec == edited(read_run(run_file).spec, "model.beta", 4.0)
    library.annotate_asked.emit(str(run_file), "title", "notes", ("tag",))
    assert wire.last() == m.Annotate(str(run_file), "title", "notes", ("tag",))


@pytest.mark.expected_qt_message("does not support raise")
def test_a_run_that_cannot_be_forked_is_said(desk, window, tmp_path):
    desk.show_library()
    desk.library.fork_asked.emit(str(tmp_path / "gone.elbo"))
    assert "no such file" in window.message_bar.message()


def test_the_library_knows_which_run_is_open_and_what_it_does(qtbot, desk, window, wire, run_file):
    key = begin(window, wire, run_file)
    desk.show_library()
    assert desk._current() == str(run_file)
    table = desk.library.table
    qtbot.waitUntil(lambda: table.rowCount() == 1)

    def state():
        return table.entry(0).state

    assert state() == "training"
    wire.say(m.Paused(key, 1))
    assert state() == "paused"
    window.session.start(window.session.spec)
    assert state() == "paused", "another is on its way, and may be refused"
    wire.say(m.Refused("no", key=wire.last().key))
    window.session.run()
    assert state() == "training"
    wire.say(m.Diverged(key, 2, "x"))
    assert state() == "paused"
    wire.say(m.Died(-9))
    assert state() == "ended", "what its file says"


def test_a_run_that_is_recorded_later_than_it_began_is_known_everywhere(desk, window, wire, run_file):
    key = begin(window, wire)
    desk.show_library()
    assert desk._current() == ""
    wire.say(m.Recorded(key, str(run_file)))
    assert desk._current() == str(run_file)
    assert desk.library.table.current == str(run_file)
    wire.say(update(key, 2, 30))
    assert desk._current() == str(run_file), "and stays known"
    wire.say(m.Recorded(key - 1, "another.elbo"))
    assert desk._current() == str(run_file)
    (mark,) = (run_file.parent).glob("*.window")
    assert str(run_file) in mark.read_text(), "and is recovered when the window is killed"


def test_the_comparison_looks_through_the_session(desk, wire, run_file):
    desk.compare([str(run_file), str(run_file)])
    assert desk.comparison.windowHandle().transientParent() is None, "the main window can come before it"
    desk.comparison.look_asked.emit(str(run_file), 7, frozenset({"latent"}), {})
    assert wire.last() == m.Look(str(run_file), 7, frozenset({"latent"}), {})
    told = []
    desk.comparison.on_seen = told.append
    event = m.Seen(str(run_file), 7, None, None, {}, "gone")
    wire.say(event)
    assert told == [event]


def test_code_is_that_of_the_run_with_its_edits(desk, window, wire):
    spec = presets.load("vae-digits").spec
    key = begin(window, wire, spec=spec)
    wire.say(m.Edited(key, 20, "model.beta", 1.0, 4.0, edited(spec, "model.beta", 4.0)))
    desk.show_code()
    text = desk.code.text.toPlainText()
    assert "BETA = {1: 1.0, 21: 4.0}" in text
    compile(text, "script", "exec")


def test_code_before_a_run_is_of_what_would_run(desk, window):
    window.parameter_panel.edit("model.latent", 7)
    desk.show_code()
    assert "Z = 7" in desk.code.text.toPlainText()


def test_code_that_cannot_be_says_why(desk, window):
    window.parameter_panel.edit("data.name", "ring")  # the likelihood is Bernoulli
    desk.show_code()
    assert desk.code is None
    assert "Bernoulli needs values in [0, 1]" in window.message_bar.message()


@pytest.fixture
def slow_data(tmp_path):
    """A file that takes seconds to read."""
    path = tmp_path / "slow.csv"
    path.write_text("0.5,0.25,0.125\n" * 400_000)
    return path


def said(desk):
    return desk.code._told.text()


def test_code_of_a_persons_data_is_made_while_the_window_works_on(qtbot, desk, window, slow_data):
    window.parameter_panel.edit("data.path", str(slow_data))
    began = perf_counter()
    desk.show_code()
    assert perf_counter() - began < 0.3, "which reading them takes many times over"
    assert desk.code.text.toPlainText() == ""
    assert desk.code.loading_bar.isVisible()
    qtbot.waitUntil(lambda: " of " in desk.code.loading_bar.text, timeout=20_000)
    qtbot.waitUntil(lambda: "DATA = Path(" in desk.code.text.toPlainText(), timeout=30_000)
    assert str(slow_data) in desk.code.text.toPlainText().replace('"\n    "', "")
    assert not desk.code.loading_bar.isVisible()
    compile(desk.code.text.toPlainText(), "script", "exec")


@pytest.mark.parametrize(
    "how",
    [
        "cancel",
        "close",
        "quit",
        pytest.param("again", marks=pytest.mark.expected_qt_message("does not support raise")),
    ],
)
def test_making_code_can_be_given_up(qtbot, desk, window, slow_data, how):
    window.parameter_panel.edit("data.path", str(slow_data))
    desk.show_code()
    process = desk._coding._process
    pid, code = process.pid, desk.code
    if how == "cancel":
        code.loading_bar._cancel.click()
        assert "stopped at your wish" in said(desk)
    elif how == "close":
        code.close()
    elif how == "again":
        window.parameter_panel.edit("data.name", "digits")
        desk.show_code()
        assert "digits" in code.text.toPlainText()
    else:
        window.close()
    assert not Path(f"/proc/{pid}").exists()
    assert desk._coding is None
    assert not code.loading_bar.isVisible()


def test_code_for_data_that_cannot_be_read_says_why(qtbot, desk, window, tmp_path):
    window.parameter_panel.edit("data.path", str(tmp_path / "none.csv"))
    desk.show_code()
    qtbot.waitUntil(lambda: "none.csv" in said(desk), timeout=20_000)
    assert desk.code.text.toPlainText() == ""
    assert not desk.code.loading_bar.isVisible()


def test_code_whose_process_dies_says_so(qtbot, desk, window, slow_data):
    window.parameter_panel.edit("data.path", str(slow_data))
    desk.show_code()
    desk._coding._process.kill()
    qtbot.waitUntil(lambda: "The process that makes the script has ended" in said(desk), timeout=20_000)


def test_nothing_to_export_is_said(desk, window):
    desk.export()
    assert "no run to export" in window.message_bar.message()
    assert desk.exporting is None


def test_export_is_of_the_current_run_or_of_one_that_is_named(desk, window, wire, run_file):
    begin(window, wire, run_file)
    desk.export()
    first = desk.exporting
    desk.export(str(run_file))
    assert desk.exporting is not first
    desk.exporting.look_asked.emit(str(run_file), 3, frozenset(), {})
    assert wire.last() == m.Look(str(run_file), 3, frozenset(), {})


def test_themes_reach_all_windows_and_closing_closes_them(desk, window, run_file):
    desk.show_library()
    desk.compare([str(run_file), str(run_file)])
    desk.show_code()
    window.choose_theme("dark")
    window.choose_theme("light")
    opened = (desk.library, desk.comparison, desk.code)
    window.close()
    assert not any(other.isVisible() for other in opened)
    assert (desk.library, desk.comparison, desk.code) == (None, None, None)


def test_preferences_are_taken_and_saved(desk, window, tmp_path):
    desk.show_preferences()
    from guiapp.gui.preferences import Preferences

    dialog = window.findChild(Preferences)
    dialog._theme.setCurrentIndex(dialog._theme.findData("dark"))
    next(b for b in dialog.findChildren(QAbstractButton) if b.text().replace("&", "") == "OK").click()
    assert window.settings.theme == "dark"
    assert window.theme.name == "dark"
    assert '"theme": "dark"' in (tmp_path / "settings.json").read_text()


def test_the_columns_of_the_library_are_remembered(desk, window, tmp_path):
    desk.show_library()
    header = desk.library.view.horizontalHeader()
    header.setSectionHidden(3, not header.isSectionHidden(3))
    state = desk.library.layout_state()
    window.close()
    assert json.loads((tmp_path / "settings.json").read_text())["library"] == state
