"""The moves of a GAN's players as code: one after the other, or both at once."""

from __future__ import annotations

from typing import Final

from guiapp.export import code_game
from guiapp.export.code_game import PLAYERS, moves, used
from guiapp.export.code_plan import Plan, print_code
from guiapp.spec import Gan

CLIMBS: Final = "# The discriminator climbs V: it descends -log D(x) - log(1 - D(G(z)))."
TARGETS: Final = "# The discriminator descends the cross-entropy between what it says and its targets."
DESCENDS: Final = "# The discriminator moves on fresh data and noise."
G_MOVES: Final = "# The generator moves on fresh noise; D gets gradients, too, but makes no step."


def training(plan: Plan, gan: Gan, batch: str) -> tuple[list[str], str]:
    """The functions that give the losses, of which a game of turns has none, and the loop; `batch` gives the data."""
    body, functions = _turns(plan, gan, batch), list[str]()
    if code_game.together(plan):
        body, functions = _both(plan, gan), [_d_function(plan, gan, batch), _g_function(plan, gan)]
    owners = dict.fromkeys(_told_of_d(plan), "d") | {"g_loss": "g"}
    printed = ("d_loss", "g_loss", "d_real", "d_fake", "d_penalty")
    told = {term: term for term in printed if term in owners and moves(plan, owners[term])}
    return functions, "\n".join([*_head(plan), *body, *print_code(told)]) + "\n"


def _head(plan: Plan) -> list[str]:
    """The first lines of the loop: what has changed since the last step."""
    names = [path for path in code_game.PARAMETERS if path in plan.schedules and used(plan, path)]
    names = ["batch"] * ("batch" in plan.schedules) + names
    rates = {name: f"model.{name}_optimiser.lr" for name, _ in PLAYERS if moves(plan, name)}
    return [
        "for step in range(1, STEPS + 1):",
        *(f"    {plan.name(path)} = {plan.at_step(path)}" for path in names),
        *(
            f'    {name}_optimiser.param_groups[0]["lr"] = {plan.at_step(rate)}'
            for name, rate in rates.items()
            if rate in plan.schedules
        ),
    ]


def _told_of_d(plan: Plan) -> tuple[str, ...]:
    return ("d_loss", *["d_penalty"] * code_game.penalised(plan), "d_real", "d_fake")


def _turns(plan: Plan, gan: Gan, batch: str) -> list[str]:
    """D moves, then G."""
    lines: list[str] = []
    if moves(plan, "d"):
        lines += _no_step(plan, "d") + _moving(plan, "d", _d_step(plan, gan, batch))
    if moves(plan, "g"):
        lines += _no_step(plan, "g") + _moving(plan, "g", _g_step(plan, gan))
    return lines


def _no_step(plan: Plan, player: str) -> list[str]:
    """What is told is NaN of a player who makes no step."""
    if 0 not in plan.values(f"model.{player}_steps"):
        return []
    told = " = ".join(_told_of_d(plan)) if player == "d" else "g_loss"
    return [f"    {told} = torch.tensor(torch.nan)  # for no step"]


def _moving(plan: Plan, player: str, step: list[str], but: str = "", unless: str = "") -> list[str]:
    """The steps of one player in an iteration, `but` the one that both make at once; `unless` begins the only step that
    may be that one."""
    path = f"model.{player}_steps"
    if plan.values(path) == (1,):
        return {"": _indented(step), " - 1": [], " - together": [f"    {unless}:", *_indented(step, 2)]}[but]
    return [f"    for _ in range({plan.at_step(path)}{but}):", *_indented(step, 2)]


def _both(plan: Plan, gan: Gan) -> list[str]:
    """The last step of D and the first of G are made at once, where both move."""
    d = ["d_optimiser.zero_grad()", f"{', '.join(_told_of_d(plan))} = discriminator_loss()", _backward(plan)]
    g = ["g_optimiser.zero_grad()", "g_loss = generator_loss()"]
    d_move, g_move = _after_d(plan), _after_g(plan, gan)
    both = [
        "# Both gradients are taken at the same weights, then both players move.",
        *d,
        *g,
        "g_loss.backward(inputs=list(generator.parameters()))  # D keeps its own gradients",
        *d_move,
        *g_move,
    ]
    moving = plan.values("model.d_steps") + plan.values("model.g_steps")
    sure = set(plan.values("model.updates")) == {"simultaneous"} and 0 not in moving
    but, head = (" - 1", []) if sure else (" - together", [f"    together = {_condition(plan)}"])
    lines = [*head, *_no_step(plan, "d"), *_no_step(plan, "g")]
    lines += _moving(plan, "d", [*d, *d_move], but, "if not together")
    lines += _indented(both) if sure else ["    if together:", *_indented(both, 2)]
    return lines + _moving(plan, "g", [*g, "g_loss.backward()", *g_move], but, "else")


def _condition(plan: Plan) -> str:
    """Whether both players move at once in this step."""
    parts = [f"{plan.at_step(f'model.{name}_steps')} > 0" for name, _ in PLAYERS if 0 in _steps(plan, name)]
    parts += ['updates == "simultaneous"'] * used(plan, "model.updates")
    return " and ".join(parts)


def _steps(plan: Plan, player: str) -> tuple[int, ...]:
    return plan.values(f"model.{player}_steps")


def _d_function(plan: Plan, gan: Gan, batch: str) -> str:
    penalty = ", the penalty on it" if code_game.penalised(plan) else ""
    lines = [
        "def discriminator_loss() -> tuple[torch.Tensor, ...]:",
        f'    """The loss of D on fresh data and noise{penalty}, and what it says of both."""',
        *_indented(_d_loss(plan, gan, batch)),
        *_indented(code_game.belief_lines(plan)),
        f"    return {', '.join(_told_of_d(plan))}",
    ]
    return "\n".join(lines) + "\n"


def _g_function(plan: Plan, gan: Gan) -> str:
    lines = [
        "def generator_loss() -> torch.Tensor:",
        '    """What G descends on fresh noise."""',
        *_indented(_g_loss(plan, gan)),
        "    return g_loss",
    ]
    return "\n".join(lines) + "\n"


def _d_step(plan: Plan, gan: Gan, batch: str) -> list[str]:
    """A step of D that stands in the loop."""
    smooth = used(plan, "model.real_target") or used(plan, "model.fake_target")
    comment = (TARGETS if smooth else CLIMBS) if code_game.is_probable(plan) else DESCENDS
    return [
        comment,
        *_d_loss(plan, gan, batch),
        "d_optimiser.zero_grad()",
        _backward(plan),
        *_after_d(plan),
        *code_game.belief_lines(plan),
    ]


def _g_step(plan: Plan, gan: Gan) -> list[str]:
    """A step of G that stands in the loop."""
    return [G_MOVES, *_g_loss(plan, gan), "g_optimiser.zero_grad()", "g_loss.backward()", *_after_g(plan, gan)]


def _d_loss(plan: Plan, gan: Gan, batch: str) -> list[str]:
    """d_loss, and d_penalty, from fresh data and noise."""
    judge, data = code_game.judge_name(plan), plan.data.rows or 0
    lines = [f"real = {batch}  # ({'m B' if gan.packing > 1 else 'B'}, D)"]
    if data % gan.packing and max(plan.values("batch")) * gan.packing > data > 0:
        lines.append("real = real[: len(real) // PACK * PACK]  # whole packs")
    lines += [
        "with torch.no_grad():  # the generator stands still",
        f"    fake = generator(draw(len(real)))  # ({'m B' if gan.packing > 1 else 'B'}, D)",
    ]
    if code_game.seen(plan, gan, "real") != "real":
        real, fake = (code_game.seen(plan, gan, x) for x in ("real", "fake"))
        lines.append(f"real, fake = {real}, {fake}" + "  # (B, m D) each" * (gan.packing > 1))
    if gan.discriminator.norm == "batch":
        lines.append("# Real and generated data are normalised each by themselves.")
        lines.append(f"a_real, a_fake = {judge}(real), {judge}(fake)  # (B,) each")
    else:
        lines.append(f"a_real, a_fake = {judge}(torch.cat((real, fake))).split(len(real))  # (B,) each")
    return lines + code_game.d_loss_lines(plan)


def _g_loss(plan: Plan, gan: Gan) -> list[str]:
    """g_loss from fresh noise."""
    count = f"PACK * {plan.name('batch')}" if gan.packing > 1 else plan.name("batch")
    fake = code_game.seen(plan, gan, f"generator(draw({count}))")
    return [f"a_fake = {code_game.judge_name(plan)}({fake})  # (B,)", *code_game.g_loss_lines(plan)]


def _backward(plan: Plan) -> str:
    return f"{'(d_loss + d_penalty)' if code_game.penalised(plan) else 'd_loss'}.backward()"


def _after_d(plan: Plan) -> list[str]:
    return ["d_optimiser.step()", *code_game.clip_lines(plan)]


def _after_g(plan: Plan, gan: Gan) -> list[str]:
    return ["g_optimiser.step()", *["follow()"] * code_game.averages(plan, gan)]


def _indented(lines: list[str], times: int = 1) -> list[str]:
    return ["    " * times + line for line in lines]
