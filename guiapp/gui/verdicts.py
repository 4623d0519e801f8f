"""The verdicts on a run, from its events: which stand now, and which have stood."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from guiapp.run_file import Event


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict of `kind` that was given after step `begin`, is sure since step `sure` (None: only likely), and was
    taken back after step `end` (None: it stands). `evidence`, `remedy` and `layer` (such as "encoder.0", if it is in a
    layer) are those of the newest word on it."""

    kind: str
    begin: int
    sure: int | None
    end: int | None
    evidence: str
    remedy: str
    layer: str = ""

    @property
    def confident(self) -> bool:
        """There is little doubt."""
        return self.sure is not None


def rulings(events: Iterable[Event]) -> tuple[Ruling, ...]:
    """All that the events of kind "verdict" tell, in the order of their beginnings. What one does not say is left
    empty, and an end without a beginning tells nothing: the file may come from elsewhere."""
    found: list[Ruling] = []
    standing: dict[str, int] = {}
    for event in events:
        detail = event.detail
        if event.kind != "verdict" or "verdict" not in detail:
            continue
        kind, index = str(detail["verdict"]), standing.get(str(detail["verdict"]))
        if detail.get("over"):
            if index is not None:
                found[index] = replace(found[index], end=event.step)
                del standing[kind]
            continue
        before = None if index is None else found[index]
        sure = event.step if detail.get("confident") else None
        ruling = Ruling(
            kind,
            before.begin if before else event.step,
            before.sure if before and before.sure is not None else sure,
            None,
            str(detail.get("evidence", "")),
            str(detail.get("remedy", "")),
            str(detail.get("layer", "")),
        )
        if index is None:
            standing[kind] = len(found)
            found.append(ruling)
        else:
            found[index] = ruling
    return tuple(found)


def standing(events: Iterable[Event]) -> tuple[Ruling, ...]:
    """Those that stand now, the sure ones first."""
    return tuple(sorted((r for r in rulings(events) if r.end is None), key=lambda r: (not r.confident, r.begin)))
