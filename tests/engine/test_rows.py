"""A network over many rows: in blocks, on the cores that torch leaves free."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from guiapp.engine.probes import rows
from guiapp.engine.probes.rows import ROWS, by_rows


@pytest.mark.parametrize("count", [1, ROWS, ROWS + 1, 5 * ROWS + 7])
@pytest.mark.parametrize("cores", [1, 4])
def test_blocks_give_what_the_whole_gives(count: int, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores * torch.get_num_threads())
    network, x = nn.Sequential(nn.Linear(3, 50), nn.Tanh(), nn.Linear(50, 2)), torch.randn(count, 3)
    out = by_rows(network, x)
    torch.testing.assert_close(out, network(x).detach())
    assert not out.requires_grad


def test_the_cores_that_torch_leaves_free_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2 * torch.get_num_threads())
    both = threading.Barrier(2, timeout=30)

    def meet(block: Tensor) -> Tensor:
        both.wait()
        return block

    x = torch.arange(2.0 * ROWS)
    assert by_rows(meet, x).equal(x)


def test_where_torch_takes_all_cores_nothing_is_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: torch.get_num_threads())
    monkeypatch.setattr(rows, "ThreadPoolExecutor", None)
    found: list[threading.Thread] = []

    def note(block: Tensor) -> Tensor:
        found.append(threading.current_thread())
        return block

    by_rows(note, torch.zeros(3 * ROWS))
    assert found == [threading.current_thread()] * 3


def test_an_error_in_a_block_is_told() -> None:
    def fail(block: Tensor) -> Tensor:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        by_rows(fail, torch.zeros(3 * ROWS))
