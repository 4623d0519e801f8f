"""Each row shows what the spec declares, and its menu restores and copies."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QMenu

from guiapp.data import DATASETS
from guiapp.gui.panels.parameter_row import ParameterRow
from guiapp.gui.panels.parameters import KIND, ParameterPanel
from guiapp.gui.theme import DARK, LIGHT, Theme, apply
from guiapp.gui.widgets.field_editor import ChoiceField, SwitchField, TextField
from guiapp.parameters import MODELS, edited, flat
from guiapp.spec import Network, RunSpec, Vae
from tests.gui.panels.panel_driver import LR, line, row, settle, texts

# --------------------------------------------------------------------------------------------------- what is shown


@pytest.mark.parametrize("kind", MODELS)
def test_one_row_for_each_parameter_of_the_spec(panel: ParameterPanel, kind: str) -> None:
    spec = RunSpec(model=MODELS[kind]())
    panel.set_spec(spec)
    settle()
    assert sorted(r.parameter.path for r in panel._content.findChildren(ParameterRow)) == sorted([*flat(spec), KIND])


@pytest.mark.parametrize("kind", MODELS)
def test_every_editor_has_a_name_of_its_own_and_says_what_it_is(panel: ParameterPanel, kind: str) -> None:
    panel.set_spec(RunSpec(model=MODELS[kind]()))
    settle()
    rows = panel._content.findChildren(ParameterRow)
    names = [r.field.focus_target.accessibleName() for r in rows]
    assert all(names)
    assert len(set(names)) == len(names)
    for r in rows:
        assert r.parameter.help in r.field.focus_target.accessibleDescription()
        assert r.field.slider is None or r.field.slider.accessibleName().endswith("slider")


@pytest.mark.parametrize(
    ("path", "editor"),
    [
        ("batch", TextField),
        (LR, TextField),
        ("model.encoder.hidden", TextField),
        ("data.path", TextField),
        ("model.likelihood", ChoiceField),
        ("data.name", ChoiceField),
        ("model.encoder.skip", SwitchField),
    ],
)
def test_each_kind_has_its_editor(panel: ParameterPanel, path: str, editor: type) -> None:
    assert type(row(panel, path).field) is editor


def test_a_slider_where_the_spec_gives_its_range(panel: ParameterPanel) -> None:
    have = {r.parameter.path for r in panel._content.findChildren(ParameterRow) if r.field.slider is not None}
    assert have == {path for path, p in flat(RunSpec()).items() if p.slide is not None}


def test_the_tooltip_says_help_unit_range_and_default(panel: ParameterPanel) -> None:
    tip = row(panel, "model.sigma").toolTip()
    assert "Standard deviation of the Gaussian likelihood" in tip
    assert "Unit: data units." in tip
    assert "Takes a number from 0.001 to 100." in tip
    assert "Default: 0.3." in tip


def test_data_sets_are_those_of_the_catalogue_and_a_file(panel: ParameterPanel) -> None:
    combo = row(panel, "data.name").field.focus_target
    assert isinstance(combo, QComboBox)
    assert [combo.itemData(i) for i in range(combo.count())] == [*(d.name for d in DATASETS), "file"]
    assert combo.itemText(0) == DATASETS[0].title


def test_a_data_set_of_another_version_is_shown_by_its_name(panel: ParameterPanel) -> None:
    panel.set_spec(edited(RunSpec(), "data.name", "cifar"))
    combo = row(panel, "data.name").field.focus_target
    assert isinstance(combo, QComboBox)
    assert (combo.currentIndex(), combo.placeholderText()) == (-1, "cifar")


def test_what_is_not_the_default_is_bold(panel: ParameterPanel) -> None:
    panel.set_spec(RunSpec(model=Vae(beta=4.0)))
    assert "<b>β</b>" in row(panel, "model.beta")._label.text()
    assert line(panel, "model.beta").font().bold()
    assert "<b>" not in row(panel, "batch")._label.text()
    panel.set_spec(RunSpec(model=Vae(beta=4.0)), baseline=RunSpec(model=Vae(beta=4.0), batch=64))
    assert not line(panel, "model.beta").font().bold()
    assert line(panel, "batch").font().bold()


def test_a_folded_section_says_what_is_inside(panel: ParameterPanel) -> None:
    panel.set_spec(RunSpec(model=Vae(encoder=Network(hidden=(8, 4), activation="tanh"))))
    assert "8, 4 · tanh" in texts(panel)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("kind", MODELS)
def test_it_fits_into_280_pixels(panel: ParameterPanel, qapp: QApplication, theme: Theme, kind: str) -> None:
    before = qapp.palette()
    apply(qapp, theme)
    panel.set_theme(theme)
    panel.set_spec(RunSpec(model=MODELS[kind]()))
    panel._filter.setText(" ")  # a blank finds everything
    for section in panel._sections.values():
        section.set_open(True)
    settle()
    for r in panel._content.findChildren(ParameterRow):
        for child in (r.field.editor, r._label):
            right = child.mapTo(panel._content, QPoint(child.width(), 0)).x()
            assert right <= panel._scroll.viewport().width(), r.parameter.path
        assert r._label.height() >= r._label.heightForWidth(r._label.width()), r.parameter.path
    image = panel.grab().toImage()
    assert len({image.pixel(x, 400) for x in range(image.width())}) > 5
    qapp.setPalette(before)


# ------------------------------------------------------------------------------------------------------------ menu


def menu_of(panel: ParameterPanel, path: str) -> QMenu:
    menu = QMenu(panel)
    row(panel, path).fill_menu(menu)
    return menu


def test_the_menu_restores_the_default(panel: ParameterPanel) -> None:
    panel.edit(LR, 0.02)
    action = menu_of(panel, LR).actions()[0]
    assert action.text() == "Restore default (0.001)"
    action.trigger()
    assert panel.pending() == RunSpec()
    assert not menu_of(panel, LR).actions()[0].isEnabled()


@pytest.mark.parametrize(
    ("path", "new", "option"),
    [
        ("model.beta", 4.0, "--set model.beta=4"),
        ("model.encoder.hidden", (32, 16), "--set model.encoder.hidden=32,16"),
        ("model.likelihood", "gaussian, learned σ", "--set 'model.likelihood=gaussian, learned σ'"),
        ("model.encoder.skip", True, "--set model.encoder.skip=true"),
    ],
)
def test_the_menu_copies_the_command_line_option(panel: ParameterPanel, path: str, new: Any, option: str) -> None:
    panel.edit(path, new)
    action = menu_of(panel, path).actions()[1]
    assert action.text() == f"Copy as {option}"
    action.trigger()
    assert QGuiApplication.clipboard().text() == option


@pytest.mark.expected_qt_message("This plugin does not support (raise|grabbing the keyboard)")
def test_the_menu_of_a_line_has_cut_and_paste_too(panel: ParameterPanel, qtbot: Any) -> None:
    target, pressed = row(panel, "batch"), line(panel, "batch")
    position = QPoint(10, 10)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, position, pressed.mapToGlobal(position))
    QApplication.sendEvent(pressed, event)  # the line itself has no menu
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    names = " ".join(action.text() for action in menu.actions())
    assert "Paste" in names
    assert "Restore default (128)" in names
    menu.close()
    settle()
    assert not target.findChildren(QMenu)
