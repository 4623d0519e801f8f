import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QSignalSpy
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from guiapp import presets
from guiapp.gui.theme import LIGHT
from guiapp.gui.workspace import ARRANGEMENTS, Workspace, home_of
from tests.gui.frames import gan_frame, vae_frame


@pytest.fixture
def workspace(qtbot):
    """In a window, as it always is: by itself it would grow with what its docks ask for."""
    window, workspace = QWidget(), Workspace(LIGHT)
    QVBoxLayout(window).addWidget(workspace)
    qtbot.addWidget(window)
    window.setFixedSize(900, 700)
    window.show()
    yield workspace
    window.close()


def showing(workspace):
    return {name for name, dock in workspace.docks.items() if dock.is_showing()}


@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_every_arrangement_shows_the_first_tab_of_each_cell_and_closes_the_rest(workspace, qtbot, name):
    workspace.arrange(name)
    firsts = {tabs[0] for row in ARRANGEMENTS[name] for tabs in row}
    qtbot.waitUntil(lambda: showing(workspace) == firsts)
    everything = {tab for row in ARRANGEMENTS[name] for tabs in row for tab in tabs}
    assert {n for n, dock in workspace.docks.items() if not dock.isHidden()} == everything


def test_every_dock_is_in_some_arrangement(workspace):
    assert {tab for a in ARRANGEMENTS.values() for row in a for tabs in row for tab in tabs} == set(workspace.docks)


def test_the_home_follows_the_run(workspace):
    workspace.arrange("VAE")
    run = gan_frame(3).run
    assert home_of(run) == "GAN in the plane"
    workspace.go_home(run)
    assert workspace.arrangement == "GAN in the plane"
    assert home_of(gan_frame(3, shape=(28, 28)).run) == "GAN"
    assert home_of(vae_frame(3).run) == "VAE"


def test_a_known_law_is_arranged_for_before_there_is_a_run(workspace):
    workspace.arrange_for(presets.load("gan-ring").spec)
    assert workspace.arrangement == "GAN in the plane"
    workspace.arrange_for(presets.load("vae-fashion").spec)
    assert workspace.arrangement == "VAE"


def test_a_person_who_is_in_the_labs_stays_there(workspace):
    workspace.arrange("Labs")
    workspace.go_home(gan_frame(3).run)
    assert workspace.arrangement == "Labs"
    assert workspace.home == "GAN in the plane"


def test_revealing_a_closed_dock_takes_the_arrangement_that_has_it(workspace, qtbot):
    workspace.arrange("VAE")
    told = QSignalSpy(workspace.arranged)
    workspace.reveal("gaussian-kl")
    assert workspace.arrangement == "Labs"
    assert told.at(0) == ["Labs"]
    workspace.reveal("gradients")
    assert workspace.arrangement == "VAE"
    qtbot.waitUntil(lambda: workspace.docks["gradients"].is_showing())


def test_revealing_a_dock_behind_a_tab_brings_it_to_the_front(workspace, qtbot):
    workspace.arrange("GAN in the plane")
    workspace.reveal("samples")
    qtbot.waitUntil(lambda: workspace.docks["samples"].is_showing())
    assert workspace.arrangement == "GAN in the plane"


def test_a_link_in_a_view_is_passed_on(workspace):
    told = QSignalSpy(workspace.link_followed)
    workspace.docks["verdicts"].view.link_followed.emit("set:model.r1=1")
    assert [told.at(i) for i in range(told.count())] == [["set:model.r1=1"]]


def test_an_arrangement_begins_with_its_first_dock(workspace, qtbot):
    workspace.activateWindow()
    qtbot.waitUntil(workspace.isActiveWindow)
    workspace.arrange("Labs")
    assert QApplication.focusWidget() is workspace.docks["gaussian-kl"].widget()
    workspace.arrange("VAE")
    assert QApplication.focusWidget() is workspace.docks["losses"].widget()


def test_another_run_leaves_the_focus_where_it_is(workspace, qtbot):
    workspace.activateWindow()
    qtbot.waitUntil(workspace.isActiveWindow)
    workspace.arrange("VAE")
    workspace.docks["samples"].widget().setFocus()
    workspace.go_home(gan_frame(3, shape=(28, 28)).run)
    assert workspace.arrangement == "GAN"
    assert QApplication.focusWidget() is workspace.docks["samples"].widget()
    workspace.go_home(gan_frame(3).run)
    workspace.docks["field"].widget().setFocus()
    workspace.go_home(vae_frame(3).run)
    assert QApplication.focusWidget() is workspace.docks["losses"].widget(), "the view that had it has no place now"
    workspace.go_home(gan_frame(3).run)
    outside = QLineEdit()
    qtbot.addWidget(outside)
    outside.show()
    outside.activateWindow()
    outside.setFocus()
    qtbot.waitUntil(outside.hasFocus)
    workspace.go_home(vae_frame(3).run)
    assert workspace.arrangement == "VAE"
    assert outside.hasFocus()


def test_a_closed_dock_gives_the_focus_to_another_and_comes_back_in_its_place(workspace, qtbot):
    workspace.activateWindow()
    qtbot.waitUntil(workspace.isActiveWindow)
    workspace.arrange("VAE")
    gradients, samples = workspace.docks["gradients"], workspace.docks["samples"]
    samples.close()
    gradients.widget().setFocus()
    gradients.close()
    assert QApplication.focusWidget() is workspace.docks["losses"].widget()
    workspace.reveal("gradients")
    qtbot.waitUntil(gradients.is_showing)
    assert samples.isHidden(), "what else a person has closed stays closed"
    assert QApplication.focusWidget() is gradients.widget()


def test_the_sizes_of_the_docks_come_back(workspace, qapp):
    workspace.window().setFixedSize(1300, 800)
    workspace.arrange("VAE")
    docks = workspace.docks
    top = [docks["losses"], docks["latent"]]
    for shares in ([1, 1], [3, 2]):
        qapp.processEvents()
        total = sum(dock.width() for dock in top)
        workspace.resizeDocks(top, [total * share // sum(shares) for share in shares], Qt.Orientation.Horizontal)
        qapp.processEvents()
        before = {name: docks[name].size() for name in ("losses", "latent", "samples", "gradients")}
        for other in ("Gradients", "Labs"):
            workspace.arrange(other)
            qapp.processEvents()
            workspace.arrange("VAE")
            qapp.processEvents()
            assert {name: docks[name].size() for name in before} == before


def test_the_arena_has_half_of_the_window(qtbot, workspace):
    workspace.window().setFixedSize(1400, 900)
    workspace.arrange("GAN in the plane")
    qtbot.waitUntil(lambda: workspace.docks["arena"].width() > 600)
    arena, gradients = workspace.docks["arena"], workspace.docks["gradients"]
    assert arena.height() > 800
    assert gradients.geometry().right() < arena.geometry().left()
    assert gradients.geometry().top() > workspace.docks["losses"].geometry().bottom()
