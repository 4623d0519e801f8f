"""The options of the VAE objective and convolutions: their scripts, too, say what the trainer says, bit for bit."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import msgspec
import numpy as np
import pytest

from guiapp.export.code import script
from guiapp.spec import Activation, Estimator, Gan, Initialisation, Network, Normalisation, RunSpec, SpecError, Vae
from tests.engine import runs
from tests.export.scripts import Edits, assert_same, execute, trained

ESTIMATORS = get_args(Estimator)
LIKELIHOODS = ("bernoulli", "gaussian", "gaussian, learned σ", "gaussian, optimal σ")
IWAE: dict[str, Any] = {"bound": "importance weighted", "draws": 5}
OPTIONS: dict[str, dict[str, Any]] = {
    "optimal σ": {"likelihood": "gaussian, optimal σ"},
    "optimal σ, draws": {"likelihood": "gaussian, optimal σ", "draws": 3},
    "linear": {"schedule": "linear", "warmup": 7, "beta": 3.3},
    "linear, past its end": {"schedule": "linear", "warmup": 3},
    "cyclical": {"schedule": "cyclical", "warmup": 5, "beta": 0.7},
    "free bits": {"free_bits": 0.2},
    "averaged": {"averaged": True},
    "draws": {"draws": 4},
    "iwae": IWAE,
    "iwae of one draw": IWAE | {"draws": 1},
    "iwae, β": IWAE | {"beta": 0.3},
    "iwae, cyclical": IWAE | {"schedule": "cyclical", "warmup": 4},
    "iwae, averaged": IWAE | {"averaged": True},
    "iwae, averaged, β": IWAE | {"averaged": True, "beta": 0.1},
    "score": {"estimator": "score function"},
    "score, draws": {"estimator": "score function", "draws": 3},
    "baseline": {"estimator": "score function, baseline"},
    "baseline, draws": {"estimator": "score function, baseline", "draws": 3},
    "baseline, averaged": {"estimator": "score function, baseline", "averaged": True},
    "none": {"estimator": "none"},
    "none, draws": {"estimator": "none", "draws": 2},
    "all at once": {
        "likelihood": "gaussian, learned σ",
        "schedule": "cyclical",
        "warmup": 4,
        "free_bits": 0.1,
        "averaged": True,
        "draws": 3,
        "estimator": "score function, baseline",
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str) -> None:
    for likelihood in ("bernoulli", "gaussian"):
        code = assert_same(runs.spec(runs.vae(**{"likelihood": likelihood} | OPTIONS[name]), seed=4), 12)
    assert ("log_mean_exp" in code) == name.startswith("iwae")
    assert ("K = " in code) == any(word in name for word in ("iwae", "draws", "all"))
    assert ("detach" in code) == (name.split(",")[0] in ("score", "baseline", "none", "all at once"))


@pytest.mark.parametrize("draws", [1, 3])
@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_estimators_and_likelihoods(likelihood: str, estimator: str, draws: int) -> None:
    """Those, too, that no new run may take, for a run of an older version still opens."""
    network = Network(hidden=(12, 12), norm="batch", skip=True)
    fields = {"likelihood": likelihood, "estimator": estimator, "draws": draws}
    assert_same(runs.spec(runs.vae(network, schedule="linear", warmup=5, **fields), "digits"), 8)


@pytest.mark.parametrize("batch", [1, 2, 1500])
@pytest.mark.parametrize("name", ["baseline", "baseline, draws", "iwae", "optimal σ"])
def test_batches(name: str, batch: int) -> None:
    code = assert_same(runs.spec(runs.vae(**OPTIONS[name]), "digits", batch), 6)
    assert ("max(len(cost)" in code) == (name == "baseline" and batch == 1)


EDITS: dict[str, tuple[dict[str, Any], Edits]] = {
    "schedule": ({"warmup": 6}, [(2, "model.schedule", "linear"), (5, "model.schedule", "cyclical")]),
    "schedule, there and back": ({"warmup": 6}, [(2, "model.schedule", "linear"), (5, "model.schedule", "constant")]),
    "warm-up": ({"schedule": "linear", "warmup": 20}, [(4, "model.warmup", 8), (6, "model.beta", 2.5)]),
    "warm-up of cycles": ({"schedule": "cyclical", "warmup": 6}, [(4, "model.warmup", 4)]),
    "warm-up and β": (
        {},
        [
            (0, "model.schedule", "cyclical"),
            (3, "model.warmup", 5),
            (5, "model.beta", 0.5),
            (6, "model.averaged", True),
        ],
    ),
    "warm-up that nobody hears of": ({}, [(3, "model.warmup", 5)]),
    "free bits": ({}, [(3, "model.free_bits", 0.3), (6, "model.free_bits", 0.0)]),
    "more free bits": ({"free_bits": 0.1}, [(3, "model.free_bits", 0.3)]),
    "averaged": ({}, [(3, "model.averaged", True), (6, "model.averaged", False)]),
    "averaged with a score": ({"estimator": "score function"}, [(3, "model.averaged", True)]),
    "averaged iwae": (IWAE, [(3, "model.averaged", True), (5, "model.beta", 2.0)]),
    "β of iwae": (IWAE, [(3, "model.beta", 2.0)]),
    "σ of iwae": (IWAE | {"likelihood": "gaussian"}, [(3, "model.sigma", 0.1)]),
    "estimators": ({}, [(2 + 2 * i, "model.estimator", name) for i, name in enumerate(ESTIMATORS[1:])]),
    "estimators of draws": (
        {"draws": 3},
        [(2 + 2 * i, "model.estimator", name) for i, name in enumerate(ESTIMATORS[1:])],
    ),
    "scores": ({"estimator": "score function"}, [(4, "model.estimator", "score function, baseline")]),
    "a score": ({}, [(4, "model.estimator", "score function")]),
    "a baseline": ({"estimator": "none"}, [(4, "model.estimator", "score function, baseline")]),
    "a baseline and one datum": ({"estimator": "score function, baseline"}, [(4, "batch", 1)]),
    "none": ({}, [(4, "model.estimator", "none")]),
    "all": (
        {"likelihood": "gaussian, learned σ"},
        [
            (2, "model.sigma", 3.0),
            (2, "model.schedule", "cyclical"),
            (3, "model.warmup", 5),
            (4, "model.averaged", True),
            (5, "model.estimator", "score function"),
            (6, "model.free_bits", 0.5),
            (7, "batch", 20),
        ],
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edits(name: str) -> None:
    fields, edits = EDITS[name]
    code = assert_same(runs.spec(runs.vae(**fields)), 11, edits)
    assert ("def at(" in code) == (name != "warm-up that nobody hears of")


def test_a_schedule_that_is_constant_says_nothing_of_its_warm_up() -> None:
    for fields in ({}, {"warmup": 77}):
        assert "WARMUP" not in script(runs.spec(runs.vae(**fields)))
    code = script(runs.spec(runs.vae(schedule="linear", warmup=77)))
    assert "WARMUP = 77  # steps over which β rises\n" in code
    assert "    beta = BETA * min(1.0, step / WARMUP)\n" in code


def test_the_averaging_bug_is_called_one() -> None:
    code = script(runs.spec(runs.vae(averaged=True)))
    assert "# A bug: the reconstruction averaged over the pixels" in code
    told = execute(script(runs.spec(runs.vae(averaged=True, beta=2.0)), steps=2))
    assert told["beta"].tolist() == [128.0, 128.0]


def test_what_cannot_train_is_refused_as_by_the_trainer() -> None:
    for fields in ({"estimator": "none"}, {"free_bits": 0.1}):
        with pytest.raises(SpecError, match="importance-weighted") as refusal:
            script(runs.spec(runs.vae(**IWAE | fields)))
        with pytest.raises(SpecError) as trainers:
            runs.trainer(runs.vae(**IWAE | fields))
        assert str(refusal.value) == str(trainers.value)
        path, new = next(iter(fields.items()))
        with pytest.raises(SpecError, match="importance-weighted"):
            script(runs.spec(runs.vae(**IWAE)), edits=[(3, f"model.{path}", new)])


def convolutions(hidden: tuple[int, ...] = (6, 4), **fields: Any) -> Network:
    return Network(layers="convolutional", hidden=hidden, **fields)


@pytest.mark.parametrize("norm", get_args(Normalisation))
@pytest.mark.parametrize("init", get_args(Initialisation))
def test_convolutions(init: str, norm: str) -> None:
    network = convolutions(init=init, norm=norm)
    for model in (runs.vae(network, latent=3), runs.gan(network, noise=3)):
        code = assert_same(runs.spec(model, "digits"), 6)
        assert "nn.ConvTranspose2d(4, 1, 4, 2, 1),  # (B, 1, 8, 8)" in code


@pytest.mark.parametrize("activation", get_args(Activation))
def test_convolutions_of_every_activation(activation: str) -> None:
    network = convolutions((8, 4, 3), activation=activation, norm="layer", init="orthogonal")
    for model in (runs.vae(network, **IWAE), runs.gan(network)):
        assert_same(runs.spec(model, "digits", seed=2), 5)


MIXED: dict[str, Vae | Gan] = {
    "encoder": Vae(encoder=convolutions(), decoder=runs.NETWORK),
    "decoder": Vae(encoder=runs.NETWORK, decoder=convolutions()),
    "of two schemes": Vae(encoder=convolutions(init="glorot"), decoder=convolutions(init="pytorch")),
    "of two other schemes": Vae(encoder=convolutions(init="orthogonal"), decoder=convolutions(init="he")),
    "linear": Vae(encoder=convolutions(()), decoder=convolutions(())),
    "one layer": Vae(encoder=convolutions((5,)), decoder=convolutions((5,)), **IWAE),
    "draws": Vae(encoder=convolutions(), decoder=convolutions(norm="batch"), draws=3, estimator="score function"),
    "σ": Vae(encoder=convolutions(), decoder=convolutions(), likelihood="gaussian, optimal σ", free_bits=0.1),
    "generator": Gan(generator=convolutions(), discriminator=runs.NETWORK),
    "discriminator": Gan(generator=runs.NETWORK, discriminator=convolutions(norm="batch")),
    "residual": Gan(generator=convolutions((16, 4), skip=True), discriminator=convolutions(skip=True), noise=64),
}


@pytest.mark.parametrize("name", MIXED)
def test_convolutions_on_one_side(name: str) -> None:
    code = assert_same(runs.spec(MIXED[name], "digits"), 6)
    assert ("Residual" in code) == (name == "residual")


@pytest.mark.parametrize("shape", [(7, 9), (9, 7, 3), (12, 8, 1)])
def test_images_of_any_size_and_colours(tmp_path: Any, shape: tuple[int, ...]) -> None:
    """Odd sides, and colours, whose order of rows and channels matters."""
    np.save(tmp_path / "data.npy", np.random.default_rng(1).random((40, *shape), np.float32))
    data = msgspec.structs.replace(RunSpec().data, name="file", path=str(tmp_path / "data.npy"), scale="none")
    network = convolutions(norm="batch")
    for model in (runs.vae(network, **IWAE), runs.gan(network)):
        spec = msgspec.structs.replace(runs.spec(model), data=data)
        assert_same(spec, 5)


def test_convolutions_that_do_not_fit_are_refused_as_by_the_trainer() -> None:
    for model, data in ((runs.vae(convolutions((2,) * 5)), "digits"), (runs.gan(convolutions()), "ring")):
        with pytest.raises(SpecError, match="dense") as refusal:
            script(runs.spec(model, data))
        with pytest.raises(SpecError) as trainers:
            runs.trainer(model, data)
        assert str(refusal.value) == str(trainers.value)


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_every_pair_of_options(likelihood: str) -> None:
    """No difference appears in forty steps."""
    groups: tuple[tuple[dict[str, Any], ...], ...] = (
        ({"likelihood": likelihood},),
        tuple({"estimator": estimator} for estimator in ESTIMATORS),
        ({"schedule": "linear", "warmup": 20}, {"schedule": "cyclical", "warmup": 15}, {"free_bits": 0.2}, {}),
        ({"averaged": True}, {"draws": 3}, {"beta": 2.0}),
    )
    for parts in product(*groups):
        fields = {key: new for part in parts for key, new in part.items()}
        spec = runs.spec(runs.vae(**fields), seed=6)
        told = execute(script(spec, steps=40).replace("EVERY = 40, 4", "EVERY = 40, 1"))
        expected = trained(spec, 40)
        for name in set(told) - {"step"}:
            assert np.array_equal(told[name], expected[name]), (name, fields)
