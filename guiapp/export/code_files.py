"""A user's file as code: how it is read and scaled, in the few lines that this very file needs."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np

from guiapp.data import arrays, delimited, idx, images
from guiapp.data.files import reader
from guiapp.data.raw import Raw, Reading, tell_nobody
from guiapp.data.scaling import decide, scaling
from guiapp.data.source import DataError
from guiapp.export.code_plan import literal


@dataclass(frozen=True)
class FileCode:
    """Code that defines `values` float32 (N, D), and `labels` (N,) where `labelled`."""

    blocks: tuple[str, ...]
    rows: int
    shape: tuple[int, ...]
    bounded: bool
    labelled: bool


class Kinds(NamedTuple):
    """What the pictures of a folder take."""

    deep: bool
    clear: bool
    resized: bool


def file_code(path: Path, scale: str, side: int, tell: Callable[[int, int], None] = tell_nobody) -> FileCode:
    """The code for the data at `path`, images shrunk to at most `side` pixels a side. They are read for it, which takes
    as long as at the start of a run; `tell` hears of it.

    Raises:
        DataError: whatever is wrong with the file.
    """
    try:
        read = reader(path)
        raw = read(path, Reading(side, tell))
        blocks = _READERS[read](path, raw)
    except OSError as error:
        raise DataError(
            f"{path}: it cannot be read ({error.strerror or error}); check the path and the disk."
        ) from None
    scaled, shape, _ = scaling(raw, scale)
    ends = scaled(np.stack([raw.values.min(axis=0), raw.values.max(axis=0)]))  # scaling keeps the order
    bounded = bool(ends.min() >= 0 and ends.max() <= 1)
    blocks = (*blocks[:-1], blocks[-1] + _scaling(raw, scale))
    return FileCode(blocks, len(raw.values), shape, bounded, raw.labels is not None)


def _scaling(raw: Raw, scale: str) -> str:
    """Code that makes `values` float32 as `guiapp.data.scaling.scaling` says."""
    how, shape = decide(raw, scale)
    if how == "none":
        return "values = values.astype(np.float32)\n"
    if how == "bytes":
        return "values = (values / 255).astype(np.float32)\n"
    axis, over = ("", "over all pixels") if len(shape) > 1 else ("axis=0", "in each column")
    low, high = raw.values.min(axis=0).astype(np.float64), raw.values.max(axis=0).astype(np.float64)
    if axis == "":
        low, high = low.min(keepdims=True), high.max(keepdims=True)
    level, spread, what = "mean", f"values.std({axis})", "mean 0 and standard deviation 1"
    lines = [f"mean = values.mean({axis})"]
    if how == "unit":
        level, spread, what = "low", f"values.max({axis}) - low", "least to 0 and greatest to 1"
        lines = [f"low = values.min({axis})"]
    lines = [f"# Scaled: {what} {over}.", *lines, f"spread = {spread}"]
    if (high - low <= 1e-9 * np.abs(low)).any():
        tolerance = f"1e-12 * np.abs({level})"
        lines.append(f"spread = np.where(spread > {tolerance}, spread, 1.0)  # a constant is only moved")
    return "\n".join([*lines, f"values = ((values - {level}) / spread).astype(np.float32)"]) + "\n"


def _npy(_path: Path, raw: Raw) -> tuple[str, ...]:
    return (f"values = np.load(DATA).reshape({len(raw.values)}, -1).astype(np.float64)  # (N, D)\n",)


def _npz(path: Path, raw: Raw) -> tuple[str, ...]:
    with np.load(path) as file:
        key = next(key for key in arrays.VALUE_KEYS if key in file.files)
        named = next((key for key in arrays.LABEL_KEYS if key in file.files), "")
    lines = [
        "with np.load(DATA) as file:",
        f'    values = file["{key}"].reshape({len(raw.values)}, -1).astype(np.float64)  # (N, D)',
    ]
    lines += [f'    labels = file["{named}"].reshape(-1)'] if named else []
    return ("\n".join(lines) + "\n",)


def _delimited(path: Path, raw: Raw) -> tuple[str, ...]:
    with path.open(encoding="utf-8-sig") as stream:
        line = next(line for line in stream if line.strip() and not line.lstrip().startswith("#"))
    separator = next((mark for mark in "\t;," if mark in line), "")
    first = next(csv.reader([line], delimiter=separator)) if separator else line.split()
    cells = [cell.strip().lower() for cell in first]
    named = not any(map(_is_number, cells)) or any(cell in delimited.LABEL_NAMES for cell in cells)
    rows = (
        f"list(csv.reader(lines, delimiter={literal(separator)}))" if separator else "[line.split() for line in lines]"
    )
    lines = [
        'with DATA.open(encoding="utf-8-sig") as file:',
        "    lines = [line for line in file if line.strip() and line.lstrip()[0] != " + '"#"]',
        f"rows = {rows}" + ("[1:]  # the first line holds names" if named else ""),
    ]
    if raw.labels is None:
        return ("\n".join([*lines, "values = np.array(rows, np.float64)  # (N, D)"]) + "\n",)
    column = next(i for i, cell in enumerate(cells) if cell in delimited.LABEL_NAMES)
    kind = ", np.float64" if all(_is_number(name) and len(name) < 20 for name in raw.classes) else ""
    lines += [
        f"labels = np.array([row.pop({column}).strip() for row in rows]{kind})  # column {column + 1}",
        "values = np.array(rows, np.float64)  # (N, D)",
    ]
    return ("\n".join(lines) + "\n",)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _idx(path: Path, raw: Raw) -> tuple[str, ...]:
    text = _idx_array(path, "values", "DATA")
    text += f"values = values.reshape({len(raw.values)}, -1).astype(np.float64)  # (N, D)\n"
    if raw.labels is None:
        return (text,)
    beside = idx.labels_of(path)
    return (f"{text}LABELS = DATA.with_name({literal(beside.name)})\n" + _idx_array(beside, "labels", "LABELS"),)


def _idx_array(path: Path, name: str, where: str) -> str:
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as stream:
        magic = stream.read(4)
    dtype, start = np.dtype(idx.TYPES[magic[2]]).str, 4 + 4 * magic[3]
    opened = f"gzip.open({where})" if packed else f'{where}.open("rb")'
    return (
        f"with {opened} as file:  # a header of {start} bytes, then the values\n"
        f'    {name} = np.frombuffer(file.read(), "{dtype.removeprefix("|")}", offset={start})\n'
    )


def _images(folder: Path, raw: Raw) -> tuple[str, ...]:
    labelled, colour = raw.labels is not None, len(raw.shape) == 3
    pattern = "[!.]*/[!.]*" if labelled else "[!.]*"
    files = [file for file in sorted(folder.glob(pattern)) if file.suffix.lower() in images.SUFFIXES]
    size = (raw.shape[1], raw.shape[0])
    kinds = _kinds(files, size)
    suffixes = sorted({file.suffix.lower() for file in files})
    ends = f"== {literal(suffixes[0])}" if len(suffixes) == 1 else f"in {tuple(suffixes)}".replace("'", '"')
    function = [
        "def pixels(file: Path) -> np.ndarray:",
        '    """Colours 0 to 255: (H, W, 3)."""' if colour else '    """Grey values 0 to 255: (H, W)."""',
        "    with Image.open(file) as image:",
        *_plain(kinds, "RGB" if colour else "L"),
        *([f"        image = image.resize({size}, Image.Resampling.BILINEAR)"] if kinds.resized else []),
        *_values(kinds, colour, raw.values.dtype == np.uint8),
    ]
    lines = [
        f'files = [file for file in sorted(DATA.glob("{pattern}")) if file.suffix.lower() {ends}]',
        "values = np.stack([pixels(file).reshape(-1) for file in files])  # (N, D)",
        *(["labels = np.array([file.parent.name for file in files])"] if labelled else []),
    ]
    return "\n".join(function) + "\n", "\n".join(lines) + "\n"


def _plain(kinds: Kinds, mode: str) -> list[str]:
    """Lines that turn `image` to `mode`, for 16-bit and for transparent pictures where there are any."""
    lines = []
    if kinds.deep:
        lines += [
            '        if image.mode.startswith("I"):  # 16 bits',
            "            image = Image.fromarray(np.asarray(image).astype(np.float32) / 257)",
        ]
    if kinds.clear:
        lines += [
            f'        {"elif" if kinds.deep else "if"} "A" in image.getbands() or "transparency" in image.info:',
            '            image = image.convert("RGBA")',
            '            black = Image.new("RGBA", image.size, (0, 0, 0, 255))  # what it lies on',
            "            image = Image.alpha_composite(black, image)",
        ]
    if kinds.deep:
        return [*lines, '        if image.mode != "F":', f'            image = image.convert("{mode}")']
    return [*lines, f'        image = image.convert("{mode}")']


def _values(kinds: Kinds, colour: bool, whole: bool) -> list[str]:
    """Lines that return the values of `image`; 16-bit grey among colours has one channel, and rounds to bytes where
    they are `whole`."""
    rounded = "np.rint(np.asarray(image, np.float64))" if kinds.deep and whole else "np.asarray(image, np.float64)"
    if not (kinds.deep and colour):
        return [f"        return {rounded}"]
    return [
        f"        values = {rounded}",
        "        return values if values.ndim == 3 else np.stack([values] * 3, -1)",
    ]


def _kinds(files: list[Path], size: tuple[int, int]) -> Kinds:
    """Whether any picture has 16 bits, is transparent, or of another size than `size` (W, H)."""
    import PIL.Image

    deep, clear, resized = False, False, False
    for file in files:
        with PIL.Image.open(file) as image:
            resized |= image.size != size
            wide = image.mode.startswith("I")
            deep |= wide
            clear |= not wide and ("A" in image.getbands() or "transparency" in image.info)
    return Kinds(deep, clear, resized)


_READERS: Final[MappingProxyType[Callable[[Path], Raw], Callable[[Path, Raw], tuple[str, ...]]]] = MappingProxyType(
    {
        arrays.read_npy: _npy,
        arrays.read_npz: _npz,
        delimited.read_delimited: _delimited,
        idx.read_idx: _idx,
        images.read_images: _images,
    }
)
