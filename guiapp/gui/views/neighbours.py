"""Whether a model copies: samples beside their nearest training data, and all distances against held-out data's."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QHelpEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QToolTip, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.columns import stack, tool_row
from guiapp.gui.widgets.data_plot import shape_kind
from guiapp.gui.widgets.distance_plot import DistancePlot
from guiapp.gui.widgets.image_table import ImageTable
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.gui.widgets.levels import value_range
from guiapp.gui.widgets.paragraph import Paragraph
from guiapp.gui.widgets.part_legend import PartLegend
from guiapp.gui.widgets.readings import Number, Readings
from guiapp.gui.widgets.stage import Stage
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.gui.widgets.study_bar import StudyBar, age, line
from guiapp.messages import Picture, Studied
from guiapp.theory.game_verdicts import COPY, memorisation
from guiapp.theory.two_sample import FRECHET_NOTE

Array = npt.NDArray[Any]
EMPTY = (
    "Here samples will stand beside the training data that they lie nearest to, closest pair first, so that one sees "
    "copies; and the distances of samples beside those of data that the model has never seen. Start a run on images or "
    "a table with ▶ to fill it."
)
OF_A_LAW = (
    "A law has no training data to learn by heart: every batch is drawn afresh. Choose images or a table, such as "
    "Digits, to see whether a model copies."
)
PARTS = (
    ("samples", "Samples", "Distances of 256 samples to the nearest training datum"),
    ("heldout", "Held-out data", "Distances of held-out data: where those of a model that has learnt the law lie"),
)
SURE = 3.0  # standard errors
TIP = (
    "Train a small classifier on these data, and compare samples and held-out data in its last hidden layer, while "
    "training goes on. It is not the FID, which takes a network of ImageNet"
)
ROOM_FOR_NUMBERS = 290  # px


class NeighboursView(View):
    """Pairs "generated | nearest training datum", sorted by their distance; beside them two histograms of distances.
    Copying shows as pairs that are alike, and as samples nearer to the training data than held-out data are."""

    name: ClassVar[str] = "neighbours"
    title: ClassVar[str] = "Memorisation"
    needs = frozenset({"neighbours"})
    requires: ClassVar[frozenset[str]] = frozenset({"samples"})
    missing: ClassVar[str] = "This model cannot draw samples, so there is nothing that it could have copied."
    studies: ClassVar[frozenset[str]] = frozenset({"frechet"})
    draws_series: ClassVar[bool] = True  # with every step, what the study found is older

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pairs, self._plot = ImageTable("Samples beside their nearest training data"), DistancePlot()
        self._caption, self._sentence = Paragraph(1), Paragraph(3)
        self._caption.set_text("generated | nearest training datum", "muted")
        self._readings, self._status = Readings("Memorisation and quality"), StatusLine()
        self._legend = PartLegend(PARTS)
        self._bar = StudyBar("Fréchet distance", f"{TIP}.")
        self._picture: Picture | None = None
        self._report: Studied | None = None
        self._labels: list[str] = []
        self._arrange()
        self._connect()
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the picture "neighbours" and the newest report of the study "frechet"."""
        picture, report = frame.pictures.get("neighbours"), frame.studies.get("frechet")
        lacking = not self.requires <= frame.run.capabilities
        of_a_law = frame.run.data_count == 0 or picture == {}
        self._tools.setEnabled(not lacking and not of_a_law)
        self._bar.show_report(report)
        changed = report is not self._report
        self._report = report
        if lacking or of_a_law or picture is None:
            self._picture = None
            self._stage.say(self.missing if lacking else OF_A_LAW if of_a_law else EMPTY)
        else:
            self._stage.show_content()
            if picture is not self._picture:
                self._show(picture, frame.run.classes)
                changed = True
            if changed:
                self._readings.set_numbers((*_of_copies(picture), *_of_quality(report)))
        self._tell(picture, report, frame.step, of_a_law)

    def clear(self) -> None:
        """Say what will appear."""
        self._picture = self._report = None
        self._bar.clear()
        self._tools.setEnabled(False)  # until there is a model to ask
        self._status.set_text("")
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        parts = (self._pairs, self._plot, self._caption, self._sentence, self._readings, self._status, self._stage)
        for part in parts:
            part.set_theme(theme)
        self._legend.set_colours(samples=theme.generated, heldout=theme.real)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        self._readings.setVisible(self.height() >= ROOM_FOR_NUMBERS)
        self._sentence.setVisible(self.height() >= ROOM_FOR_NUMBERS)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._pairs and isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self._pairs.index_at(event.pos())
            QToolTip.showText(event.globalPos(), self._labels[index] if index is not None else "", self._pairs)
            return True
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        self._images = stack(((self._caption, 0), (self._pairs, 1)))
        self._splitter = QSplitter()
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self._images)
        self._splitter.addWidget(stack(((self._legend, 0), (self._plot, 1))))
        self._splitter.setSizes([1000, 1000])
        self._stage = Stage(stack(((self._splitter, 1), (self._readings, 0), (self._sentence, 0))))
        self._tools = tool_row(self._bar)
        stack(((self._tools, 0), (self._stage, 1), (self._status, 0)), self)

    def _connect(self) -> None:
        self._bar.asked.connect(lambda: self.study_asked.emit("frechet", {}))
        self._bar.cancelled.connect(self.study_stopped)
        self._plot.hovered.connect(lambda at: self._status.set_pointed(self._plot.words(at) if at else ""))
        self._pairs.installEventFilter(self)
        self._legend.changed.connect(self._choose)

    def _choose(self) -> None:
        for name, curve in self._plot.curves.items():
            curve.setVisible(name in self._legend.shown)

    def _show(self, picture: Picture, classes: tuple[str, ...]) -> None:
        self._picture = picture
        heldout = np.asarray(picture["heldout"], float)
        known = heldout[np.isfinite(heldout)]
        self._plot.show_distances(
            np.asarray(picture["samples"], float),
            heldout,
            COPY * float(np.quantile(known, 0.05)) if len(known) else math.nan,
        )
        are_images = shape_kind(picture["generated"]) == "images"
        self._images.setVisible(are_images)
        if are_images:
            self._show_pairs(picture, classes)
        self._sentence.set_text(*_verdict(picture))

    def _show_pairs(self, picture: Picture, classes: tuple[str, ...]) -> None:
        order = np.argsort(picture["distance"], kind="stable")  # NaN last
        made, nearest = picture["generated"][order], picture["nearest"][order]
        seam = np.full((*made.shape[:2], max(1, made.shape[2] // 28), *made.shape[3:]), np.nan, np.float32)
        below = [f"{d:.3g}" if math.isfinite(d) else "?" for d in picture["distance"][order]]
        self._labels = []
        for distance, label in zip(below, picture["label"][order], strict=True):
            name = class_name(int(label), classes)
            self._labels.append(f"distance {distance}" + (f" · the training datum is of class {name}" if name else ""))
        self._pairs.set_images(np.concatenate([made, seam, nearest], 2), value_range(nearest), below=below)

    def _tell(self, picture: Picture | None, report: Studied | None, step: int, of_a_law: bool) -> None:
        parts: list[str] = []
        if report is not None and not of_a_law:
            found = "distance" in report.picture
            parts.append(f"Fréchet distance {age(report, step)}" if found else f"classifier {age(report, step)}")
            parts += [FRECHET_NOTE.split(". ", maxsplit=1)[0]] if found else []
            self._status.set_text(line(report, parts))
            return
        if picture:
            parts.append(f"{len(picture['samples']):,} samples and {len(picture['heldout']):,} held-out data")
            parts.append(f"nearest of {int(picture['training']):,} training data, Euclidean")
        self._status.set_text(" · ".join(parts))


def _of_copies(picture: Picture) -> tuple[Number, Number]:
    auc, z = float(picture["auc"]), float(picture["z"])
    of_auc = "P(a sample lies nearer to the training data than a held-out datum): ½ for the law itself, 1 for copies"
    of_z = "How many standard errors the AUC lies from ½; chance alone gives −2 to 2. Test of Mann & Whitney"
    return (
        Number("AUC", _or_dash(f"{auc:.3f}", auc), "½ without copying", of_auc),
        Number("z", _or_dash(f"{z:+.1f}".replace("-", "−"), z), "by chance −2 to 2", of_z),
    )


def _of_quality(report: Studied | None) -> tuple[Number, ...]:
    picture = report.picture if report is not None else {}
    if not picture:
        return ()
    accuracy = float(picture.get("accuracy", math.nan))
    chance = f"held-out; {100 * float(picture['chance']):.0f} % by guessing" if "chance" in picture else "being trained"
    numbers = (Number("Classifier", _or_dash(f"{100 * accuracy:.1f} %", accuracy), chance, f"Its accuracy. {TIP}"),)
    if "distance" not in picture:
        return numbers
    floor, n = float(picture["floor"]), int(picture["count"])
    note = f"floor {floor:.3g} ± {float(picture['floor_spread']):.2g} (n = {n:,})"
    return (*numbers, Number("Fréchet distance", f"{float(picture['distance']):.4g}", note, FRECHET_NOTE))


def _or_dash(text: str, value: float) -> str:
    return text if math.isfinite(value) else "–"


def _verdict(picture: Picture) -> tuple[str, str]:
    """A sentence on what the distances say, and the field of the theme that it is written in."""
    auc, z = float(picture["auc"]), float(picture["z"])
    if not math.isfinite(auc):
        return "The samples are not finite: the model has diverged. Go back on the timeline, or lower a rate.", "bad"
    found = memorisation(picture["samples"], picture["heldout"])
    if found is not None:
        return f"{'Copies' if found.confident else 'Perhaps copies'}. {found.evidence}", "bad"
    if z > SURE:
        return (
            "No copies, but samples lie nearer to the training data than new data do, as blurred or collapsed ones "
            "also would: look whether the pairs are the same picture, not just of the same kind.",
            "warning",
        )
    if z < -SURE:
        return (
            "No copying: samples lie farther from the training data than new data do. They do not look like the data "
            "yet; copies would stand left of the dashed line, in pairs that are alike in every detail.",
            "ink",
        )
    return (
        "No sign of copying: samples lie as near to the training data as data never seen. Copies would stand left of "
        "the dashed line, in pairs that are alike in every detail.",
        "good",
    )
