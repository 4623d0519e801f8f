"""The main window: run bar, parameters, workspace, explanations, and what joins them to the session."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from PySide6.QtCore import QByteArray, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QToolBar, QVBoxLayout, QWidget

from guiapp import presets
from guiapp.gui import menus, theme
from guiapp.gui.began import Circumstances, adaptations, words
from guiapp.gui.desk import Desk
from guiapp.gui.docks import LabDock
from guiapp.gui.errors import MessageBar, show_error
from guiapp.gui.frame_clock import FrameClock
from guiapp.gui.numbers import numbers
from guiapp.gui.panels.explain import ExplainPanel
from guiapp.gui.panels.parameters import ParameterPanel
from guiapp.gui.panels.readouts import thousands
from guiapp.gui.panels.run_bar import RunBar
from guiapp.gui.panels.timeline import Timeline
from guiapp.gui.session import Session
from guiapp.gui.settings import Settings
from guiapp.gui.side_docks import SideDocks, side_dock
from guiapp.gui.time_machine import TimeMachine
from guiapp.gui.verdicts import standing
from guiapp.gui.workspace import Workspace
from guiapp.messages import Died, Diverged, Started
from guiapp.parameters import as_text, differences, edited, flat, value, with_half_rate
from guiapp.spec import Data, Gan, RunSpec, SpecError

TEXT_EVERY = 250  # ms between two updates of running text
WORTH_KEEPING = 500  # steps: a reset of fewer needs no word


class MainWindow(QMainWindow):
    """Everything on the screen. It acts on the session and shows what the session says; it holds no training state.

    Signals:
        closed(): it ends well.
    """

    closed = Signal()

    def __init__(
        self, session: Session, settings: Settings, settings_path: Path, baseline: RunSpec, runs: Path
    ) -> None:
        """`runs` is the folder in which the session's trainer records."""
        super().__init__()
        self.setWindowTitle("Elboscope")
        self.setMinimumSize(1024, 700)
        self.resize(1440, 900)
        self.session = session
        session.setParent(self)  # it ends with the window; else the slots that it holds would keep both for good
        self.settings = settings
        self.baseline = baseline
        self._settings_path = settings_path
        self._explained = "losses"
        self._complaints: list[str] = []  # about the run that is being built
        self._adapting = False  # a run on the person's own data was asked for: take what fits them
        self._adapted = ""
        self._data: Data | None = None  # of the run before
        self._lost_steps = 0  # of the run that is being reset
        self.theme = self._chosen_theme()
        self.run_bar = RunBar()
        self.message_bar = MessageBar()
        self.workspace = Workspace(self.theme)
        self.parameter_panel = ParameterPanel()
        self.explain_panel = ExplainPanel()
        self.timeline = Timeline()
        self._lay_out()
        self.clock = FrameClock(session, lambda: tuple(self.workspace.docks.values()), parent=self)
        self._connect()
        self.time_machine = TimeMachine(session, self.timeline, self.parameter_panel, self.message_bar, self)
        self.desk = Desk(self, runs)
        menus.build(self)
        self._text_timer = QTimer(self, interval=TEXT_EVERY)
        self._text_timer.timeout.connect(self._update_text)
        self._text_timer.start()
        self.apply_theme()
        self.parameter_panel.set_spec(session.spec, baseline)
        self._name_preset(session.spec)
        self.workspace.layouts = dict(settings.layouts)
        self.workspace.arrange_for(session.spec)
        self.explain("losses")
        self._restore()
        self._on_state(session.state)

    # Building

    def _lay_out(self) -> None:
        self.addToolBar(self.run_bar)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(self.workspace, 1)
        self.setCentralWidget(centre)
        self.parameter_dock = side_dock("parameters", "Parameters", self.parameter_panel, self)
        self.explain_dock = side_dock("explain", "Explain", self.explain_panel, self)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, self._timeline_bar())
        self.sides = SideDocks(self, self.parameter_dock, self.explain_dock)

    def _timeline_bar(self) -> QToolBar:
        bar = QToolBar("Timeline", self)
        bar.setObjectName("timeline_bar")
        bar.setMovable(False)
        bar.addWidget(self.timeline)
        return bar

    def _connect(self) -> None:
        session, bar, panel = self.session, self.run_bar, self.parameter_panel
        self._presets = {name: presets.load(name) for name in presets.NAMES}
        bar.set_presets([(name, preset.title, preset.about) for name, preset in self._presets.items()])
        bar.run_toggled.connect(lambda run: self.go(session.run) if run else session.pause())
        bar.step_requested.connect(lambda player: self.go(session.step, 1, player))
        bar.epoch_requested.connect(lambda: self.go(session.epoch))
        bar.reset_requested.connect(self.reset)
        bar.run_to_requested.connect(lambda step: self.go(session.run, step))
        bar.preset_chosen.connect(self.choose_preset)
        bar.loading_cancelled.connect(session.stop_loading)
        bar.verdicts_asked.connect(lambda: self.workspace.reveal("verdicts"))
        panel.live_edited.connect(session.edit)
        self.explain_panel.link_activated.connect(self.follow_link)
        self.workspace.looked.connect(self.clock.nudge)
        self.workspace.study_asked.connect(session.study)
        self.workspace.study_stopped.connect(session.stop_study)
        self.workspace.step_asked.connect(lambda count, player: self.go(session.step, count, player))
        self.workspace.run_asked.connect(panel.restart_with)
        self.workspace.link_followed.connect(self.follow_link)
        self.workspace.arranged.connect(self.sides.keep)
        self.workspace.broke.connect(lambda sentence, details: show_error(self, sentence, details))
        session.state_changed.connect(self._on_state)
        session.loading.connect(bar.show_loading)
        session.started.connect(self._on_started)
        session.diverged.connect(self._on_diverged)
        session.refused.connect(self._on_refused)
        session.mended.connect(lambda sentence: self.message_bar.set_message("info", sentence))
        session.complained.connect(lambda sentence, details: show_error(self, sentence, details))
        session.saved.connect(lambda path: self.message_bar.set_message("info", f"The run was saved to {path}."))
        session.lost.connect(self._on_lost)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.apply_theme)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)

    # What a person does

    def go(self, act: Callable[..., object], *details: object) -> None:
        """Have the session `act`; a run that this begins has the parameters as the panel shows them."""
        if not self.session.has_run:
            self.session.spec = self.parameter_panel.pending()
        act(*details)

    def bring_back(self) -> None:
        """Go on with the run before the current one, where it was left."""
        if self.session.previous:
            self.session.open(self.session.previous)
        else:
            self.message_bar.set_message("info", "There is no run before this one to go back to.")

    def reset(self) -> None:
        """Begin at step 0 with the parameters as the panel shows them; it trains on if it was training."""
        live = self.session.live
        self._lost_steps = live.step if live else 0
        self.session.start(self.parameter_panel.pending(), running=self.session.state == "training")

    def choose_preset(self, name: str) -> None:
        """Start the preset `name`; it trains on if something was training."""
        self.baseline = self._presets[name].spec
        self.session.start(self.baseline, running=self.session.state in ("training", "starting"))

    def open_data(self, path: str) -> None:
        """Train the current model on the person's own data at `path`; the likelihood follows the data."""
        pending = self.parameter_panel.pending()
        spec = msgspec.structs.replace(pending, data=msgspec.structs.replace(pending.data, name="file", path=path))
        self._adapting = True
        self.session.start(spec)

    def follow_link(self, link: str) -> None:
        """Do what a link of an explanation says: `set:PATH=VALUE`, `preset:NAME`, `view:NAME` or `lab:NAME`."""
        verb, _, rest = link.partition(":")
        if verb == "preset":
            self.choose_preset(rest)
        elif verb in ("view", "lab"):
            self.workspace.reveal(rest)
        elif verb == "set":
            path, _, new = rest.partition("=")
            self.set_parameter(path, new)

    def set_parameter(self, path: str, new: str) -> None:
        """Set a parameter at once when it is live in the current run, else through a restart; for a fork when a past
        step is shown."""
        try:
            spec = edited(self.parameter_panel.pending(), path, new)
        except SpecError as error:
            self.message_bar.set_message("warning", str(error))
            return
        if self.session.at is not None:
            self.parameter_panel.edit(path, new)
        elif self.session.has_run and self.parameter_panel.is_live(path):
            self.session.edit(path, new)
        else:
            self.session.start(spec)

    def take_settings(self, settings: Settings) -> None:
        """Go by `settings` from now on."""
        before, self.settings = self.settings.theme, settings
        if settings.theme != before:
            self.apply_theme()
        if complaint := settings.save(self._settings_path):
            self.message_bar.set_message("warning", complaint)

    def choose_theme(self, name: str) -> None:
        """ "system", "light" or "dark", from now on."""
        self.take_settings(msgspec.structs.replace(self.settings, theme=name))

    def offer(self, left: list[Path]) -> None:
        """A window was killed at the run files `left`: offer to go on with the newest."""
        if left:
            newest = max(left, key=lambda path: path.stat().st_mtime)
            sentence = f"Elboscope did not end well the last time. Its run {newest.stem} is kept."
            actions = (
                ("Recover it", lambda: self.session.open(str(newest))),
                ("Show all runs", self.desk.show_library),
            )
            self.message_bar.set_message("warning", sentence, actions)

    def explain(self, name: str) -> None:
        """Show the explanation of the view or lab `name`."""
        self.explain_panel.show_page(name)
        self._explained = name
        self._update_text()

    # What the session says

    def _on_state(self, state: str) -> None:
        self.run_bar.set_state(state)
        self.parameter_panel.set_has_run(self.session.has_run)

    def _on_started(self, run: Started) -> None:
        self._say_what_began(run)
        if run.spec.data.path:
            self.settings = self.settings.opened(run.spec.data.path)
        self.baseline = next((p.spec for p in self._presets.values() if p.spec == run.spec), self.baseline)
        self.parameter_panel.set_spec(run.spec, self.baseline)
        self.run_bar.set_players(isinstance(run.spec.model, Gan))
        self._name_preset(run.spec)
        for dock in self.workspace.docks.values():
            dock.set_run(run)
        self.workspace.go_home(run)
        if self.workspace.docks[self._explained].isHidden():
            self.explain(next(name for name, dock in self.workspace.docks.items() if not dock.isHidden()))
        self.clock.nudge()
        self._update_text()

    def _say_what_began(self, run: Started) -> None:
        self.message_bar.hide()
        stands = self.session.state == "paused"
        sentence = words(run, Circumstances(stands, self._adapted, self._data, self._complaints))
        actions: tuple[tuple[str, Callable[[], object]], ...] = ()
        if self._lost_steps >= WORTH_KEEPING:
            sentence = f"The run was reset at step {thousands(self._lost_steps)}. {sentence}".rstrip()
            actions = (("Bring it back", self.bring_back),)
        if sentence:
            self.message_bar.set_message("warning" if self._complaints else "info", sentence, actions)
        self._data = run.spec.data
        self._adapting, self._adapted, self._lost_steps, self._complaints = False, "", 0, []

    def _name_preset(self, spec: RunSpec) -> None:
        self.run_bar.select_preset(next((n for n, preset in self._presets.items() if preset.spec == spec), ""))

    def _on_diverged(self, event: Diverged) -> None:
        what = f"the {event.tensor} is not finite, so this update was not applied and training stopped"
        sentence = f"Step {thousands(event.step)}: {what}."
        halved = with_half_rate(self.session.spec)
        remedy = ("Restart with half the learning rate", lambda: self.session.start(halved))
        self.message_bar.set_message("error", sentence, (remedy,))

    def _on_refused(self, sentence: str, instead: RunSpec | None) -> None:
        if self.session.state == "starting":  # the run is on its way: it is told of with that
            self._complaints.append(sentence)
            return
        self._complaints = []
        asked = self.session.asked
        changes = [] if instead is None or asked is None else _changes(asked, instead)
        if instead is not None and self._adapting:
            self._adapted = adaptations(asked or instead, instead)
            self.session.start(instead)
            return
        self._adapting, self._lost_steps = False, 0
        spec = self.session.spec
        for path, parameter in flat(spec).items() if self.session.at is None else ():
            if parameter.live and self.session.has_run:
                self.parameter_panel.set_live(path, value(spec, path))  # a refused edit is not in force
        label = "Start with " + ", ".join(f"{title} {new}" for title, new in changes)
        actions = () if instead is None else ((label, lambda: self.session.start(instead)),)
        self.message_bar.set_message("error", sentence, actions)

    def _on_lost(self, event: Died) -> None:
        code = event.exit_code
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        why = {-7: " (often: its data file was cut short)", -9: " (often: out of memory)"}.get(code, "")
        step = self.session.live.step if self.session.live else 0
        sentence = f"The trainer process {how}{why}; the run stopped at step {thousands(step)}."
        if event.reason:
            sentence = f"The trainer process could not be started: {event.reason}. Close other programs and try again."
        self.message_bar.set_message("error", sentence, self._ways_on())

    def _ways_on(self) -> tuple[tuple[str, Callable[[], object]], ...]:
        """What can be done after the trainer has died: the run file outlives it."""
        again = ("Start again", lambda: self.go(self.session.run))
        file = self.session.live.run.run_file if self.session.live else ""
        if not (file and Path(file).exists()):
            return (again,)
        return (("Resume where it was last stored", lambda: self.session.open(file)), again)

    # Looks

    def _chosen_theme(self) -> theme.Theme:
        return theme.THEMES.get(self.settings.theme) or theme.system_theme()

    def apply_theme(self, *_: object) -> None:
        """Repaint everything in the theme that is wanted now."""
        self.theme = self._chosen_theme()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.apply(application, self.theme)
        parts = (self.run_bar, self.message_bar, self.parameter_panel, self.explain_panel, self.workspace)
        for part in (*parts, self.timeline, self.desk):
            part.set_theme(self.theme)
        self.clock.nudge()

    def _update_text(self) -> None:
        session, frame, live = self.session, self.session.frame, self.session.live
        self.run_bar.set_waiting(session.waiting)
        if frame is not None and live is not None:
            epoch = live.epoch if live.run.data_count else math.nan  # a law has no epochs
            self.run_bar.set_progress(live.step, epoch, live.steps_per_s, session.seconds, session.device)
            self.run_bar.set_verdicts(standing(live.events))
            lab = self.workspace.docks.get(self._explained)
            own = lab.lab.numbers() if isinstance(lab, LabDock) else {}
            when = f"At step {thousands(frame.step)}" if frame.until else "Now"
            self.explain_panel.set_numbers({**numbers(frame), **own}, when)

    def _on_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        while new is not None and new is not self:
            if new.objectName() in self.workspace.docks and new.objectName() != self._explained:
                self.explain(new.objectName())
                return
            new = new.parentWidget()

    # Coming and going

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The explanation goes behind the parameters where there is no room for both."""
        super().resizeEvent(event)
        self.sides.fit()

    def _restore(self) -> None:
        saved = self.settings
        for state, restore in ((saved.geometry, self.restoreGeometry), (saved.docks, self.restoreState)):
            if state:
                restore(QByteArray.fromBase64(state.encode()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window and end the trainer process."""
        self._text_timer.stop()
        self.workspace.remember()
        geometry, docks = (bytes(state.toBase64().data()).decode() for state in (self.saveGeometry(), self.saveState()))
        live = self.session.live
        settings = msgspec.structs.replace(
            self.settings.renewed(self._settings_path),
            geometry=geometry,
            docks=docks,
            layouts=self.workspace.layouts,
            library=self.desk.library_layout(),
            last_run=live.run.run_file if live and live.step else "",
        )
        complaint = settings.save(self._settings_path)
        if complaint:
            print(complaint, file=sys.stderr)  # the window is closing: nowhere else to say it
        self.desk.close()
        self.hide()  # a trainer in the midst of a long load takes some seconds to end
        self.session.shut_down()
        self.closed.emit()
        super().closeEvent(event)


def _changes(old: RunSpec, new: RunSpec) -> list[tuple[str, str]]:
    """Title and new value of each parameter that differs."""
    titles = flat(new)
    return [(titles[path].title, as_text(value)) for path, (_, value) in differences(old, new).items()]
