"""Links in the window: what is shown can be copied, and what a link holds is set up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from guiapp import messages as m
from guiapp import presets, sharing
from guiapp.gui.labs import LABS
from guiapp.gui.labs.base import Lab
from guiapp.gui.main_window import MainWindow
from guiapp.gui.panels.link_dialog import LinkDialog
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.gui.sharing import Sharing
from guiapp.parameters import edited
from guiapp.sharing import SharedLab, SharedPreset, SharedRun, SharingError
from guiapp.spec import RunSpec
from tests.gui.wire import Wire, started, update

SPEC = presets.load("vae-digits").spec
OWN = edited(SPEC, "model.beta", "4")


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, wire: Wire) -> Iterator[MainWindow]:
    window = MainWindow(Session(wire, SPEC), Settings(), tmp_path / "settings.json", SPEC, tmp_path / "runs")
    qtbot.addWidget(window)
    wire.say(m.Ready("2", ("cpu",), 1))
    window.show()
    QGuiApplication.clipboard().clear()
    yield window
    window.close()


@pytest.fixture
def links(window: MainWindow) -> Sharing:
    return window.desk.sharing


def begin(window: MainWindow, wire: Wire, spec: RunSpec = SPEC, running: bool = False) -> None:
    """A run of `spec` with a step."""
    window.session.start(spec, running=running)
    key = answer(wire)
    wire.say(update(key, 1, 30))


def answer(wire: Wire) -> int:
    """Let the trainer begin what it was asked for last."""
    start = wire.last()
    assert isinstance(start, m.Start)
    wire.say(started(start.key, start.spec))
    return start.key


def said(window: MainWindow) -> str:
    return "" if window.message_bar.isHidden() else window.message_bar._sentence.text()


def other(params: Any) -> Any:
    """Parameters that differ in every float, by a tenth; less, as some stand at their greatest."""
    changes = {f: 0.9 * v for f in params.__struct_fields__ if isinstance(v := getattr(params, f), float)}
    return msgspec.structs.replace(params, **changes)


# ----------------------------------------------------------------------------------------------------------------- labs


def test_every_lab_comes_back_with_all_its_parameters(window: MainWindow, links: Sharing) -> None:
    for kind in LABS:
        dock, reveal = window.workspace.docks[kind.name], window.workspace.reveal
        reveal(kind.name)
        lab = dock.content()
        assert isinstance(lab, Lab)
        before, changed = lab.params(), other(lab.params())
        assert changed != before, kind
        lab.set_params(changed)
        links.copy()
        text = QGuiApplication.clipboard().text()
        copied = f"“{kind.title}” was copied as a link of {len(text):,}"
        assert copied.replace(",", " ") in said(window).replace(",", " ")
        assert sharing.read(text) == SharedLab(kind.name, msgspec.json.decode(msgspec.json.encode(changed)))
        lab.set_params(before)
        window.workspace.arrange("VAE")
        links.paste()
        assert lab.params() == changed, kind
        assert dock.is_showing(), kind


def wrong(value: Any) -> Iterator[Any]:
    """`value` with one thing in it out of range or of another kind."""
    yield from (None, "no such", {"a": 1}, [], 1e300, -1e300, -(10**30), 10**30, True)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from ({**value, name: bad} for bad in wrong(inner))
    if isinstance(value, list | tuple):
        for i, inner in enumerate(value[:2]):
            yield from ([*value[:i], bad, *value[i + 1 :]] for bad in wrong(inner))


@pytest.mark.slow
def test_what_a_lab_does_not_take_is_refused_by_a_sentence(window: MainWindow, links: Sharing) -> None:
    for kind in LABS:
        lab = window.workspace.docks[kind.name].content()
        assert isinstance(lab, Lab)
        window.workspace.reveal(kind.name)
        start, plain = lab.params(), msgspec.to_builtins(lab.params())
        assert not links.show(SharedLab(kind.name, {**plain, next(iter(plain)): {"no": "such"}}))
        assert f"“{kind.title}” does not take these parameters" in said(window)
        assert lab.params() == start, kind
        for name, value in plain.items():
            for bad in wrong(value):
                before = lab.params()
                if not links.show(SharedLab(kind.name, {**plain, name: bad})):
                    assert lab.params() == before, (kind, name, bad)
                    assert "parameters: " in said(window)
                else:
                    lab.set_params(start)
        lab.grab()


def test_what_is_not_named_has_its_default(window: MainWindow, links: Sharing) -> None:
    lab = window.workspace.docks["gaussian-kl"].content()
    assert isinstance(lab, Lab)
    default = lab.params()
    lab.set_params(other(default))
    assert links.show(SharedLab("gaussian-kl", {"mu1": 2.0}))
    assert lab.params() == msgspec.structs.replace(default, mu1=2.0)


@pytest.mark.parametrize(
    ("shared", "word"),
    [
        (SharedLab("no-such-lab"), "no lab “no-such-lab”"),
        (SharedLab("losses"), "no lab “losses”"),
        (SharedPreset("no-such"), "no preset “no-such”"),
        (SharedPreset("vae-digits", "no-such"), "no view “no-such”"),
        (SharedRun(OWN, "gaussian-kl"), "no view “gaussian-kl”"),
    ],
)
def test_what_there_is_not_is_named(window: MainWindow, wire: Wire, links: Sharing, shared: Any, word: str) -> None:
    before = list(wire.sent)
    assert not links.show(shared)
    assert word in said(window)
    assert wire.sent == before


# ----------------------------------------------------------------------------------------------------------------- runs


def test_every_preset_is_started_to_stand(window: MainWindow, wire: Wire, links: Sharing) -> None:
    for name in presets.NAMES:
        assert links.show(SharedPreset(name))
        start = wire.last()
        assert isinstance(start, m.Start)
        assert (start.spec, start.running) == (presets.load(name).spec, False), name
        assert window.baseline == presets.load(name).spec


def test_a_run_is_copied_as_it_is_now_and_starts_with_its_view(window: MainWindow, wire: Wire, links: Sharing) -> None:
    begin(window, wire, OWN)
    window.workspace.reveal("collapse")
    links.copy()
    assert sharing.read(QGuiApplication.clipboard().text()) == SharedRun(OWN, "collapse")
    window.workspace.arrange("Labs")
    begin(window, wire, running=True)
    wire.say(update(2, 30, 60))
    links.paste()
    start = wire.last()
    assert isinstance(start, m.Start)
    assert (start.spec, start.running) == (OWN, False)
    answer(wire)
    assert window.workspace.docks["collapse"].is_showing()
    assert said(window).startswith("The run stands at step 0; ▶ trains it. The run before is kept")
    assert window.session.state == "paused"


def test_a_preset_is_copied_by_its_name(window: MainWindow, wire: Wire, links: Sharing) -> None:
    begin(window, wire)
    window.run_bar.setFocus()
    window.workspace.docks["losses"].place.setFocus()
    assert links.current() == SharedPreset("vae-digits", "losses")


def test_without_a_run_the_parameters_of_the_panel_are_copied(window: MainWindow, links: Sharing) -> None:
    window.parameter_panel.set_spec(OWN, SPEC)
    shared = links.current()
    assert isinstance(shared, SharedRun)
    assert shared.spec == OWN


def test_a_run_without_a_view_is_seen_in_its_arrangement(window: MainWindow, wire: Wire, links: Sharing) -> None:
    window.workspace.arrange("Labs")
    links.show(SharedRun(OWN))
    answer(wire)
    assert window.workspace.arrangement == window.workspace.home != "Labs"


def test_a_refused_run_leaves_the_window_as_it_was(window: MainWindow, wire: Wire, links: Sharing) -> None:
    begin(window, wire)
    window.workspace.arrange("Labs")
    links.show(SharedRun(OWN, "collapse"))
    start = wire.last()
    assert isinstance(start, m.Start)
    wire.say(m.Refused("It cannot be.", key=start.key))
    window.session.start(SPEC)
    answer(wire)
    assert window.workspace.arrangement == "Labs", "the view of a run that never began is not raised"


def test_a_run_on_the_sharers_file_asks_for_the_file(
    window: MainWindow, wire: Wire, links: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = edited(edited(SPEC, "data.name", "file"), "data.path", "/home/anna/faces.npz")
    begin(window, wire, own)
    links.copy()
    assert "Your data are not in it: who opens it is asked for their copy of “faces.npz”." in said(window)
    before = list(wire.sent)
    links.paste()
    assert wire.sent == before, "there is nothing to train on yet"
    assert "a file of the sharer's, “faces.npz”, which a link does not hold" in said(window)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/data/my faces.npz", ""))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "/data/faces")
    for word, path in (("Choose the file…", "/data/my faces.npz"), ("Choose a folder of images…", "/data/faces")):
        next(button for button in window.message_bar.findChildren(QPushButton) if button.text() == word).click()
        start = wire.last()
        assert isinstance(start, m.Start)
        assert start.spec == edited(own, "data.path", path)
        assert not start.running


# --------------------------------------------------------------------------------------------- clipboard and keyboard


def test_ctrl_v_opens_a_link_but_not_in_a_line_of_text(qtbot: QtBot, window: MainWindow, wire: Wire) -> None:
    window.activateWindow()
    QGuiApplication.clipboard().setText(f"> {sharing.text(SharedRun(OWN))}\n")
    window.workspace.docks["losses"].place.setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    start = wire.last()
    assert isinstance(start, m.Start)
    assert start.spec == OWN


@pytest.mark.parametrize(
    ("text", "word"),
    [("", "holds no Elboscope link"), ("words", "holds no Elboscope link"), ("elboscope:1/0.1.0/eNqr", "cut off")],
)
def test_what_is_no_link_is_told(window: MainWindow, links: Sharing, text: str, word: str) -> None:
    QGuiApplication.clipboard().setText(text)
    links.paste()
    assert word in said(window)


def test_a_lab_of_a_newer_elboscope_says_which_is_needed(window: MainWindow, links: Sharing) -> None:
    text = sharing.text(SharedLab("quantum")).replace(f"/{sharing.__version__}/", "/33.1/")
    with pytest.raises(SharingError, match=r"no lab “quantum”\. It was made by Elboscope 33\.1"):
        links.open_text(text)


# --------------------------------------------------------------------------------------------------------------- dialog


@pytest.fixture
def dialog(links: Sharing) -> LinkDialog:
    links.ask()
    assert links.dialog is not None
    return links.dialog


def test_the_dialog_says_what_a_link_holds(window: MainWindow, wire: Wire, links: Sharing, dialog: LinkDialog) -> None:
    assert not dialog.open_button.isEnabled()
    for shared, word in (
        (SharedLab("depth"), "The lab “"),
        (SharedPreset("gan-ring"), f"The preset “{presets.load('gan-ring').title}”. It stands at step 0"),
        (SharedRun(OWN), "A run of a VAE on “"),
    ):
        dialog.line.setText(sharing.text(shared))
        assert dialog.sentence.text().startswith(word)
        assert dialog.open_button.isEnabled()
    dialog.open_button.click()
    assert links.dialog is None
    start = wire.last()
    assert isinstance(start, m.Start)
    assert start.spec == OWN


def test_the_dialog_says_why_a_text_is_no_link(links: Sharing, dialog: LinkDialog) -> None:
    for text, word in (("words", "no Elboscope link"), ("elboscope:1/0.1.0/eN", "cut off")):
        dialog.line.setText(text)
        assert word in dialog.sentence.text()
        assert word in dialog.line.accessibleDescription()
        assert not dialog.open_button.isEnabled()
    dialog.line.setText(sharing.text(SharedLab("gaussian-kl", {"mu1": 1e300})))
    assert dialog.open_button.isEnabled(), "what a lab takes is known when it is asked"
    dialog.open_button.click()
    assert "does not take these parameters" in dialog.sentence.text()
    assert links.dialog is dialog
    dialog.line.clear()
    assert "is said here" in dialog.sentence.text()


def test_a_link_on_the_clipboard_stands_in_the_dialog(links: Sharing) -> None:
    text = sharing.text(SharedLab("depth"))
    QGuiApplication.clipboard().setText(f" {text}\n")
    links.ask()
    assert links.dialog is not None
    assert text in links.dialog.line.text()
    assert links.dialog.open_button.isEnabled()


# ---------------------------------------------------------------------------------------------------------------- files


def test_a_link_is_saved_and_opened_as_a_file(
    window: MainWindow, links: Sharing, dialog: LinkDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lab.elboscope"
    links.write(SharedLab("gaussian-kl", {"mu1": 2.5}), path)
    assert said(window) == f"The lab “KL between two Gaussians” was saved as a link to {path}."
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dialog.file_button.click()
    lab = window.workspace.docks["gaussian-kl"].content()
    assert isinstance(lab, Lab)
    assert msgspec.to_builtins(lab.params())["mu1"] == 2.5


def test_files_that_cannot_be_are_told(window: MainWindow, links: Sharing, tmp_path: Path) -> None:
    links.write(SharedLab("depth"), tmp_path / "none" / "x.elboscope")
    assert "cannot be written" in said(window)
    links.open_file(str(tmp_path / "none.elboscope"))
    assert said(window).startswith("none.elboscope: ")
    assert "cannot be read" in said(window)
