"""What every model must be able to do, whatever its parts: build, train, tell, be looked at and be saved."""

from __future__ import annotations

from itertools import product
from typing import get_args

import numpy as np
import numpy.typing as npt
import pytest
import safetensors.torch
import torch

from guiapp.engine.darkroom import Darkroom
from guiapp.engine.probes import PROBES
from guiapp.engine.resume import OF_LAYERS
from guiapp.engine.trainer import Trainer
from guiapp.spec import Activation, Gan, Initialisation, Network, Normalisation, Vae
from tests.engine import runs

ACTIVATIONS, INITS, NORMS = get_args(Activation), get_args(Initialisation), get_args(Normalisation)
BASES: tuple[tuple[str, dict[str, object], str], ...] = (
    ("vae", {"likelihood": "bernoulli"}, "digits"),
    ("vae", {"likelihood": "gaussian", "latent": 1}, "digits"),
    ("vae", {"likelihood": "gaussian, learned σ", "latent": 5}, "digits"),
    ("vae", {"likelihood": "gaussian"}, "ring"),
    ("vae", {"likelihood": "gaussian, learned σ"}, "ring"),
    ("vae", {"layers": "convolutional", "likelihood": "gaussian, optimal σ", "latent": 3}, "digits"),
    ("vae", {"bound": "importance weighted", "draws": 4, "averaged": True}, "digits"),
    ("vae", {"estimator": "score function", "free_bits": 0.3, "likelihood": "gaussian, learned σ"}, "ring"),
    ("vae", {"layers": "convolutional", "estimator": "score function, baseline", "draws": 2}, "digits"),
    ("vae", {"estimator": "none", "schedule": "cyclical", "warmup": 3}, "digits"),
    ("gan", {"noise": 3}, "digits"),
    ("gan", {"objective": "minimax", "noise_law": "uniform"}, "ring"),
    ("gan", {"layers": "convolutional"}, "digits"),
    ("gan", {"objective": "least squares", "real_target": 0.9, "fake_target": 0.1, "averaging": 0.9}, "ring"),
    ("gan", {"objective": "hinge", "spectral": True, "updates": "simultaneous", "instance_noise": 0.1}, "digits"),
    ("gan", {"objective": "Wasserstein", "slope": "gradient penalty", "packing": 2, "d_steps": 2}, "ring"),
    ("gan", {"objective": "Wasserstein", "slope": "clipping", "clip": 0.1, "averaging": 0.5, "packing": 3}, "digits"),
    ("gan", {"layers": "convolutional", "packing": 2, "r1": 1.0, "slope": "gradient penalty"}, "digits"),
    ("gan", {"layers": "convolutional", "spectral": True, "averaging": 0.9, "updates": "simultaneous"}, "digits"),
)
PARTS = tuple(product(ACTIVATIONS, INITS, NORMS, (False, True)))
# Every two values of two different parts meet here; all combinations are the slow test.
PAIRS = tuple(
    (base, (activation, INITS[(i + 2 * j) % len(INITS)], NORMS[(i + j) % len(NORMS)], bool((i // 2 + j // 3) % 2)))
    for i, base in enumerate(BASES)
    for j, activation in enumerate(ACTIVATIONS)
)
AT_LEAST = {"vae": {"samples", "gradients", "latent", "manifold", "reconstructions", "posterior"}, "gan": {"samples"}}


def build(base: tuple[str, dict[str, object], str], parts: tuple[str, str, str, bool]) -> Trainer:
    kind, fields, data = base
    activation, init, norm, skip = parts
    layers = fields.get("layers", "dense")
    network = Network(layers, (12, 12), activation, init, norm, skip)  # type: ignore[arg-type]
    fields = {name: value for name, value in fields.items() if name != "layers"}
    model: Vae | Gan = runs.vae(network, **fields) if kind == "vae" else runs.gan(network, **fields)
    return runs.trainer(model, data, batch=16)


def test_the_short_list_holds_every_pair() -> None:
    flat = [(i, *parts) for i, base in enumerate(BASES) for b, parts in PAIRS if b is base]
    values = [range(len(BASES)), ACTIVATIONS, INITS, NORMS, (False, True)]
    for a in range(5):
        for b in range(a):
            assert {(row[a], row[b]) for row in flat} == set(product(values[a], values[b])), (a, b)


def is_slow(base: tuple[str, dict[str, object], str], activation: str) -> bool:
    """Convolutions take three times as long; two activations tell whether they work at all."""
    return base[1].get("layers") == "convolutional" and activation not in ("relu", "tanh")


@pytest.mark.parametrize(
    ("base", "parts"),
    [pytest.param(b, p, marks=pytest.mark.slow) if is_slow(b, p[0]) else (b, p) for b, p in PAIRS],
    ids=lambda value: "-".join(map(str, value)),
)
def test_every_model(base: tuple[str, dict[str, object], str], parts: tuple[str, str, str, bool]) -> None:
    run = build(base, parts)
    check_tensors(run)
    rows = runs.train(run, 5)
    check_rows(run, rows)
    check_capabilities(run, base)
    check_weights(run, build(base, parts))


@pytest.mark.slow
@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base[0]}-{base[2]}-{len(base[1])}")
def test_every_combination(base: tuple[str, dict[str, object], str]) -> None:
    for parts in PARTS:
        run = build(base, parts)
        check_rows(run, runs.train(run, 5))


def plainly(run: Trainer) -> dict[str, torch.Tensor]:
    """What is trained; a normalised weight by its plain name, the averaged generator left out."""
    plain = {n.replace(".parametrizations.weight.original", ".weight"): p for n, p in run.model.named_parameters()}
    return {name: p for name, p in plain.items() if not name.startswith("average.")}


def check_tensors(run: Trainer) -> None:
    named = {name: tuple(p.shape) for name, p in plainly(run).items()}
    assert dict(run.tensors) == named
    assert len(run.names) == len(set(run.names))
    assert run.names[0] == "steps_per_s"
    for kind in ("grad", "update"):
        assert {name.split("/", 1)[1] for name in run.names if name.startswith(f"{kind}/")} == set(named)


def check_rows(run: Trainer, rows: npt.NDArray[np.float32]) -> None:
    assert rows.dtype == np.float32
    assert rows.shape == (5, len(run.names))
    assert (runs.column(run, rows, "steps_per_s") > 0).all()
    parameters = plainly(run)
    for i, name in enumerate(run.names):
        if name.startswith(("heldout/", "metric/", *OF_LAYERS)):  # every so many steps
            continue
        bad = ~np.isfinite(rows[:, i])
        if name.startswith("update/"):  # documented: NaN where the tensor is all zero, as the bias of dead units
            bad = bad[-1:] & bool(parameters[name[7:]].detach().any())
        assert not bad.any(), (name, rows[:, i])


def check_capabilities(run: Trainer, base: tuple[str, dict[str, object], str]) -> None:
    kind, _, data = base
    own = {"encodes", "decodes", "samples"} if kind == "vae" else {"samples", "scores"}
    assert run.capabilities == own | ({"plane"} if data == "ring" else set())
    size = base[1].get("latent", 2) if kind == "vae" else base[1].get("noise", 2)
    focus = {"z": ((0.0,) * size, (1.0,) * size), "datum": 0}  # type: ignore[operator]
    complaints: list[str] = []
    pictures = Darkroom(run, complaints.append).make(frozenset(probe.kind for probe in PROBES), focus, running=False)
    assert not complaints
    assert set(pictures) == {probe.kind for probe in PROBES if probe.requires <= run.capabilities}
    assert AT_LEAST[kind] | ({"field"} if data == "ring" else set()) <= set(pictures)
    for picture, arrays in pictures.items():
        for name, array in arrays.items():
            assert type(array) is np.ndarray
            may_lack = picture == "layers" and name in ("parts", "snr", "dead", "saturated", "delta")
            assert may_lack or array.dtype.kind == "U" or np.isfinite(array).all(), (picture, name)


def check_weights(run: Trainer, fresh: Trainer) -> None:
    """Through safetensors and back into a new model, which then is the same function."""
    loaded = safetensors.torch.load(safetensors.torch.save(run.weights()))
    assert runs.equal(loaded, run.weights())
    assert not runs.equal(fresh.weights(), loaded)
    fresh.model.load_state_dict(loaded, strict=True)
    assert fresh.heldout() == run.heldout()
    assert all(tensor.device.type == "cpu" for tensor in loaded.values())
    before = run.weights()
    with torch.no_grad():
        next(run.model.parameters()).add_(1)
    assert runs.equal(before, loaded), "weights() must be copies"
