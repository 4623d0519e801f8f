"""Small stored runs, and a trainer that answers looks by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from guiapp.engine.recorder import Recorder
from guiapp.gui.showcase.past import read_past
from guiapp.gui.showcase.task import Task
from guiapp.messages import Picture, Seen
from guiapp.run_file import keyframe_steps
from tests.engine import runs
from tests.gui import pictures as p

CAPABILITIES = {"vae": frozenset({"encodes", "decodes", "samples"}), "gan": frozenset({"samples", "scores", "plane"})}
TITLE = '<script>alert(1)</script> & "more"'


def stored_run(path: Path, kind: str = "vae", steps: int = 30, every: int = 6) -> Path:
    """A run of `steps` steps with a keyframe at 0, at each `every`-th and at the end, and one edit half way."""
    trainer = runs.trainer(runs.vae(), "digits") if kind == "vae" else runs.trainer(runs.gan(), "ring")
    recorder = Recorder(path, trainer)
    recorder.add(trainer.flush(), [(0, "start", {})])
    recorder.keyframe()
    edit = ("model.beta", 4.0) if kind == "vae" else ("model.d_steps", 2)
    for step in range(1, steps + 1):
        next(trainer.events())
        if step == steps // 2:
            old, new = trainer.edit(*edit)
            recorder.add(trainer.flush(), [(step, "edit", {"path": edit[0], "old": old, "new": new})])
        if step % every == 0:
            recorder.add(trainer.flush())
            recorder.keyframe()
    recorder.add(trainer.flush())
    recorder.annotate(TITLE, "<b>notes</b>\nof two lines", ("one", "two & three"))
    recorder.close()
    return path


def seen(path: Path, step: int, needs: frozenset[str], kind: str = "vae") -> Seen:
    """What the trainer would say to a look at a run of `stored_run`; a little different at each step."""
    past = read_past(path)
    at = max(k for k in keyframe_steps(path) if k <= step)
    shape = (8, 8) if kind == "vae" else (2,)
    classes = tuple("0123456789") if kind == "vae" else ()
    known = replace(past.started, capabilities=CAPABILITIES[kind], shape=shape, classes=classes)
    known = replace(known, data_title="Digits <8 × 8>", data_count=1000, extent=1.5)
    made = {name: picture for name, picture in of_kind(kind, at).items() if name in needs}
    return Seen(str(path), at, known, past.spec, made)


def of_kind(kind: str, seed: int) -> Mapping[str, Picture]:
    if kind == "gan":
        return {"samples": p.samples_picture((2,), 200, seed), "field": p.field_picture(200, seed=seed)}
    return {
        "latent": p.latent_picture(300, seed=seed),
        "manifold": p.manifold_picture(5, 8, 8),
        "samples": p.samples_picture((8, 8), 16, seed),
        "reconstructions": p.reconstructions_picture((8, 8), 8, seed),
    }


def answer_looks(task: Task | Any, kind: str = "vae") -> list[int]:
    """Answer the looks of `task`; gives the list of the steps asked for, which grows."""
    asked: list[int] = []

    def answer(path: str, step: int, needs: frozenset[str], _focus: object) -> None:
        asked.append(step)
        task.on_seen(seen(Path(path), step, needs, kind))

    task.look_asked.connect(answer)
    return asked
