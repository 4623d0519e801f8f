"""A second copy of a model, in which a person looks back while the first one trains on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from guiapp.data.source import Source
from guiapp.engine.darkroom import Darkroom
from guiapp.engine.keyframe import restore, spec_of
from guiapp.engine.probes import OF_GRADIENTS
from guiapp.engine.trainer import Trainer
from guiapp.messages import Picture


class Shadow:
    """Pictures of past steps from their keyframes. It shares nothing with the trainer of the run but the data.

    The gradients shown of a step are those at its weights on the batch that came next, as they were: for pictures of
    them the shadow takes that one step and then has its weights put back.

    Raises:
        KeyframeError, SpecError, DataError: the first keyframe cannot be stood up.
    """

    def __init__(self, blob: bytes, complain: Callable[[str], None], source: Source | None = None) -> None:
        self.trainer = Trainer(spec_of(blob), source)
        for player in self.trainer.objective.players.values():
            player.tells = False  # what is told of a step is in the run file
        self._at = -1
        self._has_gradients = False
        self._darkroom = Darkroom(self.trainer, complain)

    def stand_at(self, step: int, read: Callable[[], bytes]) -> None:
        """Take the weights of `step` from its keyframe, which `read` gives; where it stands there already, nothing.

        Raises:
            KeyframeError, SpecError: the keyframe is damaged or of another model.
        """
        if step != self._at:
            self._at = -1  # in case that it goes wrong half way
            blob = read()
            self.trainer.spec = spec_of(blob)
            restore(self.trainer, blob)
            self._at, self._has_gradients = step, False

    def pictures(self, needs: frozenset[str], focus: Mapping[str, Any]) -> dict[str, Picture]:
        """The pictures in `needs` that were not made already of this step."""
        if needs & OF_GRADIENTS and not self._has_gradients:
            self._take_step()
            self._has_gradients = True
        return self._darkroom.make(needs, focus, running=False)

    def forget(self) -> None:
        """Make every picture anew when asked again."""
        self._darkroom.forget()

    def _take_step(self) -> None:
        trainer = self.trainer
        weights, step = trainer.weights(), trainer.step
        for player in trainer.objective.players.values():
            player.gradients = []
        next(trainer.events())  # a step that diverges leaves its gradients too
        trainer.flush()
        trainer.model.load_state_dict(weights)
        trainer.step = step
