from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from guiapp.explanations import load_page
from guiapp.gui.labs.sampling import SamplingLab
from guiapp.gui.labs.sampling_compute import PRESETS, Params, check, compute
from guiapp.gui.theme import DARK, LIGHT
from guiapp.theory.bayesian_inference import Mixture, Shares
from guiapp.theory.bayesian_network import Discrete

GRADE = PRESETS["Student with grade g³"]


@pytest.fixture
def lab(qtbot: QtBot) -> SamplingLab:
    lab = SamplingLab()
    qtbot.addWidget(lab)
    lab.resize(900, 650)
    lab.show()
    qtbot.waitExposed(lab)
    return lab


def change(lab: SamplingLab, **fields: Any) -> None:
    lab.set_params(msgspec.structs.replace(lab.params(), **fields))


def row_of(lab: SamplingLab, name: str, state: int) -> QPoint:
    return lab.graph.boxes()[name].rows()[state].center().toPoint()


def title_of(lab: SamplingLab, name: str) -> QPoint:
    return (lab.graph.boxes()[name].rect.topLeft() + QPointF(12, 9)).toPoint()


def click(qtbot: QtBot, lab: SamplingLab, at: QPoint) -> None:
    qtbot.mouseClick(lab.graph, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at)


def key(qtbot: QtBot, lab: SamplingLab, code: Qt.Key, shift: bool = False) -> None:
    held = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    qtbot.keyClick(lab.graph, code, held)


# -------------------------------------------------------------------------------------------------- the numbers shown


def test_the_default_is_the_student_network(lab: SamplingLab) -> None:
    assert lab.numbers()["exact"] == pytest.approx(0.502336)
    assert lab.table.cells["exact"][0].text() == "0.502336"
    assert lab.table.target.text() == "<b>p(L = l¹)</b>"
    assert set(load_page("sampling").numbers) == set(lab.numbers())
    assert lab.numbers()["evidence"] == pytest.approx(1)


def test_a_click_on_a_state_clamps_it_and_another_lets_it_go(qtbot: QtBot, lab: SamplingLab) -> None:
    click(qtbot, lab, row_of(lab, "G", 2))
    assert lab.params().evidence == {"G": "g³"}
    click(qtbot, lab, title_of(lab, "I"))
    numbers = lab.numbers()
    assert numbers["exact"] == pytest.approx(0.078947, abs=5e-7)
    assert numbers["evidence"] == pytest.approx(0.3496)
    assert numbers["weighting"] == pytest.approx(0.0789, abs=0.012)
    assert numbers["rejection"] == pytest.approx(0.0789, abs=0.025)
    assert numbers["naive"] == pytest.approx(0.3, abs=0.025)
    assert 0 < numbers["effective"] < numbers["count"] == 10_000
    click(qtbot, lab, row_of(lab, "G", 2))
    assert lab.params().evidence == {}


def test_the_naive_clamp_is_called_wrong(lab: SamplingLab) -> None:
    lab.set_params(msgspec.structs.replace(GRADE, method="naive clamp"))
    assert lab.ways.text.startswith("WRONG for a posterior: the arrows into G")
    assert lab.ways.colour == "bad"
    assert "color" in lab.table.cells["naive clamp"][0].styleSheet()
    change(lab, evidence={"I": "i¹"}, chosen="L")
    assert "WRONG" not in lab.ways.text
    assert lab.table.cells["naive clamp"][0].styleSheet() == ""


def test_the_window_of_rejection_is_there_where_a_number_is_observed(lab: SamplingLab) -> None:
    lab.set_params(GRADE)
    assert not lab.controls.window_slider.isVisible()
    lab.set_params(PRESETS["Linear-Gaussian chain"])
    assert lab.controls.window_slider.isVisible()
    kept = lab.numbers()["kept"]
    lab.controls.window_slider.value_changed.emit(0.5, True)
    assert lab.params().window == 0.5
    assert lab.numbers()["kept"] > 5 * kept


def test_what_cannot_happen_is_said(lab: SamplingLab) -> None:
    change(lab, nodes=PRESETS["Explaining away: wet grass"].nodes)
    change(lab, evidence={"Rain": "no", "Sprinkler": "off", "Wet": "wet"}, chosen="Wet")
    assert "cannot happen together" in lab.ways.text
    assert lab.table.cells["likelihood weighting"][0].text() == "no sample agrees"
    assert not lab.grab().isNull()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_preset_is_drawn(lab: SamplingLab, name: str, theme: Any) -> None:
    lab.set_theme(theme)
    lab.controls.preset.textActivated.emit(name)
    before = lab.grab().toImage()
    assert lab.controls.preset.currentText() == name
    change(lab, step=9, seed=3)
    assert lab.grab().toImage() != before
    titles, rows = lab.graph.table()
    assert rows.shape[1] == len(titles)
    assert len(rows) > 1


def test_the_check(lab: SamplingLab) -> None:
    lab.set_params(GRADE)
    lab.checks.button.click()
    assert lab.checks.sentence.text().startswith("All agree.")
    assert [row.name for row in lab.checks.rows] == list("DIGSL")
    lab.set_params(PRESETS["A tiny decoder"])
    assert lab.checks.rows == ()


def test_the_check_finds_a_slip() -> None:
    result = compute(GRADE)
    assert result.exact is not None
    law = result.exact.laws["I"]
    assert isinstance(law, Shares)
    off = Shares(law.values, law.shares + np.array([1e-6, -1e-6]))
    rows = check(replace(result, exact=replace(result.exact, laws={**result.exact.laws, "I": off})), 1)
    assert [row.name for row in rows if not row.good] == ["I"]
    result = compute(PRESETS["Linear-Gaussian chain"])
    assert result.exact is not None
    normal = result.exact.laws["x"]
    assert isinstance(normal, Mixture)
    moved = Mixture(normal.shares, normal.means + 0.1, normal.sigma)
    rows = check(replace(result, exact=replace(result.exact, laws={**result.exact.laws, "x": moved})), 1)
    assert [row.name for row in rows if not row.good] == ["x"]


# ------------------------------------------------------------------------------------------------------ single sample


def test_values_appear_parents_first(qtbot: QtBot, lab: SamplingLab) -> None:
    seen = []
    for _ in range(5):
        key(qtbot, lab, Qt.Key.Key_Space)
        seen.append(list(lab.result().single.values))
    assert seen == [list("DIGSL"[: count + 1]) for count in range(5)]
    assert "one sample, complete" in lab.sentence.text
    key(qtbot, lab, Qt.Key.Key_Space)
    assert list(lab.result().single.values) == ["D"]
    assert lab.params().sample == 1


def test_a_sample_carries_its_weight(lab: SamplingLab) -> None:
    change(lab, evidence={"G": "g³"})
    lab.steps.buttons["New sample"].click()
    single = lab.result().single
    rows = {(0, 0): 0.3, (0, 1): 0.7, (1, 0): 0.02, (1, 1): 0.2}
    assert single.values["G"] == 2
    assert single.weight == pytest.approx(rows[int(single.values["I"]), int(single.values["D"])])
    change(lab, method="rejection")
    outcomes = set()
    for _ in range(20):
        lab.steps.buttons["New sample"].click()
        assert ("rejected" in lab.sentence.text) == (lab.result().single.values["G"] != 2)
        outcomes.add("rejected" in lab.sentence.text)
    assert outcomes == {True, False}


# ------------------------------------------------------------------------------------------------------ many samples


def test_a_million_samples_come_bit_by_bit(qtbot: QtBot, lab: SamplingLab) -> None:
    change(lab, count=1e6)
    assert lab.is_drawing()
    assert lab.controls.progress.isVisible()
    assert lab.numbers()["count"] == 10_000
    qtbot.waitUntil(lambda: not lab.is_drawing(), timeout=20_000)
    assert lab.numbers()["count"] == 1_000_000
    assert lab.numbers()["weighting"] == pytest.approx(0.502336, abs=0.0025)
    assert not lab.controls.progress.isVisible()


def test_drawing_can_be_stopped(lab: SamplingLab) -> None:
    change(lab, count=1e6)
    lab.controls.stop.click()
    assert not lab.is_drawing()
    assert lab.numbers()["count"] < 1e6
    change(lab, chosen="G")
    assert not lab.is_drawing()


def test_a_billion_samples_are_refused(qtbot: QtBot, lab: SamplingLab) -> None:
    with pytest.raises(ValueError, match="1,000,000,000 samples are too many: 1,000,000 are the most"):
        change(lab, count=1e9)
    field = lab.controls.count.field
    field.selectAll()
    qtbot.keyClicks(field, "1000000000")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert lab.controls.count.message.isVisible()
    assert lab.params().count == 10_000


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"count": 0.0}, "Expected"),
        ({"count": 10.5}, "whole"),
        ({"window": 0.0}, "Expected"),
        ({"nodes": (Discrete("A", table=((0.5, 0.4),)),)}, "sums to 0.9"),
        ({"evidence": {"G": "g⁴"}}, "no state"),
        ({"places": {"G": (2.0, 0.0)}}, "Expected"),
    ],
)
def test_parameters_that_cannot_be_are_refused(lab: SamplingLab, fields: dict[str, Any], sentence: str) -> None:
    before = lab.params()
    with pytest.raises(ValueError, match=sentence):
        change(lab, **fields)
    assert lab.params() == before


# ------------------------------------------------------------------------------------------------------------- files


def test_a_network_is_saved_and_opened(lab: SamplingLab, tmp_path: Path) -> None:
    path = tmp_path / "net.json"
    change(lab, evidence={"G": "g³"}, places={"L": (0.25, 0.5)})
    lab.save_file(path)
    assert lab.sentence.text == "Saved as net.json."
    saved = lab.params()
    lab.set_params(PRESETS["Two dice and their total"])
    lab.open_file(path)
    assert (lab.params().nodes, lab.params().evidence, lab.params().places) == (
        saved.nodes,
        saved.evidence,
        saved.places,
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "net.json is no JSON file"),
        ("{", "net.json is no JSON file"),
        ("\udcff", "net.json is no JSON file"),
        ("[" * 100_000, "net.json is no network of this lab"),
        ("[]", "net.json is no network of this lab"),
        ('{"format": "elboscope network 2", "nodes": []}', "net.json is no network of this lab"),
        ('{"format": "elboscope network 1", "nodes": []}', "net.json: A network has 1 to 12 nodes"),
        (
            '{"format": "elboscope network 1", "nodes": [{"kind": "discrete", "name": "A", "parents": ["A"]}]}',
            "net.json: A cycle: A → A",
        ),
        (" " * 1_000_001, "net.json is too large"),
    ],
)
def test_a_bad_file_is_named(lab: SamplingLab, tmp_path: Path, text: str, sentence: str) -> None:
    path, before = tmp_path / "net.json", lab.params()
    path.write_bytes(text.encode(errors="surrogateescape"))
    lab.open_file(path)
    assert sentence in lab.sentence.text
    assert lab.sentence.colour == "bad"
    assert lab.params() == before


def test_a_missing_file_and_folder(lab: SamplingLab, tmp_path: Path) -> None:
    lab.open_file(tmp_path / "none.json")
    assert lab.sentence.text.startswith("none.json could not be read")
    lab.save_file(tmp_path / "no" / "net.json")
    assert lab.sentence.text.startswith("net.json could not be written")


def test_parameters_are_plain_json(lab: SamplingLab) -> None:
    for params in PRESETS.values():
        assert msgspec.json.decode(msgspec.json.encode(params), type=Params) == params
