"""The one entrance for users' data: what it opens, what it refuses, and that nothing but `DataError` comes out."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from guiapp.data import files
from guiapp.data.files import open_file
from guiapp.data.images import SUFFIXES
from guiapp.data.raw import Reading
from guiapp.data.source import DataError, Table

ROWS = np.random.default_rng(0).integers(0, 256, (30, 12)).astype(np.uint8)
IDX = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (30, 3, 4)) + ROWS.tobytes()


def write_npy(folder: Path) -> Path:
    np.save(folder / "a.npy", ROWS)
    return folder / "a.npy"


def write_npz(folder: Path) -> Path:
    np.savez(folder / "a.npz", x=ROWS.astype("f8"), y=np.arange(30) % 3)
    return folder / "a.npz"


def write_packed_npz(folder: Path) -> Path:
    np.savez_compressed(folder / "a.npz", x=ROWS, y=np.arange(30) % 3)
    return folder / "a.npz"


def write_idx(folder: Path) -> Path:
    (folder / "a-images-idx3-ubyte").write_bytes(IDX)
    return folder / "a-images-idx3-ubyte"


def write_idx_gz(folder: Path) -> Path:
    (folder / "a.gz").write_bytes(gzip.compress(IDX))
    return folder / "a.gz"


def write_csv(folder: Path) -> Path:
    lines = [",".join([*map(str, row), f"k{row[0] % 2}"]) for row in ROWS[:, :4]]
    (folder / "a.csv").write_text("\n".join(["a,b,c,d,label", *lines]))
    return folder / "a.csv"


def write_image(suffix: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        for index in range(2):
            Image.fromarray(ROWS[:, index : index + 8]).save(folder / f"{index}.{suffix}")
        return folder / f"0.{suffix}"

    return write


WRITERS = {
    "npy": write_npy, "npz": write_npz, "packed npz": write_packed_npz, "idx": write_idx, "idx.gz": write_idx_gz,
    "csv": write_csv, "png": write_image("png"), "jpg": write_image("jpg"), "bmp": write_image("bmp"),
    "gif": write_image("gif"), "webp": write_image("webp"),
}  # fmt: skip
EVERY = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def opened(path: Path, scale: str = "auto") -> Table:
    """What a user would open: the file itself, or the folder of an image."""
    return open_file(path.parent if path.suffix in SUFFIXES else path, scale)


def check(table: Table) -> None:
    """All that a `Table` promises of itself."""
    both = np.concatenate([table.train, table.heldout])
    assert both.dtype == np.float32
    assert np.isfinite(both).all()
    assert (table.low, table.high) == (both.min(), both.max())
    assert table.train.shape[1] == table.heldout.shape[1] == table.dim == np.prod(table.shape)
    assert min(len(table.train), len(table.heldout)) >= 1
    for part, labels in ((table.train, table.train_labels), (table.heldout, table.heldout_labels)):
        assert labels is None or (labels.dtype == np.int16 and labels.shape == (len(part),))
        assert labels is None or (labels.min() >= 0 and labels.max() < len(table.classes))


def outcome(path: Path) -> str | None:
    """None for a sound `Table`, else the one sentence that was given instead; any other exception passes."""
    try:
        check(opened(path))
        return None
    except DataError as error:
        sentence = str(error)
    assert sentence.isprintable()
    assert sentence.endswith(".")
    assert len(sentence) < 500
    return sentence


@EVERY
@pytest.mark.parametrize("scale", ["auto", "none", "unit", "standard"])
def test_every_format_opens_with_every_scale(tmp_path: Path, write: Callable[[Path], Path], scale: str) -> None:
    table = opened(write(tmp_path), scale)
    check(table)
    assert table.note


@EVERY
def test_damaged_files_give_a_table_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, write: Callable[[Path], Path]
) -> None:
    folder = tmp_path_factory.mktemp("fuzz")
    path = write(folder)
    whole = path.read_bytes()
    places = st.integers(0, min(len(whole), 300) - 1) | st.integers(-min(len(whole), 300), -1)
    edits = st.lists(st.tuples(places, st.integers(0, 255) | st.sampled_from([0, 1, 127, 255])), max_size=4)

    @settings(derandomize=True, database=None, deadline=None, max_examples=100)
    @given(edits, st.none() | st.integers(0, len(whole)), st.binary(max_size=8))
    def damage(edits: list[tuple[int, int]], cut: int | None, extra: bytes) -> None:
        content = bytearray(whole)
        for place, byte in edits:
            content[place] = byte
        path.write_bytes(bytes(content[:cut]) + extra)
        sentence = outcome(path)
        assert sentence is None or str(folder) in sentence

    damage()


@settings(derandomize=True, database=None, deadline=None, max_examples=150)
@given(content=st.text(alphabet="0123456789.,;eE+-# \t\r\nnaify\"'xµ\0", max_size=60) | st.binary(max_size=60))
@pytest.mark.parametrize("name", ["t.csv", "t.npy", "t.npz", "t.idx", "t"])
def test_noise_gives_a_table_or_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, content: str | bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"noise-{name}"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    sentence = outcome(path)
    assert sentence is None or str(path) in sentence


def test_a_tenth_is_held_out_by_class_and_always_the_same(tmp_path: Path) -> None:
    first, second = open_file(write_npz(tmp_path)), open_file(write_npz(tmp_path))
    assert (len(first.train), len(first.heldout)) == (27, 3)
    assert first.heldout_labels is not None
    assert sorted(first.heldout_labels) == [0, 1, 2]
    assert np.array_equal(first.train, second.train)
    assert (first.name, first.title) == ("a", "a.npz")


@pytest.mark.parametrize(("rows", "heldout"), [(2, 1), (19, 1), (120_000, 10_000)])
def test_at_least_one_and_at_most_ten_thousand_are_held_out(tmp_path: Path, rows: int, heldout: int) -> None:
    np.save(tmp_path / "a.npy", np.zeros((rows, 1), np.uint8))
    assert len(open_file(tmp_path / "a.npy").heldout) == heldout


def test_content_decides_where_the_suffix_says_nothing(tmp_path: Path) -> None:
    for write in (write_npy, write_npz, write_idx):
        path = write(tmp_path)
        check(open_file(path.rename(tmp_path / "data.bin")))


def refusal(path: Path, scale: str = "auto") -> str:
    with pytest.raises(DataError) as caught:
        open_file(path, scale)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_paths_that_are_no_data(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "missing.npy")
    assert "cannot be read" in refusal(write_csv(tmp_path) / "below")
    assert "cannot be read" in refusal(tmp_path / ("n" * 300))
    (tmp_path / "loop.npy").symlink_to("loop.npy")
    assert "cannot be read" in refusal(tmp_path / "loop.npy")
    (tmp_path / "empty.npz").touch()
    assert "empty" in refusal(tmp_path / "empty.npz")
    assert "folder" in refusal(write_image("png")(tmp_path))


def test_pipes_and_devices_are_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npy")
    assert "regular file" in refusal(tmp_path / "pipe.npy")
    assert "regular file" in refusal(Path("/dev/zero"))


def test_ten_gigabytes_are_refused_from_the_size_alone(tmp_path: Path) -> None:
    with (tmp_path / "huge.npy").open("wb") as stream:
        stream.truncate(10 * 10**9)  # a hole: takes no room on the disk
    assert "9.31 GiB" in refusal(tmp_path / "huge.npy")


@pytest.mark.parametrize(
    ("error", "word"),
    [(PermissionError(13, "denied"), "permitted"), (OSError(5, "I/O error"), "I/O"), (MemoryError(), "memory")],
)
def test_what_the_system_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, word: str
) -> None:
    path = write_npy(tmp_path)

    def fail(path: Path, reading: Reading) -> None:
        raise error

    monkeypatch.setattr(files, "read_npy", fail)
    assert word in refusal(path)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="no file is closed to root")
@pytest.mark.parametrize("write", [write_npy, write_npz, write_idx, write_csv, write_image("png")])
def test_a_file_without_permission(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path)
    path.chmod(0)
    with pytest.raises(DataError, match=r"permitted|cannot be read"):
        opened(path)


def test_unknown_scales_are_refused_before_the_file_is_read(tmp_path: Path) -> None:
    assert "auto, none, unit, standard" in refusal(tmp_path / "missing.npy", "log")
