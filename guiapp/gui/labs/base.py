"""What every theory lab is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from msgspec import Struct
from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from guiapp.gui.labs.side_column import SideColumn
from guiapp.gui.theme import Theme
from guiapp.messages import Studied


class Lab(QWidget):
    """An interactive bench for one piece of theory: `Params` -> `compute(Params)` -> `draw(Result)`.

    Class attributes: `name` (identifier, also of its explanation in resources/explanations/NAME.md), `title`, and
    `needs` (picture kinds of the current run that the lab can use, such as the posterior of an example) and `studies`
    (the kinds of study that it asks for).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    studies: ClassVar[frozenset[str]] = frozenset()
    study_asked = Signal(str, object)  # kind, options: as a view's; what comes of it goes to `set_studies`
    study_stopped = Signal()  # give up the one under way
    changed = Signal()  # the parameters, and so the numbers in `numbers()`, are different now

    def put_beside(self, charts: QWidget, panels: Sequence[QWidget]) -> None:
        """Fill the whole lab with `charts`, and `panels` in a column beside them."""
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(SideColumn(charts, panels))

    def sizeHint(self) -> QSize:
        return QSize(900, 650)

    def params(self) -> Struct:
        """The current parameters."""
        raise NotImplementedError

    def set_params(self, params: Struct) -> None:
        """Set all parameters and redraw; at most 16 ms to the repainted plot."""
        raise NotImplementedError

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        raise NotImplementedError

    def set_pictures(self, pictures: Mapping[str, Any]) -> None:
        """Newest pictures of the kinds in `needs` from the current run."""

    def set_studies(self, studies: Mapping[str, Studied]) -> None:
        """Newest reports of the kinds in `studies`, as far as there are any."""

    def numbers(self) -> Mapping[str, float]:
        """The current numbers by name, for the explanation's live line."""
        return {}
