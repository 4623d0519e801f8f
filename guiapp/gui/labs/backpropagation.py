"""The lab of backpropagation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.labs.backpropagation_compute import (
    PRESETS,
    Params,
    Result,
    Weight,
    as_tuples,
    check,
    compute,
    descended,
    validated,
    with_weight,
)
from guiapp.gui.labs.backpropagation_controls import BatchTable, NetworkControls
from guiapp.gui.labs.backpropagation_graph import NetworkGraph
from guiapp.gui.labs.backpropagation_panels import ChainPanel, CheckPanel, SamplesPanel, StepBar
from guiapp.gui.labs.base import Lab
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.backpropagation import drawn


class BackpropagationLab(Lab):
    """A network of at most 4 layers of 6 units, stepped through forward and back: every pre-activation, output, δ and
    ∂L/∂w, the chain rule of a chosen weight with its numbers, and the samples' gradients with their mean."""

    name: ClassVar[str] = "backpropagation"
    title: ClassVar[str] = "Backpropagation by hand"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = PRESETS["XOR, 2-2-1"]
        self._result = compute(self._params)
        self.steps = StepBar()
        self.graph = NetworkGraph()
        self.chain = ChainPanel()
        self.controls = NetworkControls(self._params)
        self.table = BatchTable()
        self.samples = SamplesPanel()
        self.checks = CheckPanel()
        main = QWidget()
        main.setMinimumWidth(160)  # else, beside the controls, the buttons keep a narrow window from being made
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.steps)
        column.addWidget(self.graph, 3)
        column.addWidget(self.chain, 2)
        self.put_beside(main, (self.controls, self.table, self.samples, self.checks))
        self._connect()
        self.set_theme(LIGHT)
        self._show()

    def _connect(self) -> None:
        self.graph.chosen.connect(self._choose)
        self.graph.dragged.connect(lambda number, _done: self._apply(with_weight(self._params, number)))
        self.graph.stepped.connect(self.step)
        self.controls.edited.connect(self._apply)
        self.table.edited.connect(self._apply)
        self.checks.asked.connect(lambda: self.checks.show_check(*check(self._result)))
        for moved in (self.steps.forward, self.steps.backward):
            moved.connect(self.step)
        self.steps.whole.connect(lambda: self._change(stage=2 * self._params.layers))
        self.steps.descended.connect(self._descend)
        self.steps.reset.connect(self._reset)

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
        for part in (self.graph, self.controls, self.table, self.samples, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        result, params = self._result, self._params
        layer, to, source = params.chosen
        norms = [float(abs(delta[params.sample]).max()) for delta in result.done.delta]
        numbers = {
            "rate": params.rate,
            "loss": float(result.done.losses[params.sample]),
            "batch": float(result.done.losses.mean()),
            "weight": result.chain.name.value,
            "gradient": result.chain.value,
            "mean": float(result.mean[layer - 1][to, source]),
            "paths": float(len(result.chain.paths)),
            "last": norms[-1],
            "first": norms[1],
        }
        return {name: number for name, number in numbers.items() if abs(number) < float("inf")}

    def step(self) -> None:
        """The next layer, forward or back; after the last one a new pass."""
        self._change(stage=(self._params.stage + 1) % (2 * self._params.layers + 1))

    def _choose(self, weight: Weight) -> None:
        self._change(chosen=weight)

    def _change(self, **changes: Any) -> None:
        self._apply(msgspec.structs.replace(self._params, **changes))

    def _descend(self) -> None:
        try:
            self._apply(descended(self._result))
        except ValueError as error:
            self.steps.refuse(str(error))

    def _reset(self) -> None:
        self._change(weights=as_tuples(drawn(self._params.widths, self._params.seed)), stage=0)

    def _apply(self, params: Params) -> None:
        if params.weights != self._params.weights or params.inputs != self._params.inputs:
            self.checks.clear()
        self._params = params
        self._result = compute(params)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        self.table.set_params(self._params)
        for part in (self.steps, self.chain, self.samples):
            part.show_result(self._result)
        self.graph.draw(self._result)
