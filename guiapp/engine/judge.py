"""Watching a run's numbers for what ails it, beside training."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan
from guiapp.theory import game_verdicts as game
from guiapp.theory import layer_verdicts as layers
from guiapp.theory.verdicts import Verdict

WINDOW: Final = 5000  # steps of a game's curves that are looked at
OF_STEPS: Final = ("d_acc_real", "d_acc_fake", "d_fake", "d_loss")
OF_EVALUATIONS: Final = ("metric/modes", "metric/fair", "metric/quality")
GRACE: Final = 2  # evaluations in a row without a verdict, after which it is over

Rows = npt.NDArray[np.float32]


class Judge:
    """Gives verdicts on the run of `trainer` every 1,000 steps: on the layers of any model, and on a GAN's game (see
    `guiapp.theory.layer_verdicts` and `game_verdicts`)."""

    def __init__(self, trainer: Trainer) -> None:
        self._layers = LayerRecord(trainer)
        self._game = GameRecord(trainer) if isinstance(trainer.objective, GanObjective) else None
        self._present: dict[str, Verdict] = {}
        self._missed: dict[str, int] = {}
        self._recalled: set[str] = set()
        self._looks = 0

    def recall(self, told: Mapping[str, Any]) -> None:
        """Take note of what was `news` before the run was resumed: it is not told again, and is over only when enough
        has been seen since."""
        kind = str(told.get("verdict"))
        if told.get("over"):
            self._present.pop(kind, None)
        elif kind in game.DEFINITIONS or kind in layers.DEFINITIONS:
            self._present[kind] = Verdict(kind, bool(told.get("confident")), "", "")  # the words are told already
            self._recalled.add(kind)

    def watch(self, rows: Rows) -> None:
        """Take note of new rows (t, S)."""
        self._layers.watch(rows)
        if self._game is not None:
            self._game.watch(rows)

    def news(self) -> list[Mapping[str, Any]]:
        """What has changed since the last call: a verdict that is new, or that has become sure, with `evidence`,
        `remedy` and, if it is in a layer, `layer`; or one that is over."""
        self._looks += 1
        of_game = self._game.verdicts() if self._game is not None else ()
        found = {verdict.kind: verdict for verdict in (*of_game, *layers.judge(self._layers.known()))}
        for kind in found:
            self._missed.pop(kind, None)
        news = self._told(found.values())
        for gone in sorted(self._present.keys() - found.keys()):
            if gone in self._recalled & game.DEFINITIONS.keys() and self._looks < game.LEAST_EVALUATIONS:
                continue  # it cannot be seen before
            self._missed[gone] = self._missed.get(gone, 0) + 1
            if self._missed[gone] >= GRACE:
                del self._present[gone], self._missed[gone]
                news.append({"verdict": gone, "over": True})
        return news

    def diverged(self, tensor: str) -> list[Mapping[str, Any]]:
        """The news where the iteration that was tried last gave values that are not finite, first of all in `tensor`.
        They are on the steps before it: it is none."""
        verdict = self._layers.diverged(tensor)
        self._missed.pop(verdict.kind, None)
        return self._told((verdict,))

    def _told(self, found: Iterable[Verdict]) -> list[Mapping[str, Any]]:
        news: list[Mapping[str, Any]] = []
        for verdict in found:
            before = self._present.get(verdict.kind)
            if before is None or (verdict.confident and not before.confident):
                self._present[verdict.kind] = verdict
                words = {name: getattr(verdict, name) for name in ("confident", "evidence", "remedy", "layer")}
                news.append({"verdict": verdict.kind, **{name: said for name, said in words.items() if said != ""}})
        return news


class LayerRecord:
    """What is known of the hidden layers in the last steps. Runs of older versions have no dead/… and saturated/…"""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        names = {name: i for i, name in enumerate(trainer.names)}
        self._names = tuple(name for name in trainer.statistics.layers if f"grad/{name}.weight" in names)
        self._activations = tuple(trainer.statistics.layers[name].activation for name in self._names)
        self._gradients = [names[f"grad/{name}.weight"] for name in self._names]
        states = [[names.get(f"{kind}/{name}", -1) for name in self._names] for kind in ("dead", "saturated")]
        self._states = np.array(states, int)  # (2, L)
        self._recent: deque[Rows] = deque()  # joined only when they are looked at: rows come 60 times a second
        self._measured: deque[Rows] = deque(maxlen=layers.MEASUREMENTS)  # (2, L) each

    def watch(self, rows: Rows) -> None:
        """Take note of new rows (t, S)."""
        self._recent.append(rows[-layers.GROWTH_WINDOW :, self._gradients])
        while sum(map(len, self._recent)) - len(self._recent[0]) >= layers.GROWTH_WINDOW:
            self._recent.popleft()
        if self._states.size and (self._states >= 0).all():
            found = rows[:, self._states]  # (t, 2, L)
            self._measured.extend(found[~np.isnan(found).all(axis=(1, 2))])

    def known(self) -> layers.Layers:
        """All of it, for a verdict."""
        count = len(self._names)
        measured = np.array(self._measured, np.float32).reshape(len(self._measured), 2, count)
        gradients = np.concatenate([np.empty((0, count), np.float32), *self._recent])
        return layers.Layers(self._names, self._activations, gradients, measured[:, 0], measured[:, 1])

    def diverged(self, tensor: str) -> Verdict:
        """The iteration after these steps gave values that are not finite, first of all in `tensor`."""
        return layers.diverged(self.known(), self._trainer.step, tensor)


class GameRecord:
    """What is known of the game in the last steps and evaluations."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        names = {name: i for i, name in enumerate(trainer.names)}
        self._columns = [names.get(name, -1) for name in (*OF_STEPS, *OF_EVALUATIONS)]
        self._recent = np.empty((0, len(OF_STEPS)), np.float32)
        self._evaluations: deque[Rows] = deque(maxlen=game.EVALUATIONS)

    def watch(self, rows: Rows) -> None:
        """Take note of new rows (t, S)."""
        seen = np.where(np.array(self._columns) >= 0, rows[:, self._columns], np.float32(np.nan))
        steps, evaluations = seen[:, : len(OF_STEPS)], seen[:, len(OF_STEPS) :]
        self._recent = np.concatenate([self._recent, steps])[-WINDOW:]
        self._evaluations.extend(evaluations[np.isfinite(evaluations).all(axis=1)])

    def verdicts(self) -> tuple[Verdict, ...]:
        """Those there are now."""
        objective, spec = self._trainer.objective, self._trainer.spec.model
        assert isinstance(objective, GanObjective)
        assert isinstance(spec, Gan)
        acc_real, acc_fake, d_fake, d_loss = self._recent.T
        captured, fair, quality = np.array(self._evaluations, np.float32).reshape(-1, len(OF_EVALUATIONS)).T
        metrics = objective.metrics
        return game.judge(
            game.Window(
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
