"""What the model makes: samples from fixed noise, and beside them reconstructions or real data."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.data_plot import DataPlot, shape_kind
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.gui.widgets.levels import value_range
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture

Array = npt.NDArray[Any]
EMPTY = (
    "Here the same few noise vectors will be turned into data again and again, so that you see each sample take shape; "
    "beside them held-out data and their reconstructions, or real data. Start a run with ▶ to fill it."
)


class SamplesView(View):
    """Samples x ~ p(x|z) mean, z fixed draws from the prior; beside them, for a VAE, data with their reconstructions,
    for a GAN, real data. Many alike samples mean mode collapse, blurred ones an averaging decoder."""

    name: ClassVar[str] = "samples"
    title: ClassVar[str] = "Samples"
    needs = frozenset({"samples", "reconstructions"})
    requires: ClassVar[frozenset[str]] = frozenset({"samples"})
    missing: ClassVar[str] = "This model cannot draw samples."

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._made = DataPlot("Samples from fixed noise", "generated", "real")
        self._beside = DataPlot("Reconstructions or real data", "reconstruction", "real")
        self._status = StatusLine()
        self._splitter = QSplitter()
        self._splitter.addWidget(self._made)
        self._splitter.addWidget(self._beside)
        self._splitter.setChildrenCollapsible(False)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._splitter, 1)
        column.addWidget(self._status)
        self._stage = self.staged(content)
        for plot in (self._made, self._beside):
            plot.plane.hovered.connect(self._point_at)
            plot.profile.hovered.connect(lambda at, plot=plot: self._point_at_vector(plot, at))
        self.set_theme(LIGHT)
        self.clear()

    def draw(self, frame: Frame) -> None:
        """Show the pictures "samples" and "reconstructions" of `frame`."""
        samples, pairs = frame.pictures.get("samples"), frame.pictures.get("reconstructions")
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        if samples is None and pairs is None:
            self._stage.say(EMPTY)
            return
        self._stage.show_content()
        extent = frame.run.extent
        if samples is not None:
            self._draw_samples(samples, extent, (pairs or {}).get("data", samples["real"]))
        if pairs is not None:
            self._draw_pairs(pairs, frame.run.classes, extent)
        elif samples is not None:
            self._draw_real(samples)
        self._made.setVisible(samples is not None)
        in_one = pairs is None and samples is not None and shape_kind(samples["generated"]) == "points"
        self._beside.setVisible(not in_one)  # a GAN's points lie over the real ones already
        self._tell(samples or {}, pairs or {})

    def clear(self) -> None:
        """Say what will appear."""
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._made, self._beside, self._status, self._stage):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _draw_samples(self, picture: Picture, extent: float, reference: Array) -> None:
        """`reference`: the data that vectors on both sides are coloured by, so that they can be compared."""
        generated, real = picture["generated"], picture["real"]
        grey = value_range(real)
        kind = shape_kind(generated)
        if kind == "images":
            self._made.show_images(generated, "Samples, the same z at every step", grey, noun="sample")
        elif kind == "points":
            self._made.show_points(generated, real, "samples over real data", extent)
        else:
            self._made.show_vectors(generated, "sample, the same z at every step", value_range(reference))

    def _draw_real(self, picture: Picture) -> None:
        real = picture["real"]
        kind = shape_kind(real)
        if kind == "images":
            self._beside.show_images(real, "Real data", value_range(real), noun="real datum")
        elif kind == "vectors":
            self._beside.show_vectors(real, "real datum", value_range(real))

    def _draw_pairs(self, picture: Picture, classes: tuple[str, ...], extent: float) -> None:
        data, mean = picture["data"], picture["mean"]
        kind = shape_kind(data)
        if kind == "images":
            labels = [class_name(int(label), classes) for label in picture.get("labels", ())]
            caption = "Held-out data, reconstructions below"
            self._beside.show_images(data, caption, value_range(data), below=mean, labels=labels, noun="datum")
        elif kind == "points":
            self._beside.show_points(mean, data, "reconstructions joined to their data", extent, linked=True)
        else:
            both = np.stack([data, mean], 1).reshape(-1, data.shape[-1])  # datum, reconstruction, datum, ...
            self._beside.show_vectors(both, "datum, below it its reconstruction", value_range(data))

    def _tell(self, samples: Picture, pairs: Picture) -> None:
        arrays = {"samples": samples.get("generated"), "reconstructions": pairs.get("mean")}
        shown = [(name, array) for name, array in arrays.items() if array is not None]
        text = " · ".join(f"{len(array):,} {name}" for name, array in shown)
        reference = pairs.get("data", samples.get("real"))
        kind = "" if reference is None else shape_kind(reference)
        if reference is not None and kind != "points":
            low, high = value_range(reference)
            first, last = ("black", "white") if kind == "images" else ("dark", "bright")
            text += f" · {first} {low:.3g}, {last} {high:.3g}".replace("-", "−")
        elif kind == "points":
            text += " · the 2-D field view shows these points over what the discriminator or decoder makes of the plane"
        for name, array in shown:
            spoilt = int((~np.isfinite(array)).reshape(len(array), -1).any(1).sum())
            text += f" · {spoilt:,} {name} hold values that are not finite" if spoilt else ""
        self._status.set_text(text)

    def _point_at(self, at: tuple[float, float] | None) -> None:
        self._status.set_pointed(f"x₁ = {at[0]:.3g}, x₂ = {at[1]:.3g}".replace("-", "−") if at else "")

    def _point_at_vector(self, plot: DataPlot, at: tuple[float, float] | None) -> None:
        self._status.set_pointed(plot.profile.value_at(*at) if at else "")
