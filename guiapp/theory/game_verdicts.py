"""What ails a GAN, from windows of its curves: each verdict says what it rests on and what to try; numpy.

A window is an array with one value a step, or the values of some steps; NaN and infinities are steps without a value.
Too few values give no verdict, and so does what may pass by itself: the first steps, and modes still being found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from guiapp.theory.game import Objective
from guiapp.theory.memorisation import ranks
from guiapp.theory.verdicts import Verdict as Verdict

Values = NDArray[np.floating[Any]]
Doubles = NDArray[np.float64]
Kind = Literal["discriminator winning", "mode dropping", "oscillation", "memorisation"]

EARLY_STEPS: Final = 500  # say nothing: D tells noise from data with ease then, and swings die away
WINDOW: Final = 500  # steps over which the discriminator must win
LEAST_VALUES: Final = 200  # of them that must be known
ALL_BUT: Final = 0.1  # share of a window's steps that may be otherwise
WINNING_ACCURACY: Final = 0.95  # on the data and on the generated points
WINNING_FAKE: Final = 0.05  # D(G(z)); with the minimax loss it is the generator's weight too, ½ at equilibrium
LOST_ACCURACY: Final = 0.99  # with LOST_FAKE a verdict is sure
LOST_FAKE: Final = 0.01
HINGE_MARGIN: Final = -1.0  # instead of both for hinge, where D is a value: beyond it D has nothing left to learn

EVALUATIONS: Final = 20  # of the modes, newest last; the newer half must show the verdict, the older half no recovery
LEAST_EVALUATIONS: Final = 8
LEAST_QUALITY: Final = (
    0.2  # of high-quality samples: with fewer, a mode that is missed is not told from one that is blurred
)
HOPPING_QUALITY: Final = 0.4  # even samples then give each mode twice what it needs to be held: none flickers
HOPPING: Final = 0.3  # share of the held modes that is lost from one evaluation to the next

BINS: Final = 512  # a window is averaged to so many values
LEAST_BINS: Final = 48
PERIODS: Final = 4  # that a window must hold
CONSTANT: Final = 1e-9  # of the largest value: a swing of rounding
LEAST_PERIOD: Final = 4  # bins: faster is noise
PEAK: Final = 0.5  # autocorrelation after one period, and -½ of it after half a period
SURE_PEAK: Final = 0.75
SAME_PEAK: Final = 0.8  # of the highest peak: the first so high is one period
LOSS_SWING: Final = 0.02  # nats, standard deviation of the discriminator's loss; 1.4 % of its value at equilibrium
CENTRE_SWING: Final = 0.1  # of the data's standard deviation, how far the mean of the generated points swings

LEAST_DISTANCES: Final = 30
COPY: Final = 0.5  # of the distance that 95 % of held-out data exceed: a sample nearer than that is a copy
COPIES: Final = 0.05  # share of the samples, over that of held-out data, that are copies
MANY_COPIES: Final = 0.25
CHANCE: Final = 3e-5  # of as many copies where there is no copying
SURE_Z: Final = 4.0  # standard errors of the ranks, which is as rare

DEFINITIONS: Final[dict[Kind, str]] = {
    "discriminator winning": f"In at least {1 - ALL_BUT:.0%} of the last {WINDOW} steps D is right about more than "
    f"{WINNING_ACCURACY:.0%} of the data and of the generated points, and D(G(z)) is below {WINNING_FAKE} "
    f"({HINGE_MARGIN:g} for hinge).",
    "mode dropping": f"In each of the last evaluations some modes have less than 20 % of their fair share of samples, "
    f"their number does not fall, and at least {LEAST_QUALITY:.0%} of the samples lie in modes.",
    "oscillation": f"The mean of the generated points or the discriminator's loss repeats itself after the first "
    f"{EARLY_STEPS} steps: its autocorrelation after one period is at least {PEAK}, over at least {PERIODS} periods. "
    f"Or at least {HOPPING:.0%} of the modes held at one evaluation are lost at the next.",
    "memorisation": f"Nearer to a training datum than half the distance that 95 % of the held-out data exceed are at "
    f"least {COPIES:.0%} more of the samples than of the held-out data, and not by chance (p < {CHANCE:g}).",
}


def _none() -> Values:
    return np.empty(0, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """What is known of a run up to `step`; what is not is left out.

    `acc_real`, `acc_fake`, `d_fake`, `d_loss` (T,): D's accuracies, D(G(z)), D's loss in nats. `captured`, `fair`,
    `high_quality` (E,): as in `modes.ModeScores`, of `modes` in all. `held` (E, M): which modes have their fair share.
    `centre` (T, 2): the mean of the generated points, where the data's standard deviation is `spread`. `samples` (N,),
    `heldout` (H,): distances to the nearest training datum. All newest last; T rows are T steps, E evaluations any.
    """

    step: int
    objective: Objective
    acc_real: Values = field(default_factory=_none)
    acc_fake: Values = field(default_factory=_none)
    d_fake: Values = field(default_factory=_none)
    d_loss: Values = field(default_factory=_none)
    modes: int = 0
    captured: Values = field(default_factory=_none)
    fair: Values = field(default_factory=_none)
    high_quality: Values = field(default_factory=_none)
    held: NDArray[np.bool_] = field(default_factory=lambda: np.empty((0, 0), bool))
    centre: Values = field(default_factory=lambda: np.empty((0, 2), np.float32))
    spread: float = 1.0
    samples: Values = field(default_factory=_none)
    heldout: Values = field(default_factory=_none)


def judge(window: Window) -> tuple[Verdict, ...]:
    """All verdicts on a run, at most one of a kind; empty while the game is balanced, or too little is known."""
    w, settled = window, max(0, window.step - EARLY_STEPS)
    d_loss, centre = (values[max(0, len(values) - settled) :] for values in (w.d_loss, w.centre))
    found = (
        discriminator_winning(w.step, w.acc_real, w.acc_fake, w.d_fake, w.objective),
        mode_dropping(w.captured, w.fair, w.high_quality, w.modes),
        mode_hopping(w.held, w.high_quality) or oscillation(d_loss, centre, w.spread),
        memorisation(w.samples, w.heldout),
    )
    return tuple(verdict for verdict in found if verdict)


def discriminator_winning(
    step: int, acc_real: Values, acc_fake: Values, d_fake: Values, objective: Objective = "non-saturating"
) -> Verdict | None:
    """D right about nearly all data and all generated points, throughout the window's last 500 steps, (T,) each.

    Sure at accuracies of .99 and D(G(z)) of .01. `d_fake` is the mean of `game.belief`. Never of a Wasserstein critic,
    whose value has no scale, and which should be ahead.
    """
    columns = [np.asarray(values, np.float64)[-WINDOW:] for values in (acc_real, acc_fake, d_fake)]
    length = min(len(column) for column in columns)
    table = np.stack([column[len(column) - length :] for column in columns])  # (3, T)
    table = table[:, np.isfinite(table).all(axis=0)]
    if step < EARLY_STEPS or objective == "Wasserstein" or table.shape[1] < LEAST_VALUES:
        return None
    right = [float(np.quantile(row, ALL_BUT)) for row in table[:2]]
    fake = float(np.quantile(table[2], 1 - ALL_BUT))
    winning, lost = (HINGE_MARGIN, HINGE_MARGIN) if objective == "hinge" else (WINNING_FAKE, LOST_FAKE)
    if min(right) < WINNING_ACCURACY or fake > winning:
        return None
    means = table.mean(axis=1)
    said = (
        f"Over the last {table.shape[1]} steps D was right about {means[0]:.1%} of the data and {means[1]:.1%} of the "
        f"generated points, and D(G(z)) was {means[2]:.2g} on average."
    )
    remedy = "Lower the learning rate or the steps of D, or blur its task: label smoothing, instance noise, R1 penalty."
    if objective == "minimax":
        said += " With the minimax loss that is the weight of G's gradient too: it has all but vanished from ½."
        remedy = "Change G's loss to non-saturating, whose weight 1 - D(G(z)) stays near 1. " + remedy
    return Verdict("discriminator winning", min(right) >= LOST_ACCURACY and fake <= lost, said, remedy)


def mode_dropping(captured: Values, fair: Values, high_quality: Values, modes: int) -> Verdict | None:
    """Modes without 20 % of their fair share, (E,) each, in all of the newer half of the last 20 evaluations, and no
    fewer of them than in the older half: a generator that is still finding modes is left in peace.

    Sure where some modes have no sample at all, or fewer are held now than in half of the older evaluations. No verdict
    on a single mode, nor while less than 20 % of the samples are of high quality.
    """
    table = _together(captured, fair, high_quality)[:, -EVALUATIONS:]
    if modes < 2 or table.shape[1] < LEAST_EVALUATIONS:
        return None
    older, newer = np.array_split(table, 2, axis=1)
    now, before = float(newer[1].max()), float(older[1].max())
    if now >= modes or np.median(newer[2]) < LEAST_QUALITY or np.median(newer[1]) > np.median(older[1]):
        return None
    lost, empty = now < np.median(older[1]), modes - float(newer[0].max())
    said = f"Throughout the last {newer.shape[1]} evaluations at most {now:.0f} of {modes} modes had 20 % of their "
    said += "fair share"
    said += f", {empty:.0f} no sample at all" if empty > 0 else ""
    said += f"; up to {before:.0f} had it before." if lost else "."
    remedy = "Show D several samples at once (packing), average G's weights, or lower the learning rates of both."
    return Verdict("mode dropping", bool(empty > 0 or lost), said, remedy)


def mode_hopping(held: NDArray[np.bool_], high_quality: Values) -> Verdict | None:
    """Modes that are held at one evaluation and lost at the next, (E, M) truth values, over the last 20: on average at
    least 30 % of those held; Metz et al. 2017. New modes do not count, so a generator that finds them hops not, nor
    one of whose samples less than 40 % are of high quality, (E,): its modes may be on the brink of being held."""
    quality = np.asarray(high_quality, np.float64)
    quality = quality[np.isfinite(quality)][-EVALUATIONS:]
    if not len(quality) or np.median(quality) < HOPPING_QUALITY:
        return None
    table = np.asarray(held, bool)[-EVALUATIONS:]
    table = table[table.any(axis=1)] if table.size else table[:0]
    if len(table) < LEAST_EVALUATIONS:
        return None
    lost = np.sum(table[:-1] & ~table[1:], axis=1) / table[:-1].sum(axis=1)
    if lost.mean() < HOPPING:
        return None
    said = (
        f"From one evaluation to the next {lost.mean():.0%} of the modes held were lost; {table.any(axis=0).sum()} "
        f"modes were held at some time during {len(table)} evaluations, {table.sum(axis=1).mean():.1f} at a time."
    )
    return Verdict("oscillation", float(np.median(lost)) >= HOPPING, said, _CALM)


def oscillation(d_loss: Values, centre: Values | None = None, spread: float = 1.0) -> Verdict | None:
    """A period in the mean of the generated points (T, 2), or else in the discriminator's loss (T,), a row a step.

    Sure at an autocorrelation of .75 after one period. Swings below .1 of the data's `spread`, or .02 nats, are none.
    """
    swings = (
        ("The mean of the generated points", centre, CENTRE_SWING * spread),
        ("The discriminator's loss", np.asarray(d_loss)[:, None], LOSS_SWING),
    )
    for what, values, least in swings:
        cycle = None if values is None else rhythm(values)
        if cycle and cycle.swing >= least:
            said = (
                f"{what} repeats itself every {cycle.period:.0f} steps (autocorrelation {cycle.peak:.2f}), swinging "
                f"by {cycle.swing:.2g} around its trend."
            )
            return Verdict("oscillation", cycle.peak >= SURE_PEAK, said, _CALM)
    return None


_CALM: Final = "Lower both learning rates or Adam's β₁, add an R1 or gradient penalty, or average G's weights."


class Rhythm(NamedTuple):
    """A period in rows, the autocorrelation after it, and the standard deviation around the trend."""

    period: float
    peak: float
    swing: float


def rhythm(values: Values) -> Rhythm | None:
    """The period of `values` (T, C), C coordinates of one quantity, or None.

    They are averaged to at most 512 and lose their straight trend. r(k) = Σ_t x_t·x_{t+k}/(T - k) over its value at 0
    must have a peak of .5 at a lag of at most a quarter of the window, after a trough of half that depth, and again
    after two periods: noise has no peak, and what merely wanders (a random walk) none that returns.
    """
    x, width = _binned(np.asarray(values, np.float64))
    count = len(x)
    if count < LEAST_BINS:
        return None
    time, largest = np.linspace(-1.0, 1.0, count), float(np.abs(x).max())
    x = x - x.mean(axis=0)
    x -= time[:, None] * (time @ x / (time @ time))
    swing = float(np.sqrt(np.sum(x * x) / count))
    if swing <= CONSTANT * largest:
        return None
    spectrum = np.abs(np.fft.rfft(x, 2 * count, axis=0)) ** 2
    r = np.fft.irfft(spectrum.sum(axis=1))[:count] / np.arange(count, 0, -1)
    r /= r[0]
    crossing = np.flatnonzero(r < 0)
    if not len(crossing):
        return None
    first, last = int(crossing[0]), count // PERIODS
    if first >= last:
        return None
    near = r[first : last + 1]
    if near.max() < PEAK:
        return None
    lag = first + int(np.flatnonzero(near >= SAME_PEAK * near.max())[0])  # two or three periods later it is as high
    lag += int(r[lag : min(2 * lag, last + 1)].argmax())
    peak = float(r[lag])
    again = float(r[2 * lag - lag // 4 : 2 * lag + lag // 4 + 1].max())
    if lag < LEAST_PERIOD or lag == last or r[:lag].min() > -PEAK * peak or again < PEAK * peak:
        return None
    return Rhythm(lag * width, peak, swing)


def _binned(values: Doubles) -> tuple[Doubles, float]:
    """The known rows of (T, C), averaged in runs to at most 512, and how many values of the window one stands for."""
    known = values[np.isfinite(values).all(axis=1)] if len(values) else values
    run = -(-len(known) // BINS) if len(known) else 1
    count = len(known) // run
    # The newest values: what does not fill a run is left out at the old end.
    binned = known[len(known) - count * run :].reshape(count, run, values.shape[1]).mean(axis=1)
    return binned, run * len(values) / max(len(known), 1)


def memorisation(samples: Values, heldout: Values) -> Verdict | None:
    """Copies of the training data, from distances to the nearest of them: of samples (N,), of held-out data (H,).

    Their ranks alone do not show them: blurred and collapsed samples, too, are nearer than held-out data. A copy is
    nearer than half the distance that 95 % of held-out data exceed, and there must be more of them than among held-out
    data, by 5 % of the samples, and with a probability below 3·10⁻⁵ in Fisher's exact test. Sure where it is 25 % and
    the ranks differ by 4 standard errors as well.
    """
    a, b = (np.asarray(part, np.float64) for part in (samples, heldout))
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(len(a), len(b)) < LEAST_DISTANCES:
        return None
    near = COPY * float(np.quantile(b, 0.05))
    copies, usual = int(np.sum(a < near)), int(np.sum(b < near))
    share, usual_share = copies / len(a), usual / len(b)
    if share - usual_share < COPIES or _chance(copies, len(a), usual, len(b)) >= CHANCE:
        return None
    auc, z = ranks(a, b)
    said = (
        f"{share:.0%} of the samples lie nearer to a training datum than {near:.2g}, of held-out data "
        f"{usual_share:.1%}; a sample is nearer than a held-out datum with probability {auc:.2f}, where ½ is usual."
    )
    remedy = "Train on more data, make D smaller or give it instance noise or an R1 penalty, or stop earlier."
    return Verdict("memorisation", share - usual_share >= MANY_COPIES and z >= SURE_Z, said, remedy)


def _chance(first: int, n: int, second: int, m: int) -> float:
    """P(at least `first` of first + second marked ones are among the n, of n + m): Fisher's exact test, one-sided."""
    marked = first + second

    def ways(count: int, of: int) -> float:
        return math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)

    most = min(n, marked)
    logs = [ways(k, n) + ways(marked - k, m) - ways(marked, n + m) for k in range(first, most + 1)]
    return math.fsum(map(math.exp, logs))


def _together(*columns: Values) -> Doubles:
    """The newest values of columns of like meaning, at the steps where all of them are known; (C, E)."""
    length = min(len(column) for column in columns)
    table = np.stack([np.asarray(column, np.float64)[len(column) - length :] for column in columns])
    return table[:, np.isfinite(table).all(axis=0)]
