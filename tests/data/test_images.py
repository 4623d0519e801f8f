from __future__ import annotations

import os
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guiapp.data.images import read_images
from guiapp.data.source import DataError

GREY = np.arange(0, 240, 20, dtype=np.uint8).reshape(3, 4)


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_images(folder)
    return str(caught.value)


def fill(folder: Path, count: int = 3, suffix: str = "png") -> None:
    folder.mkdir(exist_ok=True)
    for index in range(count):
        Image.fromarray(GREY + index).save(folder / f"{index}.{suffix}")


@pytest.mark.parametrize("suffix", ["png", "bmp", "gif", "PNG"])
def test_grey_values_in_the_order_of_the_names(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, suffix=suffix)
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / ".hidden.png").write_text("not an image")
    raw = read_images(tmp_path)
    assert raw.shape == (3, 4)
    assert raw.labels is None
    assert np.array_equal(raw.values, [(GREY + index).reshape(-1) for index in range(3)])


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "webp"])
def test_lossy_formats_are_read_too(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path, suffix=suffix)
    assert np.abs(read_images(tmp_path).values[0] - GREY.reshape(-1)).mean() < 12


def test_sub_folders_are_classes(tmp_path: Path) -> None:
    fill(tmp_path / "dog", 2)
    fill(tmp_path / "cat", 3)
    (tmp_path / "empty").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    raw = read_images(tmp_path)
    assert raw.labels is not None
    assert (raw.labels.tolist(), raw.classes) == ([0, 0, 0, 1, 1], ("cat", "dog"))


def test_other_sizes_are_resized_to_the_first_and_counted(tmp_path: Path) -> None:
    fill(tmp_path)
    Image.new("L", (9, 9), 77).save(tmp_path / "z.png")
    raw = read_images(tmp_path)
    assert raw.note == "1 of 4 resized to 4 x 3"
    assert (raw.values[3] == 77).all()


def test_colour_palette_transparency_and_sixteen_bits(tmp_path: Path) -> None:
    Image.new("RGB", (2, 1), (255, 255, 255)).save(tmp_path / "0.png")
    Image.new("RGBA", (2, 1), (255, 255, 255, 0)).save(tmp_path / "1.png")
    Image.new("LA", (2, 1), (200, 255)).save(tmp_path / "2.png")
    palette = Image.new("P", (2, 1), 1)
    palette.putpalette([0, 0, 0, 100, 100, 100])
    palette.save(tmp_path / "3.png", transparency=b"\xff\x00")
    Image.fromarray(np.full((1, 2), 257 * 99 + 128, np.uint16)).save(tmp_path / "4.png")
    Image.new("1", (2, 1), 1).save(tmp_path / "5.png")
    assert read_images(tmp_path).values[:, 0].tolist() == pytest.approx([255, 0, 200, 0, 99 + 128 / 257, 255])


def test_no_images_or_one(tmp_path: Path) -> None:
    assert "no .png" in refusal(tmp_path)
    fill(tmp_path, 1)
    assert "at least 2" in refusal(tmp_path)


def test_the_image_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    fill(tmp_path)
    whole = (tmp_path / "1.png").read_bytes()
    for content in (b"", b"no image", whole[:40], whole[:-26]):
        (tmp_path / "1.png").write_bytes(content)
        assert f"{tmp_path / '1.png'}: the image cannot be read" in refusal(tmp_path)
    (tmp_path / "1.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 3\n")
    assert "cannot be read" in refusal(tmp_path)


def png_start(width: int, height: int) -> bytes:
    """A PNG that promises its size and begins its pixels, in a few bytes."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(100))))
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.parametrize("side", [9_000, 12_000, 60_000])
def test_a_decompression_bomb_is_refused_from_its_header(tmp_path: Path, side: int) -> None:
    fill(tmp_path)
    (tmp_path / "2.png").write_bytes(png_start(side, side))
    assert re.search(r"2\.png: .*(pixels are too many|exceeds limit)", refusal(tmp_path))


def test_a_first_image_too_wide_for_a_layer(tmp_path: Path) -> None:
    Image.new("L", (400, 300)).save(tmp_path / "0.png")
    assert "100,000" in refusal(tmp_path)


def test_a_pipe_or_a_broken_link_in_the_folder_is_named_and_not_opened(tmp_path: Path) -> None:
    fill(tmp_path)
    os.mkfifo(tmp_path / "9.png")
    assert "9.png: this is not a regular file" in refusal(tmp_path)
    (tmp_path / "9.png").unlink()
    (tmp_path / "9.png").symlink_to("9.png")
    assert "9.png: this is not a regular file" in refusal(tmp_path)
