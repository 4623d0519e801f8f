"""Every term of a VAE's loss, and its gradient, against torch.distributions, autograd on formulas written out, closed
forms, and Monte Carlo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import Generator, Tensor
from torch.distributions import Bernoulli, MultivariateNormal, Normal, kl_divergence

from guiapp.engine.models.evidence import terms
from guiapp.engine.models.vae import LEAST_SIGMA, VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, Vae
from tests.engine import runs

D, Z, B, K = 6, 3, 9, 5
NET = Network(hidden=(16,), activation="tanh")
LIKELIHOODS = ("bernoulli", "gaussian", "gaussian, learned σ", "gaussian, optimal σ")
SCORES = ("score function", "score function, baseline")


def randn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def model(network: Network = NET, **fields: Any) -> tuple[VaeModel, Vae]:
    vae = runs.vae(network, **{"latent": Z, "sigma": 0.7, **fields})
    return VaeModel(vae, (D,), Generator().manual_seed(0)).double(), vae


def data(likelihood: str) -> Tensor:
    x = torch.rand((B, D), generator=Generator().manual_seed(2), dtype=torch.float64)
    return x.round() if likelihood == "bernoulli" else 3 * x - 1


def gradients(loss: Tensor, net: VaeModel) -> list[Tensor]:
    return [g.detach() for g in torch.autograd.grad(loss, list(net.parameters()), materialize_grads=True)]


def assert_equal_gradients(one: Sequence[Tensor], other: Sequence[Tensor], rtol: float = 1e-9) -> None:
    for a, b in zip(one, other, strict=True):
        assert_allclose(a, b, rtol=rtol, atol=1e-12)


def written_out(net: VaeModel, vae: Vae, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """-log p(x|z) (K, B), log p(z) - log q(z|x) (K, B), KL (B, Z), and z, by torch.distributions."""
    mean, log_var = net.encode(x)
    q, prior = Normal(mean, (log_var / 2).exp()), Normal(torch.zeros_like(mean), 1.0)
    z = mean + q.scale * noise
    out = net.decoder(z.reshape(-1, Z)).reshape(*z.shape[:2], D)
    if vae.likelihood == "bernoulli":
        each = -Bernoulli(logits=out).log_prob(x).sum(-1)
    elif vae.likelihood == "gaussian, optimal σ":
        each = -Normal(out, (x - out).square().mean().sqrt()).log_prob(x).sum(-1)
    else:
        sigma = net.log_sigma.exp() if "learned" in vae.likelihood else torch.tensor(vae.sigma, dtype=torch.float64)
        each = -Normal(out, sigma).log_prob(x).sum(-1)
    ratio = (prior.log_prob(z) - q.log_prob(z)).sum(-1)
    return each, ratio, kl_divergence(q, prior), z


# ------------------------------------------------------------------------------------------------- the evidence bound


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize(("averaged", "least"), [(False, 0.0), (True, 0.0), (False, 0.2), (True, 0.2)])
def test_the_loss_and_its_gradient_are_those_of_torch_distributions(
    likelihood: str, averaged: bool, least: float
) -> None:
    net, vae = model(likelihood=likelihood, averaged=averaged, free_bits=least, beta=2.5, draws=K)
    x, noise = data(likelihood), randn(K, B, Z)
    told = terms(net, x, noise, vae, 2.5)
    each, _, kl, _ = written_out(net, vae, x, noise)
    weighted = torch.maximum(kl.mean(0), torch.tensor(least).double()).sum()
    assert ((kl.mean(0) < least).any() and (kl.mean(0) > least).any()) or not least
    loss = each.mean() / (D if averaged else 1) + 2.5 * weighted
    assert_allclose(told.loss.item(), loss.item(), rtol=1e-7)
    assert_allclose(told.reconstruction.item(), each.mean().item(), rtol=1e-7)
    assert_allclose(told.kl.item(), kl.sum(1).mean().item(), rtol=1e-10)
    assert_allclose(told.kl_each.detach(), kl.mean(0).detach(), rtol=1e-10)
    assert told.bound is None
    assert_equal_gradients(gradients(told.loss, net), gradients(loss, net), 1e-6)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize(("beta", "averaged"), [(1.0, False), (4.0, False), (1.0, True)])
def test_the_importance_weighted_loss_and_its_gradient(likelihood: str, beta: float, averaged: bool) -> None:
    net, vae = model(likelihood=likelihood, bound="importance weighted", draws=K, averaged=averaged)
    x, noise = data(likelihood), randn(K, B, Z)
    told = terms(net, x, noise, vae, beta)
    each, ratio, kl, _ = written_out(net, vae, x, noise)
    loss = -(torch.logsumexp(beta * ratio - each / (D if averaged else 1), 0) - math.log(K)).mean()
    assert_allclose(told.loss.item(), loss.item(), rtol=1e-7)
    assert told.bound is not None
    assert_allclose(told.bound.item(), (torch.logsumexp(ratio - each, 0) - math.log(K)).mean().item(), rtol=1e-7)
    assert not told.bound.requires_grad
    assert_allclose(told.reconstruction.item(), each.mean().item(), rtol=1e-7)
    assert_allclose(told.kl.item(), kl.sum(1).mean().item(), rtol=1e-10)
    assert_equal_gradients(gradients(told.loss, net), gradients(loss, net), 1e-6)


def test_one_importance_weight_is_the_evidence_bound_of_its_draw() -> None:
    net, vae = model(likelihood="gaussian", bound="importance weighted")
    x = data("gaussian")
    draws = [terms(net, x, randn(1, B, Z, seed=i), vae, 1.0) for i in range(1000)]
    bounds = np.array([told.bound.item() for told in draws if told.bound is not None])
    bound = -np.mean([(told.reconstruction + told.kl).item() for told in draws])
    assert bounds.mean() == pytest.approx(bound, abs=4 * bounds.std() / math.sqrt(len(bounds)))


def test_more_draws_tighten_the_bound_up_to_the_exact_log_evidence() -> None:
    """L_1 ≤ L_5 ≤ L_50 ≤ log p(x), the latter that of N(b, W Wᵀ + σ²I)."""
    net, vae = model(Network(hidden=()), likelihood="gaussian", bound="importance weighted", sigma=0.7)
    x = data("gaussian")
    linear = net.decoder[0]  # type: ignore[index]
    covariance = linear.weight @ linear.weight.T + 0.49 * torch.eye(D, dtype=torch.float64)
    exact = MultivariateNormal(linear.bias, covariance).log_prob(x).mean().item()
    means, errors = [], []
    for k in (1, 5, 50):
        with torch.no_grad():
            found = [terms(net, x, randn(k, B, Z, seed=100 * k + i), vae, 1.0).bound for i in range(300)]
        values = np.array([bound.item() for bound in found if bound is not None])
        means.append(values.mean()), errors.append(values.std() / math.sqrt(300))
    assert means[0] + 5 * errors[0] < means[1] - 5 * errors[1]
    assert means[1] + 5 * errors[1] < means[2] - 5 * errors[2]
    assert means[2] < exact + 5 * errors[2]
    assert exact - means[2] < 0.5 * (exact - means[1])


# ------------------------------------------------------------------------------------------------- what is done to it


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("estimator", ["reparameterised", *SCORES, "none"])
@pytest.mark.parametrize("least", [0.0, 0.2])
def test_averaging_over_the_pixels_is_beta_times_d_but_for_the_scale(
    likelihood: str, estimator: str, least: float
) -> None:
    fields = {"likelihood": likelihood, "estimator": estimator, "free_bits": least}
    x, noise = data(likelihood), randn(2, B, Z)
    net, bug = model(averaged=True, **fields)
    right = model(**fields)[1]
    averaged, summed = terms(net, x, noise, bug, 0.5), terms(net, x, noise, right, 0.5 * D)
    assert_allclose(D * averaged.loss.item(), summed.loss.item(), rtol=1e-10)
    assert_equal_gradients([D * g for g in gradients(averaged.loss, net)], gradients(summed.loss, net))
    assert averaged.reconstruction.item() == pytest.approx(summed.reconstruction.item()), "told as it is"


def test_what_is_below_lambda_is_not_pulled_down() -> None:
    """The gradient of the encoder's output by the KL: μ_i/B and (σ_i² - 1)/2B where the dimension counts, else 0."""
    net, vae = model(free_bits=0.2, estimator="none")
    x = data("bernoulli")
    mean, log_var = (h.detach().requires_grad_() for h in net.encode(x))
    net.encode = lambda _: (mean, log_var)  # type: ignore[method-assign]
    told = terms(net, x, randn(1, B, Z), vae, 1.0)
    by_mean, by_log_var = torch.autograd.grad(told.loss, (mean, log_var))
    counts = (told.kl_each.detach() > 0.2).double()
    assert 0 < counts.sum() < Z
    assert_allclose(by_mean, mean.detach() * counts / B, atol=1e-15)
    assert_allclose(by_log_var, (log_var.detach().exp() - 1) / 2 * counts / B, atol=1e-15)


def test_the_optimal_sigma_is_the_root_mean_square_error_and_balances_the_terms_by_itself() -> None:
    """-log p = D/2 (log(2π MSE) + 1), whose gradient is that of D/2 log MSE (Rybkin et al. 2021)."""
    net, vae = model(likelihood="gaussian, optimal σ")
    x, noise = data("gaussian"), randn(2, B, Z)
    told = terms(net, x, noise, vae, 0.0)
    mean, log_var = net.encode(x)
    out = net.decoder((mean + (log_var / 2).exp() * noise).reshape(-1, Z)).reshape(2, B, D)
    error = (x - out).square().mean()
    assert_allclose(told.reconstruction.item(), D / 2 * (math.log(2 * math.pi * error.item()) + 1), rtol=1e-10)
    assert_equal_gradients(gradients(told.loss, net), gradients(D / 2 * error.log(), net))
    assert net.log_sigma.exp().item() == pytest.approx(error.sqrt().item(), rel=1e-6)
    for shift in (-0.01, 0.01):  # any other σ is worse
        other = -Normal(out, error.sqrt() * math.exp(shift)).log_prob(x).sum(-1).mean()
        assert other > told.reconstruction


def test_the_optimal_sigma_of_the_last_batch_is_that_of_evaluation() -> None:
    net, vae = model(likelihood="gaussian, optimal σ")
    terms(net, data("gaussian"), randn(1, B, Z), vae, 1.0)
    kept = net.log_sigma.clone()
    net.eval()
    other = 2 * data("gaussian")
    told = terms(net, other, randn(1, B, Z, seed=5), vae, 1.0)
    assert torch.equal(net.log_sigma, kept)
    mean, log_var = net.encode(other)
    out = net.decoder(mean + (log_var / 2).exp() * randn(1, B, Z, seed=5)[0])
    expected = -Normal(out, kept.exp()).log_prob(other).sum(1).mean()
    assert told.reconstruction.item() == pytest.approx(expected.item(), rel=1e-6)


def test_data_without_noise_do_not_drive_the_optimal_sigma_to_zero() -> None:
    run = Trainer(
        runs.spec(runs.vae(likelihood="gaussian, optimal σ", latent=1), "made"), runs.table(np.zeros((40, 4)))
    )
    with torch.no_grad():
        for parameter in run.model.decoder.parameters():  # type: ignore[union-attr]
            parameter.zero_()  # which reconstructs them exactly
    row = dict(zip(run.names, runs.train(run, 1)[0], strict=True))
    assert row["sigma"] == pytest.approx(LEAST_SIGMA)
    assert row["reconstruction"] == pytest.approx(4 * (math.log(LEAST_SIGMA) + 0.5 * math.log(2 * math.pi)))
    runs.train(run, 5)


# ---------------------------------------------------------------------------------------- estimators of the gradient


def estimates(vae: Vae, net: VaeModel, count: int, draws: int, seed: int) -> Tensor:
    """(count, 2Z): independent estimates of the gradient of the reconstruction by (μ, log σ²) at one datum."""
    x = (data(vae.likelihood)[:1]).expand(count, -1)
    mean, log_var = (h.detach().expand(count, -1).clone().requires_grad_() for h in net.encode(x[:1]))
    net.encode = lambda _: (mean, log_var)  # type: ignore[method-assign]
    loss = terms(net, x, randn(draws, count, Z, seed=seed), vae, 0.0).loss
    return torch.cat(torch.autograd.grad(loss, (mean, log_var)), 1) * count


@pytest.mark.parametrize("draws", [1, 4])
@pytest.mark.parametrize("estimator", ["reparameterised", *SCORES])
@pytest.mark.parametrize("averaged", [False, True])
def test_every_estimator_is_unbiased(estimator: str, draws: int, averaged: bool) -> None:
    """Against the closed form: E‖x - Wz - b‖²/2σ² has the slope -Wᵀ(x - Wμ - b)/σ² by μ and s²/2 diag(WᵀW)/σ² by
    log s²; within 4.5 standard errors in each of the six directions."""
    linear = Network(hidden=())
    net, vae = model(linear, likelihood="gaussian", estimator=estimator, averaged=averaged)
    w, b = net.decoder[0].weight.detach(), net.decoder[0].bias.detach()  # type: ignore[index,union-attr]
    x = data("gaussian")[0]
    mean, log_var = (h[0].detach() for h in net.encode(x[None]))
    by_mean = -w.T @ (x - w @ mean - b) / 0.49
    by_log_var = log_var.exp() / 2 * (w * w).sum(0) / 0.49
    exact = torch.cat((by_mean, by_log_var)) / (D if averaged else 1)
    found = estimates(vae, net, 40_000, draws, seed=3)
    error = found.std(0) / math.sqrt(len(found))
    assert ((found.mean(0) - exact).abs() < 4.5 * error).all()
    assert (error < 0.1 * exact.abs().max()).all(), "sharp enough to tell"


@pytest.mark.parametrize("draws", [1, 4])
def test_score_functions_agree_with_the_pathwise_gradient_on_a_nonlinear_decoder(draws: int) -> None:
    found = {}
    for estimator in ("reparameterised", *SCORES):
        net, vae = model(likelihood="bernoulli", estimator=estimator)
        found[estimator] = estimates(vae, net, 60_000, draws, seed=len(estimator))
    path = found["reparameterised"]
    for estimator in SCORES:
        difference = found[estimator].mean(0) - path.mean(0)
        error = ((found[estimator].var(0) + path.var(0)) / len(path)).sqrt()
        assert (difference.abs() < 4.5 * error).all(), estimator
    plain, baseline = (found[name].var(0).sum().item() for name in SCORES)
    assert baseline < 0.5 * plain, "what the baseline is for"
    assert path.var(0).sum().item() < 0.5 * baseline, "and why one reparameterises"


@pytest.mark.parametrize("draws", [1, 4])
def test_the_baseline_of_a_draw_is_the_mean_of_the_others_and_never_its_own(draws: int) -> None:
    """(f - f̄) ∇ log q(z|x), f̄ over the datum's other draws or, with one draw, over the other data: a baseline with the
    draw's own f would be biased by 1/n, too little to be seen in a large batch."""
    net, vae = model(estimator="score function, baseline")
    x, noise = data("bernoulli")[:3], randn(draws, 3, Z)
    each, _, _, z = written_out(net, vae, x, noise)
    f, q = each.detach(), Normal(*(h if i == 0 else (h / 2).exp() for i, h in enumerate(net.encode(x))))
    advantage = torch.empty_like(f)
    for k in range(draws):
        for b in range(3):
            others = [f[k, i] for i in range(3) if i != b] if draws == 1 else [f[i, b] for i in range(draws) if i != k]
            advantage[k, b] = f[k, b] - sum(others) / len(others)
    expected = (advantage * q.log_prob(z.detach()).sum(-1)).mean()
    encoder = list(net.encoder.parameters())
    told = torch.autograd.grad(terms(net, x, noise, vae, 0.0).loss, encoder)
    assert_equal_gradients(told, torch.autograd.grad(expected, encoder))


@pytest.mark.parametrize("estimator", [*SCORES, "none"])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_decoder_hears_the_same_whatever_the_estimator(estimator: str, likelihood: str) -> None:
    x, noise = data(likelihood), randn(K, B, Z)
    net, vae = model(likelihood=likelihood, estimator=estimator)
    path = terms(net, x, noise, model(likelihood=likelihood)[1], 1.5)
    told = terms(net, x, noise, vae, 1.5)
    assert told.loss.item() == pytest.approx(path.loss.item(), rel=1e-12), "only the gradient differs"
    own = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    assert_equal_gradients(torch.autograd.grad(told.loss, own), torch.autograd.grad(path.loss, own))


def test_none_gives_the_encoder_the_gradient_of_the_kl_alone() -> None:
    net, vae = model(estimator="none")
    told = terms(net, data("bernoulli"), randn(K, B, Z), vae, 2.0)
    encoder = list(net.encoder.parameters())
    by_loss = torch.autograd.grad(told.loss, encoder, retain_graph=True)
    assert_equal_gradients(by_loss, torch.autograd.grad(2 * told.kl, encoder, retain_graph=True))
    with pytest.raises(RuntimeError, match="not have been used"):
        torch.autograd.grad(told.reconstruction, encoder)


@pytest.mark.parametrize("estimator", SCORES)
def test_a_single_draw_of_a_single_datum_still_has_an_estimate(estimator: str) -> None:
    net, vae = model(estimator=estimator)
    for g in gradients(terms(net, data("bernoulli")[:1], randn(1, 1, Z), vae, 1.0).loss, net):
        assert torch.isfinite(g).all()
