"""A folder of pictures, grey or in colour; the names of its sub-folders are the classes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from guiapp.data.cache import room
from guiapp.data.raw import AS_IT_IS, MAX_WIDTH, Raw, Reading, index_labels, row_shape, tell_nobody
from guiapp.data.source import DataError

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")  # whatever the suffix says: no other decoder is ever started
MAX_PIXELS = 64 << 20  # of one picture before it is made smaller
JUDGED = 64  # pictures, evenly spaced, that settle whether the folder is one of colour
COLOURFUL = 16  # levels of 255 between two channels; less is a grey picture that was compressed
TOGETHER = 16  # pictures that one thread decodes between two reports
LISTED = 1000  # files that are found between two reports
NAMED = 3  # broken pictures that a refusal names


@dataclass(frozen=True)
class Form:
    """What every picture of a folder is brought to: `size` (W, H), grey or in `colour`, in bytes or `deep`."""

    size: tuple[int, int]
    colour: bool
    deep: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """(H, W) or (H, W, 3)."""
        return (self.size[1], self.size[0], 3) if self.colour else self.size[::-1]


def read_images(folder: Path, reading: Reading = AS_IT_IS) -> Raw:
    """The pictures of a folder, in the order of their names, as values 0 to 255: (N, H W) grey, or (N, H W 3).

    The first picture, shrunk until no side is longer than `reading.side`, gives the size, and others are resized to it
    (bilinear), as the note then says. They are in colour if one of 64 spread over the folder is. Transparent parts lie
    on black; of an animation, the first frame counts. Without pictures of its own, the folder's sub-folders are
    classes; deeper folders and hidden names are passed over. Decoded by several threads, into a temporary file where
    that is large. While the files are being found, `reading.tell` hears of a total of 0.

    Raises:
        DataError: no pictures, some that cannot be read (named), above 64 million pixels, or more than fit on the disk.
    """
    files, names = listed(folder, reading.tell)
    if not files:
        raise DataError(f"{folder}: no {', '.join(SUFFIXES)} file in this folder; choose one that holds images.")
    place = str(folder)
    with _without_warnings():
        form = judged(files, reading.side)
        height, width = form.shape[:2]
        if len(files) > 1 and int(np.prod(form.shape)) > MAX_WIDTH:
            raise DataError(f"{files[0]}: {width} x {height} pixels are too many; lower the image side (data.side).")
        row_shape(place, (len(files), *form.shape))
        values = room(place, (len(files), int(np.prod(form.shape))), np.float32 if form.deep else np.uint8)
        resized = _decode(files, form, values, reading)
    note = f"{resized} of {len(files)} resized to {width} x {height}" if resized else ""
    if not names:
        return Raw(values, form.shape, note=note)
    labels, classes = index_labels(place, np.array(names), len(files))
    return Raw(values, form.shape, labels, classes, note)


def _decode(files: list[Path], form: Form, values: NDArray[Any], reading: Reading) -> int:
    """Fill `values` (N, D); gives how many pictures had to be resized. All are tried before some are refused, so that
    a person mends them at one go."""
    stop = Event()
    broken: dict[int, DataError] = {}

    def some(start: int) -> int:
        changed = 0
        for row in range(start, min(start + TOGETHER, len(files))):
            if stop.is_set():
                break
            try:
                pixels, resized = _read(files[row], form)
            except DataError as error:
                broken[row] = error
                continue
            values[row] = pixels.reshape(-1)
            changed += resized
        return changed

    with ThreadPoolExecutor(os.cpu_count(), "decode") as pool:
        starts = range(0, len(files), TOGETHER)
        try:
            resized = 0
            for start, changed in zip(starts, pool.map(some, starts), strict=True):
                resized += changed
                reading.tell(min(start + TOGETHER, len(files)), len(files))
            if broken:
                raise _all_of(files, broken)
            return resized
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)


def _all_of(files: list[Path], broken: dict[int, DataError]) -> DataError:
    """The first refusal, and how many pictures more there are like it."""
    first, *others = sorted(broken)
    if not others:
        return broken[first]
    names = ", ".join(files[row].name for row in others[:NAMED]) + ", …" * (len(others) > NAMED)
    return DataError(
        f"{broken[first]} In all, {len(broken)} of {len(files)} files cannot be used; the others are {names}."
    )


def judged(files: list[Path], side: int) -> Form:
    """What the pictures `files` are brought to, sides of at most `side` pixels; those that cannot be read are passed
    over.

    Raises:
        DataError: none of those looked at can be read.
    """
    size: tuple[int, int] | None = None
    colour, deep, trouble = False, False, DataError("")
    for file in files[:: max(1, -(-len(files) // JUDGED))]:
        try:
            with _open(file) as image:
                size = size or image.size
                colour = colour or _is_colourful(file, image)
                deep |= image.mode.startswith("I")
        except DataError as error:
            trouble = trouble if str(trouble) else error
    if size is None:
        raise trouble
    shrink = min(1.0, side / max(size))
    return Form((max(1, round(size[0] * shrink)), max(1, round(size[1] * shrink))), colour, deep)


def _is_colourful(file: Path, image: Image) -> bool:
    if image.mode in ("1", "L", "LA") or image.mode.startswith("I"):
        return False
    try:
        image.draft("RGB", (64, 64))  # a JPEG is then decoded in an eighth of its size
        channels = np.asarray(_flat(image).convert("RGB").resize((64, 64), 2), np.int16)
    except Exception as error:  # a decoder raises almost any type on damaged bytes
        raise _unreadable(file, error) from None
    return bool((channels.max(2) - channels.min(2)).max() > COLOURFUL)


def listed(folder: Path, tell: Callable[[int, int], None] = tell_nobody) -> tuple[list[Path], list[str]]:
    """Image files in the order of their names, and the name of the sub-folder of each if they lie in sub-folders.
    `tell` hears of as many as were found so far, of a total of 0: it is not known yet."""
    own, below = _scan(folder, 0, tell)
    if own:
        return own, []
    files: list[Path] = []
    names: list[str] = []
    for sub in below:
        found = _scan(sub, len(files), tell)[0]
        files += found
        names += [sub.name] * len(found)
    return files, names


def _scan(folder: Path, before: int, tell: Callable[[int, int], None]) -> tuple[list[Path], list[Path]]:
    """(image files, sub-folders) of a folder, sorted by name, hidden ones left out; `before` were found before."""
    files, folders = list[str](), list[str]()
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith(SUFFIXES):
                files.append(entry.name)
                if len(files) % LISTED == 0:
                    tell(before + len(files), 0)
            elif Path(entry.path).is_dir():  # unlike entry.is_dir(), false and no error for a loop of links
                folders.append(entry.name)
    return [folder / name for name in sorted(files)], [folder / name for name in sorted(folders)]


def _read(file: Path, form: Form) -> tuple[NDArray[Any], bool]:
    """Values (H, W) or (H, W, 3) in 0 to 255, and whether that took a resize."""
    with _open(file) as image:
        try:
            plain = _plain(image, form.colour)
            changed = plain.size != form.size
            fitted = np.asarray(plain.resize(form.size, resample=2) if changed else plain)  # 2 is bilinear
            if form.colour and fitted.ndim == 2:  # 16-bit grey among colours
                fitted = np.stack([fitted] * 3, -1)
            return fitted if form.deep or fitted.dtype == np.uint8 else np.rint(fitted), changed
        except Exception as error:  # a decoder raises almost any type on damaged bytes
            raise _unreadable(file, error) from None


def _plain(image: Image, colour: bool) -> Image:
    """Mode L or RGB; or F for 16-bit pictures, which L would cut off or round to 8 bits, as Pillow's version goes."""
    import PIL.Image

    if image.mode.startswith("I"):
        return PIL.Image.fromarray(np.asarray(image).astype(np.float32) / 257)
    return _flat(image).convert("RGB" if colour else "L")


def _flat(image: Image) -> Image:
    """Without transparency, on black."""
    import PIL.Image

    if "A" in image.getbands() or "transparency" in image.info:
        opaque = image.convert("RGBA")
        return PIL.Image.alpha_composite(PIL.Image.new("RGBA", opaque.size, (0, 0, 0, 255)), opaque)
    return image


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Pillow warns above 90 million pixels and raises above 179; the limit here is lower and says more. Once for all
    threads, which share the filters."""
    import PIL.Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
        yield


def _open(file: Path) -> Image:
    """The picture with only its header read; the caller closes it."""
    import PIL.Image

    if not file.is_file():
        if not os.path.lexists(file):
            raise DataError(
                f"{file}: it was there a moment ago and has gone; read the folder again when it is at rest."
            )
        raise DataError(f"{file}: this is not a regular file; remove it from the folder.")
    try:
        image = PIL.Image.open(file, formats=FORMATS)
    except Exception as error:  # a decoder raises almost any type on damaged bytes
        raise _unreadable(file, error) from None
    if image.width * image.height > MAX_PIXELS:
        image.close()
        raise DataError(f"{file}: {image.width} x {image.height} pixels are too many; make it smaller.")
    return image


def _unreadable(file: Path, error: Exception) -> DataError:
    """What to say of a picture that no decoder could read."""
    from PIL import UnidentifiedImageError

    reason = type(error).__name__ if isinstance(error, KeyError) or not str(error) else str(error).split("\n")[0][:100]
    if isinstance(error, UnidentifiedImageError):  # which names the file once more
        reason = f"it is none of {', '.join(FORMATS)}" if file.stat().st_size else "it is empty"
    return DataError(f"{file}: the image cannot be read ({reason}); mend it or remove it from the folder.")
