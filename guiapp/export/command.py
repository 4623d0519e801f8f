"""`elboscope export`: a run file in the formats of others."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic
from types import MappingProxyType
from typing import Final

from guiapp.data.source import DataError
from guiapp.export import curves, tensorboard
from guiapp.export.target import ExportError, Progress, whole
from guiapp.run_file import SUFFIX, RunFileError, StoredRun, edits, read_run
from guiapp.runs.files import LibraryError
from guiapp.runs.library import Library
from guiapp.spec import SpecError

TELL_EVERY = 0.2  # seconds between two lines of progress


@dataclass(frozen=True)
class Source:
    """The run file at `path`; `step` as the command line gave it."""

    path: Path
    step: int | None

    @cached_property
    def stored(self) -> StoredRun:
        return read_run(self.path)


Exporter = Callable[[Source, Path, Progress], Iterator[Path]]  # gives each file or folder as it is done


def export(run: Path, targets: Mapping[str, Path], step: int | None) -> int:
    """Write `targets`, from a name in `EXPORTERS` to a file or folder, each path printed as it is done; lines
    `progress 0.42 FILE` go to stderr meanwhile.

    Returns:
        0; 2 after one sentence on stderr. What was being written is removed then, and also after Ctrl+C and SIGTERM.
    """
    try:
        exporters = [(exporter(kind, path, run), path) for kind, path in targets.items()]
        if not exporters:
            raise ExportError("Say what to export: --curves, --tensorboard, --weights, --code or --run, and where to.")
        source = Source(run, step)
        with _interruptible():
            for done, (write, path) in enumerate(exporters):
                for written in write(source, path, _progress(path.name, done, len(exporters))):
                    print(written, flush=True)
        return 0
    except BrokenPipeError:  # elboscope export … | head
        raise
    except OSError as error:
        what = error.filename or "The file"
        sentence = (
            f"{what} cannot be written: {error.strerror or error}. Choose another place, or free some disk space."
        )
    except (ExportError, LibraryError, RunFileError, DataError, SpecError, ValueError) as error:
        sentence = str(error)
    print(f"elboscope: {sentence}", file=sys.stderr)
    return 2


def exporter(kind: str, path: Path, run: Path) -> Exporter:
    """What writes `kind` to `path`.

    Raises:
        ExportError: `path` ends in no suffix of that kind, its folder is not there, or it is the run itself.
    """
    formats = EXPORTERS[kind]
    found = formats.get("") or formats.get(path.suffix.lower())
    if found is None:
        raise ExportError(f"--{kind} takes a file that ends in {' or '.join(formats)}, not {path.name}.")
    if not path.absolute().parent.is_dir():
        raise ExportError(f"The folder {path.absolute().parent} is not there; make it, or choose another place.")
    if path.is_dir() and "" not in formats:
        raise ExportError(f"{path} is a folder; name a file.")
    if path.exists() and run.exists() and path.samefile(run):
        raise ExportError(f"{path} is the run itself; choose another name.")
    return found


def _progress(what: str, done: int, count: int) -> Progress:
    """Tells of one export after `done` of `count`; never more than a few lines a second."""
    told = -TELL_EVERY

    def tell(fraction: float) -> None:
        nonlocal told
        if fraction >= 1 or monotonic() - told >= TELL_EVERY:
            told = monotonic()
            print(f"progress {(done + fraction) / count:.2f} {what}", file=sys.stderr, flush=True)

    tell(0.0)
    return tell


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM as Ctrl+C: the file that is being written is removed on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _csv(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    return curves.write_csv(source.stored, path, progress)


def _parquet(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    return curves.write_parquet(source.stored, path, progress)


def _tensorboard(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    if tensorboard.is_thinned(source.stored):
        print(
            "elboscope: This run is long: TensorBoard gets the extremes of equal stretches. CSV holds every step.",
            file=sys.stderr,
        )
    return tensorboard.write_tensorboard(source.stored, path, progress)


def _safetensors(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    from guiapp.export import weights  # torch takes 2 s

    return weights.write_safetensors(weights.weights_at(source.path, source.step), path, progress)


def _torchscript(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    from guiapp.export import weights

    return weights.write_torchscript(weights.weights_at(source.path, source.step), path, progress)


def _onnx(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    from guiapp.export import weights

    return weights.write_onnx(weights.weights_at(source.path, source.step), path, progress)


def _code(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    from guiapp.export.code import script

    stored = source.stored
    changes = [(event.step, event.detail["path"], event.detail["new"]) for event, _ in edits(stored)]
    if any(event.detail.get("player", "both") != "both" for event in stored.events):
        print("elboscope: Steps that one player made alone are not in the script.", file=sys.stderr)
    text = script(stored.spec, steps=len(stored.rows) or 1000, edits=changes)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")
    progress(1.0)
    yield path


def _copy(source: Source, path: Path, progress: Progress) -> Iterator[Path]:
    def told(done: int, pages: int) -> bool:
        progress(done / max(1, pages))
        return True

    Library(path.parent).export(source.path, path, told)
    progress(1.0)
    yield path


# By the option's name, then by the suffix of the file; a folder has none.
EXPORTERS: Final[Mapping[str, Mapping[str, Exporter]]] = MappingProxyType(
    {
        "curves": MappingProxyType({".csv": _csv, ".parquet": _parquet}),
        "tensorboard": MappingProxyType({"": _tensorboard}),
        "weights": MappingProxyType({".safetensors": _safetensors, ".pt": _torchscript, ".onnx": _onnx}),
        "code": MappingProxyType({".py": _code}),
        "run": MappingProxyType({SUFFIX: _copy}),
    }
)
