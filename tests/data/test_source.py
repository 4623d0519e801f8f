from __future__ import annotations

import pytest

from guiapp.data.source import DataError


@pytest.mark.parametrize(
    ("name", "escaped"), [("a\nb", r"a\nb"), ("a\0b", r"a\x00b"), ("a\udcffb", r"a\udcffb"), ("é ß", "é ß")]
)
def test_an_error_is_one_printable_line_whatever_it_quotes(name: str, escaped: str) -> None:
    assert str(DataError(f"{name}: it is empty.")) == f"{escaped}: it is empty."
