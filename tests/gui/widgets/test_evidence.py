"""The terms of the bound at one moment, read from the series of a frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guiapp.gui.widgets.evidence import averaging, effective_beta, evidence, missing, widest
from guiapp.series import Series
from guiapp.spec import Vae
from tests.gui.frames import vae_frame
from tests.gui.views.evidence import evidence_frame, past


def test_the_means_are_those_of_the_last_hundred_steps() -> None:
    frame = evidence_frame(730)
    found, series = evidence(frame), frame.series
    assert found.steps == 100
    assert found.rate == pytest.approx(series.values("kl")[-100:].mean(), rel=1e-6)
    assert found.distortion == pytest.approx(series.values("reconstruction")[-100:].mean(), rel=1e-6)
    np.testing.assert_allclose(found.kl_each, [series.values(f"kl/{i}")[-100:].mean() for i in range(8)], rtol=1e-5)
    assert found.kl_each.sum() == pytest.approx(found.rate, rel=1e-5)


def test_the_held_out_bound_is_the_last_one_evaluated() -> None:
    frame = evidence_frame(730)
    terms = [frame.series.values(f"heldout/{name}")[699] for name in ("reconstruction", "kl")]
    assert evidence(frame).heldout == pytest.approx(-sum(terms))
    assert np.isnan(evidence(evidence_frame(40)).heldout)


def test_steps_without_a_value_are_left_out() -> None:
    frame = evidence_frame(60)
    rows = np.stack([frame.series.values(name) for name in frame.series.names], 1)
    rows[::2, frame.series.names.index("kl")] = np.nan
    series = Series(frame.series.names)
    series.append(rows)
    assert evidence(replace(frame, series=series)).rate == pytest.approx(rows[1::2, 2 + 1].mean(), rel=1e-6)


def test_an_older_run_tells_what_it_has() -> None:
    found = evidence(vae_frame(200, vae=Vae(beta=3.0)))
    assert np.isfinite((found.rate, found.distortion)).all()
    assert np.isnan(found.heldout)
    assert found.kl_each.shape == (0,)
    assert found.beta == 3
    assert "older version" in missing(vae_frame(200))
    assert missing(evidence_frame(10)) == ""


def test_the_effective_beta_is_that_of_the_last_step() -> None:
    frame = evidence_frame(400, edits=((100, "model.averaged", False, True), (300, "model.beta", 1.0, 0.5)))
    assert effective_beta(frame) == 392
    assert effective_beta(past(frame, 200)) == 784
    assert effective_beta(past(frame, 100)) == 1


def test_averaging_is_named_with_its_effective_beta() -> None:
    assert averaging(evidence_frame(10)) == ("", "")
    banner, effect = averaging(evidence_frame(10, vae=Vae(averaged=True)))
    assert "784 pixels" in banner
    assert "β·D = 784" in banner
    assert "common bug" in banner
    assert "collapses" in effect
    edited = evidence_frame(400, edits=((100, "model.averaged", False, True), (200, "model.beta", 1.0, 4.0)))
    assert "4 · 784 = 3136" in averaging(edited)[0]
    assert averaging(past(edited, 50)) == ("", "")
    undone = evidence_frame(400, edits=((100, "model.averaged", False, True), (200, "model.averaged", True, False)))
    assert averaging(undone) == ("", "")
    assert "3 components" in averaging(evidence_frame(10, vae=Vae(averaged=True), shape=(3,)))[0]


@pytest.mark.parametrize(("names", "count"), [((), 0), (("kl",), 0), (("kl/1", "kl/0", "kl"), 2), (("kl/1",), 0)])
def test_latent_dimensions_are_counted_from_the_first(names: tuple[str, ...], count: int) -> None:
    assert widest(names) == count
