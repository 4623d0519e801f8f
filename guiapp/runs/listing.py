"""`elboscope runs`: the runs that were trained here, for people and as JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from guiapp.runs.files import LibraryError
from guiapp.runs.library import Entry, Library

WIDEST = 40  # characters of a column; the path, which is the last, takes what it needs


def list_runs(folder: Path, as_json: bool) -> int:
    """Print the runs in `folder`, the newest first.

    Returns:
        0; 2 when the folder cannot be read.
    """
    try:
        entries = sorted(Library(folder).refresh(), key=lambda entry: entry.when, reverse=True)
    except LibraryError as error:
        print(f"elboscope: {error}", file=sys.stderr)
        return 2
    if as_json:
        print(json.dumps([_facts(entry) for entry in entries], indent=2), flush=True)
    elif entries:
        print(_table(entries), flush=True)
    else:
        print(f"No runs in {folder} yet; each one that the window trains will be listed here.", flush=True)
    return 0


def _facts(entry: Entry) -> dict[str, Any]:
    """`when` is ISO 8601 in UTC; of a damaged file `trouble` says what is wrong with it."""
    return {
        "title": entry.title,
        "model": entry.model,
        "data": entry.data,
        "steps": entry.step,
        "seconds": entry.seconds,
        "when": _time(entry).isoformat(timespec="seconds"),
        "state": entry.state,
        "figures": entry.figures,
        "tags": list(entry.tags),
        "notes": entry.notes,
        "path": str(entry.path),
        **({"trouble": entry.trouble} if entry.trouble else {}),
    }


def _table(entries: list[Entry]) -> str:
    lines: list[tuple[str, ...]] = [("title", "model", "data", "steps", "begun", "state", "path")]
    for entry in entries:
        begun = _time(entry).astimezone().strftime("%Y-%m-%d %H:%M")
        what = (entry.title, entry.model, entry.data, str(entry.step), begun, entry.state)
        lines.append((*(_one_line(text) for text in what), str(entry.path)))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    return "\n".join("  ".join(line).rstrip() for line in cells)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…"


def _time(entry: Entry) -> datetime:
    return datetime.fromtimestamp(entry.when, UTC)
