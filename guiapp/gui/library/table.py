"""The table of runs: keeps what is selected when it changes, and lets a person choose its columns."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView, QWidget

from guiapp.gui.library.columns import COLUMNS
from guiapp.gui.library.model import WHEN, RunTable
from guiapp.runs.library import Entry

ROW = 44  # px
ICON = 40  # px


class RunView(QTableView):
    """Shows a `RunTable`. `chosen`: other runs are selected, or the same ones changed."""

    chosen = Signal()

    def __init__(self, table: RunTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._kept: list[str] = []
        self._current = ""
        self._top = 0
        self.setModel(table)
        self._set_looks()
        self._set_header()
        table.modelAboutToBeReset.connect(self._keep)
        table.modelReset.connect(self._restore)
        table.dataChanged.connect(lambda *_: self.chosen.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())

    def selected(self) -> list[Entry]:
        """The runs selected, from top to bottom."""
        spans = self.selectionModel().selection().toList()
        rows = {row for span in spans for row in range(span.top(), span.bottom() + 1)}
        return [self._table.entry(row) for row in sorted(rows)]

    def select(self, paths: Iterable[str]) -> None:
        """Select these, where they are shown, and go to the first."""
        rows = self._table.rows_of(paths)
        if rows:
            self._select_rows(rows)
            first = self._table.index(rows[0], 0)
            self.selectionModel().setCurrentIndex(first, QItemSelectionModel.SelectionFlag.NoUpdate)
            self.scrollTo(first)

    def select_row(self, row: int) -> None:
        """Select this row, or the last one if there are fewer."""
        if self._table.rowCount():
            self.selectRow(min(max(row, 0), self._table.rowCount() - 1))

    def columns_menu(self, parent: QWidget) -> QMenu:
        """Which columns are shown."""
        menu = QMenu("Columns", parent)
        for section, column in enumerate(COLUMNS[1:], start=1):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not self.isColumnHidden(section))
            action.setToolTip(column.tip)
            action.toggled.connect(lambda shown, section=section: self.setColumnHidden(section, not shown))
        return menu

    def sort_menu(self, parent: QWidget) -> QMenu:
        """What the header does by a click, for the keyboard."""
        menu = QMenu("Sort by", parent)
        header = self.horizontalHeader()
        for section, column in enumerate(COLUMNS):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(section == header.sortIndicatorSection())
            action.triggered.connect(lambda _=False, section=section: self._sort(section))
        return menu

    def _sort(self, section: int) -> None:
        header = self.horizontalHeader()
        is_up = section == header.sortIndicatorSection() and header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
        self.sortByColumn(section, Qt.SortOrder.DescendingOrder if is_up else Qt.SortOrder.AscendingOrder)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The titles take what the other columns leave, but for what they need at the least."""
        super().resizeEvent(event)
        header = self.horizontalHeader()
        spare = self.viewport().width() - header.length() + header.sectionSize(0)
        least = self.fontMetrics().horizontalAdvance("0") * COLUMNS[0].width
        if event.size().width() != event.oldSize().width():
            self.setColumnWidth(0, max(least, spare))

    def _set_looks(self) -> None:
        font = self.font()
        font.setFeature(QFont.Tag("tnum"), 1)
        self.setFont(font)
        self.setAccessibleName("Runs")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(ICON, ICON))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.verticalHeader().setSectionResizeMode(self.verticalHeader().ResizeMode.Fixed)

    def _set_header(self) -> None:
        header, digit = self.horizontalHeader(), self.fontMetrics().horizontalAdvance("0")
        header.setHighlightSections(False)
        header.setSectionsMovable(True)
        header.setFirstSectionMovable(False)
        for section, column in enumerate(COLUMNS):
            self.setColumnWidth(section, digit * column.width)
            self.setColumnHidden(section, not column.shown)
        self.setSortingEnabled(True)
        self.sortByColumn(WHEN, Qt.SortOrder.DescendingOrder)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(lambda at: self.columns_menu(self).popup(header.mapToGlobal(at)))

    def _keep(self) -> None:
        self._kept = [entry.file for entry in self.selected()]
        index = self.currentIndex()
        self._current = self._table.entry(index.row()).file if index.isValid() else ""
        self._top = self.verticalScrollBar().value()

    def _restore(self) -> None:
        self._select_rows(self._table.rows_of(self._kept))
        row = self._table.row_of(self._current)
        if row >= 0:
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self._table.index(row, 0), flag)
        self.verticalScrollBar().setValue(self._top)
        self.chosen.emit()

    def _select_rows(self, rows: list[int]) -> None:
        """Neighbours as one range: all of 5,000 runs one by one would take seconds."""
        selection = QItemSelection()
        begun = 0
        for i in range(1, len(rows) + 1):
            if i == len(rows) or rows[i] != rows[i - 1] + 1:
                corners = self._table.index(rows[begun], 0), self._table.index(rows[i - 1], len(COLUMNS) - 1)
                selection.select(*corners)
                begun = i
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
