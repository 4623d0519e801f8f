"""Reading data while the window hears how far it is, and may think better of it."""

from __future__ import annotations

from collections import deque
from itertools import count
from pathlib import Path
from typing import Any
from weakref import ref

import numpy as np
import pytest
from PIL import Image

from guiapp import messages as m
from guiapp.data import images
from guiapp.data import loading as data_loading
from guiapp.data.raw import CancelledError
from guiapp.data.source import DataError, Rows, Table
from guiapp.engine import loading
from guiapp.engine.thumbnail import png
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited
from guiapp.spec import Data, RunSpec
from tests.engine import runs
from tests.engine.bench import Bench, benches

SPEC = runs.spec(runs.vae())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """100 small pictures in two classes, in colour."""
    for i in range(100):
        place = tmp_path / "pictures" / "ab"[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (6, 5), (i, 255 - i, 30)).save(place / f"{i}.png")
    return tmp_path / "pictures"


def spec_of(folder: Path) -> RunSpec:
    return RunSpec(data=Data(name="file", path=str(folder)), model=runs.vae(), batch=16, device="cpu")


def read(folder: Path, inbox: deque[m.Command], said: list[m.Event]) -> Any:
    clock = count()
    return loading.Shelf().read(7, Data(name="file", path=str(folder)), inbox, said.append, lambda: float(next(clock)))


def test_the_window_hears_how_far_it_is(folder: Path) -> None:
    said: list[m.Event] = []
    table = read(folder, deque(), said)
    assert table.shape == (5, 6, 3)
    found, known = said[:1], said[1:]
    assert found == [m.Loading(7, 100, 0)], "while it is looked whether they are known"
    assert known == [m.Loading(7, done, 100) for done in (*range(16, 100, 16), 100)]


def test_a_run_on_the_same_folder_does_not_decode_it_again(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.obey(m.Start(1, spec_of(folder), True))
    source = bench.trainer.source
    bench.obey(m.Start(2, SPEC, True))
    before = ref(source)
    del source  # nothing here holds it
    monkeypatch.setattr(images, "_read", lambda *_: pytest.fail("a picture was decoded again"))
    bench.obey(m.Start(3, spec_of(folder), True))
    assert bench.trainer.source is before(), "though another run came between"
    monkeypatch.undo()
    Image.new("RGB", (6, 5), (1, 2, 3)).save(folder / "a" / "0.png")
    bench.obey(m.Start(4, spec_of(folder), True))
    assert bench.trainer.source is not before(), "one picture is another"


@pytest.mark.parametrize("change", ["none", "values", "labels", "scale", "gone"])
def test_a_file_is_read_again_only_where_it_may_be_another(bench: Bench, tmp_path: Path, change: str) -> None:
    path, labels = tmp_path / "t-images-idx3-ubyte", tmp_path / "t-labels-idx1-ubyte"
    values = np.random.default_rng(0).integers(0, 255, (60, 4, 4), np.uint8)
    path.write_bytes(b"\0\0\x08\x03" + b"".join(n.to_bytes(4) for n in values.shape) + values.tobytes())
    labels.write_bytes(b"\0\0\x08\x01" + (60).to_bytes(4) + bytes(i % 2 for i in range(60)))
    bench.obey(m.Start(1, spec_of(path), True))
    source, spec = bench.trainer.source, spec_of(path)
    if change in ("values", "labels"):
        (path if change == "values" else labels).touch()
    elif change == "scale":
        spec = edited(spec, "data.scale", "unit")
    elif change == "gone":
        path.unlink()
    bench.obey(m.Start(2, spec, True))
    if change == "gone":
        assert "no such file" in bench.last(m.Refused).sentence
    else:
        assert (bench.trainer.source is source) == (change == "none")


def test_a_file_that_no_run_needs_any_more_does_not_stay_in_memory(bench: Bench, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((60, 16)))
    bench.obey(m.Start(1, spec_of(tmp_path / "a.npy"), True))
    held = ref(bench.trainer.source)
    bench.obey(m.Start(2, SPEC, True))
    assert held() is None


def test_what_is_read_at_once_is_not_worth_a_word(folder: Path) -> None:
    said: list[m.Event] = []
    loading.Shelf().read(7, Data(name="file", path=str(folder)), deque(), said.append, lambda: 0.0)
    assert said == []


@pytest.mark.parametrize("command", [m.Start(8, SPEC, True), m.Open(8, "there.elbo"), m.Quit()], ids=str)
def test_another_run_or_the_end_stops_it_and_is_obeyed_next(folder: Path, command: m.Command) -> None:
    inbox: deque[m.Command] = deque([m.Pull(frozenset()), command])
    said: list[m.Event] = []
    with pytest.raises(CancelledError) as caught:
        read(folder, inbox, said)
    assert str(caught.value) == ""
    assert list(inbox) == [m.Pull(frozenset()), command]
    assert said == []


def test_pause_stops_it_and_is_done_with_that(folder: Path) -> None:
    inbox: deque[m.Command] = deque([m.Pull(frozenset()), m.Pause(), m.Save("x")])
    with pytest.raises(CancelledError, match="was stopped at your wish"):
        read(folder, inbox, [])
    assert list(inbox) == [m.Pull(frozenset()), m.Save("x")], "a run that is under way is not paused by it"


@pytest.fixture
def bench(tmp_path: Path) -> Any:
    with benches(tmp_path / "runs") as (bench,):
        yield bench


def test_a_run_under_way_is_kept_when_reading_is_stopped(bench: Bench, folder: Path) -> None:
    bench.obey(m.Start(1, SPEC, True))
    bench.advance(3)
    bench.worker._inbox.append(m.Pause())
    bench.obey(m.Start(2, spec_of(folder), True))
    refused = bench.last(m.Refused)
    assert refused.key == 2
    assert str(folder) in refused.sentence
    bench.advance(3)
    assert bench.run.key == 1
    bench.worker._inbox.append(m.Start(3, SPEC, True))
    before = len(bench.said)
    bench.obey(m.Start(2, spec_of(folder), True))
    assert bench.said[before:] == [], "the next start speaks for itself"


def test_a_folder_in_colour_trains_is_pictured_and_gone_on_with(bench: Bench, folder: Path, tmp_path: Path) -> None:
    bench.obey(m.Start(1, spec_of(folder), True))
    started = next(event for event in bench.said if isinstance(event, m.Started))
    assert (started.shape, started.classes, started.data_count) == ((5, 6, 3), ("a", "b"), 90)
    bench.advance(20)
    picture = bench.pull(frozenset({"samples"})).pictures["samples"]
    assert picture["generated"].shape == (64, 5, 6, 3)
    thumbnail = png(bench.trainer)
    assert thumbnail.startswith(b"\x89PNG")
    bench.obey(m.Start(2, SPEC, False))
    bench.obey(m.Open(3, started.run_file))
    assert bench.trainer.step == 20
    bench.obey(m.Start(2, SPEC, False))
    bench.worker._inbox.append(m.Pause())
    bench.obey(m.Open(4, started.run_file))
    assert bench.last(m.Refused).key == 4


def test_a_fork_of_the_run_under_way_reads_nothing_anew(
    bench: Bench, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.obey(m.Start(1, spec_of(folder), True))
    bench.advance(5)
    source = bench.trainer.source
    monkeypatch.setattr(data_loading, "open_file", None)
    bench.obey(m.Open(2, bench.run_file.as_posix(), 4, bench.trainer.spec))
    assert bench.run.key == 2
    assert bench.trainer.source is source


@pytest.mark.parametrize("batch", [16, 65536])
def test_training_on_stored_rows_gives_the_same_weights(batch: int) -> None:
    rng = np.random.default_rng(0)
    stored = rng.integers(0, 256, (120, 30), np.uint8)
    scale = lambda values: values.astype(np.float32) / np.float32(255)  # noqa: E731
    held = runs.table(scale(stored[100:]), scale(stored[100:]))
    weights = []
    for train in (scale(stored)[:100], Rows(stored, np.arange(100), scale)):
        table = Table(**{**{name: getattr(held, name) for name in Table.__dataclass_fields__}, "train": train})
        run = Trainer(RunSpec(data=Data(name="file"), model=runs.vae(), batch=batch, device="cpu"), table)
        runs.train(run, 25)
        assert run.feed.dim == 30
        assert len(run.feed.train) == 100
        weights.append(run.weights())
    assert runs.equal(*weights)


@pytest.mark.parametrize("damage", ["cut", "broken", "one"])
def test_bad_data_are_refused_with_a_sentence(bench: Bench, folder: Path, damage: str) -> None:
    path = folder
    if damage == "broken":
        (folder / "b" / "61.png").write_bytes(b"no picture")
    elif damage == "one":
        for file in list(folder.rglob("*.png"))[1:]:
            file.unlink()
    else:
        path = folder.parent / "cut-images-idx3-ubyte"
        path.write_bytes(b"\0\0\x08\x03" + (70_000).to_bytes(4) + (28).to_bytes(4) * 2 + bytes(20_000_000))
    bench.obey(m.Start(1, spec_of(path), True))
    word = {
        "cut": "promises 54880016 bytes",
        "broken": "61.png: the image cannot be read (it is none of",
        "one": "at least 2",
    }[damage]
    assert word in bench.last(m.Refused).sentence


def test_an_unknown_name_is_still_refused() -> None:
    with pytest.raises(DataError):
        loading.Shelf().read(1, Data(name="nothing"), deque(), [].append)
