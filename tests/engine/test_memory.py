"""What does not fit into memory is refused before it is built; data of every odd kind train, or are refused with the
remedy."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.models import memory
from guiapp.engine.probes import PROBES
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited
from guiapp.spec import Gan, Network, RunSpec, SpecError, Vae
from tests.engine import runs
from tests.everyday import everyday

GB = 10**9
CPU = torch.device("cpu")


@pytest.fixture
def one_gb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory_of", lambda _: GB)


@pytest.mark.skipif(memory.memory_of(CPU) is None, reason="this system does not tell its memory")
def test_too_many_draws_of_too_large_a_batch_are_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """65,536 data x 256 draws x some thousand values of 4 bytes: hundreds of terabytes."""
    monkeypatch.setattr("guiapp.engine.trainer.VaeModel", None)  # nothing is built
    table = runs.table(np.random.default_rng(0).random((65_536, 64)))
    spec = RunSpec(model=Vae(draws=256, bound="importance weighted"), batch=65_536, device="cpu")
    began = time.perf_counter()
    with pytest.raises(SpecError) as refusal:
        Trainer(spec, table)
    assert time.perf_counter() - began < 2
    present = memory.memory_of(CPU)
    assert present is not None
    sentence = str(refusal.value)
    assert sentence.startswith("batch size: 65536 data x 256 draws k a step need about ")
    assert f" GB of memory, and this machine has {present / GB:,.1f} GB; take a batch of at most " in sentence
    assert sentence.endswith(", or fewer draws.")
    assert refusal.value.remedy.keys() == {"batch"}


@pytest.mark.usefixtures("one_gb")
def test_the_batch_of_the_remedy_fits_and_one_more_does_not() -> None:
    spec = RunSpec(model=runs.vae(draws=64), batch=4096, device="cpu")
    shape = (28, 28)
    with pytest.raises(SpecError, match=r"4096 data x 64 draws k .* has 1\.0 GB") as refusal:
        memory.check(spec, shape, 4096, CPU)
    fits = refusal.value.remedy["batch"]
    memory.check(edited(spec, "batch", fits), shape, fits, CPU)
    with pytest.raises(SpecError):
        memory.check(edited(spec, "batch", fits + 1), shape, fits + 1, CPU)


@pytest.mark.usefixtures("one_gb")
def test_a_batch_that_is_too_large_is_refused_while_training_and_the_old_one_stays() -> None:
    run = runs.trainer(runs.vae(draws=256, likelihood="gaussian"), "ring", batch=16)
    runs.train(run, 1)
    with pytest.raises(SpecError, match=r"^batch size: 65536 data x 256 draws") as refusal:
        run.edit("batch", 65_536)
    assert run.spec.batch == 16
    run.edit("batch", min(200, refusal.value.remedy["batch"]))
    runs.train(run, 1)


@pytest.mark.usefixtures("one_gb")
def test_a_batch_larger_than_the_data_counts_as_all_data() -> None:
    vae = runs.vae(draws=256, likelihood="gaussian")
    Trainer(RunSpec(model=vae, batch=65_536, device="cpu"), runs.table(np.random.default_rng(0).random((50, 64))))
    with pytest.raises(SpecError, match=r"^batch size: 65536 data x 256 draws"):
        runs.trainer(vae, "ring", batch=65_536)


@pytest.mark.usefixtures("one_gb")
@pytest.mark.parametrize(
    "model", [Vae(encoder=Network(hidden=(4096,) * 5)), Gan(generator=Network(hidden=(4096,) * 5))]
)
def test_weights_that_fit_with_no_batch_need_fewer_units(model: Vae | Gan) -> None:
    with pytest.raises(SpecError, match=r"; take fewer units in the hidden layers\.$") as refusal:
        Trainer(RunSpec(model=model, batch=16, device="cpu"), runs.source("digits"))
    assert not refusal.value.remedy


def test_where_the_system_does_not_tell_nothing_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sysconf", raising=False)
    assert memory.memory_of(CPU) is None
    memory.check(RunSpec(model=Vae(draws=256), batch=65_536), (300, 300, 3), 65_536, CPU)


CONV, NOCV = Network("convolutional", (16, 32)), Network("convolutional", (32, 16))
NORMED = Network(hidden=(300, 200), norm="batch", activation="gelu")
MODELS: dict[str, Vae | Gan] = {
    "dense": Vae(),
    "draws": Vae(draws=16),
    "importance weighted": Vae(draws=16, bound="importance weighted", likelihood="gaussian, optimal σ"),
    "score function": Vae(draws=16, estimator="score function, baseline"),
    "normalised": Vae(encoder=NORMED, decoder=NORMED, draws=4),
    "convolutions": Vae(encoder=CONV, decoder=NOCV, draws=4),
    "gan": Gan(generator=NORMED, discriminator=NORMED),
    "convolutional gan": Gan(generator=NOCV, discriminator=CONV),
}


@pytest.mark.parametrize("name", MODELS)
def test_the_estimate_covers_what_autograd_keeps_and_not_many_times_as_much(name: str) -> None:
    """The storages that autograd saves for the way back, each once; the peak adds temporaries of the largest layer."""
    shape, batch = (28, 28), 64
    table = replace(runs.table(np.random.default_rng(0).random((batch, 784))), shape=shape)
    run = Trainer(RunSpec(model=MODELS[name], batch=batch, device="cpu"), table)
    runs.train(run, 1)
    weights = {p.untyped_storage().data_ptr() for p in run.model.parameters()}
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    if isinstance(run.spec.model, Gan):
        run.player = "d"
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        runs.train(run, 1)
    saved = sum(t.untyped_storage().nbytes() for where, t in kept.items() if where not in weights)
    fixed, each = memory.demand(MODELS[name], shape)
    assert fixed == pytest.approx(24 * sum(p.numel() for p in run.model.parameters()), rel=0.08)
    assert saved < each * batch < 5 * saved


# ---------------------------------------------------------------------------------------------------------- odd data

BAD = np.random.default_rng(1)


def trains_and_shows(model: Vae | Gan, values: np.ndarray, batch: int = 16, steps: int = 60, **fields: Any) -> Trainer:
    table = replace(runs.table(values, values[:20]), **fields)
    run = Trainer(RunSpec(model=model, batch=batch, device="cpu"), table)
    rows = runs.train(run, steps)
    assert np.isfinite(runs.column(run, rows, run.names[1])).all()
    complaints: list[str] = []
    focus = {"z": (), "datum": 0}
    pictures = Darkroom(run, complaints.append).make(frozenset(p.kind for p in PROBES), focus, running=False)
    assert not complaints
    layers = pictures.pop("layers")  # NaN where a tensor has no part in a loss
    assert not any(layers[name].any() for name in ("nan", "inf", "g_nan", "g_inf"))
    assert all(np.isfinite(array).all() for picture in pictures.values() for array in picture.values())
    return run


@pytest.mark.parametrize("latent", [1, 64])
@pytest.mark.parametrize("layers", ["dense", "convolutional"])
def test_the_smallest_and_the_largest_code(latent: int, layers: str) -> None:
    network = Network(layers, (8, 8))  # type: ignore[arg-type]
    run = trains_and_shows(runs.vae(network, latent=latent), BAD.random((40, 144)), shape=(12, 12))
    assert [name for name in run.names if name.startswith("kl/")] == [f"kl/{i}" for i in range(latent)]


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian, learned σ", "gaussian, optimal σ"])
@pytest.mark.parametrize("level", everyday([0.0, 0.5, 1.0], [0.0]))
def test_constant_pixels(likelihood: str, level: float) -> None:
    values = BAD.random((40, 36))
    values[:, :20] = level
    trains_and_shows(runs.vae(likelihood=likelihood), values, shape=(6, 6))
    trains_and_shows(runs.vae(likelihood=likelihood), np.full((40, 36), level), shape=(6, 6))


@pytest.mark.parametrize("model", [runs.vae(), runs.gan()], ids=["vae", "gan"])
def test_a_single_class(model: Vae | Gan) -> None:
    labels = np.zeros(40, np.int16)
    values = BAD.random((40, 36))
    trains_and_shows(model, values, train_labels=labels, heldout_labels=labels[:20], classes=("shirt",))


@pytest.mark.parametrize("model", [runs.vae(draws=3), runs.gan()], ids=["vae", "gan"])
def test_a_batch_larger_than_the_data_is_all_of_them(model: Vae | Gan) -> None:
    run = trains_and_shows(model, BAD.random((30, 36)), batch=1000, steps=5)
    assert run.feed.epoch == 5


@pytest.mark.parametrize("values", [[-0.01, 1.0], [0.0, 1.5]])
def test_values_outside_0_to_1_have_no_bernoulli_likelihood(values: list[float]) -> None:
    table = runs.table(np.tile(values, (30, 3)))
    spec = RunSpec(model=runs.vae(), device="cpu")
    with pytest.raises(
        SpecError, match=r"^likelihood: Bernoulli needs values in \[0, 1\].*choose 'gaussian'"
    ) as refusal:
        Trainer(spec, table)
    assert dict(refusal.value.remedy) == {"model.likelihood": "gaussian"}
    runs.train(Trainer(edited(spec, "model.likelihood", "gaussian"), table), 2)
