"""What ails the run: the verdicts that stand, what to try against them, those there were, and how one is found."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.verdicts import Ruling, rulings, standing
from guiapp.gui.views import verdict_words as words
from guiapp.gui.views.base import View
from guiapp.gui.widgets.evidence import spec_now
from guiapp.gui.widgets.verdict_card import VerdictCard
from guiapp.gui.widgets.verdict_strip import VerdictStrip
from guiapp.spec import Gan, RunSpec

EMPTY = (
    "Here stands what is wrong with the run, with the evidence and what to try: gradients that vanish or explode, dead "
    "or saturated units; and of a GAN's game a discriminator that wins, dropped modes, oscillation, memorisation. "
    "Start training with ▶; it is checked every 1,000 steps."
)
OF_A_VAE = "Whether the posterior has collapsed is judged in the view Posterior collapse."
MOST_LINES = 30  # of the history


class VerdictsView(View):
    """From the verdicts among the events of the run: a card for each that stands, with buttons that set the parameters
    which may help; a strip and a list of all there were; and what is checked, with its thresholds."""

    name: ClassVar[str] = "verdicts"
    title: ClassVar[str] = "Verdicts"
    draws_series: ClassVar[bool] = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cards: list[VerdictCard] = []
        self._drawn: tuple[object, ...] = ()
        self._theme = LIGHT
        self._strip = VerdictStrip(tuple(words.DEFINITIONS))
        self._past, self._checked = _text("What there was"), _text("What is checked")
        self._arrange()
        self.set_theme(LIGHT)
        self.clear()

    @property
    def cards(self) -> tuple[VerdictCard, ...]:
        """Those shown, from the top."""
        return tuple(self._cards)

    def draw(self, frame: Frame) -> None:
        """Show the verdicts of `frame`; it is laid out anew only where they have changed."""
        spec = spec_now(frame)
        if not frame.step and not frame.events:
            self._stage.say(EMPTY)
            return
        self._stage.show_content()
        all_of_them = rulings(frame.events)
        self._strip.set_kinds(words.kinds(spec.model))
        self._strip.show_rulings(all_of_them, frame.step, frame.until or frame.step)
        drawn = (frame.events, spec, frame.step // words.EVERY, frame.series.names)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self._show_cards(standing(frame.events), spec, frame.step)
        lines = [words.line(ruling, frame.step) for ruling in reversed(all_of_them)]
        more = f"\nand {len(lines) - MOST_LINES} earlier ones" if len(lines) > MOST_LINES else ""
        self._past.setText("\n".join(lines[:MOST_LINES]) + more if lines else "No verdict has been given in this run.")
        self._checked.setText(_definitions(frame.series.names, spec))
        self._settle()

    def clear(self) -> None:
        """Say what will appear."""
        self._drawn = ()
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        for card in self._cards:
            card.set_theme(theme)
        self._strip.set_theme(theme)
        self._stage.set_theme(theme)
        self._content.setStyleSheet(
            f"#verdicts {{ background: {theme.background}; }} #plain {{ color: {theme.ink}; }}"
            f"#heading {{ color: {theme.ink}; }}"
        )

    def _arrange(self) -> None:
        self._content = QWidget()
        self._content.setObjectName("verdicts")
        column = QVBoxLayout(self._content)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        self._now = QVBoxLayout()
        self._now.setSpacing(6)
        column.addLayout(self._now)
        for heading, parts in (("History", (self._strip, self._past)), ("What is checked", (self._checked,))):
            column.addSpacing(6)
            column.addWidget(_heading(heading))
            for part in parts:
                column.addWidget(part)
        column.addStretch(1)
        area = self._area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setMinimumSize(1, 1)
        area.setWidget(self._content)
        self._stage = self.staged(area)
        self._stage.setMinimumSize(1, 1)

    def _show_cards(self, now: tuple[Ruling, ...], spec: RunSpec, step: int) -> None:
        for card in self._cards:
            self._now.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = []
        said, link = words.frozen(spec.model) if isinstance(spec.model, Gan) else ("", "")
        if said:
            self._add(VerdictCard("A player is frozen", (said,), "warning", (("1 step per iteration", link, said),)))
        for ruling in now:
            tries = words.tries(ruling.kind, spec, ruling.layer)
            texts = (ruling.evidence, f"What to try: {ruling.remedy}" if ruling.remedy else "")
            colour = "bad" if ruling.confident else "warning"
            buttons = [(found.text, found.link or found.changes, found.tooltip) for found in tries]
            self._add(VerdictCard(words.title(ruling), texts, colour, buttons))
        if not now and not said:
            known = "good" if step >= words.EVERY else "muted"
            self._add(VerdictCard("No verdict", (words.healthy(step),), known))

    def _settle(self) -> None:
        """Lay out now: by itself the scroll bar would follow some events later."""
        for widget in (*self._cards, self._content):
            layout = widget.layout()
            assert layout is not None
            layout.activate()
        QCoreApplication.sendEvent(self._area, QEvent(QEvent.Type.LayoutRequest))

    def _follow(self, what: object) -> None:
        if isinstance(what, str):
            self.link_followed.emit(what)
        else:
            self.run_asked.emit(what)

    def _add(self, card: VerdictCard) -> None:
        card.set_theme(self._theme)
        card.followed.connect(self._follow)
        self._now.addWidget(card)
        card.show()  # a layout would do so some events later, and leave no room for it until then
        self._cards.append(card)


def _definitions(names: tuple[str, ...], spec: RunSpec) -> str:
    lines, unchecked = [], words.unchecked(names, spec.model)
    for kind in words.kinds(spec.model):
        why = f" Not checked here: {unchecked[kind]}." if kind in unchecked else ""
        lines.append(f"{kind[:1].upper()}{kind[1:]}. {words.DEFINITIONS[kind]}{why}")
    return "\n\n".join(lines if isinstance(spec.model, Gan) else [*lines, OF_A_VAE])


def _text(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName("plain")
    label.setAccessibleName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setContentsMargins(8, 0, 8, 0)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
    return label


def _heading(text: str) -> QLabel:
    label = QLabel(text)
    label.setObjectName("heading")
    font = QFont(label.font())
    font.setBold(True)
    label.setFont(font)
    label.setContentsMargins(8, 0, 8, 0)
    return label
