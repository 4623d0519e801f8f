"""The Monte Carlo lab."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar, Final

import msgspec
from msgspec import Struct
from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QStackedWidget, QTabBar, QVBoxLayout, QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.elbo_controls import CheckPanel
from guiapp.gui.labs.monte_carlo_check import of_evidence, of_expectation
from guiapp.gui.labs.monte_carlo_compute import Page, Params, Result, compute, validated
from guiapp.gui.labs.monte_carlo_controls import EvidenceControls, ExpectationControls, PageControls, SeedRow
from guiapp.gui.labs.monte_carlo_evidence_plots import EvidencePage
from guiapp.gui.labs.monte_carlo_mean_plots import ExpectationPage
from guiapp.gui.theme import LIGHT, Theme

PAGES: Final[Mapping[Page, tuple[str, str]]] = {
    "expectation": ("Mean of f", "E[f] as the mean of f over n draws"),
    "evidence": ("p(x) by sampling", "Plain Monte Carlo and importance sampling for p(x), as the dimension grows"),
}


class MonteCarloLab(Lab):
    """Two pages. E[f(z)] as a running mean, its band and its error against n. And p(x) of a small latent model from
    draws of the prior and of a q, as the latent dimension grows."""

    name: ClassVar[str] = "monte-carlo"
    title: ClassVar[str] = "Monte Carlo"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._press = 0
        self.expectation, self.evidence = ExpectationPage(), EvidencePage()
        self.mean_controls = ExpectationControls()
        self.controls: Mapping[Page, PageControls] = {
            "expectation": self.mean_controls,
            "evidence": EvidenceControls(),
        }
        self.seed, self.checks, self.tabs, self._stack = SeedRow(), CheckPanel(), QTabBar(), QStackedWidget()
        self._lay_out()
        self.tabs.currentChanged.connect(lambda at: self._apply(self._with(page=tuple(PAGES)[at])))
        self.expectation.moved.connect(lambda count, _done: self._apply(self._with(count=count)))
        self.evidence.moved.connect(lambda dimension, _done: self._apply(self._with(dimension=dimension)))
        for controls in self.controls.values():
            controls.edited.connect(lambda params, _done: self._apply(params))
        self.seed.chosen.connect(lambda seed: self._apply(self._with(seed=seed)))
        self.checks.asked.connect(self._check)
        self.set_theme(LIGHT)
        self._show()

    def params(self) -> Params:
        return self._params

    def result(self) -> Result:
        """What is drawn, on both pages."""
        return self._result

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range, or f is no formula; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._apply(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for page in (self.expectation, self.evidence):
            page.set_theme(theme)
        for controls in self.controls.values():
            controls.set_theme(theme)
        self.checks.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        mean, evidence = self._result.expectation, self._result.evidence
        at, here = evidence.params.dimension - 1, evidence.here
        numbers = {
            "n": float(mean.params.count),
            "exact": mean.moments.mean,
            "deviation": mean.moments.deviation,
            "slope": mean.slope,
            "covered": 100 * mean.covered,
            "dimension": float(evidence.params.dimension),
            "draws": float(evidence.params.draws),
            "evidence": evidence.evidence,
            "prior": float(evidence.prior.mean[here]),
            "q": float(evidence.q.mean[here]),
            "prior_size": float(evidence.prior.effective[here]),
            "q_size": float(evidence.q.effective[here]),
            "prior_spread": 10.0 ** float(evidence.prior_spread[at]),
            "q_spread": 10.0 ** float(evidence.q_spread[at]),
        }
        if len(mean.path):
            numbers |= {"estimate": float(mean.last.mean), "error": float(mean.last.error)}
        return {name: value for name, value in numbers.items() if math.isfinite(value)}

    def _lay_out(self) -> None:
        charts = QWidget()
        column = QVBoxLayout(charts)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self._stack, 1)
        for (title, tip), page in zip(PAGES.values(), (self.expectation, self.evidence), strict=True):
            at = self.tabs.addTab(title)
            self.tabs.setTabToolTip(at, tip)
            self._stack.addWidget(page)
        self.tabs.setAccessibleName("page of the lab")
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.put_beside(charts, (*self.controls.values(), self.seed, self.checks))

    def _with(self, **changes: object) -> Params:
        return msgspec.structs.replace(self._params, **changes)

    def _apply(self, params: Params) -> None:
        self._params = params
        self._result = compute(params, self._result)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        """Draw the page that is seen; the other one when it comes into sight."""
        page = self._params.page
        with QSignalBlocker(self.tabs):
            self.tabs.setCurrentIndex(tuple(PAGES).index(page))
        self._stack.setCurrentIndex(tuple(PAGES).index(page))
        for name, controls in self.controls.items():
            controls.set_params(self._params)
            controls.setVisible(name == page)
        self.mean_controls.show_formula(self._params.function, self._result.expectation.problem)
        self.seed.set_seed(self._params.seed)
        if self.checks.rows:
            self.checks.show_rows(())
        if page == "expectation":
            self.expectation.draw(self._result.expectation)
        else:
            self.evidence.draw(self._result.evidence)

    def _check(self) -> None:
        self._press += 1
        seed = self._params.seed + 10_000 * self._press  # none of those of the pictures
        if self._params.page == "evidence":
            self.checks.show_rows(of_evidence(self._params, seed))
            return
        rows = of_expectation(self._result.expectation, seed)
        self.checks.show_rows(rows)
        if not rows:
            self.checks.sentence.setText("Nothing to check: this f has no mean here, or none in closed form.")
