"""What every live view is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import Theme
from guiapp.gui.widgets.stage import Stage


class View(QWidget):
    """A picture of a `Frame`. It keeps no history and asks for nothing but the picture kinds in `needs`.

    Class attributes: `name` (identifier, also of its explanation in resources/explanations/NAME.md), `title`, `needs`
    (picture kinds; an instance may shadow it as its switches stand, and then emits `focus_changed`), `requires` (a
    subset of the model's capabilities {encodes, decodes, samples, scores, plane}; 'plane' means 2-D data), `missing`
    (the sentence shown when the model lacks one of them), `studies` (the kinds of study that it shows) and
    `draws_series` (it has something new to draw whenever there are new steps, not only when a picture has come).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: frozenset[str] = frozenset()
    requires: ClassVar[frozenset[str]] = frozenset()
    missing: ClassVar[str] = ""
    studies: ClassVar[frozenset[str]] = frozenset()
    draws_series: ClassVar[bool] = False
    study_asked = Signal(str, object)  # kind, options: begin a long computation; it comes back in `Frame.studies`
    study_stopped = Signal()
    step_asked = Signal(int, str)  # iterations, and who moves in them: "both", "d" or "g"
    run_asked = Signal(object)  # begin a new run with these parameters changed: their values by path
    link_followed = Signal(str)  # do what it says, as a link of an explanation: "set:PATH=VALUE", "view:NAME"
    focus_changed = Signal()  # what `focus()` returns is different now: pictures should be made anew

    def staged(self, content: QWidget) -> Stage:
        """Fill the whole view with a `Stage` of `content`."""
        stage = Stage(content)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(stage)
        return stage

    def draw(self, frame: Frame) -> None:
        """Show `frame`; at most 8 ms on a laptop core, painting not counted."""
        raise NotImplementedError

    def clear(self) -> None:
        """Show the empty state: what will appear here and how to get it."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        raise NotImplementedError

    def focus(self) -> Mapping[str, Any]:
        """What this view's pictures depend on besides the model, such as the latent dimensions shown."""
        return {}
