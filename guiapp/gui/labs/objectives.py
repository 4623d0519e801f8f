"""The lab of the GAN objectives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
import numpy as np
from msgspec import Struct
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.objectives_check import Row, check, logits
from guiapp.gui.labs.objectives_compute import (
    A_RANGE,
    OBJECTIVES,
    Batch,
    Floats,
    Params,
    Result,
    batch,
    compute,
    validated,
)
from guiapp.gui.labs.objectives_controls import ObjectiveControls, ObjectiveTable
from guiapp.gui.labs.objectives_panels import BatchPanel, CheckPanel
from guiapp.gui.labs.objectives_plots import ObjectivePlots
from guiapp.gui.theme import LIGHT, Theme
from guiapp.messages import Studied

STUDY = "game-check"


class ObjectivesLab(Lab):
    """What each player of a GAN descends, and its derivative, against D's raw output a or against D = sigmoid(a), for
    five objectives; where the batch of a running GAN stands, and how loudly each of its samples speaks; and the closed
    forms put to the test."""

    name: ClassVar[str] = "objectives"
    title: ClassVar[str] = "GAN objectives"
    needs: ClassVar[frozenset[str]] = frozenset({"beliefs"})
    studies: ClassVar[frozenset[str]] = frozenset({STUDY})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._batch: Batch | None = None
        self._picture: Any = None
        self._press, self._targets = 0, (1.0, 0.0)
        self._checked: Floats = np.empty(0)
        self._report: Studied | None = None
        self.plots = ObjectivePlots()
        self.controls = ObjectiveControls(self._params)
        self.table = ObjectiveTable()
        self.weights = BatchPanel()
        self.checks = CheckPanel()
        self.put_beside(self.plots, (self.controls, self.table, self.weights, self.checks))
        self.plots.moved.connect(lambda a, _done: self._edited(msgspec.structs.replace(self._params, a=a)))
        self.controls.edited.connect(lambda params, _done: self._edited(params))
        self.table.toggled.connect(lambda shown: self._apply(msgspec.structs.replace(self._params, shown=shown)))
        self.weights.followed.connect(lambda _on: self._follow())
        self.checks.asked.connect(self._check)
        self.set_theme(LIGHT)
        self._show()

    def params(self) -> Params:
        return self._params

    def result(self) -> Result:
        """What is drawn."""
        return self._result

    def batch(self) -> Batch | None:
        """The batch of the run that is shown."""
        return self._batch

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._apply(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.table, self.weights, self.checks):
            part.set_theme(theme)

    def set_pictures(self, pictures: Mapping[str, Any]) -> None:
        picture = pictures.get("beliefs")
        if picture is self._picture:
            return
        self._picture, self._batch = picture, batch(picture)
        self.plots.set_batch(self._batch)
        self.weights.set_batch(self._batch)
        self._follow()
        self.changed.emit()

    def set_studies(self, studies: Mapping[str, Studied]) -> None:
        report = studies.get(STUDY)
        if report is self._report:
            return
        self._report = report
        if report is not None and len(self._checked):
            self._tell()

    def numbers(self) -> Mapping[str, float]:
        result = self._result
        slopes = {curve.objective: curve.slope_here for curve in compute(_of_generator(self._params)).curves}
        numbers = {
            "a": result.params.a,
            "belief": result.belief,
            "saturating": slopes["minimax"],
            "non_saturating": slopes["non-saturating"],
            "ratio": result.ratio,
        }
        if self._batch is not None:
            numbers |= {
                "weight": float(self._batch.weights.mean()),
                "effective": 100 * self._batch.effective,
            }
        return numbers

    def _edited(self, params: Params) -> None:
        if params.a != self._params.a:
            self.weights.follow.setChecked(False)
        self._apply(params)

    def _follow(self) -> None:
        if self._batch is not None and self.weights.follow.isChecked():
            a = min(max(float(self._batch.generated.mean()), A_RANGE[0]), A_RANGE[1])
            self._apply(msgspec.structs.replace(self._params, a=a))

    def _apply(self, params: Params) -> None:
        self._params = params
        self._result = compute(params)
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.controls.set_params(self._params)
        self.table.show_result(self._result)
        self.plots.draw(self._result)

    # The check

    def _check(self) -> None:
        """On new logits: central differences at once, autograd when the trainer answers."""
        self._press += 1
        self._checked = logits(self._press, self._batch)
        self._targets = (self._params.real_target, self._params.fake_target)
        self._tell()
        options = {"a": self._checked, "real_target": self._targets[0], "fake_target": self._targets[1]}
        self.study_asked.emit(STUDY, options | {"press": self._press})

    def _tell(self) -> None:
        report, study, waits = (
            self._report,
            None,
            "autograd is the trainer's task: with a run there it answers at once.",
        )
        if report is not None and report.trouble:
            waits = f"autograd: {report.trouble}"
        elif report is not None and int(report.picture.get("press", -1)) == self._press:
            study = report.picture
        rows = check(self._checked, *self._targets, study)
        self.checks.show_rows(rows, self._told(rows, waits))

    def _told(self, rows: tuple[Row, ...], waits: str) -> str:
        where = f"Batch {self._press}: {len(self._checked)} logits"
        where += " (the run's among them). " if self._batch is not None else ". "
        if any(row.good is False for row in rows):
            return where + "Some derivatives are NOT within 10⁻⁶ of a witness."
        if any(row.good is None for row in rows):
            return where + f"Central differences agree within 10⁻⁶; {waits}"
        return where + f"All {len(rows)} derivatives agree within 10⁻⁶ with autograd and with central differences."


def _of_generator(params: Params) -> Params:
    return msgspec.structs.replace(params, player="generator", by="a", shown=OBJECTIVES)
