"""Where the files of `resources/` lie: in a checkout, in an installed wheel, or in the packaged program."""

from __future__ import annotations

import sys
from pathlib import Path


def resource(path: str) -> Path:
    """The file or folder `path` below resources/.

    Raises:
        FileNotFoundError: it is in none of the places where resources/ may lie.
    """
    roots = (
        Path(getattr(sys, "_MEIPASS", "")) / "resources",
        Path(__file__).resolve().parents[1] / "resources",
        Path(sys.prefix) / "share" / "elboscope" / "resources",
    )
    for root in roots[0 if hasattr(sys, "_MEIPASS") else 1 :]:
        if (root / path).exists():
            return root / path
    raise FileNotFoundError(f"The resource '{path}' is missing; reinstall Elboscope.")
