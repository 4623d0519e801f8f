"""The classes of the data with their colours; a click shows or hides one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QKeyEvent, QPainter, QPalette, QPixmap
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from guiapp.gui.theme import LIGHT, Theme

SWATCH = 10  # px


class ClassLegend(QListWidget):
    """A list of class names; a click anywhere on a line, or Space, switches that class on or off; Enter shows it
    alone, or all again. It stands beside a picture, or lies across it in rows."""

    hidden_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Classes shown")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # after a click, Space is the window's again
        self.setToolTip("Click a class, or press Space, to hide or show its points; Enter: this class alone, or all")
        self.setFrameShape(QListWidget.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.setItemDelegate(_Names(self))
        self._classes: tuple[str, ...] = ()
        self._theme = LIGHT
        self.itemClicked.connect(self._toggle)
        self.itemChanged.connect(lambda _item: self.hidden_changed.emit())

    @property
    def hidden_classes(self) -> frozenset[int]:
        """Indices of the classes switched off."""
        items = [self.item(i) for i in range(self.count())]
        return frozenset(i for i, item in enumerate(items) if item.checkState() == Qt.CheckState.Unchecked)

    def set_classes(self, classes: tuple[str, ...]) -> None:
        """Show these classes, all on; nothing happens where they are the ones shown."""
        if classes == self._classes:
            return
        self._classes = classes
        self.blockSignals(True)
        self.clear()
        for name in classes:
            item = QListWidgetItem(name)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)  # else the box would toggle twice
            item.setCheckState(Qt.CheckState.Checked)
            self.addItem(item)
        self.blockSignals(False)
        self.set_theme(self._theme)
        self.hidden_changed.emit()
        self.updateGeometry()

    def lie_across(self, width: int | None) -> None:
        """Lie in rows of `width` pixels, as high as they need; None: stand as a column again."""
        across = width is not None
        if across != self.isWrapping():
            self.setFlow(QListWidget.Flow.LeftToRight if across else QListWidget.Flow.TopToBottom)
            self.setWrapping(across)
            self.setResizeMode(QListWidget.ResizeMode.Adjust if across else QListWidget.ResizeMode.Fixed)
            fixed, ignored = QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored
            self.setSizePolicy(*((ignored, fixed) if across else (fixed, ignored)))
            off, on = Qt.ScrollBarPolicy.ScrollBarAlwaysOff, Qt.ScrollBarPolicy.ScrollBarAsNeeded
            self.setVerticalScrollBarPolicy(off if across else on)
        height = 0 if width is None else self.height_across(width)
        self.setMinimumHeight(height)
        self.setMaximumHeight(height or 16777215)

    def height_across(self, width: int) -> int:
        """The pixels that the rows need at `width`."""
        sizes = [self.sizeHintForIndex(self.model().index(i, 0)) for i in range(self.count())]
        rows, used = 1, 0
        for size in sizes:
            if used and used + size.width() > width - 2:
                rows, used = rows + 1, 0
            used += size.width()
        return rows * max((size.height() for size in sizes), default=0) + 4

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self.blockSignals(True)
        many = len(theme.classes)
        for i in range(self.count()):
            self.item(i).setIcon(swatch(theme.classes[i % many]))
            same = [name for j, name in enumerate(self._classes) if j != i and j % many == i % many]
            if same:
                self.item(i).setToolTip(f"There are {many} colours; of this one also: {', '.join(same)}")
        self.blockSignals(False)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        widest = max((self.sizeHintForColumn(0), 40))
        return QSize(min(150, widest + 12), 120)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentItem() is not None:
            self._toggle(self.currentItem())
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentItem() is not None:
            self._single_out(self.currentItem())
        else:
            super().keyPressEvent(event)

    def _toggle(self, item: QListWidgetItem) -> None:
        on = item.checkState() == Qt.CheckState.Checked
        item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)

    def _single_out(self, item: QListWidgetItem) -> None:
        """Show this class alone; where it is alone already, all of them."""
        others = [other for other in map(self.item, range(self.count())) if other is not item]
        alone = all(other.checkState() == Qt.CheckState.Unchecked for other in others)
        self.blockSignals(True)
        item.setCheckState(Qt.CheckState.Checked)
        for other in others:
            other.setCheckState(Qt.CheckState.Checked if alone else Qt.CheckState.Unchecked)
        self.blockSignals(False)
        self.viewport().update()
        self.hidden_changed.emit()


class _Names(QStyledItemDelegate):
    """Without check boxes: the name of a hidden class is struck out, as that of a hidden curve is."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator
        if Qt.CheckState(index.data(Qt.ItemDataRole.CheckStateRole)) == Qt.CheckState.Unchecked:
            option.font.setStrikeOut(True)
            muted = option.palette.color(QPalette.ColorRole.PlaceholderText)
            option.palette.setColor(QPalette.ColorRole.Text, muted)
            option.icon = QIcon(option.icon.pixmap(SWATCH, QIcon.Mode.Disabled))


def swatch(colour: str) -> QIcon:
    """A dot in `colour`."""
    pixmap = QPixmap(2 * SWATCH, 2 * SWATCH)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawEllipse(1, 1, 2 * SWATCH - 2, 2 * SWATCH - 2)
    painter.end()
    return QIcon(pixmap)
