"""The bound that a variational autoencoder climbs, as code: from -log p(x|z) of each draw to the loss."""

from __future__ import annotations

from typing import Final

from guiapp.export.code_plan import Plan, print_code
from guiapp.spec import Vae

LOG_MEAN_EXP: Final = '''\
def log_mean_exp(log_weights: torch.Tensor) -> torch.Tensor:
    """log 1/K sum_k exp(w_k) without overflow: (K, B) -> (B,)."""
    largest = log_weights.amax(0)
    return torch.log(torch.exp(log_weights - largest).sum(0)) + (largest - math.log(K))
'''


def has_axis(vae: Vae) -> bool:
    """The draws have an axis of their own."""
    return vae.draws > 1 or is_importance_weighted(vae)


def functions(vae: Vae) -> list[str]:
    """The functions that the loss is made with."""
    return [LOG_MEAN_EXP] * is_importance_weighted(vae)


def cost_lines(plan: Plan, vae: Vae) -> list[str]:
    """The mean reconstruction, and what it is scaled with."""
    lines = ["    reconstruction = each.mean()"]
    if "model.averaged" in plan.schedules:
        scale = f"1 / {plan.data.dim} if {plan.at_step('model.averaged')} else 1.0"
        lines.append(f"    scale = {scale}  # averaged, the KL weighs {plan.data.dim} times as much")
    return lines


def kl_lines(plan: Plan) -> list[str]:
    """The KL, and with free bits what of it counts."""
    kl, note = "0.5 * (mu * mu + torch.expm1(log_var) - log_var)", "where expm1(log σ²) = σ² - 1"
    lines = [f"    # KL = sum_i (μ_i² + σ_i² - 1 - log σ_i²) / 2, {note}"]
    free = plan.values("model.free_bits")
    if not any(free):
        return [*lines, f"    kl = ({kl}).sum(-1).mean()"]
    name = plan.name("model.free_bits")
    otherwise = f" if {name} else kl" if 0 in free else ""
    return [
        *lines,
        f"    kl_each = {kl}  # (B, Z)",
        "    kl = kl_each.sum(-1).mean()",
        "    # Free bits (Kingma et al. 2016): a dimension costs at least λ.",
        f"    weighed = kl_each.mean(0).clamp(min={name}).sum(){otherwise}",
    ]


def loss_lines(plan: Plan, vae: Vae) -> list[str]:
    """What is descended."""
    beta, scale = beta_name(plan), _scaled(plan, vae)
    if is_importance_weighted(vae):
        weights = "ratio - each" if is_plain(plan, vae) else f"{beta} * ratio - {scale}each"
        return [
            "    # log w = log p(x|z) + log p(z) - log q(z|x), and z = μ + σ ε",
            "    ratio = 0.5 * (eps * eps - z * z + log_var).sum(-1)  # (K, B): log p(z) - log q(z|x)",
            f"    loss = -log_mean_exp({weights}).mean()",
        ]
    weighed = "weighed" if any(plan.values("model.free_bits")) else "kl"
    return [f"    loss = {scale}reconstruction + {beta} * {weighed}", *_score_lines(plan, vae)]


def _score_lines(plan: Plan, vae: Vae) -> list[str]:
    """The score-function estimate, for the steps that take it."""
    kinds = set(plan.values("model.estimator"))
    scores = sorted(kind for kind in kinds if kind.startswith("score function"))
    if not scores:
        return []
    if len(scores) < len(kinds):
        test = 'estimator.startswith("score function")' if len(scores) > 1 else f'estimator == "{scores[0]}"'
        head, indent = [f"    if {test}:"], "        "
    else:
        head, indent = [], "    "
    others, many = _others(plan, vae), has_axis(vae)
    lines = [
        "# What reaches the encoder is E_q[f ∇ log q(z|x)], f = -log p(x|z) (Williams 1992).",
        "cost = each.detach()",
    ]
    if len(scores) == 1:
        lines += [f"cost = cost - {others}"] * ("baseline" in scores[0])
    else:
        lines += ['if estimator == "score function, baseline":', f"    cost = cost - {others}"]
    lines += [
        f"log_q = -0.5 * ((z - mu) ** 2 * torch.exp(-log_var) + log_var).sum(-1)  # ({'K, B' if many else 'B,'})",
        f"score = {_scaled(plan, vae)}(cost * log_q).mean()",
        "loss = loss + (score - score.detach())  # nothing but its gradient",
    ]
    return head + [indent + line for line in lines]


def _others(plan: Plan, vae: Vae) -> str:
    """The baseline of each cost: the mean of the datum's other draws or, with one draw, of the other data."""
    if has_axis(vae):
        return "(cost.sum(0) - cost) / (K - 1)  # the mean of the datum's other draws"
    single = min(plan.values("batch")) == 1 or plan.data.rows == 1
    count = "max(len(cost) - 1, 1)" if single else "(len(cost) - 1)"
    return f"(cost.sum() - cost) / {count}  # the mean of the other data"


def terms(plan: Plan, vae: Vae) -> list[str]:
    """The lines that print the loss and its parts."""
    told = {"loss": "loss", "reconstruction": "reconstruction", "kl": "kl", "elbo": "-(reconstruction + kl)"}
    if vae.likelihood in ("gaussian, learned σ", "gaussian, optimal σ"):
        told["sigma"] = "log_sigma.exp()"
    if is_importance_weighted(vae):
        told["iwae"] = "-loss" if is_plain(plan, vae) else "log_mean_exp(ratio - each).mean()"
    beta, exact, averaged = beta_name(plan), {}, set(plan.values("model.averaged"))
    if averaged == {True}:
        exact["beta"] = f"{beta} * {plan.data.dim}"
    elif averaged == {True, False}:
        exact["beta"] = f"{beta} * ({plan.data.dim} if {plan.at_step('model.averaged')} else 1)"
    elif set(plan.values("model.schedule")) != {"constant"}:
        exact["beta"] = beta
    return print_code(told, exact)


def beta_name(plan: Plan) -> str:
    """How the loop calls the weight of the KL."""
    return plan.name("model.beta") if set(plan.values("model.schedule")) == {"constant"} else "beta"


def _scaled(plan: Plan, vae: Vae) -> str:
    """What the reconstruction is multiplied with, in front of it."""
    if "model.averaged" in plan.schedules:
        return "scale * "
    return "SCALE * " * vae.averaged


def is_plain(plan: Plan, vae: Vae) -> bool:
    """The importance-weighted bound itself is climbed, nothing in it weighted."""
    weighted = beta_name(plan) != "BETA" or plan.values("model.beta") != (1.0,) or bool(_scaled(plan, vae))
    return is_importance_weighted(vae) and not weighted


def is_importance_weighted(vae: Vae) -> bool:
    """The bound is that of Burda et al. 2016."""
    return vae.bound == "importance weighted"
