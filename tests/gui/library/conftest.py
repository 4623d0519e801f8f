"""The window of all runs, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guiapp.gui.library.window import LibraryWindow
from guiapp.runs.library import Library
from tests.gui.library.folder import many
from tests.gui.library.window_driver import NOW, Make


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def make(qtbot: Any, folder: Path) -> Make:
    def made(count: int = 0) -> LibraryWindow:
        if count:
            many(folder, count)
        window = LibraryWindow(Library(folder), now=lambda: NOW)
        qtbot.addWidget(window)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(lambda: window.isActiveWindow() and not window.jobs.is_busy)
        return window

    return made
