"""Where the timeline's handle is, while pictures are still on their way."""

from __future__ import annotations


class Handle:
    """The handle follows the hand at once, the views follow later, and only the last step that was asked for counts.

    `position` is the handle's keyframe, `shown` that of the views; None is live. What the views show late, because it
    was asked for on the way to `position`, does not move the handle back.
    """

    def __init__(self) -> None:
        self.position: int | None = None
        self.shown: int | None = None
        self._asked: list[int | None] = []  # not yet shown; the last one is the position

    @property
    def awaits(self) -> bool:
        """The last step asked for is not shown yet."""
        return bool(self._asked)

    def ask(self, step: int | None) -> bool:
        """A hand moves the handle to `step`; False where it is already."""
        if step == self.position:
            return False
        self._asked.append(step)
        self.position = step
        return True

    def show(self, step: int | None) -> bool:
        """The views show `step` now; False where that is no news."""
        if step in self._asked:
            del self._asked[: self._asked.index(step) + 1]
        elif step == self.shown:
            return False
        else:  # decided elsewhere
            self._asked.clear()
            self.position = step
        self.shown = step
        return True

    def fall_back(self) -> None:
        """What was asked for will not be shown: the handle goes back to what is."""
        self._asked.clear()
        self.position = self.shown
