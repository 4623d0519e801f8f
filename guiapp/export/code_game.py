"""The game of a GAN as code: what either player descends, and what keeps the discriminator in bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from guiapp.export.code_plan import Plan
from guiapp.spec import Gan
from guiapp.theory.game import PROBABILISTIC, TARGETED

PLAYERS: Final = (("d", "discriminator"), ("g", "generator"))

INTRODUCTION: Final = """\
The generator G maps noise z to data; the discriminator, with the output a(x), tells them from real
ones. They descend L_D and L_G:
"""

# The game by its objective; the first two differ in L_G alone.
GAMES: Final = MappingProxyType(
    {
        "minimax": """\
    minimax (Goodfellow et al. 2014), with the probability D(x) = sigmoid(a(x))
        L_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))],  L_G = E_z[log(1 - D(G(z)))]
""",
        "non-saturating": """\
    non-saturating (Goodfellow et al. 2014), with the probability D(x) = sigmoid(a(x))
        L_D = -E_x[log D(x)] - E_z[log(1 - D(G(z)))],  L_G = -E_z[log D(G(z))]
""",
        "least squares": """\
    least squares (Mao et al. 2017)
        L_D = E_x[(a(x) - 1)²] + E_z[a(G(z))²],  L_G = E_z[(a(G(z)) - 1)²]
""",
        "hinge": """\
    hinge (Lim & Ye 2017; Miyato et al. 2018)
        L_D = E_x[max(0, 1 - a(x))] + E_z[max(0, 1 + a(G(z)))],  L_G = -E_z[a(G(z))]
""",
        "Wasserstein": """\
    Wasserstein (Arjovsky, Chintala & Bottou 2017)
        L_D = E_z[a(G(z))] - E_x[a(x)],  L_G = -E_z[a(G(z))]
""",
    }
)

# What the generator descends, from the discriminator's outputs on its data.
OF_G: Final = MappingProxyType(
    {
        "minimax": "(-F.softplus(a_fake, threshold=40)).mean()  # log(1 - D(G(z)))",
        "non-saturating": "F.softplus(-a_fake, threshold=40).mean()  # -log D(G(z))",
        "least squares": "((a_fake - 1) ** 2).mean()",
        "hinge": "(-a_fake).mean()",
        "Wasserstein": "(-a_fake).mean()",
    }
)

CROSS_ENTROPY: Final = '''\
def cross_entropy(a: torch.Tensor, target: float) -> torch.Tensor:
    """-t log D - (1 - t) log(1 - D), where D = sigmoid(a) is to be t: (B,) -> (B,)."""
    return target * F.softplus(-a, threshold=40) + (1 - target) * F.softplus(a, threshold=40)
'''

STEEPNESS: Final = '''\
def steepness(x: torch.Tensor) -> torch.Tensor:
    """|∂a/∂x| of each datum, itself differentiable: {shape} -> (B,)."""
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad({judge}(x).sum(), x, create_graph=True)
    return (gradient.square().sum(1) + 1e-12).sqrt()  # the root alone has no slope at 0
'''

CLIP_WEIGHTS: Final = '''\
@torch.no_grad()
def clip_weights() -> None:
    """Keep every weight of the discriminator within ±c."""
    for weight in discriminator.parameters():
        weight.clamp_(-{clip}, {clip})
'''

PARAMETERS: Final = MappingProxyType(
    {
        "model.objective": "what the players descend",
        "model.updates": "whether both players move at once",
        "model.real_target": "what D is to say of real data",
        "model.fake_target": "what D is to say of generated data",
        "model.instance_noise": "σ of the noise on all that D sees",
        "model.slope": "what keeps the slope of D in bounds",
        "model.penalty": "λ of the gradient penalty",
        "model.clip": "c, the greatest absolute weight of D",
        "model.r1": "γ of the penalty R1",
    }
)


def moves(plan: Plan, player: str) -> bool:
    """Whether the player, "d" or "g", ever makes a step."""
    return plan.values(f"model.{player}_steps") != (0,)


def used(plan: Plan, path: str) -> bool:
    """Whether the script has to know the parameter at `path`, one of `PARAMETERS`, by a name."""
    values, d = set(plan.values(path)), moves(plan, "d")
    slopes = set(plan.values("model.slope")) if d else set()
    if path == "model.objective":
        kinds_of_g = {OF_G[objective] for objective in values} if moves(plan, "g") else set()
        return len(kinds_of_g) > 1 or (d and len({_kind_of_d(objective) for objective in values}) > 1)
    return {
        "model.updates": together(plan) and len(values) > 1,
        "model.real_target": d and targeted(plan) and values != {1.0},
        "model.fake_target": d and targeted(plan) and values != {0.0},
        "model.instance_noise": any(values),
        "model.slope": len(slopes) > 1,
        "model.penalty": "gradient penalty" in slopes,
        "model.clip": "clipping" in slopes,
        "model.r1": d and any(values),
    }[path]


def together(plan: Plan) -> bool:
    """Whether both players may move at once."""
    return "simultaneous" in plan.values("model.updates") and moves(plan, "d") and moves(plan, "g")


def targeted(plan: Plan) -> bool:
    """Whether an objective has targets that can be smoothed."""
    return not TARGETED.isdisjoint(plan.values("model.objective"))


def penalised(plan: Plan) -> bool:
    """Whether D ever descends more than its loss."""
    return used(plan, "model.penalty") or used(plan, "model.r1")


def averages(plan: Plan, gan: Gan) -> bool:
    """Whether there is a moving average of a generator that moves."""
    return gan.averaging > 0 and moves(plan, "g")


def is_probable(plan: Plan) -> bool:
    """Whether a is the logit of a probability all along."""
    return PROBABILISTIC.issuperset(plan.values("model.objective"))


def judge_name(plan: Plan) -> str:
    """How the script calls the function that gives a."""
    return "logit" if is_probable(plan) else "judge"


def helpers(plan: Plan, gan: Gan) -> list[str]:
    """The functions that the losses are made with."""
    smooth = used(plan, "model.real_target") or used(plan, "model.fake_target")
    logs = not PROBABILISTIC.isdisjoint(plan.values("model.objective"))
    blocks = [CROSS_ENTROPY] * (smooth and logs)
    if used(plan, "model.instance_noise"):
        blocks.append(_blurred(plan))
    if penalised(plan):
        shape = "(B, m D)" if gan.packing > 1 else "(B, D)"
        blocks.append(STEEPNESS.format(judge=judge_name(plan), shape=shape))
    if used(plan, "model.clip"):
        blocks.append(CLIP_WEIGHTS.format(clip=plan.name("model.clip")))
    return blocks


def _blurred(plan: Plan) -> str:
    name, none = plan.name("model.instance_noise"), 0 in plan.values("model.instance_noise")
    lines = [
        "def blurred(x: torch.Tensor) -> torch.Tensor:",
        '    """With instance noise (Sønderby et al. 2017)."""',
        *([f"    if not {name}:", "        return x"] if none else []),
        f"    return x + {name} * torch.randn(x.shape, generator=noise_rng{plan.place})",
    ]
    return "\n".join(lines) + "\n"


def seen(plan: Plan, gan: Gan, x: str) -> str:
    """What D is shown of the data `x`, as an expression."""
    x = f"blurred({x})" if used(plan, "model.instance_noise") else x
    return f"pack({x})" if gan.packing > 1 else x


def d_loss_lines(plan: Plan) -> list[str]:
    """d_loss, from a_real and a_fake, and d_penalty, where there is one, from the data that D sees."""
    choices = {
        objective: f"on_real, on_fake = {_of_d(plan, objective)}" for objective in plan.values("model.objective")
    }
    return [*_chosen(choices), "d_loss = on_real.mean() + on_fake.mean()", *_penalty_lines(plan)]


def g_loss_lines(plan: Plan) -> list[str]:
    """g_loss, from a_fake."""
    return _chosen({objective: f"g_loss = {OF_G[objective]}" for objective in plan.values("model.objective")})


def belief_lines(plan: Plan) -> list[str]:
    """d_real and d_fake: the mean probability of being real, or the mean of a itself."""
    probable = "d_real, d_fake = torch.sigmoid(a_real).mean(), torch.sigmoid(a_fake).mean()"
    plain = "d_real, d_fake = a_real.mean(), a_fake.mean()"
    return _chosen({o: probable if o in PROBABILISTIC else plain for o in plan.values("model.objective")})


def _chosen(choices: Mapping[str, str]) -> list[str]:
    """The line of the objective; a chain of conditions where it changes, and the line with it."""
    lines = list(dict.fromkeys(choices.values()))
    if len(lines) == 1:
        return lines
    result: list[str] = []
    for line in lines[:-1]:
        result += [f"{'elif' if result else 'if'} {_is_one_of([o for o in choices if choices[o] == line])}:"]
        result += [f"    {line}"]
    return [*result, "else:", f"    {lines[-1]}"]


def _is_one_of(objectives: Sequence[str]) -> str:
    names = ", ".join(f'"{objective}"' for objective in objectives)
    return f"objective in ({names})" if len(objectives) > 1 else f"objective == {names}"


def _kind_of_d(objective: str) -> str:
    return "log" if objective in PROBABILISTIC else objective


def _of_d(plan: Plan, objective: str) -> str:
    """Both terms that D descends under `objective`."""
    real = plan.name("model.real_target") if used(plan, "model.real_target") else ""
    fake = plan.name("model.fake_target") if used(plan, "model.fake_target") else ""
    if objective in PROBABILISTIC:
        on_real = f"cross_entropy(a_real, {real})" if real else "F.softplus(-a_real, threshold=40)"
        return f"{on_real}, " + (f"cross_entropy(a_fake, {fake})" if fake else "F.softplus(a_fake, threshold=40)")
    if objective == "least squares":
        return f"(a_real - {real or 1}) ** 2, " + (f"(a_fake - {fake}) ** 2" if fake else "a_fake**2")
    return "(1 - a_real).clamp(min=0), (1 + a_fake).clamp(min=0)" if objective == "hinge" else "-a_real, a_fake"


def _penalty_lines(plan: Plan) -> list[str]:
    """d_penalty; 0 for a while, where it comes and goes."""
    if not penalised(plan):
        return []
    slopes, gammas = set(plan.values("model.slope")), plan.values("model.r1")
    lines, before = [], ""
    if slopes != {"gradient penalty"} and (0 in gammas or "gradient penalty" in slopes):
        lines, before = [f"d_penalty = torch.zeros((){plan.place})"], "d_penalty + "
    if "gradient penalty" in slopes:
        part = [
            "# Between real and generated data the slope is to be 1 (Gulrajani et al. 2017).",
            f"u = torch.rand((len(real), 1), generator=noise_rng{plan.place})",
            "slopes = steepness(u * real + (1 - u) * fake)  # (B,)",
            f"d_penalty = {before}{plan.name('model.penalty')} * ((slopes - 1) ** 2).mean()",
        ]
        lines += _under('slope == "gradient penalty"' if len(slopes) > 1 else "", part)
        before = "d_penalty + "
    if any(gammas):
        gamma = plan.name("model.r1")
        part = [
            "# On real data D is to be flat (Mescheder, Geiger & Nowozin 2018).",
            f"d_penalty = {before}{gamma} / 2 * (steepness(real) ** 2).mean()",
        ]
        lines += _under(gamma if 0 in gammas else "", part)
    return lines


def _under(condition: str, lines: list[str]) -> list[str]:
    return [f"if {condition}:", *(f"    {line}" for line in lines)] if condition else lines


def clip_lines(plan: Plan) -> list[str]:
    """What follows a step of D where weights are clipped."""
    if not used(plan, "model.clip"):
        return []
    return _under('slope == "clipping"' if used(plan, "model.slope") else "", ["clip_weights()"])
