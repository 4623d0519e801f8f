"""The lessons in the whole window: dock, menu, palette, what is set up, progress from one start to the next."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QMenu
from pytestqt.qtbot import QtBot

from guiapp import presets
from guiapp import resources as _resources
from guiapp.gui import app as apps
from guiapp.gui import menus
from guiapp.gui.lessons import guide
from guiapp.gui.main_window import MainWindow
from guiapp.gui.panels.command_palette import plain
from guiapp.gui.settings import Settings, default_path, load
from guiapp.lessons import Show
from guiapp.sharing import SharedLab, SharedPreset
from tests.gui.wire import Wire

KL = "03-gaussian-kl"
QUESTION = "What is the KL divergence between two Gaussians?"


@pytest.fixture
def begin(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], MainWindow]]:
    """Opens a window; the one before is closed first."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    opened: list[MainWindow] = []

    def build() -> MainWindow:
        for window in opened:
            window.close()
        wire = Wire()
        monkeypatch.setattr(apps, "TrainingThread", lambda _runs, _budget: wire)
        window = apps.build(presets.load("vae-digits").spec, None, tmp_path).window
        qtbot.addWidget(window)
        window.show()
        opened[:] = [window]
        return window

    yield build
    for window in opened:
        window.close()


@pytest.fixture
def window(begin: Callable[[], MainWindow]) -> MainWindow:
    return begin()


def menu(window: MainWindow) -> QMenu:
    return next(
        found
        for action in window.menuBar().actions()
        if isinstance(found := action.menu(), QMenu) and action.text() == "&Lessons"
    )


def questions(window: MainWindow) -> list[QAction]:
    """The menu's, as it is when it opens."""
    menu(window).aboutToShow.emit()
    return [action for action in menu(window).actions() if str(action.data()).startswith("Lesson: ")]


def test_the_panel_is_made_when_it_is_asked_for(window: MainWindow) -> None:
    assert window.desk.lessons.dock.isHidden()
    assert window.desk.lessons._panel is None
    toggle = window.desk.lessons.dock.toggleViewAction()
    assert toggle.shortcut().toString() == "Shift+F1"
    toggle.trigger()
    window.desk.lessons.dock.raise_()
    assert window.desk.lessons.panel.contents.count() == 20


def test_the_menu_has_the_twenty_two_clicks_away_with_a_tick_at_those_done(window: MainWindow) -> None:
    assert len(questions(window)) == 20
    action = questions(window)[2]
    assert action.text() == f"3. {QUESTION}"
    action.trigger()
    lesson = window.desk.lessons.panel.lesson
    assert lesson is not None
    assert lesson.name == KL
    assert window.desk.lessons.dock.isVisible()
    assert not any(action.isChecked() for action in questions(window)), "it was seen only"
    window.desk.lessons.panel.page.solved.emit(lesson)
    assert [action.isChecked() for action in questions(window)].index(True) == 2


def test_the_palette_knows_them(window: MainWindow) -> None:
    names = [plain(action) for action in menus.actions(window)]
    assert f"Lesson: {QUESTION}" in names
    assert "Lessons" in names


def test_progress_is_kept_at_once_and_from_one_start_to_the_next(
    qtbot: QtBot, begin: Callable[[], MainWindow], tmp_path: Path
) -> None:
    window = begin()
    lessons = window.desk.lessons
    lessons.open(KL)
    lessons.open("04-evidence-lower-bound")
    lessons.open(KL)
    box = lessons.panel.page.check
    assert box is not None
    qtbot.keyClicks(box.guess.line, "0.807")
    qtbot.keyClick(box.guess.line, Qt.Key.Key_Return)
    expected = {KL: "answered", "04-evidence-lower-bound": "seen"}
    saved, complaint = load(window._settings_path)
    assert (saved.lessons, complaint) == (expected, None)
    lessons.panel.show_contents()
    lessons.open(KL)
    assert window.settings.lessons == expected, "to open it again takes nothing away"
    again = begin()
    assert again.settings.lessons == expected
    assert again.desk.lessons.dock.isVisible(), "as it was left"
    again.desk.lessons.dock.raise_()
    assert again.desk.lessons.panel.count.text() == "1 of 20 answered"


def test_progress_of_two_windows_adds_up(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    Settings(lessons={"a": "answered", "b": "seen"}).save(path)
    mine = Settings(lessons={"a": "seen", "b": "answered", "c": "seen"})
    assert mine.renewed(path).lessons == {"a": "answered", "b": "answered", "c": "seen"}


def test_settings_from_before_the_lessons_are_read_and_the_dock_stays_closed(
    begin: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = begin()
    path = window._settings_path
    before = QMainWindow()  # as a window without lessons left it
    qtbot.addWidget(before)
    for name in ("parameters", "explain"):
        dock = QDockWidget(name)
        dock.setObjectName(name)
        before.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    state = base64.b64encode(QByteArray(before.saveState()).data()).decode()
    window.close()
    old = msgspec.to_builtins(Settings(docks=state))
    del old["lessons"]
    path.write_bytes(msgspec.json.encode(old))
    again = begin()
    assert again.settings.docks == state
    assert again.desk.lessons.dock.isHidden()
    again.desk.lessons.open(KL)
    assert again.desk.lessons.dock.isVisible()


def test_one_click_sets_it_up(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    monkeypatch.setattr(window.desk.sharing, "show", shown.append)
    lessons = window.desk.lessons
    for name in (KL, "06-balance"):
        lessons.open(name)
        lessons.panel.page.set_up.click()
    params = {"mu1": 0.0, "sigma1": 1.0, "mu2": 0.0, "sigma2": 2.0}
    assert shown == [SharedLab("gaussian-kl", params), SharedPreset("vae-sigma", "rate")]


def test_the_lab_comes_into_sight_with_the_parameters_of_the_lesson(window: MainWindow) -> None:
    window.desk.lessons.open(KL)
    window.desk.lessons.panel.page.set_up.click()
    dock = window.workspace.docks["gaussian-kl"]
    assert not dock.isHidden()
    assert msgspec.to_builtins(dock.content().params())["sigma2"] == 2.0
    assert window.desk.lessons.panel.lesson is not None, "the lesson stays open beside it"


def test_parameters_that_a_lab_does_not_take_are_a_sentence(window: MainWindow) -> None:
    window.desk.lessons._set_up(Show(lab="gaussian-kl", params={"mu3": [1]}))
    assert window.message_bar.isVisible()


def test_a_teachers_folder_is_read_when_the_lessons_open_and_what_is_broken_is_named(window: MainWindow) -> None:
    folder = default_path().parent / "lessons"
    folder.mkdir(parents=True)
    ours = _resources.resource(f"lessons/{KL}.md").read_text(encoding="utf-8")
    (folder / f"{KL}.md").write_text(ours.replace(QUESTION, "Was ist die KL & wozu?"), encoding="utf-8")
    (folder / "21-mine.md").write_text(ours.replace("gaussian-kl", "no-such-lab"), encoding="utf-8")
    (folder / "22-broken.md").write_text("+++", encoding="utf-8")
    assert [action.text() for action in questions(window)][2] == "3. Was ist die KL && wozu?"
    assert len(questions(window)) == 21
    lessons = window.desk.lessons
    lessons.open("21-mine")
    assert not lessons.panel.page.set_up.isEnabled()
    assert "no lab “no-such-lab”" in lessons.panel.page.thing.text()
    texts = [lessons.panel.contents.item(row).text() for row in range(lessons.panel.contents.count())]
    assert len(texts) == 22
    assert "22-broken.md" in texts[-1]


def test_a_link_that_leads_nowhere_is_a_sentence(window: MainWindow) -> None:
    window.desk.lessons.open(KL)
    for link in ("lab:no-such-lab", "view:no-such-view", "preset:no-such-preset"):
        window.message_bar.hide()
        window.desk.lessons.panel.link_activated.emit(link)
        assert window.message_bar.isVisible()
    window.desk.lessons.panel.link_activated.emit("lab:gaussian-kl")
    assert not window.workspace.docks["gaussian-kl"].isHidden()


def test_without_their_folder_the_program_runs(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str) -> Path:
        raise FileNotFoundError(f"The resource '{path}' is missing; reinstall Elboscope.")

    monkeypatch.setattr(guide, "resource", missing)
    assert questions(window) == []
    window.desk.lessons.dock.show()
    window.desk.lessons.dock.raise_()
    contents = window.desk.lessons.panel.contents
    assert contents.item(0).text() == "The resource 'lessons' is missing; reinstall Elboscope."


def test_in_a_narrow_window_it_stands_behind_the_parameters(window: MainWindow, qapp: QApplication) -> None:
    lessons = window.desk.lessons
    for open_before in (False, True):
        for width, together in ((1024, window.parameter_dock), (1440, window.explain_dock)):
            lessons.dock.setVisible(open_before)
            window.resize(width, 700)
            qapp.processEvents()
            lessons.open(KL)
            qapp.processEvents()
            assert lessons.dock in window.tabifiedDockWidgets(together)
            assert lessons.panel.isVisible()
            assert window.width() == width
