from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices, QStandardItemModel
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QMessageBox, QProgressBar, QPushButton
from pytestqt.qtbot import QtBot

from guiapp.gui.showcase import kinds
from guiapp.gui.showcase.export_dialog import ExportDialog
from guiapp.gui.showcase.kinds import KINDS
from guiapp.gui.theme import THEMES
from guiapp.gui.views import STILL_VIEWS
from tests.gui.showcase.runs import TITLE, answer_looks, seen
from tests.gui.showcase.test_command import program

ECHO = "path.write_text(' '.join([option, *more]))"
ROWS = {kind.title: row for row, kind in enumerate(KINDS)}


class Driver:
    """A person at the dialog."""

    def __init__(self, run: Path, folder: Path, code: str = ECHO) -> None:
        self.dialog = ExportDialog(run, folder, program(folder.parent, code))
        self.dialog.show()

    def button(self, text: str) -> QPushButton:
        (found,) = [b for b in self.dialog.findChildren(QPushButton) if b.text().replace("&", "") == text]
        return found

    @property
    def line(self) -> QLineEdit:
        return next(line for line in self.dialog.findChildren(QLineEdit) if line.accessibleName() == "Where to save")

    def field(self, name: str) -> QComboBox:
        return next(box for box in self.dialog.findChildren(QComboBox) if box.accessibleName() == name)

    def choose(self, title: str) -> None:
        self.dialog._list.setCurrentRow(ROWS[title])

    @property
    def said(self) -> str:
        return self.dialog._doing.text()

    def export(self, qtbot: QtBot) -> tuple[Path, ...]:
        with qtbot.waitSignal(self.dialog.exported, timeout=30_000) as blocker:
            qtbot.mouseClick(self.button("Export"), Qt.MouseButton.LeftButton)
        return blocker.args[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


@pytest.fixture
def driver(qtbot: QtBot, vae_run: Path, folder: Path) -> Iterator[Driver]:
    driver = Driver(vae_run, folder)
    yield driver
    if any(widget is driver.dialog for widget in QApplication.topLevelWidgets()):
        driver.dialog.close()


def answered(monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton) -> list[str]:
    """Answer every question so; gives the questions. Enter says no: what is there is worth more than a key."""
    asked: list[str] = []

    def question(
        _parent: object, _title: str, text: str, _buttons: object, default: QMessageBox.StandardButton
    ) -> QMessageBox.StandardButton:
        assert default == QMessageBox.StandardButton.No
        asked.append(text)
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def test_a_name_is_proposed_and_its_suffix_follows_the_kind(driver: Driver, folder: Path) -> None:
    for kind in KINDS:
        driver.choose(kind.title)
        path = Path(driver.line.text())
        assert path.parent == folder
        assert path.name == "-script-alert(1)-script- & -more-" + kind.suffix
    assert driver.dialog.windowTitle() == f"Export {TITLE}"


def test_what_is_typed_gets_its_suffix_and_folder(qtbot: QtBot, driver: Driver, folder: Path) -> None:
    driver.choose("Curves, CSV")
    driver.line.setText("mine")
    assert driver.export(qtbot) == (folder / "mine.csv",)
    assert (folder / "mine.csv").read_text() == "--curves"
    assert str(folder / "mine.csv") in driver.said
    assert driver.button("Show in folder").isVisible()


def test_the_weights_of_a_step(qtbot: QtBot, driver: Driver) -> None:
    driver.choose("Model, TorchScript")
    steps = driver.field("Weights of")
    assert [steps.itemData(i) for i in range(steps.count())] == [None, 30, 24, 18, 12, 6]
    (path,) = driver.export(qtbot)
    assert path.read_text() == "--weights"
    steps.setCurrentIndex(3)
    driver.line.setText("other")
    (path,) = driver.export(qtbot)
    assert path.read_text() == "--weights --step 18"


@pytest.mark.parametrize("typed", ["mine", "mine.csv"])
def test_it_asks_before_it_replaces(
    qtbot: QtBot, driver: Driver, folder: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    (folder / "mine.csv").write_text("old")
    driver.choose("Curves, CSV")
    driver.line.setText(typed)
    asked = answered(monkeypatch, QMessageBox.StandardButton.No)
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    assert driver.dialog.task is None
    assert (folder / "mine.csv").read_text() == "old"
    assert len(asked) == 1
    assert "mine.csv" in asked[0]
    answered(monkeypatch, QMessageBox.StandardButton.Yes)
    driver.export(qtbot)
    assert (folder / "mine.csv").read_text() == "--curves"


def test_a_name_that_looks_like_html_is_shown_as_it_is(
    qtbot: QtBot, driver: Driver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "<b>x.csv").write_text("old")
    driver.choose("Curves, CSV")
    driver.line.setText("<b>x.csv")
    asked = answered(monkeypatch, QMessageBox.StandardButton.No)
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    assert "&lt;b&gt;x.csv" in asked[0]


@pytest.mark.parametrize(
    ("title", "names"),
    [("Model, ONNX", ("net.encoder.onnx", "net.decoder.onnx")), ("Curves, CSV", ("net.csv", "net.events.csv"))],
)
def test_it_asks_before_it_replaces_one_of_several(
    qtbot: QtBot, driver: Driver, folder: Path, monkeypatch: pytest.MonkeyPatch, title: str, names: tuple[str, ...]
) -> None:
    for name in names:
        (folder / name).write_text("old")
    driver.choose(title)
    driver.line.setText("net")
    asked = answered(monkeypatch, QMessageBox.StandardButton.No)
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    assert all(name in asked[0] for name in names)
    assert "Replace them?" in asked[0]


def test_what_cannot_be_is_refused_at_once(qtbot: QtBot, driver: Driver, folder: Path, vae_run: Path) -> None:
    (folder / "board" / "old").mkdir(parents=True)
    for title, typed, sentence in (
        ("Run file", str(vae_run), "the run itself"),
        ("Curves, CSV", "  ", "Say where"),
        ("TensorBoard", "board", "is there already"),
    ):
        driver.choose(title)
        driver.line.setText(typed)
        qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
        assert sentence in driver.said
        assert driver.dialog.task is None


def test_a_refusal_of_the_command_line_is_told(qtbot: QtBot, vae_run: Path, folder: Path) -> None:
    driver = Driver(vae_run, folder, "sys.exit('elboscope: The disk is full.')")
    driver.choose("Curves, CSV")
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: driver.dialog.task is None, timeout=20_000)
    assert driver.said == "Not exported: The disk is full."
    assert driver.button("Export").isEnabled()
    driver.dialog.close()


def test_progress_is_shown_and_can_be_cancelled(qtbot: QtBot, vae_run: Path, folder: Path) -> None:
    driver = Driver(vae_run, folder, "print('progress 0.42 curves', file=sys.stderr)\ntime.sleep(60)")
    driver.choose("Curves, CSV")
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    bar = driver.dialog.findChild(QProgressBar)
    qtbot.waitUntil(lambda: bar.value() == 420, timeout=20_000)
    assert (driver.said, bar.isVisible(), driver.line.isEnabled()) == ("Writing curves", True, False)
    qtbot.mouseClick(driver.button("Cancel"), Qt.MouseButton.LeftButton)
    assert "Cancelled" in driver.said
    assert driver.line.isEnabled()
    assert os.listdir(folder) == []
    driver.dialog.close()


@pytest.mark.parametrize("title", ["Curves, CSV", "HTML report", "Animation, MP4"])
def test_closing_half_way_leaves_nothing(qtbot: QtBot, vae_run: Path, folder: Path, title: str) -> None:
    driver = Driver(vae_run, folder, "print('progress 0.42 curves', file=sys.stderr)\ntime.sleep(60)")
    answer_looks(driver.dialog)
    driver.choose(title)
    qtbot.mouseClick(driver.button("Export"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: driver.dialog._bar.value() > 0, timeout=20_000)
    gone: list[object] = []
    driver.dialog.destroyed.connect(lambda: gone.append(1))
    qtbot.keyClick(driver.dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bool(gone))
    assert os.listdir(folder) == []


@pytest.mark.parametrize("title", ["HTML report", "Animation, GIF"])
def test_the_window_makes_what_the_command_line_does_not(
    qtbot: QtBot, driver: Driver, folder: Path, title: str
) -> None:
    answer_looks(driver.dialog)
    driver.choose(title)
    driver.line.setText("mine")
    (path,) = driver.export(qtbot)
    assert path == folder / f"mine{KINDS[ROWS[title]].suffix}"
    assert path.stat().st_size > 5_000


def test_views_that_do_not_apply_are_not_offered(qtbot: QtBot, gan_run: Path, folder: Path) -> None:
    driver = Driver(gan_run, folder)
    asked = answer_looks(driver.dialog, "gan")
    elbo = [view.name for view in STILL_VIEWS].index("elbo")
    driver.field("View").setCurrentIndex(elbo)
    driver.choose("Animation, GIF")
    driver.choose("Animation, MP4")
    assert asked == [30]  # once
    model = driver.field("View").model()
    assert isinstance(model, QStandardItemModel)
    offered = [view.name for i, view in enumerate(STILL_VIEWS) if model.item(i).isEnabled()]
    assert offered == ["losses", "metrics", "verdicts", "samples", "gradients", "field", "arena"]
    assert driver.field("View").currentText() == "Losses"
    assert model.item(elbo).toolTip() == STILL_VIEWS[elbo].missing
    driver.dialog.close()


def test_answers_about_other_runs_change_nothing(driver: Driver, gan_run: Path) -> None:
    driver.dialog.on_seen(seen(gan_run, 30, frozenset(), "gan"))
    model = driver.field("View").model()
    assert isinstance(model, QStandardItemModel)
    assert all(model.item(i).isEnabled() for i in range(len(STILL_VIEWS)))


def test_a_package_that_is_missing_is_named(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "find_spec", lambda name: None)
    for title, hint in (("Curves, Parquet", "'elboscope[parquet]'"), ("Model, ONNX", "onnx and onnxscript")):
        driver.choose(title)
        assert hint in driver.dialog._hint.text()
        assert driver.dialog._hint.isVisible()
        assert not driver.button("Export").isEnabled()
    driver.choose("Curves, CSV")
    assert driver.dialog._hint.isHidden()
    assert driver.button("Export").isEnabled()
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert "pip" not in KINDS[ROWS["Curves, Parquet"]].missing()


def test_a_run_that_cannot_be_read_says_so(qtbot: QtBot, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "x.elbo").write_text("nothing")
    driver = Driver(tmp_path / "x.elbo", folder)
    assert "x.elbo" in driver.dialog._hint.text()
    assert not driver.button("Export").isEnabled()
    driver.dialog.close()


def test_a_place_is_chosen(driver: Driver, folder: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.choose("Curves, CSV")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(folder / "chosen"), ""))
    qtbot.mouseClick(driver.button("Choose…"), Qt.MouseButton.LeftButton)
    assert driver.line.text() == str(folder / "chosen.csv")


def test_everything_has_a_name_and_a_place_in_the_order_of_keys(driver: Driver) -> None:
    driver.choose("Animation, GIF")
    for kind in (QComboBox, QLineEdit, QProgressBar):
        for part in driver.dialog.findChildren(kind):
            if part.objectName() != "qt_spinbox_lineedit":
                assert part.accessibleName()
    assert driver.dialog._list.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_both_themes(driver: Driver) -> None:
    for theme in THEMES.values():
        driver.dialog.set_theme(theme)
        image = driver.dialog.grab().toImage()
        assert len({image.pixel(x, y) for x in range(0, image.width(), 5) for y in range(0, image.height(), 5)}) > 5


def test_a_folder_that_nothing_can_show_is_named(
    qtbot: QtBot, driver: Driver, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    driver.choose("Curves, CSV")
    driver.export(qtbot)
    driver.button("Show in folder").click()
    assert driver.said == f"No program here shows folders; this one is {folder}."
