"""The short answer of a lesson, as the explanations are shown."""

from __future__ import annotations

import math

from PySide6.QtCore import QSizeF, Qt
from PySide6.QtWidgets import QSizePolicy

from guiapp.gui.panels.explain import ExplainPanel

MARGIN = 2  # px: the box around the page has its own


class Answer(ExplainPanel):
    """A page as high as its text, to stand within one that scrolls as a whole."""

    def __init__(self) -> None:
        super().__init__()
        self.browser.setAccessibleName("the question and its short answer")
        self.browser.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.browser.document().setDocumentMargin(MARGIN)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.browser.document().documentLayout().documentSizeChanged.connect(self._grow)
        self.browser.horizontalScrollBar().rangeChanged.connect(
            lambda *_: self._grow(self.browser.document().documentLayout().documentSize())
        )

    def _grow(self, size: QSizeF) -> None:
        """A formula that stays too wide needs a bar below the text."""
        bar = self.browser.horizontalScrollBar()
        self.setFixedHeight(math.ceil(size.height()) + (bar.sizeHint().height() if bar.maximum() else 0) + 1)
