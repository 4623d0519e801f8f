"""The lab of the evidence lower bound."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, cast

import msgspec
import numpy as np
from msgspec import Struct
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.elbo_compute import Ascent, Params, Result, ascent, check, compute, validated
from guiapp.gui.labs.elbo_controls import CheckPanel, ElboControls
from guiapp.gui.labs.elbo_plots import ElboPlots
from guiapp.gui.theme import LIGHT, Theme
from guiapp.theory.bound import CHAIN

STEP_MS = 50


class ElboLab(Lab):
    """log p(x) = ELBO + KL(q ‖ p(z|x)) for a q = N(m, s²) moved by hand or by an ascent, in two models whose log p(x)
    is known; and the importance-weighted bound over K."""

    name: ClassVar[str] = "elbo-lab"
    title: ClassVar[str] = "ELBO and posterior"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._result = compute(self._params)
        self._press = 0
        self._ahead: list[tuple[float, float]] = []  # of an ascent under way
        self._path: list[tuple[float, float]] = []
        self._clock = QTimer(self, interval=STEP_MS)
        self._clock.timeout.connect(self.step)
        self.plots = ElboPlots()
        self.controls = ElboControls(self._params)
        self.checks = CheckPanel()
        self.put_beside(self.plots, (self.controls, self.checks))
        self.plots.moved.connect(self._dragged)
        self.controls.edited.connect(lambda params, _: self._edited(params))
        self.controls.ascent_asked.connect(self.ascend)
        self.checks.asked.connect(self._check)
        self.set_theme(LIGHT)
        self._show()

    def params(self) -> Params:
        return self._params

    def result(self) -> Result:
        """What is drawn."""
        return self._result

    @property
    def path(self) -> tuple[tuple[float, float], ...]:
        """(m, s) along the ascent that is drawn."""
        return tuple(self._path)

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw.

        Raises:
            ValueError: one is out of its range; nothing changes.
        """
        if not isinstance(params, Params):
            raise ValueError(f"This lab takes its own parameters, not {type(params).__name__}.")
        self._edited(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        r = self._result
        p = r.params
        return {
            "x": p.x,
            "sigma": p.sigma,
            "beta": p.beta,
            "m": p.m,
            "s": p.s,
            "evidence": r.evidence,
            "elbo": r.elbo,
            "gap": r.gap,
            "reconstruction": float(r.terms.reconstruction),
            "kl": float(r.terms.kl),
            "weighted": r.weighted,
            "fifty": float(r.bounds[CHAIN.index(50)].value),
        }

    def ascend(self, way: str) -> None:
        """Start an ascent from the present q, a step every STEP_MS ms; "" stops it."""
        self._stop()
        if not way:
            return
        self._ahead = list(ascent(self._params, cast(Ascent, way)))
        self._path = [(self._params.m, self._params.s)]
        self.plots.map.show_path(np.array(self._path))
        if self._ahead:
            self.controls.set_ascending(way)
            self._clock.start()

    def step(self) -> None:
        """Take the next step of the ascent under way."""
        m, s = self._ahead.pop(0)
        self._path.append((m, s))
        self.plots.map.show_path(np.array(self._path))
        self._apply(msgspec.structs.replace(self._params, m=m, s=s))
        if not self._ahead:
            self._stop()

    def _stop(self) -> None:
        self._clock.stop()
        self._ahead = []
        self.controls.set_ascending("")

    def _edited(self, params: Params) -> None:
        """A hand moves something: the ascent is over, and its path no longer says how q came here."""
        self._stop()
        self._path = []
        self.plots.map.show_path(np.empty((0, 2)))
        self._apply(params)

    def _dragged(self, m: float, s: float, _done: bool) -> None:
        self._edited(msgspec.structs.replace(self._params, m=m, s=s))

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

    def _check(self) -> None:
        self._press += 1
        self.checks.show_rows(check(self._params, self._press))
