"""The lab of the transfer functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.transfer_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    Layer,
    Params,
    Result,
    check,
    compute,
    layers,
    validated,
)
from guiapp.gui.labs.transfer_controls import ActivationTable, TransferControls
from guiapp.gui.labs.transfer_panels import CheckPanel, LayerPanel, NumbersPanel
from guiapp.gui.labs.transfer_plots import TransferPlots
from guiapp.gui.theme import LIGHT, Theme


class TransferLab(Lab):
    """Activations g and their derivatives, over the pre-activations that a layer has: those of a normal to be dragged,
    and those of a layer of the run, live; and what is left of a gradient after L such layers."""

    name: ClassVar[str] = "transfer"
    title: ClassVar[str] = "Transfer functions"
    needs: ClassVar[frozenset[str]] = frozenset({"layers"})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._layer: Layer | None = None
        self._picture: Any = None
        self._press = 0
        self.plots = TransferPlots()
        self.controls = TransferControls(self._params)
        self.table = ActivationTable()
        self.figures = NumbersPanel()
        self.layer_panel = LayerPanel()
        self.checks = CheckPanel()
        panels = (self.controls, self.table, self.figures, self.layer_panel, self.checks)
        self.put_beside(self.plots, panels)
        self.plots.moved.connect(lambda mean, deviation, done: self._change(done, mean=mean, deviation=deviation))
        self.controls.edited.connect(self._edited)
        self.table.toggled.connect(lambda shown: self._change(True, shown=shown))
        self.table.chosen.connect(self._choose)
        self.layer_panel.picked.connect(self._pick)
        self.layer_panel.followed.connect(self._follow)
        self.layer_panel.fitted.connect(self._fit)
        self.checks.asked.connect(self._check)
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
        self._apply(validated(params), True)

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.table, self.layer_panel, self.checks):
            part.set_theme(theme)

    def set_pictures(self, pictures: Mapping[str, Any]) -> None:
        picture = pictures.get("layers")
        if picture is not self._picture:
            self._picture = picture
            self.layer_panel.set_layers(layers(picture))

    def numbers(self) -> Mapping[str, float]:
        params, normal = self._params, self._result.normal
        numbers = {
            "mean": params.mean,
            "deviation": params.deviation,
            "layers": float(params.layers),
            "slope": normal.passed.slope,
            "squared": normal.passed.squared,
            "saturated": 100 * normal.passed.saturated,
            "one": normal.one,
            "through": normal.rms,
            "bound": self._result.bound,
        }
        live = self._result.live
        if live is not None:
            numbers |= {"live_saturated": 100 * live.passed.saturated, "live_squared": live.passed.squared}
            numbers |= {"live_through": live.rms}
        return numbers

    def _edited(self, params: Params, done: bool) -> None:
        if params.activation != self._params.activation:
            self.layer_panel.follow.setChecked(False)
        self._apply(params, done)

    def _change(self, done: bool, **changes: Any) -> None:
        self._edited(msgspec.structs.replace(self._params, **changes), done)

    def _choose(self, activation: str) -> None:
        self._change(True, activation=activation)

    def _pick(self) -> None:
        """The chosen layer, or its histogram, is another one."""
        self._layer = self.layer_panel.layer
        self._result = compute(self._params, self._layer)
        self.figures.show_result(self._result)
        self.plots.set_layer(self._layer)
        self.changed.emit()

    def _follow(self, activation: str) -> None:
        if activation != self._params.activation:
            self._apply(msgspec.structs.replace(self._params, activation=activation), True)

    def _fit(self, mean: float, deviation: float) -> None:
        mean = min(max(round(mean, 4), MEAN_RANGE[0]), MEAN_RANGE[1])
        deviation = min(max(float(f"{deviation:.4g}"), DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        self._change(True, mean=mean, deviation=deviation)

    def _apply(self, params: Params, done: bool) -> None:
        self._params = params
        self._result = compute(params, self._layer)
        self._show(done)
        self.changed.emit()

    def _show(self, done: bool) -> None:
        self.controls.set_params(self._params)
        self.table.show_result(self._result)
        self.figures.show_result(self._result)
        self.plots.draw(self._result, done)

    def _check(self) -> None:
        self._press += 1
        self.checks.show_check(check(self._press))
