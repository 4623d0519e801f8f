"""Links: every one gives back what it was made of, and no text whatever does harm."""

from __future__ import annotations

import base64
import json
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp import __version__, presets
from guiapp.parameters import edited
from guiapp.sharing import (
    FORMAT,
    MOST_JSON,
    MOST_TEXT,
    Shared,
    SharedLab,
    SharedPreset,
    SharedRun,
    SharingError,
    is_link,
    newer,
    of_run,
    read,
    read_file,
    text,
    write_file,
)
from guiapp.spec import RunSpec

LAB = SharedLab("gaussian-kl", {"mu1": 1.5, "direction": "forward", "shown": ["a", "é"], "log": True, "none": None})
LINK = text(LAB)
RUN = SharedRun(edited(RunSpec(), "model.beta", "4"), "collapse")

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    # which has no code points that UTF-8 cannot hold
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


def packed(value: object, number: int = FORMAT, version: str = __version__) -> str:
    """A link of any JSON, made apart from the code that is tested."""
    payload = base64.b64encode(zlib.compress(json.dumps(value).encode())).decode().rstrip("=")
    return f"elboscope:{number}/{version}/{payload}"


def outcome(any_text: str) -> Shared | str:
    """What is read, or the sentence."""
    try:
        return read(any_text)
    except SharingError as error:
        return str(error)


# ------------------------------------------------------------------------------------------------------- there and back


@pytest.mark.parametrize("name", presets.NAMES)
def test_every_preset_comes_back(name: str) -> None:
    spec = presets.load(name).spec
    assert of_run(spec, "losses") == SharedPreset(name, "losses")
    assert read(text(SharedPreset(name, "losses"))) == SharedPreset(name, "losses")
    assert read(text(SharedRun(spec))) == SharedRun(spec)
    assert len(text(SharedRun(spec))) < 700


def test_a_run_of_ones_own_comes_back_with_its_view() -> None:
    assert of_run(RUN.spec, "collapse") == RUN
    assert read(text(RUN)) == RUN


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), plain, max_size=6))
def test_every_labs_parameters_come_back(params: dict[str, object]) -> None:
    shared = SharedLab("any-lab-2", params)
    assert read(text(shared)) == shared


def test_the_text_is_one_word_without_signs_that_chat_programs_take_for_emphasis() -> None:
    assert LINK.startswith(f"elboscope:{FORMAT}/{__version__}/")
    assert LINK.isascii()
    assert not set(LINK) & set(" \n\t_*~`|<>=")


def test_another_program_can_write_one() -> None:
    assert read(packed({"kind": "lab", "lab": "depth"})) == SharedLab("depth", {})


# -------------------------------------------------------------------------------------------- what messages do to texts


@pytest.mark.parametrize(
    "mangled",
    [
        f"  {LINK}\n",
        f"Look at this: {LINK} and tell me what you think.",
        f"<{LINK}>",
        f"“{LINK}”.",
        LINK.replace("elboscope", "ELBOSCOPE"),
        "\r\n".join(LINK[i : i + 40] for i in range(0, len(LINK), 40)),
        "\n".join(f"> {LINK[i : i + 30]}" for i in range(0, len(LINK), 30)),
        "=\n".join(LINK[i : i + 60] for i in range(0, len(LINK), 60)),
        "\u2028".join(LINK[i : i + 60] for i in range(0, len(LINK), 60)),
        "\u200b".join(LINK),
        f"> He wrote:\n> elboscope: no, wait\n> {LINK}\n\nThanks",
    ],
)
def test_what_stands_around_and_in_between_does_not_matter(mangled: str) -> None:
    assert is_link(mangled) or "\u200b" in mangled
    assert read(mangled) == LAB


@pytest.mark.parametrize("rest", ["a", "ab", "abc", "abcd", " have a look", "/more+"])
def test_words_that_run_into_the_end_are_left_out(rest: str) -> None:
    assert read(f"{LINK}{rest}") == LAB


# ------------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize("kept", range(len(LINK)))
def test_a_text_that_is_cut_off_says_so(kept: int) -> None:
    with pytest.raises(SharingError, match=r"cut off|no Elboscope link"):
        read(LINK[:kept])


@given(st.integers(0, len(LINK) - 1), st.characters())
def test_a_text_with_another_character_is_refused_or_means_the_same(place: int, new: str) -> None:
    found = outcome(LINK[:place] + new + LINK[place + 1 :])
    assert found == LAB or (isinstance(found, str) and found.endswith("."))


@given(st.text() | st.text().map(lambda rest: f"elboscope:1/0.1/{rest}"))
def test_any_text_is_refused_by_a_sentence(any_text: str) -> None:
    with pytest.raises(SharingError):
        read(any_text)


@given(
    plain | st.fixed_dictionaries({"kind": st.sampled_from(["lab", "preset", "run", 3])}, optional={"params": plain})
)
def test_any_json_is_refused_or_a_value(value: object) -> None:
    found = outcome(packed(value))
    assert isinstance(found, Shared) or "does not fit Elboscope" in found or "has no preset" in found


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(SharingError):
        read(f"elboscope:1/{__version__}/{base64.b64encode(zlib.compress(payload)).decode()}")


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ({"kind": "preset", "preset": "vae-none"}, "has no preset “vae-none”"),
        ({"kind": "preset", "preset": "../../etc/passwd"}, "does not fit"),
        ({"kind": "lab", "lab": "<b>lab</b>", "params": {}}, "does not fit"),
        ({"kind": "lab", "lab": "depth", "params": [1]}, "does not fit"),
        ({"kind": "lab", "lab": "depth", "more": 1}, "unknown field `more`"),
        ({"kind": "run", "spec": {"batch": 0}}, r"\$.spec.batch"),
        ({"kind": "run", "spec": {"model": {"kind": "vae", "beta": 1e300}}}, r"\$.spec.model.beta"),
        ({"kind": "game"}, "does not fit"),
        ("a" * 1000, "does not fit"),
    ],
)
def test_what_cannot_be_is_named(value: object, word: str) -> None:
    with pytest.raises(SharingError, match=word):
        read(packed(value))


def test_deep_nesting_is_refused() -> None:
    deep = b"[" * 100_000
    with pytest.raises(SharingError):
        read(f"elboscope:1/{__version__}/{base64.b64encode(zlib.compress(deep)).decode()}")


def test_a_decompression_bomb_is_given_up() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(50 << 20), 9)).decode()
    assert len(bomb) < MOST_TEXT
    with pytest.raises(SharingError, match=f"more than the {MOST_JSON} bytes"):
        read(f"elboscope:1/{__version__}/{bomb}")


def test_a_huge_text_is_not_looked_at() -> None:
    huge = LINK + " " * MOST_TEXT
    assert not is_link(huge)
    with pytest.raises(SharingError, match="longer than any"):
        read(huge)


def test_what_is_too_large_to_be_read_is_not_written() -> None:
    with pytest.raises(SharingError, match="too large"):
        text(SharedLab("sampling", {"nodes": "x" * MOST_JSON}))


# ------------------------------------------------------------------------------------------------------------- versions


def test_a_newer_form_says_which_elboscope_is_needed() -> None:
    with pytest.raises(SharingError, match=r"made by Elboscope 9\.2"):
        read(packed({"anything": 1}, FORMAT + 1, "9.2"))


@pytest.mark.parametrize("value", [{"kind": "preset", "preset": "diffusion"}, {"kind": "lab", "lab": "a", "zoom": 2}])
def test_what_a_newer_elboscope_has_more_says_which_is_needed(value: object) -> None:
    with pytest.raises(SharingError, match=r"made by Elboscope 12\.0\.1: install that"):
        read(packed(value, version="12.0.1"))
    with pytest.raises(SharingError) as same:
        read(packed(value))
    assert "install" not in str(same.value)


def test_a_newer_text_that_fits_is_read() -> None:
    link = packed({"kind": "lab", "lab": "depth"}, version="12.0")
    assert read(link) == SharedLab("depth")
    assert "12.0" in newer(link)
    assert newer(LINK) == newer(packed({}, version="0.0.9")) == ""


# ----------------------------------------------------------------------------------------------------- what is personal


@pytest.mark.parametrize("path", ["/home/anna/private/x.npz", r"C:\Users\Anna\x.npz", "x.npz", "~/x.npz", "/a/x.npz/"])
def test_the_folder_of_ones_own_file_stays_at_home(path: str) -> None:
    spec = edited(edited(RunSpec(), "data.name", "file"), "data.path", path)
    shared = of_run(spec)
    assert isinstance(shared, SharedRun)
    assert shared.spec.data.path == "x.npz"
    received = read(text(SharedRun(spec)))  # nor does a text of someone else's name a place on this machine
    assert isinstance(received, SharedRun)
    assert received.spec.data.path == "x.npz"


@pytest.mark.parametrize(("device", "shared"), [("cpu", "cpu"), ("cuda", "auto"), ("mps", "auto"), ("auto", "auto")])
def test_the_accelerator_is_left_to_the_receiver(device: str, shared: str) -> None:
    found = of_run(edited(RUN.spec, "device", device))
    assert isinstance(found, SharedRun)
    assert found.spec.device == shared


# ---------------------------------------------------------------------------------------------------------------- files


def test_a_file_holds_the_text(tmp_path: Path) -> None:
    path = tmp_path / "ünï.elboscope"
    write_file(RUN, path)
    assert path.read_text() == text(RUN) + "\n"
    assert read(read_file(path)) == RUN


def test_files_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SharingError, match=r"missing.*cannot be read"):
        read_file(tmp_path / "missing")
    with pytest.raises(SharingError, match="cannot be read"):
        read_file(tmp_path)
    with pytest.raises(SharingError, match="cannot be written"):
        write_file(RUN, tmp_path / "no folder" / "x")
    binary = tmp_path / "binary"
    binary.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(SharingError, match="no Elboscope link"):
        read(read_file(binary))
    binary.write_bytes(bytes(MOST_TEXT + 1))
    with pytest.raises(SharingError, match="longer than any"):
        read_file(binary)


def test_the_largest_drawing_fits() -> None:
    data = msgspec.structs.replace(RunSpec().data, name="drawn", drawing=("0.123 -0.456, " * 2857)[:40_000])
    shared = SharedRun(msgspec.structs.replace(RunSpec(), data=data))
    assert read(text(shared)) == shared
