"""The import rule at run time: whatever is imported below a part of the program, the other side's library stays out."""

from __future__ import annotations

import subprocess
import sys

import pytest

IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), name + "."):
        importlib.import_module(found.name)
print(*sorted(set(sys.modules) & set(sys.argv[1].split(","))))
"""


@pytest.mark.parametrize(
    ("parts", "strangers"),
    [
        (
            ("theory", "data", "spec", "parameters", "messages", "series", "resources", "presets", "explanations"),
            "torch,PySide6,pyqtgraph,superqt",
        ),
        (("gui", "trainer_process"), "torch"),
        (("engine", "headless"), "PySide6,pyqtgraph,superqt"),
        (("__main__", "cli", "trainer_process"), "torch,PySide6,pyqtgraph,superqt"),  # what the child starts with
    ],
    ids=["common", "gui", "engine", "start"],
)
def test_strangers_stay_out(parts: tuple[str, ...], strangers: str) -> None:
    names = [f"guiapp.{part}" for part in parts]
    result = subprocess.run([sys.executable, "-c", IMPORT_ALL, strangers, *names], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == []
