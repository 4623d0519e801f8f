"""The menu bar: every action of the window by name, with its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox, QTabBar

from guiapp import __version__, presets
from guiapp.gui.panels.command_palette import CommandPalette
from guiapp.gui.workspace import ARRANGEMENTS

if TYPE_CHECKING:
    from guiapp.gui.main_window import MainWindow


def build(window: MainWindow) -> None:
    """Fill the menu bar of `window`."""
    bar = window.menuBar()
    _file(window, bar.addMenu("&File"))
    _run(window, bar.addMenu("&Run"))
    _view(window, bar.addMenu("&View"))
    _lessons(window, bar.addMenu("&Lessons"))
    bar.setCornerWidget(_workspace_tabs(window))
    help_menu = bar.addMenu("&Help")
    explain = window.explain_dock.toggleViewAction()
    explain.setShortcut(QKeySequence("F1"))
    help_menu.addAction(explain)
    _add(help_menu, "&Commands…", lambda: CommandPalette(actions(window), window).open(), "Ctrl+K")
    _add(help_menu, "&About", lambda: _about(window))


def _file(window: MainWindow, menu: QMenu) -> None:
    desk = window.desk
    _add(menu, "&Open data…", desk.ask_for_data, "Ctrl+O", "Train on a .npz, .npy, IDX or CSV file of your own")
    _add(menu, "Open image &folder…", lambda: desk.ask_for_data(folder=True))
    recent = menu.addMenu("Open &recent")
    recent.aboutToShow.connect(lambda: _fill_recent(window, recent))
    menu.addSeparator()
    _add(menu, "Run &library…", desk.show_library, "Ctrl+L", "All runs: find, compare, go on, fork, delete")
    _add(menu, "Open r&un…", desk.ask_for_run, "Ctrl+Shift+O", "Go on with a run that was saved, bit for bit")
    _add(menu, "&Save run…", desk.ask_where_to_save, "Ctrl+S", "Copy the run file: curves, events and weights")
    menu.addSeparator()
    _add(menu, "&Export…", desk.export, "Ctrl+E", "Curves, weights, an animation or a report of the run")
    _add(menu, "Show as &code", desk.show_code, "Ctrl+Shift+C", "The run as a plain PyTorch script")
    _link(window, menu.addMenu("Lin&k"))
    menu.addSeparator()
    _add(menu, "&Preferences…", desk.show_preferences, "Ctrl+,", "Theme, what is opened at the start, where runs are")
    _add(menu, "&Quit", window.close, "Ctrl+Q")


def _link(window: MainWindow, menu: QMenu) -> None:
    links = window.desk.sharing
    about = "A text that restores the lab or the run that has the focus, to send to others"
    _add(menu, "&Copy as a link", links.copy, "Ctrl+Shift+L", about)
    _add(menu, "&Paste a link", links.paste, "Ctrl+V", "Set up the lab or run of the link on the clipboard")
    _add(menu, "&Open a link…", links.ask, tip="Set up a lab or run from a link or a file")
    _add(menu, "&Save as a link file…", links.save, tip="The link to the lab or run that has the focus, in a file")


def _run(window: MainWindow, menu: QMenu) -> None:
    for action in window.run_bar.run_actions():
        menu.addAction(action)
    menu.addSeparator()
    _presets(window, menu.addMenu("&Preset"))
    menu.addSeparator()
    machine = window.time_machine
    _add(menu, "&Undo the last edit", machine.undo, "Ctrl+Z", "A new run from before the last change of a parameter")
    _add(menu, "&Fork from here", machine.fork, "Ctrl+F", "A new run from the step shown, with the parameters shown")
    _add(menu, "&Back to the run before", window.bring_back, "Ctrl+Shift+Z", "Go on with the run that was replaced")


def _view(window: MainWindow, menu: QMenu) -> None:
    for number, (name, dock) in enumerate(window.workspace.docks.items(), start=1):
        keys = f"Ctrl+{number}" if number <= 9 else ""
        _add(menu, dock.windowTitle(), lambda *_, name=name: window.workspace.reveal(name), keys)
    menu.addSeparator()
    workspaces = menu.addMenu("&Workspace")
    for name in ARRANGEMENTS:
        action = _add(workspaces, name, lambda *_, name=name: window.workspace.arrange(name))
        action.setData(f"Workspace: {name}")
    workspaces.addSeparator()
    _add(workspaces, "&Tile anew", window.workspace.tile_anew, tip="Forget how the views of this workspace were moved")
    menu.addAction(window.parameter_dock.toggleViewAction())
    menu.addSeparator()
    _themes(window, menu.addMenu("&Theme"))
    _add(
        menu,
        "&Full screen",
        lambda: window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen),
        "F11",
    )


def _lessons(window: MainWindow, menu: QMenu) -> None:
    guide = window.desk.lessons
    guide.dock.toggleViewAction().setShortcut(QKeySequence("Shift+F1"))
    menu.aboutToShow.connect(lambda: guide.fill(menu))  # the files, and what has been answered, may be others now
    guide.fill(menu)  # for the palette


def actions(window: MainWindow) -> list[QAction]:
    """Every action of the menus that can be triggered now."""

    def leaves(menu: QMenu) -> list[QAction]:
        found: list[QAction] = []
        for action in menu.actions():
            inner = action.menu()
            if isinstance(inner, QMenu):
                found += leaves(inner)
            elif action.isEnabled() and not action.isSeparator():
                found.append(action)
        return found

    menus = [menu for top in window.menuBar().actions() if isinstance(menu := top.menu(), QMenu)]
    return [leaf for menu in menus for leaf in leaves(menu)]


def _add(menu: QMenu, text: str, act: Callable[..., object], keys: str = "", tip: str = "") -> QAction:
    action = menu.addAction(text)
    action.triggered.connect(lambda *_: act())
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.setStatusTip(tip)
    action.setToolTip(tip or text.replace("&", ""))
    return action


def _fill_recent(window: MainWindow, menu: QMenu) -> None:
    menu.clear()
    for path in window.settings.recent:
        _add(menu, path.replace("&", "&&"), lambda *_, path=path: window.open_data(path))
    if not window.settings.recent:
        menu.addAction("No files yet").setEnabled(False)


def _workspace_tabs(window: MainWindow) -> QTabBar:
    """The work at hand, the gradients, or the labs: one click away."""
    tabs = QTabBar()
    tabs.setAccessibleName("Workspace")
    tabs.setDrawBase(False)
    names = ("Train", "Gradients", "Labs")
    for name in names:
        tabs.addTab(name)
    workspace = window.workspace

    def take(index: int) -> None:
        workspace.arrange(workspace.home if index == 0 else names[index])

    def follow(arrangement: str) -> None:
        with QSignalBlocker(tabs):
            tabs.setCurrentIndex(names.index(arrangement) if arrangement in names else 0)

    tabs.tabBarClicked.connect(take)
    tabs.currentChanged.connect(take)
    workspace.arranged.connect(follow)
    return tabs


def _presets(window: MainWindow, menu: QMenu) -> None:
    menu.setToolTipsVisible(True)
    for name in presets.NAMES:
        preset = presets.load(name)
        action = _add(menu, preset.title, lambda *_, name=name: window.choose_preset(name), tip=preset.about)
        action.setData(f"Preset: {preset.title}")


def _themes(window: MainWindow, menu: QMenu) -> None:
    group = QActionGroup(menu)
    for name in ("system", "light", "dark"):
        action = _add(menu, name.capitalize(), lambda *_, name=name: window.choose_theme(name))
        action.setData(f"Theme: {name}")
        action.setCheckable(True)
        group.addAction(action)

    def check() -> None:  # the preferences may have changed it
        for action in group.actions():
            action.setChecked(action.data() == f"Theme: {window.settings.theme}")

    menu.aboutToShow.connect(check)
    check()


def _about(window: MainWindow) -> None:
    box = QMessageBox(QMessageBox.Icon.NoIcon, "About Elboscope", "", parent=window)
    box.setText(
        f"<b>Elboscope {__version__}</b><br>An oscilloscope for generative models:"
        " see why a VAE or GAN behaves as it does.<br><br>MIT licence. Data: Fashion-MNIST (Zalando SE, MIT),"
        " Optical Recognition of Handwritten Digits (UCI, CC BY 4.0)."
    )
    box.open()
