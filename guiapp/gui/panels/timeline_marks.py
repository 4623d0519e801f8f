"""What happened in a run, as marks on the timeline: edits, and the events of the run file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from guiapp.gui.widgets.annotations import CHAIN_PX, mark_label, mark_title
from guiapp.messages import Edited
from guiapp.run_file import Event

Shape = Literal["triangle", "cross", "arrow", "diamond", "plus", "square", "ring", "upper dot", "lower dot"]
HALF_PX = 5.0  # half a mark's width
GAP_PX = 3.0
SHORTEST_PX = 16.0  # no label is shorter
LONGEST = 100  # characters of what an event of an unknown kind says


@dataclass(frozen=True, slots=True)
class Style:
    """How a kind of event looks: `colour` is a name in `Theme`."""

    shape: Shape
    colour: str
    label: str


EDIT: Final = Style("triangle", "ink", "")
OTHER: Final = Style("ring", "muted", "")
STYLES: Final[Mapping[str, Style]] = MappingProxyType(
    {
        "diverged": Style("cross", "bad", "diverged"),
        "resume": Style("arrow", "accent", "resumed"),
        "fork": Style("diamond", "accent", "forked"),
        "recovered": Style("plus", "good", "recovered"),
        "verdict": Style("square", "warning", ""),
        "sure verdict": Style("square", "bad", ""),
        "verdict over": Style("ring", "good", ""),
        "step d": Style("lower dot", "discriminator", ""),
        "step g": Style("upper dot", "generator", ""),
        "step both": Style("ring", "muted", ""),
    }
)
UNMARKED: Final = frozenset({"start", "edit"})  # the left end; edits come with their specs


@dataclass(frozen=True, slots=True)
class Mark:
    """`note` is what the tooltip says; marks of the same `kind` that are close together look like one. `edit` is the
    index of an edit."""

    step: int
    kind: str
    style: Style
    note: str
    edited: Edited | None = None
    edit: int = -1


@dataclass(frozen=True, slots=True)
class Chain:
    """Marks that look like one, such as the edits of one slider drag, on pixels `left` .. `right`."""

    first: Mark
    last: Mark
    count: int
    left: float
    right: float
    label: str


class Marks:
    """All marks of a run in the order of their steps."""

    def __init__(self) -> None:
        self._titles: dict[str, str] = {}  # by path; finding one costs 3 ms
        self._marks: tuple[Mark, ...] = ()

    def set(self, edits: Sequence[Edited], events: Sequence[Event]) -> None:
        """Take these in place of what was there."""
        for edit in edits:
            if edit.path not in self._titles:
                self._titles[edit.path] = mark_title(edit)
        found = [self._of_edit(i, edit) for i, edit in enumerate(edits)]
        found += [of_event(event) for event in events if event.kind not in UNMARKED]
        self._marks = tuple(sorted(found, key=lambda mark: mark.step))

    def clear(self) -> None:
        """Forget everything, the titles too: another model has others."""
        self._titles.clear()
        self._marks = ()

    def chains(self, first: int, last: int, x: Callable[[int], float]) -> list[Chain]:
        """The marks of steps `first` .. `last` as they look where `x` gives a step's pixel: those of one kind, at most
        `CHAIN_PX` from each other, are one."""
        found: list[tuple[float, float, list[Mark]]] = []
        latest: dict[str, int] = {}  # by kind, the index of its last chain
        for mark in self._marks:
            if not first <= mark.step <= last:
                continue
            place, index = x(mark.step), latest.get(mark.kind, -1)
            if index >= 0 and place - found[index][1] <= CHAIN_PX:
                left, _, marks = found[index]
                marks.append(mark)
                found[index] = (left, place, marks)
            else:
                latest[mark.kind] = len(found)
                found.append((place, place, [mark]))
        return [Chain(m[0], m[-1], len(m), left, right, self._label(m[0], m[-1])) for left, right, m in found]

    def _of_edit(self, index: int, edit: Edited) -> Mark:
        return Mark(edit.step, f"edit {edit.path}", EDIT, mark_label(self._titles[edit.path], edit, edit), edit, index)

    def _label(self, first: Mark, last: Mark) -> str:
        if first.edited is None or last.edited is None:
            return first.style.label
        return mark_label(self._titles[first.edited.path], first.edited, last.edited)


def of_event(event: Event) -> Mark:
    """The mark of `event`; a kind that is not known here is shown with all it says."""
    detail = event.detail
    kind = f"step {detail.get('player')}" if event.kind == "step" else event.kind
    if kind == "verdict":
        return _of_verdict(event.step, detail)
    match kind:
        case "diverged":
            note = f"diverged: {detail.get('tensor', 'a value')} was not finite"
        case "resume":
            note = "went on from the run file"
        case "fork":
            note = f"forked here from run {detail.get('parent', 'unknown')}"
        case "recovered":
            note = "recovered after a crash"
        case "step d":
            note = "from here the discriminator alone"
        case "step g":
            note = "from here the generator alone"
        case "step both":
            note = "from here both players again"
        case _:
            note = f"{kind}: {_all_of(detail)}" if detail else kind
    return Mark(event.step, kind, STYLES.get(kind, OTHER), note)


def _of_verdict(step: int, detail: Mapping[str, Any]) -> Mark:
    """Named by what it says, so that marks of two verdicts never look like one."""
    what = str(detail.get("verdict", "a verdict"))
    if detail.get("over"):
        return Mark(step, f"verdict over {what}", STYLES["verdict over"], f"no longer: {what}")
    style = STYLES["sure verdict" if detail.get("confident") else "verdict"]
    note = f"{what}: {_short(str(detail.get('evidence', '')))}"
    return Mark(step, f"verdict {what}", replace(style, label=what), note)


def _all_of(detail: Mapping[str, Any]) -> str:
    return _short(", ".join(f"{key} {value}" for key, value in detail.items()))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def note_of(chain: Chain, steps: Callable[[int], str]) -> str:
    """One line for the tooltip; `steps` writes a step."""
    if chain.count == 1:
        return f"{chain.first.note} · step {steps(chain.first.step)}"
    said = chain.label if chain.first.edited else chain.first.note
    return f"{said} · {chain.count} times, steps {steps(chain.first.step)} to {steps(chain.last.step)}"


def placed_labels(chains: Sequence[Chain], width: Callable[[str], float], room: float) -> list[tuple[float, str]]:
    """Left edges of the labels that fit into 0 .. `room` beside their marks, and the labels: right of the mark, else
    left of it, over no mark and no other label; the others are left to the tooltip."""
    placed: list[tuple[float, str]] = []
    taken = 0.0  # up to this pixel
    lefts = [chain.left - HALF_PX - GAP_PX for chain in chains[1:]] + [room]
    for chain, until in zip(chains, lefts, strict=False):  # no chain has no left
        begin, end = chain.left - HALF_PX - GAP_PX, max(chain.right, chain.left + HALF_PX) + GAP_PX
        has_room = max(until - end, begin - taken) >= SHORTEST_PX  # measuring all would take as long as drawing them
        wide = width(chain.label) if chain.label and has_room else room
        if max(taken, end) == end and end + wide <= until:
            placed.append((end, chain.label))
            taken = end + wide + GAP_PX
        elif begin - wide >= taken:
            placed.append((begin - wide, chain.label))
        taken = max(taken, end)
    return placed
