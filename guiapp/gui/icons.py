"""The icons of resources/icons: drawn in `currentColor`, which becomes the ink of the theme."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from guiapp.gui.theme import Theme
from guiapp.resources import resource

SIZES: Final = (16, 20, 24, 32, 40, 48, 64, 256)  # pixels; the sizes in use, at 1x, 1.5x and 2x


def icon(name: str, theme: Theme) -> QIcon:
    """The icon resources/icons/NAME.svg in `theme`'s ink, and in its muted colour where it is disabled.

    Raises:
        FileNotFoundError: there is no such icon.
    """
    svg = resource(f"icons/{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, colour in ((QIcon.Mode.Normal, theme.ink), (QIcon.Mode.Disabled, theme.prior)):
        renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
        for size in SIZES:
            result.addPixmap(_rendered(renderer, size), mode)
    return result


def _rendered(renderer: QSvgRenderer, size: int) -> QPixmap:
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    return pixmap
