"""Which parts there are, and what of the command line reaches them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from guiapp import cli
from guiapp.bench import PARTS, figures
from guiapp.bench.report import Figure


def test_every_part_is_measured_by_something() -> None:
    assert tuple(figures.MEASURES) == PARTS


def test_the_parts_asked_for_are_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    orders: list[tuple[str, float, float, bool]] = []

    def measure(name: str, order: figures.Bench) -> Iterator[Figure]:
        orders.append((name, order.seconds, order.soaking, order.alone))
        yield Figure(f"a figure of {name}", 1.0, 2)

    for part in PARTS:
        monkeypatch.setitem(figures.MEASURES, part, lambda order, part=part: measure(part, order))
    assert cli.run(["bench", "--only", "scrub", "open", "--seconds", "3"]) == 0
    assert cli.run(["bench", "--only", "soak", "--soak", "7"]) == 0
    assert orders == [("scrub", 3.0, 600.0, False), ("open", 3.0, 600.0, False), ("soak", 6.0, 7.0, True)]
    assert "| a figure of open | ≤ 2 | 1 |  |" in capsys.readouterr().out
    orders.clear()
    assert cli.run(["bench"]) == 0
    assert [name for name, *_ in orders] == list(PARTS)


@pytest.mark.parametrize("wrong", [["--only", "nothing"], ["--seconds", "0"], ["--soak", "-1"], ["--soak", "nan"]])
def test_what_cannot_be_is_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        cli.run(["bench", *wrong])
    assert refused.value.code == 2
    assert wrong[0] in capsys.readouterr().err


def test_without_seconds_there_is_no_soak() -> None:
    assert list(figures.MEASURES["soak"](figures.Bench(6.0, 0.0))) == []
