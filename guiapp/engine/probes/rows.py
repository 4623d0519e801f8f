"""A network over many rows."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import torch
from torch import Tensor

LEAST, ROWS = 16, 128
WORTH = 5e-4  # seconds that the first block takes at least where threads, 0.3 ms each to start, are worth it


def by_rows(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """`network(x)` without gradients; (N, ...) -> (N, ...). On a CPU in blocks of up to `ROWS` rows, so that what one
    needs stays in the cache, and as many at once as torch leaves cores free; what the first one takes, an eighth of all
    at the most, tells whether that is worth it. The encoder of vae-conv takes 12 ms for 1,500 images so; 20 on one
    core, and 37 of all at once."""

    def compute(block: Tensor) -> Tensor:
        with torch.no_grad():  # each thread has a mode of its own
            return network(block)

    if x.device.type != "cpu" or len(x) <= 2 * LEAST:
        return compute(x)
    hands, first = max(1, (os.cpu_count() or 1) // torch.get_num_threads()), min(ROWS, max(LEAST, len(x) // 8))
    began = perf_counter()
    done = [compute(x[:first])]
    spent, rest = perf_counter() - began, x[first:]
    blocks = torch.split(rest, -(-len(rest) // max(hands, -(-len(rest) // ROWS))))
    if hands == 1 or spent < WORTH:
        return torch.cat(done + [compute(block) for block in blocks])
    with ThreadPoolExecutor(hands, "rows") as pool:
        return torch.cat(done + list(pool.map(compute, blocks)))
