"""Running an exported script and the trainer side by side, and reading what a script says."""

from __future__ import annotations

import ast
import contextlib
import io
import os
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
import torch

from guiapp.data.source import Source
from guiapp.engine.trainer import Trainer
from guiapp.export.code import script
from guiapp.spec import Gan, Network, RunSpec, Vae
from tests.engine import runs

Edits = Sequence[tuple[int, str, Any]]
Losses = dict[str, npt.NDArray[np.float32]]
MODULES = {
    "relu": "nn.ReLU",
    "leaky relu": "nn.LeakyReLU",
    "elu": "nn.ELU",
    "gelu": "nn.GELU",
    "tanh": "nn.Tanh",
    "batch": "nn.BatchNorm1d",
    "layer": "nn.LayerNorm",
    "he": "He et al.",
    "glorot": "Glorot",
    "orthogonal": "nn.init.orthogonal_",
    "pytorch": "layer.bias.uniform_",
    "normal, 0.02": "normal_(0, 0.02",
    "maxout": "axout",
    "adam": "Adam",
    "sgd": "SGD",
}


def parsed(printed: str) -> Losses:
    """The columns of what a script printed, by name; the steps are under "step"."""
    rows = [line.split() for line in printed.splitlines()]
    names = rows[0][::2]
    assert all(row[::2] == names for row in rows)
    return {name: np.array([row[2 * i + 1] for row in rows], np.float32) for i, name in enumerate(names)}


def execute(code: str) -> Losses:
    """What a script prints."""
    return parsed(_executed(code)[0])


def execute_in(code: str) -> dict[str, Any]:
    """The names that a script leaves."""
    return _executed(code)[1]


def _executed(code: str) -> tuple[str, dict[str, Any]]:
    """Run a script in this process, with the number of threads that it asks for; every warning is an error."""
    out, threads = io.StringIO(), torch.get_num_threads()
    names: dict[str, Any] = {"__name__": "__main__"}
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(out),
            mock.patch.object(os, "cpu_count", return_value=2),
        ):
            warnings.simplefilter("error")
            exec(compile(code, "script.py", "exec"), names)
    finally:
        torch.set_num_threads(threads)
    return out.getvalue(), names


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """As scripts run in these tests: batch normalisation rounds otherwise on two."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def trained(spec: RunSpec, steps: int, edits: Edits = (), source: Source | None = None) -> Losses:
    """The loss terms of the trainer on one thread."""
    with one_thread():
        run = Trainer(spec, source)
        events = run.events()
        for step in range(steps):
            for at, path, new in edits:
                if at == step:
                    run.edit(path, new)
            assert next(events) is None
    rows = run.flush()
    return {name: runs.column(run, rows, name) for name in run.objective.terms}


def assert_same(spec: RunSpec, steps: int = 9, edits: Edits = (), source: Source | None = None) -> str:
    """The script of `spec` prints the trainer's losses bit for bit, and is as it should be; gives the script."""
    code = script(spec, steps=steps, edits=edits)
    assert_sound(code)
    assert_holds_only_what_is_used(code, spec)
    told, expected = execute(code), trained(spec, steps, edits, source)
    shown = set(told) - {"step"}
    assert shown
    for name in shown:
        assert np.array_equal(told[name], expected[name][told["step"].astype(int) - 1], equal_nan=True), name
    missing = {name for name in set(expected) - shown if not np.isnan(expected[name]).all()}
    if "d_penalty" in missing:
        assert not np.nan_to_num(expected["d_penalty"]).any()
    assert missing <= {"d_acc_real", "d_acc_fake", "g_slope", "d_penalty", *details(spec, edits)}
    return code


def details(spec: RunSpec, edits: Edits = ()) -> set[str]:
    """The columns of a VAE that no script prints, and β where the top of the script says it all."""
    if not isinstance(spec.model, Vae):
        return set()
    names = {"heldout/reconstruction", "heldout/kl", *(f"kl/{i}" for i in range(spec.model.latent))}
    edited = {path for _, path, _ in edits}
    changes = spec.model.schedule != "constant" or spec.model.averaged
    return names if changes or edited & {"model.schedule", "model.averaged"} else names | {"beta"}


def assert_sound(code: str) -> None:
    """Short lines, and nothing defined that is not used."""
    too_long = [line for line in code.splitlines() if len(line) > 100]
    assert not too_long, too_long
    assert not [line for line in code.splitlines() if line != line.rstrip()]
    assert code.endswith("\n")
    assert "\n\n\n\n" not in code
    names = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)]
    stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    stored |= {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    unused = (
        stored - {node.id for node in names if isinstance(node.ctx, ast.Load)} - {"_", "forward", "__init__", "take"}
    )
    assert not unused


def assert_clean(texts: Iterable[str], folder: Path) -> None:
    """Ruff, with its own rules and sorted imports, finds nothing in the scripts; one run for all."""
    for i, text in enumerate(texts):
        (folder / f"{i}.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--extend-select", "I", "--no-cache", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def assert_holds_only_what_is_used(code: str, spec: RunSpec) -> None:
    """No word of an option that the spec did not choose."""
    model = spec.model
    networks: tuple[Network, ...]
    if isinstance(model, Vae):
        networks, kinds = (model.encoder, model.decoder), {model.optimiser.kind}
        foreign = ["generator(", "discriminator", "minimax", "D(G"]
        foreign += ["SIGMA", "log_sigma", "distance"] if model.likelihood == "bernoulli" else ["softplus"]
        foreign += ["log_sigma"] if model.likelihood == "gaussian" else []
        foreign += ["SIGMA"] if model.likelihood == "gaussian, optimal σ" else ["clamp(min=1e"]
        foreign += ["ratio = ", "log_mean_exp"] if model.bound == "elbo" else ["z.detach()", "log_q"]
        foreign += ["\nK = "] if model.bound == "elbo" and model.draws == 1 else []
    else:
        assert isinstance(model, Gan)
        networks = (model.generator, model.discriminator)
        kinds = {model.d_optimiser.kind, model.g_optimiser.kind}
        foreign = ["encoder", "decoder", "elbo", "kl"]
        foreign += ["torch.rand((n"] if model.noise_law == "normal" else ["torch.randn((n"]
    used = kinds | {network.init for network in networks}
    used |= {word for network in networks if network.hidden for word in (network.activation, network.norm)}
    foreign += [text for word, text in MODULES.items() if word not in used]
    foreign += ["nn.Conv", "Images(", "Rows(", "fans(", "kinds"] if all(n.layers == "dense" for n in networks) else []
    foreign += ["Residual"] if not any(network.skip for network in networks) else []
    foreign += ["DEVICE"] if spec.device == "cpu" else []
    assert not [word for word in foreign if word in code]
