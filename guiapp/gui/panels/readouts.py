"""Numbers and health of the run, in the run bar; their places do not move as they change."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

THIN = "\u202f"  # narrow, and no line breaks at it


class Readouts(QWidget):
    """step 12 340 · epoch 3.2 · 512 steps/s · 0:24 · CPU"""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 6, 0)
        layout.setSpacing(0)
        # The second text is the widest that is usual; a wider one widens its place for good.
        places = (
            ("step", f"step 99{THIN}999"),
            ("epoch", "epoch 99.9"),
            ("speed", f"9{THIN}999 steps/s"),
            ("time", "59:59"),
            ("device", "CUDA"),
        )
        self._labels = {name: SteadyLabel(widest, self) for name, widest in places}
        for i, (name, label) in enumerate(self._labels.items()):
            label.setAccessibleName(name)
            if i:
                layout.addWidget(QLabel(" · ", self))
            layout.addWidget(label)
        self._labels["time"].setToolTip("Time spent training, pauses not counted")
        self._labels["speed"].setToolTip("Training steps a second")
        self._labels["device"].setToolTip("Where training runs")

    def show_progress(self, step: int, epoch: float, steps_per_s: float, seconds: float, device: str) -> None:
        """Write the five numbers; one that is not finite as a dash."""
        self._labels["step"].show_text(f"step {thousands(step)}")
        self._labels["epoch"].show_text(f"epoch {epoch:.1f}" if math.isfinite(epoch) else "epoch –")
        self._labels["speed"].show_text(f"{speed(steps_per_s)} steps/s")
        self._labels["time"].show_text(clock(seconds))
        self._labels["device"].show_text(device.upper() or "–")


class Health(QWidget):
    """A dot and a word: the colour says nothing that the word does not."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._dot = Dot(self)
        self._word = SteadyLabel("trainer lost", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 0, 10, 0)
        layout.setSpacing(6)
        layout.addWidget(self._dot)
        layout.addWidget(self._word)

    def show_state(self, word: str, colour: str, text: str) -> None:
        """Show `word` beside a dot of `colour`; `text` is the tooltip."""
        self._dot.show_colour(colour)
        self._word.show_text(word)
        self.setToolTip(text)
        self.setAccessibleName(f"Health: {word}")
        self.setAccessibleDescription(text)


class Dot(QWidget):
    """A filled circle."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._colour = QColor()
        self.setFixedSize(QSize(10, 10))

    def show_colour(self, colour: str) -> None:
        """Paint in `colour`."""
        self._colour = QColor(colour)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(self._colour)
        painter.setBrush(self._colour)
        painter.drawEllipse(self.rect().adjusted(1, 1, -1, -1))


class SteadyLabel(QLabel):
    """A label that becomes wider when it must and never narrower, with digits of one width."""

    def __init__(self, widest: str, parent: QWidget) -> None:
        super().__init__(parent)
        font = self.font()
        font.setFeature(QFont.Tag("tnum"), 1)
        self.setFont(font)
        self._widest = widest
        self.show_text(widest)

    def show_text(self, text: str) -> None:
        """Show `text`."""
        if text != self.text():
            self.setText(text)
            self.setMinimumWidth(max(self.minimumWidth(), self.sizeHint().width()))


def thousands(number: int) -> str:
    """12 340: groups of three digits."""
    return f"{number:,}".replace(",", THIN)


def speed(steps_per_s: float) -> str:
    """Steps a second: two digits below ten, whole above."""
    if not math.isfinite(steps_per_s):
        return "–"
    return f"{steps_per_s:.1f}" if 0 < steps_per_s < 10 else thousands(round(steps_per_s))


def clock(seconds: float) -> str:
    """0:24, 12:05, 1:02:05."""
    if not math.isfinite(seconds):
        return "–"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
