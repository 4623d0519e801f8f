"""How errors are told: a bar for what can wait, one dialog for what went wrong inside, and the last catch of all."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Final, Literal

from PySide6.QtCore import QCoreApplication, QObject, QSize, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.icons import icon
from guiapp.gui.theme import LIGHT, Theme

Kind = Literal["info", "warning", "error"]
MOST_DETAILS: Final = 20  # errors whose details are kept; of later ones only the number

log = logging.getLogger(__name__)


class ErrorDialog(QDialog):
    """One sentence, with the details behind a fold. What fails while it is open is added to it."""

    def __init__(self, parent: QWidget | None, sentence: str, details: str = "") -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Elboscope: something went wrong")
        self._count = 1
        self._sentence = QLabel(sentence, self, wordWrap=True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._more = QLabel(self, wordWrap=True)
        self._more.hide()
        self._text = QPlainTextEdit(self, readOnly=True)
        self._text.setAccessibleName("Details")
        self._text.setMinimumHeight(180)
        self._text.hide()
        self._lay_out()
        self._add_details(sentence, details)
        self.setMinimumWidth(440)

    def add(self, sentence: str, details: str = "") -> None:
        """Count one more error; say which in the details."""
        self._count += 1
        others = self._count - 1
        self._more.setText("1 more error followed." if others == 1 else f"{others} more errors followed.")
        self._more.show()
        if self._count <= MOST_DETAILS:
            self._add_details(sentence, details)

    def details(self) -> str:
        """Every sentence and its details, as "Copy" puts them on the clipboard."""
        return self._text.toPlainText()

    def _lay_out(self) -> None:
        sign = QLabel(self)
        sign.setPixmap(self.style().standardIcon(QStyle.StandardPixmap.SP_MessageBoxWarning).pixmap(QSize(32, 32)))
        words = QVBoxLayout()
        words.addWidget(self._sentence)
        words.addWidget(self._more)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(sign, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        self._fold = QPushButton("Show details", self, autoDefault=False)
        self._fold.clicked.connect(self._toggle)
        copy = QPushButton("Copy", self, autoDefault=False)
        copy.setToolTip("Copy the sentence and all details")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.details()))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(self._fold, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(copy, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addLayout(top)
        layout.addWidget(self._text, 1)
        layout.addWidget(buttons)

    def _toggle(self) -> None:
        is_open = self._text.isHidden()
        self._text.setVisible(is_open)
        self._fold.setText("Hide details" if is_open else "Show details")
        self.adjustSize()

    def _add_details(self, sentence: str, details: str) -> None:
        apart = "\n" if self._count > 1 else ""
        self._text.appendPlainText(apart + "\n".join(part for part in (sentence, details.rstrip()) if part))


def show_error(parent: QWidget | None, sentence: str, details: str = "") -> None:
    """Tell `sentence` in a dialog that blocks nothing; in the one that is open, if one is. GUI thread only."""
    for window in QApplication.topLevelWidgets():
        if isinstance(window, ErrorDialog) and window.isVisible():
            window.add(sentence, details)
            return
    dialog = ErrorDialog(parent, sentence, details)
    dialog.setModal(False)
    dialog.show()


class MessageBar(QFrame):
    """A slim bar at the top of the window for one sentence and what can be done about it; a new one replaces it."""

    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._kind: Kind = "info"
        self._stripe = QFrame(self)
        self._stripe.setFixedWidth(4)
        self._word = QLabel(self)
        self._sentence = QLabel(self, wordWrap=True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._buttons = QHBoxLayout()
        self._close = QToolButton(self)
        self._close.setAutoRaise(True)
        self._close.setToolTip("Dismiss")
        self._close.setAccessibleName("Dismiss this message")
        self._close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close.clicked.connect(self._dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 6, 0)
        layout.setSpacing(8)
        layout.addWidget(self._stripe)
        layout.addWidget(self._word)
        layout.addWidget(self._sentence, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(self._close)
        self.setMinimumHeight(34)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAutoFillBackground(True)
        self.set_theme(LIGHT)
        self.hide()

    def set_message(
        self, kind: Kind, sentence: str, actions: tuple[tuple[str, Callable[[], object]], ...] = ()
    ) -> None:
        """Show `sentence` with a button for each (label, what it does) of `actions`; a click also ends the message."""
        self._kind = kind
        self._word.setText({"info": "Note", "warning": "Warning", "error": "Error"}[kind])
        self._sentence.setText(sentence)
        self._clear_buttons()
        for label, act in actions:
            button = QPushButton(label, self, autoDefault=False)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # it is gone after a click: the focus stays where it was
            button.clicked.connect(lambda _=False, act=act: self._act(act))
            self._buttons.addWidget(button)
        self.set_theme(self._theme)
        self.show()
        self.setAccessibleName(f"{self._word.text()}: {sentence}")
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))

    def message(self) -> str:
        """The sentence on show; "" when there is none."""
        return "" if self.isHidden() else self._sentence.text()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        colour = {"info": theme.accent, "warning": theme.warning, "error": theme.bad}[self._kind]
        self._stripe.setStyleSheet(f"background: {colour};")
        self._word.setStyleSheet(f"color: {colour}; font-weight: bold;")
        self._close.setIcon(icon("close", theme))

    def _act(self, act: Callable[[], object]) -> None:
        self.hide()  # first, as the act may have something new to say
        act()

    def _dismiss(self) -> None:
        self.hide()
        self.dismissed.emit()

    def _clear_buttons(self) -> None:
        while (item := self._buttons.takeAt(0)) is not None:
            button = item.widget()
            if button is not None:
                button.hide()
                button.deleteLater()


class _Catcher(QObject):
    """Carries what was caught in any thread to the thread of the window: a method of a QObject is called in its own."""

    caught = Signal(str, str)

    def __init__(self, show: Callable[[str, str], None]) -> None:
        super().__init__(QCoreApplication.instance())
        self._show = show
        self.caught.connect(self._tell)

    def _tell(self, sentence: str, details: str) -> None:
        try:
            self._show(sentence, details)
        except Exception:  # the teller of errors must not be the cause of the next
            log.exception("the error could not be shown")


def install_excepthook(show: Callable[[str, str], None]) -> Callable[[], None]:
    """From now on `show(sentence, details)` is called in the GUI thread for every exception that nothing caught, in a
    slot or in a thread; each is logged as well. Ctrl+C keeps its meaning. Gives the function that undoes all this.
    """
    catcher = _Catcher(show)
    logged: set[str] = set()
    before, before_thread = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if not issubclass(kind, Exception):
            before(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        if details not in logged and len(logged) < MOST_DETAILS:  # a broken paintEvent fails with every frame
            logged.add(details)
            log.error("nothing caught this:\n%s", details)
        sentence = f"An error inside Elboscope stopped what it was doing ({kind.__name__}: {_first_line(error)})."
        catcher.caught.emit(sentence + " Training goes on; please report the details.", details)

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            hook(args.exc_type, args.exc_value, args.exc_traceback)

    def undo() -> None:
        if sys.excepthook is hook:  # else somebody has put another there meanwhile
            sys.excepthook = before
        if threading.excepthook is thread_hook:
            threading.excepthook = before_thread
        catcher.deleteLater()

    sys.excepthook, threading.excepthook = hook, thread_hook
    return undo


def _first_line(error: BaseException) -> str:
    line = str(error).partition("\n")[0]
    return line if len(line) <= 120 else line[:117] + "..."
