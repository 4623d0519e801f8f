"""A run as TensorBoard event files, through PyTorch's own writer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from guiapp.export.target import ExportError, Progress, require
from guiapp.run_file import Event, Rows, StoredRun, read_summary
from guiapp.spec import to_json

LIMIT = 5_000_000  # values that are all written: 30 s and 160 MB; a longer run is thinned to about as many
BLOCK = 4096  # steps looked at together where none is left out
PATTERN = "events.out.tfevents.*"

# Where TensorBoard groups a series that is neither a loss term nor named GROUP/TENSOR itself.
GROUPS: Final = MappingProxyType(
    {"steps_per_s": "speed", "sigma": "likelihood"}
    | dict.fromkeys(("d_real", "d_fake", "d_acc_real", "d_acc_fake"), "discriminator")
)


def write_tensorboard(stored: StoredRun, folder: Path, progress: Progress) -> Iterator[Path]:
    """The run as the new folder `folder`: every series under its tag (`loss/kl`, `grad/encoder.0.weight`), the
    specification, the edits and other events as text, the thumbnail as a picture. Each value has the wall time at which
    it was trained had the run never paused.

    Raises:
        ExportError: tensorboard is missing, or `folder` holds something. RunFileError: as `read_summary`.
        OSError: it cannot be written.
    """
    require("tensorboard", "An export to TensorBoard", "tensorboard", "CSV")
    if folder.exists() and any(folder.iterdir()):
        raise ExportError(f"{folder} is not empty, and TensorBoard would mix what is in it; name a new folder.")
    summary = read_summary(stored.path)
    part = folder.with_name(f"{folder.name}.part")
    _cleared(part)
    try:
        _write(stored, summary.thumbnail, part, progress)
        if folder.exists():
            folder.rmdir()
        part.replace(folder)
    finally:
        _cleared(part)
    yield folder


def is_thinned(stored: StoredRun) -> bool:
    """The run is so long that TensorBoard gets extremes instead of all values."""
    return stored.rows.size > LIMIT


def tag(name: str) -> str:
    """What TensorBoard calls the series `name`."""
    return name if "/" in name else f"{GROUPS.get(name, 'loss')}/{name}"


def kept(rows: Rows) -> Iterator[tuple[int, npt.NDArray[np.bool_]]]:
    """Of `rows` (T, S), in order: an index and which of its values are written (S,). NaN never is; of more than `LIMIT`
    values only the least and the greatest of each series in each of `LIMIT` / 2S equal stretches, so that no spike is
    lost."""
    thin = rows.size > LIMIT
    width = -(-2 * rows.size // LIMIT) if thin else BLOCK
    for start in range(0, len(rows), width):
        block = rows[start : start + width]
        wanted = ~np.isnan(block)
        if thin:
            extreme, columns = np.zeros_like(wanted), np.arange(block.shape[1])
            extreme[np.where(wanted, block, np.inf).argmin(0), columns] = True
            extreme[np.where(wanted, block, -np.inf).argmax(0), columns] = True
            wanted &= extreme
        for i in np.flatnonzero(wanted.any(1)).tolist():
            yield start + i, wanted[i]


def _write(stored: StoredRun, thumbnail: bytes, folder: Path, progress: Progress) -> None:
    from tensorboard.compat.proto.summary_pb2 import Summary
    from torch.utils.tensorboard import SummaryWriter

    times, tags = _wall_times(stored), [tag(name) for name in stored.names]
    writer: Any = SummaryWriter(str(folder))
    with closing(writer):
        writer.add_text("spec", f"```json\n{to_json(stored.spec).decode()}\n```", 0, times[0])
        for event in stored.events:
            when = times[min(max(event.step, 0), len(times) - 1)]
            writer.add_text("events", _sentence(event), event.step, when)
        if thumbnail:
            writer.add_image("generated", _pixels(thumbnail), len(stored.rows), times[-1], dataformats="HWC")
        # One event a step, five times as fast as `add_scalar`, which makes one a value.
        events, value = writer.file_writer, Summary.Value
        for i, wanted in kept(stored.rows):
            cells = zip(tags, stored.rows[i].tolist(), wanted.tolist(), strict=True)
            events.add_summary(
                Summary(value=[value(tag=t, simple_value=v) for t, v, k in cells if k]), i + 1, times[i + 1]
            )
            if i % 1000 == 0:
                progress(i / len(stored.rows))
    progress(1.0)


def _wall_times(stored: StoredRun) -> list[float]:
    """Seconds since 1970 when each step was done, from 0 on; (T + 1,)."""
    speed = stored.rows[:, stored.names.index("steps_per_s")].astype(np.float64)
    spent = np.cumsum(np.divide(1, speed, out=np.zeros_like(speed), where=speed > 0))
    try:
        start = datetime.fromisoformat(stored.meta["created"]).timestamp()
    except (KeyError, ValueError):  # a file of schema 1, which did not note it
        start = stored.path.stat().st_mtime - (spent[-1] if len(spent) else 0)
    times: list[float] = (start + np.concatenate([[0.0], spent])).tolist()
    return times


def _sentence(event: Event) -> str:
    found = event.detail
    if event.kind == "edit":
        return f"edit: {found.get('path')} from {found.get('old')} to {found.get('new')}"
    return " ".join([event.kind, *(f"{key} {value}" for key, value in found.items())])


def _pixels(png: bytes) -> npt.NDArray[np.uint8]:
    """(H, W, 3), on white."""
    with Image.open(io.BytesIO(png)) as picture:
        clear = picture.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB"))


def _cleared(part: Path) -> None:
    """Remove what an export left in `part`, and nothing else.

    Raises:
        OSError: there is something else in it.
    """
    for file in part.glob(PATTERN):
        file.unlink()
    if part.exists():
        part.rmdir()
