"""The folder of a library, and a run under way in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from guiapp.engine.recorder import Recorder
from tests.engine import runs
from tests.gui.library.folder import begun


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the run files lie; not there yet."""
    return tmp_path / "runs"


@pytest.fixture
def live(folder: Path) -> Iterator[Recorder]:
    """What records a run of five steps that goes on."""
    recorder = begun(folder / "live.elbo", runs.spec(runs.vae()), 5)
    yield recorder
    recorder.abandon()
