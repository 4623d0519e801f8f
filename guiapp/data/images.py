"""A folder of pictures, turned to grey; the names of its sub-folders are the classes."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from guiapp.data.raw import MAX_WIDTH, Raw, index_labels, row_shape
from guiapp.data.source import DataError, Float32

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # whatever the suffix says: no other decoder is ever started
MAX_PIXELS = 64 << 20  # of one picture before it is made smaller


def read_images(folder: Path) -> Raw:
    """The pictures of a folder, in the order of their names, as grey values 0 to 255 (N, H W).

    The first picture gives the size, and others are resized to it (bilinear), as the note then says. Transparent
    parts lie on black; of an animation, the first frame counts. Without pictures of its own, the folder's sub-folders
    are classes; deeper folders and hidden names are passed over. Reads about 5,000 small pictures a second.

    Raises:
        DataError: no pictures, one that cannot be read (named), above 64 million pixels, or more than fit in 2 GiB.
    """
    files, names = _list(folder)
    if not files:
        raise DataError(f"{folder}: no {', '.join(SUFFIXES)} file in this folder; choose one that holds images.")
    width, height = _size(files[0])
    place = str(folder)
    if width * height > MAX_WIDTH:
        raise DataError(f"{files[0]}: {width} x {height} pixels are more than {MAX_WIDTH:,}; make it smaller.")
    shape = row_shape(place, (len(files), height, width))
    values = np.empty((len(files), width * height), np.float32)
    resized = 0
    for row, file in enumerate(files):
        pixels, changed = _read(file, (width, height))
        values[row] = pixels.reshape(-1)
        resized += changed
    note = f"{resized} of {len(files)} resized to {width} x {height}" if resized else ""
    if not names:
        return Raw(values, shape, note=note)
    labels, classes = index_labels(place, np.array(names), len(files))
    return Raw(values, shape, labels, classes, note)


def _list(folder: Path) -> tuple[list[Path], list[str]]:
    """Image files in the order of their names, and the name of the sub-folder of each if they lie in sub-folders."""
    own, below = _scan(folder)
    if own:
        return own, []
    pairs = [(file, sub.name) for sub in below for file in _scan(sub)[0]]
    return [file for file, _ in pairs], [name for _, name in pairs]


def _scan(folder: Path) -> tuple[list[Path], list[Path]]:
    """(image files, sub-folders) of a folder, sorted by name, hidden ones left out."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith(SUFFIXES):
                files.append(Path(entry.path))
            elif Path(entry.path).is_dir():  # unlike entry.is_dir(), false and no error for a loop of links
                folders.append(Path(entry.path))
    return sorted(files), sorted(folders)


def _size(file: Path) -> tuple[int, int]:
    """(width, height) from the header."""
    with _open(file) as image:
        return image.size


def _read(file: Path, size: tuple[int, int]) -> tuple[Float32, bool]:
    """Grey values (H, W) in 0 to 255 at `size` (W, H), and whether that took a resize."""
    with _open(file) as image:
        try:
            grey = _grey(image)
            changed = grey.size != size
            fitted = grey.resize(size, resample=2) if changed else grey  # 2 is bilinear
            return np.asarray(fitted, np.float32), changed
        except Exception as error:  # a decoder raises almost any type on damaged bytes
            raise _unreadable(file, error) from None


def _grey(image: Image) -> Image:
    """Mode L, or F for 16-bit pictures, which L would cut off or round to 8 bits, as the version of Pillow goes."""
    import PIL.Image

    if image.mode.startswith("I"):
        return PIL.Image.fromarray(np.asarray(image).astype(np.float32) / 257)
    if "A" in image.getbands() or "transparency" in image.info:
        opaque = image.convert("RGBA")
        image = PIL.Image.alpha_composite(PIL.Image.new("RGBA", opaque.size, (0, 0, 0, 255)), opaque)
    return image.convert("L")


def _open(file: Path) -> Image:
    """The picture with only its header read; the caller closes it."""
    import PIL.Image

    if not file.is_file():
        raise DataError(f"{file}: this is not a regular file; remove it from the folder.")
    try:
        # Pillow warns above 90 million pixels and raises above 179; the limit here is lower and says more.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            image = PIL.Image.open(file, formats=FORMATS)
    except Exception as error:  # a decoder raises almost any type on damaged bytes
        raise _unreadable(file, error) from None
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise DataError(f"{file}: {image.width} x {image.height} pixels are too many; make it smaller.")
    return image


def _unreadable(file: Path, error: Exception) -> DataError:
    """What to say of a picture that no decoder could read."""
    reason = type(error).__name__ if isinstance(error, KeyError) or not str(error) else str(error).split("\n")[0][:100]
    return DataError(f"{file}: the image cannot be read ({reason}); mend it or remove it from the folder.")
