"""Damaged files never crash a reader, nor hang it, nor take its memory; see tests/fuzz.py."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MEMORY = 500.0  # MB above what there was before


def fuzz(folder: Path, count: int, seed: int) -> None:
    command = [sys.executable, "-W", "error", "-m", "tests.fuzz", str(folder), str(count), str(seed)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    print(done.stdout)
    result = json.loads(done.stdout)
    outcomes = [result["run files"], result["data files"], result["presets and settings"]]
    assert sum(sum(kind.values()) for kind in outcomes) == count
    assert result["run files"]["gone on with"] > count // 20, "most damage is refused, but not all of it is damage"
    assert all(kind["refused"] > count // 20 for kind in outcomes)
    assert result["more_mb"] < MEMORY


# In parts: what takes longer than three minutes in one test is taken for a hang.
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 30))
def test_ten_thousand_damaged_files(tmp_path: Path, seed: int) -> None:
    fuzz(tmp_path, 500, seed)
