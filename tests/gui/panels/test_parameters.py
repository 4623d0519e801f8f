"""The panel keeps what is live and what is pending apart, follows the kind of model, and finds parameters."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from guiapp.gui.panels.parameter_row import ParameterRow
from guiapp.gui.panels.parameters import KIND, ParameterPanel
from guiapp.gui.theme import DARK
from guiapp.spec import Gan, Network, RunSpec, Vae
from tests.gui.panels.panel_driver import choose, line, row, settle, slider, texts, typed

# ------------------------------------------------------------------------------------------------------ live edits


def test_without_a_run_every_change_is_pending(panel: ParameterPanel, said: list[Any]) -> None:
    typed(panel, "model.beta", "4")
    typed(panel, "model.latent", "3")
    assert panel.pending() == RunSpec(model=Vae(beta=4.0, latent=3))
    assert said == []
    assert not panel._bar.isVisible()
    assert "on&nbsp;restart" not in texts(panel)


def test_a_live_parameter_of_a_run_changes_at_once(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    typed(panel, "model.beta", "4")
    assert said == [("model.beta", 4.0)]
    assert panel.pending().model == Vae(beta=4.0)
    assert not panel._bar.isVisible()


def test_others_wait_for_a_restart_and_say_so(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    typed(panel, "model.latent", "8")
    choose(row(panel, "model.likelihood").field.focus_target, "gaussian")  # type: ignore[arg-type]
    assert said == []
    assert "2 changes take effect on restart" in texts(panel)
    assert "on&nbsp;restart" in row(panel, "model.latent")._label.text()
    assert "takes effect on restart" in row(panel, "model.latent").toolTip()
    assert panel._bar._label.toolTip() == "latent dimensions: 2 → 8\nlikelihood: bernoulli → gaussian"
    typed(panel, "model.beta", "4")
    panel._bar.restart_clicked.emit()
    assert said == [("model.beta", 4.0), (RunSpec(model=Vae(latent=8, likelihood="gaussian", beta=4.0)),)]


def test_changes_to_the_past_wait_for_a_fork_also_where_the_run_has_ended(panel: ParameterPanel) -> None:
    panel.set_past(40)
    typed(panel, "model.beta", "4")
    assert "1 change takes effect in a fork" in texts(panel)
    assert "in&nbsp;a&nbsp;fork" in row(panel, "model.beta")._label.text()
    assert "takes effect in a fork" in row(panel, "model.beta").toolTip()
    panel.set_past(None)
    assert "fork" not in row(panel, "model.beta")._label.text()


def test_discard_goes_back_to_the_run(panel: ParameterPanel) -> None:
    panel.set_has_run(True)
    typed(panel, "model.beta", "4")
    typed(panel, "model.latent", "8")
    panel._bar.discard_clicked.emit()
    assert panel.pending() == RunSpec(model=Vae(beta=4.0))
    assert line(panel, "model.latent").text() == "2"
    assert not panel._bar.isVisible()


def test_a_pending_change_moves_no_row(panel: ParameterPanel) -> None:
    panel.set_has_run(True)
    settle()
    places = {r.parameter.path: r.geometry() for r in panel.findChildren(ParameterRow)}
    for path in ("model.latent", "model.likelihood", "data.name", "device", "model.optimiser.beta1"):
        parameter = row(panel, path).parameter
        panel.edit(
            path,
            {"choice": parameter.choices[-1:], "integer": (8,), "number": (0.5,)}.get(parameter.kind, ("ring",))[0],
        )
    settle()
    assert {r.parameter.path: r.geometry() for r in panel.findChildren(ParameterRow)} == places


def test_a_change_from_elsewhere_is_shown_without_a_word(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    panel.edit("model.latent", 8)
    panel.set_live("model.beta", 2.5)
    assert line(panel, "model.beta").text() == "2.5"
    assert panel.pending() == RunSpec(model=Vae(latent=8, beta=2.5))
    panel._discard()
    assert panel.pending() == RunSpec(model=Vae(beta=2.5))
    assert said == []


def test_a_change_from_elsewhere_leaves_what_is_being_typed(panel: ParameterPanel) -> None:
    field = typed(panel, "model.beta", "12", end=None)
    panel.set_live("model.beta", 2.5)
    assert field.text() == "12"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert field.text() == "2.5"


def test_set_spec_says_nothing_and_drops_what_was_pending(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    panel.edit("model.latent", 8)
    panel.set_spec(RunSpec(batch=32))
    assert panel.pending() == RunSpec(batch=32)
    panel.set_spec(RunSpec(model=Gan()))
    assert panel.pending() == RunSpec(model=Gan())
    assert said == []


def test_naming_a_file_means_using_it(panel: ParameterPanel) -> None:
    typed(panel, "data.path", "/data/mine.npz")
    assert panel.pending().data.name == "file"
    assert "A file of yours" in row(panel, "data.name").field.focus_target.currentText()  # type: ignore[attr-defined]


def test_a_switch_and_widths(panel: ParameterPanel) -> None:
    panel.focus("model.encoder.skip")
    QTest.keyClick(row(panel, "model.encoder.skip").field.focus_target, Qt.Key.Key_Space)
    typed(panel, "model.encoder.hidden", "32 16")
    assert panel.pending().model == Vae(encoder=Network(hidden=(32, 16), skip=True))
    assert line(panel, "model.encoder.hidden").text() == "32, 16"


# ------------------------------------------------------------------------------------------------------ model kind


def test_the_kind_of_model_is_chosen_at_the_top_of_its_section(panel: ParameterPanel) -> None:
    panel.set_has_run(True)
    panel.edit("batch", 64)
    choose(row(panel, KIND).field.focus_target, "gan")  # type: ignore[arg-type]
    settle()
    assert panel.pending() == RunSpec(model=Gan(), batch=64)
    assert "1 change takes effect on restart" in texts(panel)
    assert panel._bar._label.toolTip() == "kind of model: vae → gan"
    assert "on&nbsp;restart" in row(panel, KIND)._label.text()
    panel._discard()
    settle()
    assert panel.pending() == RunSpec(batch=64)


def test_no_parameter_of_a_pending_model_is_live(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    panel.edit(KIND, "gan")
    panel.edit("model.d_steps", 5)
    assert not panel.is_live("model.d_steps")
    assert said == []
    panel.edit("batch", 64)
    panel.set_live("model.beta", 3.0)  # the run is still a VAE
    assert said == [("batch", 64)]
    assert panel.pending() == RunSpec(model=Gan(d_steps=5), batch=64)
    panel._discard()
    assert panel.pending() == RunSpec(model=Vae(beta=3.0), batch=64)


def test_each_kind_of_model_keeps_its_rows(panel: ParameterPanel) -> None:
    """Of each widget that is painted once and dropped, Qt keeps something for good."""

    def widgets() -> list[QWidget]:
        settle()
        return panel.findChildren(QWidget)

    panel.edit(KIND, "gan")
    panel.edit(KIND, "vae")
    first = widgets()
    for _ in range(10):
        panel.edit(KIND, "gan")
        panel.edit(KIND, "vae")
    assert set(widgets()) == set(first)


def test_rows_that_come_back_show_what_is_in_force(panel: ParameterPanel) -> None:
    panel.edit(KIND, "gan")
    panel.set_theme(DARK)
    panel.set_spec(RunSpec(model=Vae(latent=8, beta=2.0)))
    settle()
    assert line(panel, "model.latent").text() == "8"
    assert line(panel, "model.beta").text() == "2"
    assert DARK.muted in row(panel, "model.sigma")._label.text()
    assert row(panel, "model.latent").isVisible()
    panel._filter.setText("skip")
    panel.set_spec(RunSpec(model=Gan()))
    panel.set_spec(RunSpec())
    settle()
    shown = {r.parameter.path for r in panel.findChildren(ParameterRow) if r.isVisible()}
    assert shown == {"model.encoder.skip", "model.decoder.skip"}


def test_another_kind_of_model_loses_only_what_is_being_typed(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    typed(panel, "model.latent", "17000", end=None)
    assert panel._note.isVisible()
    panel.set_spec(RunSpec(model=Gan()))
    settle()
    assert panel.pending() == RunSpec(model=Gan())
    panel.set_spec(RunSpec())
    settle()
    assert said == []
    assert (line(panel, "model.latent").text(), line(panel, "model.latent").is_refused()) == ("2", False)
    assert not panel._note.isVisible()
    typed(panel, "model.beta", "4")
    assert said == [("model.beta", 4.0)]


def test_another_kind_of_model_takes_the_handle_out_of_the_hand(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    handle = slider(panel, "model.beta")
    handle.setSliderDown(True)
    before = handle.value()
    for place in (900, 1000):  # of which the second waits to be sent
        handle.setValue(place)
    sent = len(said)
    panel.set_spec(RunSpec(model=Gan()))
    handle.flush()  # as its timer would
    panel.set_spec(RunSpec())
    settle()
    assert len(said) == sent
    assert handle.value() == before
    panel.set_live("model.beta", 10.0)
    assert handle.value() > before


# --------------------------------------------------------------------------------------------------------- finding


def test_the_filter_shows_what_matches_even_in_folded_sections(panel: ParameterPanel) -> None:
    panel._filter.setText("skip")
    shown = {r.parameter.path for r in panel.findChildren(ParameterRow) if r.isVisible()}
    assert shown == {"model.encoder.skip", "model.decoder.skip"}
    QTest.keyClick(panel._filter, Qt.Key.Key_Escape)
    assert not row(panel, "model.encoder.skip").isVisible()
    assert row(panel, "batch").isVisible()
    panel._filter.setText("gradient noise")
    assert {r.parameter.path for r in panel.findChildren(ParameterRow) if r.isVisible()} == {"batch"}
    panel._filter.setText("zebra")
    assert "No parameter has this name." in texts(panel)


def test_focus_unfolds_and_scrolls_to_the_editor(panel: ParameterPanel) -> None:
    panel._filter.setText("batch")
    panel.focus("model.decoder.hidden")
    assert panel.focusWidget() is line(panel, "model.decoder.hidden")
    assert row(panel, "model.decoder.hidden").isVisible()
    panel.focus("no.such")
    assert panel.focusWidget() is line(panel, "model.decoder.hidden")


def test_another_kind_of_model_takes_no_focus_from_elsewhere(qtbot: Any) -> None:
    window, panel, other = QWidget(), ParameterPanel(), QLineEdit()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    column.addWidget(panel)
    column.addWidget(other)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    panel.focus("batch")
    other.setFocus()
    panel.set_spec(RunSpec(model=Gan()))
    settle()
    assert QApplication.focusWidget() is other


def test_a_click_beside_a_line_takes_what_was_typed(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    typed(panel, "model.beta", "4", end=None)
    QTest.mouseClick(row(panel, "model.encoder.skip").field.focus_target, Qt.MouseButton.LeftButton)
    assert said == [("model.beta", 4.0)]
