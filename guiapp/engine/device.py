"""Where training runs."""

from __future__ import annotations

import os

import torch

from guiapp.spec import SpecError


def take_threads() -> None:
    """Let torch compute on all cores but one, which is the window's, also where there is none: ratios stay fair."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))


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
