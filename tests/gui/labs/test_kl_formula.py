"""The formula that a person types into the KL lab."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guiapp.gui.labs.gaussian_kl import GaussianKlLab
from guiapp.gui.labs.kl_compute import Params
from guiapp.gui.labs.kl_formula import EMPTY
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory.formula_check import EXAMPLES


@pytest.fixture
def lab(qtbot: QtBot) -> GaussianKlLab:
    lab = GaussianKlLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    lab.grab()
    return lab


def enter(qtbot: QtBot, lab: GaussianKlLab, text: str) -> None:
    lab.formula.field.setText(text)
    qtbot.keyClick(lab.formula.field, Qt.Key.Key_Return)


def test_it_says_what_will_appear(lab: GaussianKlLab) -> None:
    assert lab.formula.sentence.text() == EMPTY
    assert lab.formula.load.isHidden()
    assert lab.formula.here.isHidden()


def test_slip_a_is_refuted_and_its_counter_example_is_drawn(qtbot: QtBot, lab: GaussianKlLab) -> None:
    lab.controls.presets["very large"].click()
    enter(qtbot, lab, EXAMPLES["slip (a)"])
    assert "negative, −1.193, at μ₁ = 1" in lab.formula.sentence.text()
    lab.formula.load.click()
    p = lab.params()
    assert (p.mu1, p.sigma1, p.mu2, p.sigma2) == (1, 0.5, 0, 1)
    assert "formula −1.19315, KL(p‖q) 0.818147" in lab.formula.here.text()
    assert [row[0].text() for row in lab.formula.rows.values()] == ["✓", "✗", "✗", "✗", "✓", "✓", "✗"]


def test_every_failure_can_be_drawn(qtbot: QtBot, lab: GaussianKlLab) -> None:
    enter(qtbot, lab, EXAMPLES["slip (b)"])
    mark, _, link = lab.formula.rows["zero"]
    assert mark.text() == "✗"
    link.linkActivated.emit("1")
    p = lab.params()
    assert (p.mu1, p.sigma1) == (p.mu2, p.sigma2)
    assert "formula 1.00000, KL(p‖q) 0" in lab.formula.here.text()


def test_the_menu_offers_the_slips(lab: GaussianKlLab) -> None:
    actions = lab.formula.examples.menu().actions()
    assert [action.data() for action in actions] == list(EXAMPLES)
    for action in actions:
        action.trigger()
        assert lab.params().formula == EXAMPLES[action.data()]
        assert lab.formula.verdict is not None
        assert (lab.formula.verdict.first is None) == (action.data() == "the right one")


def test_the_right_one_is_said_to_agree(qtbot: QtBot, lab: GaussianKlLab) -> None:
    enter(qtbot, lab, EXAMPLES["the right one"])
    assert "agrees with the integral to 1e−1" in lab.formula.sentence.text()
    assert lab.formula.load.isHidden()
    assert {row[0].text() for row in lab.formula.rows.values()} == {"✓"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Type a formula."),
        ("σ₃", "is not known"),
        ("__import__('os').system('x')", "nothing else"),
        ("9**9**9 +", "not a complete formula"),
        ("x" * 5000, "200 is the most"),
    ],
)
def test_what_is_no_formula_is_refused_at_the_field(qtbot: QtBot, lab: GaussianKlLab, text: str, said: str) -> None:
    before = lab.params()
    enter(qtbot, lab, text)
    assert said in lab.formula.sentence.text()
    assert lab.params() == before
    lab.controls.sliders["mu1"].slider.setValue(3.0)
    assert lab.params().mu1 == 3
    assert said in lab.formula.sentence.text()


def test_a_formula_comes_with_the_parameters(lab: GaussianKlLab) -> None:
    text = EXAMPLES["in bits"]
    lab.set_params(Params(formula=text))
    assert lab.formula.field.text() == text
    assert "bits, not nats" in lab.formula.sentence.text()
    lab.set_params(Params(formula="no formula"))
    assert "not a complete formula" in lab.formula.sentence.text()
    assert lab.formula.here.isHidden()
    lab.set_params(Params())
    assert lab.formula.sentence.text() == EMPTY
    assert lab.formula.field.text() == ""
    with pytest.raises(ValueError, match="formula"):
        lab.set_params(Params(formula="1" * 201))
    assert msgspec.json.decode(msgspec.json.encode(Params(formula=text)), type=Params).formula == text


def test_the_letters_go_into_the_formula(qtbot: QtBot, lab: GaussianKlLab) -> None:
    for letter, sign in zip(lab.formula.letters, ("+", "-", "*", ""), strict=True):
        letter.click()
        lab.formula.field.insert(sign)
    assert lab.formula.field.text() == "μ₁+σ₁-μ₂*σ₂"
    lab.formula.button.click()
    assert lab.params().formula == "μ₁+σ₁-μ₂*σ₂"


def test_it_is_painted_in_both_themes(qtbot: QtBot, lab: GaussianKlLab) -> None:
    enter(qtbot, lab, EXAMPLES["slip (a)"])
    lab.set_theme(LIGHT)
    light = lab.formula.grab().toImage()
    lab.set_theme(DARK)
    assert lab.formula.grab().toImage() != light
    assert DARK.bad in lab.formula.sentence.styleSheet()
