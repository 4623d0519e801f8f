from __future__ import annotations

import multiprocessing
from functools import cache

import pytest

from guiapp import trainer_process


@pytest.fixture(autouse=True)
def _trainers_with_torch_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are forked from a process that has loaded torch, which takes each of them two seconds else; how the program
    starts them is tested in tests/test_trainer_process.py and tests/test_cli.py."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(["guiapp.engine.service"])
    monkeypatch.setattr(trainer_process, "METHOD", "forkserver")


@pytest.fixture(scope="session", autouse=True)
def _formulas_laid_out_once() -> None:
    """Each window keeps those that it has laid out; here dozens of windows explain the same view, 0.1 s each."""
    from guiapp.gui.widgets import formula

    formula._drawn = cache(formula._drawn)
