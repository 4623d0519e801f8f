"""What the window remembers from one start to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct
from platformdirs import user_config_path

RECENT: Final = 10
BUDGET: Final = (16, 65536)  # MB
Progress = Literal["seen", "answered"]


class Layout(Struct, frozen=True):
    """How the docks of an arrangement were left: Qt's state in base64, which were open, and how wide and high those
    were that could be seen."""

    state: str
    open: tuple[str, ...]
    sizes: dict[str, tuple[int, int]] = {}


class Settings(Struct, frozen=True):
    """Geometry and outer docks (base64 of Qt's own format), and each arrangement as it was left; the theme;
    files opened lately (newest first). At the start: the preset, or with `reopen` the run `last_run`. `runs`: the
    folder of the run files, empty where it is the platform's; `keyframes_mb`: room for the keyframes of each.
    `lessons`: by name those that were opened, or whose check was answered rightly. Fields of another version are
    skipped."""

    geometry: str = ""
    docks: str = ""
    layouts: dict[str, Layout] = {}  # msgspec gives each its own
    library: str = ""  # size and columns of the window of all runs
    preset: str = ""
    reopen: bool = False
    last_run: str = ""
    runs: str = ""
    keyframes_mb: Annotated[int, Meta(ge=BUDGET[0], le=BUDGET[1])] = 256
    theme: Literal["system", "light", "dark"] = "system"
    recent: Annotated[tuple[str, ...], Meta(max_length=1000)] = ()
    lessons: dict[str, Progress] = {}

    def opened(self, path: str) -> Settings:
        """These settings with `path` as the newest of at most `RECENT` files."""
        recent = (path, *(other for other in self.recent if other != path))
        return msgspec.structs.replace(self, recent=recent[:RECENT])

    def learned(self, lessons: Mapping[str, Progress]) -> Settings:
        """These settings with the progress in `lessons`; what has been answered stays so."""
        merged = {**self.lessons, **{name: state for name, state in lessons.items() if state == "answered"}}
        return msgspec.structs.replace(self, lessons={**lessons, **merged})

    def renewed(self, path: Path) -> Settings:
        """The settings in `path`, which another window may have changed meanwhile, with the files opened and the
        lessons learned here; these where there is nothing that can be read."""
        try:
            saved = msgspec.json.decode(path.read_bytes(), type=Settings)
        except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError):
            return self
        for recent in reversed(self.recent):
            saved = saved.opened(recent)
        return saved.learned(self.lessons)

    def save(self, path: Path) -> str | None:
        """Write to `path`, whole or not at all. Gives a sentence if that was not possible: no reason to stop."""
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.format(msgspec.json.encode(self), indent=2))
            part.replace(path)
        except (OSError, UnicodeError) as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            return f"The settings could not be saved in {path}: {_reason(error)}."
        return None


def default_path() -> Path:
    """Where the platform keeps the settings of a program."""
    return user_config_path("elboscope", appauthor=False) / "settings.json"


def load(path: Path) -> tuple[Settings, str | None]:
    """The settings in `path`, and a sentence if there is something to tell. Without a file they are new; a file that
    cannot be understood is set aside as *.broken."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Settings(), None
    except OSError as error:
        return (
            Settings(),
            f"The settings in {path} could not be read ({_reason(error)}); Elboscope starts with new ones.",
        )
    try:
        return msgspec.json.decode(text, type=Settings), None
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return Settings(), _set_aside(path, str(error))


def _set_aside(path: Path, why: str) -> str:
    broken = path.with_name(path.name + ".broken")
    try:
        path.replace(broken)
    except OSError as error:
        return f"The settings in {path} are damaged ({why}) and could not be set aside ({_reason(error)})."
    return f"The settings were damaged ({why}); they are set aside as {broken}, and Elboscope starts with new ones."


def _reason(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
