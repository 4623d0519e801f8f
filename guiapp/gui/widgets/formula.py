"""LaTeX formulas as pictures: ziamath lays them out as SVG, Qt paints that."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

logger = logging.getLogger(__name__)

KEPT: Final = 256  # pictures, of 3 kB in the median and 70 at most; all pages together have 192 formulas


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
    """Paints formulas and keeps the last `KEPT` that it has painted: laying one out takes 2 to 30 ms, painting it less
    than 1. Not all of them: each width of the panel has sizes of its own.

    ziamath is imported at the first formula, so that it does not slow the start of the program.
    """

    def __init__(self) -> None:
        self._drawn = lru_cache(KEPT)(_drawn)
        self._painted = lru_cache(KEPT)(_painted)

    def paint(
        self, tex: str, display: bool, size: float, colour: str, ratio: float, descent: float = 0.0
    ) -> Picture | None:
        """`tex` at a font size of `size` logical pixels in `colour` for a screen of device pixel ratio `ratio`, or
        None where ziamath cannot render it. The picture reaches at least `descent` below the baseline."""
        drawing = self._drawn(tex, display, size)
        return None if drawing is None else self._painted(drawing, colour, ratio, descent)


def _drawn(tex: str, display: bool, size: float) -> _Drawing | None:
    library = _ziamath()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its way to its own font file
            return _laid_out(library, tex, display, size)
    except Exception:  # whatever a parser raises on a formula that it does not know
        logger.info("no formula: %s", tex, exc_info=True)
        return None


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
