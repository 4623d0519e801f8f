"""The lab of the forward and the reverse fit of a Gaussian to two modes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import msgspec
from msgspec import Struct
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.elbo_controls import CheckPanel
from guiapp.gui.labs.fits_compute import (
    DEVIATION_RANGE,
    MEAN_RANGE,
    STARTS,
    STEPS,
    Kernel,
    Params,
    Result,
    check,
    compute,
    many,
    minima,
    validated,
)
from guiapp.gui.labs.fits_controls import FitControls
from guiapp.gui.labs.fits_plots import FitPlots
from guiapp.gui.labs.kl_compute import significant
from guiapp.gui.theme import LIGHT, Theme

STEP_MS = 60


class FitsLab(Lab):
    """One Gaussian q fitted to a mixture p of two. KL(p‖q) is least where q has the mean and the variance of p: it
    covers both modes. KL(q‖p) has a minimum at each mode: the start decides which one q seeks."""

    name: ClassVar[str] = "fits"
    title: ClassVar[str] = "Forward and reverse fit"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._params = Params()
        self._kernel = Kernel()
        self._result = compute(self._params, self._kernel)
        self._presses = 0
        self._clock = QTimer(self, interval=STEP_MS)
        self._clock.timeout.connect(self.advance)
        self.plots = FitPlots()
        self.controls = FitControls(self._params)
        self.checks = CheckPanel()
        self.put_beside(self.plots, (self.controls, self.checks))
        self.plots.part_moved.connect(self._move_part)
        self.plots.start_moved.connect(self._move_start)
        self.controls.edited.connect(self._edit)
        self.controls.play_asked.connect(self.play)
        self.controls.step_asked.connect(self._step)
        self.controls.reset_asked.connect(self._reset)
        self.controls.starts_asked.connect(self._many)
        self.checks.asked.connect(self._check)
        self.set_theme(LIGHT)
        self._edit(self._params)

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
        self._edit(validated(params))

    def set_theme(self, theme: Theme) -> None:
        for part in (self.plots, self.controls, self.checks):
            part.set_theme(theme)

    def numbers(self) -> Mapping[str, float]:
        r = self._result
        mean, variance = r.moments
        return {
            "forward": r.forward,
            "reverse": r.reverse,
            "mu": r.q.mu,
            "sigma": math.exp(r.q.log_sigma),
            "mean": mean,
            "deviation": math.sqrt(variance),
        }

    def play(self, on: bool) -> None:
        """Run the descent, from the start if it is at its end; or stop."""
        if not on:
            self._clock.stop()
        else:
            if self._result.step == len(self._result.path) - 1:
                self._show_step(0)
            self._clock.start()
        self.controls.set_playing(on)

    def advance(self) -> None:
        """Take the next step of the descent; at its end it stops."""
        last = len(self._result.path) - 1
        self._show_step(min(self._result.step + 1, last))
        if self._result.step == last:
            self.play(False)

    def _step(self) -> None:
        self.play(False)
        self.advance()

    def _reset(self) -> None:
        self.play(False)
        self._show_step(0)

    def _show_step(self, step: int) -> None:
        self._apply(msgspec.structs.replace(self._params, step=step))

    def _edit(self, params: Params) -> None:
        """A hand changes something: what runs stops, and what was said of many starts no longer holds."""
        self.play(False)
        self.plots.show_others((), "")
        self._apply(params)

    def _move_part(self, part: int, mu: float, sigma: float) -> None:
        mu = min(max(round(mu, 3), MEAN_RANGE[0]), MEAN_RANGE[1])
        sigma = min(max(float(f"{sigma:.4g}"), DEVIATION_RANGE[0]), DEVIATION_RANGE[1])
        changes = {f"mu{part}": mu, f"sigma{part}": sigma, "step": STEPS}
        self._edit(msgspec.structs.replace(self._params, **changes))

    def _move_start(self, mu: float, sigma: float) -> None:
        mu = min(max(mu, MEAN_RANGE[0]), MEAN_RANGE[1])
        self._edit(validated(msgspec.structs.replace(self._params, mu=mu, sigma=min(max(sigma, 0.2), 5.0), step=STEPS)))

    def _apply(self, params: Params) -> None:
        self._params = params
        self._result = compute(params, self._kernel, self._result)
        self.controls.set_params(params)
        if self.checks.rows:
            self.checks.show_rows(())
        self.plots.draw(self._result)
        self.changed.emit()

    def _many(self) -> None:
        paths = many(self._params)
        found = minima(self._params, paths)
        words = " · ".join(
            f"μ = {significant(end.mu, 3)}, σ = {significant(math.exp(end.log_sigma), 3)}: {significant(value, 3)} nats"
            for end, value in found
        )
        plural = "minimum" if len(found) == 1 else "minima"
        self.plots.show_others(paths, f"{len(STARTS)} starts, {len(found)} {plural} · {words}")

    def _check(self) -> None:
        self._presses += 1
        self.checks.show_rows(check(self._params, self._result.q, self._presses))
