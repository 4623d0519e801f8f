"""Where an export goes: all of a file or none of it, and one sentence when it cannot be."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[float], None]  # told the fraction of one export that is done, 0 to 1


class ExportError(Exception):
    """What cannot be exported, or not there; one sentence that says what to do."""


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to. The file there takes the place of `path` at the end, and goes when it comes to
    no good end.

    Raises:
        OSError: it cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)  # of an export that was killed
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def require(package: str, what: str, extra: str, instead: str) -> None:
    """Import the optional `package`, or say how to get it and what works `instead`.

    Raises:
        ExportError: it is not installed.
    """
    try:
        importlib.import_module(package)
    except ImportError as error:
        remedy = f"; install it with pip install 'elboscope[{extra}]', or export {instead}."
        if getattr(sys, "frozen", False):
            remedy = f", which the packaged program does not hold; export {instead}."
        raise ExportError(f"{what} needs the package {package}{remedy}") from error
