"""Pages that explain a view or a lab: their file format, read without Qt.

A page is resources/explanations/NAME.md, Markdown with a front section:

    ---
    title: KL between two Gaussians
    forward: KL(p‖q) = {:.6g} nats
    ---
    Text with $inline$ and $$display$$ LaTeX, and [links](preset:gan-ring).

`title` is the heading. Every other line of the front names a live number and gives its sentence, with one {} or
{:format} in it; the sentences appear, as far as their numbers are known, below the first display formula. A link is
`set:PATH=VALUE` (a parameter of a run), `preset:NAME`, `view:NAME`, `lab:NAME`, or a web address.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import unquote

from guiapp import parameters
from guiapp.resources import resource
from guiapp.spec import Gan, RunSpec, SpecError, Vae

LinkKind = Literal["set", "preset", "view", "lab", "https"]
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
FORMULA: Final = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\\$])\$(?P<inline>[^$\n]+?)\$(?!\$)", re.DOTALL)
LINK: Final = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")


class PageError(ValueError):
    """A page that cannot be shown: one sentence naming the page and what is wrong with it."""


@dataclass(frozen=True)
class Formula:
    """LaTeX without its dollar signs; `display` stands on a line of its own."""

    tex: str
    display: bool


@dataclass(frozen=True)
class Link:
    """`set` has the parameter's path as `name`, and its `value`; the others a name or an address alone."""

    kind: LinkKind
    name: str
    value: str = ""


@dataclass(frozen=True)
class Page:
    """`body` holds Markdown and formulas in turn, as they follow each other; `numbers` the sentences by number."""

    name: str
    title: str
    numbers: Mapping[str, str]
    body: tuple[str | Formula, ...]
    links: tuple[Link, ...]

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """All formulas, in order."""
        return tuple(part for part in self.body if isinstance(part, Formula))

    def sentences(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """The sentences of those numbers that are in `values`, with the values put in."""
        shown = ((text, values[name]) for name, text in self.numbers.items() if name in values)
        return tuple(_typographic(text.format(value)) for text, value in shown)


def load_page(name: str) -> Page:
    """The page of the view or lab `name`.

    Raises:
        PageError: there is none, or it cannot be read or understood.
    """
    if not NAME.fullmatch(name):
        raise PageError(f"'{name}' is no name of an explanation.")
    try:
        text = resource(f"explanations/{name}.md").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PageError(f"The explanation '{name}' is missing or cannot be read; reinstall Elboscope.") from error
    return parse_page(name, text)


def parse_page(name: str, text: str) -> Page:
    """The page in `text`.

    Raises:
        PageError: no front section, a broken sentence of a number, or a link that leads nowhere.
    """
    front, body = _split(name, text)
    numbers = dict(front)
    title = numbers.pop("title", "")
    if not title or not body.strip():
        raise PageError(f"The explanation '{name}' has no {'text' if title else 'title'}.")
    for number, sentence in numbers.items():
        _check_sentence(name, number, sentence)
    links = []
    for target in LINK.findall(FORMULA.sub("", body)):
        try:
            links.append(parse_link(target))
        except ValueError as error:
            raise PageError(f"The explanation '{name}': {error}") from error
    return Page(name, title, numbers, _parts(body), tuple(links))


def parse_link(target: str) -> Link:
    """What `target` means.

    Raises:
        ValueError: it has none of the forms of a link, or sets what is no parameter, or to a value out of range.
    """
    kind, colon, rest = target.partition(":")
    if not colon or kind not in get_args(LinkKind):
        raise ValueError(f"the link '{target}' has none of the forms set:, preset:, view:, lab:, https:.")
    if kind == "https":
        if not rest.startswith("//"):
            raise ValueError(f"the link '{target}' is no web address.")
        return Link("https", target)
    if kind == "set":
        path, equals, value = unquote(rest).partition("=")
        if not equals:
            raise ValueError(f"the link '{target}' sets nothing; it needs PATH=VALUE.")
        _check_setting(path, value)
        return Link("set", path, value)
    if not NAME.fullmatch(rest):
        raise ValueError(f"the link '{target}' names nothing.")
    return Link("preset" if kind == "preset" else "view" if kind == "view" else "lab", rest)


def _split(name: str, text: str) -> tuple[list[tuple[str, str]], str]:
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0].strip() != "---" or "---" not in [line.strip() for line in lines[1:]]:
        raise PageError(f"The explanation '{name}' does not begin with a front section between lines of ---.")
    end = 1 + [line.strip() for line in lines[1:]].index("---")
    front = []
    for line in lines[1:end]:
        key, colon, value = line.partition(":")
        if not colon or not key.strip() or not value.strip():
            raise PageError(f"The explanation '{name}': the line '{line}' of its front section is not 'key: text'.")
        front.append((key.strip(), value.strip()))
    return front, "\n".join(lines[end + 1 :])


def _check_sentence(name: str, number: str, sentence: str) -> None:
    """One replacement field, without a name, that a float can be put into."""
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(sentence) if field is not None]
        sentence.format(0.5)
    except (ValueError, IndexError, KeyError, AttributeError) as error:
        raise PageError(f"The explanation '{name}': the number '{number}' cannot be put into '{sentence}'.") from error
    if fields != [""]:
        raise PageError(f"The explanation '{name}': '{sentence}' needs one {{}} for the number '{number}'.")


def _check_setting(path: str, value: str) -> None:
    """Some kind of model has the parameter, and it may take the value."""
    errors = []
    for model in (Vae(), Gan()):
        try:
            parameters.edited(RunSpec(model=model), path, value)
            return
        except SpecError as error:
            errors.append((path in parameters.flat(RunSpec(model=model)), str(error)))
    raise ValueError(max(errors)[1])


def _parts(body: str) -> tuple[str | Formula, ...]:
    parts: list[str | Formula] = []
    end = 0
    for match in FORMULA.finditer(body):
        parts.append(body[end : match.start()])
        tex = match["display"] or match["inline"]
        parts.append(Formula(" ".join(tex.split()), match["display"] is not None))
        end = match.end()
    parts.append(body[end:])
    return tuple(part for part in parts if part)


def _typographic(text: str) -> str:
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)
