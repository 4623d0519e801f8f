"""Minus signs, as everywhere else."""

from __future__ import annotations

import pytest

from guiapp.gui.widgets.axis import Axis
from guiapp.gui.widgets.value_axis import ValueAxis


@pytest.mark.parametrize("axis_type", [ValueAxis, lambda: Axis("bottom")], ids=["values", "bottom"])
def test_ticks_have_minus_signs(qapp: object, axis_type: type[ValueAxis]) -> None:
    assert axis_type().tickStrings([-260.0, 0.0, 40.0], 1.0, 20.0) == ["−260", "0", "40"]


def test_logarithmic_ticks_too(qapp: object) -> None:
    axis = ValueAxis()
    axis.setLogMode(x=False, y=True)
    assert axis.tickStrings([-6.0, 0.0, 2.0], 1.0, 1.0) == ["1e−06", "1", "100"]
