"""What every lab has to do; a new one gets these tests by its line in LABS."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec import Struct
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs import LABS
from guiapp.gui.labs.base import Lab
from guiapp.gui.theme import DARK, LIGHT, Theme

every_lab = pytest.mark.parametrize("kind", LABS, ids=lambda kind: kind.name)


def made(qtbot: QtBot, kind: type[Lab]) -> Lab:
    lab = kind()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    return lab


def other(params: Struct) -> Struct:
    """Parameters that differ in every float, by a tenth; less, as some stand at their greatest."""
    changes = {f: 0.9 * v for f in params.__struct_fields__ if isinstance(v := getattr(params, f), float)}
    return msgspec.structs.replace(params, **changes)


def picture(lab: Lab) -> QImage:
    return lab.grab().toImage()


def colours(image: QImage) -> int:
    step = range(0, image.width(), 7)
    return len({image.pixel(x, y) for x in step for y in range(0, image.height(), 7)})


def posterior() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "mean": rng.normal(size=(8, 3)).astype(np.float32),
        "std": rng.uniform(0.1, 1, (8, 3)).astype(np.float32),
        "labels": np.arange(8, dtype=np.int16),
        "images": rng.uniform(size=(8, 28, 28)).astype(np.float32),
    }


def beliefs() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    outputs = {name: rng.normal(size=64).astype(np.float32) for name in ("real", "generated")}
    return outputs | {"objective": np.array(1), "targets": np.array([1.0, 0.0])}


def layers() -> dict[str, Any]:
    edges = np.linspace(-8, 8, 129)
    counts = np.histogram(np.random.default_rng(0).normal(size=999), edges)[0]
    return {
        "layer": np.array(["encoder.0"]),
        "activation": np.array(["tanh"]),
        "pre_edges": edges,
        "pre_counts": counts[None],
    }


@every_lab
def test_names_are_unique_and_explained(kind: type[Lab]) -> None:
    assert kind.title
    assert load_page(kind.name).title
    assert [lab.name for lab in LABS].count(kind.name) == 1


@every_lab
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_draws_in_both_themes(qtbot: QtBot, kind: type[Lab], theme: Theme) -> None:
    lab = made(qtbot, kind)
    lab.set_theme(theme)
    assert colours(picture(lab)) > 10


@every_lab
def test_a_theme_switch_and_back_gives_the_same_picture(qtbot: QtBot, kind: type[Lab]) -> None:
    lab = made(qtbot, kind)
    first = picture(lab)
    lab.set_theme(DARK)
    assert picture(lab) != first
    lab.set_theme(LIGHT)
    assert picture(lab) == first


@every_lab
def test_new_parameters_are_drawn_and_told(qtbot: QtBot, kind: type[Lab]) -> None:
    lab = made(qtbot, kind)
    first, numbers, params = picture(lab), dict(lab.numbers()), lab.params()
    with qtbot.waitSignal(lab.changed):
        lab.set_params(other(params))
    assert lab.params() == other(params)
    assert picture(lab) != first
    assert dict(lab.numbers()) != numbers
    lab.set_params(params)
    assert dict(lab.numbers()) == numbers


@every_lab
def test_the_same_parameters_give_the_same_picture(qtbot: QtBot, kind: type[Lab]) -> None:
    one, two = made(qtbot, kind), made(qtbot, kind)
    for lab in (one, two):
        lab.set_params(other(lab.params()))
    assert dict(one.numbers()) == dict(two.numbers())
    assert picture(one) == picture(two)


@every_lab
def test_pictures_of_a_run_come_and_go(qtbot: QtBot, kind: type[Lab]) -> None:
    lab = made(qtbot, kind)
    before = lab.params()
    run = {"posterior": posterior(), "beliefs": beliefs(), "layers": layers()}
    broken = {"posterior": {"mean": np.full((2, 2), np.nan)}, "beliefs": {"real": np.full(2, np.nan)}}
    broken["layers"] = {"pre_counts": np.full((1, 2), np.nan)}
    for pictures in ({}, run, {}, broken):
        lab.set_pictures(pictures)
        assert colours(picture(lab)) > 10
    assert lab.params() == before


@every_lab
def test_the_explanation_knows_the_numbers(qtbot: QtBot, kind: type[Lab]) -> None:
    lab = made(qtbot, kind)
    assert all(np.isfinite(value) for value in lab.numbers().values())
    lab.set_pictures({"posterior": posterior(), "beliefs": beliefs(), "layers": layers()})
    assert set(load_page(kind.name).numbers) <= set(lab.numbers())
    assert all(np.isfinite(value) for value in lab.numbers().values())


@every_lab
def test_every_control_has_a_name_for_screen_readers(qtbot: QtBot, kind: type[Lab]) -> None:
    lab = made(qtbot, kind)
    for control in (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider):
        for widget in lab.findChildren(control):
            if widget.objectName().startswith("qt_") or not widget.isVisibleTo(lab):
                continue
            assert widget.accessibleName() or getattr(widget, "text", str)(), widget
    for field in lab.findChildren(QLineEdit):
        assert field.accessibleName() or field.objectName().startswith("qt_")


@every_lab
@pytest.mark.parametrize("size", [(480, 500), (1600, 1000)])
def test_it_fits_into_any_window(qtbot: QtBot, kind: type[Lab], size: tuple[int, int]) -> None:
    lab = made(qtbot, kind)
    lab.resize(*size)
    assert (lab.width(), lab.height()) == size
    assert colours(picture(lab)) > 10
