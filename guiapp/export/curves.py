"""Curves as tables: one row a step, one column a series; CSV with the events in a second file, or Parquet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from guiapp.export.target import Progress, require, whole
from guiapp.run_file import Event, Rows, StoredRun
from guiapp.spec import to_json

BLOCK = 1 << 18  # values turned into text at once: some megabytes
ROW_GROUP = 1 << 18  # rows that Parquet keeps together
POWERS: Final = 10.0 ** np.arange(23)  # those that a float64 holds exactly
INFINITY = 1.5e308  # stands for ∞ in JSON, which has none; no float32 is as large


def write_csv(stored: StoredRun, path: Path, progress: Progress) -> Iterator[Path]:
    """`path` with the columns step and one a series: the shortest decimals that give the same float32 when read, an
    empty field where a series has no value; and beside it NAME.events.csv, as `events_csv`. Gives each as it is done.

    Cost: a million steps of 31 series take some 8 s.

    Raises:
        OSError: it cannot be written.
    """
    with whole(path) as part, part.open("wb") as file:
        file.write(_line(["step", *stored.names]).encode())
        size = max(1, BLOCK // max(1, len(stored.names)))
        for start in range(0, len(stored.rows), size):
            file.write(_lines(stored.rows[start : start + size], start + 1))
            progress(min(start + size, len(stored.rows)) / len(stored.rows))
    yield path
    beside = path.with_suffix(".events.csv")
    with whole(beside) as part:
        part.write_text(events_csv(stored.events), encoding="utf-8", newline="")
    yield beside


def events_csv(events: tuple[Event, ...]) -> str:
    """The columns step, kind, path, old, new: a row an event. `path` is the parameter that was edited; of other events
    the tensor that was not finite, or the player that moved alone."""
    lines = [_line(["step", "kind", "path", "old", "new"])]
    for event in events:
        found = event.detail
        what = next((found[key] for key in ("path", "tensor", "player") if key in found), "")
        lines.append(_line([event.step, event.kind, what, found.get("old", ""), found.get("new", "")]))
    return "".join(lines)


def write_parquet(stored: StoredRun, path: Path, progress: Progress) -> Iterator[Path]:
    """`path` with the columns step (int64) and one a series (float32), null where a series has no value; the run's
    first specification and its events as JSON under `spec` and `events` in the file's metadata.

    Raises:
        ExportError: pyarrow is missing. RunFileError: the spec is none. OSError: it cannot be written.
    """
    require("pyarrow", "Parquet", "parquet", "CSV")
    import pyarrow
    import pyarrow.parquet

    events = [{"step": event.step, "kind": event.kind, "detail": dict(event.detail)} for event in stored.events]
    fields = [("step", pyarrow.int64()), *((name, pyarrow.float32()) for name in stored.names)]
    schema = pyarrow.schema(fields, {"spec": to_json(stored.spec), "events": json.dumps(events)})
    options = {"compression": "zstd", "use_dictionary": False}
    with whole(path) as part, pyarrow.parquet.ParquetWriter(part, schema, **options) as writer:
        for start in range(0, len(stored.rows), ROW_GROUP):
            rows = stored.rows[start : start + ROW_GROUP]
            steps = pyarrow.array(np.arange(start + 1, start + 1 + len(rows)))
            columns = [pyarrow.array(column, from_pandas=True) for column in np.ascontiguousarray(rows.T)]
            writer.write_table(pyarrow.table([steps, *columns], schema=schema))
            progress((start + len(rows)) / len(stored.rows))
    yield path


def shortest(values: Rows) -> npt.NDArray[np.float64]:
    """For each float32 the float64 whose shortest decimal is the shortest one that reads as that float32: 0.1, not
    0.10000000149011612.

    The decimal of p digits nearest to x is m·10^(-k) with m = round(x·10^k). For m < 2^53 and |k| ≤ 22 both m and
    10^|k| are exact, so their quotient or product is the float64 nearest to that decimal; the first p of 6 to 9 for
    which it rounds to x is taken: 6 digits always survive a float32, 9 always tell two apart. (2^87 and 2^90, whose
    lower neighbours are nearer than their upper ones, get a digit too many.) Values so small or large that k goes
    beyond are printed one by one.
    """
    x = values.reshape(-1)
    found = x.astype(np.float64)
    left = np.flatnonzero(np.isfinite(x) & (x != 0))
    exponent = np.floor(np.log10(np.abs(found[left]))).astype(np.int64)
    extreme = (8 - exponent > 22) | (5 - exponent < -22)
    found[left[extreme]] = [float(str(value)) for value in x[left[extreme]]]
    left, exponent = left[~extreme], exponent[~extreme]
    for digits in range(6, 10):
        k, exact = digits - 1 - exponent, x[left].astype(np.float64)
        up, down = POWERS[np.maximum(k, 0)], POWERS[np.maximum(-k, 0)]
        decimal = np.rint(exact * up / down) / up * down
        same = decimal.astype(np.float32) == x[left]
        found[left[same]] = decimal[same]
        left, exponent = left[~same], exponent[~same]
    return found.reshape(values.shape)


def _lines(rows: Rows, first: int) -> bytes:
    """The rows as lines of CSV, each after the number of its step."""
    table = shortest(rows)
    infinite = np.isinf(table)
    table[infinite] = np.copysign(INFINITY, table[infinite])
    # JSON because msgspec writes shortest decimals five times as fast as str(); it writes NaN as null.
    text = msgspec.json.encode([[step, *row] for step, row in enumerate(table.tolist(), first)])
    text = text[2:-2].replace(b"],[", b"\n").replace(b"null", b"") + b"\n"
    return text.replace(msgspec.json.encode(INFINITY), b"inf") if infinite.any() else text


def _line(cells: list[Any]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()
