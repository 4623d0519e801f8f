"""The panel of the lessons by itself: list, page, self-check, turning the pages."""

from __future__ import annotations

from functools import partial

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.lessons.check_box import CheckBox
from guiapp.gui.lessons.panel import LessonsPanel
from guiapp.gui.theme import DARK, LIGHT, Theme
from guiapp.lessons import Lesson, lessons, parse
from guiapp.resources import resource

NUMBER = r"""+++
question = "How many & why?"
look = "Count <b>them</b>."
[show]
lab = "gaussian-kl"
[check]
ask = "How many?"
kind = "number"
answer = 3.5
within = 0.25
unit = "nats"
why = "So it is."
+++
There are $n$ of them:

$$\mathrm{E}_{q(z|x)}[\log p(x|z)]-\mathrm{KL}(q(z|x)\,\|\,p(z))+\log\frac{a+b+c+d+e+f}{g+h}$$

See [another](lab:elbo-lab).
"""
CHOICE = """+++
question = "Which one?"
look = "Look."
[show]
preset = "vae-collapse"
[check]
ask = "Which?"
kind = "choice"
answer = 1
choices = ["this", "that"]
why = "That is it."
+++
That one.
"""
TWO = (parse("01-number.md", NUMBER.replace("\\", "\\")), parse("02-choice.md", CHOICE))


def thing(lesson: Lesson) -> tuple[str, str]:
    return ("", "There is no such preset.") if lesson.show.preset else ("The lab.", "")


@pytest.fixture
def panel(qtbot: QtBot) -> LessonsPanel:
    panel = LessonsPanel(thing)
    qtbot.addWidget(panel)
    panel.resize(242, 560)  # as in the smallest window
    panel.show()
    panel.set_lessons(TWO, ["The lesson 03-c.md is broken: so it is."])
    return panel


def check(panel: LessonsPanel) -> CheckBox:
    assert panel.page.check is not None
    return panel.page.check


def rows(panel: LessonsPanel) -> list[str]:
    return [panel.contents.item(row).text() for row in range(panel.contents.count())]


def test_the_list_has_the_questions_and_names_what_is_broken(panel: LessonsPanel) -> None:
    assert rows(panel) == ["1. How many & why?", "2. Which one?", "The lesson 03-c.md is broken: so it is."]
    assert panel.count.text() == "0 of 2 answered"
    panel.set_progress({"01-number": "answered", "02-choice": "seen", "99-gone": "answered"})
    assert panel.count.text() == "1 of 2 answered"
    said = [panel.contents.item(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert said == ["1. How many & why? answered rightly", "2. Which one? seen"]
    marks = [panel.contents.item(row).icon().pixmap(16).toImage() for row in range(3)]
    assert marks[0] != marks[1] != marks[2]
    panel.contents.setCurrentRow(2)
    panel.contents.itemActivated.emit(panel.contents.item(2))
    assert panel.lesson is None, "there is nothing to open"


def test_a_lesson_opens_by_click_and_by_key_and_pages_turn(qtbot: QtBot, panel: LessonsPanel) -> None:
    with qtbot.waitSignal(panel.opened) as opened:
        panel.contents.setCurrentRow(0)
        qtbot.keyClick(panel.contents, Qt.Key.Key_Return)
    assert opened.args == ["01-number"]
    assert panel.lesson == TWO[0]
    assert panel.count.text() == "1 of 2 · 0 answered"
    assert not panel.previous.isEnabled()
    panel.next.click()
    assert panel.lesson == TWO[1]
    assert not panel.next.isEnabled()
    panel.previous.click()
    assert panel.lesson == TWO[0]
    panel.all_button.click()
    assert panel.lesson is None
    spot = panel.contents.visualItemRect(panel.contents.item(1)).center()
    qtbot.mouseClick(panel.contents.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert panel.lesson == TWO[1]


def test_a_page_has_all_parts_and_fits_the_smallest_window(qtbot: QtBot, panel: LessonsPanel) -> None:
    with qtbot.waitSignal(panel.page.answer.completed):
        panel.open("01-number")
    panel.resize(242, 300)
    qtbot.waitUntil(lambda: panel.page.verticalScrollBar().maximum() > 0)
    assert panel.page.answer.browser.verticalScrollBar().maximum() == 0, "the page scrolls as a whole"
    browser = panel.page.answer.browser
    assert browser.horizontalScrollBar().isVisible(), "its formula is that wide"
    whole = browser.document().size().height() + browser.horizontalScrollBar().height()
    assert panel.page.answer.height() == pytest.approx(whole, abs=2)
    text = panel.page.answer.browser.toPlainText()
    assert text.startswith("How many & why?")
    assert "There are" in text
    assert panel.page.look.text() == "Count <b>them</b>."
    assert panel.page.look.textFormat() == Qt.TextFormat.PlainText
    assert check(panel).ask.text() == "How many?"
    assert panel.page.horizontalScrollBar().maximum() == 0
    with qtbot.waitSignal(panel.set_up_asked) as asked:
        panel.page.set_up.click()
    assert asked.args == [TWO[0]]
    with qtbot.waitSignal(panel.link_activated) as followed:
        panel.page.answer.link_activated.emit("lab:elbo-lab")
    assert followed.args == ["lab:elbo-lab"]


def test_what_cannot_be_set_up_says_why(panel: LessonsPanel) -> None:
    panel.open("02-choice")
    assert not panel.page.set_up.isEnabled()
    assert panel.page.thing.text() == "There is no such preset."


def test_a_number_is_checked(qtbot: QtBot, panel: LessonsPanel) -> None:
    panel.open("01-number")
    box = check(panel)
    assert box.verdict.isHidden()
    box.button.click()
    assert box.verdict.text() == "Type a number first."
    for text, said in (("four", "“four” is no number"), ("4", "smaller than 4"), ("-1", "larger than −1")):
        qtbot.keyClicks(box.guess.line, text)
        with qtbot.assertNotEmitted(panel.solved):
            qtbot.keyClick(box.guess.line, Qt.Key.Key_Return)
        assert said in box.verdict.text()
        box.guess.line.selectAll()
    qtbot.keyClicks(box.guess.line, "3.3")
    assert box.verdict.isHidden(), "that was on another answer"
    with qtbot.waitSignal(panel.solved) as solved:
        box.button.click()
    assert solved.args == [TWO[0]]
    assert box.verdict.text() == "✓ Right. So it is."


def test_the_answer_is_shown_and_does_not_count(qtbot: QtBot, panel: LessonsPanel) -> None:
    panel.open("01-number")
    box = check(panel)
    with qtbot.assertNotEmitted(panel.solved):
        box.reveal_button.click()
        box.button.click()
    assert box.verdict.text() == "The answer is 3.5 nats. So it is."
    assert not box.guess.isEnabled()
    box.reveal_button.click()
    assert box.guess.isEnabled()
    assert box.verdict.isHidden()
    assert box.guess.line.text() == ""


def test_the_verdict_comes_into_sight(qtbot: QtBot, panel: LessonsPanel) -> None:
    panel.resize(242, 250)
    with qtbot.waitSignal(panel.page.answer.completed):
        panel.open("01-number")
    box = check(panel)
    assert box.verdict.visibleRegion().isEmpty()
    box.reveal_button.click()
    qtbot.waitUntil(lambda: box.verdict.visibleRegion().boundingRect() == box.verdict.rect())


def test_a_choice_is_checked(qtbot: QtBot, panel: LessonsPanel) -> None:
    panel.open("02-choice")
    box = check(panel)
    box.guess.buttons[0].click()
    with qtbot.assertNotEmitted(panel.solved):
        box.button.click()
    assert box.verdict.text() == "Not “this”. Try another one."
    box.guess.buttons[1].click()
    with qtbot.waitSignal(panel.solved):
        box.button.click()
    assert box.verdict.text() == "✓ Right. That is it."


def test_files_read_anew_leave_an_answer_that_is_being_typed(panel: LessonsPanel) -> None:
    panel.open("01-number")
    box = check(panel)
    box.guess.line.setText("3.")
    panel.set_lessons((parse("00-new.md", CHOICE), *TWO), [])
    assert check(panel) is box
    assert panel.count.text().startswith("2 of 3")
    changed = parse("01-number.md", NUMBER.replace("\\", "\\").replace("many", "much"))
    panel.set_lessons((changed, TWO[1]), [])
    assert panel.page.look.text() == "Count <b>them</b>."
    assert check(panel).ask.text() == "How much?"
    panel.set_lessons((TWO[1],), [])
    assert panel.lesson is None, "it is gone"


def test_without_lessons_the_list_says_so(panel: LessonsPanel) -> None:
    panel.set_lessons((), [])
    assert rows(panel) == ["No lessons were found: reinstall Elboscope."]
    assert panel.count.text() == "0 of 0 answered"


def tab_order(panel: LessonsPanel) -> list[QWidget]:
    """What Tab reaches, from the first button on."""
    found: list[QWidget] = [panel.all_button]
    while (widget := found[-1].nextInFocusChain()) is not panel.all_button:
        found.append(widget)
    return [each for each in found if each.focusPolicy() & Qt.FocusPolicy.TabFocus]


def test_tab_goes_down_the_page(panel: LessonsPanel) -> None:
    for lesson in (*TWO, TWO[0]):
        panel.open(lesson.name)
        order = tab_order(panel)
        expected = [panel.page.set_up, *check(panel).controls, panel.previous, panel.next]
        assert [each for each in order if each in expected] == expected


def test_all_is_reached_by_keyboard_and_has_a_name(panel: LessonsPanel) -> None:
    for lesson in TWO:
        panel.open(lesson.name)
        for button in panel.findChildren(QAbstractButton):
            assert button.accessibleName() or button.text()
            assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_it_is_painted_in_both_themes(panel: LessonsPanel, theme: Theme) -> None:
    panel.set_theme(theme)
    pictures = [panel.grab().toImage()]
    panel.open("01-number")
    pictures.append(panel.grab().toImage())
    for picture in pictures:
        colours = {picture.pixelColor(x, y).name() for x in range(0, 240, 3) for y in range(0, 300, 3)}
        assert len(colours) > 5


def fits(labels: tuple[QLabel, ...], room: int) -> bool:
    """Whether all words are seen."""
    return all(label.width() <= room and label.height() >= label.heightForWidth(label.width()) for label in labels)


def test_every_lesson_fits_the_smallest_window(qtbot: QtBot, panel: LessonsPanel) -> None:
    found, broken = lessons([resource("lessons")])
    panel.set_lessons(found, broken)
    for lesson in found:
        with qtbot.waitSignal(panel.page.answer.completed):
            panel.open(lesson.name)
        box = check(panel)
        box.reveal_button.click()
        labels = (box.verdict, box.ask, panel.page.look, panel.page.thing)
        room = panel.page.viewport().width()
        qtbot.waitUntil(partial(fits, labels, room))
        assert panel.page.horizontalScrollBar().maximum() == 0, lesson.name
        assert panel.page.answer.browser.horizontalScrollBar().maximum() == 0, lesson.name
