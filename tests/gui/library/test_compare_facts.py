"""The table of what differs, as text and as a widget."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from guiapp.gui.library.compare_facts import Row, facts
from guiapp.gui.library.compare_runs import ComparedRun, labels, read
from guiapp.gui.library.compare_table import CompareTable
from guiapp.gui.theme import DARK
from guiapp.spec import Gan, Vae
from tests.gui.library.compare_files import gan_file, summary, vae_file


def row(rows: list[Row], title: str) -> Row:
    (found,) = (row for row in rows if row.title == title)
    return found


@pytest.fixture
def runs(tmp_path: Path) -> list[ComparedRun]:
    edits = ((45, "model.beta", 1.0, 4.0),)
    return [
        read(vae_file(tmp_path / "a.elbo", edits=edits, **summary(83.0))),
        read(vae_file(tmp_path / "b.elbo", 1200, model=Vae(beta=2.0), ended="0", parent="a", parent_step="50")),
        read(gan_file(tmp_path / "c.elbo", model=Gan(noise=8))),
    ]


def test_what_runs_are_and_how_they_ended(runs: list[ComparedRun]) -> None:
    rows = facts(runs)
    assert row(rows, "data").texts == ("digits", "digits", "ring")
    assert row(rows, "model").texts == ("VAE", "VAE", "GAN")
    assert row(rows, "steps").texts == ("100", "1\u202f200", "200")
    assert row(rows, "training time").texts == ("1:23", "–", "–")
    assert row(rows, "state").texts == ("ended", "training, or cut off", "ended")
    assert row(rows, "forked from").texts == ("–", "a, step 50", "–")
    mean = np.mean(10 + 1 / np.arange(1, 101))
    assert row(rows, "−ELBO, nats per datum").texts == (f"{mean:.4g}", "10", "–"), "means of the last 100 steps"
    assert row(rows, "D loss, nats").texts[:2] == ("–", "–")


def test_only_parameters_that_differ_or_were_edited_are_listed(runs: list[ComparedRun]) -> None:
    rows = facts(runs)
    listed = [r.title for r in rows[rows.index(Row("Parameters that differ")) + 1 :]]
    assert listed == ["β"], (
        "the data are told above; the noise dimensions are of one run alone, and differ from nothing"
    )
    assert row(rows, "β").texts == ("1 → 4 (step 45)", "2", "–")
    everything = facts(runs, everything=True)
    assert row(everything, "noise dimensions").texts == ("–", "–", "8")
    assert row(everything, "batch size, data").texts == ("128", "128", "128")
    assert len(everything) > 30


def test_many_edits_of_one_parameter_are_summed_up(tmp_path: Path) -> None:
    edits = tuple((10 * i, "model.beta", float(i), float(i + 1)) for i in range(1, 4))
    run = read(vae_file(tmp_path / "a.elbo", edits=edits))
    assert row(facts([run]), "β").texts == ("1 → 4 (3 edits, the last at step 30)",)


def test_a_difference_needs_two_values(runs: list[ComparedRun]) -> None:
    beta = row(facts(runs), "β")
    assert [beta.differs(i, 0) for i in range(3)] == [False, True, False]
    assert [beta.differs(i, 1) for i in range(3)] == [True, False, False]


def bold(table: CompareTable, title: str) -> list[bool]:
    (at,) = (i for i in range(table.table.rowCount()) if table.table.item(i, 0).text() == title)
    return [table.table.item(at, 1 + j).font().bold() for j in range(3)]


def test_bold_is_what_is_not_as_in_the_reference_run(qtbot: QtBot, runs: list[ComparedRun]) -> None:
    table = CompareTable()
    qtbot.addWidget(table)
    table.show_runs(runs, labels(runs))
    assert bold(table, "model") == [False, False, True]
    table.reference.setCurrentIndex(2)
    assert bold(table, "model") == [True, True, False]
    assert table.table.columnCount() == 4
    table.show_runs(runs[1:], labels(runs[1:]))
    assert table.reference.currentIndex() == 1, "the reference is still the GAN"
    table.show_runs((), ())
    assert table.table.rowCount() == 0
    table.set_theme(DARK)


def test_equal_parameters_are_shown_on_demand_and_cells_are_copied(qtbot: QtBot, runs: list[ComparedRun]) -> None:
    table = CompareTable()
    qtbot.addWidget(table)
    table.show_runs(runs, labels(runs))
    few = table.table.rowCount()
    table.everything.setChecked(True)
    assert table.table.rowCount() > few + 20
    table.table.setFocus()
    table.table.setCurrentCell(2, 1)
    table.table.item(1, 2).setSelected(True)
    QTest.keyClick(table.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "digits\nVAE"
