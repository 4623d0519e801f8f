"""The numbers of the moment by name, for the live line of an explanation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from guiapp.gui.frame import Frame

MEAN_OF = 20  # steps: a single mini-batch is too noisy to read


def numbers(frame: Frame) -> Mapping[str, float]:
    """Every loss term, as the mean of the last steps that had a value; and `step`, `epoch`, `D` (values per datum)."""
    found: dict[str, float] = {"step": frame.step, "epoch": frame.epoch, "D": float(np.prod(frame.run.shape))}
    terms = tuple(name for name in frame.series.names if "/" not in name)
    rows = frame.series.recent(terms, MEAN_OF)
    for i, name in enumerate(terms):
        finite = rows[np.isfinite(rows[:, i]), i]
        if len(finite):
            found[name] = float(finite.mean())
    return found
