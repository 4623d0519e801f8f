"""A parameter panel on the screen, and what it emits."""

from __future__ import annotations

from typing import Any

import pytest

from guiapp.gui.panels.parameters import ParameterPanel


@pytest.fixture
def panel(qtbot: Any) -> ParameterPanel:
    panel = ParameterPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 800)
    panel.show()
    panel.activateWindow()
    qtbot.waitUntil(panel.isActiveWindow)
    return panel


@pytest.fixture
def said(panel: ParameterPanel) -> list[tuple[Any, ...]]:
    """Everything that the panel emits."""
    heard: list[tuple[Any, ...]] = []
    panel.live_edited.connect(lambda path, new: heard.append((path, new)))
    panel.restart_requested.connect(lambda spec: heard.append((spec,)))
    return heard
