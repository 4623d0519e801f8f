"""Errors are told in one sentence, once, in the window's thread, and logged."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QPushButton, QToolButton, QWidget

from guiapp.gui.errors import MOST_DETAILS, ErrorDialog, MessageBar, install_excepthook, show_error
from guiapp.gui.theme import DARK, LIGHT, Theme

NOTHING_CAUGHT = "ERROR guiapp.gui.errors: nothing caught this"


@pytest.fixture
def parent(qtbot: Any) -> QWidget:
    parent = QWidget()
    qtbot.addWidget(parent)
    parent.resize(600, 300)
    parent.show()
    return parent


def dialogs() -> list[ErrorDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, ErrorDialog) and w.isVisible()]


def button(widget: QWidget, text: str) -> QPushButton:
    return next(b for b in widget.findChildren(QPushButton) if text in b.text().replace("&", ""))


# ------------------------------------------------------------------------------------------------------ dialog


def test_the_sentence_is_shown_and_the_details_are_folded(parent: QWidget) -> None:
    show_error(parent, "The file is damaged.", "Traceback ...")
    (dialog,) = dialogs()
    assert not dialog.isModal()
    details = dialog.findChild(QPlainTextEdit)
    assert not details.isVisible()
    button(dialog, "Show details").click()
    assert details.isVisible()
    assert "Traceback" in details.toPlainText()
    button(dialog, "Hide details").click()
    assert not details.isVisible()


def test_copy_takes_sentence_and_details(parent: QWidget) -> None:
    show_error(parent, "The file is damaged.", "Traceback ...\n")
    button(dialogs()[0], "Copy").click()
    assert QGuiApplication.clipboard().text() == "The file is damaged.\nTraceback ..."


def test_further_errors_are_counted_in_the_one_dialog(parent: QWidget) -> None:
    for i in range(200):
        show_error(parent, f"Error {i}.", f"details {i}")
    (dialog,) = dialogs()
    assert dialog._sentence.text() == "Error 0."
    assert dialog._more.text() == "199 more errors followed."
    assert f"details {MOST_DETAILS - 1}" in dialog.details()
    assert f"details {MOST_DETAILS}" not in dialog.details()


def test_one_more_error_is_said_in_the_singular(parent: QWidget) -> None:
    show_error(parent, "One.")
    show_error(parent, "Two.")
    assert dialogs()[0]._more.text() == "1 more error followed."
    assert dialogs()[0].details() == "One.\n\nTwo."


def test_once_closed_it_is_gone_and_the_next_error_opens_a_new_one(parent: QWidget) -> None:
    show_error(parent, "One.")
    button(dialogs()[0], "Close").click()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert parent.findChild(ErrorDialog) is None
    show_error(parent, "Two.")
    assert [d._sentence.text() for d in dialogs()] == ["Two."]


def test_what_looks_like_markup_is_shown_as_it_is(parent: QWidget) -> None:
    show_error(parent, "The kind <b>flow</b> is unknown.")
    assert dialogs()[0]._sentence.textFormat().name == "PlainText"


# --------------------------------------------------------------------------------------------------------- bar


@pytest.fixture
def bar(qtbot: Any) -> MessageBar:
    bar = MessageBar()
    qtbot.addWidget(bar)
    return bar


def test_the_bar_is_hidden_until_there_is_a_message(bar: MessageBar) -> None:
    assert not bar.isVisible()
    assert bar.message() == ""
    bar.set_message("warning", "The disk is nearly full.")
    assert bar.isVisible()
    assert bar.message() == "The disk is nearly full."
    assert bar.accessibleName() == "Warning: The disk is nearly full."


def test_dismiss_hides_it(bar: MessageBar, qtbot: Any) -> None:
    bar.set_message("info", "Saved.")
    with qtbot.waitSignal(bar.dismissed):
        bar.findChild(QToolButton).click()
    assert not bar.isVisible()


def test_an_action_ends_the_message_and_may_bring_the_next(bar: MessageBar) -> None:
    bar.set_message("error", "The trainer has ended.", (("Start again", lambda: bar.set_message("info", "Starting.")),))
    button(bar, "Start again").click()
    assert bar.message() == "Starting."
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert bar.findChildren(QPushButton) == []


def test_a_new_message_brings_its_own_actions(bar: MessageBar) -> None:
    done: list[str] = []
    bar.set_message("error", "One.", (("A", lambda: done.append("a")), ("B", lambda: done.append("b"))))
    bar.set_message("error", "Two.", (("C", lambda: done.append("c")),))
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [b.text() for b in bar.findChildren(QPushButton)] == ["C"]
    button(bar, "C").click()
    assert done == ["c"]
    assert not bar.isVisible()


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_kind_is_a_word_and_a_colour(bar: MessageBar, theme: Theme) -> None:
    bar.set_theme(theme)
    bar.resize(500, 40)
    for kind, word, colour in (("info", "Note", theme.accent), ("error", "Error", theme.bad)):
        bar.set_message(kind, "A sentence.")
        assert bar._word.text() == word
        QCoreApplication.processEvents()
        assert bar.grab().toImage().pixelColor(1, bar.height() // 2).name() == colour


# -------------------------------------------------------------------------------------------------------- hook


@pytest.fixture
def shown() -> list[tuple[str, str, QThread]]:
    return []


@pytest.fixture
def hooked(qapp: object, shown: list[Any]) -> Iterator[Callable[[str, str], None]]:
    def show(sentence: str, details: str) -> None:
        shown.append((sentence, details, QThread.currentThread()))

    undo = install_excepthook(show)
    yield show
    undo()


class Speaker(QObject):
    spoken = Signal()


def fail() -> None:
    raise ValueError("shapes (3,) and (4,)\nmore")


@pytest.mark.expected_log(NOTHING_CAUGHT)
def test_what_fails_in_a_slot_is_shown_and_logged(hooked: object, shown: list[Any]) -> None:
    speaker = Speaker()
    speaker.spoken.connect(fail)
    speaker.spoken.emit()
    ((sentence, details, thread),) = shown
    assert "(ValueError: shapes (3,) and (4,))" in sentence
    assert "\n" not in sentence
    assert 'raise ValueError("shapes' in details
    assert thread is QCoreApplication.instance().thread()  # type: ignore[union-attr]


@pytest.mark.expected_log(NOTHING_CAUGHT)
def test_what_fails_in_a_thread_is_shown_in_the_window_s_thread(hooked: object, shown: list[Any], qtbot: Any) -> None:
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert shown == []
    qtbot.waitUntil(lambda: len(shown) == 1)
    assert shown[0][2] is QCoreApplication.instance().thread()  # type: ignore[union-attr]


class Failing(QThread):
    def run(self) -> None:
        fail()


@pytest.mark.expected_log(NOTHING_CAUGHT)
def test_what_fails_in_a_qthread_is_shown_in_the_window_s_thread(hooked: object, shown: list[Any], qtbot: Any) -> None:
    thread = Failing()
    thread.start()
    assert thread.wait(5000)
    qtbot.waitUntil(lambda: len(shown) == 1)
    assert shown[0][2] is QCoreApplication.instance().thread()  # type: ignore[union-attr]


@pytest.mark.expected_log(NOTHING_CAUGHT)
def test_the_same_error_with_every_frame_is_logged_once(
    hooked: object, shown: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(50):
        try:
            fail()
        except ValueError:
            sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    assert len(shown) == 50
    assert len([r for r in caplog.records if "nothing caught this" in r.message]) == 1


@pytest.mark.expected_log(NOTHING_CAUGHT)
@pytest.mark.expected_log("the error could not be shown")
def test_a_teller_that_fails_is_logged_and_not_told_of_itself(qapp: object) -> None:
    undo = install_excepthook(lambda sentence, details: fail())
    try:
        QTimer.singleShot(0, fail)
        QCoreApplication.processEvents()
    finally:
        undo()


def test_ctrl_c_keeps_its_meaning(shown: list[Any], monkeypatch: pytest.MonkeyPatch, qapp: object) -> None:
    passed: list[type] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: passed.append(kind))
    undo = install_excepthook(lambda sentence, details: shown.append(sentence))
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    undo()
    assert passed == [KeyboardInterrupt]
    assert shown == []


def test_undo_puts_back_what_was_there(qapp: object) -> None:
    before = sys.excepthook, threading.excepthook
    install_excepthook(lambda sentence, details: None)()
    assert (sys.excepthook, threading.excepthook) == before


def test_undo_leaves_what_another_has_put_there_since(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # to be put back in the end
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    undo = install_excepthook(lambda sentence, details: None)
    others = (lambda *_: None, lambda _: None)
    sys.excepthook, threading.excepthook = others
    undo()
    assert (sys.excepthook, threading.excepthook) == others


def test_a_message_that_is_answered_leaves_the_focus_where_it_was(parent: QWidget, qtbot: Any) -> None:
    first, line, bar = QLineEdit(parent), QLineEdit(parent), MessageBar(parent)  # Qt would go to the first one
    for place, widget in ((100, first), (150, line)):
        widget.move(0, place)
        widget.show()
    parent.activateWindow()
    line.setFocus()
    qtbot.waitUntil(line.hasFocus)
    done: list[int] = []
    bar.set_message("error", "Something is wrong.", (("Mend it", lambda: done.append(1)),))
    qtbot.mouseClick(button(bar, "Mend it"), Qt.MouseButton.LeftButton)
    assert done == [1]
    assert line.hasFocus()
