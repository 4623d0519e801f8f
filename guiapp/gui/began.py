"""What a person is told when a run begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guiapp.gui.panels.readouts import thousands
from guiapp.messages import Started
from guiapp.parameters import differences, flat
from guiapp.spec import Data, RunSpec


@dataclass(frozen=True)
class Circumstances:
    """How a run came to be: whether it `stands` or trains; what of the parameters was `adapted` to the data; the data
    of the run `before`; the complaints about it so far."""

    stands: bool
    adapted: str
    before: Data | None
    complaints: Sequence[str]


def words(run: Started, how: Circumstances) -> str:
    """The sentences to say of `run`; none where all is as one expects."""
    said = list(how.complaints[:2])  # such as that it is not recorded
    if run.spec.data.path and run.spec.data != how.before:
        said.append(f"{_data(run)}.")
    if how.adapted:
        said.append(f"For these data: {how.adapted}.")
    if run.again:
        said.append(f"The run was cut off: up to step {thousands(run.again)} it is trained again, to the same values.")
        said.append("It then stands; ▶ goes on.")
    elif run.known and how.stands:
        said.append(f"Paused at step {thousands(run.known)}; ▶ goes on.")
    return " ".join(said)


def adaptations(asked: RunSpec, fits: RunSpec) -> str:
    """The parameters, and their new values, by which `fits` differs from what was `asked` for."""
    titles = flat(fits)
    changes = (f"{titles[path].title} {new}" for path, (_, new) in differences(asked, fits).items())
    return ", ".join(dict.fromkeys(changes))  # both networks of a model have layers


def _data(run: Started) -> str:
    shape = " x ".join(map(str, run.shape))
    classes = f", {len(run.classes)} classes" if len(run.classes) > 1 else ", 1 class" if run.classes else ""
    note = f"; {run.data_note}" if run.data_note else ""
    return f"{run.data_title}: {thousands(run.data_count)} data of {shape} to train on{classes}{note}"
