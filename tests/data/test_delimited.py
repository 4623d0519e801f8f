from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from guiapp.data import delimited
from guiapp.data.delimited import read_delimited
from guiapp.data.raw import Raw
from guiapp.data.source import DataError


def read(tmp_path: Path, text: str | bytes) -> Raw:
    (tmp_path / "t.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return read_delimited(tmp_path / "t.csv")


@pytest.mark.parametrize("mark", [",", ";", "\t", " ", "   ", ", "])
@pytest.mark.parametrize("header", [False, True])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_headers_and_line_ends(tmp_path: Path, mark: str, header: bool, end: str) -> None:
    lines = [mark.join(cells) for cells in (["1", "-2.5", "3e-2"], ["4", "5", "6"])]
    if header:
        lines.insert(0, mark.join(["a", '"b"', "c"]))
    raw = read(tmp_path, end.join(lines) + end)
    assert raw.values.tolist() == [[1, -2.5, 0.03], [4, 5, 6]]
    assert raw.shape == (3,)
    assert raw.labels is None


def test_blank_lines_comments_a_mark_of_utf8_and_quotes(tmp_path: Path) -> None:
    raw = read(tmp_path, '\ufeff# from my scope\n\n"1","2"\n  \n3,4')
    assert raw.values.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("name", ["label", "Class", " y "])
def test_a_label_column_by_its_name(tmp_path: Path, name: str) -> None:
    raw = read(tmp_path, f"u,{name},v\n1,10,2\n3,9,4\n5,9,6\n")
    assert raw.values.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert raw.labels is not None
    assert (raw.labels.tolist(), raw.classes) == ([1, 0, 0], ("9", "10"))
    assert read(tmp_path, f"0,1,{name}\n1,2,cat\n3,4,a dog\n").classes == ("a dog", "cat")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("1,2\n3,4\n5\n", "line 3: 1 cells where the first line has 2"),
        ("1,2\n\n3,4,\n", "line 3: 3 cells"),
        ("1,2\n3,four\n", "line 2, column 2: 'four'"),
        ("1,two\n3,4\n", "line 1, column 2: 'two'"),
        ("a,b\n1,\n", "line 2, column 2: the cell is empty"),
        ("1,2\nnan,3\n", "line 2, column 1: 'nan'"),
        ("1,2\n3,-inf\n", "line 2, column 2: '-inf'"),
        ("1,2\n3,1e31\n", "line 2, column 2: '1e31'"),
        ("1;2\n3,5;4\n", "line 2, column 1: '3,5'"),
        ("1,2\n3," + "x" * 5000, "column 2: '" + "x" * 30 + "'"),
        ("a,b\n", "0 x 2"),
        ("1,2\n", "at least 2 rows"),
        ("\n \n", "no line holds data"),
        ("label\n1\n2\n", "the only column is the label"),
        ("u,y\n1,.5\n2,.7\n", "column 2: labels of type 'float64'"),
        ("u,y\n1,0\n2,nan\n", "column 2: labels"),
        (b"1,2\n3,\xff\n", "0xff is not UTF-8"),
        ("1,2\n3,4\0\n", "line 2, column 2"),
        ('1,2\n3,"4\n', "'4"),
        ("1," * 100_000 + "1\n", "100001 columns"),
        ("1,2\n" + "3," + "9" * (5 << 20), "longer than 4 million"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, text: str | bytes, place: str) -> None:
    if place == "'4":
        assert read(tmp_path, text).values.tolist() == [[1, 2], [3, 4]]  # an open quote ends with its line
        return
    with pytest.raises(DataError) as caught:
        read(tmp_path, text)
    assert place in str(caught.value)
    assert "t.csv" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_text_beyond_the_limit_is_refused_from_its_size(tmp_path: Path) -> None:
    with (tmp_path / "big.csv").open("wb") as stream:
        stream.truncate(delimited.MAX_TEXT + 1)  # a hole: takes no room on the disk
    with pytest.raises(DataError, match=r"512 MiB.*\.npy"):
        read_delimited(tmp_path / "big.csv")


def test_numbers_are_read_in_double_precision(tmp_path: Path) -> None:
    assert read(tmp_path, "1700000000.25\n1700000001.5\n").values.dtype == np.float64


def test_x_and_y_are_coordinates(tmp_path: Path) -> None:
    path = tmp_path / "points.csv"
    path.write_text("x,y\n1,2\n3,4\n5,6\n")
    raw = read_delimited(path)
    assert raw.values.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert raw.labels is None
    path.write_text("width,y\n1,0\n3,1\n5,0\n")
    assert read_delimited(path).values.tolist() == [[1], [3], [5]]
