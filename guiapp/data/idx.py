"""IDX, the format of MNIST: two zero bytes, type, number of axes, the axes as big-endian uint32, then the values.

Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section on file formats.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from guiapp.data.raw import AS_IT_IS, MAPPED, Raw, Reading, check_bytes, check_finite, index_labels, mapped, row_shape
from guiapp.data.source import DataError

TYPES = MappingProxyType({8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"})
MAX_DEFLATE = 1032  # a deflate stream cannot expand further than this


def read_idx(path: Path, reading: Reading = AS_IT_IS) -> Raw:
    """The images, or vectors, of an IDX file, plain or gzipped; labels from the file named labels-idx1 beside it. The
    values of a large plain file stay in the file.

    Raises:
        DataError: wrong magic number, absurd or truncated or overlong content, or labels that do not fit.
    """
    values = read_array(path, images=True)
    place = str(path)
    check_finite(place, values, reading.tell)
    flat = values.reshape(len(values), -1)
    beside = labels_of(path)
    if beside == path or not beside.is_file():
        return Raw(flat, row_shape(place, values.shape))
    labels, classes = index_labels(str(beside), read_array(beside, images=False), len(values))
    return Raw(flat, row_shape(place, values.shape), labels, classes, f"labels from {beside.name}")


def labels_of(path: Path) -> Path:
    """Where the labels of the images at `path` would lie; `path` itself where its name says nothing of images."""
    return path.with_name(path.name.replace("images-idx3", "labels-idx1").replace("images.idx3", "labels.idx1"))


def read_array(path: Path, images: bool) -> NDArray[Any]:
    """The one array of an IDX file; `images` False reads labels, of which there is one axis."""
    place = str(path)
    size = path.stat().st_size
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        try:
            stream = cast(IO[bytes], gzip.GzipFile(fileobj=plain, mode="rb")) if packed else plain
            return _parse(place, stream, size * MAX_DEFLATE if packed else size, images, None if packed else path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(
                f"{place}: the gzip stream is damaged or cut off ({error}); fetch the file again."
            ) from None


def _parse(place: str, stream: IO[bytes], available: int, images: bool, plain: Path | None) -> NDArray[Any]:
    """`plain`: the file, where the values lie in it as they are."""
    dtype, shape = _header(place, stream)
    if images:
        row_shape(place, shape)
    elif len(shape) != 1:
        raise DataError(f"{place}: {len(shape)} axes where labels have 1; put the labels file there, or none.")
    start, promised = 4 + 4 * len(shape), dtype.itemsize * math.prod(shape)
    if plain is not None and promised >= MAPPED and start + promised == available:
        return mapped(plain, dtype, start, shape)
    check_bytes(place, math.prod(shape))
    # One byte more than promised tells a file that goes on; a gzip bomb is unpacked no further than that.
    data = stream.read(promised + 1) if start + promised <= available else b""
    if len(data) < promised:
        found = start + len(data) if data else available
        raise DataError(
            f"{place}: the header promises {start + promised} bytes, but the file ends at byte {found} or before; "
            "fetch it again."
        )
    if len(data) > promised:
        raise DataError(f"{place}: values end at byte {start + promised}, but the file goes on; fetch it again.")
    return np.frombuffer(data, dtype).reshape(shape)


def _header(place: str, stream: IO[bytes]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES:
        raise DataError(
            f"{place}: bytes 0 to 3 are {magic.hex(' ') or 'missing'}, not the start of an IDX file; "
            "give an IDX, .npy, .npz or .csv file, or a folder of images."
        )
    axes = stream.read(4 * magic[3])
    if len(axes) < 4 * magic[3]:
        raise DataError(f"{place}: the header ends at byte {4 + len(axes)}, within the axes; fetch the file again.")
    return np.dtype(TYPES[magic[2]]), struct.unpack(f">{magic[3]}I", axes)
