"""The list of runs as Qt's views want it: searched, sorted, with thumbnails that are read when they come in sight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from html import escape
from typing import Any

import msgspec
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QPainter, QPixmap

from guiapp.gui.library.columns import COLUMNS, local
from guiapp.gui.theme import LIGHT, Theme
from guiapp.runs.library import Entry, State
from guiapp.runs.search import matching

WHEN = next(i for i, column in enumerate(COLUMNS) if column.title == "When")
STATE = next(i for i, column in enumerate(COLUMNS) if column.title == "State")
THUMBNAILS = 500  # kept; 40 kB each
SIDE = 96  # pixels
Index = QModelIndex | QPersistentModelIndex

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class RunTable(QAbstractTableModel):
    """One run a row. Sorts and searches by itself: a sort through Qt's proxy asks Python for 130,000 values where there
    are 5,000 runs. `thumbnail` gives a run's PNG, `now` the local time."""

    def __init__(
        self, thumbnail: Callable[[Entry], bytes], now: Callable[[], datetime], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._thumbnail, self._now = thumbnail, now
        self._theme = LIGHT
        self._entries: dict[str, Entry] = {}  # by path
        self._rows: list[Entry] = []
        self._query = self._current = ""
        self._state: State = "training"  # of the current run
        self._column, self._order = WHEN, Qt.SortOrder.DescendingOrder
        self._icons: OrderedDict[tuple[str, int], QIcon] = OrderedDict()
        self._blank = _blank()
        self._bold = QFont()
        self._bold.setBold(True)

    @property
    def total(self) -> int:
        """The number of runs, whether they are searched for or not."""
        return len(self._entries)

    @property
    def total_size(self) -> int:
        """Their size in bytes."""
        return sum(entry.size for entry in self._entries.values())

    @property
    def current(self) -> str:
        """The run that is open; empty for none."""
        return self._current

    @property
    def query(self) -> str:
        return self._query

    def set_entries(self, entries: Iterable[Entry]) -> None:
        """Show these runs in place of those before."""
        self._entries = {entry.file: entry for entry in entries}
        self._show()

    def replace(self, entry: Entry) -> None:
        """Show `entry` in place of what was known of its run."""
        self._entries[entry.file] = entry
        self._show()

    def remove(self, paths: Iterable[str]) -> None:
        """Show these no more."""
        for path in paths:
            self._entries.pop(path, None)
        self._show()

    def set_query(self, query: str) -> None:
        """Show only what `guiapp.runs.search.matching` finds."""
        self._query = query
        self._show()

    def set_current(self, path: str, state: State = "training") -> None:
        """The run that is open in this program, in bold, and what it does; empty for none."""
        self._current, self._state = path, state
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        if theme != self._theme:
            self._icons.clear()
        self._theme = theme
        if self._rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._rows) - 1, len(COLUMNS) - 1))

    def entry(self, row: int) -> Entry:
        """The run shown in `row`."""
        return self._rows[row]

    def find(self, path: str) -> Entry | None:
        """The run at `path`, shown or not."""
        return self._entries.get(path)

    def find_id(self, id: str) -> Entry | None:
        """A run by its id, shown or not."""
        return next((entry for entry in self._entries.values() if entry.id == id), None) if id else None

    def row_of(self, path: str) -> int:
        """Where the run at `path` is shown; -1 where it is not."""
        return next((row for row, entry in enumerate(self._rows) if entry.file == path), -1)

    def rows_of(self, paths: Iterable[str]) -> list[int]:
        """Where those of the runs at `paths` are that are shown, from top to bottom."""
        wanted = frozenset(paths)
        return [row for row, entry in enumerate(self._rows) if entry.file in wanted] if wanted else []

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.tip}. Click to sort, right-click to choose columns."
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _RIGHT if column.is_number else _LEFT
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[column].text(entry, self._now())
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(entry) if column == 0 else None
            case Qt.ItemDataRole.TextAlignmentRole:
                return _RIGHT if COLUMNS[column].is_number else _LEFT
            case Qt.ItemDataRole.FontRole:
                return self._bold if self._current and entry.file == self._current else None
            case Qt.ItemDataRole.ForegroundRole:
                return self._colour(entry) if column == STATE else None
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(entry, column)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """By `column`; runs of the same value from the newest to the oldest."""
        if 0 <= column < len(COLUMNS):
            self._column, self._order = column, order
            self._show()

    def _show(self) -> None:
        found = matching(self._query)
        key = COLUMNS[self._column].key
        rows = sorted(
            (self._marked(e) for e in self._entries.values() if found(e.text)), key=lambda e: e.when, reverse=True
        )
        values = [key(entry) for entry in rows]
        has_none = [value is None or value != value for value in values]  # NaN has no place in an order
        keyed = [pair for pair, none in zip(zip(values, rows, strict=True), has_none, strict=True) if not none]
        keyed.sort(key=lambda pair: pair[0], reverse=self._order == Qt.SortOrder.DescendingOrder)
        last = [entry for entry, none in zip(rows, has_none, strict=True) if none]
        rows = [*(entry for _, entry in keyed), *last]
        if [entry.file for entry in rows] == [entry.file for entry in self._rows]:
            self._rows = rows
            self.set_theme(self._theme)
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def _marked(self, entry: Entry) -> Entry:
        if self._current and entry.file == self._current:
            return msgspec.structs.replace(entry, state=self._state)
        return entry

    def _colour(self, entry: Entry) -> QColor:
        theme = self._theme
        colours = {"training": theme.good, "ended": theme.muted, "damaged": theme.bad}
        return QColor(colours.get(entry.state, theme.warning))

    def _tip(self, entry: Entry, column: int) -> str | None:
        if entry.trouble:
            return f"<p>{escape(entry.trouble)}</p>"  # a tooltip of plain text is one long line
        if column == WHEN:
            time = local(entry.when)
            return f"{time:%Y-%m-%d %H:%M:%S %Z}" if time else None
        text = COLUMNS[column].text(entry, self._now())
        return f"<p>{escape(text)}</p>" if text else None

    def _icon(self, entry: Entry) -> QIcon:
        key = (entry.file, entry.step)
        if key not in self._icons:
            pixmap = QPixmap()
            is_picture = not entry.trouble and pixmap.loadFromData(self._thumbnail(entry))
            self._icons[key] = _icon(pixmap, self._theme.background) if is_picture else self._blank
            if len(self._icons) > THUMBNAILS:
                self._icons.popitem(last=False)
        self._icons.move_to_end(key)
        return self._icons[key]


def _icon(picture: QPixmap, ground: str) -> QIcon:
    """`picture` on `ground`: points on the colour of a selection would not be seen."""
    pixmap = QPixmap(picture.size())
    pixmap.fill(QColor(ground))
    painter = QPainter(pixmap)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints it
    return icon


def _blank() -> QIcon:
    """In place of a thumbnail, so that titles stay in line."""
    pixmap = QPixmap(SIDE, SIDE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return QIcon(pixmap)
