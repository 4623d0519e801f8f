"""Formulas are painted once as long as they are kept, and not kept without end."""

from __future__ import annotations

import pytest

from guiapp.gui.widgets import formula
from guiapp.gui.widgets.formula import FormulaPainter


def test_a_formula_is_painted_once(qapp: object) -> None:
    painter = FormulaPainter()
    first = painter.paint(r"\beta", False, 16.0, "#000000", 1.0)
    assert first is not None
    assert painter.paint(r"\beta", False, 16.0, "#000000", 1.0) is first
    assert painter.paint(r"\beta", False, 16.0, "#ffffff", 1.0) is not first


def test_only_the_last_ones_are_kept(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formula, "KEPT", 3)
    painter = FormulaPainter()
    pictures = [painter.paint("x", False, 10.0 + i, "#000000", 1.0) for i in range(6)]
    for i in (5, 4, 3):
        assert painter.paint("x", False, 10.0 + i, "#000000", 1.0) is pictures[i]
    assert painter.paint("x", False, 10.0, "#000000", 1.0) is not pictures[0]


def test_what_cannot_be_rendered_is_no_picture(qapp: object) -> None:
    assert FormulaPainter().paint(r"\frac{", False, 16.0, "#000000", 1.0) is None
