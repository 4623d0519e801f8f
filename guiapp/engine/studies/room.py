"""The one study that may be under way beside a run."""

from __future__ import annotations

from collections.abc import Callable

from guiapp import messages as m
from guiapp.engine.run import Run
from guiapp.engine.studies import STUDIES
from guiapp.engine.studies.study import Work, why

REPLACED = "Stopped, because another computation was begun; start this one again when that has ended."


class StudyRoom:
    """Begins, advances and ends studies; `say` is told how far they are, and why there is nothing where that is so."""

    def __init__(self, say: Callable[[m.Event], None]) -> None:
        self._say = say
        self._work: Work | None = None

    @property
    def busy(self) -> bool:
        """There is something to do."""
        return self._work is not None

    def begin(self, run: Run, command: m.Study) -> None:
        """Take up `command` on a copy of the trainer of `run`, in place of what is under way: that one reports its end,
        but where the new one is of the same kind, whose reports follow on."""
        if self._work is not None and self._work.kind != command.kind:
            self._work.stop(REPLACED)
        self.drop()
        study = next((study for study in STUDIES if study.kind == command.kind), None)
        trouble = "This model has nothing of the kind."
        if study is not None and study.requires <= run.trainer.capabilities:
            try:
                self._work = Work(run.key, study, run.copy(command.at), command.options, self._say)
                return
            except Exception as error:  # whatever it is, it must not end the run
                trouble = why(error)
        step = run.trainer.step if command.at is None else command.at
        self._say(m.Studied(run.key, command.kind, step, 0.0, {}, trouble))

    def advance(self, training: bool) -> None:
        """Go on with what is under way, if anything."""
        if self._work is not None:
            self._work.advance(training)
            if self._work.done:
                self.drop()

    def stop(self) -> None:
        """Give up what is under way, and say so."""
        if self._work is not None:
            self._work.stop()
            self.drop()

    def drop(self) -> None:
        """Give up what is under way without a word; the copied model goes with it, no cycle holds it."""
        self._work = None
