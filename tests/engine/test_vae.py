"""The terms of the VAE against torch.distributions, finite differences and the linear-Gaussian model in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.stats import multivariate_normal
from torch import Generator, Tensor
from torch.distributions import Bernoulli, ContinuousBernoulli, Normal, kl_divergence

from guiapp.engine.models.evidence import Terms, terms
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.spec import Network, Optimiser, Vae
from tests.engine import runs

LINEAR = Network(hidden=())


def model(likelihood: str, size: int = 6, **fields: object) -> tuple[VaeModel, Vae]:
    vae = Vae(**{"likelihood": likelihood, "latent": 3, "sigma": 0.7, "beta": 2.5, **fields})  # type: ignore[arg-type]
    return VaeModel(vae, (size,), Generator().manual_seed(0)).double(), vae


def told_of(net: VaeModel, x: Tensor, eps: Tensor, vae: Vae) -> Terms:
    """With one draw (B, Z) for each datum."""
    return terms(net, x, eps[None], vae, vae.beta)


def randn(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("likelihood", ["bernoulli", "gaussian", "gaussian, learned σ"])
def test_the_terms_are_those_of_torch_distributions(likelihood: str) -> None:
    net, vae = model(likelihood)
    x = torch.rand((9, 6), generator=Generator().manual_seed(2), dtype=torch.float64)
    if likelihood == "bernoulli":
        x = x.round()
    else:
        x = 3 * x - 1
    eps = randn(9, 3)
    mean, log_var = net.encode(x)
    q = Normal(mean, (log_var / 2).exp())
    out = net.decoder(mean + q.scale * eps)
    p = Bernoulli(logits=out) if likelihood == "bernoulli" else Normal(out, 0.7)
    told = told_of(net, x, eps, vae)
    reconstruction = -p.log_prob(x).sum(1).mean()  # summed over the components, averaged over the data
    kl = kl_divergence(q, Normal(0.0, 1.0)).sum(1).mean()
    assert_allclose(told.reconstruction.item(), reconstruction.item(), rtol=1e-6)
    assert_allclose(told.kl.item(), kl.item(), rtol=1e-10)
    assert_allclose(told.loss.item(), (reconstruction + 2.5 * kl).item(), rtol=1e-6)


def test_grey_values_take_the_cross_entropy_and_not_the_continuous_bernoulli() -> None:
    net, vae = model("bernoulli")
    x, eps = torch.rand((9, 6), generator=Generator().manual_seed(2), dtype=torch.float64), randn(9, 3)
    mean, log_var = net.encode(x)
    out = net.decoder(mean + (log_var / 2).exp() * eps)
    told = told_of(net, x, eps, vae).reconstruction.item()
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(out, x, reduction="sum") / 9
    assert_allclose(told, entropy.item(), rtol=1e-10)
    assert told != pytest.approx(-ContinuousBernoulli(logits=out).log_prob(x).sum(1).mean().item(), rel=1e-3)


def test_the_learned_deviation_starts_at_the_one_given_and_settles_at_the_root_mean_square_error() -> None:
    """With everything else held, σ² → mean squared error (theory.md, Q6)."""
    net, vae = model("gaussian, learned σ")
    assert net.log_sigma.exp().item() == pytest.approx(0.7)
    x, eps = randn(50, 6, seed=3), randn(50, 3)
    optimiser = torch.optim.LBFGS([net.log_sigma], max_iter=100)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = told_of(net, x, eps, vae).loss
        loss.backward()
        return loss

    optimiser.step(closure)
    mean, log_var = net.encode(x)
    error = (x - net.decoder(mean + (log_var / 2).exp() * eps)).square().mean().sqrt()
    assert net.log_sigma.exp().item() == pytest.approx(error.item(), rel=1e-4)


def test_the_reconstruction_gradient_reaches_the_encoder() -> None:
    """Against a central difference along a random direction in the encoder's weights, in float64; and 0 where the
    draw of z is taken for a constant."""
    net, vae = model("bernoulli", encoder=Network(hidden=(16,), activation="tanh"))
    x, eps = torch.rand((9, 6), generator=Generator().manual_seed(2), dtype=torch.float64), randn(9, 3)
    parameters = list(net.encoder.parameters())
    gradients = torch.autograd.grad(told_of(net, x, eps, vae).reconstruction, parameters)
    direction = [randn(*p.shape, seed=i) for i, p in enumerate(parameters)]
    slope = sum((g * d).sum() for g, d in zip(gradients, direction, strict=True))
    values = []
    for step in (1e-5, -2e-5):
        with torch.no_grad():
            for p, d in zip(parameters, direction, strict=True):
                p.add_(step * d)
        values.append(told_of(net, x, eps, vae).reconstruction.item())
    assert abs(float(slope)) > 0.1
    assert_allclose(float(slope), (values[0] - values[1]) / 2e-5, rtol=1e-6)


def test_the_pathwise_factors_are_one_and_epsilon() -> None:
    """∂L/∂μ = ∂L/∂z and ∂L/∂σ = ε ∂L/∂z (theory.md, Q8), read off the encoder's output layer, whose input is x = 1."""
    vae = Vae(encoder=LINEAR, decoder=LINEAR, latent=2, likelihood="gaussian", sigma=1.0, beta=0.0)
    net = VaeModel(vae, (1,), Generator().manual_seed(0)).double()
    x, eps = torch.ones((1, 1), dtype=torch.float64), randn(1, 2)
    mean, log_var = net.encode(x)
    sigma = (log_var / 2).exp()
    z = (mean + sigma * eps).detach().requires_grad_()
    (slope,) = torch.autograd.grad(0.5 * (x - net.decoder(z)).square().sum(), z)
    (bias,) = torch.autograd.grad(told_of(net, x, eps, vae).loss, [net.encoder[0].bias])
    assert_allclose(bias[:2], slope[0].detach(), rtol=1e-10)
    assert_allclose(bias[2:], (slope * eps * sigma / 2)[0].detach(), rtol=1e-10)  # σ = exp(½ log σ²)


def test_the_series_add_up() -> None:
    run = runs.trainer(runs.vae(beta=3.0))
    rows = runs.train(run, 20)
    loss, reconstruction, kl, elbo = (runs.column(run, rows, name) for name in ("loss", "reconstruction", "kl", "elbo"))
    assert_allclose(loss, reconstruction + 3 * kl, rtol=1e-5)
    assert_allclose(elbo, -(reconstruction + kl), rtol=1e-5)
    assert (kl > 0).all()
    run.edit("model.beta", 0.5)
    after = runs.train(run, 1)[0]
    told = dict(zip(run.names, after, strict=True))
    assert_allclose(told["loss"], told["reconstruction"] + 0.5 * told["kl"], rtol=1e-5)


def test_a_learned_deviation_is_told_as_it_is_after_the_step() -> None:
    assert "sigma" not in runs.trainer(runs.vae(likelihood="gaussian")).names
    run = runs.trainer(runs.vae(likelihood="gaussian, learned σ", sigma=0.4))
    sigma = runs.column(run, runs.train(run, 10), "sigma")
    assert sigma[-1] == pytest.approx(run.weights()["log_sigma"].exp().item())
    assert abs(sigma - 0.4).max() < 0.01
    assert len(set(sigma)) == 10


# ------------------------------------------------------------------------------- the linear-Gaussian model: exact


def exact_elbo(run: Trainer, x: np.ndarray) -> np.ndarray:
    """The model's ELBO of each x (N, D): the reconstruction term is quadratic in ε, so that the 2Z points ±√Z e_i, each
    with weight 1/2Z, give its expectation exactly."""
    net, vae = run.model, run.spec.model
    assert isinstance(net, VaeModel)
    assert isinstance(vae, Vae)
    size = net.latent
    points = math.sqrt(size) * torch.cat((torch.eye(size), -torch.eye(size)))
    result = []
    with torch.no_grad():
        for row in torch.tensor(x, dtype=torch.float32):
            told = told_of(net, row.expand(2 * size, -1), points, vae)
            result.append(-(told.reconstruction + told.kl).item())
    return np.array(result)


def exact_log_evidence(run: Trainer, x: np.ndarray) -> np.ndarray:
    """log N(x; b, W Wᵀ + σ² I), by scipy."""
    w, b = (run.weights()[f"decoder.0.{name}"].numpy().astype(float) for name in ("weight", "bias"))
    assert isinstance(run.spec.model, Vae)
    noise = run.spec.model.sigma**2 * np.eye(len(b))
    return np.asarray(multivariate_normal(b, w @ w.T + noise).logpdf(x))


def linear(latent: int, sigma: float) -> Vae:
    adam = Optimiser(lr=0.02)
    return Vae(encoder=LINEAR, decoder=LINEAR, latent=latent, likelihood="gaussian", sigma=sigma, optimiser=adam)


def test_the_elbo_with_the_true_posterior_is_the_log_evidence_and_with_another_less() -> None:
    run = runs.trainer(linear(2, 0.6), "gaussian")
    w = np.array([[1.5, 0.4], [-0.8, 0.75]])  # orthogonal columns, so that the true posterior is diagonal
    b, variance = np.array([0.3, -0.2]), 0.36
    m = w.T @ w + variance * np.eye(2)
    gain = np.linalg.inv(m) @ w.T
    state = {
        "encoder.0.weight": np.vstack([gain, np.zeros((2, 2))]),
        "encoder.0.bias": np.concatenate([-gain @ b, np.log(variance / np.diag(m))]),
        "decoder.0.weight": w,
        "decoder.0.bias": b,
    }
    run.model.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    x = run.feed.heldout[:40].numpy()
    assert_allclose(exact_elbo(run, x), exact_log_evidence(run, x), atol=2e-5)
    for name, shift in (("encoder.0.bias", 0.3), ("encoder.0.weight", 0.2)):
        with torch.no_grad():
            dict(run.model.named_parameters())[name].add_(shift)
        gap = exact_log_evidence(run, x) - exact_elbo(run, x)
        assert (gap > -2e-5).all()
        assert gap.mean() > 0.1


def test_a_linear_vae_reaches_the_maximum_likelihood_of_probabilistic_pca() -> None:
    """Data N((.5, -.5), diag(1, .5²)) with σ = .5 and Z = 1: the model can be the law itself, whose entropy is 2.1447
    nats; W is then ±√(1 - .25) along the first axis (Tipping & Bishop 1999)."""
    run = runs.trainer(linear(1, 0.5), "gaussian", batch=256)
    x = run.feed.heldout[:500].numpy()
    assert (exact_elbo(run, x) < exact_log_evidence(run, x)).all()
    start = exact_elbo(run, x).mean()
    runs.train(run, 1200)
    run.edit("model.optimiser.lr", 0.005)
    runs.train(run, 300)
    elbo, evidence = exact_elbo(run, x), exact_log_evidence(run, x)
    assert (elbo <= evidence + 1e-5).all()
    assert evidence.mean() - elbo.mean() < 0.002
    assert start < elbo.mean() - 0.1
    truth = run.source.log_density(x).mean()  # type: ignore[union-attr]
    assert evidence.mean() == pytest.approx(truth, abs=0.005)
    w = run.weights()["decoder.0.weight"].numpy()[:, 0]
    assert_allclose(np.abs(w), [math.sqrt(0.75), 0], atol=0.03)
    assert run.weights()["encoder.0.bias"][1].item() == pytest.approx(math.log(0.25), abs=0.03)  # σ²/(w² + σ²)
