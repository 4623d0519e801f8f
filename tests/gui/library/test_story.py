"""What is told of a run: settings off their defaults, and what happened, in few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from guiapp.gui.library.story import MOST, story
from guiapp.run_file import RunFileError
from tests.gui.library.folder import gan_run, happened, vae_run

BETA = {"path": "model.beta", "old": 1.0, "new": 2.0}


def test_settings_that_are_not_at_their_defaults(tmp_path: Path) -> None:
    told = {title: (value, default) for title, value, default in story(vae_run(tmp_path / "a.elbo", beta=4.0)).settings}
    assert told["β"] == ("4", "1")
    assert told["Data set"] == ("digits", "fashion")
    assert told["Encoder hidden layers"] == ("16, 16", "256, 64")
    assert "Latent dimensions" not in told
    assert "Discriminator hidden layers" in dict(line[:2] for line in story(gan_run(tmp_path / "b.elbo")).settings)


def test_what_happened(tmp_path: Path) -> None:
    path = happened(
        vae_run(tmp_path / "a.elbo"),
        (0, "start", {}),
        (10, "edit", BETA),
        (11, "edit", {**BETA, "old": 2.0, "new": 3.0}),
        (12, "edit", {**BETA, "old": 3.0, "new": 4.0}),
        (1500, "edit", {"path": "batch", "old": 16, "new": 32}),
        (1500, "fork", {"parent": "ab", "title": "The first one"}),
        (1600, "resume", {}),
        (1700, "resume", {}),
        (1800, "diverged", {"tensor": "encoder.0.weight"}),
    )
    told = story(path)
    assert told.origin == "The first one"
    assert told.events == (
        "β 1→4 · steps 10 to 12",
        "batch size 16→32 · step 1\u202f500",
        "went on from the run file (2 times) · steps 1\u202f600 to 1\u202f700",
        "diverged: encoder.0.weight was not finite · step 1\u202f800",
    )


def test_thousands_of_events_are_cut(tmp_path: Path) -> None:
    edits = [(i, "edit", BETA if i % 2 else {"path": "batch", "old": 1, "new": 2}) for i in range(100)]
    told = story(happened(vae_run(tmp_path / "a.elbo"), *edits)).events
    assert len(told) == MOST + 1
    assert told[-1] == f"and {100 - MOST} more"


@pytest.mark.parametrize("detail", [{}, {"path": "no.such", "old": None, "new": [1]}, {"path": 7}])
def test_an_edit_that_makes_no_sense_is_told_all_the_same(tmp_path: Path, detail: dict[str, object]) -> None:
    (line,) = story(happened(vae_run(tmp_path / "a.elbo"), (3, "edit", detail))).events
    assert "step 3" in line


def test_a_file_that_has_gone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFileError):
        story(tmp_path / "a.elbo")
