"""Figures and what is wanted of them."""

from __future__ import annotations

import json

import pytest

from guiapp.bench.report import Figure, as_json, as_table


@pytest.mark.parametrize(
    ("figure", "met", "wanted"),
    [
        (Figure("ms", 9.9, 10), True, "≤ 10"),
        (Figure("ms", 10.1, 10), False, "≤ 10"),
        (Figure("ratio", 0.96, 0.95, at_least=True), True, "≥ 0.95"),
        (Figure("ratio", 0.94, 0.95, at_least=True), False, "≥ 0.95"),
        (Figure("handles", 0.0, 0), True, "≤ 0"),
        (Figure("mb", None, 2), None, "≤ 2"),
        (Figure("mb", 300.0), None, ""),
    ],
)
def test_a_figure_knows_whether_it_is_as_wanted(figure: Figure, met: bool | None, wanted: str) -> None:
    assert (figure.met, figure.wanted) == (met, wanted)


FIGURES = [Figure("scrub_ms", 120.0, 100), Figure("memory_mb", None)]


def test_as_json() -> None:
    assert json.loads(as_json({"machine": "this one"}, FIGURES)) == {
        "machine": "this one",
        "figures": [
            {"name": "scrub_ms", "value": 120.0, "wanted": "≤ 100", "met": False},
            {"name": "memory_mb", "value": None, "wanted": "", "met": None},
        ],
    }


def test_as_a_table() -> None:
    lines = as_table({"machine": "this one"}, FIGURES).splitlines()
    assert lines[0] == "machine: this one"
    assert lines[-2] == "| scrub_ms | ≤ 100 | 120 | missed |"
    assert lines[-1] == "| memory_mb |  | not to be had here |  |"
