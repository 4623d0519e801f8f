"""Training in the tests of the engine uses one thread: the networks are small, and the sums come out the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.engine.bench import Bench


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.worker.close()


@pytest.fixture(autouse=True)
def _early_keyframes(request, monkeypatch):
    """Keyframes are taken where a test takes them, but for those of the tests marked `early_keyframes`."""
    if not request.node.get_closest_marker("early_keyframes"):
        monkeypatch.setattr("guiapp.engine.run.LAST_EARLY", 0)
