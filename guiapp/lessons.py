"""Lessons: a question, a short answer, what shows it and a self-check. Their file format, read without Qt.

A lesson is a file NN-slug.md, TOML between two lines of +++ and then Markdown as in `explanations`:

    +++
    question = "Why can plain Monte Carlo not give p(x)?"
    look = "What to do and to watch for, in one or two sentences."
    [show]                       # a lab, or a preset
    lab = "monte-carlo"
    params = { dimension = 10 }  # what is not named has the lab's default
    # preset = "vae-collapse"
    # view = "collapse"          # raised once the preset has been chosen
    [check]
    ask = "How large is …?"
    kind = "number"              # or "choice"
    answer = 87.0                # of a choice: which of `choices` it is, from 0
    within = 0.5                 # a number only: what is accepted to either side
    unit = "nats"                # a number only
    # choices = ["below", "above"]
    why = "Why that is the answer."
    +++
    The short answer, with $formulas$.

The resources have one for each question of the course; in a folder of their own, teachers add others, or replace these
by files of the same name.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from guiapp import presets
from guiapp.explanations import NAME, Page, PageError, parse_page

LARGEST: Final = 256 * 1024  # bytes of a file: a page of text has about 3 thousand
FENCE: Final = "+++"

Words = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"\S")]


class LessonError(ValueError):
    """A lesson that cannot be used: one sentence naming its file and what is wrong with it."""


class Show(Struct, frozen=True, forbid_unknown_fields=True):
    """What a lesson sets up: a `lab` with `params`, or a `preset` with a `view` raised; exactly one of the two."""

    lab: str = ""
    params: dict[str, Any] = {}  # msgspec gives each its own
    preset: str = ""
    view: str = ""

    def __post_init__(self) -> None:
        if bool(self.lab) == bool(self.preset):
            raise ValueError("it needs either a lab or a preset")
        if self.view and self.lab:
            raise ValueError("a view goes with a preset, not with a lab")
        if self.params and self.preset:
            raise ValueError("params go with a lab, not with a preset")
        for name in filter(None, (self.lab, self.preset, self.view)):
            if not NAME.fullmatch(name):
                raise ValueError(f"'{name}' is no name of a lab, a preset or a view")
        if self.preset and self.preset not in presets.NAMES:
            raise ValueError(f"there is no preset '{self.preset}'")


class NumberCheck(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="number"):
    """A number to predict; whatever is at most `within` from `answer` is right."""

    ask: Words
    answer: float
    within: float
    why: Words
    unit: Annotated[str, Meta(max_length=40)] = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.answer) and math.isfinite(self.within)):
            raise ValueError("answer and within have to be finite")
        if self.within <= 0:
            raise ValueError("within has to be above 0: nobody types a number with all its digits")


class ChoiceCheck(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="choice"):
    """Several `choices`, of which the one at index `answer` is right."""

    ask: Words
    answer: Annotated[int, Meta(ge=0)]
    choices: Annotated[tuple[Words, ...], Meta(min_length=2, max_length=9)]
    why: Words

    def __post_init__(self) -> None:
        if self.answer >= len(self.choices):
            raise ValueError(f"answer is {self.answer}, and the last of the choices has the index {self.last}")

    @property
    def last(self) -> int:
        """The index of the last choice."""
        return len(self.choices) - 1


class Front(Struct, frozen=True, forbid_unknown_fields=True):
    """The TOML of a lesson."""

    question: Words
    look: Words
    show: Show
    check: NumberCheck | ChoiceCheck


class Lesson(Struct, frozen=True):
    """`name` is that of its file without the ending, under which progress is kept; `page` has the question as its title
    and the short answer as its text."""

    name: str
    question: str
    look: str
    show: Show
    check: NumberCheck | ChoiceCheck
    page: Page


def read(path: Path) -> Lesson:
    """The lesson in the file at `path`.

    Raises:
        LessonError: the file cannot be read, or is no lesson.
    """
    try:
        if path.stat().st_size > LARGEST or not path.is_file():
            raise LessonError(f"{_shown(path)} is no lesson: it is no file of at most {LARGEST // 1024} kB.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LessonError(f"The lesson {_shown(path)} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LessonError(f"The lesson {_shown(path)} is not in UTF-8; save it so.") from error
    return parse(path.name, text)


def parse(file: str, text: str) -> Lesson:
    """The lesson in `text`, the contents of the file named `file`.

    Raises:
        LessonError: it is none.
    """
    name = file.removesuffix(".md")
    if not NAME.fullmatch(name):
        raise LessonError(f"The lesson {_shown(Path(file))} needs a name of a-z, 0-9 and - alone, as 21-my-own.md.")
    front, body = _split(file, text)
    try:
        found = msgspec.convert(tomllib.loads(f"\n{front}"), Front)  # lines count as in the file
        question = " ".join(found.question.split())
        page = parse_page(name, f"---\ntitle: {question}\n---\n{body}")
    except tomllib.TOMLDecodeError as error:
        raise LessonError(f"The lesson {file} is broken: {error}.") from error
    except msgspec.ValidationError as error:
        raise LessonError(f"The lesson {file} is broken: {_where(str(error))}.") from error
    except PageError as error:
        raise LessonError(f"The text of the lesson {file} is broken. {error}") from error
    except (RecursionError, ValueError) as error:  # tables within tables, numbers of thousands of digits
        raise LessonError(f"The lesson {file} is broken: what is between its lines of {FENCE} is no TOML.") from error
    return Lesson(name, question, found.look, found.show, found.check, page)


def lessons(folders: Iterable[Path]) -> tuple[tuple[Lesson, ...], tuple[str, ...]]:
    """All lessons of `folders` in the order of their names, and a sentence for each file or folder that cannot be used.
    Of two with the same name the one of the later folder counts, if it can be read. A missing folder has none."""
    found: dict[str, Lesson] = {}
    complaints: list[str] = []
    for folder in folders:
        try:
            paths = sorted(path for path in folder.iterdir() if path.suffix == ".md") if folder.exists() else []
        except OSError as error:
            complaints.append(f"The folder of lessons {_shown(folder)} cannot be read: {error.strerror}.")
            continue
        for path in paths:
            try:
                lesson = read(path)
            except LessonError as error:
                complaints.append(str(error))
            else:
                found[lesson.name] = lesson
    return tuple(lesson for _, lesson in sorted(found.items())), tuple(complaints)


def _split(file: str, text: str) -> tuple[str, str]:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    fences = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    if len(fences) < 2 or fences[0] != 0:
        raise LessonError(f"The lesson {file} does not begin with a section between two lines of {FENCE}.")
    return "\n".join(lines[1 : fences[1]]), "\n".join(lines[fences[1] + 1 :])


def _where(error: str) -> str:
    """What msgspec found, with the place in front: "Expected `str`, got `int` - at `$.check.ask`" is long to read."""
    what, _, place = error.partition(" - at `$.")
    what = what.replace("`", "").replace("$.", "")
    return f"{place.rstrip('`')}: {what}" if place else what


def _shown(path: Path) -> str:
    """The path as text that can be written down, whatever bytes its name has."""
    return str(path).encode("utf-8", "backslashreplace").decode()
