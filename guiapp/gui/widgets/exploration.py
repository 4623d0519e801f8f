"""Where a person stands in the latent space: a point, a way between two codes, the traversals of every dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.theory import interpolation

Floats = npt.NDArray[np.float64]
Point = tuple[float, float]

REACH = 4.0  # standard deviations of the prior that the plane shows, and that a handle may go
SPAN = 3.0  # of a traversal
COLUMNS = 9  # steps of a traversal
ROWS = 10  # traversals on one page
SEED = 7  # of the two draws of the prior between which the way goes at first, ...
ENDS = ((-1.6, -0.4), (1.1, 1.3))  # ... and where it goes for Z ≤ 2


class Exploration:
    """Codes of Z numbers, all within ±`reach`; a uniform prior ends at ±1.

    Attributes:
        axes: the dimensions (i, j) of the plane, (0, 0) for Z = 1. probe (Z,). ends: the codes A and B (Z,).
        drawn: the points of a way drawn in the plane (P, 2), None between the ends. on_sphere, count: of the way.
        page: which ten dimensions are traversed, from 0.
    """

    def __init__(self) -> None:
        self.size, self.uniform = 0, False
        self.on_sphere, self.count = False, 10
        self.reset(2, False)

    def reset(self, size: int, uniform: bool) -> bool:
        """Stand in a latent space of `size` dimensions; where that is another one than before, at its beginning, and
        gives True."""
        if (size, uniform) == (self.size, self.uniform):
            return False
        self.size, self.uniform = size, uniform
        rng = np.random.default_rng(SEED)
        draws = rng.uniform(-1, 1, (2, size)) if uniform else rng.standard_normal((2, size))
        if size <= 2:  # where they are seen whole, well apart and not on one line with the origin
            draws = np.array(ENDS)[:, :size] * (0.4 if uniform else 1.0)
        self.axes = (0, min(1, size - 1))
        self.probe: Floats = np.zeros(size)
        self.ends: list[Floats] = [self.held(draw) for draw in draws]
        self.drawn: Floats | None = None
        self.page = 0
        return True

    @property
    def reach(self) -> float:
        """How far a code may lie from the origin in each dimension."""
        return 1.0 if self.uniform else REACH

    @property
    def pages(self) -> int:
        """How many pages of traversals there are."""
        return -(-self.size // ROWS)

    @property
    def rows(self) -> range:
        """The dimensions traversed on this page."""
        return range(self.page * ROWS, min(self.size, (self.page + 1) * ROWS))

    @property
    def steps(self) -> Floats:
        """The values that a traversal goes through, (COLUMNS,)."""
        span = min(SPAN, self.reach)
        return np.linspace(-span, span, COLUMNS)

    def held(self, code: npt.NDArray[Any]) -> Floats:
        """`code` (Z,) moved to the nearest one within reach; what is not finite goes to 0."""
        return np.clip(np.nan_to_num(np.asarray(code, np.float64), posinf=self.reach, neginf=-self.reach),
                       -self.reach, self.reach)  # fmt: skip

    def seen(self, codes: npt.NDArray[Any]) -> Floats:
        """Where `codes` (..., Z) lie in the plane, (..., 2); on the line y = 0 for Z = 1."""
        codes = np.asarray(codes, np.float64)
        plane = np.stack([codes[..., self.axes[0]], codes[..., self.axes[1]]], -1)
        if self.size == 1:
            plane[..., 1] = 0.0
        return plane

    def moved(self, code: Floats, to: Point) -> Floats:
        """`code` with its two dimensions of the plane set to `to`, held within reach."""
        code = code.copy()
        for axis, value in zip(self.axes[: self.size], to, strict=False):
            code[axis] = value
        return self.held(code)

    def way(self) -> Floats:
        """The codes of the strip, (count, Z). A way drawn in the plane has the probe's other dimensions."""
        if self.drawn is not None and len(self.drawn):
            codes = np.tile(self.probe, (self.count, 1))
            points = interpolation.along(self.drawn, self.count)
            for column, axis in enumerate(self.axes[: self.size]):
                codes[:, axis] = points[:, column]
            return codes
        between = interpolation.spherical if self.on_sphere else interpolation.linear
        return between(self.ends[0], self.ends[1], np.linspace(0, 1, self.count))

    def traversals(self) -> Floats:
        """The codes of this page, (R · COLUMNS, Z), row by row: the probe with one dimension set to each step."""
        codes = np.tile(self.probe, (len(self.rows), COLUMNS, 1))
        for row, dimension in enumerate(self.rows):
            codes[row, :, dimension] = self.steps
        return codes.reshape(-1, self.size)


def as_focus(codes: npt.NDArray[Any]) -> tuple[tuple[float, ...], ...]:
    """Codes (K, Z) as they cross the pipe, rounded to what a screen can show: an unmoved hand asks for nothing anew."""
    return tuple(tuple(row) for row in np.round(np.asarray(codes, np.float64), 4).tolist())
