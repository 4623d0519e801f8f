"""Beside the health of the run: the verdicts that stand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton, QWidget

from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.verdicts import Ruling


class VerdictButton(QToolButton):
    """Names the verdict that stands, or counts them where there are several; hidden where there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._rulings: tuple[Ruling, ...] = ()
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def show_rulings(self, rulings: Sequence[Ruling]) -> None:
        """Name these, the sure ones first."""
        if tuple(rulings) != self._rulings:
            self._rulings = tuple(rulings)
            self.set_theme(self._theme)

    def set_theme(self, theme: Theme) -> None:
        """Write in the colours of `theme`."""
        self._theme = theme
        if not self._rulings:
            self.setText("")
            return
        first, count = self._rulings[0], len(self._rulings)
        self.setText(f"▲ {first.kind}" if count == 1 else f"▲ {count} verdicts")
        told = [f"{r.kind} ({'sure' if r.confident else 'likely'}): {r.evidence}" for r in self._rulings]
        self.setToolTip("\n".join((*told, "Click to see what to try.")))
        self.setAccessibleName(f"Verdicts: {', '.join(r.kind for r in self._rulings)}")
        self.setStyleSheet(f"color: {theme.bad if first.confident else theme.warning};")
