"""A generative adversarial network as code: its parameters, networks and training loop."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from guiapp.export.code_convolution import from_data_code, shape_blocks, to_data_code
from guiapp.export.code_data import batch_code
from guiapp.export.code_model import initialisation_code
from guiapp.export.code_plan import Plan, optimiser_code, print_code
from guiapp.spec import Gan

DOC: Final = """\
Goodfellow et al. 2014. The generator G maps noise z to data; the discriminator, with the logit a(x)
and D(x) = sigmoid(a(x)), tells them from real ones. D climbs, G descends, in nats:
    V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]
where -log D = softplus(-a) and -log(1 - D) = softplus(a).
"""

# What the generator descends, from the logits on its data.
LOSSES: Final = MappingProxyType(
    {
        "minimax": "(-F.softplus(a_fake, threshold=40)).mean()  # log(1 - D(G(z)))",
        "non-saturating": "F.softplus(-a_fake, threshold=40).mean()  # -log D(G(z))",
    }
)


def uses_data(plan: Plan) -> bool:
    """The generator never sees a datum: with a frozen discriminator none is read."""
    return _moves(plan, "d")


def constants(plan: Plan, gan: Gan) -> list[str]:
    """The parameters as lines at the top."""
    lines = [f"Z = {gan.noise}  # noise dimensions"]
    for player, word in (("d", "discriminator"), ("g", "generator")):
        if _moves(plan, player):
            lines += plan.constant(f"model.{player}_optimiser.lr", f"learning rate of the {word}")
            if plan.values(f"model.{player}_steps") != (1,):
                lines += plan.constant(f"model.{player}_steps", f"{word} steps per iteration")
    if _moves(plan, "g") and "model.objective" in plan.schedules:
        lines += plan.constant("model.objective", "what the generator descends")
    return lines


def blocks(plan: Plan, gan: Gan) -> list[str]:
    """The networks, their first weights, the optimisers, and the loop.

    Raises:
        SpecError: convolutions do not fit the data. ValueError: no player ever moves.
    """
    if not (_moves(plan, "d") or _moves(plan, "g")):
        raise ValueError("D steps and G steps are 0, so that nothing trains and no code can show it; set one to 1.")
    shape, bounded = plan.data.shape, plan.data.bounded
    define, calls = initialisation_code(
        [
            ("generator", gan.generator, "nn.ConvTranspose2d"),
            ("discriminator", gan.discriminator, "nn.Conv2d"),
        ]
    )
    end = "nn.Sigmoid(),  # (B, D), in [0, 1]" if bounded else " # (B, D)"
    generator = to_data_code("generator", gan.generator, gan.noise, shape, end)
    discriminator = from_data_code("discriminator", gan.discriminator, shape, "1", " # (B, 1): the logit a")
    lines = ["weight_rng = torch.Generator().manual_seed(SEED)", *calls]
    if plan.device:
        lines.append(f"generator, discriminator = generator{plan.move}, discriminator{plan.move}")
    for player, name, optimiser in (("d", "discriminator", gan.d_optimiser), ("g", "generator", gan.g_optimiser)):
        if _moves(plan, player):
            rate = plan.at_start(f"model.{player}_optimiser.lr")
            lines += optimiser_code(f"{player}_optimiser", f"{name}.parameters()", rate, optimiser)
    noise = f"noise_rng = torch.Generator({plan.generator_place}).manual_seed(SEED + 2)\n"
    define_batches, start, batch = batch_code(plan) if uses_data(plan) else ([], "", "")
    define_batches += [_draw(plan, gan), _logit(bounded)]
    loop = "\n".join(_loop(plan, gan, batch)) + "\n"
    define += shape_blocks(gan.discriminator, gan.generator, shape)
    return [*define_batches, *define, generator + discriminator, "\n".join(lines) + "\n", start + noise + loop]


def _draw(plan: Plan, gan: Gan) -> str:
    uniform = gan.noise_law == "uniform"
    call = f"torch.rand{'' if uniform else 'n'}((n, Z), generator=noise_rng{plan.place}){' * 2 - 1' if uniform else ''}"
    law = "uniform on [-1, 1]" if uniform else "N(0, I)"
    return f'def draw(n: int) -> torch.Tensor:\n    """Noise z ~ {law}: (n, Z)."""\n    return {call}\n'


def _logit(bounded: bool) -> str:
    doc, x = ("; it sees the data centred, as 2x - 1", "x * 2 - 1") if bounded else ("", "x")
    return (
        "def logit(x: torch.Tensor) -> torch.Tensor:\n"
        f'    """The logit of D: (B, D) -> (B,){doc}."""\n'
        f"    return discriminator({x}).squeeze(-1)\n"
    )


def _loop(plan: Plan, gan: Gan, batch: str) -> list[str]:
    moving = [player for player in ("d", "g") if _moves(plan, player)]
    lines = ["for step in range(1, STEPS + 1):"]
    if "batch" in plan.schedules:
        lines.append(f"    {plan.name('batch')} = {plan.at_step('batch')}")
    for player in moving:
        rate = f"model.{player}_optimiser.lr"
        if rate in plan.schedules:
            lines.append(f'    {player}_optimiser.param_groups[0]["lr"] = {plan.at_step(rate)}')
    if "d" in moving:
        lines += _moving(plan, "d", "d_loss = d_real = d_fake", _d_step(gan, batch))
    if "g" in moving:
        lines += _moving(plan, "g", "g_loss", _g_step(plan, gan))
    owners = {"d_loss": "d", "g_loss": "g", "d_real": "d", "d_fake": "d"}
    return lines + print_code({term: term for term, player in owners.items() if player in moving})


def _moving(plan: Plan, player: str, told: str, step: list[str]) -> list[str]:
    """The steps of one player in an iteration; what is `told` is NaN when it makes none."""
    path = f"model.{player}_steps"
    if plan.values(path) == (1,):
        return [f"    {line}" for line in step]
    start = [f"    {told} = torch.tensor(torch.nan)  # for no step"] if 0 in plan.values(path) else []
    return [*start, f"    for _ in range({plan.at_step(path)}):", *(f"        {line}" for line in step)]


def _d_step(gan: Gan, batch: str) -> list[str]:
    if gan.discriminator.norm == "batch":
        judge = [
            "# Real and generated data are normalised each by themselves.",
            "a_real, a_fake = logit(real), logit(fake)  # (B,) each",
        ]
    else:
        judge = ["a_real, a_fake = logit(torch.cat((real, fake))).split(len(real))  # (B,) each"]
    return [
        "# The discriminator climbs V: it descends -log D(x) - log(1 - D(G(z))).",
        f"real = {batch}  # (B, D)",
        "with torch.no_grad():  # the generator stands still",
        "    fake = generator(draw(len(real)))  # (B, D)",
        *judge,
        "on_real, on_fake = F.softplus(-a_real, threshold=40), F.softplus(a_fake, threshold=40)",
        "d_loss = on_real.mean() + on_fake.mean()",
        "d_optimiser.zero_grad()",
        "d_loss.backward()",
        "d_optimiser.step()",
        "d_real, d_fake = torch.sigmoid(a_real).mean(), torch.sigmoid(a_fake).mean()",
    ]


def _g_step(plan: Plan, gan: Gan) -> list[str]:
    if "model.objective" in plan.schedules:
        loss = [
            f'if {plan.at_step("model.objective")} == "minimax":',
            f"    g_loss = {LOSSES['minimax']}",
            "else:",
            f"    g_loss = {LOSSES['non-saturating']}",
        ]
    else:
        loss = [f"g_loss = {LOSSES[gan.objective]}"]
    return [
        "# The generator moves on fresh noise; D gets gradients, too, but makes no step.",
        f"a_fake = logit(generator(draw({plan.name('batch')})))  # (B,)",
        *loss,
        "g_optimiser.zero_grad()",
        "g_loss.backward()",
        "g_optimiser.step()",
    ]


def _moves(plan: Plan, player: str) -> bool:
    return plan.values(f"model.{player}_steps") != (0,)
