"""What crosses the pipe: frozen, equal after pickling, and understood by a process that has no torch."""

from __future__ import annotations

import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from guiapp import messages as m
from guiapp.engine.worker import Worker
from guiapp.spec import Data, Gan, Network, RunSpec, Vae

SMALL = Network(hidden=(8,))
VAE = RunSpec(data=Data(name="digits"), model=Vae(encoder=SMALL, decoder=SMALL), batch=16, device="cpu")
GAN = RunSpec(data=Data(name="ring"), model=Gan(generator=SMALL, discriminator=SMALL), batch=16, device="cpu")
KINDS = frozenset({"latent", "manifold", "samples", "reconstructions", "gradients", "field", "posterior"})
COMMANDS: tuple[m.Command, ...] = (
    m.Start(1, VAE, running=True),
    m.Run(until=5),
    m.Pause(),
    m.Step(3, "d"),
    m.Edit("model.beta", 2.0),
    m.Pull(KINDS, {"latent_axes": (0, 1)}),
    m.Look("/tmp/run.elbo", 7, KINDS),
    m.Study("likelihood", {"draws": 8}, 7),
    m.StopStudy(),
    m.Annotate("/tmp/run.elbo", "Title", "Notes", ("a", "b")),
    m.Save("/tmp/run.elbo"),
    m.Open(2, "/tmp/run.elbo"),
    m.Open(3, "/tmp/run.elbo", 7, VAE, running=True),
    m.Quit(),
)


def said(tmp_path: Path) -> list[m.Event]:
    """Every event but `Ready`, `Recorded` and `Died`, as a real worker says them."""
    events: list[m.Event] = [m.Ready("2.6.0", ("cpu",), 1), m.Recorded(1, "run.elbo")]
    worker = Worker(events.append, tmp_path)
    for spec in (VAE, GAN):
        worker.obey(m.Start(1, spec, running=True))
        worker.advance()
        worker.settle()
        worker.obey(m.Edit("batch", 8))
        worker.obey(m.Pull(KINDS))
        worker.obey(m.Pause())
        assert worker._run is not None
        for path in (worker._run.file, "none.elbo"):
            worker.obey(m.Look(path, 1, KINDS))
            worker.obey(m.Annotate(path, "Title", "Notes", ("a",)))
        worker.obey(m.Pull(KINDS, {}, 0))
        worker.obey(m.Save(str(tmp_path / "saved.elbo")))
        worker.obey(m.Edit("seed", 8))
        worker.obey(m.Study("likelihood", {"draws": 2, "data": 4}))
        worker.advance()
    assert worker._run is not None
    worker._run.trainer.objective.iterate = None  # type: ignore[assignment,method-assign]
    worker.obey(m.Run())
    worker.advance()
    return [*events, m.Diverged(1, 3, "gradient of encoder.0.weight"), m.Died(-9), m.Loading(1, 3, 9)]


def test_every_command_is_the_same_after_the_pipe() -> None:
    assert {type(command) for command in COMMANDS} == set(get_args(m.Command))
    for command in COMMANDS:
        assert pickle.loads(pickle.dumps(command, protocol=5)) == command


@pytest.mark.parametrize("kind", [*get_args(m.Command), *get_args(m.Event)], ids=lambda kind: kind.__name__)
def test_messages_are_frozen_and_have_no_dictionary(kind: Any) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen
    assert "__slots__" in vars(kind)


UNPICKLE = """
import pickle, sys
sys.modules["torch"] = None  # any import of it fails
events = pickle.load(open(sys.argv[1], "rb"))
print(*(type(event).__name__ for event in events))
print("torch" in {name.split(".")[0] for name, module in sys.modules.items() if module is not None})
print("guiapp.engine" in sys.modules)
"""


def test_a_process_without_torch_reads_every_event(tmp_path: Path) -> None:
    events = said(tmp_path)
    assert {type(event) for event in events} == set(get_args(m.Event))
    path = tmp_path / "events.pickle"
    path.write_bytes(pickle.dumps(events, protocol=5))
    command = [sys.executable, "-c", UNPICKLE, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert result.returncode == 0, result.stderr
    names, torch, engine = result.stdout.splitlines()
    assert names.split() == [type(event).__name__ for event in events]
    assert (torch, engine) == ("False", "False")


PLAIN = (str, int, float, bool, type(None), np.ndarray)


def strangers(value: Any, path: str = "") -> list[str]:
    """Every leaf whose type is not exactly a plain one; `str` in particular has subclasses that drag torch along."""
    if dataclasses.is_dataclass(value):
        return [s for f in dataclasses.fields(value) for s in strangers(getattr(value, f.name), f"{path}.{f.name}")]
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in strangers(k, path) + strangers(v, f"{path}[{k}]")]
    if type(value) in (tuple, list, frozenset):
        return [s for v in value for s in strangers(v, path)]
    if type(value) in PLAIN or type(value).__module__.startswith("guiapp.spec"):
        return []
    return [f"{path}: {type(value)}"]


def test_events_are_made_of_plain_values_and_arrays(tmp_path: Path) -> None:
    for event in said(tmp_path):
        assert strangers(event, type(event).__name__) == []
    updates = [event for event in said(tmp_path) if isinstance(event, m.Update)]
    for array in (a for update in updates for picture in update.pictures.values() for a in picture.values()):
        assert array.dtype in (np.float32, np.int16, np.int64)


def test_the_check_for_strangers_finds_one() -> None:
    class Version(str):
        pass

    assert strangers(m.Ready(Version("2"), ("cpu",), 1), "Ready") == [f"Ready.torch: {Version}"]
    assert strangers(m.Died(np.int64(3)), "Died") != []  # type: ignore[arg-type]
