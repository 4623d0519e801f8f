"""Panels of the lab of the GAN objectives: the gradient weights of the run's batch, and the check of derivatives."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QCheckBox, QGridLayout, QGroupBox, QLabel, QPushButton, QVBoxLayout

from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.objectives_check import TERMS, Row
from guiapp.gui.labs.objectives_compute import OBJECTIVES, Batch
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.density_plot import DensityPlot
from guiapp.gui.widgets.plot_menu import Table, add_export_actions

NO_BATCH = "While a GAN trains, here appears how much weight each generated sample has in the generator's gradient."
BINS = 32
PLOT_PX = 120


class BatchPanel(QGroupBox):
    """The histogram of w = |∂L/∂a| over the batch, under the run's objective, and its effective share. `followed`: the
    marker is to stand at the batch's mean a(G(z)) from now on, or no more."""

    followed = Signal(bool)

    def __init__(self) -> None:
        super().__init__("Gradient weights of the batch")
        self.sentence = QLabel(NO_BATCH)
        self.sentence.setWordWrap(True)
        self.plot = DensityPlot("histogram of the gradient weights", "w = |∂L/∂a| of a generated sample", "samples")
        self.plot.setFixedHeight(PLOT_PX)
        self.plot.add_area("weights")
        self.plot.fit_asked.connect(self._fit)
        add_export_actions(self.plot, self._table)
        self.follow = QCheckBox("Marker follows the batch")
        self.follow.setToolTip("Keep the marker at the mean of a(G(z)) while the run goes on")
        self.follow.toggled.connect(self.followed)
        layout = QVBoxLayout(self)
        for widget in (self.sentence, self.plot, self.follow):
            layout.addWidget(widget)
        self.set_batch(None)

    def set_batch(self, batch: Batch | None) -> None:
        """Show `batch`, or say what would appear."""
        self.plot.setVisible(batch is not None)
        self.follow.setEnabled(batch is not None)
        if batch is None:
            self.sentence.setText(NO_BATCH)
            return
        top = float(batch.weights.max())
        edges = np.linspace(0, top if top > 0 else 1.0, BINS + 1)
        counts = np.histogram(batch.weights, edges)[0].astype(float)
        self.plot.areas["weights"].set_curve(np.repeat(edges, 2)[1:-1], np.repeat(counts, 2))
        self._fit()
        self.sentence.setText(_told(batch))

    def set_theme(self, theme: Theme) -> None:
        self.plot.set_theme(theme)
        fill = QColor(theme.generator)
        fill.setAlpha(110)
        self.plot.areas["weights"].set_colours(theme.generator, fill)

    def _fit(self) -> None:
        area = self.plot.areas["weights"]
        if len(area.x):
            self.plot.set_ranges((0.0, float(area.x[-1])), (0.0, 1.05 * float(area.y.max())))

    def _table(self) -> Table:
        area = self.plot.areas["weights"]
        return ("weight", "samples"), np.column_stack([area.x, area.y])


class CheckPanel(QGroupBox):
    """A button, and a table of how far the closed forms are from two witnesses. `asked`: check a new batch."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__("Are the derivatives right?")
        self._theme = LIGHT
        self._rows: tuple[Row, ...] = ()
        self.button = QPushButton("Check on random logits")
        self.button.setToolTip(
            "New logits at each press, and those of the run's batch if there is one: closed form against autograd "
            "(of torch, in the trainer) and against central differences (here)"
        )
        self.button.clicked.connect(self.asked)
        self.sentence = QLabel("Good means within 10⁻⁶ of both, at every logit.")
        self.sentence.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(1)
        grid.addWidget(self.button, 0, 0, 1, 4)
        grid.addWidget(self.sentence, 1, 0, 1, 4)
        self.heads = [QLabel(text) for text in ("term", "autograd", "differences")]
        for column, head in enumerate(self.heads):
            grid.addWidget(head, 2, column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft)
        self.heads[1].setToolTip("largest |closed form − autograd|, computed by torch in the trainer")
        self.heads[2].setToolTip("largest |closed form − (L(a + h) − L(a − h)) / 2h|")
        digits = QFont(self.font())
        digits.setFeature(QFont.Tag("tnum"), 1)
        self.cells: dict[tuple[str, str], tuple[QLabel, ...]] = {}
        for row, key in enumerate(_keys(), start=3):
            cells = self.cells[key] = tuple(QLabel() for _ in range(4))
            for column, cell in enumerate(cells):
                cell.setFont(digits)
                grid.addWidget(cell, row, column, Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(0, 1)
        self._show(False)

    @property
    def rows(self) -> tuple[Row, ...]:
        """What the table shows."""
        return self._rows

    def show_rows(self, rows: tuple[Row, ...], sentence: str) -> None:
        """Show `rows` and say `sentence`."""
        self._rows = rows
        self.sentence.setText(sentence)
        for row in rows:
            name, autograd, differences, verdict = self.cells[row.objective, row.term]
            name.setText(f"{row.objective}, {row.term if row.term != 'generator' else 'G'}")
            autograd.setText("–" if row.autograd is None else significant(row.autograd, 2))
            differences.setText(significant(row.differences, 2))
            verdict.setText({True: "✓", False: "✗", None: "…"}[row.good])
            verdict.setToolTip({True: "good", False: "not good", None: "waits for autograd"}[row.good])
            name.setToolTip(f"{row.count} logits")
        self._paint()
        self._show(True)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._paint()

    def _paint(self) -> None:
        colours = {True: self._theme.good, False: self._theme.bad, None: self._theme.muted}
        for row in self._rows:
            self.cells[row.objective, row.term][3].setStyleSheet(f"color: {colours[row.good]}; font-weight: bold;")

    def _show(self, on: bool) -> None:
        for label in (*self.heads, *(cell for cells in self.cells.values() for cell in cells)):
            label.setVisible(on)


def _keys() -> list[tuple[str, str]]:
    """Objective and term of every row."""
    return [(o, term) for o in OBJECTIVES for term in TERMS if term != "∂/∂D" or o in OBJECTIVES[:2]]


def _told(batch: Batch) -> str:
    mean, count = float(batch.weights.mean()), len(batch.weights)
    share = batch.effective
    return (
        f"The run's G descends the {batch.objective} loss. Mean weight {significant(mean, 3)}. "
        f"Effective share (Σw)² / (n Σw²) = {100 * share:.0f} %: the gradient is that of "
        f"{math.ceil(share * count - 1e-9)} equal voices out of {count}."
    )
