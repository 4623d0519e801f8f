"""The docks beside the workspace keep their widths."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMainWindow, QWidget

from guiapp.gui.side_docks import NARROW, SideDocks, side_dock


class Window:
    """A main window with two side docks and a middle that may need much room."""

    def __init__(self, qtbot):
        self.window, self.middle = QMainWindow(), QWidget()
        qtbot.addWidget(self.window)
        self.window.setCentralWidget(self.middle)
        self.left = side_dock("left", "Left", QWidget(), self.window)
        self.right = side_dock("right", "Right", QWidget(), self.window)
        self.sides = SideDocks(self.window, self.left, self.right)
        self.window.resize(NARROW + 50, 700)
        self.window.show()
        qtbot.waitExposed(self.window)
        self.sides.keep("train")

    def widths(self):
        return self.left.width(), self.right.width()

    def take(self, arrangement, room):
        self.sides.keep(arrangement)
        self.middle.setMinimumWidth(room)


@pytest.fixture
def scene(qtbot):
    return Window(qtbot)


def test_widths_come_back_with_an_arrangement(scene, qtbot):
    scene.window.resizeDocks([scene.left, scene.right], [300, 250], Qt.Orientation.Horizontal)
    before = scene.widths()
    scene.take("labs", 900)
    qtbot.waitUntil(lambda: sum(scene.widths()) < sum(before))
    scene.take("train", 100)
    qtbot.waitUntil(lambda: scene.widths() == before)


def test_a_new_arrangement_takes_no_more_room_than_it_needs(scene, qapp):
    before = scene.widths()
    scene.take("gradients", 100)
    qapp.processEvents()
    assert scene.widths() == before


def test_one_goes_behind_the_other_in_a_narrow_window(scene, qapp):
    for width, stacked in ((NARROW - 100, True), (NARROW + 100, False)):
        scene.window.resize(width, 700)
        scene.sides.fit()
        assert (scene.right in scene.window.tabifiedDockWidgets(scene.left)) == stacked
        scene.take(f"at {width}", 100)
    scene.left.hide()
    scene.right.hide()
    scene.take("train", 100)
    qapp.processEvents()


def test_an_arrangement_taken_before_the_last_one_has_settled_does_not_keep_them_pressed(scene, qapp):
    before = scene.widths()
    scene.take("home", 1100)
    scene.window.layout().activate()
    assert sum(scene.widths()) < sum(before), "pressed"
    scene.take("evidence", 100)
    for _ in range(3):  # the timer, and the layout that it asks for
        qapp.processEvents()
    assert scene.widths() == before
