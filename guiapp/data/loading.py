"""From the name of a data set to the data."""

from __future__ import annotations

import os
from pathlib import Path

from guiapp.data import DATASET_NAMES, DATASETS
from guiapp.data.files import open_file
from guiapp.data.source import DataError, Source


def load(name: str, path: str = "", scale: str = "auto") -> Source:
    """The data set `name` of the catalogue; or, for the name "file", the user's data at `path`, scaled by `scale`.

    Raises:
        DataError: an unknown name, "file" without a path, or whatever is wrong with the file.
    """
    if name == "file":
        if not path:
            raise DataError("The data set 'file' needs a path; choose a file or a folder of images.")
        return open_file(Path(os.path.expanduser(path)), scale)
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset.load()
    raise DataError(f"The data set '{name}' is unknown; choose one of {', '.join(DATASET_NAMES)}, or file.")
