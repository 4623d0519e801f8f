"""The options of the GAN game: their scripts, too, say what the trainer says, bit for bit."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
import torch

from guiapp.data.loading import open_data
from guiapp.export.code import script
from guiapp.spec import Data, Gan, Network, RunSpec, SpecError
from guiapp.theory.game import Objective
from tests.engine import runs
from tests.everyday import everyday
from tests.export.scripts import (
    Edits,
    assert_clean,
    assert_same,
    assert_sound,
    execute,
    execute_in,
    one_thread,
    trained,
)

OBJECTIVES = get_args(Objective)
GP: dict[str, Any] = {"slope": "gradient penalty"}
CLIPPED: dict[str, Any] = {"slope": "clipping", "clip": 0.05}
BOTH: dict[str, Any] = {"updates": "simultaneous"}
OPTIONS: dict[str, dict[str, Any]] = {
    **{objective: {"objective": objective} for objective in OBJECTIVES},
    "one-sided": {"real_target": 0.9},
    "two-sided": {"real_target": 0.8, "fake_target": 0.1},
    "targets of squares": {"objective": "least squares", "real_target": 0.9, "fake_target": 0.2},
    "targets without use": {"objective": "hinge", "real_target": 0.9},
    "instance noise": {"instance_noise": 0.3},
    "gradient penalty": {"slope": "gradient penalty", "penalty": 3.0},
    "clipping": CLIPPED,
    "R1": {"r1": 2.0},
    "simultaneous": BOTH,
    "spectral": {"spectral": True},
    "packing": {"packing": 3},
    "averaging": {"averaging": 0.9},
    "steps": {"d_steps": 2, "g_steps": 3},
}
NETWORKS = {
    "dense": Network(hidden=(12, 12)),
    "batch": Network(hidden=(12, 12), norm="batch", skip=True),
    "maxout": Network(hidden=(12, 12), activation="maxout", init="normal, 0.02", norm="layer"),
    "convolutional": Network(layers="convolutional", hidden=(4, 3), activation="maxout", norm="batch"),
}
PAIRS = tuple(
    (one, other, tuple(NETWORKS)[i % 4]) for i, (one, other) in enumerate(combinations(OPTIONS, 2)) if i % 4 == i % 3
)


def same(fields: dict[str, Any], network: str = "dense", steps: int = 6, edits: Edits = (), data: str = "") -> str:
    data = data or ("digits" if network == "convolutional" else "ring")
    return assert_same(runs.spec(runs.gan(NETWORKS[network], **fields), data, 6, seed=3), steps, edits)


FIRST, OTHERS = (("dense", "digits"), ("batch", "ring")), (("maxout", "ring"), ("convolutional", "digits"))


@pytest.mark.parametrize("networks", everyday([FIRST, OTHERS], [FIRST]), ids=["first", "others"])
@pytest.mark.parametrize("name", OPTIONS)
def test_options(name: str, networks: tuple[tuple[str, str], ...]) -> None:
    for network, data in networks:
        code = same(OPTIONS[name], network, 8, data=data)
        assert ("d_penalty" in code) == (name in ("gradient penalty", "R1"))
        assert ("def discriminator_loss" in code) == (name == "simultaneous")
        assert ("cross_entropy" in code) == (name in ("one-sided", "two-sided"))
        assert ("TARGET" in code) == (name in ("one-sided", "two-sided", "targets of squares"))
        assert ("def logit(" in code) == (OPTIONS[name].get("objective", "minimax") in OBJECTIVES[:2])
        for word, option in (("pack(", "packing"), ("average = ", "averaging"), ("spectral_norm", "spectral")):
            assert (word in code) == (name == option)


@pytest.mark.parametrize(("one", "other", "network"), PAIRS, ids=lambda value: value)
def test_pairs_of_options(one: str, other: str, network: str) -> None:
    same(OPTIONS[one] | OPTIONS[other], network, 4)


@pytest.mark.parametrize("d_steps", [1, 2])
@pytest.mark.parametrize("g_steps", [1, 3])
@pytest.mark.parametrize("norm", ["none", "batch"])
def test_simultaneous_steps(d_steps: int, g_steps: int, norm: str) -> None:
    network = Network(hidden=(8,), norm=norm)  # type: ignore[arg-type]
    fields = BOTH | GP | {"d_steps": d_steps, "g_steps": g_steps, "instance_noise": 0.1, "spectral": True}
    assert_same(runs.spec(runs.gan(network, **fields), "ring", 5), 6)


@pytest.mark.parametrize("fields", [GP, {"r1": 1.0}], ids=["gradient penalty", "R1"])
def test_a_discriminator_that_is_flat_somewhere(fields: dict[str, Any]) -> None:
    """Where its one unit is off, its slope is 0, of which a root has no derivative."""
    spec = runs.spec(runs.gan(Network(hidden=(1,)), **fields), "ring")
    code = assert_same(spec, 6)
    assert np.isnan(execute(code.replace("+ 1e-12", ""))["d_loss"]).any()


def test_a_hinge_that_is_met() -> None:
    spec = runs.spec(runs.gan(objective="hinge", d_optimiser=runs.sgd(0.3), d_steps=9), "ring")
    code = assert_same(spec, 9)
    unmet = execute(code.replace(".clamp(min=0)", ""))
    assert not np.array_equal(execute(code)["d_loss"], unmet["d_loss"])


EVERYTHING: dict[str, Any] = {
    "objective": "Wasserstein",
    "instance_noise": 0.2,
    "penalty": 4.0,
    "r1": 0.5,
    "spectral": True,
    "packing": 2,
    "averaging": 0.95,
    **BOTH,
    **GP,
}
EDITS: dict[str, tuple[dict[str, Any], Edits]] = {
    "to hinge": ({}, [(3, "model.objective", "hinge")]),
    "to a critic": (GP, [(3, "model.objective", "Wasserstein")]),
    "between critics": ({"objective": "hinge"}, [(3, "model.objective", "Wasserstein")]),
    "through all objectives": (
        {},
        [(1 + 2 * i, "model.objective", name) for i, name in enumerate(("minimax", *OBJECTIVES[2:], OBJECTIVES[1]))],
    ),
    "target": ({}, [(2, "model.real_target", 0.9), (5, "model.real_target", 1.0)]),
    "targets": (
        {"objective": "least squares"},
        [(2, "model.real_target", 0.9), (4, "model.fake_target", 0.1), (6, "model.objective", "minimax")],
    ),
    "targets that come too early": ({"objective": "hinge"}, [(2, "model.real_target", 0.9)]),
    "targets that come to something": (
        {"objective": "hinge"},
        [(2, "model.real_target", 0.9), (4, "model.objective", "minimax")],
    ),
    "instance noise that fades": (
        {"instance_noise": 0.5},
        [(2, "model.instance_noise", 0.2), (4, "model.instance_noise", 0)],
    ),
    "instance noise": ({"packing": 2}, [(3, "model.instance_noise", 0.2)]),
    "slope": (
        {},
        [
            (2, "model.slope", "gradient penalty"),
            (4, "model.penalty", 2.0),
            (6, "model.slope", "clipping"),
            (7, "model.clip", 0.02),
            (8, "model.slope", "free"),
        ],
    ),
    "clipping": (CLIPPED, [(2, "model.clip", 0.02), (5, "model.slope", "free")]),
    "penalty": (GP, [(3, "model.penalty", 1.0), (5, "model.penalty", 0.0)]),
    "penalty of another slope": ({}, [(3, "model.penalty", 1.0), (4, "model.clip", 1.0)]),
    "R1": ({}, [(3, "model.r1", 1.0), (5, "model.r1", 3.0), (7, "model.r1", 0.0)]),
    "R1 beside": (GP, [(3, "model.r1", 1.0), (5, "model.slope", "free")]),
    "R1 all along": ({"r1": 1.0}, [(3, "model.r1", 2.0), (5, "model.slope", "gradient penalty")]),
    "updates": ({}, [(3, "model.updates", "simultaneous"), (6, "model.updates", "alternating")]),
    "updates of many steps": (
        {"d_steps": 3, "g_steps": 2},
        [(3, "model.updates", "simultaneous"), (5, "model.d_steps", 1), (6, "model.g_steps", 0)],
    ),
    "steps at once": (
        BOTH,
        [(2, "model.d_steps", 3), (3, "model.g_steps", 0), (5, "model.g_steps", 2), (6, "model.d_steps", 0)],
    ),
    "frozen discriminator": (
        {"d_steps": 0},
        [(2, "model.updates", "simultaneous"), (3, "model.r1", 1.0), (4, "model.objective", "hinge")],
    ),
    "frozen discriminator of critics": (
        {"d_steps": 0, "objective": "hinge"},
        [(2, "model.objective", "Wasserstein"), (3, "model.slope", "clipping")],
    ),
    "frozen generator": ({"g_steps": 0, "averaging": 0.9}, [(2, "model.objective", "minimax")]),
    "frozen generator of critics": ({"g_steps": 0}, [(2, "model.objective", "hinge")]),
    "thawed": ({"d_steps": 0} | BOTH, [(2, "model.d_steps", 1), (4, "model.d_steps", 2)]),
    "batch": ({"packing": 3} | BOTH, [(2, "batch", 9), (5, "batch", 2)]),
    "rates": (BOTH, [(2, "model.d_optimiser.lr", 0.01), (5, "model.g_optimiser.lr", 0.03)]),
    "everything": (
        EVERYTHING,
        [
            (1, "model.objective", "least squares"),
            (2, "model.slope", "clipping"),
            (3, "model.r1", 0.0),
            (4, "model.fake_target", 0.1),
            (5, "model.updates", "alternating"),
            (6, "model.instance_noise", 0.0),
            (7, "batch", 5),
        ],
    ),
}
UNHEARD = ("targets that come too early", "penalty of another slope", "frozen discriminator of critics")
UNHEARD += ("frozen generator",)


@pytest.mark.parametrize("name", EDITS)
def test_edits(name: str) -> None:
    fields, edits = EDITS[name]
    for network in ("dense", "batch"):
        code = same(fields, network, 10, edits)
        assert ("def at(" in code) == (name not in UNHEARD)


def test_a_run_that_anneals_its_noise_says_so_at_the_top() -> None:
    edits = [(300, "model.instance_noise", 0.1), (600, "model.instance_noise", 0.0)]
    code = script(runs.spec(runs.gan(instance_noise=0.5), "ring"), steps=900, edits=edits)
    assert "INSTANCE_NOISE = {1: 0.5, 301: 0.1, 601: 0.0}" in code
    assert "    instance_noise = at(INSTANCE_NOISE, step)\n" in code


def test_steps_are_judged_together_as_they_were_made() -> None:
    """D thaws, then G freezes: at no time do both stand still, though the first spec with G frozen would."""
    edits = [(2, "model.d_steps", 1), (4, "model.g_steps", 0)]
    same({"d_steps": 0}, edits=edits, steps=8)
    with pytest.raises(SpecError, match="nothing is trained"):
        script(runs.spec(runs.gan(d_steps=0), "ring"), edits=edits[1:])
    with pytest.raises(SpecError, match="nothing is trained"):
        script(runs.spec(runs.gan(), "ring"), edits=[(2, "model.d_steps", 0), *edits[1:]])


def of_rows(tmp_path: Any, rows: int, shape: tuple[int, ...] = (5,)) -> Data:
    np.save(tmp_path / "data.npy", np.random.default_rng(1).random((rows, *shape), np.float32))
    return Data(name="file", path=str(tmp_path / "data.npy"), scale="none")


@pytest.mark.parametrize(("packing", "rows"), [(3, 20), (2, 20), (8, 9), (4, 500)])
def test_packs_of_small_tables(tmp_path: Any, packing: int, rows: int) -> None:
    """A table that ends within a step: the data that fill no pack are left out."""
    model = runs.gan(packing=packing, instance_noise=0.1, **GP)
    spec = RunSpec(data=of_rows(tmp_path, rows), model=model, batch=12, device="cpu")
    code = assert_same(spec, 7)
    taken = open_data(spec.data).train.shape[0]  # type: ignore[union-attr]
    assert ("# whole packs" in code) == (taken < 12 * packing and taken % packing > 0)
    assert_same(spec, 7, [(3, "batch", 2), (5, "batch", 30)])


def test_packs_that_want_more_data_than_there_are_are_refused_as_by_the_trainer(tmp_path: Any) -> None:
    spec = RunSpec(data=of_rows(tmp_path, 6), model=runs.gan(packing=8), device="cpu")
    with pytest.raises(SpecError, match="judge 8 data") as refusal:
        script(spec)
    with pytest.raises(SpecError) as trainers:
        trained(spec, 1)
    assert str(refusal.value) == str(trainers.value)


@pytest.mark.parametrize("shape", [(7, 9), (9, 7, 3)])
def test_packs_of_images_of_any_colours(tmp_path: Any, shape: tuple[int, ...]) -> None:
    for network in (NETWORKS["convolutional"], NETWORKS["batch"]):
        model = runs.gan(network, packing=3, spectral=True, r1=1.0)
        assert_same(RunSpec(data=of_rows(tmp_path, 60, shape), model=model, batch=4, device="cpu"), 4)


@pytest.mark.parametrize("network", ["dense", "batch", "convolutional"])
@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
def test_the_average_is_that_of_the_trainer(network: str, updates: str) -> None:
    spec = runs.spec(runs.gan(NETWORKS[network], averaging=0.8, updates=updates, g_steps=2), "digits", 5)
    with one_thread():
        run = runs.trainer(spec.model, "digits", 5)
        runs.train(run, 7)
    names = execute_in(script(spec, steps=7))
    z = torch.randn(4, 2, generator=torch.Generator().manual_seed(9))
    for part in (run.model, names["average"]):
        part.eval()
    with torch.no_grad():
        assert torch.equal(names["average"](z), run.model.decode(z))
        assert not torch.equal(names["generator"].eval()(z), run.model.decode(z))


DRAWINGS = {
    "heart": Data(name="drawn"),
    "blurred heart": Data(name="drawn", blur=0.2),
    "one point": Data(name="drawn", drawing="0.25 -1", blur=0.001),
    "triangle": Data(name="drawn", drawing="0 0, .5 .123456789012345678, -1e-3 1", blur=0.1),
    "many": Data(name="drawn", drawing=", ".join(f"{np.cos(i):.3f} {np.sin(3 * i):.3f}" for i in range(700))),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings(name: str) -> None:
    for model in (runs.gan(packing=2), runs.vae(likelihood="gaussian")):
        spec = RunSpec(data=DRAWINGS[name], model=model, batch=16, device="cpu")
        code = assert_same(spec, 6)
        law = open_data(spec.data)
        assert np.array_equal(execute_in(code)["means"].astype(np.float32), law.means)  # type: ignore[union-attr]
    assert ("# A heart" in code) == ("heart" in name)
    assert len(code.splitlines()) < 240


@pytest.mark.parametrize("limit", [5, 64, 1500, 9000])
def test_the_first_data_alone(limit: int) -> None:
    for batch in (6, 40):
        spec = runs.spec(runs.gan(packing=2), "digits", batch)
        code = assert_same(msgspec.structs.replace(spec, data=Data(name="digits", limit=limit)), 5)
        assert (f"train[:{limit}]" in code) == (limit < 1500)


def test_a_limit_of_a_file(tmp_path: Any) -> None:
    data = msgspec.structs.replace(of_rows(tmp_path, 50), limit=9)
    assert_same(RunSpec(data=data, model=runs.vae(likelihood="gaussian"), batch=4, device="cpu"), 6)


@pytest.mark.parametrize("kind", ["cuda", "mps", "auto"])
def test_everything_on_a_device(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    spec = msgspec.structs.replace(runs.spec(runs.gan(**EVERYTHING)), device=kind)
    code = script(spec, steps=5, edits=[(2, "model.r1", 0.0), (3, "model.slope", "free")])
    assert_sound(code)
    draws = [line for line in code.splitlines() if "generator=noise_rng" in line or "torch.zeros(" in line]
    assert len(draws) == 4
    assert all("device=DEVICE" in line for line in draws)
    if kind == "auto":
        assert_same(spec, 5)


def test_ruff_finds_nothing(tmp_path: Any) -> None:
    digits = [
        (runs.spec(runs.gan(network, **fields), "digits"), ())
        for network in NETWORKS.values()
        for fields in (*OPTIONS.values(), EVERYTHING)
    ]
    laws = [(runs.spec(runs.gan(**fields), "ring"), edits) for fields, edits in EDITS.values()]
    drawings = [(RunSpec(data=data, model=runs.gan(), device="cpu"), ()) for data in DRAWINGS.values()]
    assert_clean((script(spec, steps=9, edits=edits) for spec, edits in (*digits, *laws, *drawings)), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_combination(objective: str, network: str) -> None:
    groups: tuple[tuple[dict[str, Any], ...], ...] = (
        ({}, {"real_target": 0.9, "fake_target": 0.1}),
        ({}, {"instance_noise": 0.2}),
        ({}, GP, CLIPPED),
        ({}, {"r1": 1.0}),
        ({}, BOTH, BOTH | {"d_steps": 2, "g_steps": 3}),
        ({}, {"spectral": True, "packing": 2, "averaging": 0.9}),
    )
    for parts in product(*groups):
        same({"objective": objective} | {key: new for part in parts for key, new in part.items()}, network, 4)


@pytest.mark.slow
@pytest.mark.parametrize("name", OPTIONS)
def test_two_hundred_steps(name: str) -> None:
    """The chaos of training would blow up the smallest difference."""
    for model in (runs.gan(NETWORKS["maxout"], **OPTIONS[name]), Gan(**OPTIONS[name])):
        spec = runs.spec(model, "grid", 16, seed=1)
        told, expected = execute(script(spec, steps=200)), trained(spec, 200)
        for term in set(told) - {"step"}:
            assert np.array_equal(told[term], expected[term][told["step"].astype(int) - 1]), term
