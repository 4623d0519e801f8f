"""The lab of the Kullback-Leibler divergence between two Gaussians in the plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from msgspec import Struct
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.elbo_controls import CheckPanel
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.labs.kl_plane_compute import Params, Result, affine, check, compute, validated
from guiapp.gui.labs.kl_plane_controls import PartsTable, PlaneControls
from guiapp.gui.labs.kl_plane_plot import EllipsePlot
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.gaussian_plane import PlaneGaussian


class KlPlaneLab(Lab):
    """KL(p‖q) = ½ tr(Σ₂⁻¹Σ₁) + ½ (μ₂ - μ₁)ᵀΣ₂⁻¹(μ₂ - μ₁) + ½ log(|Σ₂|/|Σ₁|) - 1 for two Gaussians of the plane, in
    nats: part by part, and as the integral of p log(p/q). The ellipses are dragged, stretched and turned."""

    name: ClassVar[str] = "gaussian-kl-plane"
    title: ClassVar[str] = "Gaussian KL in the plane"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._presses = self._maps = 0
        self.plot = EllipsePlot()
        self.controls = PlaneControls(self._params)
        self.table = PartsTable()
        self.checks = CheckPanel()
        self.put_beside(self.plot, (self.table, self.controls, self.checks))
        self.plot.moved.connect(self._move)
        self.controls.edited.connect(self._apply)
        self.controls.map_asked.connect(self._map)
        self.checks.asked.connect(self._check)
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
        for part in (self.plot, self.controls, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        forward = self._result.forward
        return {
            "forward": forward.kl,
            "reverse": self._result.reverse.kl,
            "trace": forward.trace,
            "distance": forward.distance,
            "logdet": forward.log_ratio,
        }

    def _move(self, which: str, gaussian: PlaneGaussian) -> None:
        self._apply(self._params.moved(which, gaussian))

    def _apply(self, params: Params) -> None:
        self._params = params
        self._result = compute(params)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        self.controls.tell("")
        self.table.show_result(self._result)
        if self.checks.rows:
            self.checks.show_rows(())
        self.plot.draw(self._result)

    def _map(self) -> None:
        self._maps += 1
        params = affine(self._params, self._maps)
        if params is None:
            self.controls.tell("No map was found that keeps both Gaussians in range. Bring them nearer to each other.")
            return
        before = self._result.forward.kl
        self._apply(params)
        apart = abs(self._result.forward.kl - before)
        self.controls.tell(f"KL(p‖q) was {significant(before)}, and differs by {significant(apart, 2)} now.")

    def _check(self) -> None:
        self._presses += 1
        self.checks.show_rows(check(self._params, self._presses))
