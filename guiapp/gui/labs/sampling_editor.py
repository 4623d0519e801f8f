"""The editor of one node in the lab of ancestral sampling."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from guiapp.gui.labs.sampling_compute import Params, Result
from guiapp.gui.labs.sampling_edits import (
    KINDS,
    added,
    deleted,
    kind_of,
    renamed,
    toggled,
    with_fields,
    with_kind,
    with_states,
)
from guiapp.gui.theme import Theme
from guiapp.theory.bayesian_network import ROUNDING, Discrete, LinearGaussian, NetworkError, Node, combinations

COLUMNS: Final = 3  # of the parents' boxes
MOST_SHOWN: Final = 8  # rows of the table without scrolling
MOST_STRETCHED: Final = 4  # columns that share the width


class NodeEditor(QGroupBox):
    """Name, kind, parents and numbers of the chosen node. `edited`: new parameters. What cannot be is refused in a
    sentence; a row of a table takes effect once it sums to 1."""

    edited = Signal(object)

    def __init__(self) -> None:
        super().__init__("Node")
        self._result: Result | None = None
        self._shown: tuple[object, ...] = ()
        self.node, self.kind = QComboBox(), QComboBox()
        self.kind.addItems(list(KINDS))
        self.name, self.states, self.formula = QLineEdit(), QLineEdit(), QLineEdit()
        self.table = QTableWidget()
        self.normalise = QPushButton("Make the rows sum to 1")
        self.add, self.delete = QPushButton("Add a node"), QPushButton("Delete it")
        self.parents: dict[str, QCheckBox] = {}
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.hide()
        self._name_all()
        self._lay_out()
        self.node.textActivated.connect(self._choose)
        self.kind.textActivated.connect(lambda kind: self._edit(lambda p, name: with_kind(p, name, kind)))
        self.name.editingFinished.connect(self._rename)
        self.states.editingFinished.connect(self._set_states)
        self.formula.editingFinished.connect(self._set_formula)
        self.table.cellChanged.connect(self._typed)
        self.normalise.clicked.connect(self._normalise)
        self.delete.clicked.connect(lambda: self._edit(deleted))

    def show_result(self, result: Result) -> None:
        """The chosen node of `result`. What is being typed stays as long as the node stays as it is."""
        self._result = result
        node = result.network.nodes[result.chosen]
        shown = (node, tuple(result.network.nodes.values()))
        if shown == self._shown:
            return
        self._shown = shown
        self.message.hide()
        self._fill(result, node)

    def refuse(self, sentence: str) -> None:
        """Say why a change was not made, and show what is in force."""
        if self._result is not None:
            self._fill(self._result, self._result.network.nodes[self._result.chosen])
        self._say(sentence)

    def set_theme(self, theme: Theme) -> None:
        self.message.setStyleSheet(f"color: {theme.bad};")

    def _name_all(self) -> None:
        named: tuple[tuple[QWidget, str, str], ...] = (
            (self.node, "chosen node", "The node that is edited and compared"),
            (self.kind, "kind of the node", "Discrete: a table. Linear-Gaussian: bias + Σ weight · parent + σε"),
            (self.name, "name of the node", "Letters, digits and _, a letter first; Return takes it"),
            (self.states, "states of the node", "Separated by commas, 2 to 8; numbers are computed with as they are"),
            (self.formula, "formula of the node", "Of the parents’ names, such as tanh(3*z) or A + B; no units"),
            (self.table, "numbers of the node", "Probabilities of the states, a row for each case of the parents"),
            (self.normalise, "Make the rows sum to 1", "Divide each row of the table by its sum"),
            (self.add, "Add a node", "Of one of the three kinds, without parents"),
            (self.delete, "Delete it", "The chosen node, with its arrows"),
        )
        for widget, name, tip in named:
            widget.setAccessibleName(name)
            widget.setToolTip(tip)
        menu = QMenu(self.add)
        for kind in KINDS:
            menu.addAction(kind).triggered.connect(
                lambda _=False, kind=kind: self._edit(lambda p, _name: added(p, kind))
            )
        self.add.clicked.connect(lambda: menu.popup(self.add.mapToGlobal(self.add.rect().bottomLeft())))

    def _lay_out(self) -> None:
        grid = QGridLayout(self)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        self._labels: dict[str, QLabel] = {}
        self._boxes = QWidget()
        self._boxes_grid = QGridLayout(self._boxes)
        self._boxes_grid.setContentsMargins(0, 0, 0, 0)
        rows: tuple[tuple[str, QWidget], ...] = (
            ("Node", self.node),
            ("Name", self.name),
            ("Kind", self.kind),
            ("Parents", self._boxes),
            ("States", self.states),
            ("Formula", self.formula),
        )
        for place, (text, widget) in enumerate(rows):
            label = self._labels[text] = QLabel(text)
            label.setBuddy(widget)
            grid.addWidget(label, place, 0)
            grid.addWidget(widget, place, 1)
        self.table.horizontalHeader().setMinimumSectionSize(36)
        self.table.setMinimumWidth(200)
        grid.addWidget(self.table, 6, 0, 1, 2)
        grid.addWidget(self.message, 7, 0, 1, 2)
        grid.addWidget(self.normalise, 8, 0, 1, 2)
        buttons = QHBoxLayout()
        buttons.addWidget(self.add)
        buttons.addWidget(self.delete)
        grid.addLayout(buttons, 9, 0, 1, 2)
        grid.setColumnStretch(1, 1)

    def _fill(self, result: Result, node: Node) -> None:
        names = list(result.network.order)
        with QSignalBlocker(self.node):
            self.node.clear()
            self.node.addItems(names)
            self.node.setCurrentText(node.name)
        self.name.setText(node.name)
        self.kind.setCurrentText(kind_of(node))
        discrete, formula = isinstance(node, Discrete), not isinstance(node, Discrete | LinearGaussian)
        for text, widget, seen in (("States", self.states, discrete), ("Formula", self.formula, formula)):
            self._labels[text].setVisible(seen)
            widget.setVisible(seen)
        self.states.setText(", ".join(node.states) if isinstance(node, Discrete) else "")
        self.formula.setText(getattr(node, "formula", ""))
        self.table.setVisible(not formula)
        self.normalise.hide()
        self._fill_parents(names, node)
        self._fill_table(result, node)

    def _fill_parents(self, names: list[str], node: Node) -> None:
        others = [other for other in names if other != node.name]
        if set(self.parents) != set(others):  # else they stay, and with them the focus
            self._make_parents(others)
        for name, box in self.parents.items():
            box.setChecked(name in node.parents)
            box.setToolTip(f"An arrow from {name} to {node.name}")
            box.setAccessibleName(f"{name} is a parent of {node.name}")
        self._labels["Parents"].setVisible(bool(self.parents))

    def _make_parents(self, names: list[str]) -> None:
        for box in self.parents.values():
            self._boxes_grid.removeWidget(box)
            box.hide()
            box.deleteLater()
        self.parents = {}
        for place, name in enumerate(names):
            box = self.parents[name] = QCheckBox(name)
            box.clicked.connect(lambda _=False, parent=name: self._edit(lambda p, child: toggled(p, parent, child)))
            self._boxes_grid.addWidget(box, *divmod(place, COLUMNS))

    def _fill_table(self, result: Result, node: Node) -> None:
        with QSignalBlocker(self.table):
            if isinstance(node, Discrete):
                columns = list(node.states)
                rows = [" ".join(states) or "p" for states in combinations(node, result.network.nodes)]
                numbers = [list(row) for row in node.table]
            elif isinstance(node, LinearGaussian):
                columns = ["number"]
                rows = ["bias", *(f"weight of {parent}" for parent in node.parents), "σ"]
                numbers = [[number] for number in (node.bias, *node.weights, node.sigma)]
            else:
                columns, rows, numbers = [], [], []
            self.table.setRowCount(len(rows))
            self.table.setColumnCount(len(columns))
            self.table.setHorizontalHeaderLabels(columns)
            self.table.setVerticalHeaderLabels(rows)
            for row, values in enumerate(numbers):
                for column, number in enumerate(values):
                    self.table.setItem(row, column, QTableWidgetItem(_text(number)))
            self.table.resizeRowsToContents()
        few = len(columns) <= MOST_STRETCHED
        mode = QHeaderView.ResizeMode.Stretch if few else QHeaderView.ResizeMode.ResizeToContents
        self.table.horizontalHeader().setSectionResizeMode(mode)
        if rows:
            edge = self.table.horizontalHeader().sizeHint().height() + 2 * self.table.frameWidth()
            self.table.setFixedHeight(edge + min(len(rows), MOST_SHOWN) * self.table.rowHeight(0) + (2 if few else 18))

    # What was typed

    def _choose(self, name: str) -> None:
        self._edit(lambda p, _: msgspec.structs.replace(p, chosen=name, state=""))

    def _rename(self) -> None:
        new = self.name.text().strip()
        if self._result is not None and new != self._result.chosen:
            self._edit(lambda p, name: renamed(p, name, new))

    def _set_states(self) -> None:
        states = tuple(state.strip() for state in self.states.text().split(","))
        node = self._node()
        if isinstance(node, Discrete) and states != node.states:
            self._edit(lambda p, name: with_states(p, name, states))

    def _set_formula(self) -> None:
        text = self.formula.text().strip()
        if text != getattr(self._node(), "formula", text):
            self._edit(lambda p, name: with_fields(p, name, formula=text))

    def _typed(self, row: int, column: int) -> None:
        node, number = self._node(), self._number(row, column)
        if isinstance(node, LinearGaussian):
            numbers = [self._number(at, 0) for at in range(self.table.rowCount())]
            if math.isnan(number):
                self.refuse(f"{node.name} takes a number here, not “{self._cell(row, column)[:12]}”.")
                return
            bias, *weights, sigma = numbers
            self._edit(lambda p, name: with_fields(p, name, bias=bias, weights=tuple(weights), sigma=sigma))
        elif isinstance(node, Discrete):
            if not 0 <= number <= 1:
                self.refuse(f"A probability is a number from 0 to 1, not “{self._cell(row, column)[:12]}”.")
                return
            if len(node.states) == 2:  # the other one follows
                with QSignalBlocker(self.table):
                    self.table.setItem(row, 1 - column, QTableWidgetItem(_text(round(1 - number, 12))))
            self._take_table(node)

    def _take_table(self, node: Discrete) -> None:
        """Put the typed table in force, or say which row does not sum to 1 and wait for the rest of it."""
        table = self._numbers()
        sums = [math.fsum(row) for row in table]
        off = next((place for place, total in enumerate(sums) if abs(total - 1) > ROUNDING), None)
        self.normalise.setVisible(off is not None)
        if off is not None:
            header = self.table.verticalHeaderItem(off)
            where = f"Row {off + 1}" + (f" ({header.text()})" if header is not None and node.parents else "")
            self._say(f"{where} sums to {sums[off]:.6g}, not to 1: the old numbers hold until it does.")
            return
        self.message.hide()
        self._edit(lambda p, name: with_fields(p, name, table=table))

    def _normalise(self) -> None:
        node = self._node()
        if not isinstance(node, Discrete):
            return
        table = self._numbers()
        if not all(sum(row) > 0 for row in table):
            self._say("A row of zeros cannot be made to sum to 1: give one of its states a probability.")
            return
        scaled = tuple(tuple(number / math.fsum(row) for number in row) for row in table)
        self._edit(lambda p, name: with_fields(p, name, table=scaled))

    def _numbers(self) -> tuple[tuple[float, ...], ...]:
        """The table as it is typed; a row that is as it was keeps all its digits."""
        node = self._node()
        assert isinstance(node, Discrete)
        rows = []
        for row, old in enumerate(node.table):
            typed = tuple(self._number(row, column) for column in range(len(old)))
            same = all(_text(before) == self._cell(row, column) for column, before in enumerate(old))
            rows.append(old if same else typed)
        return tuple(rows)

    def _cell(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().strip() if item is not None else ""

    def _number(self, row: int, column: int) -> float:
        try:
            return float(self._cell(row, column).replace("−", "-").replace(",", "."))
        except ValueError:
            return math.nan

    def _node(self) -> Node | None:
        return self._result.network.nodes[self._result.chosen] if self._result is not None else None

    def _say(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.message.show()

    def _edit(self, change: Callable[[Params, str], Params]) -> None:
        if self._result is None:
            return
        try:
            params = change(self._result.params, self._result.chosen)
        except NetworkError as error:
            self.refuse(str(error))
            return
        self.message.hide()
        self.edited.emit(params)


def _text(number: float) -> str:
    return f"{number:.6g}"
