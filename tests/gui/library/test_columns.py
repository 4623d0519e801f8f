"""Numbers and times as a person reads them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from guiapp.gui.library.columns import COLUMNS, figure, size, when
from guiapp.runs.library import Entry

NOW = datetime(2026, 11, 22, 14, 5).astimezone()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (104.3172, "104.3"),
        (-0.693147, "\u22120.6931"),
        (0.0, "0.000"),
        (9.0, "9.000"),
        (1234.5, "1\u202f234"),
        (123456.0, "123\u202f456"),
        (0.00001234, "1.2e\u221205"),
        (-0.000426, "\u22124.3e\u221204"),
        (0.001234, "0.001234"),
        (1.5e9, "1.5e+09"),
        (float("nan"), "–"),
        (float("inf"), "–"),
    ],
)
def test_four_significant_digits_or_two(value: float, text: str) -> None:
    assert figure(value) == text


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        (timedelta(0), "today 14:05"),
        (timedelta(hours=5), "today 9:05"),
        (timedelta(hours=15), "yesterday 23:05"),
        (timedelta(days=19), "3 Nov 14:05"),
        (timedelta(days=365), "22 Nov 2025"),
        (timedelta(days=-3), "25 Nov 14:05"),  # the clock was set back since
    ],
)
def test_when(ago: timedelta, text: str) -> None:
    assert when((NOW - ago).timestamp(), NOW) == text


def test_a_time_that_no_calendar_has() -> None:
    assert when(1e300, NOW) == when(float("nan"), NOW) == "–"


def test_size() -> None:
    assert [size(count) for count in (0, 999, 94_208, 268_435_456)] == ["0 bytes", "999 bytes", "94.2 kB", "268.4 MB"]


def test_a_damaged_file_has_a_name_a_date_a_size_and_a_state() -> None:
    entry = Entry(
        "/x/hurt.elbo", title="hurt", when=NOW.timestamp(), size=14, state="damaged", trouble="It is damaged."
    )
    shown = {column.title: column.text(entry, NOW) for column in COLUMNS if column.text(entry, NOW)}
    assert shown == {"Run": "hurt", "When": "today 14:05", "Size": "14 bytes", "State": "damaged"}


def test_figures_belong_to_their_model() -> None:
    vae = Entry("/x/a.elbo", figures={"elbo": -104.3, "kl": 4.2, "reconstruction": 100.1})
    gan = Entry("/x/b.elbo", figures={"d_loss": 1.386, "g_loss": 0.6931})
    told = [{c.title: c.text(e, NOW) for c in COLUMNS[4:9] if c.text(e, NOW)} for e in (vae, gan)]
    assert told[0] == {"\u2212ELBO": "104.3", "Reconstr.": "100.1", "KL": "4.200"}
    assert told[1] == {"D loss": "1.386", "G loss": "0.6931"}
