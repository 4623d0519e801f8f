"""A trainer that is killed at any moment leaves a file that opens, has no hole, and lacks at most a second."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp.engine.resume import resumed, standing_at
from guiapp.engine.trainer import Trainer
from guiapp.headless import _caught_up
from guiapp.run_file import RunFileError, StoredRun, read_run, read_summary
from tests.engine import runs
from tests.engine.bench import ask
from tests.engine.kills import GENERATION

ROOT = Path(__file__).parent.parent.parent


def kill(folder: Path, count: int, seed: int, longest: float) -> list[float]:
    """`count` kills; gives the seconds of training that each file lacks, after every file has been looked at."""
    command = [sys.executable, "-m", "tests.engine.kills", str(folder), str(count), str(seed), str(longest)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    before: dict[str, StoredRun] = {}
    losses = []
    for number in range(count):
        known = json.loads((folder / str(number) / "known.json").read_text())
        path = folder / str(number) / known["path"]
        check_others(path)
        stored = check(path, known, before.get(known["path"]))
        losses.append(loss(path, known, len(stored.rows)))
        before = {known["path"]: stored}
        if number % GENERATION == GENERATION - 1:
            check_all_of_it(stored)
    return losses


def check(path: Path, known: dict[str, Any], before: StoredRun | None) -> StoredRun:
    """It opens and is sound, its newest weights can be gone on from, and nothing that was recorded is gone."""
    stored = read_run(path)  # steps without a hole, or it raises
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert not read_summary(path).ended or was_forked(path), "it was killed"
    assert max(stored.keyframes) <= len(stored.rows)
    steps = [event.step for event in stored.events]
    assert steps == sorted(steps)
    assert resumed(stored).step == max(stored.keyframes)
    made = [[event.step, event.detail["path"], event.detail["new"]] for event in stored.events if event.kind == "edit"]
    assert [edit for edit in known["edits"] if edit not in made] == [], "what the window was told is in the file"
    if before is not None:
        recorded = len(before.rows)
        assert len(stored.rows) >= recorded
        assert np.array_equal(stored.rows[:recorded], before.rows, equal_nan=True)
        edits = [event.detail for event in before.events if event.kind == "edit"]
        assert [event.detail for event in stored.events if event.kind == "edit"][: len(edits)] == edits
    most = max(known["done"] + 1, 0 if before is None else len(before.rows))
    assert len(stored.rows) <= most, "no step that was not done"
    return stored


def was_forked(path: Path) -> bool:
    """A run that was not ended goes on from the one at `path`: it died after that was closed, before it was told of."""
    own = read_summary(path).id
    for other in path.parent.glob("*.elbo"):
        with suppress(RunFileError):  # its making was cut off
            fork = read_summary(other)
            if fork.parent == own and not fork.ended:
                return True
    return False


def check_others(path: Path) -> None:
    """Files of earlier runs, and of one whose making was cut off before anyone was told of it."""
    for other in path.parent.glob("*.elbo"):
        if other != path and other.stat().st_size:
            with suppress(RunFileError):  # not a traceback
                read_run(other)
            assert ask(other, "PRAGMA integrity_check") == [("ok",)]


def loss(path: Path, known: dict[str, Any], recorded: int) -> float:
    """Seconds of training between the last step recorded and the last one done."""
    seconds = np.load(path.parent / "seconds.npy")
    return float(seconds[known["done"]] - seconds[recorded]) if known["done"] > recorded else 0.0


def check_all_of_it(stored: StoredRun) -> None:
    """Trained once more from step 0, with the edits that the file tells of, it comes to the same weights as from the
    newest of those stored."""

    def at_the_end(keyframe: int) -> Trainer:
        trainer = standing_at(stored, keyframe)
        _caught_up(trainer, stored)
        assert trainer.step == len(stored.rows)
        return trainer

    first, last = at_the_end(0), at_the_end(max(stored.keyframes))
    assert first.spec == last.spec
    assert runs.equal(first.weights(), last.weights())


def test_two_kills(tmp_path: Path) -> None:
    assert max(kill(tmp_path, 2, seed=2, longest=0.8)) <= 1.0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_fifty_kills(tmp_path: Path) -> None:
    losses = sorted(kill(tmp_path, 50, seed=1, longest=2.5))
    worst, median = 1000 * losses[-1], 1000 * losses[25]
    print(f"50 kills, 50 files that open; lost of training: {median:.0f} ms in the median, {worst:.0f} ms at worst")
    assert worst <= 1000
