"""The window of all runs: what it shows, how it is used by keys, and how it comes and goes."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit

from guiapp.gui.library import model
from guiapp.gui.library.columns import COLUMNS
from guiapp.gui.library.window import LibraryWindow
from guiapp.gui.theme import DARK
from guiapp.runs.library import Library
from tests.gui.library.folder import happened, many, said_of, vae_run
from tests.gui.library.window_driver import Make, button, chosen, idle, press, titles, told


def test_no_runs_is_explained(make: Make, folder: Path) -> None:
    window = make()
    assert window.stage.sentence.startswith("No runs yet.")
    assert window._totals.text() == "0 runs · 0 bytes"
    for action in (window.actions_.open, window.actions_.delete, window.actions_.compare, window.actions_.export):
        assert not action.isEnabled()
    assert not folder.exists(), "looking makes nothing"


def test_runs_are_listed_from_the_newest_on(make: Make) -> None:
    window = make(3)
    assert titles(window) == ["Run number 0", "Run number 1", "Run number 2"]
    assert window.stage.sentence == ""
    assert window._totals.text().startswith("3 runs · ")
    assert chosen(window) == ["run 0"]
    picture = window.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 7) for y in range(0, picture.height(), 7)}
    assert len(colours) > 20


def test_a_second_window_has_them_at_once_from_the_index(make: Make, qtbot: Any, folder: Path) -> None:
    make(3)
    second = LibraryWindow(Library(folder))
    qtbot.addWidget(second)
    assert len(titles(second)) == 3


def test_what_came_and_went_is_seen_on_refresh(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(3)
    window.view.select([str(folder / "run 2.elbo")])
    (folder / "run 1.elbo").unlink()
    said_of(vae_run(folder / "new.elbo"), title="New")
    window.refresh()
    idle(qtbot, window)
    assert sorted(titles(window)) == ["New", "Run number 0", "Run number 2"]
    assert chosen(window) == ["run 2"], "what was selected still is"


def test_the_details_of_a_run(make: Make, qtbot: Any, folder: Path) -> None:
    many(folder, 2)
    first, second = folder / "run 0.elbo", folder / "run 1.elbo"
    said_of(first, notes="a note", tags=["x", "y"], parent=f"{1:032x}", parent_step="30")
    said_of(second, title="<The parent>")
    happened(first, (20, "edit", {"path": "model.beta", "old": 4.0, "new": 8.0}))
    window = make()
    qtbot.waitUntil(lambda: "steps" in told(window) and "β 4→8" in told(window))
    details = window.details
    assert (details._title.text(), details._tags.text()) == ("Run number 0", "x, y")
    assert details._notes.toPlainText() == "a note"
    assert details._picture.isVisible()
    assert "40 steps" in told(window)
    assert "Handwritten digits" in told(window)
    assert "&lt;The parent&gt;" in told(window)
    assert "at step 30" in told(window)
    details._origin.linkActivated.emit(f"{1:032x}")
    assert chosen(window) == ["run 1"]
    assert details._origin.isHidden()


def test_a_parent_that_is_not_here(make: Make, folder: Path) -> None:
    said_of(vae_run(folder / "a.elbo"), parent="feed", parent_step="7")
    window = make()
    assert "not here any more" in told(window)
    window.details.parent_asked.emit("feed")
    assert chosen(window) == ["a"]


def test_a_parent_hidden_by_the_search_is_shown(make: Make, folder: Path) -> None:
    many(folder, 2)
    said_of(folder / "run 0.elbo", parent=f"{1:032x}")
    window = make()
    window.search.setText("vae")
    assert titles(window) == ["Run number 0"]
    window.details.parent_asked.emit(f"{1:032x}")
    assert (chosen(window), window.search.text()) == (["run 1"], "")


def test_search(make: Make) -> None:
    window = make(4)
    QTest.keyClick(window.view, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert window.focusWidget() is window.search
    QTest.keyClicks(window.search, "gan")
    assert titles(window) == ["Run number 1", "Run number 3"]
    assert window._totals.text().startswith("2 of 4 runs")
    press(window, Qt.Key.Key_Down)
    assert window.focusWidget() is window.view
    assert chosen(window) == ["run 1"]
    window.search.setText("β=17")
    assert "No run matches “β=17”" in window.stage.sentence
    window.search.setFocus()
    press(window, Qt.Key.Key_Escape)
    assert len(titles(window)) == 4


def test_damaged_files_say_why_and_can_be_deleted(make: Make, qtbot: Any, folder: Path) -> None:
    folder.mkdir()
    (folder / "hurt.elbo").write_bytes(b"")
    (folder / "notes.txt").write_text("no run")
    window = make()
    assert titles(window) == ["hurt"]
    assert "hurt.elbo" in window.details.sentence
    assert "Delete removes it" in window.details.sentence
    assert not window.actions_.open.isEnabled()
    window.actions_.open.trigger()
    window.delete_runs()
    idle(qtbot, window)
    assert titles(window) == []


def test_a_folder_that_cannot_be_read_is_told(make: Make, folder: Path) -> None:
    folder.write_text("a file")
    window = make()
    assert "cannot be read" in window.message_bar.message()


def test_the_current_run_is_in_training(make: Make, folder: Path) -> None:
    window = make(2)
    window.set_current(str(folder / "run 1.elbo"))
    assert [window.table.entry(row).state for row in range(2)] == ["ended", "training"]
    window.set_theme(DARK)
    window.set_current("")
    assert [window.table.entry(row).state for row in range(2)] == ["ended", "ended"]


def test_columns_can_be_chosen_and_are_remembered(make: Make) -> None:
    window = make(2)
    menu = window.view.columns_menu(window)
    tags = next(action for action in menu.actions() if action.text() == "Tags")
    section = 1 + menu.actions().index(tags)
    assert window.view.isColumnHidden(section)
    tags.trigger()
    assert not window.view.isColumnHidden(section)
    state, other = window.layout_state(), make()
    other.restore_layout(state)
    assert not other.view.isColumnHidden(section)
    for junk in ("", "x y z", "!!!! =="):
        other.restore_layout(junk)


def test_sorting_by_keyboard(make: Make) -> None:
    window = make(3)
    by_title = window.view.sort_menu(window).actions()[0]
    by_title.trigger()
    assert titles(window)[0] == "Run number 0"
    by_title.trigger()
    assert titles(window)[-1] == "Run number 0"


def test_long_reading_shows_progress_and_can_be_cancelled(qtbot: Any, folder: Path) -> None:
    many(folder, 3)
    gate, library = threading.Event(), Library(folder)

    class Slow(Library):
        def refresh(self, progress: Any = None) -> list[Any]:
            def told(done: int, count: int) -> bool:
                if done:
                    gate.wait(10)
                return bool(progress(done, count))

            return super().refresh(told)

    window = LibraryWindow(Slow(library.folder))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(window.jobs.isVisible)
    assert "Reading" in window.stage.sentence
    button(window, "Cancel").click()
    gate.set()
    idle(qtbot, window)
    assert not window.jobs.isVisible()
    assert window.table.rowCount() == 1, "what was read is there"


def test_closing_in_the_midst_of_work_leaves_no_thread(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(2)
    for i in range(20):
        shutil.copyfile(folder / "run 0.elbo", folder / f"more {i}.elbo")
    window.refresh()
    window.close()
    window.show()
    qtbot.waitUntil(lambda: window.table.rowCount() == 22)


def test_everything_has_a_name(make: Make) -> None:
    window = make(2)
    for control in (*window.findChildren(QAbstractButton), *window.findChildren(QLineEdit)):
        if control.isVisible() and not control.objectName().startswith("qt_") and control.toolTip():
            name = control.accessibleName() or getattr(control, "text", str)()
            assert name, control
    assert (window.minimumWidth(), window.minimumHeight()) == (900, 560)


def test_tab_reaches_everything(make: Make) -> None:
    window = make(2)
    window.view.setFocus()
    reached = set()
    for _ in range(40):
        press(window, Qt.Key.Key_Tab)
        reached.add(window.focusWidget())
    texts = {control.text() for control in reached if isinstance(control, QAbstractButton)}
    assert {"Open", "Fork", "Delete", "Import…", "Export…"} <= texts
    details = window.details
    assert {window.search, window.view, details._title, details._tags, details._notes} <= reached


def test_two_windows_on_one_folder(make: Make, qtbot: Any, folder: Path) -> None:
    one, other = make(4), make()
    one.view.select([str(folder / "run 0.elbo"), str(folder / "run 1.elbo")])
    one.delete_runs()
    idle(qtbot, one)
    other.view.select([str(folder / "run 0.elbo")])
    other.delete_runs()
    idle(qtbot, other)
    assert "run 0.elbo has gone already." in other.message_bar.message()
    other.refresh()
    idle(qtbot, other)
    assert titles(one) == titles(other) == ["Run number 2", "Run number 3"]
    one.keeping.undo()
    idle(qtbot, one)
    assert len(titles(one)) == 4


def test_a_run_that_vanishes_while_it_is_looked_at(make: Make, qtbot: Any, folder: Path) -> None:
    window = make(3)
    (folder / "run 1.elbo").unlink()
    window.view.select([str(folder / "run 1.elbo")])
    assert window.details._title.text() == "Run number 1", "from the index"
    window.refresh()
    idle(qtbot, window)
    assert titles(window) == ["Run number 0", "Run number 2"]


def test_titles_take_the_room_that_is_left(make: Make, qtbot: Any) -> None:
    window = make(3)
    view = window.view
    window.resize(1900, 700)
    qtbot.waitUntil(lambda: view.horizontalHeader().length() == view.viewport().width())
    wide = view.columnWidth(0)
    window.resize(900, 560)
    qtbot.waitUntil(lambda: view.viewport().width() < 700)
    assert view.columnWidth(0) < wide
    assert view.columnWidth(0) >= 30 * view.fontMetrics().horizontalAdvance("0")


def test_every_figure_has_room(make: Make) -> None:
    """In bold, as of the run in training."""
    window = make(1)
    font = window.view.font()
    font.setBold(True)
    bold = QFontMetrics(font)
    for section, column in enumerate(COLUMNS):
        widest = {"Steps": "999\u202f999", "Time": "99:59:59", "Size": "999.9 MB", "When": "yesterday 23:59"}
        text = widest.get(column.title, "\u22120.6931") if column.is_number else ""
        assert bold.horizontalAdvance(text) + 8 <= max(window.view.columnWidth(section), 8) or not column.shown, text


def test_a_selected_thumbnail_keeps_its_ground() -> None:
    clear = QPixmap(40, 40)
    clear.fill(Qt.GlobalColor.transparent)
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        assert model._icon(clear, "#123456").pixmap(40, 40, mode).toImage().pixelColor(20, 20) == QColor("#123456")
