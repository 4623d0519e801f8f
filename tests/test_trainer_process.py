"""The other process, for real: it trains and answers, its death is seen at once, and it never outlives the window."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

import numpy as np
import pytest

from guiapp import messages as m
from guiapp import trainer_process
from guiapp.run_file import keyframe_steps, read_run, read_summary
from guiapp.spec import Data, Gan, Network, RunSpec, Vae
from tests.everyday import everyday

PATIENCE = 30.0  # seconds for a new process to load torch on a busy machine
SMALL = Network(hidden=(16, 16))
GAN = RunSpec(data=Data(name="ring"), model=Gan(generator=SMALL, discriminator=SMALL), batch=64, device="cpu")
VAE = RunSpec(data=Data(name="digits"), model=Vae(encoder=SMALL, decoder=SMALL), device="cpu")


@dataclass
class Child:
    process: SpawnProcess
    connection: Connection

    def ask(self, *commands: m.Command) -> None:
        for command in commands:
            self.connection.send(command)

    def answer(self) -> m.Event:
        assert self.connection.poll(PATIENCE), "no answer"
        event: m.Event = self.connection.recv()
        return event

    def until(self, wanted: Callable[[m.Event], bool]) -> m.Event:
        """The first answer like this; pulls again after each update, as the window does."""
        while not wanted(event := self.answer()):
            if isinstance(event, m.Update):
                self.ask(m.Pull(frozenset()))
        return event

    def has_ended(self, within: float = 5.0) -> bool:
        self.process.join(within)
        return self.process.exitcode is not None


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """A trainer process that is ready, and whose run file lies below tmp_path."""
    child = Child(*trainer_process.start(tmp_path, 1 << 20))
    ready = child.answer()
    assert isinstance(ready, m.Ready)
    assert type(ready.torch) is str
    assert ready.threads == max(1, (os.cpu_count() or 2) - 1)
    yield child
    child.connection.close()
    if not child.has_ended():
        child.process.kill()
        child.process.join()
    child.process.close()


def test_it_trains_answers_and_quits(child: Child, tmp_path: Path) -> None:
    child.ask(m.Start(1, GAN, running=True), m.Pull(frozenset({"field", "samples"})))
    assert isinstance(child.answer(), m.Started)
    first = child.answer()
    assert isinstance(first, m.Update)
    assert set(first.pictures) == {"field", "samples"}
    child.ask(m.Pull(frozenset()))
    update = child.until(lambda event: isinstance(event, m.Update) and event.step >= 200)
    assert isinstance(update, m.Update)
    assert update.step == update.first + len(update.rows) - 1
    assert np.isfinite(update.rows[:, :9]).all(), "the losses; metrics come every 1,000 steps"
    child.ask(m.Start(2, VAE, running=False), m.Step(3))
    child.until(lambda event: isinstance(event, m.Paused))
    child.ask(m.Quit())
    assert child.has_ended()
    assert child.process.exitcode == 0
    (first, second) = sorted(tmp_path.iterdir(), key=lambda path: "VAE" in path.name)
    assert read_summary(first).ended
    assert len(read_run(second).rows) == read_summary(second).step == 3, "it ends its record in order"
    assert keyframe_steps(second) == (0, 1, 2, 3)


def test_a_killed_process_is_seen_at_once_and_leaves_its_record(child: Child, tmp_path: Path) -> None:
    child.ask(m.Start(1, GAN, running=True), m.Pull(frozenset()))
    update = child.until(lambda event: isinstance(event, m.Update) and event.seconds >= 1.2)
    assert child.process.pid is not None
    os.kill(child.process.pid, signal.SIGKILL)
    with pytest.raises((EOFError, ConnectionResetError)):
        child.until(lambda event: False)
    assert child.has_ended()
    assert child.process.exitcode == -signal.SIGKILL
    (path,) = tmp_path.glob("*.elbo")
    assert isinstance(update, m.Update)
    assert not read_summary(path).ended
    stored = read_run(path)
    assert stored.spec == GAN
    assert len(stored.rows) >= 20, "at most the last second is lost (tests/engine/test_kill.py)"


@pytest.mark.parametrize("training", everyday([True, False], [True]))
def test_it_ends_by_itself_when_the_window_is_gone(child: Child, tmp_path: Path, training: bool) -> None:
    child.ask(m.Start(1, GAN, running=training), m.Pull(frozenset()))
    child.until(lambda event: isinstance(event, m.Update) and (event.step >= 50 or not training))
    child.connection.close()
    assert child.has_ended()
    assert child.process.exitcode == 0
    assert all(read_summary(path).ended for path in tmp_path.iterdir())
    assert len(list(tmp_path.iterdir())) == int(training), "a run without a step leaves no file"


@pytest.mark.slow
def test_ctrl_c_in_the_terminal_is_not_for_the_trainer(child: Child) -> None:
    assert child.process.pid is not None
    child.ask(m.Start(1, GAN, running=True))
    os.kill(child.process.pid, signal.SIGINT)
    child.ask(m.Pull(frozenset()))
    assert isinstance(child.until(lambda event: isinstance(event, m.Update) and event.step >= 20), m.Update)


READ = """
import pickle, sys
sys.modules["torch"] = None
print(*(type(pickle.loads(data)).__name__ for data in pickle.load(open(sys.argv[1], "rb"))))
"""


@pytest.mark.slow
def test_the_bytes_in_the_pipe_need_no_torch(child: Child, tmp_path: Path) -> None:
    kinds = frozenset({"latent", "manifold", "samples", "reconstructions", "gradients", "posterior"})
    child.ask(m.Start(1, VAE, running=False), m.Step(2))
    captured = [child.connection.recv_bytes() for _ in range(2)]
    child.ask(m.Edit("model.beta", 2.0), m.Pull(kinds), m.Edit("batch", 0))
    captured += [child.connection.recv_bytes() for _ in range(3)]
    path = tmp_path / "captured"
    path.write_bytes(pickle.dumps(captured))
    command = [sys.executable, "-c", READ, str(path)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["Started", "Paused", "Edited", "Update", "Refused"]
    assert not any(b"torch" in data for data in captured)


@pytest.mark.slow
def test_a_step_without_end_does_not_outlive_the_window(child: Child) -> None:
    """One iteration of half a minute: the process gets some seconds for its last words, then it is gone."""
    wide = Network(hidden=(1024, 1024))
    gan = Gan(generator=wide, discriminator=wide, d_steps=20, g_steps=20)
    child.ask(m.Start(1, RunSpec(data=Data(name="ring"), model=gan, batch=8192, device="cpu"), running=True))
    assert isinstance(child.answer(), m.Started)
    child.connection.close()
    assert child.has_ended(within=10)
    assert child.process.exitcode == 1
