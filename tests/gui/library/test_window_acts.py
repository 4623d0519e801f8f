"""What the window of all runs asks for and does: open, write, delete, bring back, import."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLineEdit

from guiapp.gui.library import window as windows
from guiapp.runs.library import Library
from tests.engine import runs
from tests.gui.library.folder import begun, many, said_of, vae_run
from tests.gui.library.window_driver import Make, button, chosen, idle, press, titles


def test_keys_and_buttons_ask_for_the_run(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(3)
    path = str(folder / "run 1.elbo")
    window.view.select([path])
    window.view.setFocus()
    with qtbot.waitSignal(window.open_asked, check_params_cb=lambda p: p == path):
        press(window, Qt.Key.Key_Return)
    index = window.table.index(1, 0)
    with qtbot.waitSignal(window.open_asked, check_params_cb=lambda p: p == path):
        window.view.doubleClicked.emit(index)
    for text, signal in (("Open", window.open_asked), ("Fork", window.fork_asked), ("Export…", window.export_asked)):
        with qtbot.waitSignal(signal, check_params_cb=lambda p: p == path):
            button(window, text).click()
    press(window, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == path


def test_two_to_eight_runs_can_be_compared(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(9)
    assert not window.actions_.compare.isEnabled()
    window.view.selectAll()
    assert not window.actions_.compare.isEnabled()
    assert "9 runs" in window.details.sentence
    window.view.select([str(folder / f"run {i}.elbo") for i in (4, 2)])
    assert not window.actions_.open.isEnabled()
    with qtbot.waitSignal(window.compare_asked) as blocker:
        button(window, "Compare").click()
    assert [Path(path).stem for path in blocker.args[0]] == ["run 2", "run 4"]


def test_the_folder_is_shown(make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: bool(opened.append(url.toLocalFile())))
    make(1).actions_.show_folder.trigger()
    assert opened == [str(folder)]


def test_what_is_typed_is_asked_to_be_written(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(2)
    path, asked = str(folder / "run 0.elbo"), []
    window.annotate_asked.connect(lambda *words: asked.append(words))
    window.view.setFocus()
    press(window, Qt.Key.Key_F2)
    QTest.keyClicks(window.focusWidget(), " Collapse ")
    press(window, Qt.Key.Key_Return)
    assert asked == [(path, "Collapse", "", ())]
    assert titles(window)[0] == "Collapse", "at once"
    window.details._tags.setText("a, b,, a ,")
    window.details._tags.editingFinished.emit()
    window.details._notes.setFocus()
    QTest.keyClicks(window.details._notes, "one")
    press(window, Qt.Key.Key_Return)
    assert len(asked) == 2, "a new line is no end"
    window.view.setFocus()
    assert asked[1:] == [(path, "Collapse", "", ("a", "b")), (path, "Collapse", "one\n", ("a", "b"))]
    press(window, Qt.Key.Key_Down)
    assert len(asked) == 3, "nothing new"
    said_of(folder / "run 0.elbo", title="Collapse", notes="one\n", tags=["a", "b"])
    window.on_annotated(path, "")
    idle(qtbot, window)
    found = window.table.find(path)
    assert found is not None
    assert (found.title, found.notes, found.tags) == ("Collapse", "one\n", ("a", "b"))


def test_what_could_not_be_written_is_taken_back(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(1)
    path = str(folder / "run 0.elbo")
    window.details._title.setText("New")
    window.details._title.editingFinished.emit()
    window.refresh()
    idle(qtbot, window)
    assert "New" in titles(window), "not confirmed yet, and not lost on reading again"
    window.on_annotated(path, "The disk is full.")
    assert "New" not in titles(window)
    assert window.message_bar.message() == "The disk is full."
    assert window.details._title.text() == "Run number 0"


def test_typing_is_not_disturbed_by_a_refresh(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(1)
    window.view.select([str(folder / "run 0.elbo")])
    window.details._title.setFocus()
    window.details._title.setText("half a ti")
    said_of(folder / "run 0.elbo", summary='{"seconds": 99, "figures": {}}')
    window.refresh()
    idle(qtbot, window)
    assert window.details._title.text() == "half a ti"


def test_an_empty_title_is_the_old_one(make: Make) -> None:
    window = make(1)
    asked: list[object] = []
    window.annotate_asked.connect(lambda *words: asked.append(words))
    window.details._title.setText("   ")
    window.details._title.editingFinished.emit()
    assert asked == []


def test_delete_and_undo_by_keys(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(5)
    window.view.select([str(folder / f"run {i}.elbo") for i in (1, 2)])
    window.view.setFocus()
    press(window, Qt.Key.Key_Delete)
    idle(qtbot, window)
    assert window.message_bar.message() == "2 runs deleted."
    assert titles(window) == ["Run number 0", "Run number 3", "Run number 4"]
    assert chosen(window) == ["run 3"], "the one after them"
    press(window, Qt.Key.Key_Delete)
    idle(qtbot, window)
    assert len(titles(window)) == 2
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, window)
    assert len(titles(window)) == 3
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    idle(qtbot, window)
    assert len(titles(window)) == 5
    assert chosen(window) == ["run 1", "run 2"]
    press(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert sorted(path.name for path in folder.glob("*.elbo")) == [f"run {i}.elbo" for i in range(5)]


def test_undo_in_the_bar(make: Make, qtbot: Any) -> None:
    window = make(2)
    button(window, "Delete").click()
    idle(qtbot, window)
    button(window, "Undo").click()
    idle(qtbot, window)
    assert len(titles(window)) == 2
    assert window.message_bar.message() == ""


def test_delete_in_a_field_of_text_deletes_a_letter(make: Make, folder: Path) -> None:
    window = make(2)
    for field in window.findChildren(QLineEdit):
        field.setFocus()
        field.setText("ab")
        field.setCursorPosition(0)
        QTest.keyClick(field, Qt.Key.Key_Delete)
        assert field.text() == "b"
    assert len(list(folder.glob("*.elbo"))) == 2


def test_a_run_in_training_is_not_deleted(make: Make, qtbot: Any, folder: Path) -> None:
    recorder = begun(folder / "live.elbo", runs.spec(runs.vae()), 3)
    window = make()
    window.delete_runs()
    idle(qtbot, window)
    assert "live.elbo is being trained" in window.message_bar.message()
    assert window.table.rowCount() == 1
    recorder.abandon()


def test_old_removals_are_purged_at_the_start(make: Make, folder: Path) -> None:
    (path,) = many(folder, 1)
    Library(folder).remove([path], datetime(2020, 1, 1).astimezone())
    make()
    assert list((folder / "removed").iterdir()) == []


def test_import(make: Make, qtbot: Any, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window = make(1)
    good, bad = vae_run(tmp_path / "good.elbo"), tmp_path / "bad.elbo"
    bad.write_text("no run")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(good), str(bad)], ""))
    button(window, "Import…").click()
    idle(qtbot, window)
    assert "1 run imported." in window.message_bar.message()
    assert "bad.elbo" in window.message_bar.message()
    assert chosen(window) == ["good"]


def test_a_folder_that_nothing_can_show_is_named(
    make: Make, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    window = make()
    window.show_folder()
    assert "There is no folder" in window.message_bar.message()
    many(folder, 1)
    window.show_folder()
    assert window.message_bar.message() == f"No program here shows folders; the runs are in {folder}."


def test_refusals_beyond_the_third_are_counted(make: Make, qtbot: Any, tmp_path: Path) -> None:
    window = make()
    bad = [tmp_path / f"bad {i}.elbo" for i in range(5)]
    for path in bad:
        path.write_text("nothing")
    window.keeping.bring_in([str(path) for path in bad])
    idle(qtbot, window)
    said = window.message_bar.message()
    assert "bad 2.elbo" in said
    assert "bad 3.elbo" not in said
    assert said.endswith("And 2 more.")


def test_a_run_in_training_is_followed_while_someone_looks(
    make: Make, qtbot: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WATCH_MS", 20)
    recorder = begun(folder / "live.elbo", runs.spec(runs.vae()), 5)
    window = make()
    window.set_current(str(recorder.path))
    window.view.select([str(recorder.path)])
    window.details.edit_title()
    trainer = runs.trainer(runs.vae())
    recorder.add(runs.train(trainer, 7))
    qtbot.waitUntil(lambda: window.table.entry(0).step == 12)
    assert window.details._title.selectedText() == window.details._title.text(), "what is being done stays"
    window.close()
    assert not window._watch.isActive()
    recorder.abandon()
