"""What crosses the pipe between the training thread and the trainer process: frozen, picklable, numpy only.

Commands go to the trainer, `Update` and events come back. Plain str, int, float, bool and numpy arrays alone: a torch
object in here would make the window's process import torch (3 s, 230 MB).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from guiapp.series import Series
from guiapp.spec import RunSpec

Picture = Mapping[str, npt.NDArray[Any]]
Player = Literal["both", "d", "g"]


# Commands


@dataclass(frozen=True, slots=True)
class Start:
    """Build the model of `spec` and make it the current run, paused at step 0 or running. `key` names the run in all
    that is said of it, so that what arrives late from an earlier run can be told apart."""

    key: int
    spec: RunSpec
    running: bool


@dataclass(frozen=True, slots=True)
class Open:
    """Make the run in the run file at `path` the current one, paused where its newest keyframe was taken, and go on
    writing that file (a file outside the folder of the runs is copied there). With `at` and `spec`, fork it: a new run
    that begins at the newest keyframe up to step `at`, with the parameters of `spec`, running or not."""

    key: int
    path: str
    at: int | None = None
    spec: RunSpec | None = None
    running: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Train on; stop by itself after step `until` when given."""

    until: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Stop at the next step boundary."""


@dataclass(frozen=True, slots=True)
class Step:
    """Train `count` iterations, of both players or of one, then pause."""

    count: int = 1
    player: Player = "both"


@dataclass(frozen=True, slots=True)
class Edit:
    """Set the live parameter at `path` between two steps."""

    path: str
    value: Any


@dataclass(frozen=True, slots=True)
class Pull:
    """Ask for all series values since the last pull and the pictures named in `needs`.

    `focus` holds what a picture needs to know from the window, such as the dimensions of the latent plane. With `at`,
    the pictures are of the keyframe of that step, while training goes on.
    """

    needs: frozenset[str]
    focus: Mapping[str, Any] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Ask for the pictures in `needs` of the newest keyframe up to `step` of the run file at `path`, whichever run it
    is, while training goes on."""

    path: str
    step: int
    needs: frozenset[str]
    focus: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Study:
    """Begin the long computation `kind` (see guiapp.engine.studies) on the weights as they are now, or as they were at
    the keyframe of step `at`, while training goes on. It takes the place of one under way."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    at: int | None = None


@dataclass(frozen=True, slots=True)
class StopStudy:
    """Give up the study under way, if any."""


@dataclass(frozen=True, slots=True)
class Annotate:
    """Write what a person calls the run of the run file at `path` into it."""

    path: str
    title: str
    notes: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Save:
    """Copy the run file, all steps so far and the weights, to `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class Quit:
    """End the trainer process."""


Command = Start | Open | Run | Pause | Step | Edit | Pull | Look | Study | StopStudy | Annotate | Save | Quit


# What comes back


@dataclass(frozen=True, slots=True)
class Started:
    """A run exists. `capabilities` is a subset of {encodes, decodes, samples, scores, plane}; `tensors` names every
    parameter tensor and its shape, input side first; `shape` is one datum's, (H, W) or (D,)."""

    key: int
    spec: RunSpec
    names: tuple[str, ...]
    tensors: tuple[tuple[str, tuple[int, ...]], ...]
    capabilities: frozenset[str]
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    data_title: str
    data_note: str
    data_count: int  # training data; 0 for a law sampled without end
    extent: float  # half-width of the square that holds 2-D data
    device: str
    parameters: int
    run_file: str  # where the run is being recorded; empty when it is not
    again: int = 0  # the steps up to this one were recorded, but not their weights: they are being trained again
    known: int = 0  # steps whose rows are in the run file that was opened; the updates begin after them
    past: Series | None = None  # those rows, which the training thread reads from that file
    edited: tuple[Edited, ...] = ()  # the edits that `spec` has come through


@dataclass(frozen=True, slots=True)
class Loading:
    """The data of the run `key`, asked for by `Start` or `Open`, are being read: `done` of `total` images, rows or
    bytes; `total` is 0 while the files of a folder are being found. `Pause` stops it, and so does the next `Start`,
    `Open` or `Quit`."""

    key: int
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Update:
    """The answer to a `Pull`: rows (t, S) of steps `first .. first + t - 1`, and pictures by kind, of step `at` or,
    where that is None, of now. `keyframes` (K,): the steps that can be gone back to, where they are not as told before;
    `events` that happened since the last update: (step, kind, detail). `to_come`: pictures that a second answer to the
    same pull will bring."""

    key: int
    step: int
    epoch: float
    seconds: float  # of training, pauses not counted
    steps_per_s: float
    running: bool
    first: int
    rows: npt.NDArray[np.float32]
    pictures: Mapping[str, Picture]
    at: int | None = None
    keyframes: npt.NDArray[np.int64] | None = None
    events: tuple[tuple[int, str, Mapping[str, Any]], ...] = ()
    to_come: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Kept:
    """Training stands, and the run file holds all there is; `keyframes` as in `Update`, all of them."""

    key: int
    keyframes: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seen:
    """The answer to a `Look` at `path`: the pictures of step `step`, the run as a view needs to know it, and its spec
    at that step; or, with `run` None, a sentence that says why not."""

    path: str
    step: int
    run: Started | None
    spec: RunSpec | None
    pictures: Mapping[str, Picture]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Studied:
    """How far the study `kind` of the weights of `step` is: `progress` from 0 to 1, where it ends; `picture` is what is
    known so far. A study that cannot be made, or was stopped, ends with `trouble`, a sentence."""

    key: int
    kind: str
    step: int
    progress: float
    picture: Picture
    trouble: str = ""

    @property
    def ended(self) -> bool:
        """Nothing more will come of it."""
        return self.progress >= 1 or bool(self.trouble)


@dataclass(frozen=True, slots=True)
class Annotated:
    """The run file at `path` carries what the person wrote; or `trouble` says why not."""

    path: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Paused:
    """Training stands after `step`: asked for, or the steps asked for are done."""

    key: int
    step: int


@dataclass(frozen=True, slots=True)
class Edited:
    """From the step after `step` on, `path` has the value `new`."""

    key: int
    step: int
    path: str
    old: Any
    new: Any
    spec: RunSpec


@dataclass(frozen=True, slots=True)
class Refused:
    """A command was not carried out; `sentence` says what, why and what to do. The run is as it was. `key` is that of a
    refused `Start` or `Open`, else 0; `remedy` maps parameter paths to values with which a refused start would work.
    `mended`: what an earlier one told of is over."""

    sentence: str
    remedy: Mapping[str, Any] = field(default_factory=dict)
    key: int = 0
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Diverged:
    """A value was not finite in `step`; that update was not applied. `tensor` is the first such tensor."""

    key: int
    step: int
    tensor: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The run `key`, whose `Started` named no run file, is recorded in `run_file` after all, from its first step on."""

    key: int
    run_file: str


@dataclass(frozen=True, slots=True)
class Saved:
    """The run file was copied to `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The trainer raised; the run has ended. `details` is the traceback."""

    sentence: str
    details: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The trainer process has loaded torch and waits."""

    torch: str
    devices: tuple[str, ...]
    threads: int


@dataclass(frozen=True, slots=True)
class Died:
    """Said by the training thread: the trainer process has ended with `exit_code` (negative: the signal), or could not
    be started for `reason`."""

    exit_code: int
    reason: str = ""


Event = (
    Started
    | Loading
    | Update
    | Kept
    | Seen
    | Studied
    | Annotated
    | Paused
    | Edited
    | Refused
    | Diverged
    | Recorded
    | Saved
    | Failed
    | Ready
    | Died
)
