from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QTextDocument
from pytestqt.qtbot import QtBot

from guiapp.explanations import Page, PageError, load_page, parse_page
from guiapp.gui.panels import explain
from guiapp.gui.panels.explain import ExplainPanel
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.widgets.formula import FormulaPainter
from guiapp.resources import resource

NAMES = sorted(path.stem for path in resource("explanations").glob("*.md"))


@pytest.fixture
def panel(qtbot: QtBot) -> ExplainPanel:
    panel = ExplainPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 900)
    panel.show()
    return panel


def complete(qtbot: QtBot, panel: ExplainPanel, name: str) -> None:
    with qtbot.waitSignal(panel.completed):
        panel.show_page(name)


def images(panel: ExplainPanel) -> list[str]:
    """Addresses of the pictures in the document, in order."""
    found, block = [], panel.browser.document().begin()
    while block.isValid():
        found += [
            s.charFormat().toImageFormat().name() for s in explain._spans(block) if s.charFormat().isImageFormat()
        ]
        block = block.next()
    return found


def picture(panel: ExplainPanel, index: int) -> bytes:
    kind = QTextDocument.ResourceType.ImageResource
    return bytes(panel.browser.document().resource(kind, QUrl(f"formula:{index}")).constBits())


@pytest.mark.parametrize("name", NAMES)
def test_every_formula_of_every_page_renders_and_none_makes_it_scroll_sideways(
    qtbot: QtBot, panel: ExplainPanel, name: str
) -> None:
    panel.resize(290, 700)  # as the window opens
    complete(qtbot, panel, name)
    formulas = load_page(name).formulas
    assert images(panel) == [f"formula:{i}" for i in range(len(formulas))]
    for i, formula in enumerate(formulas):
        image = panel.browser.document().resource(QTextDocument.ResourceType.ImageResource, QUrl(f"formula:{i}"))
        assert image.width() > 3, formula
        assert image.height() > 3, formula
        inked = [image.pixelColor(x, y).alpha() for x in range(image.width()) for y in range(4, 9)]
        assert max(inked) > 0, formula
    assert panel.browser.horizontalScrollBar().maximum() == 0


def test_a_page_shows_its_title_its_formulas_and_no_dollar_signs(panel: ExplainPanel, qtbot: QtBot) -> None:
    complete(qtbot, panel, "gaussian-kl")
    text = panel.browser.toPlainText()
    assert "KL between two Gaussians" in text
    assert "$" not in text
    assert explain.OPEN not in text
    assert images(panel) == [f"formula:{i}" for i in range(len(load_page("gaussian-kl").formulas))]


def test_numbers_are_put_in_without_painting_a_formula_again(
    panel: ExplainPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(qtbot, panel, "losses")
    assert "Numbers appear here" in panel.browser.toPlainText()
    monkeypatch.setattr(FormulaPainter, "paint", lambda *_: pytest.fail("painted a formula"))
    before = images(panel)
    panel.set_numbers({"kl": 3.25, "elbo": -240.5, "nothing of this page": 1.0})
    text = panel.browser.toPlainText()
    assert "KL = 3.250 nats per datum\nELBO = −240.50 nats per datum" in text
    assert "Numbers appear here" not in text
    panel.set_numbers({"kl": 4.0})
    assert "KL = 4.000" in panel.browser.toPlainText()
    assert "3.250" not in panel.browser.toPlainText()
    panel.set_numbers({"kl": 4.0}, "At step 7")
    assert "At step 7\nKL = 4.000" in panel.browser.toPlainText()
    assert "Now" not in panel.browser.toPlainText()
    assert images(panel) == before


def test_a_new_page_forgets_the_numbers_of_the_old(panel: ExplainPanel, qtbot: QtBot) -> None:
    complete(qtbot, panel, "losses")
    panel.set_numbers({"kl": 3.25})
    complete(qtbot, panel, "latent")
    assert "3.25" not in panel.browser.toPlainText()


def test_a_theme_repaints_the_formulas_in_its_ink_and_keeps_the_numbers(panel: ExplainPanel, qtbot: QtBot) -> None:
    complete(qtbot, panel, "gaussian-kl")
    panel.set_numbers({"forward": 18.0})
    light = picture(panel, 0)
    with qtbot.waitSignal(panel.completed):
        panel.set_theme(DARK)
    assert picture(panel, 0) != light
    assert "KL(p‖q) = 18 nats" in panel.browser.toPlainText()
    with qtbot.waitSignal(panel.completed):
        panel.set_theme(LIGHT)
    assert picture(panel, 0) == light


@pytest.mark.parametrize("target", ["set:model.beta=4", "preset:gan-ring", "view:gradients", "lab:gaussian-kl"])
def test_a_link_is_told(panel: ExplainPanel, qtbot: QtBot, target: str) -> None:
    with qtbot.waitSignal(panel.link_activated) as signal:
        panel.browser.anchorClicked.emit(QUrl(target))
    assert signal.args == [target]


def test_a_web_address_goes_to_the_browser(panel: ExplainPanel, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    with qtbot.assertNotEmitted(panel.link_activated):
        panel.browser.anchorClicked.emit(QUrl("https://arxiv.org/abs/1312.6114"))
        panel.browser.anchorClicked.emit(QUrl("file:///etc/passwd"))
    assert opened == ["https://arxiv.org/abs/1312.6114"]


def test_a_missing_page_is_a_sentence(panel: ExplainPanel) -> None:
    panel.show_page("absent")
    assert "The explanation 'absent' is missing" in panel.browser.toPlainText()
    panel.set_numbers({"kl": 1.0})
    panel.set_theme(DARK)
    assert "absent" in panel.browser.toPlainText()


def test_before_the_first_page_it_says_how_to_get_one(panel: ExplainPanel) -> None:
    assert "click a view or a lab" in panel.browser.toPlainText()
    panel.resize(400, 500)
    assert panel.page_name == ""


def test_a_formula_that_cannot_be_rendered_is_shown_as_its_source(
    panel: ExplainPanel, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    page = parse_page("broken", "---\ntitle: Broken\n---\nHere $\\frac{$, then $x$.\n")

    def load(name: str) -> Page:
        return page if name == "broken" else pytest.fail(name)

    monkeypatch.setattr(explain, "load_page", load)
    complete(qtbot, panel, "broken")
    assert "Here \\frac{, then" in panel.browser.toPlainText()
    assert len(images(panel)) == 1


def test_a_wide_formula_shrinks_in_a_narrow_panel(panel: ExplainPanel, qtbot: QtBot) -> None:
    def width() -> float:
        kind = QTextDocument.ResourceType.ImageResource
        image = panel.browser.document().resource(kind, QUrl("formula:0"))
        return image.width() / image.devicePixelRatio()

    complete(qtbot, panel, "losses")
    narrow = width()
    assert narrow <= 320
    with qtbot.waitSignal(panel.completed):
        panel.resize(700, 900)
    assert width() > narrow


def test_every_page_is_one_that_the_panel_can_show() -> None:
    with pytest.raises(PageError):
        load_page("none")
    assert NAMES


def test_ziamath_waits_for_the_first_formula() -> None:
    code = "import sys, guiapp.gui.panels.explain; sys.exit('ziamath' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_a_formula_in_a_list_has_the_room_that_its_indentation_leaves(qtbot: QtBot, panel: ExplainPanel) -> None:
    """What is beside the page of the lab may take some of its width."""
    panel.resize(240, 700)
    complete(qtbot, panel, "gaussian-kl")
    assert panel.browser.horizontalScrollBar().maximum() == 0
