"""Which cases of a test run every day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def everyday(values: Iterable[Any], chosen: Collection[Any]) -> list[Any]:
    """`values` for `pytest.mark.parametrize`, of which all but those `chosen` are slow: they repeat these on more of
    the same, and would take the tests of every day beyond their five minutes."""
    return [value if value in chosen else pytest.param(value, marks=pytest.mark.slow) for value in values]
