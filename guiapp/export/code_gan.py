"""A generative adversarial network as code: its parameters, networks and training loop."""

from __future__ import annotations

import math
from typing import Final

from guiapp.export import code_game, code_moves
from guiapp.export.code_convolution import from_data_code, is_convolutional, shape_blocks, to_data_code
from guiapp.export.code_data import batch_code
from guiapp.export.code_game import PLAYERS, moves
from guiapp.export.code_model import initialisation_code
from guiapp.export.code_plan import Plan, optimiser_code
from guiapp.spec import Gan

DOC: Final = """\
Goodfellow et al. 2014. The generator G maps noise z to data; the discriminator, with the logit a(x)
and D(x) = sigmoid(a(x)), tells them from real ones. D climbs, G descends, in nats:
    V(D, G) = E_x[log D(x)] + E_z[log(1 - D(G(z)))]
where -log D = softplus(-a) and -log(1 - D) = softplus(a).
"""


def formulas(plan: Plan) -> str:
    """What the script says first."""
    objectives = dict.fromkeys(plan.values("model.objective"))
    if code_game.is_probable(plan):
        return DOC
    return code_game.INTRODUCTION + "".join(code_game.GAMES[objective] for objective in objectives)


def uses_data(plan: Plan) -> bool:
    """The generator never sees a datum: with a frozen discriminator none is read."""
    return moves(plan, "d")


def constants(plan: Plan, gan: Gan) -> list[str]:
    """The parameters as lines at the top."""
    lines = [f"Z = {gan.noise}  # noise dimensions"]
    if gan.packing > 1:
        lines.append(f"PACK = {gan.packing}  # data that D judges together (Lin et al. 2018)")
    for player, word in PLAYERS:
        if moves(plan, player):
            lines += plan.constant(f"model.{player}_optimiser.lr", f"learning rate of the {word}")
            if plan.values(f"model.{player}_steps") != (1,):
                lines += plan.constant(f"model.{player}_steps", f"{word} steps per iteration")
    for path, comment in code_game.PARAMETERS.items():
        if code_game.used(plan, path):
            lines += plan.constant(path, comment)
    if code_game.averages(plan, gan):
        lines.append(f"DECAY = {gan.averaging!r}  # per step, of the moving average of the generator")
    return lines


def blocks(plan: Plan, gan: Gan) -> list[str]:
    """The networks, their first weights, the optimisers, and the loop.

    Raises:
        SpecError: convolutions do not fit the data.
    """
    shape, bounded = plan.data.shape, plan.data.bounded
    packs = _of_pack(shape, gan.packing)
    define, calls = initialisation_code(
        [
            ("generator", gan.generator, "nn.ConvTranspose2d"),
            ("discriminator", gan.discriminator, "nn.Conv2d"),
        ]
    )
    end = "nn.Sigmoid(),  # (B, D), in [0, 1]" if bounded else " # (B, D)"
    generator = to_data_code("generator", gan.generator, gan.noise, shape, end)
    what = "the logit" if code_game.is_probable(plan) else "the value"
    discriminator = from_data_code("discriminator", gan.discriminator, packs, "1", f" # (B, 1): {what} a")
    lines = ["weight_rng = torch.Generator().manual_seed(SEED)", *calls, *_spectral(gan)]
    if plan.device:
        lines.append(f"generator, discriminator = generator{plan.move}, discriminator{plan.move}")
    if code_game.averages(plan, gan):
        lines.append("average = copy.deepcopy(generator).requires_grad_(False)  # the one to sample from")
    for (player, name), optimiser in zip(PLAYERS, (gan.d_optimiser, gan.g_optimiser), strict=True):
        if moves(plan, player):
            rate = plan.at_start(f"model.{player}_optimiser.lr")
            lines += optimiser_code(f"{player}_optimiser", f"{name}.parameters()", rate, optimiser)
    noise = f"noise_rng = torch.Generator({plan.generator_place}).manual_seed(SEED + 2)\n"
    define_batches, start, batch = batch_code(plan, gan.packing) if uses_data(plan) else ([], "", "")
    functions = [_draw(plan, gan), *_pack(plan, gan), _judge(plan, gan), *code_game.helpers(plan, gan)]
    functions += [_follow(gan)] * code_game.averages(plan, gan)
    losses, loop = code_moves.training(plan, gan, batch)
    define += shape_blocks(gan.discriminator, gan.generator, packs)
    networks = [generator + discriminator, "\n".join(lines) + "\n"]
    return [*define_batches, *functions, *losses, *define, *networks, start + noise + loop]


def _of_pack(shape: tuple[int, ...], packing: int) -> tuple[int, ...]:
    """The shape of `packing` data side by side: images as further colour channels."""
    if packing == 1:
        return shape
    return (shape[0] * packing,) if len(shape) == 1 else (*shape[:2], (*shape, 1)[2] * packing)


def _spectral(gan: Gan) -> list[str]:
    if not gan.spectral:
        return []
    kinds = "nn.Linear | nn.Conv2d" if is_convolutional(gan.discriminator) else "nn.Linear"
    return [
        "# Every weight of D is divided by its largest singular value (Miyato et al. 2018), found by one",
        "# step of the power iteration at each pass; the seed is of the vectors that it starts from.",
        "torch.manual_seed(int(torch.randint(2**31, (), generator=weight_rng)))",
        "for layer in list(discriminator.modules()):",
        f"    if isinstance(layer, {kinds}):",
        "        nn.utils.parametrizations.spectral_norm(layer)",
    ]


def _draw(plan: Plan, gan: Gan) -> str:
    uniform = gan.noise_law == "uniform"
    call = f"torch.rand{'' if uniform else 'n'}((n, Z), generator=noise_rng{plan.place}){' * 2 - 1' if uniform else ''}"
    law = "uniform on [-1, 1]" if uniform else "N(0, I)"
    return f'def draw(n: int) -> torch.Tensor:\n    """Noise z ~ {law}: (n, Z)."""\n    return {call}\n'


def _pack(plan: Plan, gan: Gan) -> list[str]:
    if gan.packing == 1:
        return []
    shape = plan.data.shape
    channels = shape[2] if len(shape) == 3 else 1
    rows = f"PACK, {math.prod(shape) // channels}" + (f", {channels}" if channels > 1 else "")
    how = "as further colours of one" if len(shape) > 1 else "number by number"
    return [
        "def pack(x: torch.Tensor) -> torch.Tensor:\n"
        f'    """Neighbouring data side by side, {how}: (m B, D) -> (B, m D), m = PACK."""\n'
        f"    return x.reshape(-1, {rows}).movedim(1, 2).flatten(1)\n"
    ]


def _judge(plan: Plan, gan: Gan) -> str:
    doc, x = ("; it sees the data centred, as 2x - 1", "x * 2 - 1") if plan.data.bounded else ("", "x")
    what = "The logit of D" if code_game.is_probable(plan) else "What D says, a(x)"
    return (
        f"def {code_game.judge_name(plan)}(x: torch.Tensor) -> torch.Tensor:\n"
        f'    """{what}: {_packs(gan)} -> (B,){doc}."""\n'
        f"    return discriminator({x}).squeeze(-1)\n"
    )


def _packs(gan: Gan) -> str:
    return "(B, m D)" if gan.packing > 1 else "(B, D)"


def _follow(gan: Gan) -> str:
    """The moving average of the generator; torch's buffers are those of batch normalisation."""
    lines = [
        "@torch.no_grad()",
        "def follow() -> None:",
        '    """Move the average towards the generator (Yazıcı et al. 2019)."""',
        "    for kept, weight in zip(average.parameters(), generator.parameters()):",
        "        kept.lerp_(weight, 1 - DECAY)",
    ]
    if gan.generator.norm == "batch":
        lines += [
            "    for kept, statistic in zip(average.buffers(), generator.buffers()):",
            "        kept.copy_(statistic)",
        ]
    return "\n".join(lines) + "\n"
