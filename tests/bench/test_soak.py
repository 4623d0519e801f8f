"""Steadiness of a value, against numbers made by hand, and the soak itself for one short lap."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from guiapp.bench import soak
from guiapp.bench.soak import Sample, steadiness


def samples(values: list[float | None]) -> list[Sample]:
    """One a minute."""
    return [Sample(60.0 * i, value, 100.0, 17, None) for i, value in enumerate(values)]


def test_a_leak_is_seen() -> None:
    """1 MB a minute on 100 MB: of eleven samples those from minute 2 on count, 102 to 110 MB, on average 106."""
    found = steadiness(samples([100.0 + i for i in range(11)]), "window_mb")
    assert found is not None
    assert found.drift == pytest.approx(100 * 8 / 106)
    assert found.spread == pytest.approx(100 * 8 / 106)
    assert found.change == 8


def test_noise_is_no_drift() -> None:
    found = steadiness(samples([100.0 + (-1) ** i for i in range(102)]), "window_mb")
    assert found is not None
    assert abs(found.drift) < 0.2
    assert found.spread == pytest.approx(2.0, rel=0.01)


def test_what_grows_while_warming_up_does_not_count() -> None:
    found = steadiness(samples([10.0, 50.0, *[100.0] * 9]), "window_mb")
    assert found is not None
    assert (found.drift, found.spread, found.change) == pytest.approx((0.0, 0.0, 0.0))


def test_what_the_system_does_not_tell_is_not_judged() -> None:
    assert steadiness(samples([None] * 5), "window_mb") is None
    assert steadiness(samples([1.0] * 5), "trainer_files") is None


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_laps_are_worked(qapp: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "STAY", 0.2)
    monkeypatch.setattr(soak, "REST", 0.2)
    gc.collect()  # a thread of an earlier test in a ring has two files open, which may go between the two laps
    said: list[Sample] = []
    found = soak.soak(0.0, said.append)
    assert found == said
    assert len(found) == 2
    assert np.all(np.diff([sample.seconds for sample in found]) > 0)
    assert {sample.window_files for sample in found} != {None}
    assert found[0].window_files == found[1].window_files
    assert found[0].trainer_files == found[1].trainer_files
