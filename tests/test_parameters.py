"""The fields of `RunSpec`: each is explained and bounded, what is not allowed is refused, files hold every value."""

from __future__ import annotations

import json
import math
import typing
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.parameters import MODELS, Group, Parameter, as_text, differences, edited, flat, parameters, parsed, value
from guiapp.spec import Gan, Network, Optimiser, RunSpec, SpecError, Vae, from_json, to_builtins, to_json

SPECS = {kind: RunSpec(model=model()) for kind, model in MODELS.items()}
EVERY = {f"{kind}:{path}": (spec, p) for kind, spec in SPECS.items() for path, p in flat(spec).items()}


def every(*kinds: str) -> Any:
    chosen = [pytest.param(*pair, id=name) for name, pair in EVERY.items() if not kinds or pair[1].kind in kinds]
    return pytest.mark.parametrize(("spec", "parameter"), chosen)


def allowed(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values that `parameter` takes, drawn from its bounds and not from its parser."""
    low, high = parameter.low, parameter.high
    return {
        "integer": lambda: st.integers(int(low or 0), int(high or 0)),
        "number": lambda: st.floats(
            low, high, exclude_min=parameter.low_open, exclude_max=parameter.high_open, allow_subnormal=False
        ),
        "choice": lambda: st.sampled_from(parameter.choices),
        "switch": st.booleans,
        "text": lambda: st.text(st.characters(exclude_categories=("Cs",))),
        "widths": lambda: st.lists(st.integers(1, 4096), max_size=100).map(tuple),
    }[parameter.kind]()


ANY_EDIT = st.sampled_from(list(EVERY.values())).flatmap(
    lambda pair: st.tuples(st.just(pair[0]), st.just(pair[1]), allowed(pair[1]))
)


# ---------------------------------------------------------------------------------------------- what is declared


@every()
def test_every_parameter_is_explained_and_bounded(spec: RunSpec, parameter: Parameter) -> None:
    assert parameter.title
    assert "." not in parameter.title
    assert parameter.help.endswith(".")
    assert parameter.range_text
    if parameter.kind in ("integer", "number"):
        assert parameter.low is not None
        assert parameter.high is not None
        assert parameter.low < parameter.high
    if parameter.kind == "choice":
        assert len(parameter.choices) > 1
        assert len(set(parameter.choices)) == len(parameter.choices)


@every("integer", "number")
def test_a_slider_stays_inside_the_range(spec: RunSpec, parameter: Parameter) -> None:
    if parameter.log:
        assert parameter.slide, "a logarithmic slider needs its ends"
        assert parameter.slide[0] > 0
    for end in parameter.slide or ():
        assert parsed(parameter, end) == end


@every()
def test_the_default_is_allowed_and_is_the_declared_one(spec: RunSpec, parameter: Parameter) -> None:
    assert parsed(parameter, parameter.default) == parameter.default == value(spec, parameter.path)


def test_the_tree_holds_every_field_of_every_struct() -> None:
    def leaves(kind: type[msgspec.Struct]) -> int:
        hints = typing.get_type_hints(kind).values()
        return sum(leaves(h) if isinstance(h, type) and issubclass(h, msgspec.Struct) else 1 for h in hints)

    for kind, spec in SPECS.items():
        assert len(flat(spec)) == leaves(RunSpec) - 1 + leaves(MODELS[kind])  # the union counts as one


def test_groups_follow_the_spec() -> None:
    titles = [item.title for item in parameters(RunSpec()) if isinstance(item, Group)]
    assert titles == ["Data", "Model: VAE"]
    model = parameters(SPECS["gan"])[1]
    assert isinstance(model, Group)
    assert [g.title for g in model.items if isinstance(g, Group)] == [
        "Generator",
        "Discriminator",
        "Discriminator optimiser",
        "Generator optimiser",
    ]


def test_live_parameters_are_these() -> None:
    live = {kind: {path for path, p in flat(spec).items() if p.live} for kind, spec in SPECS.items()}
    assert live["vae"] == {
        *("batch", "model.beta", "model.sigma", "model.optimiser.lr", "model.schedule", "model.warmup"),
        *("model.free_bits", "model.averaged", "model.estimator"),
    }
    assert live["gan"] == {
        "batch",
        *("model.objective", "model.d_steps", "model.g_steps", "model.updates"),
        *("model.real_target", "model.fake_target", "model.instance_noise"),
        *("model.slope", "model.penalty", "model.clip", "model.r1"),
        *("model.d_optimiser.lr", "model.g_optimiser.lr"),
    }


def test_defaults_come_from_the_baseline() -> None:
    preset = RunSpec(model=Vae(beta=4.0, encoder=Network(hidden=(8,))), batch=32)
    found = flat(RunSpec(), preset)
    assert (found["model.beta"].default, found["batch"].default) == (4.0, 32)
    assert found["model.encoder.hidden"].default == (8,)


def test_defaults_are_the_declared_ones_where_the_baseline_has_another_model() -> None:
    found = flat(RunSpec(model=Gan(noise=7), batch=64), RunSpec(batch=32))
    assert found["model.noise"].default == 2
    assert found["model.d_optimiser.beta1"].default == 0.5
    assert found["batch"].default == 32


# --------------------------------------------------------------------------------------------- values and edits


@given(ANY_EDIT)
def test_an_allowed_value_is_taken_and_nothing_else_changes(edit: tuple[RunSpec, Parameter, Any]) -> None:
    spec, parameter, new = edit
    after = edited(spec, parameter.path, new)
    assert value(after, parameter.path) == new
    assert set(differences(spec, after)) <= {parameter.path}
    assert edited(after, parameter.path, parameter.default) == spec


@given(ANY_EDIT)
def test_an_allowed_value_typed_as_text_is_the_same_value(edit: tuple[RunSpec, Parameter, Any]) -> None:
    _, parameter, new = edit
    assert parsed(parameter, as_text(new)) == new


@pytest.mark.parametrize(
    ("new", "text"),
    [
        (1e-3, "0.001"),
        (1e-5, "1e-05"),
        (0.1 + 0.2, "0.30000000000000004"),
        (4.0, "4"),
        ((256, 64), "256, 64"),
        ((), ""),
    ],
)
def test_numbers_are_written_short(new: Any, text: str) -> None:
    assert as_text(new) == text


@given(ANY_EDIT)
def test_a_file_holds_every_allowed_value(edit: tuple[RunSpec, Parameter, Any]) -> None:
    spec, parameter, new = edit
    after = edited(spec, parameter.path, new)
    text = to_json(after)
    assert from_json(text) == from_json(text.decode()) == after
    assert msgspec.convert(to_builtins(after), RunSpec) == after


@given(st.sampled_from(list(EVERY.values())), st.one_of(st.floats(), st.integers(), st.text(), st.binary(), st.none()))
def test_whatever_is_given_is_taken_or_refused_in_one_sentence(pair: tuple[RunSpec, Parameter], new: Any) -> None:
    spec, parameter = pair
    try:
        after = edited(spec, parameter.path, new)
    except SpecError as refusal:
        sentence = str(refusal)
    else:
        assert from_json(to_json(after)) == after
        return
    assert sentence.startswith(f"{parameter.title}: ")
    assert parameter.range_text in sentence
    assert len(sentence) < 300
    assert "\n" not in sentence


@every("number")
@pytest.mark.parametrize(
    "wrong", [math.nan, math.inf, -math.inf, "nan", "inf", "", "ten", "1,5", True, None, b"1", [1]]
)
def test_what_is_no_finite_number_is_refused(spec: RunSpec, parameter: Parameter, wrong: Any) -> None:
    with pytest.raises(SpecError, match="is not allowed; it takes a number"):
        edited(spec, parameter.path, wrong)


@every("integer")
@pytest.mark.parametrize("wrong", [1.5, "1.5", "", "ten", math.nan, math.inf, True, None, b"1", 10**400, "9" * 400])
def test_what_is_no_whole_number_in_range_is_refused(spec: RunSpec, parameter: Parameter, wrong: Any) -> None:
    with pytest.raises(SpecError, match="is not allowed; it takes a whole number"):
        edited(spec, parameter.path, wrong)


@every("integer", "number")
def test_the_bounds_hold_to_the_last_bit(spec: RunSpec, parameter: Parameter) -> None:
    assert parameter.low is not None
    assert parameter.high is not None
    whole = parameter.kind == "integer"
    below = int(parameter.low) - 1 if whole else math.nextafter(parameter.low, -math.inf)
    above = int(parameter.high) + 1 if whole else math.nextafter(parameter.high, math.inf)
    for bound, is_open, beyond in (
        (parameter.low, parameter.low_open, below),
        (parameter.high, parameter.high_open, above),
    ):
        if not is_open:
            assert value(edited(spec, parameter.path, bound), parameter.path) == bound
        for wrong in (beyond, bound) if is_open else (beyond,):
            with pytest.raises(SpecError):
                edited(spec, parameter.path, wrong)


def test_more_digits_than_python_prints_are_refused() -> None:
    with pytest.raises(SpecError, match="thousands of digits"):
        edited(RunSpec(), "seed", 10**5000)
    with pytest.raises(SpecError, match="hidden layers"):
        edited(RunSpec(), "model.encoder.hidden", [10**5000])
    with pytest.raises(SpecError, match="model"):
        edited(RunSpec(), "model.kind", 10**5000)


def test_the_largest_seed_is_kept_exactly() -> None:
    for new in (2**63 - 1, str(2**63 - 1), np.int64(2**63 - 1)):
        assert edited(RunSpec(), "seed", new).seed == 2**63 - 1


def test_a_text_that_no_file_can_hold_is_refused() -> None:
    with pytest.raises(SpecError, match="file"):
        edited(RunSpec(), "data.path", "/home/\udcff.csv")


@pytest.mark.parametrize("typed", ["256, 64", "256 64", "256,64", "(256, 64)", "[256, 64]", [256, 64], (256.0, "64")])
def test_widths_as_people_type_them(typed: Any) -> None:
    assert edited(RunSpec(), "model.encoder.hidden", typed) == edited(RunSpec(), "model.encoder.hidden", (256, 64))


def test_no_hidden_layer_is_a_linear_map() -> None:
    assert value(edited(RunSpec(), "model.encoder.hidden", "  "), "model.encoder.hidden") == ()


@pytest.mark.parametrize("wrong", ["0", "4097", "64, x", "64; 32", [1] * 101, 64, None, b"@@", {64: 1}, [True]])
def test_wrong_widths_are_refused(wrong: Any) -> None:
    with pytest.raises(SpecError, match="whole numbers from 1 to 4096"):
        edited(RunSpec(), "model.encoder.hidden", wrong)


@pytest.mark.parametrize(("typed", "meant"), [("on", True), ("Yes", True), (1, True), ("no", False), (" 0 ", False)])
def test_switches_as_people_type_them(typed: Any, meant: bool) -> None:
    assert value(edited(RunSpec(), "model.encoder.skip", typed), "model.encoder.skip") is meant


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("model.gamma", "no parameter 'model.gamma'"),
        ("", "no parameter ''"),
        ("model.beta.x", "no parameter 'model.beta.x'"),
        ("model.__class__", "no parameter"),
        ("model.optimiser", "is a group of parameters"),
        ("data", "is a group of parameters"),
    ],
)
def test_paths_that_name_no_parameter_are_refused(path: str, sentence: str) -> None:
    with pytest.raises(SpecError, match=sentence):
        edited(RunSpec(), path, 1)


def test_a_choice_with_a_comma_can_be_told_apart_in_the_refusal() -> None:
    with pytest.raises(SpecError, match="bernoulli, gaussian, 'gaussian, learned σ'"):
        edited(RunSpec(), "model.likelihood", "poisson")


# --------------------------------------------------------------------------------------------------------- model


def test_the_kind_of_model_is_switched_and_read() -> None:
    spec = RunSpec(model=Vae(beta=4.0), batch=32)
    gan = edited(spec, "model.kind", "gan")
    assert gan == RunSpec(model=Gan(), batch=32)
    assert (value(spec, "model.kind"), value(gan, "model.kind")) == ("vae", "gan")
    assert edited(spec, "model.kind", "vae") is spec
    with pytest.raises(SpecError, match="one of vae, gan"):
        edited(spec, "model.kind", "flow")


def test_the_catalogue_of_models_is_that_of_the_spec() -> None:
    union = typing.get_args(typing.get_type_hints(RunSpec)["model"])
    assert {model.__struct_config__.tag: model for model in union} == MODELS


def test_differences_name_what_one_side_lacks() -> None:
    found = differences(RunSpec(), RunSpec(model=Gan(), batch=32))
    assert found["batch"] == (128, 32)
    assert found["model.beta"] == (1.0, None)
    assert found["model.noise"] == (None, 2)
    assert differences(RunSpec(), RunSpec()) == {}


# --------------------------------------------------------------------------------------------------------- files


def test_a_file_writes_every_field_out() -> None:
    assert set(json.loads(to_json(RunSpec()))["model"]["optimiser"]) == set(Optimiser.__struct_fields__)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        "\udc80",
        "[" * 100_000,
        '{"batch": 0}',
        '{"batch": 1.5}',
        '{"batch": true}',
        '{"seed": 9223372036854775808}',
        '{"model": {"kind": "flow"}}',
        '{"model": {"beta": 1}}',
        '{"model": {"kind": "vae", "optimiser": {"lr": 1e-400}}}',
        '{"model": {"kind": "vae", "encoder": {"hidden": [0]}}}',
        '{"model": {"kind": "vae", "gamma": 1}}',
        '{"speed": 1}',
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence(text: bytes | str) -> None:
    with pytest.raises(SpecError, match=r"^This is no run specification: .*\.$"):
        from_json(text)
