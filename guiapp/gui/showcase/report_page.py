"""The report of a run as one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from string import Template

from guiapp import __version__
from guiapp.gui.showcase import report_words as words
from guiapp.gui.showcase.past import Past
from guiapp.gui.showcase.reproduction import command_line
from guiapp.messages import Started
from guiapp.resources import resource


@dataclass(frozen=True, slots=True)
class Plate:
    """A picture with its caption and, for who cannot see it, what it shows; as PNG for light and for dark screens,
    `width` and `height` CSS pixels large."""

    caption: str
    alt: str
    light: bytes
    dark: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a page is made of. `last` are the pictures at the end of the run, `course` those over its time by the title
    of the view; `script` is the run as code; `remarks` say what is missing and why."""

    past: Past
    started: Started
    written: str
    last: Sequence[Plate] = ()
    course: Sequence[tuple[str, Sequence[Plate]]] = ()
    script: str = ""
    remarks: Sequence[str] = ()


def page(content: Content) -> str:
    """The page. All text of the run is escaped."""
    past, summary = content.past, content.past.summary
    template = Template(resource("report/page.html").read_text(encoding="utf-8"))
    facts = (f"<dt>{escape(word)}</dt><dd>{escape(text)}</dd>" for word, text in words.facts(past, content.started))
    return template.substitute(
        title=escape(summary.title),
        version=escape(__version__),
        written=escape(content.written),
        notes=f'<p class="notes">{escape(summary.notes)}</p>' if summary.notes else "",
        facts="\n".join(facts),
        figures=_section("At the end", _figures(past)),
        pictures=_section("Pictures", _remarks(content.remarks) + "\n".join(map(_figure, content.last))),
        course=_section("Over time", "\n".join(_strip(title, plates) for title, plates in content.course if plates)),
        events=_section("What happened", _events(past)),
        parameters=_section("Parameters", _parameters(past)),
        reproduction=_section("Train it again", _reproduction(past, content.script)),
    )


def _section(title: str, body: str) -> str:
    return f"<section>\n<h2>{title}</h2>\n{body}\n</section>" if body else ""


def _remarks(remarks: Iterable[str]) -> str:
    return "".join(f'<p class="quiet">{escape(remark)}</p>\n' for remark in remarks)


def _figures(past: Past) -> str:
    rows = [
        f'<tr><td>{escape(title)}</td><td class="number">{last}</td><td class="number">{mean}</td></tr>'
        for title, last, mean in words.figures(past)
    ]
    if not rows:
        return ""
    heads = ("", f"step {past.series.last:,}", f"mean of the last {min(words.AVERAGED, past.series.last)} steps")
    return _table(heads, rows, numbers=(1, 2))


def _figure(plate: Plate) -> str:
    light, dark = (f"data:image/png;base64,{_base64(data)}" for data in (plate.light, plate.dark))
    return (
        f'<figure><picture><source media="screen and (prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" width="{plate.width}" height="{plate.height}" alt="{escape(plate.alt)}"></picture>'
        f"<figcaption>{escape(plate.caption)}</figcaption></figure>"
    )


def _strip(title: str, plates: Sequence[Plate]) -> str:
    return f'<h3>{escape(title)}</h3>\n<div class="strip">\n{chr(10).join(map(_figure, plates))}\n</div>'


def _events(past: Past) -> str:
    rows = [
        f'<tr><td class="number">{event.step:,}</td><td>{escape(words.happening(event, past.stored.spec))}</td></tr>'
        for event in past.stored.events
    ]
    return _table(("after step", ""), rows, numbers=(0,)) if rows else ""


def _parameters(past: Past) -> str:
    parts = []
    for group, rows in groupby(words.rows(past), key=lambda row: row.group):
        parts.append(f'<tr class="group"><th colspan="5" scope="rowgroup">{escape(group or "Training")}</th></tr>')
        parts += [_parameter(row) for row in rows]
    remark = '<p class="quiet">What differs from the default is bold and marked “changed”.</p>\n'
    return remark + _table(("parameter", "value", "default", "", ""), parts)


def _parameter(row: words.Row) -> str:
    value = row.first if row.first == row.last else f"{row.first} → {row.last}"
    unit = f' <span class="quiet">{escape(row.unit)}</span>' if row.unit else ""
    marks = (' class="changed"', "changed") if row.changed else ("", "")
    cells = f"<td>{escape(row.title)}</td><td{marks[0]}>{escape(value)}{unit}</td><td>{escape(row.default)}</td>"
    path = f'<td class="path"><code>{escape(row.path)}</code></td>'
    return f"<tr>{cells}<td>{marks[1]}</td>{path}</tr>"


def _reproduction(past: Past, script: str) -> str:
    command = command_line(past.stored.spec, max(1, past.series.last))
    text = f"<pre><code>{escape(command)}</code></pre>\n"
    if past.marks:
        text += '<p class="quiet">The command does not make the edits listed above; the script does.</p>\n'
    if any(event.detail.get("player", "both") != "both" for event in past.stored.events):
        text += '<p class="quiet">Neither makes the steps that one player made alone.</p>\n'
    if script:
        text += f"<details><summary>The same in plain PyTorch</summary>\n<pre><code>{escape(script)}</code></pre>\n"
        text += "</details>"
    return text


def _table(heads: Sequence[str], rows: Iterable[str], numbers: Sequence[int] = ()) -> str:
    kinds = (' class="number"' if i in numbers else "" for i in range(len(heads)))
    cells = "".join(f'<th scope="col"{kind}>{escape(head)}</th>' for kind, head in zip(kinds, heads, strict=True))
    lines = (
        '<div class="wide"><table>',
        f"<thead><tr>{cells}</tr></thead>",
        "<tbody>",
        *rows,
        "</tbody></table></div>",
    )
    return "\n".join(lines)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
