"""The data of a run as code: bundled sets, laws, and the batches that training takes."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Final

from guiapp.data import DATASETS
from guiapp.data.raw import tell_nobody
from guiapp.data.source import HELDOUT_SEED, DataError
from guiapp.data.split import heldout_count
from guiapp.export.code_files import file_code
from guiapp.export.code_laws import drawn_code, law_code
from guiapp.export.code_plan import DataCode, Plan
from guiapp.resources import resource
from guiapp.spec import Data

FASHION: Final = """\
with gzip.open(DATA / "t10k-images-idx3-ubyte.gz") as file:  # a header of 16 bytes, then pixels
    pixels = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)  # (N, D)
with gzip.open(DATA / "t10k-labels-idx1-ubyte.gz") as file:
    labels = np.frombuffer(file.read(), np.uint8, offset=8)
values = pixels.astype(np.float32) / 255
"""

DIGITS: Final = """\
with np.load(DATA) as file:
    values = file["images"].reshape(-1, 64).astype(np.float32) / 16  # (N, D)
    labels = file["labels"]
"""

# name: resource, code, shape of a datum, rows to train on, rows held out
BUNDLED: Final = MappingProxyType(
    {
        "fashion": ("data/fashion", FASHION, (28, 28), 8500, 1500),
        "digits": ("data/digits.npz", DIGITS, (8, 8), 1500, 297),
    }
)


def data_code(data: Data, tell: Callable[[int, int], None] = tell_nobody) -> DataCode:
    """The code for a data set of the catalogue, or for the user's file, of whose reading `tell` hears.

    Raises:
        DataError: an unknown name, or whatever is wrong with the file.
    """
    name = data.name
    if name == "file":
        return _file(data, tell)
    if name == "drawn":
        title = "your own drawing" if data.drawing.strip() else "a heart"
        return DataCode(title, "", drawn_code(data.drawing, data.blur), (2,), None, False)
    titles = {dataset.name: dataset.title for dataset in DATASETS}
    if name not in titles:
        raise DataError(f"The data set '{name}' is unknown; choose one of {', '.join(titles)}, or file.")
    if name not in BUNDLED:
        return DataCode(f"the data set '{titles[name]}'", "", law_code(name), (2,), None, False)
    place, text, shape, rows, heldout = BUNDLED[name]
    blocks, rows = (text, split_code(rows, heldout, True, data.limit)), _limited(rows, data.limit)
    return DataCode(f"the data set '{titles[name]}'", str(resource(place).absolute()), blocks, shape, rows, True)


def _file(data: Data, tell: Callable[[int, int], None]) -> DataCode:
    if not data.path:
        raise DataError("The data set 'file' needs a path; choose a file or a folder of images.")
    place = Path(os.path.expanduser(data.path)).absolute()
    found = file_code(place, data.scale, data.side, tell)
    heldout = heldout_count(found.rows, math.prod(found.shape))
    rows = found.rows - heldout
    blocks = (*found.blocks, split_code(rows, heldout, found.labelled, data.limit))
    return DataCode("your own data", str(place), blocks, found.shape, _limited(rows, data.limit), found.bounded)


def _limited(rows: int, limit: int) -> int:
    return min(rows, limit) if limit else rows


def split_code(rows: int, heldout: int, labelled: bool, limit: int = 0) -> str:
    """Code that takes `train` out of `values`, as `guiapp.data.split.split_rows` does; the first `limit` of them."""
    count = rows + heldout
    order = "shuffled"
    lines = [f"# The split is the same in every run: {heldout} of {count} rows are held out" + "." * (not labelled)]
    if labelled:
        lines[0] += ", every class giving its share."
    lines.append(f"shuffled = np.random.default_rng({HELDOUT_SEED}).permutation({count})")
    if labelled:
        order = "by_class"
        lines.append('by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]')
    lines += [
        f"taken = (2 * np.arange({heldout}) + 1) * {count} // {2 * heldout}  # equally spaced",
        f"train = values[shuffled[~np.isin(shuffled, {order}[taken])]]",
        *([f"train = train[:{limit}]"] if 0 < limit < rows else []),
        f"train = torch.from_numpy(train)  # ({_limited(rows, limit)}, D)",
    ]
    return "\n".join(lines) + "\n"


BATCHES: Final = '''\
def batches(size: int) -> Iterator[torch.Tensor]:
    """Mini-batches (B, D) without end, shuffled anew each epoch, whose rest is dropped."""
    order_rng = torch.Generator().manual_seed(SEED + 1)
    while True:
        order = torch.randperm(len(train), generator=order_rng)
        for start in range(0, len(train) - size + 1, size):
            yield train[order[start : start + size]]
'''

CHANGING_BATCHES: Final = '''\
class Batches:
    """Mini-batches (B, D) of changing size, shuffled anew each epoch, whose rest is dropped."""

    def __init__(self) -> None:
        self.rng = torch.Generator().manual_seed(SEED + 1)
        self.order = torch.empty(0, dtype=torch.int64)

    def take(self, size: int) -> torch.Tensor:
        if size > len(self.order):
            self.order = torch.randperm(len(train), generator=self.rng)
        rows, self.order = self.order[:size], self.order[size:]
        return train[rows]
'''


def batch_code(plan: Plan, packing: int = 1) -> tuple[list[str], str, str]:
    """Blocks that define the batches, the line before the loop that starts them, and the expression for the next, which
    holds as many packs of `packing` data, the script's PACK, as the batch size says."""
    batch, rows = "PACK * " * (packing > 1) + plan.name("batch"), plan.data.rows
    if rows is None:
        return [], "", f"sample({batch}){plan.move}"
    size = f"min({batch}, len(train))" if max(plan.values("batch")) * packing > rows else batch
    start = f"train = train{plan.move}\n" if plan.move else ""
    if "batch" in plan.schedules:
        return [CHANGING_BATCHES], start + "data = Batches()\n", f"data.take({size})"
    return [BATCHES], start + f"data = batches({size})\n", "next(data)"
