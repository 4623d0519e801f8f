"""The table of what differs between the compared runs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.library.compare_curves import COLOURS, marked
from guiapp.gui.library.compare_facts import Row, facts
from guiapp.gui.library.compare_runs import ComparedRun, run_tip
from guiapp.gui.theme import LIGHT, Theme

NARROWEST = 96  # px, of the column of a run


class CompareTable(QWidget):
    """A row for each fact and each parameter that differs, a column for each run; what is not as in the reference run
    is bold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[ComparedRun, ...] = ()
        self._labels: tuple[str, ...] = ()
        self._rows: list[Row] = []
        self._theme = LIGHT
        self.reference = QComboBox()
        self.reference.setAccessibleName("Reference run")
        self.reference.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.reference.setToolTip("Values that are not as in this run are bold")
        self.everything = QCheckBox("Show &all parameters")
        self.everything.setToolTip("List the parameters that are equal in all runs as well")
        self.table = _Table()
        self._arrange()
        self.reference.currentIndexChanged.connect(lambda _i: self._fill())
        self.everything.toggled.connect(lambda _on: self._read())

    def show_runs(self, runs: Sequence[ComparedRun], labels: Sequence[str]) -> None:
        """Compare these runs; the reference stays the run that it was, if it is among them."""
        before = self.reference.currentIndex()
        path = self._runs[before].path if 0 <= before < len(self._runs) else None
        self._runs, self._labels = tuple(runs), tuple(labels)
        paths = [run.path for run in self._runs]
        with QSignalBlocker(self.reference):
            self.reference.clear()
            self.reference.addItems([marked(i, label) for i, label in enumerate(self._labels)])
            self.reference.setCurrentIndex(paths.index(path) if path in paths else min(0, len(paths) - 1))
        self._read()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self._fill()

    def _read(self) -> None:
        self._rows = facts(self._runs, self.everything.isChecked()) if self._runs else []
        self._fill()

    def _fill(self) -> None:
        table, reference = self.table, max(0, self.reference.currentIndex())
        table.clear()
        table.clearSpans()
        table.setRowCount(len(self._rows))
        table.setColumnCount(1 + len(self._runs))
        table.setHorizontalHeaderItem(0, QTableWidgetItem(""))
        for i, label in enumerate(self._labels):
            header = QTableWidgetItem(marked(i, label))
            header.setToolTip(run_tip(label, self._runs[i]))
            header.setForeground(QColor(getattr(self._theme, COLOURS[i])))
            table.setHorizontalHeaderItem(1 + i, header)
        for i, row in enumerate(self._rows):
            self._fill_row(i, row, reference)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        table.resizeRowsToContents()

    def _fill_row(self, i: int, row: Row, reference: int) -> None:
        title = QTableWidgetItem(row.title)
        title.setToolTip(row.tip)
        self.table.setItem(i, 0, title)
        if not row.texts:
            title.setForeground(QColor(self._theme.muted))
            title.setFlags(Qt.ItemFlag.ItemIsEnabled)
            if self._runs:
                self.table.setSpan(i, 0, 1, 1 + len(self._runs))
        for j, text in enumerate(row.texts):
            item = QTableWidgetItem(text)
            item.setToolTip(f"<p>{escape(text)}</p>")
            if row.differs(j, reference):
                font = item.font()
                font.setBold(True)
                item.setFont(font)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{text}, differs from the reference run")
            self.table.setItem(i, 1 + j, item)

    def _arrange(self) -> None:
        label = QLabel("&Reference run")
        label.setBuddy(self.reference)
        tools = QHBoxLayout()
        tools.setContentsMargins(6, 3, 6, 3)
        tools.setSpacing(6)  # not that of the column
        for part in (label, self.reference, self.everything):
            tools.addWidget(part)
        tools.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(tools)
        column.addWidget(self.table, 1)


class _Table(QTableWidget):
    """To be read and copied, not written."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Parameters and figures of the compared runs")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setAlternatingRowColors(False)
        self.setTabKeyNavigation(False)  # Tab leaves the table, arrows move in it
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setMinimumSectionSize(NARROWEST)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        header.setHighlightSections(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            QApplication.clipboard().setText(self.selected_text())
        else:
            super().keyPressEvent(event)

    def selected_text(self) -> str:
        """The selected cells, a line for each row, tabs between the columns."""
        lines: dict[int, list[str]] = {}
        for index in sorted(self.selectedIndexes()):
            lines.setdefault(index.row(), []).append(str(index.data() or ""))
        return "\n".join("\t".join(cells) for cells in lines.values())
