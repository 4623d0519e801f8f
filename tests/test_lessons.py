"""The file format of lessons: what is read comes out as it was written, all else is one sentence, never a traceback."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guiapp.lessons import LARGEST, ChoiceCheck, LessonError, NumberCheck, lessons, parse, read
from guiapp.resources import resource

NUMBER = """+++
question = "How many?"
look = "Count them."
[show]
lab = "gaussian-kl"
params = { mu1 = 1.5 }
[check]
ask = "How many nats?"
kind = "number"
answer = 3.5
within = 0.25
unit = "nats"
why = "So it is."
+++
There are $n$ of them, see [another](lab:elbo-lab).
"""
CHOICE = """+++
question = "Which one?"
look = "Look."
[show]
preset = "vae-collapse"
view = "collapse"
[check]
ask = "Which?"
kind = "choice"
answer = 1
choices = ["this", "that"]
why = "That is it."
+++
That one.
"""


def front(**changed: str) -> str:
    """The lesson on a number with other lines."""
    lines = NUMBER.splitlines()
    for key, value in changed.items():
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{key} ="))
        lines[at] = f"{key} = {value}"
    return "\n".join(lines)


def test_a_lesson_on_a_number_is_read() -> None:
    lesson = parse("21-mine.md", NUMBER)
    assert (lesson.name, lesson.question, lesson.look) == ("21-mine", "How many?", "Count them.")
    assert (lesson.show.lab, lesson.show.params, lesson.show.preset) == ("gaussian-kl", {"mu1": 1.5}, "")
    assert lesson.check == NumberCheck("How many nats?", 3.5, 0.25, "So it is.", "nats")
    assert lesson.page.title == "How many?"
    assert [formula.tex for formula in lesson.page.formulas] == ["n"]
    assert [link.name for link in lesson.page.links] == ["elbo-lab"]


def test_a_lesson_on_a_choice_is_read() -> None:
    lesson = parse("x.md", CHOICE.replace("\n", "\r\n"))
    assert (lesson.show.preset, lesson.show.view) == ("vae-collapse", "collapse")
    assert lesson.check == ChoiceCheck("Which?", 1, ("this", "that"), "That is it.")


def test_the_twenty_are_read() -> None:
    found, complaints = lessons([resource("lessons")])
    assert not complaints
    assert [lesson.name[:2] for lesson in found] == [f"{number:02}" for number in range(1, 21)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "does not begin"),
        ("+++\n", "does not begin"),
        ("Text\n+++\n+++\n", "does not begin"),
        ("+++\nquestion\nlook = 1\n+++\nText", "line 2"),
        ("+++\n+++\nText", "question"),
        (NUMBER.replace("look", "lok"), "lok"),
        (NUMBER.replace("[check]", "[check]\nchoices = []"), "choices"),
        (front(question='""'), "question: "),
        (front(question='"  "'), "question: "),
        (front(answer='"many"'), "check.answer: Expected float, got str."),
        (front(answer="nan"), "finite"),
        (front(answer="1" * 400), "is broken"),
        (front(answer="1" * 5000), "is no TOML"),
        (front(within="0"), "above 0"),
        (front(within="inf"), "finite"),
        (front(kind='"essay"'), "essay"),
        (front(lab='""'), "either a lab or a preset"),
        (front(lab='"A lab"'), "'A lab' is no name"),
        (front(lab='"x"\npreset = "vae-fashion"'), "either a lab or a preset"),
        (front(lab='"x"\nview = "losses"'), "a view goes with a preset"),
        (CHOICE.replace("vae-collapse", "vae-elapsed"), "there is no preset 'vae-elapsed'"),
        (CHOICE.replace("view =", "params = {a = 1}\nview ="), "params go with a lab"),
        (CHOICE.replace("answer = 1", "answer = 2"), "answer is 2, and the last of the choices has the index 1"),
        (CHOICE.replace("answer = 1", "answer = -1"), "check.answer: "),
        (CHOICE.replace('["this", "that"]', '["this"]'), "check.choices: "),
        (NUMBER.replace("lab:elbo-lab", "elbo-lab"), "the link 'elbo-lab'"),
        (NUMBER.partition("There")[0], "has no text"),
        (front(params="[" * 5000), "is broken"),
    ],
)
def test_what_is_broken_is_named_in_one_sentence(text: str, said: str) -> None:
    with pytest.raises(LessonError) as refused:
        parse("03-broken.md", text)
    sentence = str(refused.value)
    assert "03-broken" in sentence
    assert said in sentence
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert len(sentence) < 400


def outcome(text: str) -> str:
    """The name of the lesson, or why it is none; any other exception is a failure."""
    try:
        return parse("some.md", text).name
    except LessonError as error:
        return str(error)


@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda b: b.decode("latin-1")))
def test_any_text_is_a_lesson_or_refused(text: str) -> None:
    for candidate in (text, f"+++\n{text}\n+++\nText", NUMBER.partition("There")[0] + text):
        assert "some" in outcome(candidate)


@given(st.integers(0, len(NUMBER) - 1), st.integers(0, 40), st.text(max_size=5))
def test_a_lesson_with_a_hole_is_a_lesson_or_refused(start: int, length: int, instead: str) -> None:
    assert "some" in outcome(NUMBER[:start] + instead + NUMBER[start + length :])


LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
WORDS = st.text(LETTERS, min_size=1, max_size=60).filter(str.strip)
JSON: st.SearchStrategy[Any] = st.dictionaries(st.from_regex("[a-z]{1,8}", fullmatch=True), st.integers(-9, 9) | WORDS)


@given(WORDS, WORDS, WORDS, JSON, st.floats(-1e9, 1e9), st.floats(1e-9, 1e9))
def test_what_is_written_is_read(
    question: str, look: str, why: str, params: dict[str, Any], answer: float, within: float
) -> None:
    def toml(value: object) -> str:  # a text of JSON is one of TOML, and a number too
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    table = ", ".join(f"{key} = {toml(value)}" for key, value in params.items())
    lesson = parse(
        "some.md",
        f"+++\nquestion = {toml(question)}\nlook = {toml(look)}\n[show]\nlab = 'x'\nparams = {{ {table} }}\n"
        f"[check]\nkind = 'number'\nask = '?'\nanswer = {answer!r}\nwithin = {within!r}\nwhy = {toml(why)}\n+++\nText",
    )
    assert (lesson.question, lesson.look) == (" ".join(question.split()), look)
    assert lesson.show.params == params
    assert lesson.check == NumberCheck("?", answer, within, why)


def test_a_later_folder_wins_where_it_can_be_read(tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder, files in (
        (ours, {"01-a.md": NUMBER, "02-b.md": NUMBER, "notes.txt": "no lesson"}),
        (theirs, {"02-b.md": CHOICE, "01-a.md": "broken", "03-c.md": CHOICE}),
    ):
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text)
    found, complaints = lessons([ours, theirs, tmp_path / "missing"])
    assert [(lesson.name, lesson.question) for lesson in found] == [
        ("01-a", "How many?"),
        ("02-b", "Which one?"),
        ("03-c", "Which one?"),
    ]
    assert len(complaints) == 1
    assert "01-a.md" in complaints[0]


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "01-folder.md").mkdir()
    (tmp_path / "02-bytes.md").write_bytes(b"\xff\xfe")
    (tmp_path / "03-large.md").write_text("x" * (LARGEST + 1))
    (tmp_path / "04-gone.md").symlink_to(tmp_path / "nowhere")
    (tmp_path / "My own.md").write_text(NUMBER)
    found, complaints = lessons([tmp_path])
    assert not found
    names = ("01", "02", "03", "04", "My own")
    assert all(name in said for name, said in zip(names, complaints, strict=True))


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such names or files")
def test_strange_files_are_named(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.md")).write_text(NUMBER)
    os.mkfifo(tmp_path / "21-pipe.md")
    found, complaints = lessons([tmp_path])
    assert not found
    assert len(complaints) == 2
    assert all(complaint.isprintable() for complaint in complaints)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "lessons").touch()
    found, complaints = lessons([tmp_path / "lessons"])
    assert (found, len(complaints)) == ((), 1)
    with pytest.raises(LessonError, match="cannot be read"):
        read(tmp_path / "missing.md")
