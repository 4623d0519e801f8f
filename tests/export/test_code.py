"""Every script runs, says what the trainer says bit for bit, and holds nothing that its run does not use."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import get_args

import msgspec
import numpy as np
import pytest
import torch

from guiapp import presets
from guiapp.data import DATASET_NAMES
from guiapp.export.code import script
from guiapp.spec import Activation, Data, Initialisation, Network, Normalisation, RunSpec, SpecError
from tests.engine import runs
from tests.everyday import everyday
from tests.export.scripts import Edits, assert_clean, assert_same, assert_sound, execute, parsed, trained

ACTIVATIONS, INITS, NORMS = get_args(Activation), get_args(Initialisation), get_args(Normalisation)
BASES: tuple[tuple[str, dict[str, object], str], ...] = (
    ("vae", {"likelihood": "bernoulli"}, "digits"),
    ("vae", {"likelihood": "gaussian", "latent": 1}, "digits"),
    ("vae", {"likelihood": "gaussian, learned σ", "latent": 5}, "ring"),
    ("gan", {"noise": 3}, "digits"),
    ("gan", {"objective": "minimax", "noise_law": "uniform"}, "ring"),
)
# Every value of every part, and every pair of activation and normalisation; all combinations are the slow test.
PAIRS = tuple(
    (BASES[(i + j) % len(BASES)], (activation, INITS[(i + j) % len(INITS)], norm, bool((i + j) % 2)))
    for i, activation in enumerate(ACTIVATIONS)
    for j, norm in enumerate(NORMS)
)
VAE, GAN = runs.vae(), runs.gan()


def spec_of(base: tuple[str, dict[str, object], str], parts: tuple[str, str, str, bool]) -> RunSpec:
    activation, init, norm, skip = parts
    network = Network(hidden=(12, 12), activation=activation, init=init, norm=norm, skip=skip)  # type: ignore[arg-type]
    kind, fields, data = base
    return runs.spec(runs.vae(network, **fields) if kind == "vae" else runs.gan(network, **fields), data, seed=3)


@pytest.mark.parametrize("name", everyday(presets.NAMES, presets.NAMES[::2]))
def test_presets(name: str) -> None:
    spec = msgspec.structs.replace(presets.load(name).spec, device="cpu")
    assert_same(spec, 6)
    assert 60 <= len(script(spec).splitlines()) <= 160


@pytest.mark.parametrize(("base", "parts"), PAIRS, ids=lambda value: "-".join(map(str, value)))
def test_parts(base: tuple[str, dict[str, object], str], parts: tuple[str, str, str, bool]) -> None:
    assert_same(spec_of(base, parts), 6)


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base[0]}-{base[2]}-{len(base[1])}")
def test_every_combination(base: tuple[str, dict[str, object], str]) -> None:
    for parts in product(ACTIVATIONS, INITS, NORMS, (False, True)):
        assert_same(spec_of(base, parts), 5)


@pytest.mark.parametrize("model", [runs.vae(likelihood="gaussian"), GAN], ids=["vae", "gan"])
@pytest.mark.parametrize("data", DATASET_NAMES)
def test_data_sets(data: str, model: object) -> None:
    code = assert_same(runs.spec(model, data), source=runs.source(data))  # type: ignore[arg-type]
    assert ("gzip" in code) == (data == "fashion")
    assert ("DATA" in code) == (data in ("fashion", "digits"))
    assert ("means" in code.replace("means of p", "")) == (
        data not in ("fashion", "digits", "gaussian", "checkerboard")
    )


@pytest.mark.parametrize(
    "model",
    [
        runs.vae(optimiser=runs.sgd(1e-3)),
        runs.vae(optimiser=runs.sgd(1e-3, 0.9)),
        runs.vae(Network(hidden=())),
        runs.vae(Network(hidden=(), init="orthogonal"), likelihood="gaussian, learned σ", sigma=2.0, beta=0.0),
        runs.gan(d_optimiser=runs.sgd(0.05), g_optimiser=runs.sgd(0.02, 0.5)),
        runs.gan(d_steps=3, g_steps=2, objective="minimax"),
        runs.gan(d_steps=0),
        runs.gan(g_steps=0, d_steps=2),
        runs.gan(Network(hidden=(16,) * 9 + (8,) * 5, norm="layer", activation="leaky relu", init="orthogonal")),
        runs.gan(Network(hidden=(16,) * 9, skip=True)),
        msgspec.structs.replace(GAN, generator=Network(hidden=(8, 4), init="orthogonal", activation="tanh")),
        msgspec.structs.replace(VAE, encoder=Network(hidden=(64, 64), skip=True, norm="batch", init="pytorch")),
    ],
    ids=lambda model: f"{type(model).__name__}",
)
def test_odd_models(model: object) -> None:
    code = assert_same(runs.spec(model, "digits", seed=5))  # type: ignore[arg-type]
    assert len(code.splitlines()) < 140


@pytest.mark.parametrize("model", [VAE, GAN], ids=["vae", "gan"])
@pytest.mark.parametrize("batch", [1, 700, 1500, 5000])
def test_batches_and_epochs(model: object, batch: int) -> None:
    assert_same(runs.spec(model, "digits", batch, seed=2**63 - 1), source=runs.source("digits"))  # type: ignore[arg-type]


EDITS: dict[str, tuple[object, str, Edits]] = {
    "β": (VAE, "digits", [(3, "model.beta", 4.0)]),
    "β typed, and put back": (VAE, "digits", [(2, "model.beta", "4"), (2, "model.beta", 7), (5, "model.beta", 1.0)]),
    "before the first step": (VAE, "digits", [(0, "model.beta", 4.0), (0, "batch", 8)]),
    "σ and learning rate": (
        runs.vae(likelihood="gaussian"),
        "ring",
        [(3, "model.sigma", 0.1), (4, "model.optimiser.lr", 0.1), (6, "model.sigma", 0.5)],
    ),
    "a learned σ": (
        runs.vae(likelihood="gaussian, learned σ"),
        "ring",
        [(0, "model.sigma", 3.0), (3, "model.sigma", 2.0)],
    ),
    "batch": (VAE, "digits", [(2, "batch", 700), (4, "batch", 3000), (6, "batch", 5)]),
    "batch that ends an epoch": (VAE, "digits", [(2, "batch", 734)]),
    "batch of a law": (GAN, "moons", [(2, "batch", 700), (6, "batch", 5)]),
    "objective": (GAN, "ring", [(4, "model.objective", "minimax")]),
    "rates": (GAN, "digits", [(2, "model.d_optimiser.lr", 0.01), (5, "model.g_optimiser.lr", 0.03)]),
    "steps": (
        GAN,
        "ring",
        [(2, "model.d_steps", 3), (3, "model.g_steps", 0), (5, "model.g_steps", 1), (5, "model.d_steps", 0)],
    ),
    "thawed": (runs.gan(d_steps=0), "ring", [(2, "model.d_steps", 1)]),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits(name: str) -> None:
    model, data, edits = EDITS[name]
    code = assert_same(runs.spec(model, data), 9, edits)  # type: ignore[arg-type]
    assert ("def at(" in code) == (name not in ("before the first step", "a learned σ"))


def test_an_edit_is_a_readable_schedule() -> None:
    code = script(runs.spec(VAE), steps=500, edits=[(300, "model.beta", 4.0)])
    assert "BETA = {1: 1.0, 301: 4.0}  # weight of the KL term (1: ELBO), edited live: {from step: value}\n" in code
    assert "    beta = at(BETA, step)\n" in code


def test_edits_that_change_nothing_leave_no_trace() -> None:
    spec = runs.spec(VAE)
    edits = [(4, "model.beta", 1.0), (900, "model.beta", 3.0), (1000, "model.beta", 3.0)]
    assert script(spec, steps=900, edits=edits) == script(spec, steps=900)


def test_a_slider_that_was_dragged_keeps_lines_short() -> None:
    edits = [(i, "model.beta", 1 + i / 1000) for i in range(1, 200)]
    assert_sound(script(runs.spec(VAE), steps=500, edits=edits))


@pytest.mark.slow
@pytest.mark.parametrize("name", presets.NAMES)
def test_two_hundred_steps(name: str) -> None:
    """The chaos of training would blow up the smallest difference."""
    spec = msgspec.structs.replace(presets.load(name).spec, device="cpu")
    code = script(spec, steps=200).replace("EVERY = 200, 20", "EVERY = 200, 1")
    told, expected = execute(code), trained(spec, 200)
    assert len(told["step"]) == 200
    for name in set(told) - {"step"}:
        assert np.array_equal(told[name], expected[name]), name


def test_a_script_runs_on_its_own(tmp_path: Path) -> None:
    """In another folder and process, without this program on the path, by the threads of this machine."""
    spec = runs.spec(VAE)
    (tmp_path / "script.py").write_text(script(spec, steps=5), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told, threads = parsed(done.stdout), max(1, (os.cpu_count() or 2) - 1)
    assert np.allclose(told["loss"], trained(spec, 5)["loss"], rtol=0 if threads == 1 else 1e-5, atol=0)


def test_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    """An auto device is chosen where the script runs, by the rule of the trainer."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for model in (runs.vae(likelihood="gaussian, learned σ"), runs.vae(), GAN, runs.gan(noise_law="uniform")):
        spec = msgspec.structs.replace(runs.spec(model), device="auto")
        code = assert_same(spec)
        assert code.count("DEVICE") >= 4
        assert "DEVICE" not in script(msgspec.structs.replace(spec, device="cpu"))
    for kind in ("cuda", "mps"):
        for data in ("ring", "digits"):
            code = script(RunSpec(data=Data(name=data), model=GAN, device=kind))  # type: ignore[arg-type]
            assert f'DEVICE = "{kind}"\n' in code
            assert_sound(code)
            compile(code, "script.py", "exec")
    assert "DEVICE" not in script(RunSpec(data=Data(name="ring"), model=GAN))


def test_refusals() -> None:
    with pytest.raises(SpecError, match="Bernoulli needs values in"):
        script(runs.spec(VAE, "ring"))
    with pytest.raises(SpecError, match="nothing is trained"):
        script(runs.spec(runs.gan(d_steps=0, g_steps=0)))
    with pytest.raises(SpecError, match="cannot change while training"):
        script(runs.spec(VAE), edits=[(3, "model.latent", 4)])
    with pytest.raises(SpecError, match="is not allowed"):
        script(runs.spec(VAE), edits=[(3, "model.beta", -4)])
    with pytest.raises(SpecError, match="no parameter"):
        script(runs.spec(VAE), edits=[(3, "model.gamma", 4)])


def test_ruff_finds_nothing(tmp_path: Path) -> None:
    """In all parts, data sets, presets and edits."""
    specs = [spec_of(base, parts) for base, parts in PAIRS]
    specs += [runs.spec(GAN, name) for name in DATASET_NAMES]
    specs += [presets.load(name).spec for name in presets.NAMES]
    texts = [script(spec) for spec in specs]
    texts += [script(runs.spec(m, d), steps=9, edits=edits) for m, d, edits in EDITS.values()]  # type: ignore[arg-type]
    assert_clean(texts, tmp_path)


def test_the_text_is_made_without_torch_and_qt() -> None:
    code = (
        "import sys, guiapp.export.code; print([m for m in ('torch', 'PySide6', 'guiapp.engine') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
