from __future__ import annotations

from pytestqt.qtbot import QtBot

from guiapp.gui.panels.readouts import Health
from guiapp.gui.panels.run_bar import RunBar


def test_an_answer_that_does_not_come_is_told_until_it_has_come(qtbot: QtBot) -> None:
    bar = RunBar()
    qtbot.addWidget(bar)
    health = bar.findChild(Health)
    assert isinstance(health, Health)
    for state, text in (("training", ""), ("diverged", "encoder.0.weight")):
        bar.set_state(state, text)
        usual = (health.accessibleName(), health.toolTip())
        bar.set_waiting(4.9)
        assert (health.accessibleName(), health.toolTip()) == usual
        bar.set_waiting(12.3)
        assert health.accessibleName() == "Health: no answer"
        assert "not answered for 12 s" in health.toolTip()
        bar.set_waiting(0.0)
        assert (health.accessibleName(), health.toolTip()) == usual
