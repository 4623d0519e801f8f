"""The columns of the list of runs: what each shows of a run, and by what it sorts."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from PySide6.QtCore import QLocale

from guiapp.gui.panels.readouts import clock, thousands
from guiapp.runs.library import Entry

MINUS = "\u2212"
NONE = ""  # of a kind of run that has no such figure


@dataclass(frozen=True)
class Column:
    """`text` writes a run's value as it is read at the time given; `key` sorts, None comes last either way; `shown`: a
    person has to ask for the others. `width` in digits of the font."""

    title: str
    tip: str
    text: Callable[[Entry, datetime], str]
    key: Callable[[Entry], Any]
    width: int
    is_number: bool = False
    shown: bool = True


def figure(value: float) -> str:
    """Four significant digits, of what is very small or large two: 104.3, −0.6931, 12 340, 1.5e−05."""
    if not math.isfinite(value):
        return "–"
    if value and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.1e}".replace("-", MINUS)
    text = f"{value:#.4g}" if abs(value) < 1e3 else thousands(round(value))
    return text.rstrip(".").replace("-", MINUS)


def size(count: int) -> str:
    """Such as 1.2 MB."""
    return QLocale.c().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def when(seconds: float, now: datetime) -> str:
    """Local time: today 14:05, yesterday 9:30, 3 Nov 14:05, 3 Nov 2025."""
    time = local(seconds)
    if time is None:
        return "–"
    minute = f"{time.hour}:{time:%M}"
    if time.date() == now.date():
        return f"today {minute}"
    if time.date() == now.date() - timedelta(days=1):
        return f"yesterday {minute}"
    day = f"{time.day} {time:%b}"
    return f"{day} {minute}" if time.year == now.year else f"{day} {time.year}"


def local(seconds: float) -> datetime | None:
    """Seconds since 1970 as a local time; None where no calendar has them."""
    try:
        return datetime.fromtimestamp(seconds).astimezone()
    except (ValueError, OverflowError, OSError):
        return None


def _figure(title: str, name: str, tip: str, sign: float = 1.0, shown: bool = True) -> Column:
    def key(entry: Entry) -> float | None:
        value = entry.figures.get(name)
        return None if value is None else sign * value

    def text(entry: Entry, _now: datetime) -> str:
        value = key(entry)
        return NONE if value is None else figure(value)

    return Column(title, tip, text, key, 9, True, shown)


COLUMNS: tuple[Column, ...] = (
    Column("Run", "What you called it", lambda e, _: e.title, lambda e: e.title.casefold(), 30),
    Column("Model", "Kind of model", lambda e, _: e.model, lambda e: e.model or None, 6),
    Column("Data", "The data set, or your file", lambda e, _: e.data, lambda e: e.data.casefold() or None, 16),
    Column(
        "Steps",
        "Training steps",
        lambda e, _: thousands(e.step) if e.model else NONE,
        lambda e: e.step,
        9,
        is_number=True,
    ),
    _figure(f"{MINUS}ELBO", "elbo", "VAE: the last loss without its weights, in nats per datum", -1.0),
    _figure("Reconstr.", "reconstruction", "VAE: the last reconstruction term, in nats per datum", shown=False),
    _figure("KL", "kl", "VAE: the last KL divergence from the prior, in nats per datum"),
    _figure("D loss", "d_loss", "GAN: the last loss of the discriminator, in nats"),
    _figure("G loss", "g_loss", "GAN: the last loss of the generator, in nats"),
    Column(
        "Time", "Time spent training", lambda e, _: clock(e.seconds) if e.model else NONE, lambda e: e.seconds, 9, True
    ),
    Column("When", "When the run began, in local time", lambda e, now: when(e.when, now), lambda e: e.when, 15, True),
    Column(
        "Tags",
        "Words that you gave it",
        lambda e, _: ", ".join(e.tags),
        lambda e: ", ".join(e.tags).casefold() or None,
        14,
        shown=False,
    ),
    Column("Size", "Size of the run file", lambda e, _: size(e.size), lambda e: e.size, 9, True),
    Column(
        "State",
        "training (or open in another window), paused, ended, interrupted (cut off; it can be gone on with) or damaged",
        lambda e, _: e.state,
        lambda e: e.state,
        11,
    ),
)
