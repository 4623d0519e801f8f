"""Figures with what is wanted of them, as a table and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Figure:
    """A measured value, None where it cannot be measured here. `target` is the most that it may be, or with `at_least`
    the least; None: nothing is promised of it."""

    name: str
    value: float | None
    target: float | None = None
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """It is as wanted; None where nothing is wanted or known."""
        if self.value is None or self.target is None:
            return None
        return bool(self.value >= self.target if self.at_least else self.value <= self.target)

    @property
    def wanted(self) -> str:
        """The target in words."""
        return "" if self.target is None else f"{'≥' if self.at_least else '≤'} {self.target:g}"


def as_json(circumstances: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """All of it as one object."""
    listed = [{"name": f.name, "value": f.value, "wanted": f.wanted, "met": f.met} for f in figures]
    return json.dumps({**circumstances, "figures": listed}, indent=2, ensure_ascii=False)


def as_table(circumstances: Mapping[str, Any], figures: Sequence[Figure]) -> str:
    """All of it in the form of docs/bench.md."""
    lines = [", ".join(f"{name}: {value}" for name, value in circumstances.items()), ""]
    lines += ["| figure | wanted | measured | |", "|---|---|---|---|"]
    for figure in figures:
        value = "not to be had here" if figure.value is None else f"{figure.value:.3g}"
        missed = "missed" if figure.met is False else ""
        lines.append(f"| {figure.name} | {figure.wanted} | {value} | {missed} |")
    return "\n".join(lines)
