"""Deleting runs, bringing them back, importing and exporting them: no run is lost, and no other file either."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from guiapp.engine.recorder import Recorder
from guiapp.run_file import RunFileError, read_run, read_summary
from guiapp.runs.files import CancelledError, LibraryError, copy, go_on
from guiapp.runs.library import Library
from tests.gui.library.folder import by_name, many, vae_run

NOW = datetime(2026, 11, 22, 14, 5, tzinfo=UTC)


# ---------------------------------------------------------------------------------------- deleting and bringing back


def test_removed_runs_come_back_whole(folder: Path) -> None:
    paths = many(folder, 3)
    library = Library(folder)
    library.refresh()
    contents = [path.read_bytes() for path in paths]
    removal = library.remove(paths[:2], NOW)
    assert removal.refused == ()
    assert [path for path, _ in removal.moved] == paths[:2]
    assert sorted(by_name(library.refresh())) == ["run 2.elbo"]
    assert removal.undo() == ()
    assert [path.read_bytes() for path in paths] == contents
    assert len(library.refresh()) == 3
    assert list((folder / "removed").iterdir()) == []
    assert removal.undo() != (), "only once"


def test_the_log_of_a_run_that_was_cut_off_goes_with_it(folder: Path, tmp_path: Path, live: Recorder) -> None:
    for suffix in ("", "-wal"):  # as a killed trainer leaves it
        (tmp_path / "killed").mkdir(exist_ok=True)
        shutil.copyfile(f"{live.path}{suffix}", tmp_path / "killed" / f"a.elbo{suffix}")
    path = tmp_path / "killed" / "a.elbo"
    removal = Library(path.parent).remove([path], NOW)
    assert not Path(f"{path}-wal").exists()
    assert read_summary(removal.moved[0][1]).step == 5
    assert removal.undo() == ()
    assert read_summary(path).step == 5


def test_a_name_that_was_given_again_gets_a_number(folder: Path) -> None:
    (path,) = many(folder, 1)
    removal = Library(folder).remove([path], NOW)
    path.write_bytes(b"another")
    assert removal.undo() == ()
    assert path.read_bytes() == b"another"
    assert read_summary(folder / "run 0 2.elbo").title == "Run number 0"


def test_what_cannot_be_removed_is_told_and_stays(folder: Path, live: Recorder, tmp_path: Path) -> None:
    outside = vae_run(tmp_path / "elsewhere" / "b.elbo")
    here = vae_run(folder / "a.elbo")
    removal = Library(folder).remove([live.path, folder / "gone.elbo", outside, here], NOW)
    assert [path for path, _ in removal.moved] == [here]
    training, gone, elsewhere = removal.refused
    assert "live.elbo is being trained" in training
    assert "gone.elbo has gone already" in gone
    assert "is not in the library" in elsewhere
    assert live.path.exists()
    assert outside.exists()


def test_an_unwritable_folder_is_told(folder: Path) -> None:
    (path,) = many(folder, 1)
    (folder / "removed").write_text("in the way")
    removal = Library(folder).remove([path], NOW)
    assert path.exists()
    assert "run 0.elbo could not be deleted" in removal.refused[0]


def test_what_was_removed_is_deleted_after_a_week(folder: Path) -> None:
    paths = many(folder, 3)
    library = Library(folder)
    removal = library.remove(paths[:2], NOW)
    library.remove(paths[2:], NOW + timedelta(days=2))
    foreign = folder / "removed" / "keep me"
    foreign.mkdir()
    (foreign / "x.elbo").write_text("x")
    assert library.purge(NOW - timedelta(days=4000)) == 0, "a clock in the past"
    assert library.purge(NOW + timedelta(days=7)) == 0
    assert library.purge(NOW + timedelta(days=7, seconds=1)) == 2
    assert not removal.moved[0][1].parent.exists()
    assert "could not be brought back" in removal.undo()[0]
    assert library.purge(NOW + timedelta(days=99)) == 1
    assert (foreign / "x.elbo").exists()


# ----------------------------------------------------------------------------------------------------------- copying


def whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_imported_run_is_the_same_under_its_own_name(folder: Path, tmp_path: Path) -> None:
    path = vae_run(tmp_path / "from" / "β.elbo", 9)
    library = Library(folder)
    first, second = library.add(path), library.add(path)
    assert [first.name, second.name] == ["β.elbo", "β 2.elbo"]
    assert np.array_equal(read_run(second).rows, read_run(path).rows, equal_nan=True)
    assert whole(first)
    assert sorted(by_name(library.refresh())) == ["β 2.elbo", "β.elbo"]
    assert sorted(item.name for item in folder.iterdir()) == ["index.sqlite", "β 2.elbo", "β.elbo"]


def test_a_run_under_way_is_imported_with_its_log(folder: Path, live: Recorder, tmp_path: Path) -> None:
    copy = Library(tmp_path / "other").add(live.path)
    assert read_summary(copy).step == 5
    assert not Path(f"{copy}-wal").exists()
    with pytest.raises(LibraryError, match="in the library already"):
        Library(folder).add(live.path)


@pytest.mark.parametrize("content", [b"", b"plain text"])
def test_what_is_no_run_is_not_imported(folder: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.elbo"
    path.write_bytes(content)
    with pytest.raises(RunFileError, match=r"a\.elbo"):
        Library(folder).add(path)
    assert not folder.exists()


def test_a_copy_can_be_stopped_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    path = vae_run(tmp_path / "a.elbo")
    with pytest.raises(CancelledError):
        Library(folder).add(path, lambda _done, _all: False)
    assert list(folder.iterdir()) == []


def test_a_copy_is_not_mixed_with_the_log_of_a_run_that_was_cut_off(folder: Path, live: Recorder) -> None:
    path, cut = vae_run(folder / "a.elbo", 9), folder / "cut.elbo"
    for suffix in ("", "-wal"):  # as a killed trainer leaves it
        shutil.copyfile(f"{live.path}{suffix}", f"{cut}{suffix}")
    copy(path, cut, go_on)
    assert not Path(f"{cut}-wal").exists()
    assert read_summary(cut).step == 9
    assert whole(cut)


def test_import_into_a_folder_that_cannot_be(tmp_path: Path) -> None:
    path = vae_run(tmp_path / "a.elbo")
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="cannot be made"):
        Library(tmp_path / "file" / "runs").add(path)


def test_export_copies_and_destroys_nothing_else(folder: Path, live: Recorder, tmp_path: Path) -> None:
    path, library = vae_run(folder / "a.elbo"), Library(folder)
    target = tmp_path / "out.elbo"
    library.export(path, target)
    assert read_summary(target).id == read_summary(path).id
    library.export(live.path, target)
    assert read_summary(target).step == 5
    letter = tmp_path / "letter.txt"
    letter.write_text("dear")
    for where, why in ((letter, "no run file"), (path, "is the run itself"), (live.path, "being trained")):
        with pytest.raises(LibraryError, match=why):
            library.export(path, where)
    assert letter.read_text() == "dear"
    with pytest.raises(LibraryError, match=r"a\.elbo could not be copied"):
        library.export(path, tmp_path / "nowhere" / "b.elbo")
