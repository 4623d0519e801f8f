"""The lab that shows divergences side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.divergences_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    Params,
    Result,
    check,
    compute,
    validated,
)
from guiapp.gui.labs.divergences_controls import CheckPanel, DivergenceControls
from guiapp.gui.labs.divergences_plots import DivergencePlots
from guiapp.gui.theme import LIGHT, Theme


class DivergencesLab(Lab):
    """Forward and reverse KL, α-divergence, Jensen-Shannon, Hellinger, total variation and Wasserstein-2 of two
    Gaussians: as bars, as curves against Δμ, and one of them as a map over (Δμ/σ₂, log σ₁/σ₂)."""

    name: ClassVar[str] = "divergences"
    title: ClassVar[str] = "Divergences"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self.plots = DivergencePlots()
        self.controls = DivergenceControls(self._params)
        self.checks = CheckPanel()
        self.put_beside(self.plots, (self.controls, self.checks))
        self.plots.moved.connect(self._dragged)
        self.plots.shifted.connect(self._shifted)
        self.plots.mapped.connect(self._mapped)
        self.plots.chosen.connect(lambda name: self._change(shown=name))
        self.controls.edited.connect(lambda params, _: self._apply(params))
        self.checks.asked.connect(lambda: self.checks.show_rows(check(self._params)))
        self.set_theme(LIGHT)
        self._show()

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
        for part in (self.plots, self.controls, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        p = self._params
        found = {"d_alpha" if name == "alpha" else name: value for name, value in self._result.values.items()}
        return found | {name: getattr(p, name) for name in ("mu1", "sigma1", "mu2", "sigma2", "alpha")}

    def _dragged(self, name: str, mu: float, sigma: float, _done: bool) -> None:
        which = "1" if name == "p" else "2"
        self._change(**{f"mu{which}": mu, f"sigma{which}": sigma})

    def _shifted(self, delta: float, _done: bool) -> None:
        self._change(mu1=_held(self._params.mu2 + delta, MEAN_RANGE))

    def _mapped(self, shift: float, log_ratio: float) -> None:
        p = self._params
        sigma = _held(float(f"{p.sigma2 * math.exp(_held(log_ratio, (-9.0, 9.0))):.4g}"), DEVIATION_RANGE)
        self._change(mu1=_held(p.mu2 + p.sigma2 * shift, MEAN_RANGE), sigma1=sigma)

    def _change(self, **changes: Any) -> None:
        self._apply(msgspec.structs.replace(self._params, **changes))

    def _apply(self, params: Params) -> None:
        self._params = params
        self._result = compute(params)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        if self.checks.rows:
            self.checks.show_rows(())
        self.plots.draw(self._result)


def _held(value: float, bounds: tuple[float, float]) -> float:
    return min(max(round(value, 4), bounds[0]), bounds[1])
