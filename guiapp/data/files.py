"""A user's own data: one entrance that finds out what a path holds and lets nothing but `DataError` out."""

from __future__ import annotations

import stat
from pathlib import Path

from guiapp.data.arrays import read_npy, read_npz
from guiapp.data.delimited import read_delimited
from guiapp.data.idx import read_idx
from guiapp.data.images import SUFFIXES, read_images
from guiapp.data.raw import AS_IT_IS, Reader, Reading
from guiapp.data.scaling import SCALES, scaling
from guiapp.data.source import DataError, Table
from guiapp.data.split import split_raw

MAX_FILE = 8 << 30  # bytes: 2 GiB of float32 may lie on the disk as float64 or longer, with labels and other keys


def open_file(path: Path, scale: str = "auto", reading: Reading = AS_IT_IS) -> Table:
    """The data of an .npy, .npz, IDX (plain or gzipped) or text file, or of a folder of images, as a `Table`.

    `scale` is one of auto, none, unit, standard (see `guiapp.data.scaling.scaling`). Of N rows, N/10, but at least 1
    and at most 10,000, or 16.8 million values, are held out by a fixed shuffle, each class giving its share.

    Raises:
        DataError: whatever is wrong with the path or its content. CancelledError: by `reading.tell`.
    """
    place = str(path)
    if scale not in SCALES:
        raise DataError(f"{place}: the scale '{scale}' is unknown; choose one of {', '.join(SCALES)}.")
    try:
        raw = reader(path)(path, reading)
        found, shape, note = scaling(raw, scale)
        return split_raw(path.stem, path.name, raw, found, shape, "; ".join(filter(None, (note, raw.note))))
    except OSError as error:
        raise _refused(place, error) from None
    except MemoryError:
        raise DataError(
            f"{place}: there is too little memory to read it; close programs or choose fewer rows."
        ) from None


def _refused(place: str, error: OSError) -> DataError:
    """What to say when the operating system would not open or read a file, perhaps one within the folder `place`."""
    if isinstance(error.filename, str):
        place = error.filename
    if isinstance(error, FileNotFoundError):
        return DataError(f"{place}: there is no such file or folder; check the path.")
    if isinstance(error, PermissionError):
        return DataError(f"{place}: reading is not permitted; change the file's permissions or choose another.")
    return DataError(f"{place}: it cannot be read ({error.strerror or error}); check the path and the disk.")


def reader(path: Path) -> Reader:
    """The reader for what `path` is, found from its kind and size, its suffix, and only then from its first bytes.

    Raises:
        DataError: no reader can be for it. OSError: the operating system would not look at it.
    """
    place = str(path)
    try:
        status = path.stat()
    except ValueError:
        raise DataError(f"{place}: no path can hold such a character; check the path.") from None
    if stat.S_ISDIR(status.st_mode):
        return read_images
    # Before any open(): a named pipe would block for ever, a device would never end.
    if not stat.S_ISREG(status.st_mode):
        raise DataError(f"{place}: this is neither a regular file nor a folder; copy the data into a file.")
    if status.st_size == 0:
        raise DataError(f"{place}: the file is empty; save or fetch it again.")
    if status.st_size > MAX_FILE:
        raise DataError(f"{place}: the file has {status.st_size / 2**30:,.3g} GiB, more than 8; choose fewer rows.")
    suffix = path.suffix.lower()
    if suffix in SUFFIXES:
        raise DataError(f"{place}: one image is not a data set; choose the folder that holds the images.")
    by_suffix: dict[str, Reader] = {
        ".npy": read_npy,
        ".npz": read_npz,
        ".csv": read_delimited,
        ".tsv": read_delimited,
        ".txt": read_delimited,
    }
    return by_suffix[suffix] if suffix in by_suffix else _sniff(path)


def _sniff(path: Path) -> Reader:
    """The reader for a file without a telling suffix; what is unknown goes to IDX, whose error lists the formats."""
    with path.open("rb") as stream:
        start = stream.read(6)
    if start == b"\x93NUMPY":
        return read_npy
    return read_npz if start.startswith(b"PK") else read_idx
