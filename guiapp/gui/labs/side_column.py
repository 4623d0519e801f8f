"""Charts with a column of controls beside them, or below them where there is too little width."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QScrollArea, QVBoxLayout, QWidget

WIDE_PX = 720  # from here on the controls stand beside the charts
NO_LIMIT = 16_777_215  # Qt's


class SideColumn(QWidget):
    """`charts`, and `controls` in a column that scrolls and is as wide as it has to be."""

    def __init__(self, charts: QWidget, controls: Sequence[QWidget]) -> None:
        super().__init__()
        self._column = QWidget()
        column = QVBoxLayout(self._column)
        for widget in controls:
            column.addWidget(widget)
        column.addStretch(1)
        self._side = QScrollArea()
        self._side.setWidget(self._column)
        self._side.setWidgetResizable(True)
        self._side.setFrameShape(QFrame.Shape.NoFrame)
        self._side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._column.installEventFilter(self)
        self._layout = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(charts, 1)
        self._layout.addWidget(self._side)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrange()
        super().resizeEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        wide = self.width() >= WIDE_PX
        self._layout.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        needed = self._column.minimumSizeHint().width() + self._side.verticalScrollBar().sizeHint().width()
        self._side.setMinimumWidth(needed)
        self._side.setMaximumWidth(needed if wide else NO_LIMIT)
        self._side.setMaximumHeight(NO_LIMIT if wide else max(120, round(0.42 * self.height())))
