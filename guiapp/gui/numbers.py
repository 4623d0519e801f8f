"""The numbers of the moment by name, for the live line of an explanation."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from guiapp.gui.frame import Frame

MEAN_OF = 20  # steps: a single mini-batch is too noisy to read


def numbers(frame: Frame) -> Mapping[str, float]:
    """Every loss term, as the mean of the last steps that had a value; `step`, `epoch`, `D` (values per datum); and as
    KIND/NAME every number that a picture, or what a study found, holds by itself."""
    found: dict[str, float] = {"step": frame.step, "epoch": frame.epoch, "D": float(np.prod(frame.run.shape))}
    terms = tuple(name for name in frame.series.names if "/" not in name)
    rows = frame.series.recent(terms, MEAN_OF)
    for i, name in enumerate(terms):
        finite = rows[np.isfinite(rows[:, i]), i]
        if len(finite):
            found[name] = float(finite.mean())
    studies = [(kind, report.picture) for kind, report in frame.studies.items()]
    for kind, picture in (*frame.pictures.items(), *studies):
        scalars = {name: array for name, array in picture.items() if array.ndim == 0 and array.dtype.kind in "biuf"}
        single = {name: float(array) for name, array in scalars.items()}
        found |= {f"{kind}/{name}": number for name, number in single.items() if np.isfinite(number)}
    return found
