"""A run that is stored and resumed goes on bit for bit; a file that cannot be is refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import Tensor

from guiapp.engine.keyframe import KeyframeError, pack, restore, restore_weights, spec_of
from guiapp.engine.recorder import Recorder
from guiapp.engine.resume import resumed
from guiapp.engine.trainer import Trainer
from guiapp.run_file import RunFileError, StoredRun, read_run
from guiapp.spec import Network, Optimiser, RunSpec, Vae
from tests import by_hand
from tests.engine import runs
from tests.everyday import everyday

CONVOLUTIONS = Network("convolutional", (4, 4), norm="batch")
KINDS = {
    "vae": (runs.vae(), "digits"),
    "vae, batch norm": (runs.vae(Network(hidden=(16,), norm="batch")), "digits"),
    "vae, learned sigma": (runs.vae(likelihood="gaussian, learned σ"), "digits"),
    "vae, momentum": (runs.vae(optimiser=Optimiser(kind="sgd", lr=1e-3, momentum=0.9)), "digits"),
    "vae, plain sgd": (runs.vae(optimiser=Optimiser(kind="sgd", lr=1e-3)), "digits"),
    "vae, several draws": (runs.vae(draws=3, estimator="score function, baseline", free_bits=0.2), "digits"),
    "vae, importance weighted": (runs.vae(draws=4, bound="importance weighted"), "digits"),
    "vae, optimal sigma": (runs.vae(likelihood="gaussian, optimal σ", schedule="cyclical", warmup=40), "digits"),
    "vae, convolutions": (runs.vae(CONVOLUTIONS, estimator="score function"), "digits"),
    "gan, convolutions": (runs.gan(CONVOLUTIONS), "digits"),
    "gan, all at once": (
        runs.gan(spectral=True, averaging=0.9, packing=2, updates="simultaneous", slope="gradient penalty", r1=0.1),
        "ring",
    ),
    "gan, convolutions, all at once": (
        runs.gan(CONVOLUTIONS, spectral=True, averaging=0.9, packing=2, updates="simultaneous", instance_noise=0.1),
        "digits",
    ),
    "gan, clipped": (runs.gan(objective="Wasserstein", slope="clipping", clip=0.05, d_steps=3), "grid"),
    "gan on a law": (runs.gan(), "ring"),
    "gan on images": (runs.gan(noise=5, noise_law="uniform", d_steps=2), "digits"),
}


def stored(run: Trainer, path: Path, rows: np.ndarray) -> StoredRun:
    """`run` written to `path` and read back."""
    recorder = Recorder(path, run)
    recorder.add(rows)
    recorder.close()
    return read_run(path)


SLOW = {"vae, convolutions", "gan, convolutions"}  # their parts are in the others


@pytest.mark.parametrize("kind", everyday(KINDS, KINDS.keys() - SLOW))
def test_two_halves_are_one_whole(kind: str, tmp_path: Path) -> None:
    model, data = KINDS[kind]
    steps = 100 if kind in ("vae", "gan on a law") else 30  # two epochs of digits
    whole = runs.trainer(model, data, batch=100)
    rows = runs.train(whole, 2 * steps)
    half = runs.trainer(model, data, batch=100)
    first = runs.train(half, steps)
    again = resumed(stored(half, tmp_path / "run.elbo", first))
    assert again.step == steps
    second = runs.train(again, steps)
    assert runs.equal(again.weights(), whole.weights())
    told = np.concatenate([first, second])[:, 1:]  # but for the speed
    assert np.array_equal(told, rows[:, 1:], equal_nan=True)
    assert again.feed.epoch == whole.feed.epoch
    assert again.heldout() == whole.heldout()


def test_edits_are_part_of_it(tmp_path: Path) -> None:
    def half(run: Trainer) -> np.ndarray:
        rows = runs.train(run, 10)
        run.edit("model.optimiser.lr", 5e-3)
        run.edit("model.beta", 3.0)
        run.edit("batch", 33)
        return np.concatenate([rows, runs.train(run, 10)])

    whole, first = runs.trainer(runs.vae()), runs.trainer(runs.vae())
    half(whole)
    again = resumed(stored(first, tmp_path / "run.elbo", half(first)))
    assert again.spec == whole.spec
    runs.train(whole, 20), runs.train(again, 20)
    assert runs.equal(again.weights(), whole.weights())


def test_the_rows_after_the_keyframe_are_trained_again(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    recorder = Recorder(tmp_path / "run.elbo", run)
    recorder.add(runs.train(run, 10))
    recorder.keyframe()
    late = runs.train(run, 5)
    recorder.add(late)
    again = resumed(read_run(tmp_path / "run.elbo"))
    assert again.step == 10
    assert np.array_equal(runs.train(again, 5)[:, 1:], late[:, 1:], equal_nan=True)
    recorder.close()


def test_a_run_without_weights_says_so(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    path = by_hand.write(tmp_path / "run.elbo", 2, run.spec, run.names, ())
    with pytest.raises(RunFileError, match=r"run\.elbo.*no weights"):
        resumed(read_run(path))


def test_weights_of_another_step_than_they_are_kept_for_are_refused(tmp_path: Path) -> None:
    run = runs.trainer(runs.vae())
    rows = runs.train(run, 3)
    for step in (2, 4):
        path = by_hand.write(tmp_path / f"{step}.elbo", 2, run.spec, run.names, (rows,), (), {step: pack(run)})
        with pytest.raises(RunFileError, match="do not belong together"):
            resumed(read_run(path))
    path = by_hand.write(tmp_path / "3.elbo", 2, run.spec, run.names[1:], (rows[:, 1:],), (), {3: pack(run)})
    with pytest.raises(RunFileError, match="do not belong together"):
        resumed(read_run(path))


# ----------------------------------------------------------------------------------------------------------- keyframes


def test_the_spec_of_a_keyframe_is_the_edited_one() -> None:
    run = Trainer(RunSpec(data=runs.spec(runs.vae()).data, model=Vae(), device="cpu"))
    run.edit("model.beta", 7.0)
    assert spec_of(pack(run)) == run.spec


def test_weights_alone_leave_the_streams_where_they_are() -> None:
    run, other = runs.trainer(runs.vae()), runs.trainer(runs.vae())
    runs.train(run, 5), runs.train(other, 2)
    noise, batch = other.objective.noise.get_state(), other.feed.state()
    restore_weights(other, pack(run))
    assert runs.equal(other.weights(), run.weights())
    assert other.step == 5
    assert torch.equal(other.objective.noise.get_state(), noise)
    assert other.feed.state()[0] == batch[0]


def test_weights_of_another_model_are_refused() -> None:
    small, large = runs.trainer(runs.vae()), runs.trainer(runs.vae(Network(hidden=(17,))))
    with pytest.raises(KeyframeError, match="do not fit"):
        restore(large, pack(small))


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"x" * 7,
        b"\xff" * 100,
        (8).to_bytes(8, "little") + b"[1,2,3] ",
        (1 << 62).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}" + bytes(50),
    ],
)
def test_what_is_no_keyframe_is_refused(blob: bytes) -> None:
    with pytest.raises(KeyframeError):
        spec_of(blob)
    with pytest.raises(KeyframeError):
        restore(runs.trainer(runs.vae()), blob)


Change = Callable[[dict[str, Any], dict[str, Tensor]], object]
STEP = "optimiser/vae/0/step"
MEAN = "optimiser/vae/0/exp_avg"
NONSENSE: dict[str, Change] = {
    "a step that is no number": lambda state, _: state.update(step="x"),
    "an endless step": lambda state, _: state.update(step=float("inf")),
    "no seconds": lambda state, _: state.update(seconds=None),
    "a spec that is no text": lambda state, _: state.update(spec=7),
    "a feed that is none": lambda state, _: state.update(feed=[]),
    "a place in the epoch beyond its end": lambda state, _: state["feed"].update(cursor=10**9),
    "an endless place": lambda state, _: state["feed"].update(cursor=float("inf")),
    "a law that is none": lambda state, _: state["feed"].update(law={"bit_generator": "MT19937"}),
    "a law of huge numbers": lambda state, _: state["feed"]["law"]["state"].update(state=1 << 400),
    "an order of data that do not exist": lambda _, t: t["feed/order"].fill_(10**6),
    "an order that is no whole numbers": lambda _, t: t.update({"feed/order": t["feed/order"].float()}),
    "an order of pairs": lambda _, t: t.update({"feed/order": t["feed/order"].reshape(-1, 1)}),
    "a stream cut short": lambda _, t: t.update({"feed/rng": t["feed/rng"][:9].clone()}),
    "a stream of nonsense": lambda _, t: t["rng/noise"].fill_(255),
    "no noise": lambda _, t: t.pop("rng/noise"),
    "moments of another shape": lambda _, t: t.update({MEAN: torch.zeros(3)}),
    "moments in half precision": lambda _, t: t.update({MEAN: t[MEAN].half()}),
    "steps of a tensor": lambda _, t: t.update({STEP: torch.zeros(2)}),
    "moments without a step": lambda _, t: t.pop(STEP),
    "moments of no parameter": lambda _, t: t.update({MEAN.replace("/0/", "/99/"): t.pop(MEAN)}),
    "moments without a number": lambda _, t: t.update({MEAN.replace("/0/", "/x/"): t.pop(MEAN)}),
    "one weight less": lambda _, t: t.pop(next(name for name in t if name.startswith("model/"))),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_keyframe_with_nonsense_is_refused(what: str) -> None:
    run = runs.trainer(runs.vae())
    runs.train(run, 2)
    blob = pack(run)
    length = int.from_bytes(blob[:8], "little")
    state = json.loads(json.loads(blob[8 : 8 + length])["__metadata__"]["state"])
    tensors = safetensors.torch.load(blob)
    NONSENSE[what](state, tensors)
    with pytest.raises(KeyframeError):
        restore(runs.trainer(runs.vae()), safetensors.torch.save(tensors, {"state": json.dumps(state)}))


def test_a_model_larger_than_its_weights_is_refused_before_it_takes_memory() -> None:
    run = runs.trainer(runs.vae())
    blob = pack(run)
    length = int.from_bytes(blob[:8], "little")
    state = json.loads(json.loads(blob[8 : 8 + length])["__metadata__"]["state"])
    state["spec"] = state["spec"].replace("16", "4096", 2)
    assert state["spec"].count("4096") == 2
    with pytest.raises(KeyframeError, match="fewer"):
        spec_of(safetensors.torch.save(safetensors.torch.load(blob), {"state": json.dumps(state)}))


def test_noise_of_another_kind_of_device_begins_afresh() -> None:
    """A run trained on an accelerator goes on on a CPU, whose random streams have another form."""
    run, other = runs.trainer(runs.vae()), runs.trainer(runs.vae())
    runs.train(run, 2)
    blob = pack(run)
    tensors = safetensors.torch.load(blob)
    tensors["rng/noise"] = torch.zeros(16, dtype=torch.uint8)  # as CUDA's is
    length = int.from_bytes(blob[:8], "little")
    restore(other, safetensors.torch.save(tensors, json.loads(blob[8 : 8 + length])["__metadata__"]))
    assert runs.equal(other.weights(), run.weights())
    runs.train(other, 2)
