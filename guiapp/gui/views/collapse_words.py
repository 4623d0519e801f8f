"""What the collapse monitor says: the verdict with its evidence, and what to try in this run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from guiapp.gui.widgets.bar_strip import SUBSCRIPTS
from guiapp.gui.widgets.readings import Number
from guiapp.messages import Picture
from guiapp.spec import Vae
from guiapp.theory.collapse import ACTIVE_VARIANCE, COLLAPSED_KL, EARLY_STEPS, VERDICTS

COLLAPSED, IN_BETWEEN, ACTIVE = range(3)  # indices into VERDICTS
BOTH_BELOW = f"KL below {COLLAPSED_KL:g} nats and variance of the means below {ACTIVE_VARIANCE:g}"
OFF = "off the prior, but nearly the same for all data"
MOST_ADVICE = 3
FULL = 0.97  # of the ceiling: an estimate this near to it tells no more than that the value is at least so large


def headline(kinds: Sequence[int], until: int) -> str:
    """The verdict on dimensions of `kinds` (Z,), with its evidence; with `until`, that it comes at that step."""
    size, counts = len(kinds), [list(kinds).count(kind) for kind in range(len(VERDICTS))]
    if until:
        why = "" if until == EARLY_STEPS else ", when β has risen"
        return f"Too early to tell: the verdict comes at step {until:,}{why}."
    if counts[ACTIVE] == size:
        return f"{_all(size, 'active')}: {'its' if size == 1 else 'their'} means vary from datum to datum."
    if counts[COLLAPSED] == size:
        return f"Posterior collapse. {_all(size, 'collapsed')}: {BOTH_BELOW}."
    if counts[IN_BETWEEN] == size:
        return f"{_all(size, 'in between')}: {OFF}."
    (number, first), *rest = [(count, VERDICTS[kind]) for kind, count in enumerate(counts) if count]
    text = ", ".join([f"{number} of {size} dimensions {_is(number)} {first}", *(f"{n} {word}" for n, word in rest)])
    return f"{text}. Collapsed: {BOTH_BELOW}." if counts[COLLAPSED] else f"{text}. In between: {OFF}."


def advice(kinds: Sequence[int], vae: Vae, size: int) -> str:
    """What would bring dimensions to life in a run of `vae` on data of `size` values, most promising first."""
    if all(kind == ACTIVE for kind in kinds):
        return ""
    certain, possible = _certain(vae, size), _possible(vae)
    if not certain + possible:
        return ""
    text = f"What to try: {'; '.join((certain + possible)[:MOST_ADVICE])}."
    few = not certain and ACTIVE in kinds
    return f"A VAE switches off dimensions that do not pay for their KL. To use more: {text[13:]}" if few else text


def numbers(picture: Picture) -> tuple[Number, ...]:
    """Active units, mutual information and KL of the aggregate, each with what it is to be compared with."""
    size, count, ceiling = len(picture["kl"]), int(picture["count"]), float(picture["ceiling"])
    information, error = float(picture["information"]), float(picture["information_error"])
    limit = f"at its ceiling {ceiling:.2f}" if information > FULL * ceiling else f"at most {ceiling:.2f}"
    return (
        Number(
            "Active units",
            f"{int(picture['active_units'])} of {size}",
            f"variance of means > {ACTIVE_VARIANCE:g}",
            "Dimensions whose posterior mean varies over the held-out data (Burda et al. 2016)",
        ),
        Number(
            "I(x; z)",
            _decimal(information),
            f"nats ± {error:.2f}, {limit}",
            f"Mutual information of data and code over {count} held-out data; it cannot exceed log {count}, which "
            "tells them all apart. ±: standard error of the draws",
        ),
        Number(
            "KL(q(z) ‖ p(z))",
            _decimal(float(picture["aggregate_kl"])),
            f"nats ± {error:.2f}, is KL {float(picture['kl'].sum()):.2f} − I",
            "How far the codes of all data together are from the prior: the mean KL less the mutual information",
        ),
    )


def dimension(picture: Picture, kinds: Sequence[int], index: int) -> str:
    """What is known of the dimension `index`, from 0."""
    name = f"z{str(index + 1).translate(SUBSCRIPTS)}"
    values = {key: float(picture[key][index]) for key in ("kl", "mean_var", "noise_var", "marginal_kl")}
    return (
        f"{name} {VERDICTS[kinds[index]]}: KL {values['kl']:.3g} nats, variance of the means {values['mean_var']:.3g}, "
        f"of the noise around them {values['noise_var']:.3g}, KL(q({name}) ‖ p) {values['marginal_kl']:.2g} nats"
    )


def _certain(vae: Vae, size: int) -> list[str]:
    """Settings that bring collapse about by themselves."""
    found = []
    if vae.averaged and size > 1:
        found.append(f"sum over the pixels instead of averaging (now the KL weighs {size} times too much)")
    if vae.estimator == "none":
        found.append("gradient estimator 'reparameterised' ('none' keeps the reconstruction from the encoder)")
    elif vae.estimator != "reparameterised":
        found.append(f"gradient estimator 'reparameterised' (less noise than '{vae.estimator}')")
    if vae.beta > 1:
        found.append(f"a lower β than {vae.beta:g}")
    return found


def _possible(vae: Vae) -> list[str]:
    found = []
    if vae.likelihood == "gaussian":
        found.append(f"a smaller noise σ than {vae.sigma:g}, or the optimal one (1/σ² weighs the reconstruction)")
    if vae.schedule == "constant" and vae.beta > 0:
        found.append("KL warm-up (β schedule 'linear')")
    if not vae.free_bits and vae.bound == "elbo":
        found.append("free bits λ of about 0.1 nats")
    if vae.decoder.hidden:
        found.append(f"a weaker decoder than {', '.join(map(str, vae.decoder.hidden))} units")
    if 0 < vae.beta <= 1:
        found.append(f"a lower β than {vae.beta:g}")
    return found


def _decimal(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−") if math.isfinite(value) else "not finite"  # no −0.00


def _all(size: int, verdict: str) -> str:
    return f"The one dimension is {verdict}" if size == 1 else f"All {size} dimensions are {verdict}"


def _is(count: int) -> str:
    return "is" if count == 1 else "are"
