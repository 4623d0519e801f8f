"""The laws in the plane as code; the same formulas and the same draws as `guiapp.data.laws`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from guiapp.data.drawn import points_of
from guiapp.export.code_plan import filled, literal

# The means (K, 2) of each mixture, and the deviation as it stands before ε.
MIXTURES: Final = MappingProxyType(
    {
        "ring": (
            """\
# Eight Gaussians on the circle of radius 1.
angle = np.arange(8) * np.pi / 4
means = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (K, 2)
""",
            "0.01",
        ),
        "grid": (
            """\
# Twenty-five Gaussians, five by five.
ticks = np.arange(-4.0, 5.0, 2.0)
means = np.stack(np.meshgrid(ticks, ticks), axis=2).reshape(25, 2)  # (K, 2)
""",
            "0.05",
        ),
        "clusters": (
            """\
# A round and a tall Gaussian side by side.
means = np.array([[-0.4, 0.4], [0.4, -0.2]])  # (K, 2)
deviations = np.array([[0.2, 0.2], [0.1, 0.4]], np.float32)  # along each axis
""",
            "deviations[k]",
        ),
        "blobs": (
            """\
# Three equal Gaussians, far apart.
means = np.array([[-0.3, 0.5], [0.5, 0.2], [-0.1, -0.3]])  # (K, 2)
""",
            "0.05",
        ),
        "line": (
            """\
# A segment: 128 Gaussians along it, closer together than they are wide.
t = np.linspace(0.0, 1.0, 128)[:, None]
means = np.array([[0.6, 0.2]]) + t * np.array([[-1.5, 0.6]])  # (K, 2)
""",
            "0.02",
        ),
        "ellipse": (
            """\
# An ellipse: 128 Gaussians along it, closer together than they are wide.
angle = np.linspace(0.0, 2 * np.pi, 128, endpoint=False)
means = np.stack([0.6 * np.cos(angle), 0.5 * np.sin(angle) - 0.1], axis=1)  # (K, 2)
""",
            "0.05",
        ),
        "moons": (
            """\
# Two half circles: 64 Gaussians along each, closer together than they are wide.
angle = np.linspace(0.0, np.pi, 64)
upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], axis=1)
means = np.concatenate([upper, -upper])  # (K, 2)
""",
            "0.08",
        ),
        "spiral": (
            """\
# Two arms r = 0.3 + 1.5 t, angle 3π t: 192 Gaussians along each, at equal steps of the way.
t = np.linspace(0.0, 1.0, 4096)
turn = np.stack([np.cos(3 * np.pi * t), np.sin(3 * np.pi * t)], axis=1)
curve = (0.3 + 1.5 * t)[:, None] * turn
way = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
stops = np.linspace(0.0, way[-1], 192)
arm = np.stack([np.interp(stops, way, curve[:, 0]), np.interp(stops, way, curve[:, 1])], axis=1)
means = np.concatenate([arm, -arm])  # (K, 2)
""",
            "0.05",
        ),
    }
)

HEART: Final = """\
# A heart: 160 Gaussians at equal steps of the way along its curve.
t = np.linspace(0, 2 * np.pi, 4096)
x, y = 16 * np.sin(t) ** 3, 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
way = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
stops = np.linspace(0, way[-1], 160, endpoint=False)
x, y = np.interp(stops, way, x) / 20, (np.interp(stops, way, y) + 2) / 20
means = np.stack([x, y], axis=1)  # (K, 2)
"""

HEAD: Final = """\
def sample(n: int) -> torch.Tensor:
    \"\"\"{doc}: (n, 2).\"\"\"
"""

GAUSSIAN: Final = """\
    eps = law_rng.standard_normal((n, 2), dtype=np.float32)
    x = np.array([0.5, -0.5], np.float32) + np.array([1.0, 0.5], np.float32) * eps
"""

CHECKERBOARD: Final = """\
    square = law_rng.integers(8, size=n)
    row = square >> 1
    # The factor keeps float32 from rounding a point out of its square.
    x = law_rng.random((n, 2), dtype=np.float32) * np.float32(1 - 2**-22)
    x[:, 0] += 2 * (square & 1) + (row & 1) - 2
    x[:, 1] += row - 2
"""

END: Final = "    return torch.from_numpy(x)\n"
STREAM: Final = "law_rng = np.random.default_rng([SEED, 1])\n"


def law_code(name: str) -> tuple[str, ...]:
    """Blocks of code that define `sample(n)`, fresh draws of the law `name`, as a tensor (n, 2)."""
    if name == "gaussian":
        doc = "n draws x = m + s ε of N((.5, -.5), diag(1, .5²))"
        return STREAM, HEAD.format(doc=doc) + GAUSSIAN + END
    if name == "checkerboard":
        doc = "n points, uniform on the 8 dark squares of a 4 x 4 board on [-2, 2]²"
        return STREAM, HEAD.format(doc=doc) + CHECKERBOARD + END
    return _mixture(*MIXTURES[name])


def drawn_code(drawing: str, blur: float) -> tuple[str, ...]:
    """The same for the law about the points of `drawing`, as `guiapp.data.drawn.drawn` reads it.

    Raises:
        DataError: no such drawing.
    """
    if not drawing.strip():
        return _mixture(HEART, literal(blur))
    cells = [f"[{x!r}, {y!r}]" for x, y in points_of(drawing).tolist()]
    lines = [f"# A drawing: {len(cells)} Gaussian{'s' * (len(cells) > 1)} about its points.", "means = np.array("]
    return _mixture(
        "\n".join([*lines, *filled("    [", cells, "    ]", "        "), ")  # (K, 2)"]) + "\n", literal(blur)
    )


def _mixture(means: str, deviation: str) -> tuple[str, ...]:
    """An equal mixture of Gaussians, from the code that defines its `means`."""
    body = (
        "    k = law_rng.integers(len(means), size=n)\n"
        "    eps = law_rng.standard_normal((n, 2), dtype=np.float32)\n"
        f"    x = means.astype(np.float32)[k] + {deviation} * eps\n"
    )
    doc = f"n draws x = m_k + s{'_k' if '[k]' in deviation else ''} ε of the mixture, k uniform, ε ~ N(0, I)"
    return means + STREAM, HEAD.format(doc=doc) + body + END
