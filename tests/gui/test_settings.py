"""Settings come back as they were saved; what cannot be read is set aside and named, never fatal."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.gui.settings import RECENT, Settings, default_path, load

SOME = Settings(geometry="AAA=", docks="BBB=", theme="dark", recent=("/a.csv", "/β.npz"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "settings.json"


def test_they_come_back_as_they_were(path: Path) -> None:
    assert SOME.save(path) is None
    assert load(path) == (SOME, None)
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"]


def test_renewed_they_are_as_another_window_left_them_with_the_files_opened_here(path: Path) -> None:
    assert SOME.renewed(path) == SOME, "there is no file"
    Settings(theme="light", reopen=True, recent=("/c.csv", "/a.csv")).save(path)
    recent = ("/a.csv", "/β.npz", "/c.csv")
    assert SOME.renewed(path) == Settings(theme="light", reopen=True, recent=recent)
    path.write_text("{")
    assert SOME.renewed(path) == SOME


def test_without_a_file_they_are_new(path: Path) -> None:
    assert load(path) == (Settings(), None)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"\xff\xfe", b"[]", b'{"theme": "pink"}', b'{"recent": 3}', b"[" * 100_000], ids=range(7)
)
def test_a_damaged_file_is_set_aside_and_named(path: Path, text: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(text)
    settings, complaint = load(path)
    broken = path.with_name("settings.json.broken")
    assert settings == Settings()
    assert complaint is not None
    assert str(broken) in complaint
    assert "\n" not in complaint
    assert broken.read_bytes() == text
    assert not path.exists()
    assert load(path) == (Settings(), None)


def test_a_damaged_file_that_cannot_be_moved_is_told(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"{")
    path.with_name("settings.json.broken").mkdir()
    settings, complaint = load(path)
    assert settings == Settings()
    assert complaint is not None
    assert "could not be set aside" in complaint


def test_a_file_that_cannot_be_read_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    settings, complaint = load(path)
    assert settings == Settings()
    assert complaint is not None
    assert str(path) in complaint


def test_fields_of_a_newer_version_are_skipped(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"theme": "dark", "hologram": true}')
    assert load(path) == (Settings(theme="dark"), None)


def test_saving_is_all_or_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SOME.save(path)

    def full(self: Path, _: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    complaint = Settings().save(path)
    assert complaint == f"The settings could not be saved in {path}: No space left on device."
    assert load(path) == (SOME, None)
    assert [p.name for p in path.parent.iterdir()] == ["settings.json"]


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    complaint = SOME.save(tmp_path / "file" / "settings.json")
    assert complaint is not None
    assert complaint.startswith("The settings could not be saved in ")


def test_a_file_name_that_is_not_unicode_is_told(path: Path) -> None:
    complaint = Settings().opened(os.fsdecode(b"/\xff.csv")).save(path)
    assert complaint is not None
    assert "could not be saved" in complaint


@given(st.lists(st.text("abc", max_size=2), max_size=40))
def test_recent_files_are_the_last_ones_each_once(paths: list[str]) -> None:
    settings = Settings()
    for path in paths:
        settings = settings.opened(path)
    assert list(settings.recent) == list(dict.fromkeys(reversed(paths)))[:RECENT]


def test_the_platform_says_where() -> None:
    path = default_path()
    assert path.name == "settings.json"
    assert path.parent.name == "elboscope"
    assert str(path).startswith(os.environ["XDG_CONFIG_HOME"]) or os.name != "posix"
