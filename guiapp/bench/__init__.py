"""What is measured, part by part; see docs/bench.md."""

from typing import Final

PARTS: Final = ("start", "training", "recording", "probe", "scrub", "open", "curves", "observatory", "library", "soak")
