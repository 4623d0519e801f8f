"""The worker when things go wrong: refusals, divergence, errors."""

from __future__ import annotations

import pytest

from guiapp import messages as m
from guiapp.engine.trainer import Trainer
from guiapp.run_file import read_run
from guiapp.spec import Data, RunSpec
from tests.engine import runs
from tests.engine.bench import ALL, GAN, VAE, WILD, Bench, ask


@pytest.mark.parametrize("command", [m.Run(), m.Pause(), m.Step(), m.Edit("batch", 2), m.Save("x")])
def test_before_any_run_a_command_is_refused(bench: Bench, command: m.Command) -> None:
    bench.obey(command)
    assert bench.said == [m.Refused("There is no run yet; start one first.")]
    assert not bench.worker.running


BAD_STARTS = {
    "unknown data": (runs.spec(runs.vae(), "no such set"), "is unknown"),
    "bernoulli on a law": (runs.spec(runs.vae(), "ring"), "Bernoulli needs values"),
    "no accelerator": (RunSpec(data=Data(name="digits"), model=runs.vae(), device="mps"), "mps"),
}


@pytest.mark.parametrize("name", BAD_STARTS)
def test_a_start_that_cannot_be_leaves_the_run_unharmed(bench: Bench, name: str) -> None:
    spec, words = BAD_STARTS[name]
    bench.obey(m.Start(1, GAN, running=True))
    bench.advance(3)
    bench.obey(m.Start(2, spec, running=False))
    assert words in bench.last(m.Refused).sentence
    bench.advance(3)
    update = bench.pull()
    assert (update.key, update.step, update.first, len(update.rows)) == (1, 6, 1, 6)


def test_a_model_too_large_for_memory_is_refused_and_the_run_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.obey(m.Start(1, GAN, running=True))

    def too_large(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 6710886400 bytes")

    monkeypatch.setattr("guiapp.engine.trainer.VaeModel", too_large)
    bench.obey(m.Start(2, VAE, running=True))
    assert "does not fit into memory" in bench.last(m.Refused).sentence
    bench.advance(2)


def test_divergence_is_told_and_may_be_cured(bench: Bench) -> None:
    bench.obey(m.Start(1, WILD, running=True))
    bench.until_it_stops()
    told = bench.last(m.Diverged)
    assert (told.key, told.step) == (1, bench.trainer.step + 1)
    assert told.tensor
    update = bench.pull(ALL)
    assert (update.step, len(update.rows)) == (told.step - 1, told.step - 1)
    assert ("diverged",) in ask(bench.run_file, "SELECT kind FROM event")
    for command in (m.Run(), m.Step(3)):
        bench.obey(command)
        bench.until_it_stops(5)
        assert bench.last(m.Diverged) == told, "still too far out, and said again"
    bench.trainer.model.load_state_dict(Trainer(WILD).weights())
    bench.obey(m.Edit("model.optimiser.lr", 1e-4), m.Step(3))
    bench.until_it_stops()
    assert bench.last(m.Paused).step == told.step + 2


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("the kernel broke\nsecond line"), "Training stopped with an error: the kernel broke"),
        (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), "Training ran out of memory;"),
        (MemoryError(), "Training ran out of memory;"),
        (ValueError("Expected more than 1 value per channel"), "Training stopped with an error: Expected more"),
        (ZeroDivisionError(), "Training stopped with an error: ZeroDivisionError"),
    ],
)
def test_an_error_ends_the_run_but_not_the_worker(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    bench.advance(2)

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(bench.trainer.objective, "iterate", fail)
    bench.advance(1)
    failed = bench.last(m.Failed)
    assert failed.sentence.startswith(sentence)
    assert "\n" not in failed.sentence
    assert "in fail" in failed.details
    assert type(error).__name__ in failed.details
    assert not bench.worker.running
    assert len(read_run(bench.run_file).rows) == 2, "the record is closed in order"
    bench.obey(m.Pull(ALL))
    bench.last(m.Failed)
    bench.obey(m.Run())
    assert bench.last(m.Refused).sentence == "There is no run yet; start one first."
    bench.obey(m.Start(2, GAN, running=True))
    bench.advance(2)
    assert bench.pull().step == 2


def test_an_error_in_a_picture_is_told_and_training_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.obey(m.Start(1, VAE, running=True))
    monkeypatch.setattr(bench.trainer.model, "decode", None)  # which training does not use
    bench.obey(m.Pull(frozenset({"latent", "samples"})))
    assert "NoneType" in next(event.sentence for event in bench.said if isinstance(event, m.Refused))
    assert set(bench.last(m.Update).pictures) == {"latent"}
    bench.advance(2)
    assert bench.pull().step == 2


def test_a_broken_pipe_goes_up_to_the_loop(bench: Bench) -> None:
    """There is nobody left to tell; `serve` ends on it."""
    bench.obey(m.Start(1, GAN, running=True))

    def broken(_event: m.Event) -> None:
        raise BrokenPipeError

    bench.worker._say = broken
    with pytest.raises(BrokenPipeError):
        bench.obey(m.Pull(ALL))
