"""The library lists what is in its folder, whatever that is, keeps its index to itself, and loses no run."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from guiapp.engine.recorder import Recorder
from guiapp.run_file import RunFileError, read_run, read_summary
from guiapp.runs import library as libraries
from guiapp.runs.files import LibraryError
from guiapp.runs.library import Entry, Library, default_folder
from guiapp.runs.search import matching
from tests.gui.library.folder import by_name, gan_run, happened, many, said_of, vae_run

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


def only(entries: list[Entry]) -> Entry:
    (entry,) = entries
    return entry


# --------------------------------------------------------------------------------------------------------- listing


def test_the_folder_is_where_the_platform_keeps_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "elboscope" / "runs"


def test_an_entry_says_what_the_file_says(folder: Path) -> None:
    path = vae_run(folder / "a.elbo", 7, beta=4.0)
    said_of(path, title="My run", notes="two\nlines", tags=["x", "y"], created="2026-11-22T14:05:00+01:00")
    said_of(path, parent="feed", parent_step="3")
    entry, summary = only(Library(folder).refresh()), read_summary(path)
    assert (entry.path, entry.title, entry.notes, entry.tags) == (path, "My run", "two\nlines", ("x", "y"))
    assert (entry.model, entry.data, entry.spec) == ("VAE", "Handwritten digits 8 x 8", summary.spec)
    assert (entry.step, entry.state, entry.parent, entry.parent_step) == (7, "ended", "feed", 3)
    assert entry.when == datetime(2026, 11, 22, 13, 5, tzinfo=UTC).timestamp()
    assert entry.size == path.stat().st_size
    last = dict(zip(read_run(path).names, read_run(path).rows[-1].tolist(), strict=True))
    assert entry.figures == {name: last[name] for name in ("loss", "reconstruction", "kl", "elbo", "beta")}
    assert Library(folder).thumbnail(entry) == summary.thumbnail
    assert summary.thumbnail.startswith(b"\x89PNG")


def test_nothing_is_opened_when_the_index_knows_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    many(folder, 4)
    assert Library(folder).entries() == [], "never read so far"
    before = Library(folder).refresh()
    monkeypatch.setattr(libraries, "read_summary", lambda path: pytest.fail(f"{path} was opened"))
    again = Library(folder)
    assert by_name(again.entries()) == by_name(before) == by_name(again.refresh())
    assert all(again.thumbnail(entry) for entry in before)


def test_only_what_changed_is_read_again(folder: Path) -> None:
    paths = many(folder, 4)
    library = Library(folder)
    library.refresh()
    said_of(paths[2], title="Other")
    read: list[int] = []
    entries = library.refresh(lambda _done, count: bool(read.append(count)) or True)
    assert read == [1]
    assert by_name(entries)["run 2.elbo"].title == "Other"


def test_a_run_under_way_grows_in_its_log(folder: Path, live: Recorder) -> None:
    library = Library(folder)
    first = only(library.refresh())
    assert (first.step, first.state) == (5, "training")
    stamp = live.path.stat().st_mtime_ns
    live.add(np.zeros((3, len(read_run(live.path).names)), np.float32))
    assert live.path.stat().st_mtime_ns == stamp, "its main part stays as it is"
    later = only(library.refresh())
    assert (later.step, later.size > first.size) == (8, True)
    assert only(Library(folder).entries()).state == "training"


def test_a_run_cut_off_is_interrupted_and_its_lock_file_means_nothing(folder: Path, live: Recorder) -> None:
    live.abandon()
    Path(f"{live.path}.lock").touch()
    assert only(Library(folder).refresh()).state == "interrupted"
    assert read_summary(live.path).step == 5


def test_a_run_that_its_trainer_has_yet_to_fill_is_left_out(folder: Path, live: Recorder) -> None:
    shutil.copyfile(f"{live.path}.lock", folder / "new.elbo")  # empty
    (folder / "new.elbo.lock").touch()
    assert [entry.path.name for entry in Library(folder).refresh()] == ["live.elbo"]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\0" + bytes(4000)])
def test_a_damaged_file_is_listed_with_what_is_wrong(folder: Path, content: bytes) -> None:
    folder.mkdir()
    path = folder / "hurt.elbo"
    path.write_bytes(content)
    library = Library(folder)
    entry = only(library.refresh())
    assert (entry.state, entry.title, entry.spec) == ("damaged", "hurt", None)
    assert "hurt.elbo" in entry.trouble
    assert library.thumbnail(entry) == b""
    assert library.remove([path]).refused == ()


def test_a_damaged_file_is_tried_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vae_run(folder / "a.elbo")
    library = Library(folder)
    with monkeypatch.context() as patch:
        patch.setattr(libraries, "read_summary", lambda path: (_ for _ in ()).throw(RunFileError("no right to read")))
        assert only(library.refresh()).state == "damaged"
    assert only(library.refresh()).state == "ended"


def test_other_files_are_no_runs(folder: Path) -> None:
    many(folder, 1)
    (folder / "notes.txt").write_text("x")
    (folder / "a.elbo.part").write_text("x")
    (folder / "folder.elbo").mkdir()
    (folder / "dangling.elbo").symlink_to(folder / "nowhere")
    assert [entry.path.name for entry in Library(folder).refresh()] == ["run 0.elbo"]


def test_a_missing_folder_is_an_empty_library_and_stays_missing(folder: Path) -> None:
    library = Library(folder)
    assert library.entries() == library.refresh() == []
    assert library.purge() == 0
    assert not folder.exists()


def test_a_folder_that_cannot_be_read_is_named(folder: Path) -> None:
    folder.write_text("a file")
    for ask in (Library(folder).entries, Library(folder).refresh):
        with pytest.raises(LibraryError, match=r"runs, cannot be read: Not a directory\."):
            ask()


def test_without_an_index_the_library_works_all_the_same(folder: Path) -> None:
    many(folder, 2)
    (folder / "index.sqlite").mkdir()  # cannot be written, as in a folder that is read-only
    library = Library(folder)
    entries = library.refresh()
    assert len(entries) == len(library.entries()) == 2
    assert all(library.thumbnail(entry) for entry in entries)


@pytest.mark.parametrize("content", [b"", b"garbage" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_index_is_made_anew(folder: Path, content: bytes) -> None:
    many(folder, 2)
    before = by_name(Library(folder).refresh())
    (folder / "index.sqlite").write_bytes(content)
    assert Library(folder).entries() == []
    assert by_name(Library(folder).refresh()) == before
    assert by_name(Library(folder).entries()) == before


@pytest.mark.parametrize("change", ["PRAGMA user_version = 7", "UPDATE run SET record = x'93'", "DROP TABLE run"])
def test_an_index_that_says_something_else_is_read_anew(folder: Path, change: str) -> None:
    many(folder, 2)
    before = by_name(Library(folder).refresh())
    with closing(sqlite3.connect(folder / "index.sqlite")) as db, db:
        db.execute(change)
    assert Library(folder).entries() == []
    assert by_name(Library(folder).refresh()) == before
    assert by_name(Library(folder).entries()) == before


def test_a_file_that_vanished_is_gone_at_once(folder: Path) -> None:
    paths = many(folder, 3)
    library = Library(folder)
    entries = by_name(library.refresh())
    paths[1].unlink()
    assert sorted(by_name(library.entries())) == ["run 0.elbo", "run 2.elbo"]
    assert library.thumbnail(entries["run 1.elbo"])[:4] == b"\x89PNG", "the index still has it"
    library.refresh()
    assert library.thumbnail(entries["run 1.elbo"]) == b""


def test_a_file_that_vanishes_while_it_is_read(folder: Path) -> None:
    paths = many(folder, 3)

    def progress(done: int, _count: int) -> bool:
        if done == 0:
            for path in paths[:2]:
                path.unlink()
        return True

    assert len(Library(folder).refresh(progress)) == 1


def test_reading_can_be_stopped_and_goes_on_later(folder: Path) -> None:
    many(folder, 5)
    assert len(Library(folder).refresh(lambda done, _count: done < 2)) == 2
    counts: set[int] = set()
    assert len(Library(folder).refresh(lambda _done, count: bool(counts.add(count)) or True)) == 5
    assert counts == {3}


def test_names_of_every_kind(folder: Path) -> None:
    path = vae_run(folder / "вариант 変分 β.elbo")
    odd = folder / os.fsdecode(b"latin \xe9.elbo")
    shutil.copyfile(path, odd)
    said_of(odd, title="")
    entries = by_name(Library(folder).refresh())
    assert set(entries) == {path.name, odd.name}
    assert entries[odd.name].title == "latin ?"
    assert by_name(Library(folder).entries()) == entries
    assert len(Library(folder).remove([path, odd]).moved) == 2


def test_a_file_of_schema_1(folder: Path) -> None:
    path = vae_run(folder / "old.elbo", 6)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE picture")
        db.execute("DELETE FROM meta WHERE key IN ('id', 'created', 'title', 'summary', 'ended')")
        db.execute("PRAGMA user_version = 1")
    library = Library(folder)
    entry = only(library.refresh())
    assert (entry.title, entry.step, entry.figures, entry.state) == ("old", 6, {}, "ended")
    assert entry.when == path.stat().st_mtime_ns / 1e9
    assert library.thumbnail(entry) == b""


@pytest.mark.parametrize(
    "meta",
    [
        {"tags": '["\\ud800"]'},
        {"summary": '{"seconds": NaN, "figures": {"elbo": Infinity, "\\udfff": 1}}'},
        {"parent_step": "9" * 40},
        {"created": "9999-12-31T23:59:59-12:00"},
        {"created": "0001-01-01T00:00:00+12:00"},
        {"created": "yesterday"},
        {"title": "<b>&amp;\0"},
    ],
)
def test_odd_words_in_a_file_do_no_harm(folder: Path, meta: dict[str, str]) -> None:
    said_of(vae_run(folder / "a.elbo"), **meta)
    entry = only(Library(folder).refresh())
    assert entry.state == "ended"
    assert repr(only(Library(folder).entries())) == repr(entry)  # NaN is not itself
    assert datetime.fromtimestamp(entry.when).astimezone().year >= 1970


# -------------------------------------------------------------------------------------------------------- searching


def test_search_finds_words_and_values(folder: Path) -> None:
    said_of(vae_run(folder / "a.elbo", beta=4.0), title="Collapse?", notes="dims DIE", tags=["Lecture 3"])
    vae_run(folder / "b.elbo", beta=40.0)
    gan_run(folder / "c.elbo")
    edits = ((2, "edit", {"path": "model.beta", "old": 1.0, "new": 6.0}), (3, "edit", {"path": "a", "new": [None, {}]}))
    happened(vae_run(folder / "d.elbo"), *edits)
    entries = [entry for entry in Library(folder).refresh() if entry.path.stem != "d"]
    assert [e.path.stem for e in Library(folder).refresh() if matching("β=6")(e.text)] == ["d"], "what it was edited to"

    def found(query: str) -> str:
        return "".join(sorted(e.path.stem for e in entries if matching(query)(e.text)))

    assert found("") == found("  ") == "abc"
    assert found("collapse") == found("die lecture") == found("COLLAPSE? vae") == "a"
    assert found("ring") == found("gan") == "c"
    assert found("β=4") == found("beta:4") == found("model.beta=4.0") == found("beta=4e0") == "a"
    assert found("β=40") == "b"
    assert found("latent=2") == "ab"
    assert found("hidden=16,16") == "abc"
    assert found("objective=non-sat") == "c"
    assert found("lr=1e-3") == found("optimiser.lr:0.001") == "abc"
    assert found("β=") == found("model.beta") == "ab"
    assert found("lr=1") == found("β=5") == found("nothing") == ""


def test_events_are_read_without_the_curves(folder: Path) -> None:
    from guiapp.run_file import read_events

    path = happened(vae_run(folder / "a.elbo"), (3, "edit", {"path": "model.beta", "old": 1.0, "new": 2.0}))
    assert read_events(path) == read_run(path).events
    assert json.dumps(dict(read_events(path)[-1].detail)) == '{"path": "model.beta", "old": 1.0, "new": 2.0}'
