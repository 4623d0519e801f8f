"""Where training runs."""

from __future__ import annotations

import ctypes
import os
from typing import Final

import torch

from guiapp.spec import SpecError


def take_threads() -> None:
    """Let torch compute on all cores but one, which is the window's, also where there is none: ratios stay fair."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


LARGE: Final = 8 << 20  # bytes; no tensor of a usual step is as large, so training does not pay for it
_MMAP_THRESHOLD: Final = -3  # of mallopt(3)


def keep_large_apart() -> None:
    """Let memory of 8 MB or more go back to the system as soon as it is freed, where the C library is glibc. It would
    put all up to 32 MB on its heap once one such piece was freed, and a small neighbour then keeps the data of a run
    that was replaced: the trainer swung between 536 and 601 MB."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, LARGE)


def available() -> tuple[str, ...]:
    """The devices of this machine, best for large models first."""
    cuda = ("cuda",) if torch.cuda.is_available() else ()
    mps = ("mps",) if torch.backends.mps.is_available() else ()
    return (*cuda, *mps, "cpu")


def choose(name: str, data_size: int) -> torch.device:
    """The device `name`; for "auto" the accelerator when a datum has at least 64 values, else the CPU.

    Small models spend their time in the overhead of each operation, which is larger on an accelerator.

    Raises:
        SpecError: this machine has no such device.
    """
    found = available()
    if name == "auto":
        return torch.device(found[0] if data_size >= 64 else "cpu")
    if name not in found:
        raise SpecError(f"device: '{name}' is not on this machine; it has {', '.join(found)}. Choose one, or auto.")
    return torch.device(name)
