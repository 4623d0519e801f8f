"""Watching a GAN's numbers for what ails it, beside training."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan
from guiapp.theory.game_verdicts import DEFINITIONS, EVALUATIONS, LEAST_EVALUATIONS, Verdict, Window, judge

WINDOW: Final = 5000  # steps of the curves that are looked at
OF_STEPS: Final = ("d_acc_real", "d_acc_fake", "d_fake", "d_loss")
OF_EVALUATIONS: Final = ("metric/modes", "metric/fair", "metric/quality")
WORDS: Final = ("confident", "evidence", "remedy")
GRACE: Final = 2  # evaluations in a row without a verdict, after which it is over

Rows = npt.NDArray[np.float32]


class Judge:
    """Gives verdicts on the run of `trainer` (see `guiapp.theory.game_verdicts`) after each evaluation of its metrics.
    There are none on a VAE here: its views judge from the curves alone."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        names = {name: i for i, name in enumerate(trainer.names)}
        self._columns = [names.get(name, -1) for name in (*OF_STEPS, *OF_EVALUATIONS)]
        self._recent = np.empty((0, len(OF_STEPS)), np.float32)
        self._evaluations: deque[Rows] = deque(maxlen=EVALUATIONS)
        self._present: dict[str, Verdict] = {}
        self._missed: dict[str, int] = {}
        self._looks = 0

    def recall(self, told: Mapping[str, Any]) -> None:
        """Take note of what was `news` before the run was resumed: it is not told again, and is over only when enough
        has been seen since."""
        kind = str(told.get("verdict"))
        if told.get("over"):
            self._present.pop(kind, None)
        elif kind in DEFINITIONS:
            words = (str(told.get("evidence", "")), str(told.get("remedy", "")))
            self._present[kind] = Verdict(kind, bool(told.get("confident")), *words)

    def watch(self, rows: Rows) -> None:
        """Take note of new rows (t, S)."""
        if not isinstance(self._trainer.objective, GanObjective):
            return
        seen = np.where(np.array(self._columns) >= 0, rows[:, self._columns], np.float32(np.nan))
        steps, evaluations = seen[:, : len(OF_STEPS)], seen[:, len(OF_STEPS) :]
        self._recent = np.concatenate([self._recent, steps])[-WINDOW:]
        self._evaluations.extend(evaluations[np.isfinite(evaluations).all(axis=1)])

    def news(self) -> list[Mapping[str, Any]]:
        """What has changed since the last call: a verdict that is new, or that has become sure, with `evidence` and
        `remedy`; or one that is over."""
        self._looks += 1
        found: dict[str, Verdict] = {verdict.kind: verdict for verdict in self._verdicts()}
        news: list[Mapping[str, Any]] = []
        for kind, verdict in found.items():
            before = self._present.get(kind)
            self._missed.pop(kind, None)
            if before is None or (verdict.confident and not before.confident):
                self._present[kind] = verdict
                news.append({"verdict": kind, **{name: getattr(verdict, name) for name in WORDS}})
        for gone in sorted(self._present.keys() - found.keys()) if self._looks >= LEAST_EVALUATIONS else ():
            self._missed[gone] = self._missed.get(gone, 0) + 1
            if self._missed[gone] >= GRACE:
                del self._present[gone], self._missed[gone]
                news.append({"verdict": gone, "over": True})
        return news

    def _verdicts(self) -> tuple[Verdict, ...]:
        objective, spec = self._trainer.objective, self._trainer.spec.model
        if not isinstance(objective, GanObjective) or not isinstance(spec, Gan):
            return ()
        acc_real, acc_fake, d_fake, d_loss = self._recent.T
        captured, fair, quality = np.array(self._evaluations, np.float32).reshape(-1, len(OF_EVALUATIONS)).T
        metrics = objective.metrics
        return judge(
            Window(
                step=self._trainer.step,
                objective=spec.objective,
                acc_real=acc_real,
                acc_fake=acc_fake,
                d_fake=d_fake,
                d_loss=d_loss,
                modes=metrics.modes,
                captured=captured,
                fair=fair,
                high_quality=quality,
                held=np.array(metrics.held, bool).reshape(len(metrics.held), metrics.modes),
                samples=metrics.samples,
                heldout=metrics.heldout,
            )
        )
