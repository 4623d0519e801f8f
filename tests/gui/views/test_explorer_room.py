"""Where the parts of the latent explorer stand, in views of every size."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QRectF
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.views.explorer import ExplorerView
from guiapp.gui.widgets.explorer_tools import PAINT, PATH, POINT
from guiapp.gui.widgets.plane_handle import DOT_PX
from guiapp.spec import Gan
from tests.gui.frames import gan_frame
from tests.gui.views.exploring import answer, frame, turn


@pytest.fixture
def view(qtbot: QtBot) -> ExplorerView:
    view = ExplorerView()
    qtbot.addWidget(view)
    view.resize(700, 500)
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.mark.parametrize("model", [frame(), frame(20), gan_frame(gan=Gan(noise=2, noise_law="uniform"))])
def test_a_probe_at_the_edge_is_seen_whole(view: ExplorerView, model: Frame) -> None:
    answer(view, model)
    view.probe_at(99, 99)
    plane = view.explorer.plane
    width, height = plane.getViewBox().viewPixelSize()
    at = plane.handles[0].pos()
    whole = QRectF(at.x() - DOT_PX * width, at.y() - DOT_PX * height, 2 * DOT_PX * width, 2 * DOT_PX * height)
    assert plane.getViewBox().viewRect().contains(whole)


@pytest.mark.parametrize("size", [(320, 420), (400, 330), (420, 430), (900, 500)])
def test_the_note_of_the_prior_is_whole_or_absent(view: ExplorerView, size: tuple[int, int]) -> None:
    view.resize(*size)
    for tab in (POINT, PATH):
        turn(view, tab, frame(20))
        QCoreApplication.sendPostedEvents()
        plane = view.explorer.plane
        note, box = plane._note, plane.getViewBox().sceneBoundingRect()
        place = note.mapRectToScene(note.boundingRect())
        assert not note.toPlainText() or box.adjusted(-2, -2, 2, 2).contains(place)
    assert size[0] < 900 or note.toPlainText() == "1σ, 2σ, 3σ of the prior"


def test_the_plane_and_the_image_stand_where_they_are_larger(view: ExplorerView) -> None:
    """Tools and bars take a third of the height: what is left is wider than high."""
    view.resize(420, 450)
    answer(view, frame(16))
    QCoreApplication.sendPostedEvents()
    explorer = view.explorer
    assert explorer.decoded.x() > explorer.plane.x()
    assert explorer.bars.isVisible()
    assert explorer.bars.height() < 0.25 * explorer.height()


@pytest.mark.parametrize("size", [(420, 300), (420, 430), (700, 500)])
def test_the_images_of_a_way_leave_the_plane_room_to_choose_its_ends(view: ExplorerView, size: tuple[int, int]) -> None:
    view.resize(*size)
    turn(view, PATH, answer(view, frame()))
    QCoreApplication.sendPostedEvents()
    explorer = view.explorer
    assert explorer.plane.height() >= 130
    assert explorer.plane.width() >= 130
    assert (explorer.decoded.y() > explorer.plane.y()) is (size[1] > 300), "below it as a strip where there is room"


@pytest.mark.parametrize("width", [420, 421, 422, 423])
def test_what_is_painted_is_as_large_as_its_reconstruction(view: ExplorerView, width: int) -> None:
    view.resize(width, 430)
    turn(view, PAINT, answer(view, frame()))
    QCoreApplication.sendPostedEvents()
    made = view.paint.result.table.cells()[0]
    assert view.paint.canvas.area().size() == made.size()
