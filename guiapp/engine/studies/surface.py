"""The loss around the weights of now, on a plane through them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies.study import Study
from guiapp.engine.studies.surface_loss import PlayerLoss
from guiapp.engine.studies.surface_plane import Plane, path_plane, random_plane
from guiapp.engine.trainer import Trainer

FEWEST_NODES, MOST_NODES = 5, 51  # a side
FEWEST_DATA, MOST_DATA = 2, 4096
LEAST_REACH, MOST_REACH = 1e-3, 100.0
COARSE = 3  # cells either side of the middle in the first grid, at the least
PREPARED = 0.1  # of the progress, when the plane of the path is known


def begin(trainer: Trainer, options: Mapping[str, Any]) -> Iterator[tuple[float, Arrays]]:
    """L(w + a·d₁ + b·d₂) at n x n nodes around the weights w, coarse grids first, on one batch and one draw of noise.

    Options: `player`, "d" or "g" of a GAN (default "g"; a VAE has one): whose loss, as a function of whose weights.
    `directions`: "random", filter-normalised with `seed` (default 0), of which a and b run over ±`reach` (default 1);
    or "path", the first two principal components, of unit length, of the keyframes in `run_file`, over a rectangle
    around the path times `reach`. `nodes`: n, odd, 5 to 51 (default 25). `data`: of the batch (default 256).

    Returns, once the plane is known:
        player (1,), directions (1,), each a str; seed (); or path (K, 2): (a, b) of the weights on the way, the last
        of them w; path_steps (K,); shares (2,): of the variance of the path; keyframes (): up to here. count (): data.
        centre (): L(w). curvature_1 (), curvature_2 (): second differences of L in a and in b, over spacing (2,). Of a
        VAE centre_reconstruction (), centre_kl ().
    and grid by grid, m of the n nodes a side:
        a (m,), b (m,), loss (m, m): row i at b[i]; of a VAE reconstruction (m, m), kl (m, m), never weighted. What is
        not finite stays so. nodes (): n.

    Raises:
        ValueError: an option that cannot be, or a path without two directions; also as `PlayerLoss` and `path_plane`.
    """
    name, way = _player(trainer, options), options.get("directions", "random")
    if way not in ("random", "path"):
        raise ValueError(f"directions are 'random' or those of the 'path', not {way!r:.40}")
    nodes = _whole(options, "nodes", 25, FEWEST_NODES, MOST_NODES)
    if nodes % 2 == 0:
        raise ValueError(f"the number of nodes a side must be odd, so that one lies in the middle, not {nodes}")
    count = _whole(options, "data", 256, FEWEST_DATA, MOST_DATA)
    seed = _whole(options, "seed", 0, 0, 2**31 - 1)
    reach = float(options.get("reach", 1.0))
    if not LEAST_REACH <= reach <= MOST_REACH:
        raise ValueError(f"the extent takes {LEAST_REACH:g} to {MOST_REACH:g}, not {reach:g}")
    loss, plane, done = PlayerLoss(trainer, name, count), None, 0.0
    found = {"player": np.array([name]), "directions": np.array([way]), "count": np.array(count)}
    if way == "random":
        plane = random_plane(trainer, loss.weights, seed, reach)
    else:
        for far, at_last in path_plane(trainer, loss.weights, str(options.get("run_file", "")), reach):
            done, plane = PREPARED * far, at_last
            yield done, found
    assert plane is not None
    yield from _over(loss, plane, nodes, found | plane.found, done)


def _over(loss: PlayerLoss, plane: Plane, nodes: int, found: Arrays, done: float) -> Iterator[tuple[float, Arrays]]:
    """The centre with its curvatures, then the grids; `done` of the progress was before them."""
    one, other = plane.directions
    found = found | _centre(loss, plane, 2 * plane.half / (nodes - 1)) | {"nodes": np.array(nodes)}
    yield done, found
    steps = (np.arange(nodes) - nodes // 2) / (nodes // 2)  # from -1 to 1, the middle exactly 0
    a, b = (plane.middle[i] + plane.half[i] * steps for i in (0, 1))
    values = np.full((len(loss.parts), nodes, nodes), np.nan)
    known = np.zeros((nodes, nodes), bool)
    for stride in _strides(nodes // 2):
        for i in range(0, nodes, stride):
            for j in range(0, nodes, stride):
                if known[i, j]:
                    continue
                values[:, i, j] = loss.at(((float(a[j]), one), (float(b[i]), other)))
                known[i, j] = True
                yield done + (0.999 - done) * known.mean(), found
        grid = {part: values[k, ::stride, ::stride].copy() for k, part in enumerate(loss.parts)}
        found = {**found, **grid, "a": a[::stride], "b": b[::stride]}
    yield 1.0, found


def _centre(loss: PlayerLoss, plane: Plane, spacing: npt.NDArray[np.float64]) -> Arrays:
    values = dict(zip(loss.parts, loss.at(()), strict=True))
    found = {"centre" if part == "loss" else f"centre_{part}": np.array(value) for part, value in values.items()}
    for number, (direction, step) in enumerate(zip(plane.directions, spacing.tolist(), strict=True), 1):
        ahead, behind = (loss.at(((sign * step, direction),))[0] for sign in (1.0, -1.0))
        found[f"curvature_{number}"] = np.array((ahead - 2 * values["loss"] + behind) / step**2)
    return {**found, "spacing": spacing}


def _strides(half: int) -> list[int]:
    """Each divides the one before, and all of them `half`, so that every grid has the middle and the edges."""
    found = [max(s for s in range(1, half + 1) if half % s == 0 and (half >= COARSE * s or s == 1))]
    while found[-1] > 1:
        found.append(max(s for s in range(1, found[-1]) if found[-1] % s == 0))
    return found


def _player(trainer: Trainer, options: Mapping[str, Any]) -> str:
    players = tuple(trainer.objective.players)
    if len(players) == 1:
        return players[0]
    name = options.get("player", "g")
    if name not in players:
        raise ValueError(f"the players are {' and '.join(sorted(players))}, not {name!r:.40}")
    return str(name)


def _whole(options: Mapping[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = options.get(name, default)
    if not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} takes whole numbers from {low:,} to {high:,}, not {value!r:.40}")
    return value


STUDY = Study("surface", frozenset(), begin)
