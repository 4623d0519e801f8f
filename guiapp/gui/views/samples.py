"""What the model makes: samples from fixed noise, and beside them reconstructions or real data."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QSplitter, QVBoxLayout, QWidget

from guiapp.gui.frame import Frame
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.views.base import View
from guiapp.gui.widgets.data_plot import DataPlot, shape_kind
from guiapp.gui.widgets.latent_plot import class_name
from guiapp.gui.widgets.levels import value_range
from guiapp.gui.widgets.status_line import StatusLine
from guiapp.messages import Picture
from guiapp.spec import RunSpec, Vae

Array = npt.NDArray[Any]
EMPTY = (
    "Here the same few noise vectors will be turned into data again and again, so that you see each sample take shape; "
    "beside them held-out data and their reconstructions, or real data. Start a run with ▶ to fill it."
)


MEAN, DRAW, BOTH = "mean", "draw", "both"
CHOICES = (
    (MEAN, "its mean", "E[x|z], what the decoder computes: too smooth"),
    (DRAW, "a draw", "x ~ p(x|z): mean + σε of a Gaussian decoder, 0 or 1 of a Bernoulli one"),
    (BOTH, "both", "The mean, and below it a draw around it"),
)


class SamplesView(View):
    """Samples from fixed draws z of the prior; beside them, for a VAE, data with their reconstructions, for a GAN, real
    data. Of a VAE's decoder p(x|z) the mean, a draw, or both: both of a Gaussian one, unless something else is chosen.
    Many alike samples mean mode collapse, blurred ones an averaging decoder."""

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
        self._chosen: str | None = None
        self._frame: Frame | None = None
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._splitter, 1)
        column.addLayout(self._last_row())
        self._stage = self.staged(content)
        for plot in (self._made, self._beside):
            plot.plane.hovered.connect(self._point_at)
            plot.profile.hovered.connect(lambda at, plot=plot: self._point_at_vector(plot, at))
        self.set_theme(LIGHT)
        self.clear()

    def _last_row(self) -> QHBoxLayout:
        self.choice = QComboBox()
        self.choice.setAccessibleName("Of the decoder")
        self.choice.setToolTip("What is shown of the decoder's distribution p(x|z)")
        for i, (name, text, tip) in enumerate(CHOICES):
            self.choice.addItem(text, name)
            self.choice.setItemData(i, tip, Qt.ItemDataRole.ToolTipRole)
        self.choice.activated.connect(lambda i: self.choose(CHOICES[i][0]))
        self._switch = QWidget()
        label = QLabel("&Decoder:")
        label.setBuddy(self.choice)
        switch = QHBoxLayout(self._switch)
        switch.setContentsMargins(0, 2, 6, 2)
        switch.addWidget(label)
        switch.addWidget(self.choice)
        row = QHBoxLayout()
        row.addWidget(self._status, 1)
        row.addWidget(self._switch)
        return row

    def choose(self, name: str) -> None:
        """Show the decoder's "mean", a "draw" from it, or "both"."""
        self._chosen = name
        if self._frame is not None:
            self.draw(self._frame)

    def draw(self, frame: Frame) -> None:
        """Show the pictures "samples" and "reconstructions" of `frame`."""
        self._frame = frame
        samples, pairs = frame.pictures.get("samples"), frame.pictures.get("reconstructions")
        if not self.requires <= frame.run.capabilities:
            self._stage.say(self.missing)
            return
        if samples is None and pairs is None:
            self._stage.say(EMPTY)
            return
        self._stage.show_content()
        drawable = "draw" in (samples or pairs or {})
        self._switch.setVisible(drawable)
        what = (self._chosen or (BOTH if _is_gaussian(frame.run.spec) else MEAN)) if drawable else MEAN
        self.choice.setCurrentIndex(self.choice.findData(what))
        extent = frame.run.extent
        if samples is not None:
            self._draw_samples(samples, what, extent, (pairs or {}).get("data", samples["real"]))
        if pairs is not None:
            self._draw_pairs(pairs, what, frame.run.classes, extent)
        elif samples is not None:
            self._draw_real(samples)
        self._made.setVisible(samples is not None)
        in_one = pairs is None and samples is not None and shape_kind(samples["generated"]) == "points"
        self._beside.setVisible(not in_one)  # a GAN's points lie over the real ones already
        self._tell(samples or {}, pairs or {}, what)

    def clear(self) -> None:
        """Say what will appear."""
        self._frame = None
        self._stage.say(EMPTY)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        for part in (self._made, self._beside, self._status, self._stage):
            part.set_theme(theme)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() > 1.1 * self.height()
        self._splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    def _draw_samples(self, picture: Picture, what: str, extent: float, reference: Array) -> None:
        """`reference`: the data that vectors on both sides are coloured by, so that they can be compared."""
        shown, real = _shown(picture, "generated", what), picture["real"]
        kind = shape_kind(real)
        noun = "draw from p(x|z)" if what == DRAW else "sample"
        if kind == "images":
            caption = {MEAN: "Samples", DRAW: "Samples, drawn from p(x|z)", BOTH: "Samples, below each a draw"}[what]
            caption += ", the same z at every step"
            self._made.show_images(shown[0], caption, value_range(real), below=shown[1:], noun=noun)
        elif kind == "points" and what == BOTH:
            self._made.show_points(shown[1], shown[0], "draws, joined to means", extent, linked=True)
        elif kind == "points":
            self._made.show_points(shown[0], real, f"{'draws' if what == DRAW else 'samples'} over real data", extent)
        else:
            caption = f"{noun}, the same z at every step" if what != BOTH else "sample, below it a draw"
            self._made.show_vectors(_interleaved(*shown), caption, value_range(reference))

    def _draw_real(self, picture: Picture) -> None:
        real = picture["real"]
        kind = shape_kind(real)
        if kind == "images":
            self._beside.show_images(real, "Real data", value_range(real), noun="real datum")
        elif kind == "vectors":
            self._beside.show_vectors(real, "real datum", value_range(real))

    def _draw_pairs(self, picture: Picture, what: str, classes: tuple[str, ...], extent: float) -> None:
        data, shown = picture["data"], _shown(picture, "mean", what)
        kind = shape_kind(data)
        if kind == "images":
            labels = [class_name(int(label), classes) for label in picture.get("labels", ())]
            below = {MEAN: "reconstructions below", DRAW: "draws below", BOTH: "below mean and draw"}[what]
            caption = f"Held-out data, {below}"
            self._beside.show_images(data, caption, value_range(data), below=shown, labels=labels, noun="datum")
        elif kind == "points":
            noun = "reconstructions" if what == MEAN else "draws"
            self._beside.show_points(shown[-1], data, f"{noun}, joined to data", extent, linked=True)
        else:
            below = {MEAN: "its reconstruction", DRAW: "a draw", BOTH: "its reconstruction and a draw"}[what]
            self._beside.show_vectors(_interleaved(data, *shown), f"datum, below it {below}", value_range(data))

    def _tell(self, samples: Picture, pairs: Picture, what: str) -> None:
        arrays = {"samples": samples.get("generated"), "reconstructions": pairs.get("mean")}
        shown = [(name, array) for name, array in arrays.items() if array is not None]
        text = " · ".join(f"{len(array):,} {name}" for name, array in shown)
        reference = pairs.get("data", samples.get("real"))
        kind = "" if reference is None else shape_kind(reference)
        text += "" if what == MEAN else _of_the_draw(samples, kind)
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


def _is_gaussian(spec: RunSpec) -> bool:
    return isinstance(spec.model, Vae) and spec.model.likelihood != "bernoulli"


def _shown(picture: Picture, mean: str, what: str) -> list[Array]:
    """What is shown of the decoder, in this order."""
    return [picture[name] for name in {MEAN: [mean], DRAW: ["draw"], BOTH: [mean, "draw"]}[what]]


def _interleaved(*arrays: Array) -> Array:
    """The first of each array (M, D), the second of each, ...: (M · arrays, D)."""
    return np.stack(arrays, 1).reshape(-1, arrays[0].shape[-1])


def _of_the_draw(samples: Picture, kind: str) -> str:
    """What the draw is, and how much of it the colours cannot show."""
    if "sigma" not in samples:
        return " · draws of 0 or 1"
    text = f" · σ = {float(samples['sigma']):.3g}"
    if kind != "points":
        low, high = value_range(samples["real"])
        beyond = float(((samples["draw"] < low) | (samples["draw"] > high)).mean())
        text += f", {beyond:.0%} of the draw clipped in the picture" if beyond >= 0.005 else ""
    return text
