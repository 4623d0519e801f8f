"""Copy and save."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF
from PySide6.QtGui import QAction, QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.widgets.plot_menu import add_export_actions, write_csv, write_png, write_svg
from guiapp.gui.widgets.svg_drawing import PAIR, SVG


@pytest.fixture
def plot(qtbot: QtBot) -> pg.PlotWidget:
    plot = pg.PlotWidget()
    qtbot.addWidget(plot)
    plot.resize(200, 150)
    plot.plot([0, 1, 2], [1, 0, 3])
    add_export_actions(plot, lambda: (("x", "y"), np.array([[0.0, 1.5], [1.0, np.nan]])))
    return plot


def action(widget: QWidget, start: str) -> QAction:
    return next(found for found in widget.actions() if found.text().startswith(start))


def answer(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (name, ""))


def test_what_the_menu_offers(qtbot: QtBot, plot: pg.PlotWidget) -> None:
    assert [a.text() for a in plot.actions()] == [
        "Copy image", "Save image as PNG…", "Save drawing as SVG…", "Save numbers as CSV…",
    ]  # fmt: skip
    plain = QWidget()
    qtbot.addWidget(plain)
    add_export_actions(plain)
    assert len(plain.actions()) == 2


def test_copy(plot: pg.PlotWidget) -> None:
    action(plot, "Copy").trigger()
    assert QGuiApplication.clipboard().image().width() == plot.grab().width()


def test_the_files(plot: pg.PlotWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, name in (("Save image", "a.png"), ("Save drawing", "b"), ("Save numbers", "c.csv")):
        answer(monkeypatch, str(tmp_path / name))
        action(plot, kind).trigger()
    assert QImage(str(tmp_path / "a.png")).width() == plot.grab().width()
    assert "<svg" in (tmp_path / "b.svg").read_text()
    assert (tmp_path / "c.csv").read_text().splitlines() == ["x,y", "0,1.5", "1,nan"]


def test_the_drawing_looks_like_the_plot(plot: pg.PlotWidget, tmp_path: Path) -> None:
    """Axes are recordings of the screen's resolution; in another one they would come out too small."""
    screen = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    write_svg(plot, tmp_path / "a.svg")
    drawn = QImage(screen.size(), QImage.Format.Format_RGB32)
    painter = QPainter(drawn)
    QSvgRenderer(str(tmp_path / "a.svg")).render(painter)
    painter.end()
    ink = [np.frombuffer(image.constBits(), np.uint8).reshape(150, 200, 4)[..., 0] for image in (screen, drawn)]
    rows, columns = ([np.ptp(part, axis=axis) > 40 for part in ink] for axis in (1, 0))
    assert (rows[0] == rows[1]).mean() > 0.95
    assert (columns[0] == columns[1]).mean() > 0.95


def test_cancel_writes_nothing(plot: pg.PlotWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "")
    action(plot, "Save image").trigger()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["Save image", "Save drawing", "Save numbers"])
def test_a_failure_is_one_sentence(
    plot: pg.PlotWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QMessageBox, "warning", lambda _parent, _title, text: said.append(text))
    answer(monkeypatch, str(tmp_path / "missing" / "file.out"))
    action(plot, kind).trigger()
    assert len(said) == 1
    assert "could not be written" in said[0]


def test_writers_raise(plot: pg.PlotWidget, tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "x"
    with pytest.raises(OSError):
        write_png(plot, nowhere)
    with pytest.raises(OSError):
        write_svg(plot, nowhere)
    with pytest.raises(OSError):
        write_csv((("a",), np.zeros((1, 1))), nowhere)


def test_what_lies_under_the_pointer_is_not_in_the_picture(qtbot: QtBot, plot: pg.PlotWidget) -> None:
    seen = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            seen.append(event.type())
            return False

    watch = Watch()
    plot.installEventFilter(watch)
    action(plot, "Copy").trigger()
    assert QEvent.Type.Leave in seen
    assert QEvent.Type.Paint not in seen[: seen.index(QEvent.Type.Leave)]


def test_a_drawing_is_cut_off_at_the_axes_and_in_units_of_the_page(plot: pg.PlotWidget, tmp_path: Path) -> None:
    """Qt writes neither clip paths nor, for viewers at large, lines of constant width; its own viewer knows both."""
    plot.setYRange(1, 2)
    plot.plot([0, 2000], [1.5, 1.5])
    plot.setXRange(0, 1)
    plot.grab()
    write_svg(plot, tmp_path / "a.svg")
    page = ElementTree.parse(tmp_path / "a.svg").getroot()
    (clip,) = page.iter(f"{{{SVG}}}clipPath")
    (rect,) = clip
    axes = plot.getViewBox().sceneBoundingRect()
    assert [float(rect.attrib[name]) for name in ("x", "y", "width", "height")] == pytest.approx(axes.getRect(), abs=1)
    (contents,) = (group for group in page if group.get("clip-path") == f"url(#{clip.attrib['id']})")
    words = [part.get("points") or part.get("d") for part in contents.iter() if part.tag.endswith(("polyline", "path"))]
    drawn = np.array([[float(a), float(b)] for text in words for a, b in PAIR.findall(text or "")])
    box = plot.getViewBox()
    for point in ((0, 1.5), (2000, 1.5), (1, 0)):
        at = box.mapViewToScene(QPointF(*point))
        assert np.abs(drawn - (at.x(), at.y())).sum(1).min() < 0.05 + 1e-5 * abs(at.x())
    others = [part for group in page if group is not contents for part in group.iter()]
    far = [a for part in others for a, _ in PAIR.findall(part.get("points") or part.get("d") or "") if float(a) > 1000]
    assert far == [], "the long curve is in the contents alone"
    assert "non-scaling-stroke" not in (tmp_path / "a.svg").read_text()
    assert box.childGroup.opacity() == 1
