"""Where a run leaves another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from guiapp.engine.keyframe import pack
from guiapp.engine.trainer import Trainer
from guiapp.parameters import differences
from guiapp.run_file import Event, Outline, StoredRun, edits
from guiapp.spec import RunSpec


@dataclass(frozen=True)
class Fork:
    """A run as it began: `parent` up to `step` and its event `after`, from there on with the parameters of `spec`;
    `state` is the keyframe that it began with."""

    parent: StoredRun
    after: int
    step: int
    spec: RunSpec
    state: bytes

    @classmethod
    def of(cls, parent: StoredRun, after: int, trainer: Trainer) -> Fork:
        """That of `trainer`, which stands there."""
        return cls(parent, after, trainer.step, trainer.spec, pack(trainer))

    def outline(self) -> Outline:
        """The run as its file will hold it. What the parent's parameters became at this very step gives way to the
        changes.

        Raises:
            RunFileError: an edit that the parent cannot have had.
        """
        step, before = self.step, [event for event in self.parent.events if event.id <= self.after]
        inherited = tuple(event for event in before if (event.step, event.kind) != (step, "edit"))
        kept = replace(self.parent, steps=step, events=inherited)
        return replace(kept, events=(*inherited, *self._own_events(kept)))

    def _own_events(self, kept: Outline) -> Iterator[Event]:
        """That it is a fork, and what is changed of what is `kept`."""
        meta, specs = kept.meta, [kept.spec, *(spec for _, spec in edits(kept))]
        yield Event(self.step, "fork", {"parent": meta.get("id", ""), "title": meta.get("title", "") or kept.path.stem})
        for path, (old, new) in differences(specs[-1], self.spec).items():
            yield Event(self.step, "edit", {"path": path, "old": old, "new": new})
