"""Pictures of stored runs, whichever they are, for comparing them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from guiapp import messages as m
from guiapp.data.source import DataError, Source
from guiapp.engine.describe import describe
from guiapp.engine.keyframe import KeyframeError, spec_of
from guiapp.engine.shadow import Shadow
from guiapp.run_file import RunFileError, keyframe_steps, read_keyframe
from guiapp.spec import Data, SpecError

MOST = 8  # runs kept ready, as many as are compared


class Album:
    """The shadows of the runs looked at last. `complain` hears of a picture that cannot be made."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain
        self._shadows: OrderedDict[str, Shadow] = OrderedDict()

    def look(self, command: m.Look) -> m.Seen:
        """The pictures asked for, or why there are none."""
        path = Path(command.path)
        try:
            steps = keyframe_steps(path)
            step = max((k for k in steps if k <= command.step), default=min(steps, default=-1))
            if step < 0:
                raise RunFileError(f"{path.name}: this run holds no weights to show.")
            blob = read_keyframe(path, step)
            shadow = self._shadow(command.path, blob)
            shadow.stand_at(step, lambda: blob)
            shadow.forget()  # who asks now may not be who asked before
            pictures = shadow.pictures(command.needs, command.focus)
            return m.Seen(command.path, step, describe(0, shadow.trainer, command.path), spec_of(blob), pictures)
        except (RunFileError, KeyframeError, SpecError, DataError, RuntimeError, MemoryError) as error:
            self._shadows.pop(command.path, None)  # another file may lie there now
            return m.Seen(command.path, command.step, None, None, {}, str(error))

    def _shadow(self, path: str, blob: bytes) -> Shadow:
        shadow = self._shadows.pop(path, None)
        if shadow is None:
            shadow = Shadow(blob, self._complain, self._source(spec_of(blob).data))
        self._shadows[path] = shadow
        if len(self._shadows) > MOST:
            self._shadows.popitem(last=False)
        return shadow

    def _source(self, data: Data) -> Source | None:
        """The data, where another shadow has them loaded."""
        shared = (s.trainer.source for s in self._shadows.values() if s.trainer.spec.data == data)
        return next(shared, None)
