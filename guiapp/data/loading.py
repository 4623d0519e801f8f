"""From the name of a data set to the data."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from guiapp.data import DATASET_NAMES, DATASETS
from guiapp.data.drawn import drawn
from guiapp.data.files import open_file
from guiapp.data.raw import Reading, tell_nobody
from guiapp.data.source import DataError, Source, Table
from guiapp.spec import Data


def open_data(data: Data, tell: Callable[[int, int], None] = tell_nobody) -> Source:
    """What `data` names; see `load`.

    Raises:
        DataError, CancelledError: as `load`; or a drawing that cannot be.
    """
    if data.name == "drawn":
        return drawn(data.drawing, data.blur)
    source = load(data.name, data.path, data.scale, data.side, tell)
    return source.first(data.limit) if data.limit and isinstance(source, Table) else source


def load(
    name: str, path: str = "", scale: str = "auto", side: int = 64, tell: Callable[[int, int], None] = tell_nobody
) -> Source:
    """The data set `name` of the catalogue; or, for the name "file", the user's data at `path`, scaled by `scale`,
    images shrunk to at most `side` pixels a side. `tell(done, total)` hears of what takes long.

    Raises:
        DataError: an unknown name, "file" without a path, or whatever is wrong with the file.
        CancelledError: by `tell`.
    """
    if name == "file":
        if not path:
            raise DataError("The data set 'file' needs a path; choose a file or a folder of images.")
        return open_file(Path(os.path.expanduser(path)), scale, Reading(side, tell))
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset.load()
    raise DataError(f"The data set '{name}' is unknown; choose one of {', '.join(DATASET_NAMES)}, or file.")
