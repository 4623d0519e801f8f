"""The measurement of the library's opening works; its figure is the bench's matter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from guiapp.bench.library import make_runs, open_time
from guiapp.runs.library import Library


def test_made_runs_are_runs(tmp_path: Path) -> None:
    make_runs(tmp_path, 12)
    entries = Library(tmp_path).refresh()
    assert len(entries) == len({entry.id for entry in entries}) == len({entry.when for entry in entries}) == 12
    assert {entry.state for entry in entries} == {"ended"}


def test_the_time_is_taken(qapp: Any) -> None:
    assert 0 < open_time(12) < 10_000
