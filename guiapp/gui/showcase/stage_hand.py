"""A view of its own, drawn where nobody sees it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from guiapp.gui.frame import Frame
from guiapp.gui.theme import Theme, palette_of
from guiapp.gui.views.base import View
from guiapp.gui.widgets.latent_plot import LatentPlot
from guiapp.gui.widgets.time_controls import TimeControls
from guiapp.gui.widgets.time_plot import grouped_digits
from guiapp.gui.widgets.time_series import TimeSeriesPlot

CONTROLS = (QAbstractButton, QComboBox, QAbstractSlider, QAbstractSpinBox, TimeControls)


class StageHand(QWidget):
    """Draws frames on a view of `kind` in `theme`, `size` pixels large, and takes its picture. With `title`, a line
    above the view says what is shown, the step, and how far in the run that is.

    It is never seen, but it must be shown to Qt, which else lays nothing out; `strike` takes it away again.
    """

    def __init__(self, kind: type[View], size: QSize, theme: Theme, title: str = "") -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        palette = palette_of(theme)
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.background))
        self.setPalette(palette)
        self.view = kind()
        self.view.set_theme(theme)
        self._ranges: list[tuple[TimeSeriesPlot, list[float]]] = []
        self._planes: dict[LatentPlot, QRectF] = {}  # what each has shown: a range that goes to and fro would flicker
        self._title, self._step = _Line(title, theme.muted), _Line("", theme.ink)
        self._course = _Course(theme)
        self._head = QWidget()
        self._lay_out()
        self._head.setVisible(bool(title))
        self.setFixedSize(size)
        self.show()

    def settle(self, frame: Frame) -> None:
        """From now on the value axes of curves stay as they are for `frame`, such as the end of the run, and a
        latent plane shows at least what it asks for."""
        self.draw(frame)
        self._ranges = [(plot, plot.box.viewRange()[1]) for plot in self.view.findChildren(TimeSeriesPlot)]

    @property
    def settles(self) -> bool:
        """Whether axes depend on pictures, so that it is worth to `settle` on those of the last step first."""
        return bool(self.view.findChildren(LatentPlot))

    def draw(self, frame: Frame) -> None:
        """Show `frame`."""
        self.view.draw(frame)
        for plot, values in self._ranges:
            if plot.box.viewRange()[1] != values:
                plot.box.setYRange(*values, padding=0)
                plot.box.moved.emit(1)  # as if a person had chosen them
        for plane in self.view.findChildren(LatentPlot):
            self._planes[plane] = self._planes.get(plane, QRectF()).united(plane.home)
            plane.hold(self._planes[plane])
        self._step.setText(f"step {grouped_digits(frame.step)}")
        self._course.set_part(frame.step / max(1, frame.until or frame.step))
        for widget in self.view.findChildren(QWidget):
            if _is_control(widget):
                widget.hide()

    def picture(self, ratio: int = 1) -> QImage:
        """What is shown, with `ratio` pixels per pixel."""
        image = QImage(self.size() * ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        self.render(image, QPoint())
        return image

    def strike(self) -> None:
        """Take it away."""
        self.close()
        self.deleteLater()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(10, 6, 10, 4)
        row.addWidget(self._title, 1)
        row.addWidget(self._step)
        head = QVBoxLayout(self._head)
        head.setContentsMargins(0, 0, 0, 4)
        head.setSpacing(0)
        head.addLayout(row)
        head.addWidget(self._course)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self.view, 1)


class _Line(QLabel):
    """Plain text that may be cut off rather than widen the picture."""

    def __init__(self, text: str, colour: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setMinimumWidth(1)
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.WindowText, QColor(colour))
        self.setPalette(palette)


class _Course(QWidget):
    """A thin line across the picture, as long as the part of the run that is over."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._part = 0.0
        self.setFixedHeight(3)

    def set_part(self, part: float) -> None:
        """0 at the start of the run, 1 at its end."""
        self._part = part
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.grid))
        painter.fillRect(QRectF(0, 0, self.width() * self._part, self.height()), QColor(self._theme.accent))


def _is_control(widget: QWidget) -> bool:
    """Something to handle, or its name; a switch that carries the colour of what it switches is a legend as well."""
    if isinstance(widget, QAbstractButton) and not widget.icon().isNull():
        return False
    return isinstance(widget, CONTROLS) or (isinstance(widget, QLabel) and widget.buddy() is not None)
