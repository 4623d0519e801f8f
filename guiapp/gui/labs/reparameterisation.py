"""The lab of the reparameterisation trick."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.reparameterisation_compute import Params, Result, check, compute, curves, draws, validated
from guiapp.gui.labs.reparameterisation_controls import CheckPanel, EstimatorControls, EstimatorTable
from guiapp.gui.labs.reparameterisation_graph import TrickGraphs
from guiapp.gui.labs.reparameterisation_plots import EstimatorPlots
from guiapp.gui.theme import LIGHT, Theme


class ReparameterisationLab(Lab):
    """Three unbiased estimators of dE[f(z)]/dθ, z ~ N(θ, σ²): pathwise, score function, and the latter with its best
    constant baseline. Their histograms, their variances against θ, and the graph that a gradient has to pass."""

    name: ClassVar[str] = "reparameterisation"
    title: ClassVar[str] = "Reparameterisation"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._noise = draws(self._params.count, self._params.seed)
        self._result = compute(self._params, self._noise)
        self._press = 0
        self.graphs = TrickGraphs()
        self.plots = EstimatorPlots()
        self.controls = EstimatorControls(self._params)
        self.table = EstimatorTable()
        self.checks = CheckPanel()
        self._lay_out()
        self.plots.moved.connect(lambda theta, _done: self._apply(msgspec.structs.replace(self._params, theta=theta)))
        self.controls.edited.connect(lambda params, _done: self._apply(params))
        self.checks.asked.connect(self._check)
        self.set_theme(LIGHT)
        self._show()

    def _lay_out(self) -> None:
        charts = QWidget()
        column = QVBoxLayout(charts)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.graphs)
        column.addWidget(self.plots, 1)
        scrolled = QScrollArea()
        scrolled.setWidget(charts)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QFrame.Shape.NoFrame)
        scrolled.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.put_beside(scrolled, (self.controls, self.table, self.checks))

    def params(self) -> Params:
        return self._params

    def result(self) -> Result:
        """What is drawn."""
        return self._result

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._apply(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.graphs, self.plots, self.controls, self.table, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        result, exact = self._result, self._result.exact
        numbers = {
            "theta": result.params.theta,
            "sigma": result.params.sigma,
            "derivative": float(exact.derivative),
            "pathwise": float(exact.pathwise_variance),
            "score": float(exact.score_variance),
            "baselined": float(exact.baselined_variance),
            "baseline": float(exact.baseline),
            "mean": result.sampled["pathwise"].mean,
        }
        if exact.pathwise_variance > 0:
            numbers["ratio"] = result.ratio
        return numbers

    def _apply(self, params: Params) -> None:
        before, self._params = self._params, params
        if (params.count, params.seed) != (before.count, before.seed):
            self._noise = draws(params.count, params.seed)
        same = (params.function, params.sigma) == (before.function, before.sigma)
        known = self._result.curves if same else curves(params.function, params.sigma)
        self._result = compute(params, self._noise, known)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        self.table.show_result(self._result)
        self.graphs.draw(self._result)
        self.plots.draw(self._result)

    def _check(self) -> None:
        self._press += 1
        theta, sigma = self._params.theta, self._params.sigma
        self.checks.show_rows(check(theta, sigma, self._press), theta, sigma)
