"""The bar above everything: run, step, reset, the preset, and how the run is doing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QComboBox, QInputDialog, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from guiapp.gui.icons import icon
from guiapp.gui.panels.key_guard import KeyGuard
from guiapp.gui.panels.loading_bar import LoadingBar
from guiapp.gui.panels.readouts import Health, Readouts
from guiapp.gui.panels.verdict_button import VerdictButton
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.verdicts import Ruling
from guiapp.gui.widgets.action_button import ActionButton
from guiapp.gui.widgets.click_focus import focus_by_tab

STATES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {  # the session's state: the word for it, the colour's name in Theme, and what it means
        "loading": ("loading", "muted", "The trainer is loading; run begins as soon as it is ready."),
        "ready": ("ready", "accent", "All is ready; run begins to train."),
        "starting": ("starting", "muted", "The model is being built and the data are being read."),
        "training": ("training", "good", "Training; every value so far is finite."),
        "paused": ("paused", "warning", "Training stands between two steps; run goes on."),
        "diverged": ("diverged", "bad", "A value was not finite; lower the learning rate and reset."),
        "lost": ("trainer lost", "bad", "The trainer process has ended; run starts it again."),
    }
)


LATE = 5.0  # seconds without an answer, of which a person is told


class RunBar(QToolBar):
    """Emits what is asked for and shows what it is told; it decides nothing. It never changes its own state: the
    button becomes ⏸ when `set_state` says "training", not when it is clicked."""

    run_toggled = Signal(bool)  # train on, or pause
    step_requested = Signal(str)  # one iteration of "both" players, of "d" or of "g"
    epoch_requested = Signal()
    reset_requested = Signal()
    run_to_requested = Signal(int)  # the step to stop after
    preset_chosen = Signal(str)  # its name
    loading_cancelled = Signal()
    verdicts_asked = Signal()  # what is wrong, and what to try

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Run", parent)
        self.setObjectName("run_bar")
        self.setMovable(False)
        self.setIconSize(QSize(20, 20))
        self._theme = LIGHT
        self._state, self._text, self._late = "ready", "", False
        self._make_actions()
        self._guard = KeyGuard(self)
        self._presets = QComboBox(self, placeholderText="custom")
        self._presets.setAccessibleName("Preset")
        self._presets.setToolTip("Preset: data, model and settings for one thing to see")
        self._presets.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._presets.setMaximumWidth(self.fontMetrics().averageCharWidth() * 40)
        self._presets.activated.connect(lambda i: self.preset_chosen.emit(self._presets.itemData(i)))
        self._readouts = Readouts(self)
        self._health, self._verdicts = Health(self), VerdictButton(self)
        self._verdicts.clicked.connect(lambda: self.verdicts_asked.emit())
        self.loading_bar = LoadingBar(self)
        self.loading_bar.cancelled.connect(self.loading_cancelled)
        spring = QWidget(self)
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        for action in (self.run_action, self.step_action):
            self.addWidget(self._button(action))
        self.addWidget(self._more)
        self.addWidget(self._button(self.reset_action))
        self.addSeparator()
        self.addWidget(self._presets)
        self.addSeparator()
        self._numbers, self._loading = self.addWidget(self._readouts), self.addWidget(self.loading_bar)
        self.addWidget(spring)
        self._verdicts_place = self.addWidget(self._verdicts)
        self.addWidget(self._health)
        self._verdicts_place.setVisible(False)
        focus_by_tab(self)
        self.set_theme(LIGHT)
        self.set_players(False)
        self.set_progress(0, 0.0, 0.0, 0.0, "")
        self.set_state("ready")

    def set_presets(self, presets: Sequence[tuple[str, str, str]]) -> None:
        """Offer `presets`, each (name, title, tooltip); none is chosen. No signal."""
        with QSignalBlocker(self._presets):
            self._presets.clear()
            for i, (name, title, tooltip) in enumerate(presets):
                self._presets.addItem(title, name)
                self._presets.setItemData(i, tooltip, Qt.ItemDataRole.ToolTipRole)
            self._presets.setCurrentIndex(-1)

    def select_preset(self, name: str) -> None:
        """Show that the run came from preset `name`; "custom" where there is no such preset. No signal."""
        self._presets.setCurrentIndex(self._presets.findData(name))

    def set_state(self, state: str, text: str = "") -> None:
        """Show `state`, one of `STATES`; `text` explains it, such as which tensor was not finite.

        Raises:
            KeyError: no such state.
        """
        word, colour, meaning = STATES[state]
        if state != "starting" or self._state != "starting":
            self.loading_bar.begin()
            self._show_loading(False)
        self._state, self._text = state, text
        self._health.show_state(word, getattr(self._theme, colour), text or meaning)
        running = state == "training"
        self.run_action.setIcon(self._icons["pause" if running else "run"])
        self.run_action.setText("Pause" if running else "Run")
        self.run_action.setToolTip(f"{self.run_action.text()} (Space)")
        for action in self.run_actions():
            action.setEnabled(state != "starting")  # asked twice, the run would be built twice

    def set_waiting(self, seconds: float) -> None:
        """Say so where the trainer has owed an answer for long; the state is shown again once it has answered."""
        late, before = seconds > LATE, self._late
        self._late = late
        if late:
            why = f"The trainer has not answered for {seconds:.0f} s: a step takes long, or its process stands still."
            self._health.show_state("no answer", self._theme.warning, why)
        elif before:
            self.set_state(self._state, self._text)

    def show_loading(self, done: int, total: int) -> None:
        """Show, in place of the run's numbers, how much of the data is read, until the state changes."""
        self.loading_bar.show_progress(done, total)
        self._show_loading(True)

    def _show_loading(self, shown: bool) -> None:
        self._loading.setVisible(shown)
        self._numbers.setVisible(not shown)

    def set_progress(self, step: int, epoch: float, steps_per_s: float, seconds: float, device: str) -> None:
        """Show how far the run is; `seconds` of training. The caller limits how often."""
        self._step = step
        self._readouts.show_progress(step, epoch, steps_per_s, seconds, device)

    def set_players(self, has_players: bool) -> None:
        """Offer steps of D and of G alone; a VAE has no two players."""
        self.d_action.setVisible(has_players)
        self.g_action.setVisible(has_players)

    def set_verdicts(self, rulings: Sequence[Ruling]) -> None:
        """Name the verdicts that stand, the sure ones first."""
        self._verdicts.show_rulings(rulings)
        self._verdicts_place.setVisible(bool(rulings))

    def set_theme(self, theme: Theme) -> None:
        """Draw icons and health in the colours of `theme`."""
        self._theme = theme
        self._icons = {name: icon(name, theme) for name in ("run", "pause", "step", "reset", "more")}
        self.step_action.setIcon(self._icons["step"])
        self.reset_action.setIcon(self._icons["reset"])
        self._more.setIcon(self._icons["more"])
        self._verdicts.set_theme(theme)
        self.set_state(self._state, self._text)

    def run_actions(self) -> tuple[QAction, ...]:
        """All actions of the bar, for the menu and the command palette."""
        stepping = (self.step_action, self.d_action, self.g_action, self.epoch_action, self.run_to_action)
        return (self.run_action, *stepping, self.reset_action)

    def _make_actions(self) -> None:
        self.run_action = self._action("Run", "Space", "Train on, or pause between two steps", self._toggle)
        self.step_action = self._action("One step", "Right", "Train one iteration, then pause", self._ask("both"))
        self.d_action = self._action("One D step", "", "Update the discriminator alone, once", self._ask("d"))
        self.g_action = self._action("One G step", "", "Update the generator alone, once", self._ask("g"))
        self.epoch_action = self._action(
            "One epoch", "Shift+Right", "Train once through the data", self.epoch_requested.emit
        )
        self.run_to_action = self._action("Run to step…", "", "Train up to a step, then pause", self._ask_step)
        self.reset_action = self._action("Reset", "R", "Begin again at step 0", self.reset_requested.emit)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addActions([self.d_action, self.g_action, self.epoch_action, self.run_to_action])
        self._more = QToolButton(self)
        self._more.setMenu(menu)
        self._more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._more.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self._more.setToolTip("More ways to step")
        self._more.setAccessibleName("More ways to step")
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _action(self, text: str, keys: str, help_text: str, act: Callable[[], object]) -> QAction:
        action = QAction(text, self)
        action.setShortcut(QKeySequence(keys))
        action.setAutoRepeat(keys == "Right")  # the arrow held down steps on; Space held down must not flicker
        action.setToolTip(f"{help_text} ({keys.replace('Right', '→')})" if keys else help_text)
        action.setStatusTip(help_text)
        action.triggered.connect(lambda: act())
        return action

    def _button(self, action: QAction) -> ActionButton:
        """As the tool bar would make it."""
        button = ActionButton(action, self)
        button.setAutoRaise(True)
        button.setIconSize(self.iconSize())
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return button

    def _toggle(self) -> None:
        self.run_toggled.emit(self._state != "training")

    def _ask(self, player: str) -> Callable[[], None]:
        return lambda: self.step_requested.emit(player)

    def _ask_step(self) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setWindowTitle("Run to step")
        dialog.setLabelText(f"Train up to this step, then pause (now at {self._step}):")
        dialog.setIntRange(self._step + 1, 2**31 - 1)
        dialog.setIntValue(self._step + 1000)
        dialog.intValueSelected.connect(self.run_to_requested)
        dialog.open()
