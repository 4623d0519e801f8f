"""The lab of the Kullback-Leibler divergence between two Gaussians."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.kl_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    Params,
    Result,
    compute,
    draw,
    validated,
    z_score,
)
from guiapp.gui.labs.kl_controls import DivergenceTable, KlControls
from guiapp.gui.labs.kl_formula import FormulaPanel
from guiapp.gui.labs.kl_plots import KlPlots
from guiapp.gui.labs.posterior_picker import PosteriorPicker
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.formula_check import Four


class GaussianKlLab(Lab):
    """KL(p‖q) = log(σ₂/σ₁) + (σ₁² + (μ₁ - μ₂)²)/(2σ₂²) - ½ for p = N(μ₁, σ₁²), q = N(μ₂, σ₂²), in nats: as a formula,
    as the signed area under p log(p/q), and as a Monte Carlo estimate; and q(z_i|x) of a running VAE in p's place. A
    person's own formula is tried on the integral."""

    name: ClassVar[str] = "gaussian-kl"
    title: ClassVar[str] = "KL between two Gaussians"
    needs: ClassVar[frozenset[str]] = frozenset({"posterior"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._noise = draw(self._params.draws, self._params.seed)
        self._result = compute(self._params, self._noise)
        self.plots = KlPlots()
        self.controls = KlControls(self._params)
        self.table = DivergenceTable()
        self.formula = FormulaPanel()
        self.picker = PosteriorPicker()
        self.put_beside(self.plots, (self.table, self.controls, self.formula, self.picker))
        self.plots.moved.connect(self._dragged)
        self.controls.edited.connect(self._edited)
        self.controls.fit_asked.connect(self.plots.fit)
        self.formula.checked.connect(self._take_formula)
        self.formula.shown.connect(self._show_example)
        self.picker.picked.connect(self._load)
        self.set_theme(LIGHT)
        self._show(True)

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
        self._apply(validated(params), done=True)

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.formula, self.picker):
            part.set_theme(theme)

    def set_pictures(self, pictures: Mapping[str, Any]) -> None:
        self.picker.set_picture(pictures.get("posterior"))

    def numbers(self) -> Mapping[str, float]:
        r = self._result
        return {
            "mu1": r.params.mu1,
            "sigma1": r.params.sigma1,
            "mu2": r.params.mu2,
            "sigma2": r.params.sigma2,
            "forward": r.forward,
            "reverse": r.reverse,
            "js": r.js,
            "estimate": float(r.forward_estimate.value),
            "error": float(r.forward_estimate.error),
            "z": z_score(r.forward_estimate, r.forward),
        }

    def _edited(self, params: Params, done: bool) -> None:
        if any(getattr(params, name) != getattr(self._params, name) for name in ("mu1", "sigma1", "mu2", "sigma2")):
            self.picker.follow.setChecked(False)
        self._apply(params, done)

    def _dragged(self, name: str, mu: float, sigma: float, done: bool) -> None:
        which = "1" if name == "p" else "2"
        self._edited(msgspec.structs.replace(self._params, **{f"mu{which}": mu, f"sigma{which}": sigma}), done)

    def _take_formula(self, text: str) -> None:
        self._apply(msgspec.structs.replace(self._params, formula=text), True)

    def _show_example(self, four: Four) -> None:
        names = ("mu1", "sigma1", "mu2", "sigma2")
        self._edited(msgspec.structs.replace(self._params, **dict(zip(names, four, strict=True))), True)

    def _load(self, mean: float, std: float) -> None:
        mean = min(max(mean, MEAN_RANGE[0]), MEAN_RANGE[1])
        std = min(max(std, DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        params = msgspec.structs.replace(self._params, mu1=mean, sigma1=std, mu2=0.0, sigma2=1.0)
        self._apply(params, done=not self.picker.follow.isChecked())

    def _apply(self, params: Params, done: bool) -> None:
        if (params.draws, params.seed) != (self._params.draws, self._params.seed):
            self._noise = draw(params.draws, params.seed)
        self._params = params
        self._result = compute(params, self._noise)
        self._show(done)
        self.changed.emit()

    def _show(self, done: bool) -> None:
        self.controls.set_params(self._params)
        self.table.show_result(self._result)
        self.formula.show_params(self._params, self._result.forward)
        self.plots.draw(self._result, done)
