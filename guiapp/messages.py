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
    """Make the run in the file at `path` the current one, paused where its newest keyframe was taken."""

    key: int
    path: str


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

    `focus` holds what a picture needs to know from the window, such as the dimensions of the latent plane.
    """

    needs: frozenset[str]
    focus: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Save:
    """Copy the run file, all steps so far and the weights, to `path`."""

    path: str


@dataclass(frozen=True, slots=True)
class Quit:
    """End the trainer process."""


Command = Start | Open | Run | Pause | Step | Edit | Pull | Save | Quit


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


@dataclass(frozen=True, slots=True)
class Update:
    """The answer to a `Pull`: rows (t, S) of steps `first .. first + t - 1`, and pictures by kind."""

    key: int
    step: int
    epoch: float
    seconds: float  # of training, pauses not counted
    steps_per_s: float
    running: bool
    first: int
    rows: npt.NDArray[np.float32]
    pictures: Mapping[str, Picture]


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
    refused `Start` or `Open`, else 0; `remedy` maps parameter paths to values with which a refused start would work."""

    sentence: str
    remedy: Mapping[str, Any] = field(default_factory=dict)
    key: int = 0


@dataclass(frozen=True, slots=True)
class Diverged:
    """A value was not finite in `step`; that update was not applied. `tensor` is the first such tensor."""

    key: int
    step: int
    tensor: str


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


Event = Started | Update | Paused | Edited | Refused | Diverged | Saved | Failed | Ready | Died
