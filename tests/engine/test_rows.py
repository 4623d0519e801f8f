"""A network over many rows: in blocks, on the cores that torch leaves free."""

from __future__ import annotations

import threading

import pytest
import torch
from torch import Tensor, nn

from guiapp.engine.probes import rows
from guiapp.engine.probes.rows import LEAST, ROWS, by_rows


@pytest.mark.parametrize("count", [1, 2 * LEAST, 2 * LEAST + 1, LEAST + ROWS, 5 * ROWS + 7])
@pytest.mark.parametrize("cores", [1, 4])
def test_blocks_give_what_the_whole_gives(count: int, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores * torch.get_num_threads())
    monkeypatch.setattr(rows, "WORTH", 0.0)
    network, x = nn.Sequential(nn.Linear(3, 50), nn.Tanh(), nn.Linear(50, 2)), torch.randn(count, 3)
    out = by_rows(network, x)
    torch.testing.assert_close(out, network(x).detach())
    assert not out.requires_grad


def test_the_cores_that_torch_leaves_free_work_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2 * torch.get_num_threads())
    monkeypatch.setattr(rows, "WORTH", 0.0)
    both = threading.Barrier(2, timeout=30)

    def meet(block: Tensor) -> Tensor:
        if block[0]:
            both.wait()
        return block

    x = torch.arange(3.0 * LEAST)  # the first block is computed before it is known what one takes
    assert by_rows(meet, x).equal(x)


@pytest.mark.parametrize(("cores", "worth"), [(1, 0.0), (4, 1e9)], ids=["no core is free", "a block is quick"])
def test_no_thread_is_started_where(cores: int, worth: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores * torch.get_num_threads())
    monkeypatch.setattr(rows, "WORTH", worth)
    monkeypatch.setattr(rows, "ThreadPoolExecutor", None)
    found: list[threading.Thread] = []

    def note(block: Tensor) -> Tensor:
        found.append(threading.current_thread())
        return block

    by_rows(note, torch.zeros(8 * ROWS))
    assert found == [threading.current_thread()] * 8


def test_an_error_in_a_block_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "WORTH", 0.0)

    def fail(block: Tensor) -> Tensor:
        if block.any():
            raise ValueError("no")
        return block

    with pytest.raises(ValueError, match="no"):
        by_rows(fail, torch.arange(3.0 * ROWS) - 10 > ROWS)
