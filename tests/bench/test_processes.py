"""Memory and open files of a process, against what this one knows to have taken."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np
import pytest

from guiapp.bench.processes import machine, open_files, resident

pytestmark = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell")


def test_resident_memory_is_what_was_touched() -> None:
    before = resident(os.getpid())
    taken = np.frombuffer(mmap.mmap(-1, 64_000_000), np.uint8)  # not what an earlier test gave back to the heap
    taken[:] = 1
    after = resident(os.getpid())
    assert before is not None
    assert after is not None
    assert after - before == pytest.approx(taken.nbytes / 1e6, abs=4)


def test_open_files_are_counted(tmp_path: Path) -> None:
    before = open_files(os.getpid())
    assert before is not None
    with (tmp_path / "a").open("w"), (tmp_path / "b").open("w"):
        assert open_files(os.getpid()) == before + 2
    assert open_files(os.getpid()) == before


def test_nothing_is_said_of_a_process_that_is_gone() -> None:
    assert resident(-1) is None
    assert open_files(-1) is None


def test_the_machine_is_named() -> None:
    assert f"{os.cpu_count()} cores" in machine()
