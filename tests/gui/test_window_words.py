"""What the main window says and shows as the session tells it things; no trainer process."""

import numpy as np
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from guiapp import messages as m
from guiapp import presets
from guiapp.gui.main_window import MainWindow
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.verdict_button import VerdictButton
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.parameters import edited
from tests.gui.wire import Wire, started, update

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


def begin(window, wire, spec=SPEC, steps=2000):
    """A run with keyframes at 0 and 1,000."""
    window.session.start(spec)
    key = wire.last().key
    wire.say(started(key, spec))
    go_on(wire, key, steps)
    return key


def go_on(wire, key, steps, at=None):
    event = update(key, 1, steps)
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
    wire.say(m.Update(**fields | {"keyframes": np.array([0, 1000]), "at": at}))


def test_what_is_wrong_with_a_run_is_said_when_it_begins(window, wire):
    window.session.start(SPEC)
    wire.say(m.Refused("Runs cannot be recorded in X."))
    wire.say(m.Refused("The disk is full."))
    wire.say(m.Refused("And more."))
    wire.say(started(wire.last().key, SPEC))
    assert window.message_bar.message() == "Runs cannot be recorded in X. The disk is full."
    begin(window, wire)
    assert window.message_bar.message() == "", "said once"


def opened(window, wire, known, again=0, **fields):
    """A stored run was opened that has `known` steps."""
    window.session.open("there.elbo")
    event = started(wire.last().key, fields.pop("spec", SPEC))
    names = event.__dataclass_fields__
    wire.say(m.Started(**{n: getattr(event, n) for n in names} | {"known": known, "again": again} | fields))
    return window.message_bar.message()


def test_a_run_that_was_opened_says_that_it_stands_and_how_it_goes_on(window, wire):
    assert opened(window, wire, 12_340) == f"Paused at step {thousands(12_340)}; ▶ goes on."
    said = opened(window, wire, 1000, again=1200)
    assert said.startswith(
        f"The run was cut off: up to step {thousands(1200)} it is trained again, to the same values."
    )
    assert said.endswith("It then stands; ▶ goes on.")
    assert opened(window, wire, 0) == "", "nothing was trained yet"


def test_what_was_made_of_a_persons_data_is_said_once(window, wire):
    spec = edited(edited(SPEC, "data.name", "file"), "data.path", "/somewhere/cats")
    facts = {"data_title": "cats", "shape": (32, 40, 3), "classes": ("a", "b"), "data_note": "3 of 60 resized"}
    said = opened(window, wire, 0, spec=spec, **facts)
    thousand = thousands(1000)
    assert said == f"cats: {thousand} data of 32 x 40 x 3 to train on, 2 classes; 3 of 60 resized."
    assert opened(window, wire, 0, spec=spec, **facts) == "", "the same data again"
    assert opened(window, wire, 0, spec=edited(spec, "data.side", "16"), **facts) == said


def test_what_was_adapted_to_the_data_reads_well(window, wire):
    spec = presets.load("vae-conv").spec
    window.session.spec = spec
    window.parameter_panel.set_spec(spec, spec)
    window.open_data("/somewhere/points.npy")
    dense = {"model.encoder.layers": "dense", "model.decoder.layers": "dense", "model.likelihood": "gaussian"}
    wire.say(m.Refused("no images", dense, wire.last().key))
    wire.say(started(wire.last().key, wire.last().spec))
    said = window.message_bar.message()
    assert said.endswith("For these data: layers dense, likelihood gaussian.") or said.endswith(
        "For these data: likelihood gaussian, layers dense."
    )


def test_what_a_cut_data_file_does_is_said(window, wire):
    begin(window, wire)
    wire.say(m.Died(-7))
    assert "signal 7 (often: its data file was cut short)" in window.message_bar.message()


def test_what_was_wrong_with_a_run_that_never_began_is_not_said_of_the_next(window, wire):
    window.session.start(SPEC)
    wire.say(m.Refused("The disk is full."))
    wire.say(m.Refused("The data are gone.", key=wire.last().key))
    assert window.message_bar.message() == "The data are gone."
    begin(window, wire)
    assert window.message_bar.message() == ""


def test_good_news_are_no_error(window, wire):
    begin(window, wire)
    wire.say(m.Refused("The run is recorded again.", mended=True))
    assert window.message_bar.accessibleName() == "Note: The run is recorded again."


def test_trouble_while_looking_back_leaves_the_parameters_of_that_step(window, wire):
    key = begin(window, wire)
    wire.say(m.Edited(key, 1500, "model.beta", 1.0, 4.0, edited(SPEC, "model.beta", 4.0)))
    window.session.travel(1000)
    go_on(wire, key, 1, at=1000)
    assert window.parameter_panel.pending().model.beta == 1.0
    wire.say(m.Refused("The disk is full."))
    assert window.parameter_panel.pending().model.beta == 1.0
    assert window.session.at == 1000


def test_a_link_that_sets_a_parameter_does_so_for_a_fork_when_looking_back(window, wire):
    begin(window, wire)
    window.session.travel(1000)
    sent = len(wire.sent)
    window.follow_link("set:model.beta=2")
    assert len(wire.sent) == sent
    assert window.parameter_panel.pending().model.beta == 2.0


def test_the_numbers_of_an_explanation_say_of_which_step_they_are(window, wire):
    key = begin(window, wire)
    window._update_text()
    text = window.explain_panel.browser.toPlainText
    assert "Now" in text()
    window.session.travel(1000)
    go_on(wire, key, 1, at=1000)
    window._update_text()
    assert f"At step {thousands(1000)}" in text()
    assert "Now" not in text()


def test_a_run_of_a_preset_is_compared_with_that_preset(window, wire):
    other = presets.load("gan-ring").spec
    begin(window, wire, other)
    assert window.baseline == other
    begin(window, wire, edited(other, "batch", 100))
    assert window.baseline == other


def test_the_menu_of_themes_knows_what_the_preferences_have_changed(window):
    menu = next(menu for menu in window.menuBar().findChildren(QMenu) if menu.title() == "&Theme")
    window.choose_theme("dark")
    menu.aboutToShow.emit()
    checked = [action.text() for action in menu.findChildren(QAction) if action.isChecked()]
    assert checked == ["Dark"]


def test_another_window_s_preferences_outlive_this_one(window, tmp_path):
    path = tmp_path / "settings.json"
    Settings(theme="dark", keyframes_mb=64).save(path)
    window.close()
    saved = Settings().renewed(path)
    assert (saved.theme, saved.keyframes_mb) == ("dark", 64)
    assert saved.geometry


def test_a_verdict_is_told_in_the_run_bar_and_leads_to_its_view(window, wire, qtbot):
    key = begin(window, wire)
    detail = {"verdict": "oscillation", "confident": True, "evidence": "It swings.", "remedy": "Calm it."}
    event = update(key, 2001, 10)
    fields = {name: getattr(event, name) for name in event.__dataclass_fields__}
    wire.say(m.Update(**fields | {"events": ((2000, "verdict", detail),)}))
    window._update_text()
    button = window.run_bar.findChild(VerdictButton)
    assert button.text() == "▲ oscillation"
    button.click()
    assert window.workspace.docks["verdicts"].isVisible()


def test_a_link_in_a_view_does_what_a_link_of_an_explanation_does(window, wire):
    begin(window, wire)
    window.workspace.link_followed.emit("set:model.beta=3")
    assert wire.last() == m.Edit("model.beta", "3")
