"""The window that compares runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from guiapp.gui.library import compare, compare_reader
from guiapp.gui.library.compare import EMPTY, NOTHING, CompareWindow
from guiapp.gui.library.compare_runs import ComparedRun, read
from guiapp.gui.theme import DARK, LIGHT
from guiapp.spec import Vae
from tests.gui.library.compare_files import gan_file, vae_file


@pytest.fixture
def window(qtbot: QtBot) -> CompareWindow:
    window = CompareWindow()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    return window


@pytest.fixture
def show(qtbot: QtBot, window: CompareWindow) -> Callable[..., None]:
    def show(*paths: Path) -> None:
        window.show_runs(paths)
        qtbot.waitUntil(lambda: window._reader is None)

    return show


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [
        vae_file(tmp_path / "a.elbo", title="Digits"),
        vae_file(tmp_path / "b.elbo", 300, Vae(beta=4.0), title="Digits", keyframes=(0, 50, 300), ended="0"),
        gan_file(tmp_path / "c.elbo", title="Ring"),
    ]


def test_curves_table_and_steps_of_mixed_runs(
    window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    assert window.windowTitle() == "Elboscope: compare 3 runs"
    assert [curve.title for curve in window.curves.plot.curves] == ["● Digits · β 1", "■ Digits · β 4"]
    assert window.steps.steps == (0, 50, 80, 100, 200, 300)
    assert window.steps.step == 300
    assert window.table.table.columnCount() == 4
    assert not window.message_bar.isVisible()
    assert window.minimumSize().toTuple() == (1000, 640)


def test_a_damaged_file_is_named_and_the_others_are_shown(
    window: CompareWindow, files: list[Path], tmp_path: Path, show: Callable[..., None]
) -> None:
    broken = tmp_path / "broken.elbo"
    broken.write_bytes(files[0].read_bytes()[:9000])
    show(files[0], broken, files[2])
    assert "broken.elbo" in window.message_bar.message()
    assert window.message_bar.message().endswith("The others are shown.")
    assert [run.path for run in window.runs] == [files[0], files[2]]


def test_no_file_that_can_be_read_and_none_at_all(
    window: CompareWindow, tmp_path: Path, show: Callable[..., None], files: list[Path]
) -> None:
    assert window._stage.sentence == EMPTY
    show(tmp_path / "gone.elbo", tmp_path / "away.elbo")
    assert window._stage.sentence == NOTHING
    assert "gone.elbo" in window.message_bar.message()
    assert "away.elbo" in window.message_bar.message()
    show(files[0])
    assert window._stage.sentence == ""
    assert window.message_bar.message() == ""
    show()
    assert window._stage.sentence == EMPTY


def test_each_run_once_and_eight_at_the_most(window: CompareWindow, tmp_path: Path, show: Callable[..., None]) -> None:
    paths = [vae_file(tmp_path / f"{i}.elbo", 20) for i in range(9)]
    show(paths[0], *paths)
    assert [run.path for run in window.runs] == paths[:8]
    assert "left out: 1." in window.message_bar.message()
    assert len({curve.colour for curve in window.curves.plot.curves}) == 8
    assert len({curve.title for curve in window.curves.plot.curves}) == 8


def test_the_line_and_the_views_go_with_the_slider(
    qtbot: QtBot, window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    asked: list[tuple[str, int]] = []
    window.look_asked.connect(lambda path, step, _needs, _focus: asked.append((Path(path).stem, step)))
    assert window.curves._line.value() == 300.5
    window.pages.setCurrentWidget(window.views)
    qtbot.waitUntil(lambda: len(asked) == 3)
    assert asked == [("a", 100), ("b", 300), ("c", 200)]
    window.steps.slider.setFocus()
    QTest.keyClick(window.steps.slider, Qt.Key.Key_Left)
    assert window.steps.step == 200
    assert window.curves._line.value() == 200.5
    QTest.keyClick(window.steps.slider, Qt.Key.Key_Home)
    assert window.steps.step == 0
    assert window.steps.slider.accessibleName() == "Step looked at: 0"


def test_reading_again_shows_what_came_and_keeps_what_was_chosen(
    qtbot: QtBot, window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    kl = window.curves.chooser.findText("KL")
    window.curves.chooser.setCurrentIndex(kl)
    window.steps.slider.setValue(1)
    window.table.reference.setCurrentIndex(2)
    files[1].unlink()
    vae_file(files[1], 500, Vae(beta=4.0), title="Digits", keyframes=(0, 50, 300, 500))
    window.read_again()
    qtbot.waitUntil(lambda: window._reader is None)
    assert window.runs[1].series.last == 500
    assert window.curves.chooser.currentText() == "KL"
    assert window.table.reference.currentIndex() == 2
    assert window.steps.step == 50
    assert window.steps.steps[-1] == 500


def test_a_label_switches_its_run_off_and_symbols_lie_on_the_curves(
    window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    plot, symbols = window.curves.plot, window.curves.symbols
    assert plot.grab().width() > 0
    name = plot.curves[0].name
    x, y = plot.points(name, smooth=True)
    (low, high), (bottom, top) = plot.box.viewRange()
    for place in symbols.places(name):
        step = low + place.x() * (high - low) / plot.box.width()
        value = top - place.y() * (top - bottom) / plot.box.height()
        assert np.min(np.abs(x - step)) < 1e-6
        assert np.isclose(value, np.interp(step, x, y))
    assert len(symbols.places(name)) >= 2
    plot.toggle(name)
    assert symbols.places(name) == []
    assert plot.hidden == {name}


def test_a_quantity_of_no_run_and_runs_without_a_step(
    window: CompareWindow, tmp_path: Path, show: Callable[..., None], files: list[Path]
) -> None:
    show(*files)
    window.curves.chooser.setCurrentIndex(window.curves.chooser.findText("D loss"))
    assert [curve.title for curve in window.curves.plot.curves] == ["▲ Ring"], "its colour and symbol are the run's"
    assert window.curves.plot.curves[0].colour == "generator"
    assert "No D loss in: Digits · β 1, Digits · β 4" in window.curves._status.text
    show(vae_file(tmp_path / "empty.elbo", 0, keyframes=(0,)))
    assert "no curve" in window.curves._stage.sentence
    assert window.steps.step == 0


def test_slow_reading_says_what_it_waits_for_and_can_be_cancelled(
    qtbot: QtBot, window: CompareWindow, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = Event()

    def slow(path: Path) -> ComparedRun:
        if path == files[1]:
            assert go_on.wait(30)
        return read(path)

    monkeypatch.setattr(compare_reader, "read", slow)
    window.show_runs(files)
    qtbot.waitUntil(lambda: window._waiting.isVisible())
    qtbot.waitUntil(lambda: window._reading.text() == "Reading run 2 of 3: b.elbo")
    assert window._progress.value() == 1
    QTest.mouseClick(window._cancel, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    go_on.set()
    qtbot.waitUntil(lambda: window._reader is None)
    assert [run.path for run in window.runs] == files[:2]
    assert window.message_bar.message() == "Not read: 1 of 3 runs."


def test_closing_ends_the_reading_and_frees_the_runs(
    window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    window.show_runs(files)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()
    assert window._reader is None
    assert window.runs == ()
    assert window.curves.plot.curves == () or not len(window.curves.plot.points(window.curves.plot.curves[0].name)[0])


def test_both_themes_are_drawn(window: CompareWindow, files: list[Path], show: Callable[..., None]) -> None:
    show(*files)
    pictures = []
    for theme in (LIGHT, DARK):
        window.set_theme(theme)
        pictures.append(window.curves.grab().toImage())
    assert pictures[0].pixel(300, 100) != pictures[1].pixel(300, 100)


def test_every_control_can_be_reached_and_has_a_name(
    window: CompareWindow, files: list[Path], show: Callable[..., None]
) -> None:
    show(*files)
    controls = (window.curves.chooser, window.curves.plot, window.table.reference, window.table.table)
    for control in (*controls, window.views.chooser, window.steps.slider, window._progress):
        assert control.accessibleName()
    for control in (*controls, window.steps.slider, window._again):
        assert control.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_the_reader_turns_any_fault_into_a_sentence(
    window: CompareWindow, files: list[Path], show: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(_path: Path) -> ComparedRun:
        raise MemoryError if _path == files[0] else ZeroDivisionError("by nought")

    monkeypatch.setattr(compare_reader, "read", burst)
    show(*files[:2])
    assert "a.elbo does not fit into memory" in window.message_bar.message()
    assert "b.elbo could not be read: by nought" in window.message_bar.message()
    assert compare.MOST == 8
