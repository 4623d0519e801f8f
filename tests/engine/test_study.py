"""Studies beside training: nothing of the run changes, they end, and they end early when told to."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event as Signal
from typing import Any

import numpy as np
import pytest
import torch

from guiapp import messages as m
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.probes.probe import Arrays
from guiapp.engine.studies import room
from guiapp.engine.studies.room import REPLACED
from guiapp.engine.studies.study import Study, why
from guiapp.engine.trainer import Trainer
from guiapp.engine.worker import Worker
from guiapp.spec import Network
from tests.engine import runs
from tests.engine.bench import GAN, VAE, Bench

Slices = Iterator[tuple[float, Arrays]]
SMALL = m.Study("likelihood", {"draws": 4, "data": 20})
LONG = m.Study("likelihood", {"draws": 1 << 20, "data": 20})


def told(bench: Bench) -> list[m.Studied]:
    return [event for event in bench.said if isinstance(event, m.Studied)]


def finish(bench: Bench, most: int = 10_000) -> m.Studied:
    """Go on until no study is under way; its last report."""
    for _ in range(most):
        if not bench.worker._studies.busy:
            return told(bench)[-1]
        bench.worker.advance()
    raise AssertionError("it does not end")


def counting(slices: int, seen: list[Trainer] | None = None) -> Study:
    """A study of so many slices, each of which tells its number."""

    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Slices:
        if seen is not None:
            seen.append(trainer)
        for i in range(slices):
            yield (i + 1) / slices, {"slice": np.array(i)}

    return Study("counting", frozenset(), begin)


def failing(error: Exception, after: int = 2) -> Study:
    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Slices:
        for i in range(after):
            yield 0.1 * i, {"slice": np.array(i)}
        raise error

    return Study("counting", frozenset(), begin)


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> Callable[[Study], m.Study]:
    """Put a study in the place of all others."""

    def put(study: Study) -> m.Study:
        monkeypatch.setattr(room, "STUDIES", (study,))
        return m.Study(study.kind)

    return put


# ------------------------------------------------------------------------------------------------------ beside a run


@pytest.mark.parametrize("model", [VAE, runs.spec(runs.vae(Network(hidden=(16,), norm="batch")), batch=8)])
def test_training_is_bit_equal_with_a_study_beside_it(tmp_path: Path, model: Any) -> None:
    weights, rows = [], []
    for name, study in (("with", True), ("without", False)):
        bench = Bench(tmp_path / name)
        bench.obey(m.Start(1, model, running=False), m.Run())
        bench.advance(5)
        for command in (SMALL, m.Study("posterior", {"index": 3})) if study else ():
            bench.obey(command)
            bench.advance(20)
            assert finish(bench).progress == 1
        while bench.trainer.step < 150:
            bench.advance(1)
        bench.obey(m.Run(until=300))
        bench.until_it_stops()
        weights.append(bench.trainer.weights())
        rows.append(bench.rows()[:, 1:])
        bench.worker.close()
    assert runs.equal(*weights)
    np.testing.assert_array_equal(*rows)


def test_a_study_tells_how_far_it_is_and_of_which_step(bench: Bench) -> None:
    bench.obey(m.Start(3, VAE, running=False), m.Step(7))
    bench.until_it_stops()
    bench.obey(m.Study("likelihood", {"draws": 1024, "data": 50}))
    finish(bench)
    reports = told(bench)
    progress = [report.progress for report in reports]
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert len(progress) > 1
    assert {(report.key, report.kind, report.step, report.trouble) for report in reports} == {(3, "likelihood", 7, "")}
    assert [report.ended for report in reports] == [False] * (len(reports) - 1) + [True]


def test_progress_never_goes_back(bench: Bench, catalogue: Callable[[Study], m.Study]) -> None:
    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Slices:
        for progress in (0.5, 0.2, 0.7):
            yield progress, {}

    bench.obey(m.Start(1, VAE, running=False), catalogue(Study("counting", frozenset(), begin)))
    finish(bench)
    progress = [report.progress for report in told(bench)]
    assert progress == sorted(progress)
    assert progress[-1] == 1, "it has ended"


def test_a_study_stands_still_while_training_goes_on(bench: Bench, catalogue: Callable[[Study], m.Study]) -> None:
    seen: list[Trainer] = []
    bench.obey(m.Start(1, VAE, running=False), m.Run())
    bench.advance(4)
    before = bench.trainer.weights()
    bench.obey(catalogue(counting(1 << 40, seen)))
    bench.advance(5)
    (copy,) = seen
    assert (copy.step, bench.trainer.step) == (4, 9)
    assert runs.equal(copy.weights(), before)
    assert copy.spec == bench.trainer.spec
    assert copy.feed.heldout.data_ptr() == bench.trainer.feed.heldout.data_ptr(), "the data are not copied"


def test_a_study_may_change_its_copy(bench: Bench, catalogue: Callable[[Study], m.Study]) -> None:
    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Slices:
        assert not torch.is_grad_enabled()
        assert not trainer.model.training
        for parameter in trainer.model.parameters():
            parameter.zero_()
        yield 1.0, {}

    bench.obey(m.Start(1, VAE, running=False))
    before = bench.trainer.weights()
    bench.obey(catalogue(Study("counting", frozenset(), begin)))
    assert finish(bench).trouble == ""
    assert runs.equal(bench.trainer.weights(), before)
    assert bench.trainer.model.training
    assert torch.is_grad_enabled()


# ------------------------------------------------------------------------------------------------- stopped, replaced


def test_cancel(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), LONG)
    bench.worker.advance()
    bench.obey(m.StopStudy())
    last = bench.last(m.Studied)
    assert (last.trouble, last.ended) == ("Stopped.", True)
    assert last.progress < 1
    assert "draws" in last.picture, "what is known so far is kept"
    count = len(bench.said)
    bench.worker.advance()
    bench.obey(m.StopStudy())
    assert len(bench.said) == count, "there is nothing to stop any more"


def test_another_study_takes_its_place(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), LONG)
    bench.worker.advance()
    bench.obey(m.Study("posterior"))
    assert [(report.kind, report.trouble) for report in told(bench)][-1] == ("likelihood", REPLACED)
    assert finish(bench).kind == "posterior"
    assert [report.trouble for report in told(bench) if report.kind == "posterior"][-1] == ""


def test_one_of_the_same_kind_follows_on_without_an_end_between(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Study("posterior", {"index": 0}))
    bench.worker.advance()
    bench.obey(m.Study("posterior", {"index": 5}))
    assert int(finish(bench).picture["index"]) == 5
    assert not any(report.trouble for report in told(bench))
    assert sum(report.ended for report in told(bench)) == 1


@pytest.mark.parametrize("model", [VAE, GAN])
def test_a_new_run_ends_it(bench: Bench, model: Any) -> None:
    bench.obey(m.Start(1, VAE, running=False), LONG)
    bench.worker.advance()
    count = len(told(bench))
    bench.obey(m.Start(2, model, running=True))
    bench.advance(3)
    assert not bench.worker._studies.busy
    assert len(told(bench)) == count, "nobody asks any more"


def test_a_run_that_is_refused_does_not(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), SMALL)
    bench.obey(m.Start(2, runs.spec(runs.vae(), "ring"), running=False))  # Bernoulli, and the ring has negative values
    assert "likelihood" in bench.refusals()[-1]
    assert finish(bench).progress == 1


def test_a_fork_and_an_opened_run_end_it(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Step(5))
    bench.until_it_stops()
    bench.worker.settle()
    path = str(bench.run_file)
    bench.obey(LONG)
    bench.obey(m.Open(2, path, 0, VAE))
    assert not bench.worker._studies.busy
    bench.obey(SMALL)
    assert (finish(bench).key, finish(bench).step) == (2, 0)
    bench.obey(LONG, m.Open(3, path))
    assert not bench.worker._studies.busy


def test_the_window_may_go_while_a_study_is_under_way(tmp_path: Path) -> None:
    """What it would say then is no reason not to close the run file."""
    bench = Bench(tmp_path)
    bench.obey(m.Start(1, VAE, running=False), LONG)

    def gone(_event: m.Event) -> None:
        raise BrokenPipeError

    bench.worker._say = bench.worker._studies._say = bench.worker._studies._work._say = gone  # type: ignore[union-attr]
    path = bench.run_file
    bench.worker.close()
    assert not Path(f"{path}-wal").exists(), "closed"


# ----------------------------------------------------------------------------------------------------- looking back


def test_a_study_of_a_past_step(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Step(6))
    bench.until_it_stops()
    bench.worker.settle()
    bench.obey(m.Study("likelihood", {"draws": 4, "data": 20}))
    then = finish(bench)
    bench.obey(m.Step(30))
    bench.until_it_stops()
    bench.obey(m.Edit("model.optimiser.lr", 0.01), m.Study("likelihood", {"draws": 4, "data": 20}, at=6))
    again = finish(bench)
    assert (then.step, again.step, bench.trainer.step) == (6, 6, 36)
    np.testing.assert_array_equal(then.picture["importance"], again.picture["importance"])
    bench.obey(SMALL)
    assert not np.array_equal(finish(bench).picture["importance"], then.picture["importance"])


def test_a_step_without_a_keyframe_is_told_in_a_sentence(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=True), m.Study("likelihood", {}, at=3))
    last = bench.last(m.Studied)
    assert last.ended
    assert last.step == 3
    assert last.trouble.count(".") >= 1
    assert "\n" not in last.trouble
    bench.advance(3)


# ---------------------------------------------------------------------------------------------- what cannot be


def test_a_model_without_the_capability(bench: Bench) -> None:
    bench.obey(m.Start(1, GAN, running=False), SMALL)
    assert bench.last(m.Studied) == m.Studied(1, "likelihood", 0, 0.0, {}, "This model has nothing of the kind.")
    bench.obey(m.Study("no such study"))
    assert bench.last(m.Studied).trouble == "This model has nothing of the kind."


def test_without_a_run_there_is_nothing_to_study(bench: Bench) -> None:
    bench.obey(SMALL)
    assert bench.refusals() == ["There is no run yet; start one first."]
    bench.obey(m.StopStudy())


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("there are 3 data."), "This could not be computed: there are 3 data."),
        (KeyError("x\ny"), "This could not be computed: 'x\\ny'."),
        (ZeroDivisionError(), "This could not be computed: ZeroDivisionError."),
        (RuntimeError("one\ntwo"), "This could not be computed: one."),
        (MemoryError(), "There is not enough memory for this; take fewer data, or a smaller model."),
        (
            RuntimeError("CUDA out of memory. Tried"),
            "There is not enough memory for this; take fewer data, or a smaller model.",
        ),
    ],
)
def test_an_error_is_one_sentence_and_the_run_goes_on(
    bench: Bench, catalogue: Callable[[Study], m.Study], error: Exception, sentence: str
) -> None:
    assert why(error) == sentence
    bench.obey(m.Start(1, VAE, running=True), catalogue(failing(error)))
    bench.advance(5)
    (last,) = [report for report in told(bench) if report.ended]
    assert (last.trouble, int(last.picture["slice"])) == (sentence, 1)
    bench.advance(3)
    assert bench.trainer.step == 8


def test_a_copy_that_cannot_be_made_does_not_end_the_run(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.obey(m.Start(1, VAE, running=True))

    def fail(at: int | None) -> Trainer:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(bench.run, "copy", fail)
    bench.obey(SMALL)
    assert "memory" in bench.last(m.Studied).trouble
    bench.advance(3)


@pytest.mark.parametrize("options", [{"draws": 0}, {"draws": 1 << 21}, {"data": 0}, {"data": "many"}])
def test_options_that_cannot_be(bench: Bench, options: Mapping[str, Any]) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Study("likelihood", options))
    last = finish(bench)
    assert last.trouble.startswith("This could not be computed: ")
    assert last.picture == {}


# ------------------------------------------------------------------------------------------------------ time, memory


def test_a_paused_trainer_works_through_it_and_listens(tmp_path: Path) -> None:
    """The loop itself: the study ends though nobody asks for anything, and commands are obeyed in between."""
    said: list[m.Event] = []
    arrived = Signal()
    inbox: deque[m.Command] = deque(
        [m.Start(1, VAE, running=False), m.Study("likelihood", {"draws": 4096, "data": 200})]
    )

    def say(event: m.Event) -> None:
        said.append(event)
        if isinstance(event, m.Studied) and event.progress < 1:
            inbox.append(m.Pull(frozenset()))
        if isinstance(event, m.Studied) and event.ended:
            inbox.append(m.Quit())

    worker = Worker(say, tmp_path)
    worker.work(inbox, arrived)
    worker.close()
    kinds = [type(event) for event in said]
    first, last = kinds.index(m.Studied), len(kinds) - 1 - kinds[::-1].index(m.Studied)
    assert m.Update in kinds[first:last], "answered while the study was under way"
    assert said[last].progress == 1  # type: ignore[union-attr]


def test_the_run_file_is_complete_though_a_study_leaves_no_idle_time(bench: Bench) -> None:
    bench.obey(m.Start(1, VAE, running=False), m.Step(5))
    bench.until_it_stops()
    bench.obey(LONG)
    bench.worker.advance()
    kept = [event for event in bench.said if isinstance(event, m.Kept)]
    assert kept[-1].keyframes.tolist()[-1] == 5
    count = len(bench.said)
    bench.worker.advance()
    assert m.Kept not in map(type, bench.said[count:]), "once"


@pytest.mark.parametrize("how", ["done", "stopped", "failed", "replaced"])
def test_the_memory_of_the_copy_is_freed(bench: Bench, catalogue: Callable[[Study], m.Study], how: str) -> None:
    seen: list[Any] = []

    def begin(trainer: Trainer, options: Mapping[str, Any]) -> Slices:
        assert isinstance(trainer.model, VaeModel)
        seen.append(weakref.ref(trainer.model))
        yield 0.5, {}
        if how == "failed":
            raise ValueError("no.")
        while how != "done":
            yield 0.5, {}

    bench.obey(m.Start(1, VAE, running=False), catalogue(Study("counting", frozenset(), begin)))
    bench.worker.advance()
    if how == "stopped":
        bench.obey(m.StopStudy())
    if how == "replaced":
        bench.obey(m.Start(2, VAE, running=False))
    bench.worker.advance()
    assert [reference() for reference in seen] == [None]
