"""LaTeX formulas as pictures: ziamath lays them out as SVG, Qt paints that."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Picture:
    """A painted formula. Sizes are in logical pixels; `descent` is the part below the baseline."""

    image: QImage
    width: float
    height: float
    descent: float


@dataclass(frozen=True)
class _Drawing:
    svg: bytes
    width: float
    height: float
    descent: float


class FormulaPainter:
    """Paints formulas and keeps what it has painted: laying one out takes 2 to 30 ms, painting it less than 1.

    ziamath is imported at the first formula, so that it does not slow the start of the program.
    """

    def __init__(self) -> None:
        self._drawings: dict[tuple[str, bool, float], _Drawing | None] = {}
        self._pictures: dict[tuple[str, bool, float, str, float, float], Picture] = {}

    def paint(
        self, tex: str, display: bool, size: float, colour: str, ratio: float, descent: float = 0.0
    ) -> Picture | None:
        """`tex` at a font size of `size` logical pixels in `colour` for a screen of device pixel ratio `ratio`, or
        None where ziamath cannot render it. The picture reaches at least `descent` below the baseline."""
        drawing = self._drawing(tex, display, size)
        if drawing is None:
            return None
        key = (tex, display, size, colour, ratio, descent)
        if key not in self._pictures:
            self._pictures[key] = _painted(drawing, colour, ratio, descent)
        return self._pictures[key]

    def _drawing(self, tex: str, display: bool, size: float) -> _Drawing | None:
        key = (tex, display, size)
        if key not in self._drawings:
            library = _ziamath()
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DeprecationWarning)  # its way to its own font file
                    self._drawings[key] = _laid_out(library, *key)
            except Exception:  # whatever a parser raises on a formula that it does not know
                logger.info("no formula: %s", tex, exc_info=True)
                self._drawings[key] = None
        return self._drawings[key]


def _ziamath() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath
    library: Any = ziamath  # its __init__ exports more than it says
    library.config.svg2 = False  # paths alone: Qt paints no <symbol>
    return library


def _laid_out(library: Any, tex: str, display: bool, size: float) -> _Drawing:
    formula = library.Latex(tex, size=size, inline=not display)
    root = formula.svgxml()
    _, top, width, height = (float(part) for part in root.attrib["viewBox"].split())
    return _Drawing(formula.svg().encode(), width, height, max(0.0, top + height))


def _painted(drawing: _Drawing, colour: str, ratio: float, descent: float) -> Picture:
    below = max(0.0, descent - drawing.descent)
    height = drawing.height + below
    # Whole logical pixels: Qt's text layout rounds the size of a picture, and would scale it otherwise.
    size = QSize(_up(drawing.width), _up(height))
    image = QImage(_up(size.width() * ratio), _up(size.height() * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    top = size.height() - height
    QSvgRenderer(QByteArray(drawing.svg)).render(painter, QRectF(0, top, drawing.width, drawing.height))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(QRectF(0, 0, size.width(), size.height()), QColor(colour))
    painter.end()
    return Picture(image, size.width(), size.height(), max(descent, drawing.descent))


def _up(value: float) -> int:
    return int(-(-value // 1))
