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

from guiapp.data.raw import (
    AS_IT_IS,
    MAPPED,
    Raw,
    Reading,
    check_bytes,
    check_finite,
    check_type,
    index_labels,
    mapped,
    named,
    row_shape,
)
from guiapp.data.source import DataError

VALUE_KEYS = ("x", "X", "data", "images", "arr_0", "x_train")
LABEL_KEYS = ("y", "labels", "y_train")
NAME_KEYS = ("classes", "class_names", "label_names")
# What zipfile and zlib raise on damaged, encrypted or exotic archives.
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError)


def read_npy(path: Path, reading: Reading = AS_IT_IS) -> Raw:
    """The one array of an .npy file, (N, D), (N, H, W), (N, H, W, 1) or (N, H, W, 3). If it is large, and not in the
    order of Fortran, its values stay in the file.

    Raises:
        DataError: not an .npy file, truncated, no numbers, another shape, too large, NaN or infinity.
    """
    place = str(path)
    with path.open("rb") as stream:
        values = _read_array(place, stream, path.stat().st_size, rows=True, plain=(path, 0))
    return _raw(place, values, reading)


def read_npz(path: Path, reading: Reading = AS_IT_IS) -> Raw:
    """The array of an .npz file under x, X, data, images, arr_0 or x_train; labels under y, labels or y_train; the
    names of the classes 0, 1 ... under classes, class_names or label_names. Written by numpy.savez, large values stay
    in the file; by numpy.savez_compressed, they cannot.

    Raises:
        DataError: as for `read_npy`, and a damaged archive, none of these keys, or labels or names that do not fit.
    """
    file = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            key = next((key for key in VALUE_KEYS if key in members), None)
            if key is None:
                found = ", ".join(list(members)[:8]) or "nothing"
                raise DataError(f"{file}: it holds {found:.100}; name the array {', '.join(VALUE_KEYS)}.")
            values = _read_member(archive, members[key], path, key, rows=True)
            raw = _raw(f"{file}, key '{key}'", values, reading)
            labelled = next((key for key in LABEL_KEYS if key in members), None)
            if labelled is None:
                return raw
            labels = _read_member(archive, members[labelled], path, labelled, rows=False)
            index, classes = index_labels(f"{file}, key '{labelled}'", labels, len(raw.values))
            naming = next((key for key in NAME_KEYS if key in members), None)
            if naming is not None and labels.dtype.kind != "U":
                names = _read_member(archive, members[naming], path, naming, rows=False)
                classes = named(f"{file}, key '{naming}'", classes, names)
    except ZIP_ERRORS as error:
        raise DataError(f"{file}: the archive is damaged or cut off ({error!s:.60}); save or fetch it again.") from None
    return Raw(raw.values, raw.shape, index, classes, raw.note)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, key: str, rows: bool) -> NDArray[Any]:
    place = f"{path}, key '{key}'"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{place}: compressed in an unusual way; write it with numpy.savez_compressed.")
    with archive.open(info) as stream:
        stored = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1
        plain = (path, _start(path, info)) if stored and info.file_size >= MAPPED else None
        return _read_array(place, stream, info.file_size, rows, plain)


def _start(path: Path, info: zipfile.ZipInfo) -> int:
    """The byte at which a member that is not compressed begins: after its local header (APPNOTE.TXT, 4.3.7)."""
    with path.open("rb") as file:
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack("<HH", file.read(4))
    return info.header_offset + 30 + int(name) + int(extra)


def _read_array(
    place: str, stream: IO[bytes], size: int, rows: bool, plain: tuple[Path, int] | None = None
) -> NDArray[Any]:
    """The array of a stream of `size` bytes; `rows` True demands the shape of data, False that of labels. `plain`: the
    file, and the byte in it, where the stream begins, if it lies there as it is."""
    shape, fortran, dtype = _header(place, stream)
    if rows:
        check_type(place, dtype)
        row_shape(place, shape)
    elif dtype.kind not in "buifU":
        raise DataError(f"{place}: labels of type '{dtype}' name no classes; save whole numbers, or leave them out.")
    start, promised = stream.tell(), dtype.itemsize * math.prod(shape)
    if plain is not None and promised >= MAPPED and start + promised <= size and not fortran:
        return mapped(plain[0], dtype, plain[1] + start, shape)
    check_bytes(place, math.prod(shape) * max(1, dtype.itemsize // 8))
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


def _raw(place: str, values: NDArray[Any], reading: Reading) -> Raw:
    check_finite(place, values, reading.tell)
    return Raw(values.reshape(len(values), -1), row_shape(place, values.shape))
