"""Which ranges the KL lab's plots show: fitted when at rest, and still while something is dragged."""

from __future__ import annotations

import math

from guiapp.gui.labs.kl_compute import Params, Result

Range = tuple[float, float]
CLIP = 6.0  # the taller peak may stand out this many times over the lower one, before it is cut


def fit_x(params: Params, reach: float = 4.0) -> Range:
    """Both Gaussians out to `reach` standard deviations."""
    low = min(params.mu1 - reach * params.sigma1, params.mu2 - reach * params.sigma2)
    high = max(params.mu1 + reach * params.sigma1, params.mu2 + reach * params.sigma2)
    return low - 0.08 * (high - low), high + 0.08 * (high - low)


def peak(sigma: float) -> float:
    """Height of the density of N(μ, σ²) at its mean."""
    return 1 / (sigma * math.sqrt(2 * math.pi))


def fit_density(params: Params) -> Range:
    """From 0 to the taller peak, or so high that the lower one can still be seen."""
    peaks = sorted((peak(params.sigma1), peak(params.sigma2)))
    return 0.0, 1.12 * min(peaks[1], CLIP * peaks[0])


def fit_integrand(result: Result) -> Range:
    """All of the integrand, with zero; where it is zero throughout, a tenth of p's peak to either side."""
    low, high = min(0.0, float(result.f.min())), max(0.0, float(result.f.max()))
    if high - low < 1e-300:
        high = 0.1 * peak(result.params.sigma1)
        low = -high
    pad = 0.08 * (high - low)
    return low - pad, high + pad


def still_x(params: Params, shown: Range) -> bool:
    """Whether both Gaussians can be seen in `shown`, out to 1.5 standard deviations."""
    low, high = fit_x(params, 1.5)
    return shown[0] <= low and high <= shown[1]


def still_y(wanted: Range, shown: Range) -> bool:
    """Whether what `wanted` spans lies in `shown` and fills at least a third of it."""
    span, room = wanted[1] - wanted[0], shown[1] - shown[0]
    slack = 0.09 * span  # the padding of a fit
    return shown[0] - slack <= wanted[0] and wanted[1] <= shown[1] + slack and span >= room / 3


def roomier(wanted: Range, by: float) -> Range:
    """`wanted`, wider by the fraction `by` on either side that is not zero."""
    span = wanted[1] - wanted[0]
    return (wanted[0] - by * span if wanted[0] else 0.0), wanted[1] + by * span
