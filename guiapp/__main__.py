"""`python -m guiapp`, `elboscope`, and the packaged program begin here."""

from __future__ import annotations

import multiprocessing
import sys


def main() -> int:
    """Run the program with the arguments of the process; gives its exit code."""
    multiprocessing.freeze_support()  # in the packaged program the trainer process begins here too, and ends here
    from guiapp.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
