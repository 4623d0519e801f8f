"""Ways to damage a file: bytes, whatever they mean; JSON by its leaves; and the rows of a run file."""

from __future__ import annotations

import copy
import json
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random
from typing import Any

import safetensors.torch
import torch

LEAVES = (
    None, True, False, -1, 0, 1, 7, 10**6, 1 << 31, 1 << 62, 1 << 63, 10**400, -0.0, 0.5, 1e30, 1e-320, float("inf"),
    float("nan"), "", "x", "\0", "../../etc", "é" * 200, [], [[]], {}, {"a": 1}, [0] * 1000, "9" * 5000, "file",
)  # fmt: skip
VALUES = (
    None, -1, 0, 1, 2, 3, 1 << 24, (1 << 24) + 1, 1 << 40, (1 << 63) - 1, -(1 << 63), 0.5, 1e308, "", "x", "[", "{}",
    "[]", "null", "7", '"x"', "[" * 100_000, "{" * 10, '{"path": "batch", "new": -1}', '{"player": 7}', b"", b"\0",
    b"\xff" * 9, b"x" * 10_000,
)  # fmt: skip
TABLES = {
    "meta": ("key", "value"),
    "chunk": ("first", "count", "rows"),
    "event": ("id", "step", "kind", "detail"),
    "keyframe": ("step", "after", "pinned", "state"),
    "picture": ("kind", "step", "png"),
}
KEYS = ("spec", "names", "tensors", "summary", "tags", "ended", "parent_step", "versions")


def of_bytes(data: bytes, other: bytes, dice: Random) -> bytes:
    """`data` with some bytes changed, a part cut off, doubled, moved, or taken from `other`."""
    result = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 5))):
        if not result:
            break
        start = dice.randrange(len(result))
        length = min(len(result) - start, int(2 ** dice.uniform(0, 12)))
        match dice.randrange(8):
            case 0 | 1:
                for _ in range(dice.choice((1, 3, 30, 300))):
                    result[dice.randrange(len(result))] = dice.randrange(256)
            case 2:
                result[start] ^= 1 << dice.randrange(8)
            case 3:
                del result[start:]
            case 4:
                del result[start : start + length]
            case 5:
                result[start : start + length] = bytes(length)
            case 6:
                place = dice.randrange(len(result))
                result[place:place] = result[start : start + length]
            case 7 if other:
                place = dice.randrange(len(other))
                result[start : start + length] = other[place : place + length]
    return bytes(result)


def of_json(text: str, dice: Random) -> str:
    """The JSON `text` with some of its leaves, keys or branches changed."""
    tree = json.loads(text)
    for _ in range(dice.choice((1, 1, 2, 4))):
        tree = _replaced(tree, dice)
    written = json.dumps(tree)
    return dice.choice((written, written, written, written[: dice.randrange(len(written) + 1)], "[" * 50_000 + written))


def _replaced(tree: Any, dice: Random) -> Any:
    if isinstance(tree, dict) and tree and dice.random() < 0.95:
        key = dice.choice(list(tree))
        if dice.random() < 0.1:
            return {name: branch for name, branch in tree.items() if name != key}
        return {**tree, key: _replaced(tree[key], dice)}
    if isinstance(tree, list) and tree and dice.random() < 0.7:
        place = dice.randrange(len(tree))
        return [*tree[:place], _replaced(tree[place], dice), *tree[place + 1 :]]
    return copy.deepcopy(dice.choice(LEAVES))


def of_keyframe(blob: bytes, dice: Random) -> bytes:
    """A keyframe with other numbers in its header or other tensors."""
    if dice.random() < 0.3:
        return of_bytes(blob, blob, dice)
    length = int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8 : 8 + length])
    if dice.random() < 0.2:
        written = of_json(json.dumps(header), dice).encode()
        return len(written).to_bytes(8, "little") + written + blob[8 + length :]
    state, tensors = header["__metadata__"]["state"], safetensors.torch.load(blob)
    if dice.random() < 0.7:
        inner = json.loads(state)
        inner["spec"] = of_json(inner["spec"], dice) if dice.random() < 0.5 else inner["spec"]
        state = of_json(json.dumps(inner), dice)
    else:
        name = dice.choice(list(tensors))
        tensor = tensors.pop(name)
        other = (
            torch.zeros(3),
            torch.empty(0),
            tensor.to(torch.float16),
            tensor.to(torch.int64),
            tensor.reshape(-1)[:1].clone(),
            torch.full_like(tensor, 255 if tensor.dtype == torch.uint8 else 1 << 20),
            torch.zeros(tensor.shape, dtype=torch.bool),
        )
        tensors[dice.choice((name, name, "x", f"optimiser/vae/{dice.randrange(99)}/step"))] = dice.choice(other)
    return safetensors.torch.save(tensors, {"state": state})


def of_run_file(path: Path, dice: Random) -> None:
    """Change rows of the run file at `path`, whose tables then promise nothing any more."""
    with closing(sqlite3.connect(path)) as db, suppress(Exception):  # what a change before has left is no JSON, say
        for _ in range(dice.choice((1, 1, 2, 3))):
            _change(db, dice)
            db.commit()


def _change(db: sqlite3.Connection, dice: Random) -> None:
    match dice.randrange(10):
        case 0 | 1 | 2:
            table = dice.choice(list(TABLES))
            _loosen(db, table)
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            rows = [row[0] for row in db.execute(f"SELECT rowid FROM {table}")]
            chosen = (dice.choice(VALUES), dice.choice(rows or [1]))
            db.execute(f"UPDATE {table} SET {dice.choice(columns)} = ? WHERE rowid = ?", chosen)
        case 3 | 4:
            key = dice.choice(KEYS)
            found = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            if found:
                db.execute("UPDATE meta SET value = ? WHERE key = ?", (of_json(found[0], dice), key))
        case 5:
            for row, detail in db.execute("SELECT rowid, detail FROM event").fetchall():
                if dice.random() < 0.4:
                    db.execute("UPDATE event SET detail = ? WHERE rowid = ?", (of_json(detail, dice), row))
        case 6 | 7:
            for row, state in db.execute("SELECT rowid, state FROM keyframe").fetchall():
                db.execute("UPDATE keyframe SET state = ? WHERE rowid = ?", (of_keyframe(state, dice), row))
        case 8:
            db.execute(f"DELETE FROM {dice.choice(list(TABLES))} WHERE random() % 2")
        case 9:
            version = dice.choice((1, 2, 2, 3, -1))
            db.execute(dice.choice((f"PRAGMA user_version = {version}", f"DROP TABLE {dice.choice(list(TABLES))}")))


def _loosen(db: sqlite3.Connection, table: str) -> None:
    """The same rows without types, keys and demands."""
    db.execute(f"CREATE TABLE loose AS SELECT * FROM {table}")
    db.execute(f"DROP TABLE {table}")
    db.execute(f"ALTER TABLE loose RENAME TO {table}")
