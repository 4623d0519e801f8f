"""The catalogue of what can be exported of a run."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

Form = Literal["", "step", "film"]


@dataclass(frozen=True, slots=True)
class Kind:
    """`suffix` of the file, "" for a folder; beside NAME.SUFFIX there may be NAME.COMPANION.SUFFIX. `option` of
    `elboscope export` writes it; without one the window does. It needs `packages`, which `extra` installs.
    `form`: what else there is to choose."""

    title: str
    about: str
    suffix: str
    option: str = ""
    packages: tuple[str, ...] = ()
    extra: str = ""
    form: Form = ""
    companions: tuple[str, ...] = ()

    def places(self, path: Path) -> list[Path]:
        """Every file that may be written for `path`."""
        return [path, *(path.with_name(f"{path.stem}.{name}{self.suffix}") for name in self.companions)]

    @property
    def filter(self) -> str:
        """For a file dialog."""
        return f"{self.title} (*{self.suffix})" if self.suffix else "Folders"

    def missing(self) -> str:
        """Why it cannot be made here and what to do; "" where it can."""
        absent = [name for name in self.packages if find_spec(name) is None]
        if not absent:
            return ""
        if getattr(sys, "frozen", False):
            return f"The packaged program does not hold {' and '.join(absent)}, which this needs; install from source."
        return f"This needs {' and '.join(absent)}: install it with  pip install 'elboscope[{self.extra}]'"


KINDS: Final = (
    Kind(
        "HTML report",
        "One page that opens anywhere: what was trained, how, what came of it, and pictures of every view.",
        ".html",
    ),
    Kind("Animation, GIF", "A view over the steps of the run, for slides and web pages.", ".gif", form="film"),
    Kind("Animation, MP4", "A view over the steps of the run, as a video; sharper and smaller.", ".mp4", form="film"),
    Kind(
        "Curves, CSV",
        "Every series with one line a step, for spreadsheets; the events in a file of their own.",
        ".csv",
        "--curves",
        companions=("events",),
    ),
    Kind(
        "Curves, Parquet",
        "Every series with one row a step, small and quick to read with pandas or Polars.",
        ".parquet",
        "--curves",
        ("pyarrow",),
        "parquet",
    ),
    Kind(
        "TensorBoard",
        "A folder of event files. Open it with  tensorboard --logdir FOLDER",
        "",
        "--tensorboard",
        ("tensorboard",),
        "tensorboard",
    ),
    Kind(
        "Weights, safetensors",
        "The weights by name, for PyTorch and others; nothing in the file can be executed.",
        ".safetensors",
        "--weights",
        form="step",
    ),
    Kind(
        "Model, TorchScript",
        "The model with its weights, which torch.jit.load opens without Elboscope.",
        ".pt",
        "--weights",
        form="step",
    ),
    Kind(
        "Model, ONNX",
        "The networks with their weights, one file each, for ONNX Runtime, Netron and others.",
        ".onnx",
        "--weights",
        ("onnx", "onnxscript"),
        "onnx",
        "step",
        ("encoder", "decoder", "generator", "discriminator"),
    ),
    Kind("Python script", "Plain PyTorch that trains the same model to the same losses.", ".py", "--code"),
    Kind("Run file", "A copy of the whole run, which Elboscope opens and goes on with.", ".elbo", "--run"),
)
