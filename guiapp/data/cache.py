"""Room for data that were decoded: in memory, or in a temporary file that goes with the process."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guiapp.data.source import DataError

IN_MEMORY = 64 << 20  # bytes; more go to a file
SPARE = 256 << 20  # bytes that are left free on the disk


def room(place: str, shape: tuple[int, ...], dtype: type[np.uint8] | type[np.float32]) -> NDArray[Any]:
    """An array to be filled with what is read from `place`. A large one lies in a file without a name, which the system
    removes when the array is gone, however the process ends.

    Raises:
        DataError: the disk has no room for it.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY:
        return np.empty(shape, dtype)
    folder = _folder()
    free = shutil.disk_usage(folder).free
    if free < size + SPARE:
        raise DataError(
            f"{place}: decoded, the images take {size / 2**30:.3g} GiB, and {folder} has {free / 2**30:.3g} GiB free; "
            "make room there, or take smaller images."
        )
    with tempfile.TemporaryFile(prefix="elboscope-", dir=folder) as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # a disk that fills up later would end the process
        return np.asarray(np.memmap(file, dtype, "w+", shape=shape))


def _folder() -> Path:
    """For temporary files that are large: on Unix /tmp is often in memory, and /var/tmp never."""
    large = Path("/var/tmp")
    chosen = "TMPDIR" in os.environ or not (large.is_dir() and os.access(large, os.W_OK))
    return Path(tempfile.gettempdir()) if chosen else large
