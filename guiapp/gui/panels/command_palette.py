"""Every action of the window by name: type some of its letters, press Return."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

KEYS_ROLE = Qt.ItemDataRole.UserRole + 1


class CommandPalette(QDialog):
    """A filter line over the list of `actions` that can be triggered now; the best match comes first. Return triggers,
    Up and Down choose, Escape closes."""

    def __init__(self, actions: Sequence[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Commands")
        self._actions = [action for action in actions if action.isEnabled() and action.isVisible() and plain(action)]
        self._line = QLineEdit(self, placeholderText="Type a command")
        self._line.setAccessibleName("Command")
        self._list = QListWidget(self)
        self._list.setAccessibleName("Commands")
        self._list.setItemDelegate(_WithKeys(self._list))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.addWidget(self._line)
        layout.addWidget(self._list)
        self._line.textChanged.connect(self._fill)
        self._line.installEventFilter(self)
        self._list.itemClicked.connect(lambda item: self._trigger(item))
        self._fill("")
        self.resize(460, 360)
        if parent is not None:
            window = parent.window()
            self.move(window.mapToGlobal(window.rect().center() - self.rect().center()))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            moves = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: -10, Qt.Key.Key_PageDown: 10}
            if event.key() in moves:
                row = self._list.currentRow() + moves[Qt.Key(event.key())]
                self._list.setCurrentRow(min(max(row, 0), self._list.count() - 1))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._trigger(self._list.currentItem())
                return True
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)  # a window without a frame needs an edge
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _fill(self, words: str) -> None:
        scored = [(i, score(words, plain(action))) for i, action in enumerate(self._actions)]
        self._list.clear()
        for _, i in sorted((-s, i) for i, s in scored if s is not None):
            action = self._actions[i]
            item = QListWidgetItem(plain(action), self._list)
            item.setToolTip(action.toolTip())
            item.setData(Qt.ItemDataRole.UserRole, action)
            keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            item.setData(KEYS_ROLE, keys.replace("Right", "→"))
        if not self._list.count():
            nothing = QListWidgetItem("No command has these letters in this order.", self._list)
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
        self._list.setCurrentRow(0)

    def _trigger(self, item: QListWidgetItem | None) -> None:
        action = item.data(Qt.ItemDataRole.UserRole) if item is not None else None
        if action is not None:
            self.close()
            action.trigger()


class _WithKeys(QStyledItemDelegate):
    """The name to the left, the keys to the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        return QSize(size.width(), size.height() + 8)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        role = QPalette.ColorRole.HighlightedText if selected else QPalette.ColorRole.PlaceholderText
        painter.save()
        painter.setPen(option.palette.color(role))
        where = QRect(option.rect).adjusted(0, 0, -8, 0)
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(where, align, index.data(KEYS_ROLE) or "")
        painter.restore()


def plain(action: QAction) -> str:
    """What the palette calls the action: its data, where that is a text, for one that its menu's title explains; else
    its own text without the mark of its mnemonic and without the dots of a dialog."""
    if isinstance(action.data(), str):
        return str(action.data())
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").removesuffix("…")


def score(query: str, text: str) -> float | None:
    """How well the letters of `query` are found in `text`, in their order and with any others between: None if they are
    not. The best of all ways to find them counts 3 for a letter right after the one before and 2 for one at the start
    of a word; a sixteenth is taken for each letter of `text`. Blanks in the query do not count.

    Cost: letters of the query times letters of the text.
    """
    letters, low = [c for c in query.lower() if not c.isspace()], text.lower()
    if not letters:
        return 0.0
    ends: list[float] | None = None  # the best score of the letters so far, when the last of them is at i
    for letter in letters:
        row, best = [-math.inf] * len(low), -math.inf
        for i, found in enumerate(low):
            if found == letter:
                before = 0.0 if ends is None else max(best, ends[i - 1] + 3 if i else -math.inf)
                row[i] = before + 2 * _starts_word(low, i)
            best = max(best, -math.inf if ends is None else ends[i])
        ends = row
    total = max(ends or [], default=-math.inf)
    return None if total == -math.inf else total - len(text) / 16


def _starts_word(text: str, i: int) -> bool:
    return i == 0 or not text[i - 1].isalnum()
