"""A lab, a preset or a run as a short text that restores it: `elboscope:FORMAT/VERSION/PAYLOAD`.

FORMAT is 1; VERSION is that of the Elboscope that wrote the text; PAYLOAD is JSON of UTF-8, compressed by zlib (RFC
1950, whose checksum finds what was damaged), in base64 without padding (RFC 4648, section 4; its alphabet has none of
the characters that chat programs take for emphasis). White space and quotation marks of e-mail inside the text do not
matter, nor does what stands before and after it. Reading makes plain values and checks them; it executes nothing.
"""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from guiapp import __version__, presets
from guiapp.spec import RunSpec

SCHEME: Final = "elboscope:"
SUFFIX: Final = ".elboscope"
FORMAT: Final = 1
MOST_TEXT: Final = 2 << 20  # characters that are looked at
MOST_JSON: Final = 1 << 20  # bytes that are unpacked: more than any lab has, and no decompression bomb

_TEXT: Final = re.compile(rf"{SCHEME}(\d{{1,6}})/(\d[\d.]{{0,30}})/([A-Za-z0-9+/]*)", re.IGNORECASE | re.ASCII)
# What e-mail and chat programs put in: spaces and breaks, ">" of a quotation, "=" of a soft break, invisible marks.
_PUT_IN: Final = re.compile("[\\s>=\u00ad\u200b-\u200f\u2060\ufeff]+")

Name = Annotated[str, Meta(max_length=64, pattern="^[a-z0-9-]*$")]


class SharingError(ValueError):
    """A text that restores nothing: one sentence that says why, and where there is one, what to do."""


class SharedLab(Struct, frozen=True, forbid_unknown_fields=True, tag="lab", tag_field="kind"):
    """The lab `lab` with `params`, its `Params` as plain values; what is not named has its default."""

    lab: Name
    params: dict[str, Any] = {}


class SharedPreset(Struct, frozen=True, forbid_unknown_fields=True, tag="preset", tag_field="kind"):
    """A preset of the program, with the view that is raised; "" for none."""

    preset: Name
    view: Name = ""


class SharedRun(Struct, frozen=True, forbid_unknown_fields=True, tag="run", tag_field="kind"):
    """A run of one's own parameters, with the view that is raised; "" for none. It starts at step 0."""

    spec: RunSpec
    view: Name = ""


Shared = SharedLab | SharedPreset | SharedRun


def of_run(spec: RunSpec, view: str = "") -> SharedPreset | SharedRun:
    """What to share of a run of `spec`: the preset that it equals, if there is one. What is personal stays behind: of a
    file of the sharer's the folder, and the accelerator of the sharer's machine."""
    equal = next((name for name in presets.NAMES if presets.load(name).spec == spec), "")
    if equal:
        return SharedPreset(equal, view)
    device = spec.device if spec.device == "cpu" else "auto"
    return SharedRun(msgspec.structs.replace(_without_folder(spec), device=device), view)


def text(shared: Shared) -> str:
    """The text that `read` makes `shared` of; some hundred characters.

    Raises:
        SharingError: it is too large.
    """
    packed = msgspec.json.encode(shared)
    if len(packed) > MOST_JSON:
        raise SharingError(f"This is too large to share: {len(packed)} bytes, of {MOST_JSON} at most.")
    payload = base64.b64encode(zlib.compress(packed, 9)).decode().rstrip("=")
    return f"{SCHEME}{FORMAT}/{__version__}/{payload}"


def is_link(text: str) -> bool:
    """Whether `text` is meant for `read`, whole or not."""
    return len(text) <= MOST_TEXT and SCHEME in text.lower()


def read(text: str) -> Shared:
    """What `text` stands for. The parameters of a run and the name of a preset are checked; those of a lab by the lab.

    Raises:
        SharingError: no such text, too long, cut off, damaged, of a newer Elboscope, or of values that cannot be.
    """
    number, _version, payload = _parts(text)
    if number != FORMAT:
        raise SharingError(f"This link is of a form that Elboscope {__version__} cannot read.{newer(text)}")
    try:
        shared: Shared = msgspec.json.decode(_unpacked(payload), type=Shared)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SharingError(f"This link does not fit Elboscope {__version__}: {error}.{newer(text)}") from error
    if isinstance(shared, SharedPreset) and shared.preset not in presets.NAMES:
        raise SharingError(f"Elboscope {__version__} has no preset “{shared.preset}”.{newer(text)}")
    if isinstance(shared, SharedRun):
        return msgspec.structs.replace(shared, spec=_without_folder(shared.spec))
    return shared


def newer(text: str) -> str:
    """A sentence, to go after another, that says which Elboscope is needed; "" where `text` is of none that is newer.

    Raises:
        SharingError: no such text.
    """
    number, version, _ = _parts(text)
    if number > FORMAT or _order(version) > _order(__version__):
        return f" It was made by Elboscope {version}: install that version or a newer one to open it."
    return ""


def write_file(shared: Shared, path: Path) -> None:
    """Keep `text(shared)` in the file at `path`, in place of what it held.

    Raises:
        SharingError: it cannot be written, or `shared` is too large.
    """
    try:
        path.write_text(f"{text(shared)}\n", encoding="ascii")
    except OSError as error:
        raise SharingError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error


def read_file(path: Path) -> str:
    """The text in the file at `path`, for `read`.

    Raises:
        SharingError: it cannot be read, or is too large.
    """
    try:
        with path.open("rb") as file:
            found = file.read(MOST_TEXT + 1)
    except OSError as error:
        raise SharingError(f"{path} cannot be read: {error.strerror}.") from error
    return _bounded(found.decode("utf-8", "replace"))


def _bounded(text: str) -> str:
    if len(text) > MOST_TEXT:
        raise SharingError("This is no Elboscope link: it is longer than any. Copy the link alone.")
    return text


def _parts(text: str) -> tuple[int, str, str]:
    """Number of the form, version of the writer, payload."""
    joined = _PUT_IN.sub("", _bounded(text))
    found = _TEXT.search(joined)
    if found is None:
        if is_link(joined):
            raise SharingError(f"This link is cut off or damaged after “{SCHEME}”. Copy all of it.")
        raise SharingError(f"This is no Elboscope link: one begins with “{SCHEME}”.")
    return int(found[1]), found[2], found[3]


def _unpacked(payload: str) -> bytes:
    """The JSON; what follows after its end was not part of the link."""
    whole = payload[: len(payload) - (len(payload) % 4 == 1)]  # a single character more holds no byte
    machine = zlib.decompressobj()
    try:
        found = machine.decompress(base64.b64decode(whole + "=" * (-len(whole) % 4)), MOST_JSON + 1)
    except (zlib.error, ValueError) as error:
        raise SharingError("This link is damaged: some of its characters are others. Copy it again.") from error
    if len(found) > MOST_JSON:
        raise SharingError(f"This link is refused: it holds more than the {MOST_JSON} bytes that one may hold.")
    if not machine.eof:
        raise SharingError("This link is cut off: its end is missing. Copy all of it.")
    return found


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version, re.ASCII))


def _without_folder(spec: RunSpec) -> RunSpec:
    """`spec` with the name of its file alone, of either system's paths."""
    name = re.split(r"[\\/]", spec.data.path.rstrip("\\/"))[-1]
    return msgspec.structs.replace(spec, data=msgspec.structs.replace(spec.data, path=name))
