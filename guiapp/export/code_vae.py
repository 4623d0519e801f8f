"""A variational autoencoder as code: its parameters, networks and training loop."""

from __future__ import annotations

from typing import Final

from guiapp.export.code_data import batch_code
from guiapp.export.code_model import initialisation_code, network_code
from guiapp.export.code_plan import Plan, optimiser_code, print_code
from guiapp.spec import Vae

DOC: Final = """\
Kingma & Welling 2014. The encoder maps a datum x to a Gaussian q(z|x) = N(μ, diag σ²), the decoder
a code z to p(x|z). Both descend the mean over the batch of -ELBO, in nats per datum:
    -ELBO = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))
"""


def constants(plan: Plan, vae: Vae) -> list[str]:
    """The parameters as lines at the top."""
    lines = [f"Z = {vae.latent}  # latent dimensions", *plan.constant("model.beta", "weight of the KL term (1: ELBO)")]
    if vae.likelihood != "bernoulli":
        note = "where the learned noise σ starts" if _learned(vae) else "noise σ of p(x|z), in data units"
        lines += plan.constant("model.sigma", note)
    return lines + plan.constant("model.optimiser.lr", "learning rate")


def blocks(plan: Plan, vae: Vae) -> list[str]:
    """The networks, their first weights, the optimiser, and the loop."""
    dim = plan.data.dim
    define, calls = initialisation_code([("encoder", vae.encoder), ("decoder", vae.decoder)])
    out = "logits a of p(x|z)" if vae.likelihood == "bernoulli" else "means of p(x|z)"
    encoder = network_code("encoder", vae.encoder, (dim, str(dim)), "2 * Z", " # (B, 2 Z): μ and log σ² of q(z|x)")
    decoder = network_code("decoder", vae.decoder, (vae.latent, "Z"), str(dim), f" # (B, D): {out}")
    lines = ["weight_rng = torch.Generator().manual_seed(SEED)", *calls]
    if plan.device:
        lines.append(f"encoder, decoder = encoder{plan.move}, decoder{plan.move}")
    parameters = "[*encoder.parameters(), *decoder.parameters()]"
    if _learned(vae):
        lines.append(f"log_sigma = nn.Parameter(torch.tensor(math.log(SIGMA){plan.place}))")
        parameters = "[*encoder.parameters(), *decoder.parameters(), log_sigma]"
    lines += optimiser_code("optimiser", parameters, plan.at_start("model.optimiser.lr"), vae.optimiser)
    define_batches, start, batch = batch_code(plan)
    noise = f"noise_rng = torch.Generator({plan.generator_place}).manual_seed(SEED + 2)\n"
    return [
        *define_batches,
        *define,
        encoder + decoder,
        "\n".join(lines) + "\n",
        start + noise + _loop(plan, vae, batch),
    ]


def _loop(plan: Plan, vae: Vae, batch: str) -> str:
    beta, optimiser = plan.name("model.beta"), 'optimiser.param_groups[0]["lr"]'
    changing = [path for path in ("batch", "model.beta", "model.sigma") if path in plan.schedules]
    lines = [
        "for step in range(1, STEPS + 1):",
        *(f"    {plan.name(path)} = {plan.at_step(path)}" for path in changing),
        *([f"    {optimiser} = {plan.at_step('model.optimiser.lr')}"] * ("model.optimiser.lr" in plan.schedules)),
        f"    x = {batch}  # (B, D)",
        "    mu, log_var = encoder(x).chunk(2, dim=-1)  # (B, Z) each",
        f"    eps = torch.randn(mu.shape, generator=noise_rng{plan.place})",
        "    z = mu + torch.exp(0.5 * log_var) * eps  # (B, Z), a draw of q(z|x) that has a gradient",
        *_reconstruction(plan, vae),
        "    # KL = sum_i (μ_i² + σ_i² - 1 - log σ_i²) / 2, where expm1(log σ²) = σ² - 1",
        "    kl = (0.5 * (mu * mu + torch.expm1(log_var) - log_var)).sum(-1).mean()",
        f"    loss = reconstruction + {beta} * kl",
        "    optimiser.zero_grad()",
        "    loss.backward()",
        "    optimiser.step()",
    ]
    terms = {"loss": "loss", "reconstruction": "reconstruction", "kl": "kl", "elbo": "-(reconstruction + kl)"}
    if _learned(vae):
        terms["sigma"] = "log_sigma.exp()"
    return "\n".join(lines + print_code(terms)) + "\n"


def _reconstruction(plan: Plan, vae: Vae) -> list[str]:
    if vae.likelihood == "bernoulli":
        return [
            "    a = decoder(z)  # (B, D)",
            "    # -log p(x|z) = sum_d softplus(a_d) - x_d a_d, for p(x_d = 1|z) = sigmoid(a_d)",
            "    reconstruction = (F.softplus(a, threshold=40).sum(-1) - (x * a).sum(-1)).mean()",
        ]
    name = plan.name("model.sigma")
    scale, log = (
        ("0.5 * torch.exp(-2 * log_sigma)", "log_sigma") if _learned(vae) else (f"0.5 / {name}**2", f"math.log({name})")
    )
    return [
        "    mean = decoder(z)  # (B, D)",
        "    # -log p(x|z) = |x - mean|² / (2 σ²) + D (log σ + log(2 π) / 2)",
        f"    distance = ((x - mean) ** 2).sum(-1) * ({scale})",
        f"    constant = {plan.data.dim} * ({log} + 0.5 * math.log(2 * math.pi))",
        "    reconstruction = (distance + constant).mean()",
    ]


def _learned(vae: Vae) -> bool:
    return vae.likelihood == "gaussian, learned σ"
