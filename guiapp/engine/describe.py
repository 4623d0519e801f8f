"""What the window needs to know of a run before it draws anything of it."""

from __future__ import annotations

import math

from guiapp.engine.probes.field import extent
from guiapp.engine.trainer import Trainer
from guiapp.messages import Started


def describe(key: int, trainer: Trainer, run_file: str = "", again: int = 0, known: int = 0) -> Started:
    """`trainer` in numbers and words."""
    source, feed = trainer.source, trainer.feed
    return Started(
        key=key,
        spec=trainer.spec,
        names=trainer.names,
        tensors=trainer.tensors,
        capabilities=trainer.capabilities,
        shape=tuple(int(n) for n in source.shape),
        classes=tuple(source.classes),
        data_title=source.title,
        data_note=str(getattr(source, "note", "")),
        data_count=len(feed.train) if feed.is_table else 0,
        extent=extent(trainer) if feed.is_plane else 0.0,
        device=str(trainer.device),
        parameters=sum(math.prod(shape) for _, shape in trainer.tensors),
        run_file=run_file,
        again=again,
        known=known,
    )
