"""The context menu of a picture: copy it, save it as PNG or SVG, save its numbers as CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QGraphicsView, QMessageBox, QWidget

from guiapp.gui.widgets.svg_drawing import drawing

Table = tuple[Sequence[str], npt.NDArray[Any]]  # column titles (K,), numbers (T, K)


def add_export_actions(widget: QWidget, csv: Callable[[], Table] | None = None) -> None:
    """Give `widget` the menu: copy image, save PNG; SVG where it is a graphics view; CSV where `csv` gives the numbers.

    A plot loses pyqtgraph's own menu and its auto-range button.
    """
    if isinstance(widget, pg.PlotWidget):
        widget.setMenuEnabled(False)
        widget.hideButtons()
        menu = widget.getPlotItem().ctrlMenu  # a window of its own otherwise, which outlives the plot
        menu.setParent(widget, menu.windowFlags())
    entries: list[tuple[str, Callable[[], None]]] = [
        ("Copy image", lambda: QGuiApplication.clipboard().setPixmap(widget.grab())),
        (
            "Save image as PNG…",
            lambda: _save(widget, "PNG image (*.png)", ".png", lambda path: write_png(widget, path)),
        ),
    ]
    if isinstance(widget, QGraphicsView):
        entries.append(
            (
                "Save drawing as SVG…",
                lambda: _save(widget, "SVG drawing (*.svg)", ".svg", lambda p: write_svg(widget, p)),
            )
        )
    if csv is not None:
        entries.append(
            ("Save numbers as CSV…", lambda: _save(widget, "CSV table (*.csv)", ".csv", lambda p: write_csv(csv(), p)))
        )
    for text, run in entries:
        action = QAction(text, widget)
        action.triggered.connect(lambda _checked=False, run=run: _export(widget, run))
        widget.addAction(action)
    widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)


def _export(widget: QWidget, run: Callable[[], None]) -> None:
    """What is said of the point under the pointer belongs to the moment, not into the picture."""
    QApplication.sendEvent(widget, QEvent(QEvent.Type.Leave))
    run()


def write_png(widget: QWidget, path: Path) -> None:
    """The picture of `widget`, pixel by pixel.

    Raises:
        OSError: the file cannot be written.
    """
    if not widget.grab().save(str(path), "PNG"):
        raise OSError("the folder is missing, read-only or full")


def write_svg(view: QGraphicsView, path: Path) -> None:
    """The drawing in `view` as lines and text.

    Raises:
        OSError: the file cannot be written.
    """
    path.write_bytes(drawing(view))


def write_csv(table: Table, path: Path) -> None:
    """One line of titles, then one line a row, nine significant digits.

    Raises:
        OSError: the file cannot be written.
    """
    titles, rows = table
    with path.open("w", encoding="utf-8", newline="") as file:
        np.savetxt(file, rows, fmt="%.9g", delimiter=",", header=",".join(titles), comments="")


def _save(widget: QWidget, kind: str, suffix: str, write: Callable[[Path], None]) -> None:
    name, _ = QFileDialog.getSaveFileName(widget, "Save", f"elboscope{suffix}", kind)
    if not name:
        return
    path = Path(name) if Path(name).suffix else Path(name + suffix)
    try:
        write(path)
    except OSError as error:
        QMessageBox.warning(widget, "Not saved", f"{path} could not be written: {error.strerror or error}.")
