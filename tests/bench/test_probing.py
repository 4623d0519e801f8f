"""The hand on the probe, measured in the real window at a small size."""

from __future__ import annotations

import pytest

from guiapp.bench import probing
from guiapp.bench.stage import open_window

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_every_move_is_measured_to_the_painted_image(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "WARMING", 0.2)
    with open_window() as app:
        spent = probing.probe_times(app, "vae-digits", 6)
        assert len(spent) == 6
        assert all(1 < ms < 20_000 for ms in spent)
        assert app.session.state == "paused"
        assert probing.train_in_hand(app, "vae-digits", 1.0) > 1
