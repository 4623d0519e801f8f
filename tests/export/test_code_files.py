"""The user's files: the script reads and scales them as the program did, in code made for this very file."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from guiapp.data.scaling import SCALES
from guiapp.data.source import DataError
from guiapp.export import code
from guiapp.export.code import script
from guiapp.export.code_plan import literal
from guiapp.spec import Data, Network, RunSpec, SpecError, Vae
from tests.engine import runs
from tests.export.scripts import assert_same, execute

RNG_SEED = 4
COUNT = 60


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(RNG_SEED).normal(3.0, 2.0, shape)


def grey(*shape: int) -> np.ndarray:
    return np.random.default_rng(RNG_SEED).integers(0, 256, shape, dtype=np.uint8)


def spec(path: Path | str, scale: str = "auto", model: Vae | None = None) -> RunSpec:
    data = Data(name="file", path=str(path), scale=scale)  # type: ignore[arg-type]
    return RunSpec(data=data, model=model or runs.vae(likelihood="gaussian"), batch=16, seed=2, device="cpu")


def npy(path: Path, values: np.ndarray) -> Path:
    np.save(path / "data.npy", values)
    return path / "data.npy"


ARRAYS: dict[str, Callable[[], np.ndarray]] = {
    "vectors": lambda: numbers(COUNT, 5),
    "float32": lambda: numbers(COUNT, 5).astype(np.float32),
    "big endian": lambda: numbers(COUNT, 5).astype(">f4"),
    "column-major": lambda: np.asfortranarray(numbers(COUNT, 5)),
    "images": lambda: numbers(COUNT, 4, 3),
    "bytes": lambda: grey(COUNT, 4, 4, 1),
    "bytes as float32": lambda: grey(COUNT, 64).astype(np.float32),
    "truth values": lambda: grey(COUNT, 5) > 99,
    "a constant column": lambda: numbers(COUNT, 5) * [1, 1, 0, 1, 1] + 0.1,
    "large whole numbers": lambda: (numbers(COUNT, 3) * 1e15).astype(np.int64),
}


LARGE = ("bytes", "bytes as float32", "large whole numbers")  # unscaled, they make the loss infinite
SCALED = [(name, scale) for name in ARRAYS for scale in SCALES if (scale, name in LARGE) != ("none", True)]


@pytest.mark.parametrize(("name", "scale"), SCALED)
def test_npy(tmp_path: Path, name: str, scale: str) -> None:
    text = assert_same(spec(npy(tmp_path, ARRAYS[name]()), scale), 3)
    assert "labels" not in text
    assert ("np.where" in text) == (name == "a constant column" and scale != "none")


@pytest.mark.parametrize("scale", ["none", "unit"])
def test_a_gan_knows_whether_the_data_are_bounded(tmp_path: Path, scale: str) -> None:
    file = npy(tmp_path, numbers(COUNT, 5))
    run = RunSpec(data=Data(name="file", path=str(file), scale=scale), model=runs.gan(), batch=8, device="cpu")  # type: ignore[arg-type]
    assert ("Sigmoid" in assert_same(run, 3)) == (scale == "unit")


@pytest.mark.parametrize(
    "labels",
    [
        None,
        np.arange(COUNT) % 7 - 3,
        (np.arange(COUNT) % 7).astype(np.float64)[:, None],
        np.array([f"class {i % 12}" for i in range(COUNT)]),
        np.arange(COUNT) % 2 == 0,
    ],
    ids=["none", "int", "float column", "text", "bool"],
)
@pytest.mark.parametrize("keys", [("x", "y"), ("images", "labels"), ("arr_0", "y_train")])
def test_npz(tmp_path: Path, keys: tuple[str, str], labels: np.ndarray | None) -> None:
    arrays = {keys[0]: grey(COUNT, 4, 4), "other": np.zeros(3)}
    if labels is not None:
        arrays[keys[1]] = labels
    np.savez_compressed(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
    assert_same(spec(tmp_path / "data.npz", model=runs.vae()), 3)


HEADS = {
    "no names": "",
    "names": "a,b,c,d\n",
    "comment": "# four columns\n\n",
    "label": "a,label,c,d\n",
    "y": "x,y,z,t\n",
}


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("separator", [",", ";", "\t", " "])
@pytest.mark.parametrize("head", HEADS)
def test_text(tmp_path: Path, head: str, separator: str, words: bool) -> None:
    lines = [[repr(float(cell)) for cell in row] for row in numbers(COUNT, 4)]
    if head == "label":
        lines = [[row[0], f"w{i % 11}" if words else str(i % 11), *row[2:]] for i, row in enumerate(lines)]
    elif words:
        lines = [[f'"{row[0]}"' if separator != " " else row[0], *row[1:]] for row in lines]
    body = "\n".join(separator.join(row) for row in lines)
    file = tmp_path / "data.csv"
    file.write_text("\ufeff" + HEADS[head].replace(",", separator) + body + "\n\n", encoding="utf-8")
    text = assert_same(spec(file), 3)
    assert ("import csv" in text) == (separator != " ")
    assert ("labels" in text) == (head == "label")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize(("code", "dtype"), [(8, ">u1"), (11, ">i2"), (13, ">f4")])
def test_idx(tmp_path: Path, code: int, dtype: str, labelled: bool, packed: bool) -> None:
    def write(name: str, kind: int, values: np.ndarray) -> Path:
        content = bytes([0, 0, kind, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()
        file = tmp_path / (name + ".gz" * packed)
        file.write_bytes(gzip.compress(content) if packed else content)
        return file

    file = write("my-images-idx3-ubyte", code, grey(COUNT, 4, 4).astype(dtype))
    if labelled:
        write("my-labels-idx1-ubyte", 8, (np.arange(COUNT) % 10).astype(np.uint8))
    text = assert_same(spec(file, model=runs.vae()), 3)
    assert ("gzip" in text) == packed


def test_a_folder_of_grey_pictures(tmp_path: Path) -> None:
    for i, picture in enumerate(grey(COUNT, 5, 4)):
        Image.fromarray(picture).save(tmp_path / f"{i}.{'png' if i % 3 else 'BMP'}")
    (tmp_path / ".hidden.png").write_text("no picture")
    (tmp_path / "notes.txt").write_text("no picture")
    text = assert_same(spec(tmp_path, model=runs.vae()), 3)
    assert not any(word in text for word in ("alpha", "resize", "16 bits", "labels"))


@pytest.mark.parametrize("kinds", ["L", "RGBA", "I", "RGBA I", "L wide", "RGBA I wide P"])
def test_a_folder_of_folders_of_pictures(tmp_path: Path, kinds: str) -> None:
    """Transparent, 16-bit, and of several sizes: as many lines as these pictures need."""
    for i, picture in enumerate(grey(COUNT, 5, 4)):
        kind, folder = kinds.split()[i % len(kinds.split())], tmp_path / f"class {i % 3}"
        folder.mkdir(exist_ok=True)
        image = Image.fromarray(picture)
        if kind == "RGBA":
            image = Image.fromarray(np.dstack([picture, picture, picture, picture[::-1]]), "RGBA")
        elif kind == "I":
            image = Image.fromarray(picture.astype(np.uint16) * 200)
        elif kind == "wide":
            image = image.resize((7, 3))
        elif kind == "P":
            image = image.convert("P")
            image.info["transparency"] = 3
        image.save(folder / f"{i}.png")
    text = assert_same(spec(tmp_path, model=runs.vae()), 3)
    assert ("alpha" in text) == ("RGBA" in kinds)
    assert ("16 bits" in text) == ("I" in kinds.split())
    assert ("resize" in text) == ("wide" in kinds)


@pytest.mark.parametrize("kinds", ["RGB", "RGBA", "L RGB", "I RGB", "I wide RGB", "large"])
def test_a_folder_of_pictures_in_colour(tmp_path: Path, kinds: str) -> None:
    """And, where a side is too long, shrunk; a convolutional model knows rows, columns and channels apart."""
    side = 24 if kinds == "large" else 5
    for i, picture in enumerate(grey(COUNT, side, side - 1, 3)):
        kind = kinds.split()[i % len(kinds.split())]
        image = Image.fromarray(picture)
        if kind == "RGBA":
            image = Image.fromarray(np.dstack([picture, picture[:, :, :1]]), "RGBA")
        elif kind == "L":
            image = image.convert("L")
        elif kind == "I":
            image = Image.fromarray(picture[:, :, 0].astype(np.uint16) * 200)
        elif kind == "wide":
            image = image.resize((7, 3))
        image.save(tmp_path / f"{i:02}.png")
    network = Network(layers="convolutional", hidden=(3, 2))
    model = runs.vae(network, likelihood="gaussian", draws=2)
    data = Data(name="file", path=str(tmp_path), side=8)
    text = assert_same(RunSpec(data=data, model=model, batch=16, device="cpu"), 3)
    assert ("resize((8, 8)" in text or "resize((8, 7)" in text or "resize((7, 8)" in text) == (kinds == "large")
    assert ("[values] * 3" in text) == ("I" in kinds.split())


@pytest.mark.parametrize("colour", [False, True])
def test_deep_pictures_that_a_look_at_some_does_not_find_are_rounded(tmp_path: Path, colour: bool) -> None:
    """Of 200 pictures every fourth is looked at."""
    for i, picture in enumerate(grey(200, 4, 4, 3)):
        image = Image.fromarray(picture) if colour else Image.fromarray(picture[:, :, 0])
        if i % 4 == 1:
            image = Image.fromarray(picture[:, :, 0].astype(np.uint16) * 200)
        image.save(tmp_path / f"{i:03}.png")
    text = assert_same(spec(tmp_path), 4)
    assert "rint" in text
    assert ("[values] * 3" in text) == colour


def test_the_script_finds_a_file_named_from_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ("csv.gzip.os.F. " * 12) / "quo\"te's and \u00e9"
    folder.mkdir(parents=True)
    file = npy(folder, numbers(COUNT, 3))
    monkeypatch.chdir(tmp_path)
    text = assert_same(spec(file.relative_to(tmp_path)), 3)
    monkeypatch.chdir("/")
    assert len(execute(text)["step"]) == 3
    monkeypatch.setenv("HOME", str(folder))
    assert_same(spec("~/data.npy"), 3)


def test_paths_of_windows_are_written_raw() -> None:
    assert code._path(r"C:\data\new.npy") == [r'DATA = Path(r"C:\data\new.npy")']
    for odd in ("C:\\data\\", 'say "no"\\', "tab\tand\\"):
        line = code._path(odd)[0]
        assert eval(line.removeprefix("DATA = Path")) == odd
        assert eval(literal(odd)) == odd


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        script(spec(tmp_path / "none.npy"))
    with pytest.raises(DataError, match="needs a path"):
        script(spec(""))
    with pytest.raises(DataError, match="unknown"):
        script(RunSpec(data=Data(name="mnist")))
    with pytest.raises(SpecError, match="Bernoulli needs values"):
        script(spec(npy(tmp_path, numbers(COUNT, 3)), "none", runs.vae()))
