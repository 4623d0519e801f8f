"""The table of what differs between runs, as text: no widgets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from guiapp.gui.library.compare_quantities import TERMS, Quantity
from guiapp.gui.library.compare_runs import ComparedRun, differing, last_value, parameter_title
from guiapp.gui.panels.readouts import clock, thousands
from guiapp.parameters import MODELS, as_text, flat, value

AVERAGED = 100  # steps: a single batch is too noisy to compare
NONE = "–"
TOLD = ("data.name", "data.path")  # by the row "data"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a text per run, and `keys` that are equal where two runs do not differ (None: the run has no such
    thing, which is no difference). A heading has no texts."""

    title: str
    tip: str = ""
    texts: tuple[str, ...] = ()
    keys: tuple[Any, ...] = ()

    def differs(self, run: int, reference: int) -> bool:
        """Whether the value of `run` is another one than that of the run `reference`."""
        one, other = self.keys[run], self.keys[reference]
        return one is not None and other is not None and one != other


def facts(runs: Sequence[ComparedRun], everything: bool = False) -> list[Row]:
    """What the runs are, where they ended, and the parameters that differ among those that have them, edits included;
    with `everything`, the equal ones too."""
    return [
        Row("Run"),
        *_about(runs),
        Row("Final figures", f"Means of the last {AVERAGED} steps that have a value"),
        *_figures(runs),
        Row("Parameters" if everything else "Parameters that differ"),
        *_parameters(runs, everything),
    ]


def _row(title: str, tip: str, texts: Sequence[str], keys: Sequence[Any] | None = None) -> Row:
    return Row(title, tip, tuple(texts), tuple(texts if keys is None else keys))


def _about(runs: Sequence[ComparedRun]) -> Iterator[Row]:
    yield _row("data", "What the model learns", [_data(run) for run in runs])
    kinds = {model: kind.upper() for kind, model in MODELS.items()}
    yield _row("model", "", [kinds[type(run.spec.model)] for run in runs])
    yield _row("steps", "Steps recorded", [thousands(run.series.last) for run in runs])
    times = [run.summary.seconds for run in runs]
    yield _row("training time", "Pauses not counted", [clock(s) if s else NONE for s in times], [None] * len(runs))
    states = ["ended" if run.summary.ended else "training, or cut off" for run in runs]
    yield _row("state", "A run that is being trained is shown as it was when it was read; F5 reads it again", states)
    if any(run.summary.parent for run in runs):
        texts = [_parent(run, runs) for run in runs]
        keys = [None if text == NONE else text for text in texts]
        yield _row("forked from", "The run and the step that this one began at", texts, keys)


def _data(run: ComparedRun) -> str:
    """The file's name, or the data set's."""
    data = run.spec.data
    return data.path.rstrip("/\\").replace("\\", "/").rpartition("/")[2] if data.path else data.name


def _parent(run: ComparedRun, runs: Sequence[ComparedRun]) -> str:
    if not run.summary.parent:
        return NONE
    near = next((other.summary.title for other in runs if other.summary.id == run.summary.parent), "another run")
    return f"{near}, step {thousands(run.summary.parent_step)}"


def _figures(runs: Sequence[ComparedRun]) -> Iterator[Row]:
    for term in TERMS:
        means = [_last_mean(run, term) for run in runs]
        if any(mean is not None for mean in means):
            texts = [NONE if mean is None else f"{mean:.4g}".replace("-", "−") for mean in means]
            yield _row(_with_unit(term.title, term.unit), "", texts, [None if m is None else f"{m:.4g}" for m in means])


def _last_mean(run: ComparedRun, term: Quantity) -> float | None:
    """None where the run has no such series, or no value in it."""
    if term.name not in run.series.names:
        return None
    recent = run.series.values(term.name)[-10 * AVERAGED :]  # a player that rests has no value in most steps
    last = recent[~np.isnan(recent)][-AVERAGED:]
    mean = float(last.mean(dtype=np.float64)) if len(last) else None
    return -mean if mean is not None and term.negated else mean


def _parameters(runs: Sequence[ComparedRun], everything: bool) -> Iterator[Row]:
    specs = [run.spec for run in runs]
    own = [flat(spec) for spec in specs]
    known = {
        path: (spec, parameter) for spec, paths in zip(specs, own, strict=True) for path, parameter in paths.items()
    }
    unequal = set(differing(specs)) | {path for path in known if any(run.edits_of(path) for run in runs)}
    for path, (spec, parameter) in known.items():
        if everything or (path in unequal and path not in TOLD):
            values = [_value(run, path) if path in paths else None for run, paths in zip(runs, own, strict=True)]
            texts = [NONE if text is None else text for text in values]
            yield _row(_with_unit(parameter_title(spec, path), parameter.unit), parameter.help, texts, values)


def _value(run: ComparedRun, path: str) -> str:
    """Such as "1", or "1 → 4 (step 450)"; of many edits the last, and how many there were."""
    first = as_text(value(run.spec, path)) or NONE
    found = run.edits_of(path)
    if not found:
        return first
    between = "" if len(found) == 1 else f"{len(found)} edits, the last at "
    return f"{first} → {last_value(found)} ({between}step {thousands(found[-1].step)})"


def _with_unit(title: str, unit: str) -> str:
    return f"{title}, {unit}" if unit else title
