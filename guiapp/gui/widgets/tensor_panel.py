"""One tensor of the model in detail: which one, and the histograms of it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QToolButton, QWidget

from guiapp.gui.theme import Theme
from guiapp.gui.widgets.columns import stack
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.tensor_histograms import TensorHistograms
from guiapp.messages import Picture

AWAITED = "The histograms of {} come with the next picture of the trainer."
GONE = "This model has no tensor {}; choose another one above."


class TensorPanel(QWidget):
    """chosen(str): a person wants to see another tensor; closed: the panel is not needed any more."""

    chosen = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = QComboBox()
        self._names.setAccessibleName("Tensor")
        self._names.setToolTip("The parameter tensor whose histograms are shown")
        self._names.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._names.setMinimumWidth(40)
        self._close = QToolButton()
        self._close.setText("✕")
        self._close.setAutoRaise(True)
        self._close.setAccessibleName("Close the histograms")
        self._close.setToolTip("Close the histograms (Esc)")
        self.histograms = TensorHistograms()
        self._stage = Stage(self.histograms)
        row = QHBoxLayout()
        row.setContentsMargins(8, 2, 4, 2)
        row.addWidget(self._names)
        row.addWidget(self._close)
        stack(((row, 0), (self._stage, 1)), self)
        self._names.currentTextChanged.connect(self.chosen)
        self._close.clicked.connect(self.closed)

    @property
    def tensor(self) -> str:
        """The tensor to show; empty where there is none."""
        return self._names.currentText()

    @property
    def sentence(self) -> str:
        """What is said in place of the histograms."""
        return self._stage.sentence

    def set_tensors(self, names: tuple[str, ...]) -> None:
        """The tensors there are; the one shown stays if it is among them."""
        before = self.tensor
        self._names.blockSignals(True)
        self._names.clear()
        self._names.addItems(names)
        self._names.setCurrentIndex(max(0, names.index(before) if before in names else 0))
        self._names.blockSignals(False)

    def choose(self, name: str) -> None:
        """Show the tensor `name`; `chosen` follows if it is another one."""
        self._names.setCurrentText(name)

    def show_picture(self, picture: Picture | None) -> None:
        """Show the picture "tensor"; None: it has not come yet."""
        if picture is not None and not picture:
            self._stage.say(GONE.format(self.tensor))
        elif picture is None or str(picture["name"]) != self.tensor:
            self._stage.say(AWAITED.format(self.tensor))
        else:
            self.histograms.show_picture(picture)
            self._stage.show_content()

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._stage, self.histograms):
            part.set_theme(theme)
