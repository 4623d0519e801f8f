"""Which charts of metrics a run of a GAN has, by the columns that it records, and what stands over them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from guiapp.gui.widgets.annotations import Reference
from guiapp.gui.widgets.equilibrium_lines import at_rest, of_belief, of_losses
from guiapp.gui.widgets.metric_chart import Chart
from guiapp.gui.widgets.time_series import Curve
from guiapp.spec import Gan
from guiapp.theory.game import PROBABILISTIC
from guiapp.theory.modes import HIGH_QUALITY_CEILING, kl_floor

EVERY, SAMPLES = 1000, 10_000  # steps between two evaluations, and generated points of each
UNIT_RANGE, PERCENT_RANGE = (-0.03, 1.03), (-3.0, 103.0)
HALF = (Reference(0.5, "½"),)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the charts of a run depend on besides its columns: the game as it is now, how many modes the law has (0: not
    known), and the floors of both distances, NaN before the first evaluation."""

    game: Gan
    modes: int = 0
    js_floor: float = math.nan
    mmd_floor: float = math.nan


def charts(names: tuple[str, ...], facts: Facts) -> tuple[Chart, ...]:
    """Those for which all columns are there."""
    found = (*_of_modes(facts), *_of_distances(facts), _copying(), *_of_game(facts))
    known = set(names)
    return tuple(chart for chart in found if {curve.name for curve in chart.curves} <= known)


def says(chart: Chart, now: Mapping[str, float], facts: Facts) -> tuple[str, str]:
    """The newest values of `chart`, and what they are to be compared with."""
    if any(not math.isfinite(now.get(curve.name, math.nan)) for curve in chart.curves):
        measured = any(name.startswith("metric/") for name in now)  # KL needs a sample of high quality
        return "", "" if not chart.evaluated else "no sample in any mode" if measured else f"from step {EVERY:,} on"
    values = [now[curve.name] for curve in chart.curves]
    match chart.name:
        case "modes":
            of = f" of {facts.modes}" if facts.modes else ""
            perfect = f"perfect: {facts.modes} and {facts.modes}" if facts.modes else "perfect: all"
            return f"{values[0]:.0f} captured, {values[1]:.0f} fair{of}", perfect
        case "quality":
            return f"{100 * values[0]:.1f} %", f"perfect: {100 * HIGH_QUALITY_CEILING:.2f} %"
        case "kl":
            said = f"{_number(values[0])} and {_number(values[1])}"
            return said, f"perfect: {kl_floor(facts.modes, SAMPLES):.1g}" if facts.modes else "perfect: 0"
        case "js":
            return f"{_number(values[0])} nats", f"perfect: {_number(facts.js_floor)}"
        case "mmd":
            return _number(values[0]), f"perfect: 0 ± {_number(facts.mmd_floor)}"
        case "copying":
            return f"{values[0]:.2f}", "no copying: ½"
        case "accuracy":
            return f"{100 * values[0]:.0f} % of x, {100 * values[1]:.0f} % of G(z)", "equilibrium: 50 %"
        case "belief":
            return " and ".join(_number(value) for value in values), _belief_at_rest(facts.game)
        case _:
            return _losses(values, facts.game)


def _of_modes(facts: Facts) -> tuple[Chart, ...]:
    modes = facts.modes
    ceiling = 100 * HIGH_QUALITY_CEILING
    return (
        Chart(
            "modes",
            "Modes",
            "modes",
            (_dotted("modes", "captured", "generated"), _dotted("fair", "fair share", "generator")),
            (-0.03 * modes, 1.1 * modes) if modes else None,
            (Reference(float(modes), f"all {modes}"),) if modes else (),
            explained="Modes with a sample within 3σ, and modes with at least 20 % of their fair share of samples",
        ),
        Chart(
            "quality",
            "High quality",
            "%",
            (_dotted("quality", "within 3σ", "generated", 100.0),),
            PERCENT_RANGE,
            (Reference(ceiling, f"ceiling {ceiling:.2f} %"),),
            explained="Samples within 3σ of a mode. A perfect sampler has 1 − exp(−4.5) = 98.89 % of them in the plane",
        ),
        Chart(
            "kl",
            "KL over modes",
            "nats",
            (_dotted("kl_reverse", "p_g ‖ p", "generator"), _dotted("kl_forward", "p ‖ p_g", "real")),
            references=(Reference(0.0, "0"),),
            scaled=True,
            explained="Reverse KL(p_g ‖ p) and forward KL(p ‖ p_g) between the shares of the modes, in nats; the "
            "forward one counts half a sample more in every mode, so that an empty mode costs much but not infinity",
        ),
    )


def _of_distances(facts: Facts) -> tuple[Chart, ...]:
    js, mmd = facts.js_floor, facts.mmd_floor
    return (
        Chart(
            "js",
            "Jensen-Shannon",
            "nats",
            (_dotted("js", "JS", "generated"),),
            references=(Reference(js, f"floor {_number(js)}"),) if math.isfinite(js) else (),
            band=(0.0, js) if math.isfinite(js) else None,
            scaled=True,
            explained="Jensen-Shannon divergence on 30 × 30 cells of 10,000 fresh points on either side, in nats; "
            "the floor is that of two samples of the data",
        ),
        Chart(
            "mmd",
            "Squared MMD",
            "MMD²",
            (_dotted("mmd", "MMD²", "generated"),),
            references=(Reference(mmd, f"floor {_number(mmd)}"),) if math.isfinite(mmd) else (),
            band=(-mmd, mmd) if math.isfinite(mmd) else None,
            scaled=True,
            explained="Squared maximum mean discrepancy, unbiased, so around 0 for two samples of one law; the floor "
            "is its standard deviation for two samples of the data",
        ),
    )


def _copying() -> Chart:
    return Chart(
        "copying",
        "Memorisation",
        "probability",
        (_dotted("memorisation", "AUC", "generated"),),
        UNIT_RANGE,
        HALF,
        explained="Probability that a sample lies nearer to its nearest training datum than a held-out datum does to "
        "its own: ½ without copying, 1 where every sample is a copy",
    )


def _of_game(facts: Facts) -> tuple[Chart, ...]:
    probable = facts.game.objective in PROBABILISTIC
    unit = "nats" if probable else "loss"
    return (
        Chart(
            "accuracy",
            "Accuracy of D",
            "fraction",
            (_told("d_acc_real", "on x", "real"), _told("d_acc_fake", "on G(z)", "generated")),
            UNIT_RANGE,
            HALF,
            explained="The fractions of the data and of the generated points that the discriminator judges rightly",
        ),
        Chart(
            "belief",
            "What D says",
            "probability" if probable else "D",
            (_told("d_real", "D(x)", "real"), _told("d_fake", "D(G(z))", "generated")),
            UNIT_RANGE if probable else None,
            of_belief(facts.game),
            explained="The mean of D over the data and over the generated points"
            + ("" if probable else "; for this objective D is a value, not a probability"),
        ),
        Chart(
            "losses",
            "Losses",
            unit,
            (_told("d_loss", "D", "discriminator"), _told("g_loss", "G", "generator")),
            references=of_losses(facts.game),
            explained="What each player descends, penalties not counted",
        ),
    )


def _told(column: str, title: str, colour: str) -> Curve:
    """Smoothed alone: in a small chart the scatter would hide it; the view of losses shows that too."""
    return Curve(column, title, colour, alone=True)


def _dotted(column: str, title: str, colour: str, scale: float = 1.0) -> Curve:
    return Curve(f"metric/{column}", title, colour, scale=scale, sparse=True, dotted=True)


def _belief_at_rest(game: Gan) -> str:
    rest = at_rest(game)
    return "equilibrium: any constant" if rest is None else f"equilibrium: {rest.belief:.3g}"


def _losses(values: list[float], game: Gan) -> tuple[str, str]:
    rest, plain = at_rest(game), (game.real_target, game.fake_target) == (1, 0)
    said = f"D {_number(values[0])}, G {_number(values[1])}"
    if rest is None:
        return said, "equilibrium: any constant"
    if game.objective in PROBABILISTIC and plain:
        return f"{said}, V {_number(-values[0])}", "equilibrium: −log 4"
    return said, f"equilibrium: {_number(rest.d_loss)}, {_number(rest.g_loss)}"


def _number(value: float) -> str:
    return f"{value:.3g}".replace("e-0", "e-").replace("-", "−") if math.isfinite(value) else "–"
