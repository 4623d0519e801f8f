"""The small picture by which a person knows a run again."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from guiapp.engine.probes import samples
from guiapp.engine.probes.field import extent
from guiapp.engine.trainer import Trainer

SIDE = 96  # pixels
GRID = 3  # images a side
POINT = (204, 121, 167)  # the colour of generated data


def png(trainer: Trainer) -> bytes:
    """What the model generates now: nine images, or points in the plane on a clear ground, as a PNG of 96 x 96; nothing
    for data that are neither."""
    with trainer.quiet():
        shape = trainer.source.shape
        if trainer.feed.is_plane:
            picture = _points(samples.generated(trainer, samples.POINTS).cpu().numpy(), extent(trainer))
        elif len(shape) > 1:
            images = samples.generated(trainer, GRID * GRID).cpu().numpy().reshape(GRID, GRID, *shape)
            picture = _tiles(images, trainer.feed.bounded)
        else:
            return b""
    file = BytesIO()
    picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(file, "PNG")
    return file.getvalue()


def _tiles(images: npt.NDArray[np.float32], bounded: bool) -> Image.Image:
    """Of images (R, R, H, W) or (R, R, H, W, 3)."""
    height, width = images.shape[2:4]
    grid = images.swapaxes(1, 2).reshape(GRID * height, GRID * width, *images.shape[4:])
    low, high = (0.0, 1.0) if bounded else (float(grid.min()), float(grid.max()))
    levels = np.clip((grid - low) / max(high - low, 1e-12), 0, 1)
    return Image.fromarray((255 * np.nan_to_num(levels)).astype(np.uint8))


def _points(points: npt.NDArray[np.float32], half: float) -> Image.Image:
    edges = np.linspace(-half, half, SIDE + 1)
    counts, _, _ = np.histogram2d(-points[:, 1], points[:, 0], (edges, edges))
    alpha = np.where(counts > 0, np.clip(80 + 60 * counts, 0, 255), 0)
    colour = np.broadcast_to(np.array(POINT, np.uint8), (SIDE, SIDE, 3))
    return Image.fromarray(np.dstack((colour, alpha.astype(np.uint8))), "RGBA")
