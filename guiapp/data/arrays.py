"""NumPy's .npy and .npz, read header first; pickled objects are never loaded."""

from __future__ import annotations

import math
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from guiapp.data.raw import Raw, check_bytes, check_finite, check_type, index_labels, row_shape
from guiapp.data.source import DataError

VALUE_KEYS = ("x", "X", "data", "images", "arr_0", "x_train")
LABEL_KEYS = ("y", "labels", "y_train")
# What zipfile and zlib raise on damaged, encrypted or exotic archives.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)


def read_npy(path: Path) -> Raw:
    """The one array of an .npy file, (N, D), (N, H, W) or (N, H, W, 1).

    Raises:
        DataError: not an .npy file, truncated, no numbers, another shape, too large, NaN or infinity.
    """
    place = str(path)
    with path.open("rb") as stream:
        values = _read_array(place, stream, path.stat().st_size, rows=True)
    return _raw(place, values)


def read_npz(path: Path) -> Raw:
    """The array of an .npz file under x, X, data, images, arr_0 or x_train; labels under y, labels or y_train.

    Raises:
        DataError: as for `read_npy`, and a damaged archive, none of these keys, or labels that do not fit.
    """
    file = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            key = next((key for key in VALUE_KEYS if key in members), None)
            if key is None:
                found = ", ".join(list(members)[:8]) or "nothing"
                raise DataError(f"{file}: it holds {found:.100}; name the array {', '.join(VALUE_KEYS)}.")
            raw = _raw(f"{file}, key '{key}'", _read_member(archive, members[key], file, key, rows=True))
            named = next((key for key in LABEL_KEYS if key in members), None)
            if named is None:
                return raw
            labels = _read_member(archive, members[named], file, named, rows=False)
    except ZIP_ERRORS as error:
        raise DataError(f"{file}: the archive is damaged or cut off ({error!s:.60}); save or fetch it again.") from None
    index, classes = index_labels(f"{file}, key '{named}'", labels, len(raw.values))
    return Raw(raw.values, raw.shape, index, classes, raw.note)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: str, key: str, rows: bool) -> NDArray[Any]:
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{file}, key '{key}': compressed in an unusual way; write it with numpy.savez_compressed.")
    with archive.open(info) as stream:
        return _read_array(f"{file}, key '{key}'", stream, info.file_size, rows)


def _read_array(place: str, stream: IO[bytes], size: int, rows: bool) -> NDArray[Any]:
    """The array of a stream of `size` bytes; `rows` True demands the shape of data, False that of labels."""
    shape, fortran, dtype = _header(place, stream)
    if rows:
        check_type(place, dtype)
        row_shape(place, shape)
    elif dtype.kind not in "buifU":
        raise DataError(f"{place}: labels of type '{dtype}' name no classes; save whole numbers, or leave them out.")
    check_bytes(place, math.prod(shape) * max(1, dtype.itemsize // 8))
    start, promised = stream.tell(), dtype.itemsize * math.prod(shape)
    data = stream.read(promised) if start + promised <= size else b""
    if len(data) < promised:
        raise DataError(
            f"{place}: the header promises {start + promised} bytes, but there are {min(size, start + promised - 1)} "
            "or fewer; save or fetch it again."
        )
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _header(place: str, stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    try:
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError) as error:
        reason = str(error).split("\n")[0][:100]
        raise DataError(f"{place}: this is no .npy array ({reason}); write it with numpy.save.") from None
    if not all(isinstance(axis, int) and 0 <= axis < 2**63 for axis in shape):
        raise DataError(f"{place}: the header gives the impossible shape {shape}; write it with numpy.save.")
    return shape, fortran, dtype


def _raw(place: str, values: NDArray[Any]) -> Raw:
    check_finite(place, values)
    return Raw(values.reshape(len(values), -1), row_shape(place, values.shape))
