"""The order of tensors, and what is said of their gradients, against numpy on the values themselves."""

from __future__ import annotations

import numpy as np
import pytest

from guiapp.gui.widgets.layers import (
    FROZEN,
    NO_GRADIENT,
    UNUSED,
    hidden_layers,
    last_steps,
    last_values,
    means,
    placed,
    quartiles,
    states,
    verdict,
)
from tests.gui.frames import layers


def test_networks_stand_apart_and_biases_beside_their_weights() -> None:
    tensors = placed(layers("encoder", (9, 4, 2)) + layers("decoder", (1, 4, 9)))
    assert [t.network for t in tensors] == ["encoder"] * 4 + ["decoder"] * 4
    assert [t.layer for t in tensors] == ["0", "0", "1", "1"] * 2
    assert [t.place for t in tensors if t.main] == [0.0, 1.0, 3.0, 4.0]
    assert [t.main for t in tensors] == [True, False] * 4
    assert all(0 < bias.place - weight.place < 0.5 for weight, bias in zip(tensors[::2], tensors[1::2], strict=True))


def test_names_without_a_layer_or_a_kind_have_a_place() -> None:
    tensors = placed((("encoder.0.weight", (3, 4)), ("encoder.0.norm.weight", (3,)), ("log_sigma", ())))
    assert [t.place for t in tensors if t.main] == [0.0]
    assert tensors[2].network == "log_sigma"


def test_quartiles_are_those_of_the_values() -> None:
    rng = np.random.default_rng(0)
    values = [rng.normal(centre, 0.7, 20_000) for centre in (-6, -3, 0)]
    edges = np.linspace(-12, 4, 65)
    counts = np.array([np.histogram(v, edges)[0] for v in values])
    witness = np.array([np.quantile(v, (0.25, 0.5, 0.75)) for v in values])
    np.testing.assert_allclose(quartiles(edges, counts), witness, atol=0.03)


def test_quartiles_of_nothing_and_of_what_lies_beyond_are_unknown() -> None:
    edges = np.linspace(-12, 4, 65)
    counts = np.zeros((3, 64), int)
    counts[1, 0], counts[2, 63] = 100, 100
    assert np.isnan(quartiles(edges, counts)).all()


def test_last_values_and_means_skip_what_is_missing() -> None:
    rows = np.array([[1, np.nan, 5], [3, np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(last_values(rows), [3, np.nan, 5])
    np.testing.assert_array_equal(means(rows), [2, np.nan, 5])


def test_the_verdict_is_the_ratio_of_the_weights() -> None:
    tensors = placed(layers("encoder", (9, 4, 2)) + layers("decoder", (1, 4, 9)))
    values = np.array([1e-5, 1, 1e-2, 1, 2e-3, 1, 1e-3, 1])
    assert verdict(tensors, values, "RMS") == (
        "Smallest / largest layer: encoder 10^-3.0 (layer 0 / 1), decoder 10^-0.3 (layer 1 / 0) · RMS"
    )


@pytest.mark.parametrize(("first", "text"), [(0.0, "encoder exactly 0 in layer 0"), (np.nan, "")])
def test_the_verdict_on_zeros_and_on_nothing(first: float, text: str) -> None:
    tensors = placed(layers("encoder", (9, 4, 2)))
    assert text in verdict(tensors, np.array([first, 1, 1e-2, 1]), "RMS")
    if not text:
        assert verdict(tensors, np.array([first, 1, 1e-2, 1]), "RMS") == ""


def test_hidden_layers_stand_where_their_weights_do() -> None:
    tensors = placed(layers("encoder", (9, 4, 2)) + layers("decoder", (1, 4, 9)))
    found = hidden_layers(tensors, ("encoder.0", "decoder.0", "unknown.3"))
    assert [(t.name, t.shape, t.layer, t.place) for t in found] == [
        ("encoder.0", (4,), "0", 0.0),
        ("decoder.0", (4,), "0", 3.0),
    ]


def test_the_step_of_a_value_is_told() -> None:
    rows = np.array([[1, np.nan, 5], [3, np.nan, np.nan], [np.nan, np.nan, np.nan]], np.float32)
    np.testing.assert_array_equal(last_steps(rows, 40), [39, np.nan, 38])


def test_what_has_no_gradient_is_shown_as_what_it_is() -> None:
    nan = np.nan
    gradients = np.array([[1, nan, 0, 2, nan, nan, np.inf], [1, nan, 0, 2, 3, nan, np.inf]], np.float32)
    updates = np.array([[1, nan, 0, 0, nan, nan, 1], [1, nan, 0, 0, 1, nan, 1]], np.float32)
    assert states(gradients, updates) == ("", NO_GRADIENT, UNUSED, FROZEN, "", NO_GRADIENT, "")
    blank = np.full_like(updates, nan)
    assert states(gradients, blank) == ("", NO_GRADIENT, UNUSED, "", "", NO_GRADIENT, ""), "not measured is not frozen"
