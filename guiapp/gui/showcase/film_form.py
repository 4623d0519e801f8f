"""What there is to choose about an animation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QSize
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QWidget

from guiapp.gui.showcase.animation import Film
from guiapp.gui.showcase.past import spread
from guiapp.gui.theme import Theme
from guiapp.gui.views import STILL_VIEWS
from guiapp.gui.views.base import View
from guiapp.messages import Started

SIZES: Final = (
    ("600 × 400 pixels", QSize(600, 400), 1),
    ("900 × 600 pixels", QSize(900, 600), 1),
    ("1200 × 800 pixels", QSize(1200, 800), 1),
    ("1800 × 1200 pixels, with large text", QSize(900, 600), 2),
)
MOST, PER_S = 1000, 50  # a GIF knows no more than 50 pictures a second


class FilmForm(QWidget):
    """View, size, number of pictures and pace; below them, how long it will be. `keyframes`: the steps there are."""

    def __init__(self, keyframes: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keyframes = tuple(keyframes)
        self._view, self._size = QComboBox(), QComboBox()
        self._most, self._per_s, self._length = QSpinBox(), QSpinBox(), QLabel()
        for view in STILL_VIEWS:
            self._view.addItem(view.title)
        for name, _, _ in SIZES:
            self._size.addItem(name)
        self._size.setCurrentIndex(1)
        self._most.setRange(2, MOST)
        self._most.setValue(100)
        self._most.setPrefix("at most ")
        self._per_s.setRange(1, PER_S)
        self._per_s.setValue(10)
        self._per_s.setSuffix(" a second")
        self._length.setWordWrap(True)
        self._arrange()
        self._view.currentIndexChanged.connect(self._tell)
        self._most.valueChanged.connect(self._tell)
        self._per_s.valueChanged.connect(self._tell)
        self._tell()

    def film(self, theme: Theme) -> Film:
        """What was chosen, drawn in `theme`."""
        _, size, ratio = SIZES[self._size.currentIndex()]
        return Film(self._chosen(), theme, size, ratio, self._most.value(), float(self._per_s.value()))

    def set_run(self, run: Started) -> None:
        """Offer only the views that apply to `run`; the others say why they do not."""
        model = self._view.model()
        assert isinstance(model, QStandardItemModel)
        for i, view in enumerate(STILL_VIEWS):
            applies = view.requires <= run.capabilities
            model.item(i).setEnabled(applies)
            model.item(i).setToolTip("" if applies else view.missing)
        if not self._chosen().requires <= run.capabilities:
            self._view.setCurrentIndex(
                next(i for i, view in enumerate(STILL_VIEWS) if view.requires <= run.capabilities)
            )

    def _chosen(self) -> type[View]:
        return STILL_VIEWS[self._view.currentIndex()]

    def _arrange(self) -> None:
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows = (
            ("&View:", self._view, "Which view is drawn at each step"),
            ("Si&ze:", self._size, "Width and height in pixels"),
            ("&Pictures:", self._most, "Where there are more keyframes, a selection; early ones lie closer"),
            ("Pa&ce:", self._per_s, "Pictures a second"),
        )
        for text, field, help_text in rows:
            field.setToolTip(help_text)
            field.setAccessibleName(text.replace("&", "").rstrip(":"))
            form.addRow(text, field)
        form.addRow("", self._length)

    def _tell(self) -> None:
        if self._chosen().needs:
            count = len(spread(self._keyframes, self._most.value()))
            what = f"{count} pictures, of {len(self._keyframes)} keyframes"
        else:
            count = self._most.value()
            what = f"{count} pictures"
        self._length.setText(f"{what}: {count / self._per_s.value():.1f} s")
