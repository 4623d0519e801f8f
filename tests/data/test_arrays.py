from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from guiapp.data.arrays import read_npy, read_npz
from guiapp.data.raw import Raw
from guiapp.data.source import DataError

ROWS = np.arange(60.0).reshape(20, 3)


def npy(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def header(text: str) -> bytes:
    """The start of an .npy file with `text` for its header."""
    body = text.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        (read_npz if path.suffix == ".npz" else read_npy)(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def saved(path: Path, **arrays: Any) -> Raw:
    np.savez(path, **arrays)
    return read_npz(path)


@pytest.mark.parametrize("dtype", ["?", "u1", "<i2", ">i4", "u8", "f2", ">f4", "f8", "g"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_every_type_and_order(tmp_path: Path, dtype: str, order: Any) -> None:
    array = np.asarray(ROWS, dtype, order=order)
    np.save(tmp_path / "a.npy", array)
    raw = read_npy(tmp_path / "a.npy")
    assert np.array_equal(raw.values, array)
    assert raw.shape == (3,)


@pytest.mark.parametrize(("shape", "row"), [((20, 12), (12,)), ((20, 4, 3), (4, 3)), ((20, 4, 3, 1), (4, 3))], ids=str)
def test_shapes(tmp_path: Path, shape: tuple[int, ...], row: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", np.arange(240).reshape(shape))
    raw = read_npy(tmp_path / "a.npy")
    assert raw.shape == row
    assert np.array_equal(raw.values, np.arange(240).reshape(20, 12))


@pytest.mark.parametrize(
    "shape", [(), (20,), (20, 4, 3, 2), (20, 3, 4, 4), (2, 2, 2, 2, 2), (0, 3), (1, 3), (5, 0), (2, 100_001)]
)
def test_shapes_that_cannot_be_trained_on(tmp_path: Path, shape: tuple[int, ...]) -> None:
    refusal(tmp_path / "a.npy", npy(np.zeros(shape)))


@pytest.mark.parametrize("array", [np.array([["a", "b"]] * 3), np.zeros((3, 2), complex), np.zeros(3, "i4,f4")])
def test_types_that_are_no_numbers(tmp_path: Path, array: Any) -> None:
    assert "float32" in refusal(tmp_path / "a.npy", npy(array))


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was loaded",))


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    trap = np.array([[Trap()] * 2] * 3, object)
    assert "object" in refusal(tmp_path / "a.npy", npy(trap))
    np.savez(tmp_path / "a.npz", x=trap)
    assert "object" in refusal(tmp_path / "a.npz", (tmp_path / "a.npz").read_bytes())
    assert "numpy.save" in refusal(tmp_path / "a.npy", pickle.dumps([1, 2]))


def test_nan_and_infinity_are_named_by_their_index(tmp_path: Path) -> None:
    for value, text in ((np.nan, "nan"), (-np.inf, "-inf"), (1e31, "beyond 1e30")):
        array = np.zeros((3000, 500))
        array[2500, 499] = value
        message = refusal(tmp_path / "a.npy", npy(array))
        assert "[2500, 499]" in message
        assert text in message


def test_truncated_and_not_an_array(tmp_path: Path) -> None:
    whole = npy(ROWS)
    for cut in (3, 8, 40, 127, 128, len(whole) - 1):
        refusal(tmp_path / "a.npy", whole[:cut])
    assert "promises 608 bytes" in refusal(tmp_path / "a.npy", whole[:-1])
    refusal(tmp_path / "a.npy", b"PK\3\4 not numpy")


@pytest.mark.parametrize(
    "text",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2147483648, 784)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2.5, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (%s, 3)}" % ("9" * 5000),
        "{'descr': '<f8', 'fortran_order': False, 'shape': (%s, 3)}" % ("9" * 4000),
        "{'descr': '<f8', 'shape': (3, 3)}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (3, 3)}",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 3}",
        "(" * 3000,
        "__import__('os').abort()",
    ],
)
def test_impossible_headers(tmp_path: Path, text: str) -> None:
    refusal(tmp_path / "a.npy", header(text) + bytes(72))


def test_npz_keys_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    assert saved(path, x_train=ROWS, data=ROWS + 1).values[0, 0] == 1
    assert saved(path, arr_0=ROWS).labels is None
    for labels in (np.repeat([9, 4], 10), np.repeat([9.0, 4.0], 10).astype("f2"), np.repeat([[9], [4]], 10, axis=0)):
        raw = saved(path, X=ROWS, y=labels)
        assert raw.labels is not None
        assert raw.labels.dtype == np.int16
        assert raw.labels.tolist() == [1] * 10 + [0] * 10
        assert raw.classes == ("4", "9")
    assert saved(path, x=ROWS, labels=np.array(["cat", "dog"] * 10)).classes == ("cat", "dog")
    np.savez_compressed(path, x=ROWS)
    assert np.array_equal(read_npz(path).values, ROWS)


@pytest.mark.parametrize(
    "labels",
    [
        np.zeros(19),
        np.zeros((20, 2)),
        np.linspace(0, 1, 20),
        np.full(20, np.nan),
        np.full(20, 1j),
        np.array([None] * 20),
        np.zeros(20, "S3"),
    ],
    ids=str,
)
def test_labels_that_do_not_fit_name_their_key(tmp_path: Path, labels: Any) -> None:
    np.savez(tmp_path / "a.npz", x=ROWS, y=labels)
    assert "key 'y'" in refusal(tmp_path / "a.npz", (tmp_path / "a.npz").read_bytes())


def test_too_many_classes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1001 distinct"):
        saved(tmp_path / "a.npz", x=np.zeros((1001, 2)), y=np.arange(1001))


def test_npz_without_a_known_key_names_those_it_has(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"weights, bias; name the array x, X, data"):
        saved(tmp_path / "a.npz", weights=ROWS, bias=ROWS)


def test_damaged_archives(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=ROWS)
    whole = path.read_bytes()
    refusal(path, whole[:-30])
    refusal(path, b"no archive")
    flipped = bytearray(whole)
    flipped[whole.index(ROWS[10:].tobytes())] ^= 1
    assert "CRC" in refusal(path, bytes(flipped))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.npy", npy(ROWS))
    assert "savez" in refusal(path, path.read_bytes())
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(ROWS)[:-8])
    assert "key 'x'" in refusal(path, path.read_bytes())


def test_names_of_the_classes_come_from_the_file(tmp_path: Path) -> None:
    path, labels = tmp_path / "a.npz", np.array([2, 0] * 10)
    raw = saved(path, x=ROWS, y=labels, classes=np.array(["cat", "dog", "eel"]))
    assert raw.labels is not None
    assert [raw.classes[i] for i in raw.labels[:2]] == ["eel", "cat"]
    assert saved(path, x=ROWS, y=np.array(["b", "a"] * 10), classes=np.array(["x", "y"])).classes == ("a", "b")
    for names, word in (
        (["cat", "dog"], "go to 2"),
        ([1, 2, 3], "list of texts"),
        ([["a", "b", "c"]], "list of texts"),
    ):
        with pytest.raises(DataError, match=f"key 'classes': .*{word}"):
            saved(path, x=ROWS, y=labels, classes=np.array(names))
