"""The panel that shows every parameter of a run and lets a person change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPalette
from PySide6.QtWidgets import QApplication, QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from guiapp.data import DATASETS
from guiapp.gui.panels.parameter_row import ParameterRow
from guiapp.gui.panels.pending_bar import PendingBar
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.click_focus import focus_by_tab
from guiapp.gui.widgets.field_editor import Option
from guiapp.gui.widgets.section import Section
from guiapp.parameters import MODELS, Group, Parameter, as_text, differences, edited, flat, parameters, value
from guiapp.spec import RunSpec

KIND: Final = "model.kind"
FILE: Final = ("file", "A file of yours", "The file or folder named below.")
OPTIONS: Final[Mapping[str, Sequence[Option]]] = MappingProxyType(
    {
        "data.name": (*((d.name, d.title, d.description) for d in DATASETS), FILE),
        KIND: tuple((kind, kind.upper(), str(model.__doc__).partition("\n")[0]) for kind, model in MODELS.items()),
    }
)


@dataclass(frozen=True)
class _Form:
    """The rows of one kind of model, and the sections that they are in, by path; `note` tells of a refusal."""

    content: QWidget
    rows: dict[str, ParameterRow]
    sections: dict[str, Section]
    note: QLabel


class ParameterPanel(QWidget):
    """Every parameter that `guiapp.parameters.parameters` finds in the spec; none is named here by hand.

    Two specs: the one in force in the run, and the pending one with what takes effect on restart. A live parameter of a
    run changes both at once; any other, and every one while there is no run, changes the pending one alone.

    The rows are our own and not pyqtgraph's parametertree: its spin boxes silently move a number that is out of range
    to the next bound, while here it is refused, with the allowed range, and the old value stays.

    Each kind of model keeps its rows while another one is shown: of every widget that was ever painted in a palette of
    the program's own, Qt 6.11 keeps 0.8 kB and more for good, the names of its pictures, and making them takes time.
    """

    live_edited = Signal(str, object)  # path, new value
    restart_requested = Signal(object)  # RunSpec: of a new run, or of a fork from the past step that is shown

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._spec = self._pending = RunSpec()
        self.baseline: RunSpec | None = None
        self._has_run, self._past = False, False
        self._forms: dict[type, _Form] = {}  # by type of model
        self._rows: dict[str, ParameterRow] = {}  # of the form on show
        self._sections: dict[str, Section] = {}
        self._open: dict[str, bool] = {}
        self._filter = QLineEdit(self, placeholderText="Find a parameter", clearButtonEnabled=True)
        self._filter.setAccessibleName("Find a parameter")
        self._filter.textChanged.connect(self._show_matches)
        self._filter.installEventFilter(self)
        self._scroll = QScrollArea(self, widgetResizable=True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)  # folding moves nothing sideways
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._none = QLabel("No parameter has this name.", self)
        self._none.setForegroundRole(QPalette.ColorRole.PlaceholderText)
        self._bar = PendingBar(self)
        self._bar.restart_clicked.connect(lambda: self.restart_requested.emit(self._pending))
        self._bar.discard_clicked.connect(self._discard)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 0, 0)
        layout.setSpacing(6)
        top = QVBoxLayout()
        top.setContentsMargins(0, 0, 8, 0)
        top.addWidget(self._filter)
        top.addWidget(self._none)
        layout.addLayout(top)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._bar)
        self._show_form()

    def set_spec(self, spec: RunSpec, baseline: RunSpec | None = None) -> None:
        """Show `spec` as the one in force, drop what was pending; defaults are those of `baseline`. No signals."""
        self._spec, self.baseline = spec, baseline
        self._set_pending(spec)

    def set_live(self, path: str, new: Any) -> None:
        """`path` has the value `new` in the run from now on, whoever changed it. No signals.

        Raises:
            SpecError: the spec in force has no such parameter or does not take the value.
        """
        self._spec = edited(self._spec, path, new)
        pending = self._pending
        if path in flat(pending) and type(pending.model) is type(self._spec.model):
            pending = edited(pending, path, new)
        self._set_pending(pending)

    def set_pending(self, pending: RunSpec) -> None:
        """Let what differs in `pending` wait for a restart or a fork. No signals."""
        self._set_pending(pending)

    def pending(self) -> RunSpec:
        """The spec that a restart would begin with."""
        return self._pending

    def set_has_run(self, has_run: bool) -> None:
        """Whether there is a run whose live parameters can be changed."""
        self._has_run = has_run
        self._refresh()

    def set_past(self, step: int | None) -> None:
        """A past step is shown: what is edited now is for a fork from there; None: the run as it is."""
        self._past = step is not None
        self._bar.set_past(step)
        self._refresh()

    def is_live(self, path: str) -> bool:
        """Whether an edit of `path` takes effect in the run at once."""
        if not self._has_run or self._past or path not in self._rows or not self._rows[path].parameter.live:
            return False
        return not path.startswith("model.") or type(self._pending.model) is type(self._spec.model)

    def restart_with(self, changes: Mapping[str, Any]) -> None:
        """Set parameters by path as a person would, and ask for the restart, with whatever else is pending.

        Raises:
            SpecError: as `edit`.
        """
        for path, new in changes.items():
            self.edit(path, new)
        self.restart_requested.emit(self._pending)

    def edit(self, path: str, new: Any) -> None:
        """Set `path` as a person would: at once when it is live in the run, else pending.

        Raises:
            SpecError: no such parameter, or the value is not allowed.
        """
        pending = edited(self._pending, path, new)
        if path == "data.path" and new:
            pending = edited(pending, "data.name", FILE[0])  # who names a file wants it to be used
        if pending == self._pending:
            return
        live = self.is_live(path)
        if live:
            self._spec = edited(self._spec, path, new)
        self._set_pending(pending)
        if live:
            self.live_edited.emit(path, value(pending, path))

    def focus(self, path: str) -> None:
        """Unfold, scroll to and focus the editor of `path`; an unknown path does nothing."""
        row = self._rows.get(path)
        if row is None:
            return
        self._filter.clear()
        for name, section in self._sections.items():
            if section.isAncestorOf(row):
                section.set_open(True)
                self._open[name] = True
        row.field.focus_target.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._scroll.ensureWidgetVisible(row)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        self._bar.set_theme(theme)
        for form in self._forms.values():
            for row in form.rows.values():
                row.set_theme(theme)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self._filter.text():
            self._filter.clear()
            return True
        return super().eventFilter(watched, event)

    # ------------------------------------------------------------------------------------------------- state

    def _discard(self) -> None:
        self._set_pending(self._spec)

    def _set_pending(self, pending: RunSpec) -> None:
        is_other = type(pending.model) is not type(self._pending.model)
        self._pending = pending
        if is_other:
            focused = QApplication.focusWidget()  # the panel's own focusWidget() is the one it had last
            had_focus = focused is not None and self._content.isAncestorOf(focused)
            self._show_form()
            if had_focus:
                self.focus(KIND)
        else:
            self._refresh()

    def _changes(self) -> dict[str, str]:
        """Title and both values of each change that waits for a restart, by path."""
        if not (self._has_run or self._past):  # the past of a run that diverged can be forked, too
            return {}
        found = differences(self._spec, self._pending)
        if type(self._spec.model) is not type(self._pending.model):
            found = {path: pair for path, pair in found.items() if not path.startswith("model.")}
            found = {KIND: (value(self._spec, KIND), value(self._pending, KIND)), **found}
        rows = self._rows
        return {p: f"{rows[p].parameter.title}: {as_text(old)} → {as_text(new)}" for p, (old, new) in found.items()}

    def _refresh(self) -> None:
        changes = self._changes()
        for path, parameter in (flat(self._pending, self.baseline) | {KIND: self._kind()}).items():
            self._rows[path].set_state(parameter, value(self._pending, path), path in changes, self._past)
        for path, section in self._sections.items():
            section.set_summary(self._summary(path))
        self._bar.set_changes(list(changes.values()))

    def _kind(self) -> Parameter:
        default = value(self.baseline or self._pending, KIND)
        about = "What is trained; another kind has parameters of its own."
        return Parameter(KIND, "choice", "kind of model", about, "", False, False, default, choices=tuple(MODELS))

    def _summary(self, group: str) -> str:
        start = f"{group}."
        rows = [row for path, row in self._rows.items() if path.startswith(start) and "." not in path[len(start) :]]
        words = [
            as_text(value(self._pending, row.parameter.path)) for row in rows[:3] if row.parameter.kind != "switch"
        ]
        return " · ".join(word for word in words if word)

    # ------------------------------------------------------------------------------------------------ widgets

    def _show_form(self) -> None:
        """Show the rows for the kind of model that is pending, made now if need be."""
        self._put_away()
        kind = type(self._pending.model)
        form = self._forms.get(kind) or self._made_form()
        self._forms[kind] = form
        self._content, self._rows, self._sections, self._note = form.content, form.rows, form.sections, form.note
        self._scroll.setWidget(self._content)
        self._content.show()
        focus_by_tab(self)  # a click beside a line takes what was typed there, too
        self._refresh()
        self._show_matches(self._filter.text())

    def _put_away(self) -> None:
        """Hide the form on show; what was being typed there is lost."""
        for row in self._rows.values():
            row.blockSignals(True)  # hiding takes the focus away, and leaving a line takes its text
        old = self._scroll.takeWidget()
        if old is not None:
            old.setParent(self)
            old.hide()
            self._note.hide()
        for row in self._rows.values():
            row.restore()
            row.blockSignals(False)

    def _made_form(self) -> _Form:
        self._rows, self._sections = {}, {}
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 8, 40)  # below the last row there is room for its refusal
        layout.setSpacing(4)
        tree = parameters(self._pending, self.baseline)
        loose = tuple(item for item in tree if isinstance(item, Parameter))
        groups = tuple(item for item in tree if isinstance(item, Group))
        for group in (*groups, Group("", "Training", loose)):
            layout.addWidget(self._section(group, 0))
        layout.addStretch(1)
        note = QLabel(content, wordWrap=True, margin=4)
        note.hide()
        return _Form(content, self._rows, self._sections, note)

    def _section(self, group: Group, depth: int) -> Section:
        section = Section(group.title, indent=10 if depth else 2)
        self._sections[group.path] = section
        items = (self._kind(), *group.items) if group.path == "model" else group.items
        for item in items:
            if isinstance(item, Group):
                section.rows.addWidget(self._section(item, depth + 1))
            else:
                section.rows.addWidget(self._row(item, group.title if depth else "", section))
        section.set_open(self._open.setdefault(group.path, depth == 0 or _has_live(group)))
        section.toggled.connect(lambda is_open: self._remember(group.path, is_open))
        return section

    def _row(self, parameter: Parameter, section: str, parent: Section) -> ParameterRow:
        row = ParameterRow(parameter, OPTIONS.get(parameter.path, ()), section, self._theme, parent.body)
        row.edited.connect(self.edit)
        row.refused.connect(lambda reason: self._say(row, reason))
        self._rows[parameter.path] = row
        return row

    def _remember(self, path: str, is_open: bool) -> None:
        if not self._filter.text().strip():
            self._open[path] = is_open

    def _show_matches(self, words: str) -> None:
        for row in self._rows.values():
            row.setVisible(row.matches(words))
        any_match = any(not row.isHidden() for row in self._rows.values())
        self._none.setVisible(not any_match)
        for path, section in self._sections.items():
            inside = [row for row in self._rows.values() if section.isAncestorOf(row)]
            section.setVisible(any(not row.isHidden() for row in inside))
            section.set_open(bool(words.strip()) or self._open[path])

    def _say(self, row: ParameterRow, reason: str) -> None:
        """The refusal lies over the rows below, so that they do not move."""
        self._note.setVisible(bool(reason))
        if not reason:
            return
        theme = self._theme
        self._note.setStyleSheet(
            f"background: {theme.background}; color: {theme.bad}; border: 1px solid {theme.bad}; border-radius: 3px;"
        )
        self._note.setText(f"Not allowed. Takes {row.parameter.range_text}.")
        self._note.setAccessibleName(reason)
        width = self._content.width() - 8
        self._note.resize(width, self._note.heightForWidth(width))
        editor = row.field.focus_target
        below = editor.mapTo(self._content, QPoint(0, editor.height() + 2))
        self._note.move(0, below.y())
        self._note.raise_()
        self._scroll.ensureWidgetVisible(self._note, 0, 0)


def _has_live(group: Group) -> bool:
    return any(_has_live(item) if isinstance(item, Group) else item.live for item in group.items)
