"""The lab of ancestral sampling."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.sampling_compute import Params, Result, check, compute, validated
from guiapp.gui.labs.sampling_controls import CheckPanel, MethodTable, SamplingControls, StepBar
from guiapp.gui.labs.sampling_editor import NodeEditor
from guiapp.gui.labs.sampling_edits import clamped, deleted, toggled
from guiapp.gui.labs.sampling_file import NetworkFileError, read, save
from guiapp.gui.labs.sampling_graph import NetworkCanvas
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.paragraph import Paragraph
from guiapp.theory.bayesian_network import NetworkError

AT_A_TIME_S: Final = 0.012  # for which samples are drawn before the window is looked after again
FILES: Final = "Networks (*.json);;All files (*)"


class SamplingLab(Lab):
    """A Bayesian network to build and to clamp: each node's marginal by enumeration and from samples, a single sample
    drawn node by node, and rejection, likelihood weighting and the naive clamp side by side."""

    name: ClassVar[str] = "sampling"
    title: ClassVar[str] = "Ancestral sampling"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._press = 0
        self.steps = StepBar()
        self.graph = NetworkCanvas()
        self.sentence, self.ways = Paragraph(2), Paragraph(2)
        self.controls = SamplingControls(self._params)
        self.table = MethodTable()
        self.editor = NodeEditor()
        self.checks = CheckPanel()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._draw_more)
        main = QWidget()
        main.setMinimumWidth(140)  # else, beside the controls, the buttons keep a narrow window from being made
        column = QVBoxLayout(main)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for widget in (self.steps, self.graph, self.sentence, self.ways):
            column.addWidget(widget, 1 if widget is self.graph else 0)
        self.put_beside(main, (self.controls, self.table, self.editor, self.checks))
        self._connect()
        self.set_theme(LIGHT)
        self._show()

    def _connect(self) -> None:
        self.graph.chosen.connect(lambda name, state: self._change(chosen=name, state=state))
        self.graph.clamped.connect(self._clamp)
        self.graph.pulled.connect(lambda name, value: self._try(lambda p: clamped(p, name, value)))
        self.graph.moved.connect(self._move)
        self.graph.linked.connect(lambda parent, child: self._try(lambda p: toggled(p, parent, child)))
        self.graph.deleted.connect(lambda name: self._try(lambda p: deleted(p, name)))
        self.controls.edited.connect(self._apply)
        self.controls.stopped.connect(self.stop)
        self.editor.edited.connect(self._apply)
        self.checks.asked.connect(self._check)
        for stepped in (self.graph.stepped, self.steps.stepped):
            stepped.connect(self.step)
        self.steps.drawn.connect(self._draw_sample)
        self.steps.released.connect(lambda: self._change(evidence={}))
        self.steps.opened.connect(self._ask_to_open)
        self.steps.saved.connect(self._ask_to_save)

    def params(self) -> Params:
        return self._params

    def result(self) -> Result:
        """What is drawn."""
        return self._result

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range, or the network cannot be; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._apply(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.graph, self.sentence, self.ways, self.controls, self.table, self.editor, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        result = self._result
        weighting, rejection = result.tally("likelihood weighting"), result.tally("rejection")
        numbers = {
            "count": float(result.estimator.done),
            "exact": result.true(),
            "rejection": result.estimate("rejection")[0],
            "weighting": result.estimate("likelihood weighting")[0],
            "error": result.estimate("likelihood weighting")[1],
            "naive": result.estimate("naive clamp")[0],
            "effective": weighting.effective,
            "kept": float(rejection.kept),
        }
        if result.exact is not None:
            numbers["evidence"] = math.exp(min(result.exact.log_evidence, 700.0))
        return {name: number for name, number in numbers.items() if math.isfinite(number)}

    def step(self) -> None:
        """Draw the next node of the single sample; after the last one a new sample is begun."""
        p, last = self._params, len(self._result.network.order)
        if p.step < last:
            self._change(step=p.step + 1)
        else:
            self._change(step=1, sample=p.sample + 1)

    def stop(self) -> None:
        """Draw no more samples; those that are drawn stay."""
        self._timer.stop()
        self.controls.show_progress(0, 0)
        self._show_estimates()
        self.changed.emit()

    def is_drawing(self) -> bool:
        """Whether samples are still to come."""
        return self._timer.isActive()

    def open_file(self, path: Path) -> None:
        """Show the network in `path`, or say why it cannot be."""
        try:
            self._apply(read(path, self._params))
        except NetworkFileError as error:
            self._refuse(str(error))

    def save_file(self, path: Path) -> None:
        """Write the network to `path`, or say why it cannot be."""
        try:
            save(self._params, path)
        except NetworkFileError as error:
            self._refuse(str(error))
        else:
            self.sentence.set_text(f"Saved as {path.name}.")

    # What is asked for

    def _change(self, **changes: Any) -> None:
        self._apply(msgspec.structs.replace(self._params, **changes))

    def _try(self, change: Callable[[Params], Params]) -> None:
        try:
            params = change(self._params)
        except NetworkError as error:
            self._refuse(str(error))
        else:
            self._apply(params)

    def _refuse(self, sentence: str) -> None:
        self.sentence.set_text(sentence, "bad")

    def _clamp(self, name: str, value: str | float) -> None:
        """Observe the node; what is observed already is let go."""
        again = self._params.evidence.get(name) == value
        self._try(lambda p: clamped(p, name, None if again else value))

    def _move(self, name: str, place: tuple[float, float], _done: bool) -> None:
        self._change(places={**self._params.places, name: place}, chosen=name)

    def _draw_sample(self) -> None:
        p = self._params
        self._change(step=len(self._result.network.order), sample=p.sample + 1 if p.step else p.sample)

    def _check(self) -> None:
        self._press += 1
        self.checks.show_rows(check(self._result, self._press))

    def _ask_to_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a network", "", FILES)
        if name:
            self.open_file(Path(name))

    def _ask_to_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Save the network", "network.json", FILES)
        if name:
            self.save_file(Path(name) if Path(name).suffix else Path(name + ".json"))

    # What is shown

    def _apply(self, params: Params) -> None:
        before = self._params
        if (params.nodes, params.evidence) != (before.nodes, before.evidence):
            self.checks.clear()
        old = self._result
        self._params = params
        self._result = compute(params, old)
        if self._result.estimator is not old.estimator:
            (self._timer.start if self._result.left else self._timer.stop)()
        self._show()
        self.changed.emit()

    def _draw_more(self) -> None:
        """Samples for 12 ms; the window stays awake."""
        until = time.perf_counter() + AT_A_TIME_S
        while self._result.left and time.perf_counter() < until:
            self._result.advance()
        if self._result.left:
            self._show_estimates()
        else:
            self.stop()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        self.editor.show_result(self._result)
        self.sentence.set_text(self._result.single.sentence)
        self._show_estimates()

    def _show_estimates(self) -> None:
        result = self._result
        self.controls.show_progress(
            result.estimator.done if self.is_drawing() else 0,
            result.estimator.done + result.left if self.is_drawing() else 0,
        )
        self.table.show_result(result)
        self.ways.set_text(*_said(result))
        self.graph.draw(result)


def _said(result: Result) -> tuple[str, str]:
    """Of the estimate that is drawn, and the Theme field to say it in."""
    tally, method = result.tally(), result.params.method
    if result.problem and "cannot happen" in result.problem:
        return result.problem + " Click a clamped state to let it go.", "bad"
    if not result.clamped:
        return f"{tally.tried:,} ancestral samples; click a state to clamp it. Tick or curve: exact.", "muted"
    if not tally.kept:
        return f"None of {tally.tried:,} samples agrees with what is clamped: draw more, or weigh instead.", "bad"
    kept = f"{method}: {tally.kept:,} of {tally.tried:,} samples count, worth {tally.effective:,.0f} of equal weight."
    below = [name for name in result.clamped if result.network.nodes[name].parents]
    if method == "naive clamp" and below:
        cut = " and ".join(below)
        return f"WRONG for a posterior: the arrows into {cut} count for nothing, so its parents learn nothing.", "bad"
    missing = " No closed form." if result.exact is None else ""
    return f"{kept}{missing}", "muted"
