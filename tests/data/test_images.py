from __future__ import annotations

import os
import re
import struct
import tempfile
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guiapp.data import cache, images
from guiapp.data.images import read_images
from guiapp.data.raw import CancelledError, Reading
from guiapp.data.source import DataError
from guiapp.data.split import is_mapped

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
    assert np.abs(read_images(tmp_path).values[0].astype(float) - GREY.reshape(-1)).mean() < 12


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


def test_all_images_that_cannot_be_read_are_told_at_once(tmp_path: Path) -> None:
    fill(tmp_path, 40)
    (tmp_path / "0.png").write_bytes(b"")  # the one that would give the size
    (tmp_path / "33.png").write_bytes(b"no picture")
    sentence = refusal(tmp_path)
    assert sentence.startswith(f"{tmp_path / '0.png'}: the image cannot be read (it is empty); mend it or remove it")
    assert sentence.endswith("In all, 2 of 40 files cannot be used; the others are 33.png.")
    for name in range(34, 40):
        (tmp_path / f"{name}.png").write_bytes(b"no picture")
    assert refusal(tmp_path).endswith("8 of 40 files cannot be used; the others are 33.png, 34.png, 35.png, ….")
    for file in tmp_path.iterdir():
        file.write_bytes(b"no picture")
    assert "0.png: the image cannot be read (it is none of PNG, JPEG" in refusal(tmp_path)


def test_an_image_that_goes_while_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path)
    judged = images.judged

    def judged_before_it_goes(files: list[Path], side: int) -> images.Form:
        form = judged(files, side)
        (tmp_path / "2.png").unlink()
        return form

    monkeypatch.setattr(images, "judged", judged_before_it_goes)
    assert "/2.png: it was there a moment ago and has gone; read the folder again" in refusal(tmp_path)


def test_listing_is_told_and_can_be_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "LISTED", 2)
    for name in "ab":
        fill(tmp_path / name, 5)
    told: list[tuple[int, int]] = []
    images.listed(tmp_path, lambda *report: told.append(report))
    assert told == [(2, 0), (4, 0), (7, 0), (9, 0)]

    def give_up(_done: int, total: int) -> None:
        assert total == 0
        raise CancelledError

    with pytest.raises(CancelledError):
        read_images(tmp_path, Reading(tell=give_up))


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
    for name in "01":
        Image.effect_noise((400, 300), 50).save(tmp_path / f"{name}.png")
    assert read_images(tmp_path).shape == (48, 64)
    assert read_images(tmp_path, Reading(side=300)).note == "2 of 2 resized to 300 x 225"
    Image.new("RGB", (300, 300), "red").save(tmp_path / "0.png")
    with pytest.raises(DataError, match=r"0\.png: 300 x 300 pixels are too many; .*side"):
        read_images(tmp_path, Reading(side=300))


def test_pictures_are_shrunk_to_the_side_asked_for(tmp_path: Path) -> None:
    wide = Image.effect_noise((50, 20), 90)
    for name in "01":
        wide.save(tmp_path / f"{name}.png")
    assert read_images(tmp_path, Reading(side=50)).note == ""
    raw = read_images(tmp_path, Reading(side=25))
    assert raw.shape == (10, 25)
    assert np.array_equal(raw.values[1], np.asarray(wide.resize((25, 10), Image.Resampling.BILINEAR)).reshape(-1))


def test_colour_is_kept_in_the_order_of_rows_columns_channels(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), np.uint8)
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    raw = read_images(tmp_path)
    assert raw.shape == (4, 5, 3)
    assert raw.values.dtype == np.uint8
    assert np.array_equal(raw.values, pixels.reshape(3, -1))


def test_one_picture_in_colour_makes_the_folder_one_of_colour(tmp_path: Path) -> None:
    fill(tmp_path)
    Image.fromarray(np.full((3, 4), 257 * 80, np.uint16)).save(tmp_path / "8.png")
    Image.new("RGBA", (4, 3), (255, 0, 0, 0)).save(tmp_path / "9.png")
    Image.new("RGB", (4, 3), (200, 10, 30)).save(tmp_path / "a.png")
    values = read_images(tmp_path).values.reshape(6, 3, 4, 3)
    assert (values[0] == GREY[:, :, None]).all()
    assert (values[3] == 80).all()
    assert (values[4] == 0).all(), "what is transparent lies on black"
    assert (values[5] == (200, 10, 30)).all()


def test_grey_pictures_saved_as_colour_stay_grey(tmp_path: Path) -> None:
    for i in range(3):
        Image.fromarray(GREY + i).convert("RGB").save(tmp_path / f"{i}.png")
        Image.fromarray(GREY + i).convert("RGB").save(tmp_path / f"{i}.jpg", quality=30)
    raw = read_images(tmp_path)
    assert raw.shape == (3, 4)
    assert np.array_equal(raw.values[1], (GREY).reshape(-1))


def test_how_far_it_is_and_giving_up(tmp_path: Path) -> None:
    fill(tmp_path, 100)
    told: list[tuple[int, int]] = []
    read_images(tmp_path, Reading(tell=lambda done, total: told.append((done, total))))
    assert told == [(done, 100) for done in (*range(16, 100, 16), 100)]

    def give_up(done: int, _total: int) -> None:
        if done >= 32:
            raise CancelledError

    with pytest.raises(CancelledError):
        read_images(tmp_path, Reading(tell=give_up))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("decode")]


def test_many_pictures_lie_in_a_file_that_is_gone_with_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path / "pictures", 40)
    small = read_images(tmp_path / "pictures").values
    (tmp_path / "room").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "room"))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(cache, "IN_MEMORY", 100)
    large = read_images(tmp_path / "pictures").values
    assert is_mapped(large)
    assert not is_mapped(small)
    assert np.array_equal(large, small)
    assert not list((tmp_path / "room").iterdir())
    monkeypatch.setattr(cache, "SPARE", 1 << 60)
    assert "has" in refusal(tmp_path / "pictures")


def test_a_pipe_or_a_broken_link_in_the_folder_is_named_and_not_opened(tmp_path: Path) -> None:
    fill(tmp_path)
    os.mkfifo(tmp_path / "9.png")
    assert "9.png: this is not a regular file" in refusal(tmp_path)
    (tmp_path / "9.png").unlink()
    (tmp_path / "9.png").symlink_to("9.png")
    assert "9.png: this is not a regular file" in refusal(tmp_path)
