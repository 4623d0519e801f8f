"""The catalogue of data sets. Importing it reads no resource; `Dataset.load` does."""

from __future__ import annotations

from guiapp.data import bundled, drawn, laws
from guiapp.data.source import Dataset

DATASETS: tuple[Dataset, ...] = (
    Dataset(
        "fashion",
        "Fashion-MNIST (10,000)",
        "images",
        "Grey pictures of ten kinds of clothes, 28 x 28 pixels.",
        bundled.fashion,
    ),
    Dataset(
        "digits",
        "Handwritten digits 8 x 8",
        "images",
        "The ten digits by 43 hands, so small that a run takes seconds.",
        bundled.digits,
    ),
    Dataset(
        "gaussian",
        "One Gaussian",
        "points",
        "A stretched Gaussian off the origin, which a linear model can match exactly.",
        laws.gaussian,
    ),
    Dataset(
        "ring",
        "Ring of 8 Gaussians",
        "points",
        "Eight sharp modes on a circle, the usual first test of mode collapse.",
        laws.ring,
    ),
    Dataset(
        "grid",
        "Grid of 25 Gaussians",
        "points",
        "Twenty-five sharp modes, of which a plain GAN loses some.",
        laws.grid,
    ),
    Dataset(
        "moons",
        "Two moons",
        "points",
        "Two interleaved half circles, no straight line between them.",
        laws.moons,
    ),
    Dataset(
        "spiral",
        "A spiral with two arms",
        "points",
        "Two arms around each other, hard to bend a plane into.",
        laws.spiral,
    ),
    Dataset(
        "checkerboard",
        "A checkerboard",
        "points",
        "Uniform on eight squares: sharp edges, holes, and a known entropy.",
        laws.checkerboard,
    ),
    Dataset("line", "A line", "points", "A thin segment, the easiest shape for a generator.", laws.line),
    Dataset("clusters", "Two clusters", "points", "A round and a tall Gaussian side by side.", laws.clusters),
    Dataset("ellipse", "An ellipse", "points", "A closed curve, which the image of a line cannot cover.", laws.ellipse),
    Dataset("blobs", "Three blobs", "points", "Three small Gaussians far apart from each other.", laws.blobs),
    Dataset(
        "drawn",
        "Your own drawing",
        "points",
        "Points that you draw in the plane, blurred; a heart until you do.",
        drawn.drawn,
    ),
)

DATASET_NAMES: tuple[str, ...] = tuple(dataset.name for dataset in DATASETS)
