"""Tables of numbers as text: comma, semicolon, tab or blanks between the cells, an optional line of names."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from guiapp.data.raw import AS_IT_IS, MAX_VALUE, MAX_WIDTH, Raw, Reading, check_bytes, index_labels, row_shape
from guiapp.data.source import DataError

MAX_TEXT = 512 << 20  # bytes; a value takes two at least, so the numbers then fit into the 2 GiB of every format
MAX_LINE = 4 << 20  # characters; 100,000 cells of 40
TELL_EVERY = 1000  # lines
LABEL_NAMES = ("label", "class", "y")


def read_delimited(path: Path, reading: Reading = AS_IT_IS) -> Raw:
    """The numbers of a text file, a row a line; a column named label, class or y holds the labels (y
    only where no column is named x: there it is a coordinate).

    The separator is the first of tab, semicolon, comma that the first line has, else blanks. Empty lines and lines that
    begin with # are skipped. The first line holds names if none of its cells is a number, or one is a label's name.

    Raises:
        DataError: rows of different length, a cell that is no finite number (with line and column), not UTF-8, a file
            above 512 MiB or a line above 4 million characters.
    """
    place = str(path)
    size = path.stat().st_size
    if size > MAX_TEXT:
        raise DataError(f"{place}: text above 512 MiB is not read; save the numbers with numpy.save as .npy.")
    with path.open(encoding="utf-8-sig") as stream:
        rows = _rows(place, stream, lambda done: reading.tell(min(done, size), size))
        first = next(rows, None)
        if first is None:
            raise DataError(f"{place}: no line holds data; write a row of numbers on each line.")
        return _parse(place, rows, *first)


def _parse(place: str, rows: Iterator[tuple[int, list[str]]], line: int, cells: list[str]) -> Raw:
    width, column = len(cells), None
    if width > MAX_WIDTH:
        raise DataError(f"{place}, line {line}: {width} columns are more than {MAX_WIDTH:,}; choose fewer.")
    values, labels = array("d"), list[str]()
    names = [cell.strip().lower() for cell in cells]
    if not any(map(_is_number, cells)) or any(name in LABEL_NAMES for name in names):
        column = next((i for i, name in enumerate(names) if name in LABEL_NAMES), None)
        if column is not None and names[column] == "y" and "x" in names:
            column = None  # points in the plane: y is a coordinate
    else:
        _append(place, line, cells, values)
    for line, cells in rows:
        if len(cells) != width:
            raise DataError(
                f"{place}, line {line}: {len(cells)} cells where the first line has {width}; mend the line."
            )
        if column is not None:
            labels.append(cells[column].strip())
        _append(place, line, cells, values, column)
    return _raw(place, values, width, labels, column)


def _append(place: str, line: int, cells: list[str], values: array[float], label: int | None = None) -> None:
    """Add the numbers of one line, all cells but the one at `label`."""
    numbers = cells if label is None else cells[:label] + cells[label + 1 :]
    try:
        row = [float(cell) for cell in numbers]
        if all(abs(value) <= MAX_VALUE for value in row):
            values.extend(row)
            return
    except ValueError:
        pass
    column = next(i for i, cell in enumerate(cells) if i != label and not _is_usable(cell))
    text = cells[column].strip()[:30]
    what = f"'{text}' is not a finite number below 1e30" if text else "the cell is empty"
    raise DataError(f"{place}, line {line}, column {column + 1}: {what}; write a number such as 0.5 there.")


def _raw(place: str, values: array[float], width: int, labels: list[str], column: int | None) -> Raw:
    inputs = width - (column is not None)
    if not inputs:
        raise DataError(f"{place}: the only column is the label; add a column of numbers.")
    table = np.asarray(values).reshape(-1, inputs)
    shape = row_shape(place, table.shape)
    check_bytes(place, table.size)
    if column is None:
        return Raw(table, shape)
    numbers = all(map(_is_number, labels)) and max(map(len, labels)) < 20
    index, classes = index_labels(
        f"{place}, column {column + 1}", np.array(labels, np.float64 if numbers else np.str_), len(table)
    )
    return Raw(table, shape, index, classes, f"labels from column {column + 1}")


def _rows(place: str, stream: TextIO, tell: Callable[[int], None]) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of each line with content; one line in memory at a time. `tell` hears of the characters
    read so far."""
    line, separator, done = 0, "", 0
    try:
        while text := stream.readline(MAX_LINE):
            line += 1
            done += len(text)
            if line % TELL_EVERY == 0:
                tell(done)
            if len(text) == MAX_LINE:
                raise DataError(f"{place}, line {line}: longer than 4 million characters; break it into rows.")
            if text.isspace() or text.lstrip().startswith("#"):
                continue
            separator = separator or next((mark for mark in "\t;," if mark in text), " ")
            if separator == " ":
                yield line, text.split()
            else:
                yield line, next(csv.reader([text], delimiter=separator))
    except UnicodeDecodeError as error:
        after = f"{place}, after line {line}"
        raise DataError(f"{after}: byte {error.object[error.start]:#04x} is not UTF-8; save it as UTF-8.") from None
    except csv.Error as error:
        raise DataError(f"{place}, line {line}: the cells cannot be told apart ({error}); mend the line.") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _is_usable(cell: str) -> bool:
    return _is_number(cell) and math.isfinite(float(cell)) and abs(float(cell)) <= MAX_VALUE
