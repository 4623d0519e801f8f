"""The table of runs sorts, searches, and reads a thumbnail when it is asked for it."""

from __future__ import annotations

import math
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from guiapp.gui.library.columns import COLUMNS
from guiapp.gui.library.model import RunTable
from guiapp.gui.theme import DARK, LIGHT
from guiapp.runs.library import Entry

NOW = datetime(2026, 11, 22, 14, 5).astimezone()
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder
SECTION = {column.title: i for i, column in enumerate(COLUMNS)}


def entry(name: str, **fields: Any) -> Entry:
    told = {"model": "VAE", "when": 0.0, "text": f"{name}\n", "title": name, **fields}
    return Entry(f"/runs/{name}.elbo", **told)


@pytest.fixture
def asked() -> list[str]:
    return []


@pytest.fixture
def plain(asked: list[str], qapp: Any) -> RunTable:
    picture = BytesIO()
    Image.new("L", (96, 96), 200).save(picture, "PNG")

    def thumbnail(entry: Entry) -> bytes:
        asked.append(entry.title)
        return b"" if entry.title == "none" else picture.getvalue()

    return RunTable(thumbnail, lambda: NOW)


@pytest.fixture
def table(plain: RunTable) -> RunTable:
    """One that Qt's own examiner looks at after each change."""
    table = plain
    tester = QAbstractItemModelTester(table, QAbstractItemModelTester.FailureReportingMode.Fatal)
    tester.setParent(table)
    return table


def titles(table: RunTable) -> str:
    return "".join(table.entry(row).title for row in range(table.rowCount()))


def at(table: RunTable, row: int, column: str, role: Qt.ItemDataRole = Qt.ItemDataRole.DisplayRole) -> Any:
    return table.index(row, SECTION[column]).data(role)


def test_the_newest_comes_first(table: RunTable) -> None:
    table.set_entries([entry("a", when=1.0), entry("c", when=3.0), entry("b", when=2.0)])
    assert titles(table) == "cba"
    assert (table.total, table.rowCount(), table.columnCount()) == (3, 3, len(COLUMNS))


def test_every_column_sorts_both_ways(table: RunTable) -> None:
    fields: list[dict[str, Any]] = [
        {"model": m, "data": d, "step": n, "seconds": n, "size": n, "tags": (d,), "state": s, "when": n}
        for m, d, n, s in (("VAE", "x", 1, "ended"), ("GAN", "y", 2, "damaged"), ("", "z", 3, "training"))
    ]
    figures = ({"elbo": -5.0, "kl": 1.0, "reconstruction": 4.0}, {"d_loss": 1.0, "g_loss": 2.0}, {})
    table.set_entries(entry(t, figures=f, **rest) for t, f, rest in zip("abc", figures, fields, strict=True))
    for section, column in enumerate(COLUMNS):
        have = [e for e in map(table.entry, range(3)) if column.key(e) is not None]
        for order in (UP, DOWN):
            table.sort(section, order)
            keys = [column.key(table.entry(row)) for row in range(3)]
            wanted = sorted((column.key(e) for e in have), reverse=order == DOWN)
            assert keys == wanted + [None] * (3 - len(have)), column.title


def test_equals_stay_from_new_to_old_and_what_is_no_number_comes_last(table: RunTable) -> None:
    kl = {"a": 2.0, "b": 1.0, "c": 2.0, "d": math.nan, "e": 1.0}
    table.set_entries(entry(t, when=i, figures={"kl": value}) for i, (t, value) in enumerate(kl.items()))
    table.sort(SECTION["KL"], UP)
    assert titles(table) == "ebcad"
    table.sort(SECTION["KL"], DOWN)
    assert titles(table) == "caebd"


def test_search_and_sort_together(table: RunTable) -> None:
    table.set_entries([entry("a", text="x β=4\n"), entry("b", text="x\n", when=1.0), entry("c", text="y\n")])
    table.set_query("x")
    assert (titles(table), table.total) == ("ba", 3)
    table.sort(0, UP)
    assert titles(table) == "ab"
    table.set_entries([entry("b", text="x\n"), entry("d", text="x\n")])
    assert titles(table) == "bd"
    table.set_query("")
    assert table.row_of("/runs/d.elbo") == 1
    assert table.row_of("/runs/a.elbo") == -1


def test_thumbnails_are_read_once_and_when_asked_for(plain: RunTable, asked: list[str]) -> None:
    plain.set_entries([entry("a"), entry("none"), entry("c", trouble="It is damaged.", state="damaged")])
    plain.sort(0, UP)
    assert asked == []
    for _ in range(2):
        icons = [at(plain, row, "Run", Qt.ItemDataRole.DecorationRole) for row in range(3)]
    assert asked == ["a", "none"], "a damaged file is not asked"
    shades = [icon.pixmap(40, 40).toImage().pixelColor(20, 20) for icon in icons]
    assert [shade.alpha() for shade in shades] == [255, 0, 0]
    assert shades[0].red() == 200
    plain.set_entries([entry("a", step=5)])
    at(plain, 0, "Run", Qt.ItemDataRole.DecorationRole)
    assert asked[2:] == ["a"], "it has another picture now"


def test_the_current_run_is_bold_and_in_training(table: RunTable) -> None:
    table.set_current("/runs/a.elbo")
    table.set_entries([entry("a"), entry("b")])
    table.sort(0, UP)
    assert at(table, 0, "Run", Qt.ItemDataRole.FontRole).bold()
    assert at(table, 1, "Run", Qt.ItemDataRole.FontRole) is None
    assert [at(table, row, "State") for row in (0, 1)] == ["training", "ended"]
    table.set_current("/runs/b.elbo")
    assert at(table, 1, "State") == "training"
    assert at(table, 1, "State", Qt.ItemDataRole.ForegroundRole).name() == LIGHT.good
    table.set_current("/runs/b.elbo", "paused")
    assert at(table, 1, "State") == "paused"
    assert at(table, 1, "State", Qt.ItemDataRole.ForegroundRole).name() == LIGHT.warning
    assert at(table, 0, "Run", Qt.ItemDataRole.FontRole) is None


def test_a_run_that_was_current_is_what_it_is(table: RunTable) -> None:
    table.set_current("/runs/a.elbo")
    table.set_entries([entry("a")])
    table.set_current("")
    assert at(table, 0, "State") == "ended"


def test_looks(table: RunTable) -> None:
    table.set_entries([entry("a", state="damaged", trouble="a.elbo: <i>bad</i>")])
    assert at(table, 0, "State", Qt.ItemDataRole.ForegroundRole).name() == LIGHT.bad
    table.set_theme(DARK)
    assert at(table, 0, "State", Qt.ItemDataRole.ForegroundRole).name() == DARK.bad
    assert "&lt;i&gt;bad" in at(table, 0, "Run", Qt.ItemDataRole.ToolTipRole)
    assert at(table, 0, "Steps", Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignRight
    assert at(table, 0, "Run", Qt.ItemDataRole.TextAlignmentRole) & Qt.AlignmentFlag.AlignLeft


def test_finding_and_replacing(table: RunTable) -> None:
    table.set_entries([entry("a", id="1"), entry("b", id="")])
    found = table.find_id("1")
    assert found is not None
    assert found.title == "a"
    assert table.find_id("") is None
    table.replace(entry("a", title="A", size=7))
    renamed = table.find("/runs/a.elbo")
    assert renamed is not None
    assert (renamed.title, table.total_size) == ("A", 7)
    table.remove(["/runs/a.elbo", "/runs/gone.elbo"])
    assert titles(table) == "b"
    assert table.rows_of(["/runs/b.elbo", "/runs/a.elbo"]) == [0]
