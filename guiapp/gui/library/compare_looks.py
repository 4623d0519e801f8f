"""Questions for pictures of stored runs: one under way for each run, the newest wish wins. No widgets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from guiapp.messages import Seen


@dataclass(frozen=True, slots=True)
class Wish:
    """Pictures of the kinds `needs` of the keyframe of `step`."""

    step: int
    needs: frozenset[str]
    focus: Mapping[str, Any]

    def met_by(self, seen: Seen) -> bool:
        """Whether `seen` can be the answer: others may ask for pictures of the same run too."""
        return seen.run is None or (seen.step <= self.step and set(seen.pictures) <= self.needs)


class Looks:
    """What was asked of each run, by its path, and what is to be asked next. `ask(path, wish)` sends a question."""

    def __init__(self, ask: Callable[[str, Wish], None]) -> None:
        self._ask = ask
        self._under_way: dict[str, Wish] = {}
        self._next: dict[str, Wish] = {}

    @property
    def waiting(self) -> frozenset[str]:
        """The paths of the runs with a question under way."""
        return frozenset(self._under_way)

    def want(self, path: str, wish: Wish) -> None:
        """Ask now, or once the question under way is answered; a wish that waited for that gives way to this one."""
        if path in self._under_way:
            self._next[path] = wish
        else:
            self._under_way[path] = wish
            self._ask(path, wish)

    def drop(self, path: str) -> None:
        """What waits to be asked of this run is not wanted any more."""
        self._next.pop(path, None)

    def answered(self, path: str, seen: Seen) -> Wish | None:
        """The wish that `seen` meets, None for someone else's; what waited is asked now, if it is another one."""
        wish = self._under_way.get(path)
        if wish is None or not wish.met_by(seen):
            return None
        del self._under_way[path]
        later = self._next.pop(path, None)
        if later is not None and later != wish:
            self.want(path, later)
        return wish

    def forget(self) -> frozenset[str]:
        """Await nothing any more; gives the paths of the runs that had a question under way."""
        waiting = self.waiting
        self._under_way, self._next = {}, {}
        return waiting
