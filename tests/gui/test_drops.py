"""What is dropped on the window is opened as what it is."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from guiapp import messages as m
from guiapp import presets, sharing
from guiapp.gui.main_window import MainWindow
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.parameters import edited
from tests.gui.wire import Wire

SPEC = presets.load("vae-digits").spec


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def window(qtbot, tmp_path, wire):
    window = MainWindow(Session(wire, SPEC), Settings(), tmp_path / "settings.json", SPEC, tmp_path / "runs")
    qtbot.addWidget(window)
    window.show()
    yield window
    window.close()


def dropped(window, *urls, text=""):
    """Whether the window takes them."""
    mime = QMimeData()
    if text:
        mime.setText(text)
    mime.setUrls([QUrl(url) for url in urls])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(400, 300), Qt.DropAction.CopyAction, mime, left, none)
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        drop = QDropEvent(QPointF(400, 300), Qt.DropAction.CopyAction, mime, left, none)
        QApplication.sendEvent(window, drop)
        assert drop.isAccepted()
    return enter.isAccepted()


@pytest.mark.parametrize("name", ["data.npy", "we<ird> & ünï/日本", "pictures"])
def test_data_are_trained_on(window, wire, tmp_path, name):
    path = tmp_path / name
    assert dropped(window, QUrl.fromLocalFile(str(path)))
    start = wire.last()
    assert isinstance(start, m.Start)
    assert (start.spec.data.name, start.spec.data.path) == ("file", str(path))
    assert start.spec.model == SPEC.model


def test_a_run_is_gone_on_with(window, wire, tmp_path):
    assert dropped(window, QUrl.fromLocalFile(str(tmp_path / "a.ELBO")))
    assert wire.last() == m.Open(1, str(tmp_path / "a.ELBO"))


def test_what_is_not_one_file_is_left_alone(window, wire):
    before = list(wire.sent)
    assert not dropped(window, text="words")
    assert not dropped(window, "https://example.org/data.npy")
    assert not dropped(window, "file:///a.npy", "file:///b.npy")
    assert wire.sent == before


def test_a_link_is_opened(window, wire, tmp_path):
    spec, path = edited(SPEC, "model.beta", "4"), tmp_path / "a.ELBOSCOPE"
    sharing.write_file(sharing.SharedRun(spec), path)
    assert dropped(window, QUrl.fromLocalFile(str(path)))
    start = wire.last()
    assert isinstance(start, m.Start)
    assert (start.spec, start.running) == (spec, False)
