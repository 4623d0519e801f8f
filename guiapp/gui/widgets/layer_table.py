"""The counts of all layers as a table; what is to worry about stands out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from guiapp.gui.theme import LIGHT, Theme, palette_of
from guiapp.gui.widgets.layer_counts import TITLES, LayerCounts

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
NOTE = len(TITLES) - 1


class _Model(QAbstractTableModel):
    """A layer a row, `TITLES` its columns."""

    def __init__(self) -> None:
        super().__init__()
        self.layers: tuple[LayerCounts, ...] = ()
        self.theme = LIGHT
        self._bold = QFont()
        self._bold.setBold(True)

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.layers)

    def columnCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(TITLES)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        cell = self.layers[index.row()].cells[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return cell.text
            case Qt.ItemDataRole.ToolTipRole:
                return f"{self.layers[index.row()].layer}, {TITLES[index.column()][0]}: {cell.text}"
            case Qt.ItemDataRole.ForegroundRole:
                return QColor(self.theme.warning) if cell.worrying else None
            case Qt.ItemDataRole.FontRole:
                return self._bold if cell.worrying else None
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignLeft if index.column() == NOTE else Qt.AlignmentFlag.AlignRight
                return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        across = orientation == Qt.Orientation.Horizontal
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section][0] if across else self.layers[section].layer
        return TITLES[section][1] if across and role == Qt.ItemDataRole.ToolTipRole else None


class LayerTable(QTableView):
    """Numbers that are not 0 where they should be are bold and in the colour of warnings. Enter or a double click on a
    row asks for the histograms of its layer: chosen(str), a tensor."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _Model()
        self.setModel(self._model)
        self.setAccessibleName("Counters of each layer")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setMinimumSize(60, 50)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setHighlightSections(False)
            header.setMinimumSectionSize(20)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 5)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.activated.connect(lambda index: self.chosen.emit(self._model.layers[index.row()].tensor))

    @property
    def layers(self) -> tuple[LayerCounts, ...]:
        """What is shown."""
        return self._model.layers

    def show_counts(self, layers: Sequence[LayerCounts]) -> None:
        """Show these, from `counted`."""
        if tuple(layers) == self._model.layers:
            return
        same = [one.layer for one in layers] == [one.layer for one in self._model.layers]
        wider = not same or any(
            len(new.text) > len(old.text)
            for one, other in zip(layers, self._model.layers, strict=True)
            for new, old in zip(one.cells, other.cells, strict=True)
        )
        if same:
            self._model.layers = tuple(layers)
            last = self._model.index(len(layers) - 1, NOTE)
            self._model.dataChanged.emit(self._model.index(0, 0), last)
        else:
            self._model.beginResetModel()
            self._model.layers = tuple(layers)
            self._model.endResetModel()
        if wider:
            self.resizeColumnsToContents()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._model.theme = theme
        palette = palette_of(theme)
        for part in (self, self.horizontalHeader(), self.verticalHeader(), self.viewport()):
            part.setPalette(palette)
        self.viewport().update()
