import pytest
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QDialog

from guiapp import presets
from guiapp.gui.preferences import Preferences
from guiapp.gui.settings import Settings


@pytest.fixture
def dialog(qtbot, tmp_path):
    dialog = Preferences(Settings(geometry="kept"), tmp_path / "runs")
    qtbot.addWidget(dialog)
    return dialog


def test_what_is_chosen_is_told_and_the_rest_is_kept(dialog, tmp_path):
    chosen = QSignalSpy(dialog.chosen)
    dialog._theme.setCurrentIndex(dialog._theme.findData("dark"))
    dialog._start.setCurrentIndex(dialog._start.findData("reopen"))
    dialog._preset.setCurrentIndex(dialog._preset.findData("gan-ring"))
    dialog._folder.setText(f"  {tmp_path / 'mine'} ")
    dialog._budget.setValue(1000)
    dialog._take()
    assert chosen.at(0)[0] == Settings(
        geometry="kept", theme="dark", reopen=True, preset="gan-ring", runs=str(tmp_path / "mine"), keyframes_mb=1000
    )
    assert dialog.result() == QDialog.DialogCode.Accepted
    assert (tmp_path / "mine").is_dir()
    assert not any((tmp_path / "mine").iterdir())


def test_it_shows_the_settings_as_they_are(qtbot, tmp_path):
    settings = Settings(theme="light", reopen=True, preset="gan-ring", runs="/r", keyframes_mb=64)
    dialog = Preferences(settings, tmp_path)
    qtbot.addWidget(dialog)
    chosen = QSignalSpy(dialog.chosen)
    dialog._take()
    assert chosen.at(0)[0] == settings


@pytest.mark.parametrize(
    ("folder", "why"),
    [("runs/here", "whole path"), ("FILE", "is a file"), ("FILE/inside", "cannot be kept"), ("a\0b", "cannot be kept")],
)
def test_a_folder_that_cannot_be_is_refused_in_a_sentence(dialog, tmp_path, folder, why):
    (tmp_path / "FILE").touch()
    chosen = QSignalSpy(dialog.chosen)
    dialog._folder.setText(str(tmp_path / folder) if "here" not in folder else folder)
    dialog._take()
    assert chosen.count() == 0
    assert why in dialog._trouble.text()
    assert not dialog._trouble.isHidden()


def test_a_preset_that_is_gone_gives_way_to_the_first(qtbot, tmp_path):
    dialog = Preferences(Settings(preset="no such"), tmp_path)
    qtbot.addWidget(dialog)
    assert dialog._preset.currentData() == presets.NAMES[0]
    dialog.show()
    assert not dialog.grab().toImage().isNull()
