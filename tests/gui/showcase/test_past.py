from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from guiapp.gui.showcase.past import read_past, spread
from guiapp.run_file import RunFileError
from tests.gui.showcase.runs import seen


def test_a_frame_of_the_past_ends_at_its_step(vae_run: Path) -> None:
    past = read_past(vae_run)
    answer = seen(vae_run, 12, frozenset({"latent"}))
    frame = past.frame(12, answer)
    assert (frame.step, frame.series.last, frame.until) == (12, 12, 30)
    assert np.array_equal(frame.series.values("loss"), past.series.values("loss")[:12])
    assert set(frame.pictures) == {"latent"}
    assert frame.marks == ()
    assert frame.run.data_title == "Digits <8 × 8>"


def test_edits_show_once_they_were_made(vae_run: Path) -> None:
    past = read_past(vae_run)
    assert [[mark.step for mark in past.frame(step).marks] for step in (14, 15, 16)] == [[], [], [15]]
    assert past.frame(30).until == 0
    assert (past.stored.spec.model.beta, past.spec.model.beta) == (1.0, 4.0)
    assert past.frame(30).run.spec == past.stored.spec


def test_what_is_known_without_the_trainer(vae_run: Path) -> None:
    started = read_past(vae_run).started
    assert started.parameters == sum(int(np.prod(shape)) for _, shape in started.tensors) > 0
    assert started.device == "cpu"


def test_tensors_that_are_none_are_a_damage(vae_run: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.elbo"
    path.write_bytes(vae_run.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE meta SET value = '[1, 2]' WHERE key = 'tensors'")
        db.commit()
    with pytest.raises(RunFileError, match=r"x\.elbo: this run file is damaged"):
        read_past(path)


@pytest.mark.parametrize(
    ("steps", "most", "chosen"),
    [
        ((), 5, ()),
        ((3,), 5, (3,)),
        ((1, 2, 3), 3, (1, 2, 3)),
        ((1, 2, 3), 2, (1, 3)),
        ((1, 2, 3), 1, (1, 3)),
        (tuple(range(101)), 3, (0, 25, 100)),
    ],
)
def test_spread(steps: tuple[int, ...], most: int, chosen: tuple[int, ...]) -> None:
    assert spread(steps, most) == chosen


def test_steps_of_curves(vae_run: Path) -> None:
    past = read_past(vae_run)
    assert past.steps(4) == (1, 11, 20, 30)
    assert past.steps(1000) == tuple(range(1, 31))
