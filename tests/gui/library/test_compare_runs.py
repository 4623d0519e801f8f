"""Runs as the comparison reads, names and draws them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guiapp.gui.library.compare_quantities import merged, quantities
from guiapp.gui.library.compare_runs import differing, labels, read
from guiapp.messages import Seen
from guiapp.run_file import RunFileError
from guiapp.spec import Gan, Network, RunSpec, Vae
from tests.gui.frames import vae_frame
from tests.gui.library.compare_files import columns, gan_file, vae_file

EDITS = ((50, "model.beta", 1.0, 4.0), (50, "batch", 128, 64), (70, "model.beta", 4.0, 2.0))


def seen(path: Path, step: int) -> Seen:
    run = vae_frame().run
    return Seen(str(path), step, run, run.spec, {"samples": {}})


def test_a_moment_ends_at_its_step_with_the_edits_before_its_keyframe(tmp_path: Path) -> None:
    run = read(vae_file(tmp_path / "a.elbo", edits=EDITS))
    at_50 = run.frame(seen(run.path, 50))
    assert (at_50.step, at_50.series.last, at_50.until) == (50, 50, 100)
    assert at_50.marks == ()
    last = run.frame(seen(run.path, 100))
    assert (last.step, last.series.last, last.until) == (100, 100, 0)
    assert [(m.step, m.path, m.new) for m in last.marks] == [(s, p, new) for s, p, _, new in EDITS]
    assert isinstance(last.marks[-1].spec.model, Vae)
    assert (last.marks[-1].spec.model.beta, last.marks[-1].spec.batch) == (2.0, 64)
    assert set(last.pictures) == {"samples"}


def test_the_newest_keyframe_up_to_a_step(tmp_path: Path) -> None:
    run = read(vae_file(tmp_path / "a.elbo", keyframes=(30, 60)))
    assert [run.keyframe(step) for step in (29, 30, 59, 60, 10_000)] == [None, 30, 30, 60, 60]


def test_no_run_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.elbo").write_bytes(b"SQLite format 3\0" + bytes(500))
    for name in ("a.elbo", "b.elbo"):
        with pytest.raises(RunFileError, match=name):
            read(tmp_path / name)


def test_differing_parameters_are_those_of_the_specs_that_have_them() -> None:
    a, b, gan = RunSpec(model=Vae(beta=2.0)), RunSpec(model=Vae(), seed=3), RunSpec(model=Gan())
    assert differing([a, b]) == ["model.beta", "seed"]
    assert differing([a, gan]) == [], "what only one model has cannot differ"
    assert differing([a, b, gan]) == ["model.beta", "seed"]
    assert differing([]) == []


def test_a_title_is_followed_by_what_differs(tmp_path: Path) -> None:
    runs = [
        read(vae_file(tmp_path / "a.elbo", title="Digits")),
        read(vae_file(tmp_path / "b.elbo", model=Vae(beta=4.0), title="Digits")),
        read(gan_file(tmp_path / "c.elbo", title="Ring")),
    ]
    assert labels(runs) == ("Digits · β 1", "Digits · β 4", "Ring")
    assert labels(runs[:2]) == ("β 1", "β 4"), "one title for all tells nothing"
    assert labels(runs[2:]) == ("Ring",)
    assert labels(()) == ()


def test_an_edit_tells_runs_of_one_spec_apart(tmp_path: Path) -> None:
    runs = [read(vae_file(tmp_path / f"{i}.elbo", title="Digits", edits=EDITS[: 3 * i])) for i in range(2)]
    assert labels(runs) == ("β 1, batch size 128", "β 1→2, batch size 128→64")


def test_runs_of_the_same_parameters_are_numbered_and_long_names_cut(tmp_path: Path) -> None:
    model = Vae(beta=2.0, latent=3, encoder=Network(hidden=(8,)))
    runs = [read(vae_file(tmp_path / f"{i}.elbo", title="x" * 60)) for i in range(2)]
    runs.append(read(vae_file(tmp_path / "other.elbo", model=model, title="y")))
    first, second, other = labels(runs)
    assert first.startswith("x" * 31 + "… · ")
    assert (first[-4:], second[-4:]) == (" (1)", " (2)")
    assert other == "y · Encoder hidden layers 8, latent dimensions 3 …"


def test_loss_terms_come_first_with_their_titles_and_units(tmp_path: Path) -> None:
    runs = [read(gan_file(tmp_path / "b.elbo")), read(vae_file(tmp_path / "a.elbo"))]
    found = quantities(runs)
    assert [q.title for q in found[:6]] == ["−ELBO", "total loss", "reconstruction", "KL", "D loss", "G loss"]
    assert [q.name for q in found[-3:]] == ["steps_per_s", "grad/encoder.0.weight", "update/encoder.0.weight"]
    assert found[0].axis == "−ELBO, nats per datum"
    assert len({q.name for q in found}) == len(found) == 13
    assert quantities(()) == ()


def test_one_quantity_of_runs_of_different_lengths(tmp_path: Path) -> None:
    runs = [read(vae_file(tmp_path / "a.elbo", 100)), read(gan_file(tmp_path / "b.elbo", 200))]
    runs.append(read(vae_file(tmp_path / "c.elbo", 40)))
    elbo = quantities(runs)[0]
    series = merged(runs, ("a", "b", "c"), elbo)
    assert series.names == ("a", "c"), "a GAN has no ELBO"
    assert series.last == 200, "the steps of all runs, so that the axis stays when another quantity is chosen"
    loss = columns(100, 2)[:, 1]
    np.testing.assert_array_equal(series.values("a")[:100], loss)
    np.testing.assert_array_equal(series.values("c")[:40], loss[:40])
    assert np.isnan(series.values("a")[100:]).all()
    assert np.isnan(series.values("c")[40:]).all()
