"""Show as code: a run as one page of plain PyTorch that prints the same losses."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Any, Final

from guiapp.data.raw import tell_nobody
from guiapp.export import code_gan, code_vae
from guiapp.export.code_data import data_code
from guiapp.export.code_model import MAXOUT, RESIDUAL
from guiapp.export.code_plan import Plan, literal, schedules
from guiapp.fitting import check_game
from guiapp.spec import Gan, RunSpec, SpecError, Vae

# Imports, by the name that the text has to use.
STANDARD: Final = MappingProxyType(
    {
        "import copy": "copy",
        "import csv": "csv",
        "import gzip": "gzip",
        "import math": "math",
        "import os": "os",
        "from collections.abc import Iterator": "Iterator",
        "from pathlib import Path": "Path",
    }
)
OTHERS: Final = MappingProxyType(
    {
        "import numpy as np": "np",
        "import torch": "torch",
        "import torch.nn.functional as F": "F",
        "from PIL import Image": "Image",
        "from torch import nn": "nn",
    }
)

PROMISE: Final = """\
The same seed gives the losses of Elboscope: bit for bit on a CPU with the same version of torch,
elsewhere to rounding.
"""

CHUNK = 80  # characters of a path on one line

AT: Final = '''\
def at(schedule: dict, step: int):
    """The value of a schedule {from this step on: value} at `step`."""
    return schedule[max(start for start in schedule if start <= step)]
'''

THREADS: Final = "torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))  # as in Elboscope, to round alike\n"


def script(
    spec: RunSpec,
    *,
    steps: int = 1000,
    edits: Sequence[tuple[int, str, Any]] = (),
    tell: Callable[[int, int], None] = tell_nobody,
) -> str:
    """A script that trains the model of `spec` for `steps` iterations and prints its loss terms.

    An edit (step, path, new) was made when `step` iterations were done, as the events of a run file tell it. The script
    holds what this run uses and nothing else. On a CPU its losses are those of `guiapp.engine.trainer.Trainer` bit for
    bit; on an accelerator, and for files of more than a million values that are standardised, to rounding. It goes on
    where the trainer stops for a value that is not finite, and knows no step that one player made alone.

    For the data set "file" the file is read and scaled, which takes as long as at the start of a run; `tell` hears of
    it, as of `guiapp.data.raw.Reading`.

    Raises:
        DataError: the data cannot be used. SpecError (a ValueError): a parameter that cannot be, or does not fit the
            data or the others.
    """
    start, changes = schedules(spec, edits, steps)
    data = data_code(spec.data, tell)
    plan, model = Plan(start, steps, changes, data), start.model
    if isinstance(model, Vae):
        if model.likelihood == "bernoulli" and not data.bounded:
            raise SpecError(
                f"likelihood: Bernoulli needs values in [0, 1], and {data.title} has others; choose 'gaussian'.",
                {"model.likelihood": "gaussian"},
            )
        about, formulas = "variational autoencoder", code_vae.formulas(model)
        constants, blocks = code_vae.constants(plan, model), code_vae.blocks(plan, model)
    else:
        check_game(model, data.rows)
        about, formulas = "generative adversarial network", code_gan.formulas(plan)
        constants, blocks = code_gan.constants(plan, model), code_gan.blocks(plan, model)
    uses_data = isinstance(model, Vae) or code_gan.uses_data(plan)
    functions = [AT] * _speaks_of(r"\bat\(", blocks)
    functions += [RESIDUAL] * _speaks_of(r"Residual\(", blocks) + [MAXOUT] * _speaks_of(r"Maxout\(", blocks)
    text = _joined([_top(plan, constants, uses_data), *(data.blocks if uses_data else ()), *functions, *blocks])
    return f'"""A {about} on {data.title}.\n\n{formulas}\n{PROMISE}"""\n\n{_imports(text)}\n{text}'


def _speaks_of(pattern: str, blocks: Iterable[str]) -> bool:
    return any(re.search(pattern, block) for block in blocks)


def _top(plan: Plan, constants: list[str], uses_data: bool) -> str:
    """What one may want to change, first."""
    streams = "of the weights; + 1: order of the data, + 2: noise"
    if plan.data.rows is None or not uses_data:
        streams = "of the weights and the data; + 2: noise" if uses_data else "of the weights; + 2: noise"
    packs = isinstance(plan.spec.model, Gan) and plan.spec.model.packing > 1
    lines = [
        *(_path(plan.data.path) if plan.data.path and uses_data else []),
        f"SEED = {plan.spec.seed}  # {streams}",
        f"STEPS, EVERY = {plan.steps}, {max(1, plan.steps // 10)}  # iterations, and how often to print",
        *plan.constant("batch", f"{'packs' if packs else 'data'} per step"),
        *constants,
        *([f"DEVICE = {plan.device}"] if plan.device else []),
        THREADS,
    ]
    return "\n".join(lines)


def _path(path: str) -> list[str]:
    """The line that defines DATA; more where the path is long."""
    parts = [path[i : i + CHUNK] for i in range(0, len(path), CHUNK)]
    texts = [f'r"{part}"' if "\\" in part and _is_raw(part) else literal(part) for part in parts]
    if len(texts) == 1:
        return [f"DATA = Path({texts[0]})"]
    return ["DATA = Path(", *(f"    {text}" for text in texts), ")"]


def _is_raw(text: str) -> bool:
    """Whether r"text" means the text itself."""
    return text.isprintable() and '"' not in text and not text.endswith("\\")


def _imports(text: str) -> str:
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    groups = ([line for line, name in group.items() if name in used] for group in (STANDARD, OTHERS))
    return "\n\n".join("\n".join(group) for group in groups) + "\n"


def _joined(blocks: Iterable[str]) -> str:
    """The blocks, one blank line between them, two around functions and classes."""
    text, after = "", False
    for block in blocks:
        defines = block.startswith(("def ", "class ", "@"))
        text += ("\n\n" if defines or after else "\n") * bool(text) + block
        after = defines
    return text
