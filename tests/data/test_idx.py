from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from guiapp.data.idx import read_idx
from guiapp.data.source import DataError

PIXELS = np.arange(20 * 4 * 3, dtype=np.uint8).reshape(20, 4, 3)
CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(values: NDArray[np.generic], dims: tuple[int, ...] | None = None) -> bytes:
    """The bytes of an IDX file, whose header may lie about its axes."""
    axes = values.shape if dims is None else dims
    code = CODES[values.dtype.str[1:]]
    head = bytes([0, 0, code, len(axes)]) + struct.pack(f">{len(axes)}I", *axes)
    return head + values.astype(values.dtype.newbyteorder(">")).tobytes()


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("code", CODES)
def test_every_type_is_read_big_endian(tmp_path: Path, code: str) -> None:
    values = np.arange(-20, 40).astype(code).reshape(20, 3)
    (tmp_path / "v.idx").write_bytes(idx(values))
    raw = read_idx(tmp_path / "v.idx")
    assert np.array_equal(raw.values, values)
    assert raw.shape == (3,)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_images_find_the_labels_beside_them(tmp_path: Path, suffix: str) -> None:
    pack = gzip.compress if suffix else bytes
    (tmp_path / f"t-images-idx3-ubyte{suffix}").write_bytes(pack(idx(PIXELS)))
    (tmp_path / f"t-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(np.repeat([3, 7], 10).astype(np.uint8))))
    raw = read_idx(tmp_path / f"t-images-idx3-ubyte{suffix}")
    assert raw.shape == (4, 3)
    assert np.array_equal(raw.values, PIXELS.reshape(20, 12))
    assert raw.labels is not None
    assert raw.labels.tolist() == [0] * 10 + [1] * 10
    assert raw.classes == ("3", "7")


def test_truncated(tmp_path: Path) -> None:
    assert "promises 256 bytes" in refusal(tmp_path / "a", idx(PIXELS)[:-1])
    assert "byte 10" in refusal(tmp_path / "a", idx(PIXELS)[:10])
    assert "00 00 08" in refusal(tmp_path / "a", b"\0\0\x08")
    assert "gzip" in refusal(tmp_path / "a.gz", gzip.compress(idx(PIXELS))[:-12])
    assert "promises 256 bytes" in refusal(tmp_path / "a.gz", gzip.compress(idx(PIXELS)[:-1]))


def test_goes_on(tmp_path: Path) -> None:
    assert "goes on" in refusal(tmp_path / "a", idx(PIXELS) + b"x")
    bomb = gzip.compress(idx(PIXELS) + bytes(50_000_000))
    assert "byte 256" in refusal(tmp_path / "a.gz", bomb)


def test_wrong_magic_lists_the_formats(tmp_path: Path) -> None:
    message = refusal(tmp_path / "a", b"GIF89a")
    assert "47 49 46 38" in message
    assert ".npz" in message


@pytest.mark.parametrize("dims", [(2**31, 28, 28), (2**32 - 1,) * 3, (2**32 - 1,) * 255, (60_000, 100_000)])
def test_absurd_axes_are_refused_from_the_header(tmp_path: Path, dims: tuple[int, ...]) -> None:
    refusal(tmp_path / "a", idx(PIXELS, dims))
    # A short stream cannot unpack to that, so it is refused before anything is unpacked.
    refusal(tmp_path / "a.gz", gzip.compress(idx(PIXELS, dims)))


def test_a_small_gzip_cannot_promise_gigabytes(tmp_path: Path) -> None:
    assert "promises 392000016 bytes" in refusal(tmp_path / "a.gz", gzip.compress(idx(PIXELS, (500_000, 28, 28))))


def test_labels_file_instead_of_images(tmp_path: Path) -> None:
    assert "N x H x W" in refusal(tmp_path / "labels", idx(np.zeros(10, np.uint8)))


def test_labels_that_do_not_fit(tmp_path: Path) -> None:
    images, labels = tmp_path / "images-idx3", tmp_path / "labels-idx1"
    images.write_bytes(idx(PIXELS))
    for content in (idx(np.zeros(19, np.uint8)), idx(PIXELS), b"", idx(np.zeros(0, np.uint8))):
        labels.write_bytes(content)
        with pytest.raises(DataError, match="labels-idx1"):
            read_idx(images)


def test_nan_is_named_by_its_index(tmp_path: Path) -> None:
    values = np.zeros((20, 2, 2), np.float32)
    values[7, 1, 0] = np.nan
    assert "[7, 1, 0] is nan" in refusal(tmp_path / "a", idx(values))
