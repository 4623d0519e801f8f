"""Trainers that stand where a stored run stood."""

from __future__ import annotations

from collections.abc import Callable

from guiapp.data.source import Source
from guiapp.engine.keyframe import KeyframeError, restore, spec_of
from guiapp.engine.trainer import Trainer
from guiapp.fitting import check_estimator
from guiapp.run_file import Outline, RunFileError, read_keyframe
from guiapp.spec import Data, RunSpec, SpecError

# Columns that runs of older versions lack.
OF_LAYERS = ("activation/", "dead/", "saturated/", "snr/")
YOUNGER = ("beta", "heldout/", "kl/", "d_penalty", "g_slope", "metric/", *OF_LAYERS)


def resumed(stored: Outline, read: Callable[[Data], Source] | None = None) -> Trainer:
    """A trainer that stands where the newest keyframe of `stored` was taken, and goes on bit for bit as the run would
    have. `read` loads the data.

    Raises:
        RunFileError: there is no keyframe, or it does not fit. DataError: the data are gone or changed their form.
        SpecError: this machine lacks the device.
    """
    return standing_at(stored, stored.keyframe_at(), read=read)


def standing_at(
    stored: Outline,
    step: int,
    spec: RunSpec | None = None,
    source: Source | None = None,
    read: Callable[[Data], Source] | None = None,
) -> Trainer:
    """A trainer that stands at the keyframe of `step`, and goes on as the run did; or, with the parameters of `spec`,
    on another way from there. `source` saves loading the data again, `read` loads them.

    Raises:
        RunFileError: there is no such keyframe, or its weights do not fit `spec`. DataError, SpecError: as `resumed`.
    """
    blob = read_keyframe(stored.path, step)
    try:
        before = spec_of(blob)
    except (KeyframeError, SpecError) as error:
        raise RunFileError(f"{stored.path}: {error}") from error
    wanted = spec or before
    if wanted.model != before.model:
        check_estimator(wanted.model)
    trainer = Trainer(wanted, read(wanted.data) if source is None and read is not None else source)
    try:
        restore(trainer, blob)
    except KeyframeError as error:
        if spec is not None:
            raise RunFileError(_OTHER_FORM.format(step)) from error
        raise RunFileError(f"{stored.path}: {error}; were the data changed?") from error
    missing = set(trainer.names) - set(stored.names)
    if missing and set(stored.names) < set(trainer.names) and all(name.startswith(YOUNGER) for name in missing):
        trainer.tell_only(stored.names)
    if spec is not None and trainer.names != stored.names:
        raise RunFileError(_OTHER_FORM.format(step))
    if trainer.names != stored.names or trainer.step != step or not 0 <= step <= stored.steps:
        raise RunFileError(f"{stored.path}: the curves and the weights of this run file do not belong together.")
    return trainer


_OTHER_FORM = (
    "The weights of step {} fit only a model of the same form; data of another size, other layers or another "
    "likelihood need a new run."
)
