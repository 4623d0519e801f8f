"""What can be trusted about a generator: distances between fresh samples, with their floor, every 1,000 steps."""

from __future__ import annotations

from collections import deque
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from guiapp import spec
from guiapp.data.source import Float32, Law
from guiapp.engine.feed import Feed
from guiapp.engine.models.gan import GanModel
from guiapp.theory import modes, two_sample
from guiapp.theory.game_verdicts import EVALUATIONS
from guiapp.theory.memorisation import neighbour_distances, ranks

EVERY = 1000  # steps: the 10 to 16 ms are then half a percent of the training of a small game
SAMPLES = 10_000  # generated and as many real points in the plane, fresh ones each time
COPIES = 64  # generated data that are held against the training data
TRAINING = 10_000  # of them at the most
SEED = 7  # added to the run's seed

OF_MODES = ("modes", "fair", "quality", "kl_reverse", "kl_forward")
OF_PLANE = ("js", "js_floor", "mmd", "mmd_floor")
OF_TABLE = ("memorisation",)


class Metrics:
    """The columns metric/…, of the generator that is shown, each computed every `EVERY` steps, else NaN; all from
    random streams of their own, so that they change nothing in training. The objective does not enter: the numbers of
    two games can be compared.

    Of a law in the plane, from 10,000 fresh points of it and of the generator each: js, their Jensen-Shannon divergence
    in nats on 30 x 30 cells, and js_floor, that of two real samples of that size; mmd, the unbiased squared maximum
    mean discrepancy, and mmd_floor, its standard deviation for two real samples. Where the law has modes that one can
    count: modes (with a sample within 3σ), fair (with a fifth of their share), quality (fraction within 3σ of a mode),
    kl_reverse and kl_forward, KL(p_g ‖ p) and KL(p ‖ p_g) over the modes, in nats.
    `modes` says how many there are; `held`, of the newest evaluations, which of them (M,) had a fifth of their share.
    Of a table: memorisation, the probability that a generated datum lies nearer to its nearest training datum than a
    held-out datum does to its own; 1/2 where nothing is learnt by heart. `samples` and `heldout` are those distances.
    """

    def __init__(self, network: GanModel, feed: Feed, seed: int) -> None:
        self._network, self._feed, self._seed = network, feed, seed + SEED
        law = feed.source if isinstance(feed.source, Law) else None
        self._law = law
        self._has_modes = law is not None and modes.countable(law.centres, law.scales)
        of_law = OF_MODES * self._has_modes + OF_PLANE
        self.names = tuple(f"metric/{name}" for name in (of_law if law is not None else OF_TABLE))
        self.modes = len(law.centres) if law is not None and self._has_modes else 0
        self.held: deque[NDArray[np.bool_]] = deque(maxlen=EVALUATIONS)
        self.samples = self.heldout = np.empty(0)
        self._unknown = torch.full((len(self.names),), torch.nan, device=feed.device)

    def read(self, model: spec.Gan, step: int) -> Tensor:
        """(M,) values of `names` after `step` steps."""
        if step % EVERY:
            return self._unknown
        training = self._network.training
        self._network.eval()
        with torch.no_grad():
            values = self._of_table(step) if self._law is None else self._of_law(self._law, step)
        self._network.train(training)
        return torch.tensor(values, dtype=torch.float32, device=self._feed.device)

    def _generated(self, count: int, step: int) -> Tensor:
        generator = Generator(self._feed.device).manual_seed(hash((self._seed, step)) % 2**63)
        return self._network.decode(self._network.draw(count, generator))

    def _of_law(self, law: Law, step: int) -> list[float]:
        points = self._generated(SAMPLES, step).cpu().numpy()
        real = law.sample(SAMPLES, np.random.default_rng([self._seed, step]))[0]
        edge = law.extent
        js = two_sample.jensen_shannon(*(two_sample.cell_counts(x, -edge, edge) for x in (points, real)))
        kernel = self._kernel
        mmd = kernel.squared_mmd(kernel.embed(points), kernel.embed(real)).value
        values = [js, self._js_floor, mmd, kernel.floor(SAMPLES, SAMPLES).deviation]
        if not self._has_modes:
            return values
        scores = modes.score(points, law.centres, law.scales)
        self.held.append(scores.held)
        of_modes = [scores.captured, scores.fair, scores.high_quality, scores.reverse_kl, scores.smoothed_forward_kl]
        return of_modes + values

    @cached_property
    def _real(self) -> Float32:
        assert self._law is not None
        return self._law.sample(2 * SAMPLES, np.random.default_rng([self._seed]))[0]

    @cached_property
    def _kernel(self) -> two_sample.GaussianKernel:
        return two_sample.GaussianKernel.fit(self._real)

    @cached_property
    def _js_floor(self) -> float:
        assert self._law is not None
        pool = two_sample.cell_counts(self._real, -self._law.extent, self._law.extent)
        return two_sample.jensen_shannon_floor(pool, SAMPLES, SAMPLES, np.random.default_rng(self._seed)).mean

    def _of_table(self, step: int) -> list[float]:
        training = self._feed.train[:TRAINING].cpu().numpy()
        if not len(self.heldout):
            self.heldout = neighbour_distances(self._feed.heldout[: 4 * COPIES].cpu().numpy(), training)[0]
        self.samples = neighbour_distances(self._generated(COPIES, step).cpu().numpy(), training)[0]
        return [ranks(self.samples, self.heldout).auc]
