"""A plot as an SVG drawing that viewers show alike. Qt's writer knows neither the clipping of a view box to its axes
(only in a dialect of which axis labels get lost) nor lines of constant width but in a way that many viewers ignore."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from xml.etree import ElementTree

import pyqtgraph as pg
from PySide6.QtCore import QBuffer, QPointF, QRect, QRectF
from PySide6.QtGui import QPainter, QTransform
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem, QGraphicsView, QStyleOptionGraphicsItem

SVG, LINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
NUMBER = r"-?[\d.]+(?:e[-+]?\d+)?"
PAIR = re.compile(rf"({NUMBER}),({NUMBER})")
SCALED = "vector-effect"  # the attribute of what is drawn in data units by a line of so many pixels


def drawing(view: QGraphicsView) -> bytes:
    """What `view` shows: first all but the contents of its view boxes, then these, each cut off at its axes."""
    boxes = [item for item in view.scene().items() if isinstance(item, pg.ViewBox)]
    opacities = [box.childGroup.opacity() for box in boxes]
    try:
        for box in boxes:
            box.childGroup.setOpacity(0)
        page = _written(view, view.render)
    finally:
        for box, opacity in zip(boxes, opacities, strict=True):
            box.childGroup.setOpacity(opacity)
    for number, box in enumerate(boxes):
        contents = _written(view, partial(_paint, view, box.childGroup))
        name = f"plot{number}"
        _add(page, "clipPath", id=name).append(_rectangle(view.viewportTransform().mapRect(box.sceneBoundingRect())))
        _add(page, "g", **{"clip-path": f"url(#{name})"}).extend(contents.findall(f"{{{SVG}}}g"))
    for group in list(page.iter(f"{{{SVG}}}g")):
        _flatten(group)
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", LINK)
    return bytes(ElementTree.tostring(page, encoding="utf-8", xml_declaration=True))


def _written(view: QGraphicsView, paint: Callable[[QPainter], object]) -> ElementTree.Element:
    """What Qt writes of what `paint` paints."""
    buffer, generator = QBuffer(), QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(view.logicalDpiX())  # pyqtgraph keeps axes as recordings, made for this resolution
    generator.setSize(view.viewport().size())
    generator.setViewBox(QRect(0, 0, view.viewport().width(), view.viewport().height()))
    painter = QPainter(generator)
    paint(painter)
    painter.end()
    return ElementTree.fromstring(bytes(buffer.data().data()))


def _paint(view: QGraphicsView, group: QGraphicsItem, painter: QPainter) -> None:
    """What lies in `group`, from back to front."""
    for item in reversed(view.scene().items()):
        if group.isAncestorOf(item) and item.isVisible():
            option = QStyleOptionGraphicsItem()
            option.exposedRect = item.boundingRect()  # type: ignore[attr-defined]
            painter.save()
            painter.setOpacity(item.effectiveOpacity())
            painter.setWorldTransform(item.deviceTransform(view.viewportTransform()))
            item.paint(painter, option, view.viewport())
            painter.restore()


def _flatten(group: ElementTree.Element) -> None:
    """Put lines of constant width into the units of the page; what else is in `group` takes its transformation."""
    words = group.attrib.pop("transform", "")
    matrix = _matrix(words)
    for part in group:
        if part.get(SCALED) != "non-scaling-stroke":
            if words:
                part.set("transform", f"{words} {part.get('transform', '')}".strip())
            continue
        del part.attrib[SCALED]
        for name in ("points", "d"):
            if name in part.attrib:
                part.set(name, PAIR.sub(lambda pair: _mapped(matrix, pair), part.attrib[name]))


def _matrix(words: str) -> QTransform:
    numbers = [float(number) for number in re.findall(NUMBER, words)]
    return QTransform(*numbers) if len(numbers) == 6 else QTransform()


def _mapped(matrix: QTransform, pair: re.Match[str]) -> str:
    at = matrix.map(QPointF(float(pair[1]), float(pair[2])))
    return f"{at.x():.2f},{at.y():.2f}"


def _add(page: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(page, f"{{{SVG}}}{tag}", attributes)


def _rectangle(rect: QRectF) -> ElementTree.Element:
    values = {"x": rect.x(), "y": rect.y(), "width": rect.width(), "height": rect.height()}
    return ElementTree.Element(f"{{{SVG}}}rect", {name: f"{value:g}" for name, value in values.items()})
