"""What every export is to the dialog that runs it."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QObject, Signal

from guiapp.messages import Seen

TRUSTED = 3  # pictures after which it is known how long one takes


class Task(QObject):
    """Something that takes a while and leaves files. After `cancel` nothing is emitted, no part of a file is left, and
    neither thread nor process.

    Signals:
        progressed(float, str): the part that is done, 0 to 1, or -1 where it is not known; and what is being done.
        look_asked(str, int, object, object): path, step, needs and focus, as `Session.look` takes them.
        finished(object): the paths that were written, a tuple of `Path`.
        failed(str): one sentence; no part of a file is left.

    Attributes:
        remark: once finished, a sentence on what the files do not hold, or "".
    """

    progressed = Signal(float, str)
    look_asked = Signal(str, int, object, object)
    finished = Signal(object)
    failed = Signal(str)

    remark = ""

    def start(self) -> None:
        """Begin; returns at once."""
        raise NotImplementedError

    def cancel(self) -> None:
        """End it, whatever it is doing."""
        raise NotImplementedError

    def on_seen(self, seen: Seen) -> None:
        """The trainer answers a look, of this task or of anyone else."""

    def give_up_looking(self, sentence: str) -> None:
        """There will be no answer any more, for the reason in `sentence`."""


def picture_of(done: int, count: int, began: float) -> str:
    """Such as "Picture 12 of 80, about 8 s left", when `done` of `count` were made since `began` on the monotonic
    clock."""
    what = f"Picture {min(done + 1, count)} of {count}"
    if TRUSTED <= done < count:
        what += f", about {max(1, round((monotonic() - began) / done * (count - done)))} s left"
    return what
