"""Memory that is freed is the system's again."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

LEFT_OVER = """
import os, sys, numpy as np
from guiapp.allocator import keep_large_apart
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
if sys.argv[1] == "apart":
    keep_large_apart(8 << 20)
data = np.ones(3_900_000)  # 31 MB
del data
before = resident()
data = np.ones(3_900_000)
neighbours = [bytearray(60_000) for _ in range(200)]  # 12 MB
del data
print(resident() - before)
"""


GLIBC = pytest.mark.skipif(
    os.name != "posix" or not hasattr(ctypes.CDLL(None), "mallopt") or not os.path.exists("/proc/self/statm"),
    reason="not glibc on Linux",
)


@GLIBC
def test_freed_data_go_back_to_the_system_whatever_lies_behind_them() -> None:
    kept, apart = (
        int(subprocess.run([sys.executable, "-c", LEFT_OVER, how], check=True, capture_output=True, text=True).stdout)
        for how in ("as it is", "apart")
    )
    assert apart < 20e6
    assert kept > apart + 20e6, "glibc does so by itself now: this is not needed any more"


BETWEEN = """
import os
from guiapp.allocator import give_back
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
pieces = [bytearray(60_000) for _ in range(600)]  # 36 MB
del pieces[:-1]  # the last one lies behind all of them
before = resident()
give_back()
print(before - resident())
"""


@GLIBC
def test_what_is_free_between_used_pieces_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", BETWEEN], check=True, capture_output=True, text=True)
    assert int(done.stdout) > 25e6
