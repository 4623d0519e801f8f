"""What a parameter does not take is refused at the field; sliders and keys move it within its range."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from guiapp.gui.panels.parameter_row import ParameterRow
from guiapp.gui.panels.parameters import KIND, ParameterPanel
from guiapp.gui.theme import LIGHT, apply
from guiapp.gui.widgets.parameter_slider import ParameterSlider
from guiapp.gui.widgets.refusing_line import stepped
from guiapp.parameters import flat, parsed, value
from guiapp.spec import Gan, RunSpec, Vae
from tests.gui.panels.panel_driver import LR, line, row, settle, slider, texts, typed

# -------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("text", ["20", "0", "-1", "ten", "", "nan"])
def test_what_is_not_allowed_is_refused_at_the_field(panel: ParameterPanel, said: list[Any], text: str) -> None:
    panel.set_has_run(True)
    field = typed(panel, LR, text) if text else line(panel, LR)
    if not text:
        panel.focus(LR)
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert field.is_refused()
    assert field.text() == text
    assert "Not allowed. Takes a number above 0 to 10." in texts(panel)
    assert "learning rate" in field.accessibleDescription()
    assert panel.pending() == RunSpec()
    assert said == []


def test_the_refusal_lies_under_the_field_and_moves_no_row(panel: ParameterPanel) -> None:
    panel.focus("seed")
    settle()
    places = {r.parameter.path: r.geometry() for r in panel.findChildren(ParameterRow)}
    field = typed(panel, "seed", "x")
    assert panel._note.isVisible()
    assert panel._note.y() == field.mapTo(panel._content, QPoint(0, field.height() + 2)).y()
    assert panel._note.geometry().bottom() <= panel._content.rect().bottom()
    assert {r.parameter.path: r.geometry() for r in panel.findChildren(ParameterRow)} == places


def test_the_red_outline_is_painted(panel: ParameterPanel, qapp: QApplication) -> None:
    before = qapp.palette()
    apply(qapp, LIGHT)
    qapp.processEvents()
    field = typed(panel, LR, "20")
    corner = field.grab().toImage().pixelColor(field.width() // 2, 1)
    assert corner.red() > 150
    assert corner.red() > 2 * corner.green()
    qapp.setPalette(before)


def test_escape_restores_the_old_value(panel: ParameterPanel) -> None:
    field = typed(panel, LR, "20")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.is_refused(), panel._note.isVisible()) == ("0.001", False, False)


def test_leaving_the_field_restores_the_old_value(panel: ParameterPanel) -> None:
    field = typed(panel, LR, "20", end=None)
    line(panel, "batch").setFocus()
    assert (field.text(), field.is_refused(), panel._note.isVisible()) == ("0.001", False, False)
    assert panel.pending() == RunSpec()


def test_leaving_the_field_takes_what_is_allowed(panel: ParameterPanel) -> None:
    typed(panel, LR, "0.01", end=None)
    assert panel.pending() == RunSpec()
    line(panel, "batch").setFocus()
    assert value(panel.pending(), LR) == 0.01


def test_text_as_shown_is_no_edit(panel: ParameterPanel) -> None:
    exact = RunSpec(model=Vae(beta=1 / 3))
    panel.set_spec(exact)
    typed(panel, "model.beta", line(panel, "model.beta").text())
    assert panel.pending() == exact


# ---------------------------------------------------------------------------------------------------------- slider


def test_a_drag_is_throttled_and_its_last_value_is_sent(panel: ParameterPanel, said: list[Any], qtbot: Any) -> None:
    panel.set_has_run(True)
    handle = slider(panel, "model.beta")
    handle.setSliderDown(True)
    for position in range(200, 301):  # from 1 to 10
        handle.setValue(position)
        assert line(panel, "model.beta").text()
    assert len(said) <= 3
    qtbot.waitUntil(lambda: said[-1:] == [("model.beta", 10.0)], timeout=1000)
    assert line(panel, "model.beta").text() == "10"
    handle.setSliderDown(False)


def test_letting_go_sends_the_last_value_at_once(panel: ParameterPanel, said: list[Any]) -> None:
    panel.set_has_run(True)
    handle = slider(panel, LR)
    handle.setSliderDown(True)
    for position in (310, 350, 400):
        handle.setValue(position)
    handle.setSliderDown(False)
    assert said[-1] == (LR, 0.1)


def test_an_echo_does_not_pull_the_handle_back(panel: ParameterPanel, qtbot: Any) -> None:
    panel.set_has_run(True)
    handle = slider(panel, "model.beta")
    handle.setSliderDown(True)
    handle.setValue(300)
    panel.set_live("model.beta", 2.0)  # confirmed later than it was sent
    assert handle.value() == 300
    handle.setSliderDown(False)
    panel.set_live("model.beta", 2.0)
    assert handle.value() == 230


@given(st.floats(1e-5, 1.0))
def test_the_slider_shows_every_value_of_its_range(qapp: QApplication, number: float) -> None:
    parent = QWidget()
    handle = ParameterSlider(flat(RunSpec())[LR], parent)
    shown: list[float] = []
    handle.moved.connect(shown.append)
    handle.set_value(number)
    assert shown == []
    position = handle.value()
    handle.setValue(position + 1 if position < handle.maximum() else position - 1)
    handle.setValue(position)
    assert shown[-1] == pytest.approx(number, rel=0.018)  # half a position is 1.2 %, three digits are 0.5 %
    handle.flush()


def test_zero_and_numbers_beyond_the_slider_are_shown_at_its_ends(panel: ParameterPanel) -> None:
    handle = slider(panel, "model.beta")
    panel.edit("model.beta", 0)
    assert handle.value() == handle.minimum()
    panel.edit("model.beta", 1000)
    assert handle.value() == handle.maximum()
    assert value(panel.pending(), "model.beta") == 1000


# -------------------------------------------------------------------------------------------------------- keyboard


def test_up_and_down_step_a_logarithmic_number_by_a_tenth_of_a_decade(panel: ParameterPanel) -> None:
    panel.focus("model.beta")
    for _ in range(10):
        QTest.keyClick(line(panel, "model.beta"), Qt.Key.Key_Up)
    assert panel.pending().model.beta == pytest.approx(10, rel=0.01)  # type: ignore[union-attr]
    QTest.keyClick(line(panel, "model.beta"), Qt.Key.Key_Down)
    assert panel.pending().model.beta == pytest.approx(10**0.9, rel=0.01)  # type: ignore[union-attr]


def test_up_and_down_step_a_whole_number_by_one(panel: ParameterPanel) -> None:
    panel.focus("model.latent")
    QTest.keyClick(line(panel, "model.latent"), Qt.Key.Key_Up)
    assert value(panel.pending(), "model.latent") == 3
    for _ in range(5):
        QTest.keyClick(line(panel, "model.latent"), Qt.Key.Key_Down)
    assert value(panel.pending(), "model.latent") == 1
    assert not line(panel, "model.latent").is_refused()


@given(st.data())
def test_a_step_is_always_allowed_and_never_backwards(data: st.DataObject) -> None:
    found = [
        p for spec in (RunSpec(), RunSpec(model=Gan())) for p in flat(spec).values() if p.kind in ("integer", "number")
    ]
    parameter = data.draw(st.sampled_from(found))
    low, high = parameter.low or 0, parameter.high or 0
    numbers = st.integers(int(low), int(high)) if parameter.kind == "integer" else st.floats(low, high)
    start = data.draw(
        numbers.filter(lambda x: not ((parameter.low_open and x == low) or (parameter.high_open and x == high)))
    )
    up, down = stepped(parameter, start, 1), stepped(parameter, start, -1)
    assert parsed(parameter, up) == up >= start
    assert parsed(parameter, down) == down <= start


def test_tab_goes_through_the_rows_in_their_order(panel: ParameterPanel) -> None:
    panel.focus("data.name")
    visited = []
    for _ in range(60):
        focused = panel.focusWidget()
        found = next((r for r in panel.findChildren(ParameterRow) if focused and r.isAncestorOf(focused)), None)
        if found is not None and found.parameter.path not in visited:
            visited.append(found.parameter.path)
        QTest.keyClick(focused, Qt.Key.Key_Tab)
        if focused is panel._filter:
            break
    order = [
        path
        for path in (*(p for p in flat(RunSpec()) if p.startswith("data.")), KIND, *flat(RunSpec()))
        if row(panel, path).isVisible()
    ]
    assert visited == list(dict.fromkeys(order))


def test_the_wheel_changes_nothing(panel: ParameterPanel, qtbot: Any) -> None:
    from PySide6.QtCore import QPointF
    from PySide6.QtGui import QWheelEvent

    for target in (slider(panel, "model.sigma"), row(panel, "data.scale").field.focus_target):
        centre = QPointF(target.rect().center())
        event = QWheelEvent(
            centre,
            target.mapToGlobal(centre),
            QPoint(0, 0),
            QPoint(0, 120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QCoreApplication.sendEvent(target, event)
    assert panel.pending() == RunSpec()
