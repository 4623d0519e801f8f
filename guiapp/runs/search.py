"""Finding runs by what a person types: words of the title, notes, tags, model and data, and values as `β=4`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from guiapp.data import DATASETS
from guiapp.parameters import MODELS, as_text, flat
from guiapp.spec import Data, RunSpec, to_builtins


def data_title(data: Data) -> str:
    """What a person calls the data set: its title, or the name of their file."""
    title = next((dataset.title for dataset in DATASETS if dataset.name == data.name), data.name)
    return Path(data.path).name or title


def searchable(words: Iterable[str], spec: RunSpec, edits: Iterable[tuple[str, Any]] = ()) -> str:
    """What a search looks through: `words`, the data, the model, and a line `path=value` for every parameter of `spec`
    and for the values that it was given by `edits` of the run."""
    titles = _titles(type(spec.model).__name__.lower())
    values = (*_leaves(to_builtins(spec), ""), *edits)
    lines = [*words, data_title(spec.data), type(spec.model).__name__, *_assignments(values, titles)]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines)).casefold()  # a slider leaves many edits


def matching(query: str) -> Callable[[str], bool]:
    """Whether a text of `searchable` has every word of `query`. `lr=0.001` and `lr:1e-3` ask for that value of a
    parameter, whose path may be given by its end and whose name may be its title."""
    terms = [_term(word) for word in query.casefold().split()]
    return lambda text: all(term(text) for term in terms)


def _term(word: str) -> Callable[[str], object]:
    asked = re.fullmatch(r"([^=:]+)[=:](.+)", word)
    try:
        name, value = asked.groups() if asked else ("", "")
        number = as_text(float(value))
    except ValueError:  # no number: its beginning is enough
        return lambda text: word in text or word.replace(":", "=") in text
    wanted = re.compile(rf"{re.escape(name)}[=:]({re.escape(value)}|{re.escape(number)})(?![\w.])")  # 4 is not 40
    return wanted.search


def _assignments(values: Iterable[tuple[str, Any]], titles: Mapping[str, str]) -> Iterator[str]:
    for path, value in values:
        text = as_text(tuple(value) if isinstance(value, list) else value).replace(" ", "")
        yield f"{path}={text}"
        if path in titles:
            yield f"{titles[path]}={text}"


def _leaves(node: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@cache
def _titles(model: str) -> Mapping[str, str]:
    """The titles of one word by path, such as β."""
    found = flat(RunSpec(model=MODELS[model]()))
    return MappingProxyType({path: p.title for path, p in found.items() if " " not in p.title and p.title != path})
