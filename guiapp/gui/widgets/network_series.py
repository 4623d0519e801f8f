"""The gradient of each network as a whole, from the curves of its tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from guiapp.gui.widgets.layers import Tensor
from guiapp.series import Doubles, Floats, Series


@dataclass(frozen=True, slots=True)
class Noise:
    """Of a network's gradient RMS over some steps: its mean, and its step-to-step spread as a part of the mean, NaN for
    fewer than two values."""

    network: str
    mean: float
    spread: float


class NetworkSeries(Series):
    """To be read only: for each network the root mean square √(Σ_t n_t r_t² / Σ_t n_t) over all its parameters, from
    the RMS r_t of its tensors t of n_t elements in `tensors`. NaN where a tensor has no value.

    Nothing is stored: a window costs what that of all tensors costs, at any length. Where a cell of it has several
    steps, its extremes are those of the tensors taken together, which enclose the network's own.
    """

    def __init__(self, series: Series, tensors: tuple[Tensor, ...]) -> None:
        members = {n: [t for t in tensors if t.network == n] for n in dict.fromkeys(t.network for t in tensors)}
        super().__init__(tuple(members), series.first)
        self.tensors = series
        self._parts = {
            network: (tuple(f"grad/{t.name}" for t in parts), _shares(parts)) for network, parts in members.items()
        }

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def last(self) -> int:
        return self.tensors.last

    def values(self, name: str) -> Floats:
        return self.recent((name,), len(self))[:, 0]

    def recent(self, names: tuple[str, ...], count: int) -> Floats:
        columns = []
        for name in names:
            tensors, shares = self._parts[name]
            columns.append(np.sqrt(self.tensors.recent(tensors, count).astype(np.float64) ** 2 @ shares))
        return np.stack(columns, 1).astype(np.float32)

    def window(self, name: str, start: int, stop: int, cells: int) -> tuple[Doubles, Floats, Floats]:
        tensors, shares = self._parts[name]
        steps, *extremes = self.tensors.windows(tensors, start, stop, cells)
        low, high = (np.sqrt(shares @ part.astype(np.float64) ** 2).astype(np.float32) for part in extremes)
        return steps, low, high

    def grid(self, names: tuple[str, ...], start: int, stop: int, cells: int) -> tuple[Doubles, Doubles]:
        steps, rows = np.empty(0), []
        for name in names:
            tensors, shares = self._parts[name]
            steps, means = self.tensors.grid(tensors, start, stop, cells)
            rows.append(np.sqrt(shares @ means**2))
        return steps, np.stack(rows)

    def noise(self, count: int) -> tuple[Noise, ...]:
        """How large and how noisy each network's gradient was in the last `count` steps: the spread is √(½ mean d²) of
        the differences d of neighbours, which a trend does not inflate (von Neumann 1941), over the mean."""
        found = []
        for network, column in zip(self.names, self.recent(self.names, count).T.astype(np.float64), strict=True):
            values = column[np.isfinite(column)]
            mean = float(values.mean()) if len(values) else np.nan
            spread = float(np.sqrt(0.5 * (np.diff(values) ** 2).mean()) / mean) if len(values) > 1 and mean else np.nan
            found.append(Noise(network, mean, spread))
        return tuple(found)


def _shares(tensors: list[Tensor]) -> npt.NDArray[np.float64]:
    sizes = np.array([float(np.prod(tensor.shape)) for tensor in tensors])
    return sizes / sizes.sum()
