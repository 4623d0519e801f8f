"""A variational autoencoder as code: its parameters, networks and training loop."""

from __future__ import annotations

from typing import Final

from guiapp.export.code_bound import (
    cost_lines,
    functions,
    has_axis,
    is_importance_weighted,
    is_plain,
    kl_lines,
    loss_lines,
    terms,
)
from guiapp.export.code_convolution import from_data_code, shape_blocks, to_data_code
from guiapp.export.code_data import batch_code
from guiapp.export.code_model import initialisation_code
from guiapp.export.code_plan import Plan, optimiser_code
from guiapp.spec import Vae

ELBO: Final = """\
Kingma & Welling 2014. The encoder maps a datum x to a Gaussian q(z|x) = N(μ, diag σ²), the decoder
a code z to p(x|z). Both descend the mean over the batch of -ELBO, in nats per datum:
    -ELBO = E_q[-log p(x|z)] + KL(q(z|x) || N(0, I))
"""

IWAE: Final = """\
Kingma & Welling 2014. The encoder maps a datum x to a Gaussian q(z|x) = N(μ, diag σ²), the decoder
a code z to p(x|z). Both descend the mean over the batch of minus the importance-weighted bound
(Burda, Grosse & Salakhutdinov 2016), in nats per datum, for K draws z_k of q(z|x):
    log 1/K sum_k p(x, z_k) / q(z_k|x), on average between the ELBO and log p(x)
"""


def formulas(vae: Vae) -> str:
    """What the script says first."""
    return IWAE if is_importance_weighted(vae) else ELBO


def constants(plan: Plan, vae: Vae) -> list[str]:
    """The parameters as lines at the top."""
    lines = [f"Z = {vae.latent}  # latent dimensions"]
    if has_axis(vae):
        lines.append(f"K = {vae.draws}  # draws of z for each datum")
    if not is_plain(plan, vae):
        weighs = "log p(z) / q(z|x) (1: the bound itself)" if is_importance_weighted(vae) else "the KL term (1: ELBO)"
        lines += plan.constant("model.beta", f"weight of {weighs}")
    lines += _schedule_constants(plan)
    if any(plan.values("model.free_bits")):
        lines += plan.constant("model.free_bits", "λ: the KL of a latent dimension counts as at least so many nats")
    if "model.averaged" in plan.schedules:
        lines += plan.constant("model.averaged", "over the pixels, which is a bug")
    elif vae.averaged:
        dim = plan.data.dim
        lines += ["# A bug: the reconstruction averaged over the pixels, not summed, multiplies β by their number."]
        lines += [f"SCALE = 1 / {dim}"]
    if "model.estimator" in plan.schedules:
        lines += plan.constant("model.estimator", "what reaches the encoder")
    if vae.likelihood in ("gaussian", "gaussian, learned σ"):
        note = "where the learned noise σ starts" if _learned(vae) else "noise σ of p(x|z), in data units"
        lines += plan.constant("model.sigma", note)
    return lines + plan.constant("model.optimiser.lr", "learning rate")


def _schedule_constants(plan: Plan) -> list[str]:
    kinds = set(plan.values("model.schedule"))
    if kinds == {"constant"}:
        return []
    what = {"linear": "steps over which β rises", "cyclical": "steps of a cycle, β rising in its first half"}
    note = "; ".join(what[kind] for kind in what if kind in kinds)
    lines = plan.constant("model.schedule", "of β") if "model.schedule" in plan.schedules else []
    return lines + plan.constant("model.warmup", note)


def blocks(plan: Plan, vae: Vae) -> list[str]:
    """The networks, their first weights, the optimiser, and the loop.

    Raises:
        SpecError: convolutions do not fit the data.
    """
    shape = plan.data.shape
    define, calls = initialisation_code(
        [("encoder", vae.encoder, "nn.Conv2d"), ("decoder", vae.decoder, "nn.ConvTranspose2d")]
    )
    define += [*shape_blocks(vae.encoder, vae.decoder, shape), *functions(vae)]
    out = "logits a of p(x|z)" if vae.likelihood == "bernoulli" else "means of p(x|z)"
    encoder = from_data_code("encoder", vae.encoder, shape, "2 * Z", " # (B, 2 Z): μ and log σ² of q(z|x)")
    decoder = to_data_code("decoder", vae.decoder, vae.latent, shape, f" # (B, D): {out}")
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
    loop = "\n".join(_loop(plan, vae, batch)) + "\n"
    return [*define_batches, *define, encoder + decoder, "\n".join(lines) + "\n", start + noise + loop]


def _loop(plan: Plan, vae: Vae, batch: str) -> list[str]:
    optimiser, size = 'optimiser.param_groups[0]["lr"]', "(K, *mu.shape)" if has_axis(vae) else "mu.shape"
    changing = [p for p in ("batch", "model.sigma", "model.free_bits", "model.estimator") if p in plan.schedules]
    return [
        "for step in range(1, STEPS + 1):",
        *(f"    {plan.name(path)} = {plan.at_step(path)}" for path in changing),
        *([f"    {optimiser} = {plan.at_step('model.optimiser.lr')}"] * ("model.optimiser.lr" in plan.schedules)),
        *_beta(plan),
        f"    x = {batch}  # (B, D)",
        "    mu, log_var = encoder(x).chunk(2, dim=-1)  # (B, Z) each",
        f"    eps = torch.randn({size}, generator=noise_rng{plan.place})",
        *_draw(plan, vae),
        *_reconstruction(plan, vae),
        *cost_lines(plan, vae),
        *kl_lines(plan),
        *loss_lines(plan, vae),
        "    optimiser.zero_grad()",
        "    loss.backward()",
        "    optimiser.step()",
        *terms(plan, vae),
    ]


def _beta(plan: Plan) -> list[str]:
    """β of this step, where it changes."""
    kinds, beta = tuple(dict.fromkeys(plan.values("model.schedule"))), plan.at_step("model.beta")
    if kinds == ("constant",):
        return [f"    beta = {beta}"] if "model.beta" in plan.schedules else []
    warmup = plan.name("model.warmup")
    lines = [f"    {warmup} = {plan.at_step('model.warmup')}"] if "model.warmup" in plan.schedules else []
    rise = {
        "linear": f"min(1.0, step / {warmup})",
        "cyclical": f"min(1.0, 2 * ((step - 1) % {warmup} + 1) / {warmup})",
    }
    if len(kinds) == 1:
        return [*lines, f"    beta = {beta} * {rise[kinds[0]]}"]
    lines += [f"    schedule, beta = {plan.at_step('model.schedule')}, {beta}"]
    for kind in (kind for kind in kinds if kind in rise):
        lines += [f'    if schedule == "{kind}":', f"        beta *= {rise[kind]}"]
    return lines


def _draw(plan: Plan, vae: Vae) -> list[str]:
    """z, through which the gradient reaches the encoder with the estimator "reparameterised" alone."""
    kinds, shape = set(plan.values("model.estimator")), "(K, B, Z)" if has_axis(vae) else "(B, Z)"
    draw = "mu + torch.exp(0.5 * log_var) * eps"
    what = f"{shape}, draws of q(z|x)" if has_axis(vae) else f"{shape}, a draw of q(z|x)"
    if "reparameterised" not in kinds:
        return [f"    z = ({draw}).detach()  # {what}, as a constant"]
    lines = [f"    z = {draw}  # {what} that {'have' if has_axis(vae) else 'has'} a gradient"]
    if len(kinds) > 1:
        lines += ['    if estimator != "reparameterised":', "        z = z.detach()  # as a constant"]
    return lines


def _reconstruction(plan: Plan, vae: Vae) -> list[str]:
    """-log p(x|z) of each datum and draw, `each`."""
    out, shape = "decoder(z)", "(B, D)"
    if has_axis(vae):
        out, shape = f"decoder(z.reshape(-1, Z)).reshape(K, -1, {plan.data.dim})", "(K, B, D)"
    if vae.likelihood == "bernoulli":
        return [
            f"    a = {out}  # {shape}",
            "    # -log p(x|z) = sum_d softplus(a_d) - x_d a_d, for p(x_d = 1|z) = sigmoid(a_d)",
            f"    each = F.softplus(a, threshold=40).sum(-1) - (x * a).sum(-1)  # {shape.replace(', D', '')}",
        ]
    name = plan.name("model.sigma")
    scale, log = f"0.5 / {name}**2", f"math.log({name})"
    if vae.likelihood != "gaussian":
        scale, log = "0.5 * torch.exp(-2 * log_sigma)", "log_sigma"
    best = []
    if vae.likelihood == "gaussian, optimal σ":
        best = [
            "    # The optimal σ² is the mean squared error (Rybkin, Daniilidis & Levine 2021).",
            "    log_sigma = 0.5 * torch.log(((x - mean) ** 2).mean().clamp(min=1e-3**2))",
        ]
    return [
        f"    mean = {out}  # {shape}",
        *best,
        "    # -log p(x|z) = |x - mean|² / (2 σ²) + D (log σ + log(2 π) / 2)",
        f"    distance = ((x - mean) ** 2).sum(-1) * ({scale})",
        f"    each = distance + {plan.data.dim} * ({log} + 0.5 * math.log(2 * math.pi))  # {shape.replace(', D', '')}",
    ]


def _learned(vae: Vae) -> bool:
    return vae.likelihood == "gaussian, learned σ"
