"""Backpropagation by hand against torch's autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from guiapp.theory.activations import ACTIVATIONS
from guiapp.theory.backpropagation import LOSSES, Net, chain, differences, drawn, passed

FUNCTIONS: dict[str, Any] = {
    "relu": torch.relu,
    "leaky relu": torch.nn.functional.leaky_relu,
    "elu": torch.nn.functional.elu,
    "gelu": torch.nn.functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
}


def case(widths: list[int], activation: str, loss: Any, residual: bool, seed: int, n: int = 3) -> tuple[Net, Any, Any]:
    rng = np.random.default_rng(seed)
    weights = tuple(w + 0.3 * rng.normal(size=w.shape) for w in drawn(widths, seed))
    inputs, targets = rng.normal(size=(n, widths[0])), rng.uniform(size=(n, widths[-1]))
    return Net(weights, activation, loss, residual), inputs, targets


def by_autograd(net: Net, inputs: Any, targets: Any) -> tuple[float, list[Any]]:
    weights = [torch.tensor(w, requires_grad=True) for w in net.weights]
    x, t = torch.tensor(inputs), torch.tensor(targets)
    for layer, w in enumerate(weights, 1):
        a = torch.nn.functional.linear(x, w[:, :-1], w[:, -1])
        if layer == len(weights):
            break
        g = FUNCTIONS[net.activation](a)
        x = x + g if net.residual and g.shape == x.shape else g
    if net.loss == "squared error":
        losses = 0.5 * ((a - t) ** 2).sum(1)
    else:
        losses = torch.nn.functional.binary_cross_entropy_with_logits(a, t, reduction="none").sum(1)
    losses.mean().backward()  # type: ignore[no-untyped-call]
    return losses.mean().item(), [w.grad.numpy() for w in weights if w.grad is not None]


shapes = st.lists(st.integers(1, 6), min_size=2, max_size=5)
nets = {
    "widths": shapes,
    "activation": st.sampled_from(ACTIVATIONS),
    "loss": st.sampled_from(LOSSES),
    "residual": st.booleans(),
    "seed": st.integers(0, 10**6),
}


@settings(deadline=None)
@given(**nets)
def test_every_gradient_is_autograds(widths: list[int], activation: str, loss: Any, residual: bool, seed: int) -> None:
    net, inputs, targets = case(widths, activation, loss, residual, seed)
    done = passed(net, inputs, targets)
    loss_there, gradients = by_autograd(net, inputs, targets)
    assert done.losses.mean() == pytest.approx(loss_there, abs=1e-9)
    for ours, theirs in zip(done.mean(), gradients, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@settings(deadline=None, max_examples=40)
@given(**nets, where=st.randoms())
def test_the_chain_rule_gives_the_same_number_in_both_ways(
    widths: list[int], activation: str, loss: Any, residual: bool, seed: int, where: Any
) -> None:
    net, inputs, targets = case(widths, activation, loss, residual, seed)
    done = passed(net, inputs, targets)
    layer = where.randint(1, len(net.weights))
    to, source = (where.randrange(size) for size in net.weights[layer - 1].shape)
    sample = where.randrange(3)
    found = chain(net, done, sample, layer, to, source)
    _, alone = by_autograd(net, inputs[sample : sample + 1], targets[sample : sample + 1])
    expected = pytest.approx(alone[layer - 1][to, source], rel=1e-6, abs=1e-9)
    assert found.value == expected
    assert found.local.value == expected
    assert sum(path.value for path in found.paths) == expected


@pytest.mark.parametrize("loss", LOSSES)
def test_the_batch_is_the_mean_of_its_samples(loss: Any) -> None:
    net, inputs, targets = case([2, 3, 2], "tanh", loss, False, 0, n=5)
    done = passed(net, inputs, targets)
    alone = [by_autograd(net, inputs[i : i + 1], targets[i : i + 1])[1] for i in range(5)]
    for layer in range(2):
        np.testing.assert_allclose(done.gradients[layer], [each[layer] for each in alone], atol=1e-12)
        np.testing.assert_allclose(done.mean()[layer], np.mean([each[layer] for each in alone], 0), atol=1e-12)


def test_deltas_are_derivatives_by_the_outputs() -> None:
    net, inputs, targets = case([2, 3, 1], "sigmoid", "cross entropy", False, 1, n=1)
    done = passed(net, inputs, targets)
    x = torch.tensor(done.x[1], requires_grad=True)
    w = torch.tensor(net.weights[1])
    y = torch.sigmoid(torch.nn.functional.linear(x, w[:, :-1], w[:, -1]))
    y.retain_grad()
    torch.nn.functional.binary_cross_entropy(y, torch.tensor(targets)).backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert y.grad is not None
    np.testing.assert_allclose(done.delta[1], x.grad.numpy(), atol=1e-9)
    np.testing.assert_allclose(done.delta[2], y.grad.numpy(), atol=1e-9)


def test_central_differences_agree() -> None:
    net, inputs, targets = case([2, 3, 3, 1], "gelu", "squared error", True, 2)
    for ours, theirs in zip(passed(net, inputs, targets).mean(), differences(net, inputs, targets), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-8)


def test_the_number_of_paths_and_their_words() -> None:
    net, inputs, targets = case([6, 6, 6, 6, 6], "tanh", "squared error", False, 0)
    done = passed(net, inputs, targets)
    assert len(chain(net, done, 0, 1, 0, 0).paths) == 216
    assert len(chain(net, done, 0, 4, 0, 0).paths) == 1
    found = chain(net, done, 0, 3, 1, 6)
    assert (found.name.text, found.name.latex) == ("b³₂", "b^{3}_{2}")
    assert [f.text for f in found.paths[0].factors] == ["(y₁ − t₁)", "w⁴₁₂", "g′(a³₂)", "1"]


def test_a_saturated_output_keeps_its_digits() -> None:
    net = Net((np.array([[1.0, 0.0]]),), "relu", "cross entropy")
    done = passed(net, [[-300.0]], [[1.0]])
    assert done.losses[0] == pytest.approx(300)
    assert done.gradients[0][0, 0] == pytest.approx([300, -1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Net((), "relu", "squared error"),
        lambda: Net((np.ones((7, 2)),), "relu", "squared error"),
        lambda: Net((np.ones((2, 2)), np.ones((1, 2))), "relu", "squared error"),
        lambda: Net((np.ones((1, 2)),), "relu", "hinge"),  # type: ignore[arg-type]
        lambda: passed(Net((np.ones((1, 2)),), "relu", "squared error"), [[1.0, 2.0]], [[0.0]]),
        lambda: passed(Net((np.ones((1, 2)),), "relu", "squared error"), np.empty((0, 1)), np.empty((0, 1))),
        lambda: passed(Net((np.ones((1, 2)),), "relu", "cross entropy"), [[1.0]], [[2.0]]),
    ],
)
def test_what_makes_no_network_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"here|layer|loss|shapes|probability"):
        wrong()
