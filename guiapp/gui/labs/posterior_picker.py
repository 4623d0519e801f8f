"""Takes q(z_i|x) of one example and one latent dimension out of the running VAE."""

from __future__ import annotations

from collections.abc import Mapping
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QCheckBox, QGridLayout, QGroupBox, QLabel, QPushButton, QSpinBox

from guiapp.gui.theme import Theme

NO_POSTERIOR = "Here a posterior of the run can be loaded. Start a VAE with ▶; a GAN has no encoder, so it has none."
THUMBNAIL_PX = 56


class PosteriorPicker(QGroupBox):
    """`picked` gives mean and standard deviation of N(μ_i(x), σ_i²(x)), when the button is pressed, or at every new
    picture while "follow" is ticked."""

    picked = Signal(float, float)

    def __init__(self) -> None:
        super().__init__("Posterior against prior")
        self._mean = self._std = np.empty((0, 0))
        self._images: npt.NDArray[Any] | None = None
        self._labels: npt.NDArray[Any] | None = None
        self.sentence = QLabel(NO_POSTERIOR)
        self.sentence.setWordWrap(True)
        self.example = _spin("example x", "Which of the pictured examples")
        self.dimension = _spin("latent dimension i", "Which dimension of the code z")
        self.load = QPushButton("Load q(zᵢ|x)")
        self.load.setToolTip("Put the posterior of this example and dimension in p, and the prior N(0, 1) in q")
        self.follow = QCheckBox("Follow")
        self.follow.setToolTip("Load it again with every new picture while training")
        self.thumbnail = QLabel()
        self.thumbnail.setFixedSize(THUMBNAIL_PX, THUMBNAIL_PX)
        self.thumbnail.setAccessibleName("the example")
        grid = QGridLayout(self)
        grid.addWidget(self.sentence, 0, 0, 1, 4)
        for row, (title, spin) in enumerate((("Example", self.example), ("Dimension", self.dimension)), start=1):
            label = QLabel(title)
            label.setBuddy(spin)
            grid.addWidget(label, row, 0)
            grid.addWidget(spin, row, 1)
        grid.addWidget(self.thumbnail, 1, 3, 2, 1)
        grid.addWidget(self.load, 3, 0, 1, 2)
        grid.addWidget(self.follow, 3, 3)
        grid.setColumnStretch(2, 1)
        self.load.clicked.connect(self._pick)
        self.follow.toggled.connect(lambda on: self._pick() if on else None)
        self.example.valueChanged.connect(self._changed)
        self.dimension.valueChanged.connect(self._changed)
        self._enable(False)

    def set_picture(self, picture: Mapping[str, Any] | None) -> None:
        """The newest posterior: "mean" and "std" (N, Z), and if there are any "labels" (N,) and "images" (N, H, W) or
        (N, D). None: the run has no posterior."""
        if picture is None:
            self._refuse(NO_POSTERIOR)
            return
        try:
            mean, std = (np.asarray(picture[key], np.float64) for key in ("mean", "std"))
        except (KeyError, ValueError, TypeError):
            mean = std = np.empty(0)
        usable = mean.ndim == 2 and mean.size > 0 and mean.shape == std.shape
        if not usable or not np.isfinite(mean).all() or not np.isfinite(std).all() or not (std > 0).all():
            self._refuse("The posterior of this run is not finite: its training has diverged. Lower the learning rate.")
            return
        self._mean, self._std = mean, std
        self._images, self._labels = (_rows(picture.get(key), len(mean)) for key in ("images", "labels"))
        for spin, size in ((self.example, mean.shape[0]), (self.dimension, mean.shape[1])):
            with QSignalBlocker(spin):
                spin.setRange(1, size)  # z₁ is the first one, here as in the latent view
        self._enable(True)
        self._changed()

    def set_theme(self, theme: Theme) -> None:
        self.sentence.setStyleSheet(f"color: {theme.muted};")

    def _refuse(self, sentence: str) -> None:
        self._mean = self._std = np.empty((0, 0))
        self._images = self._labels = None
        self.thumbnail.clear()
        self.sentence.setText(sentence)
        self._enable(False)

    def _enable(self, on: bool) -> None:
        for widget in (self.example, self.dimension, self.load, self.follow):
            widget.setEnabled(on)
        self.thumbnail.setVisible(on and self._images is not None)

    def _changed(self) -> None:
        n, i = self._chosen()
        label = "" if self._labels is None else f", class {int(self._labels[n])}"
        mu, sigma = self._mean[n, i], self._std[n, i]
        self.sentence.setText(f"Example {n + 1}{label}: μ = {mu:.4g}, σ = {sigma:.4g}".replace("-", "−"))
        image = None if self._images is None else _square(self._images[n])
        self.thumbnail.setVisible(image is not None)
        if image is not None:
            self.thumbnail.setPixmap(_pixmap(image, self.devicePixelRatioF()))
        if self.follow.isChecked():
            self._pick()

    def _chosen(self) -> tuple[int, int]:
        """Example and dimension, counted from 0."""
        return self.example.value() - 1, self.dimension.value() - 1

    def _pick(self) -> None:
        if self._mean.size:
            n, i = self._chosen()
            self.picked.emit(float(self._mean[n, i]), float(self._std[n, i]))


def _spin(name: str, tip: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setMinimum(1)
    spin.setAccessibleName(name)
    spin.setToolTip(tip)
    return spin


def _rows(values: Any, count: int) -> npt.NDArray[Any] | None:
    array = None if values is None else np.asarray(values)
    return array if array is not None and array.ndim >= 1 and len(array) == count else None


def _square(row: npt.NDArray[Any]) -> npt.NDArray[np.float64] | None:
    """(H, W) and (H, W, 3) as they are, (D,) as a square where D is one; None where there is no image to see."""
    side = isqrt(row.size)
    if row.ndim == 1 and side * side == row.size and side >= 4:
        row = row.reshape(side, side)
    is_image = row.ndim == 2 or (row.ndim == 3 and row.shape[2] == 3)
    return row.astype(np.float64) if is_image and np.isfinite(row).all() else None


def _pixmap(image: npt.NDArray[np.float64], ratio: float) -> QPixmap:
    low, high = min(0.0, float(image.min())), max(1.0, float(image.max()))
    levels = np.ascontiguousarray((image - low) * (255 / (high - low))).astype(np.uint8)
    height, width, *channels = levels.shape
    kind = QImage.Format.Format_RGB888 if channels else QImage.Format.Format_Grayscale8
    pixmap = QPixmap.fromImage(QImage(levels.data, width, height, levels.strides[0], kind))
    size = round(THUMBNAIL_PX * ratio)
    keep, fast = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.FastTransformation
    scaled = pixmap.scaled(size, size, keep, fast)
    scaled.setDevicePixelRatio(ratio)
    return scaled
