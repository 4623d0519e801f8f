"""Where training runs; machines without an accelerator are the rule here, so that one is pretended."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest
import torch

from guiapp.engine import device
from guiapp.spec import SpecError


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "pictures"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_auto_takes_an_accelerator_for_pictures_alone(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, pictures: str
) -> None:
    pretend(monkeypatch, cuda, mps)
    assert device.choose("auto", 64).type == pictures
    assert device.choose("auto", 63).type == "cpu"
    assert device.choose("cpu", 784).type == "cpu"
    assert device.available()[-1] == "cpu"


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, cuda=False, mps=True)
    with pytest.raises(SpecError, match=r"'cuda' is not on this machine; it has mps, cpu"):
        device.choose("cuda", 784)
    assert device.choose("mps", 2).type == "mps"


LEFT_OVER = """
import os, sys, numpy as np
from guiapp.engine import device
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
if sys.argv[1] == "apart":
    device.keep_large_apart()
data = np.ones(3_900_000)  # 31 MB
del data
before = resident()
data = np.ones(3_900_000)
neighbours = [bytearray(60_000) for _ in range(200)]  # 12 MB
del data
print(resident() - before)
"""


@pytest.mark.skipif(
    os.name != "posix" or not hasattr(ctypes.CDLL(None), "mallopt") or not os.path.exists("/proc/self/statm"),
    reason="not glibc on Linux",
)
def test_freed_data_go_back_to_the_system_whatever_lies_behind_them() -> None:
    kept, apart = (
        int(subprocess.run([sys.executable, "-c", LEFT_OVER, how], check=True, capture_output=True, text=True).stdout)
        for how in ("as it is", "apart")
    )
    assert apart < 20e6
    assert kept > apart + 20e6, "glibc does so by itself now: this is not needed any more"
