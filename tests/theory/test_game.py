"""The GAN losses against the closed forms of Goodfellow et al. 2014 and autograd in float64."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.special import expit

from guiapp.theory.game import discriminator_loss, generator_loss

LOGITS = np.array([-60.0, -30, -7, -4.59511985, -1, 0, 0.3, 2, 8, 40])  # the fourth: D = .01
D = expit(LOGITS)


def slope(loss: torch.Tensor, by: torch.Tensor) -> np.ndarray:
    return torch.autograd.grad(loss.sum(), by)[0].numpy()


@pytest.mark.parametrize("wrap", [np.asarray, torch.tensor], ids=["numpy", "torch"])
def test_the_losses_are_the_logarithms(wrap: object) -> None:
    a = wrap(LOGITS)  # type: ignore[operator]
    log_d, log_not_d = -np.logaddexp(0, -LOGITS), -np.logaddexp(0, LOGITS)
    assert_allclose(np.exp(log_d[3:8]), D[3:8], rtol=1e-12)
    on_real, on_fake = discriminator_loss(a, a)
    assert_allclose(np.asarray(on_real), -log_d, rtol=1e-10)
    assert_allclose(np.asarray(on_fake), -log_not_d, rtol=1e-10)
    assert_allclose(np.asarray(generator_loss(a, "minimax")), log_not_d, rtol=1e-10)
    assert_allclose(np.asarray(generator_loss(a, "non-saturating")), -log_d, rtol=1e-10)


def test_the_slopes_by_the_logit() -> None:
    a, b = torch.tensor(LOGITS, requires_grad=True), torch.tensor(LOGITS, requires_grad=True)
    on_real, on_fake = discriminator_loss(a, b)
    assert_allclose(slope(on_real, a), -expit(-LOGITS), atol=1e-12)  # -(1 - D)
    assert_allclose(slope(on_fake, b), D, atol=1e-12)
    assert_allclose(slope(generator_loss(a, "minimax"), a), -D, atol=1e-12)
    assert_allclose(slope(generator_loss(a, "non-saturating"), a), -expit(-LOGITS), atol=1e-12)


def test_the_slope_by_d_is_not_the_one_by_the_logit() -> None:
    """∂ log(1 - d)/∂d = -1/(1 - d), and the logit's -d is that times d(1 - d): the sheet's -d/(1 - d) is neither."""
    d = torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64, requires_grad=True)
    by_d = slope(generator_loss(torch.logit(d), "minimax"), d)
    assert_allclose(by_d, -1 / (1 - d.detach()), rtol=1e-10)
    assert not np.allclose(by_d, -d.detach() / (1 - d.detach()))


def test_at_one_percent_the_non_saturating_slope_is_99_times_the_other() -> None:
    a = torch.tensor([math.log(0.01 / 0.99)], dtype=torch.float64, requires_grad=True)
    saturating, strong = (slope(generator_loss(a, kind), a)[0] for kind in ("minimax", "non-saturating"))  # type: ignore[arg-type]
    assert strong / saturating == pytest.approx(99, rel=1e-9)


def test_the_values_at_the_optimum() -> None:
    half = np.zeros(1)
    assert_allclose(discriminator_loss(half, half), [[0.693147], [0.693147]], atol=5e-7)
    assert_allclose(generator_loss(half, "non-saturating"), 0.693147, atol=5e-7)
    assert_allclose(generator_loss(half, "minimax"), -0.693147, atol=5e-7)
    assert -sum(discriminator_loss(half, half))[0] == pytest.approx(-math.log(4), abs=1e-12)  # V


def test_the_best_discriminator_is_the_ratio_of_the_densities() -> None:
    """D* = p/(p + q) minimises p·(-log D) + q·(-log(1 - D)), pointwise; and there V = -log 4 + 2 JSD."""
    p, q = np.array([0.2, 0.5, 0.3]), np.array([0.6, 0.1, 0.3])
    best = np.log(p / q)  # the logit of p/(p + q)

    def v(logits: np.ndarray) -> float:
        on_real, on_fake = discriminator_loss(logits, logits)
        return float(-(p * on_real + q * on_fake).sum())

    m = (p + q) / 2
    jsd = 0.5 * (p * np.log(p / m)).sum() + 0.5 * (q * np.log(q / m)).sum()
    assert v(best) == pytest.approx(-math.log(4) + 2 * jsd, abs=1e-12)
    for shift in np.eye(3):
        assert v(best) > max(v(best + 0.1 * shift), v(best - 0.1 * shift))
