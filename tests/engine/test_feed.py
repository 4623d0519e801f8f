"""Mini-batches: every datum once an epoch, fresh draws of a law, and held-out data that stay out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from guiapp.data.source import Law
from guiapp.engine.feed import Feed
from tests.engine import runs

CPU = torch.device("cpu")


def numbered(count: int, seed: int = 0) -> Feed:
    """A feed of the rows (0, 0), (1, 1), ... so that a batch tells which data it holds."""
    return Feed(runs.table(np.repeat(np.arange(count), 2).reshape(count, 2)), seed, CPU)


def ids(feed: Feed, size: int, batches: int = 1) -> list[int]:
    return [int(x) for _ in range(batches) for x in feed.batch(size)[:, 0]]


def test_every_datum_comes_once_an_epoch_in_an_order_of_its_own() -> None:
    feed = numbered(60)
    epochs = [ids(feed, 12, batches=5) for _ in range(3)]
    assert all(sorted(epoch) == list(range(60)) for epoch in epochs)
    assert list(range(60)) not in epochs
    assert epochs[0] != epochs[1] != epochs[2]
    assert feed.epoch == 3


def test_a_rest_too_small_for_a_batch_is_dropped_and_no_datum_comes_twice() -> None:
    feed = numbered(10)
    for _ in range(5):
        epoch = ids(feed, 4, batches=2)
        assert len(epoch) == len(set(epoch)) == 8
    assert feed.epoch == pytest.approx(4)


def test_a_batch_larger_than_the_data_holds_them_all() -> None:
    feed = numbered(10)
    assert sorted(ids(feed, 65536)) == list(range(10))
    assert sorted(ids(feed, 11)) == list(range(10))
    assert feed.epoch == 2


def test_the_batch_size_may_change_at_any_step() -> None:
    feed = numbered(12)
    first, second, third = ids(feed, 4), ids(feed, 2), ids(feed, 6)
    assert (len(first), len(second), len(third)) == (4, 2, 6)
    assert sorted(first + second + third) == list(range(12)), "a change within an epoch repeats nothing"
    assert sorted(ids(feed, 12)) == list(range(12))


def test_the_order_comes_from_the_seed() -> None:
    assert ids(numbered(50), 50) == ids(numbered(50), 50)
    assert ids(numbered(50), 50) != ids(numbered(50, seed=1), 50)


def test_a_law_gives_fresh_points_at_each_step() -> None:
    law = runs.source("moons")
    assert isinstance(law, Law)
    feed = Feed(law, 0, CPU)
    drawn = torch.cat([feed.batch(100) for _ in range(20)])
    assert drawn.shape == (2000, 2)
    assert len(torch.unique(drawn, dim=0)) == 2000
    assert np.isfinite(law.log_density(drawn.numpy())).all()
    assert feed.seen == 2000
    assert feed.epoch == 0, "a law has no epochs"
    assert torch.equal(Feed(law, 0, CPU).batch(100), drawn[:100])
    assert not torch.equal(Feed(law, 1, CPU).batch(100), drawn[:100])


@pytest.mark.parametrize("seed", [0, 1, 20])
def test_held_out_points_of_a_law_are_the_same_in_every_run_and_never_trained_on(seed: int) -> None:
    law = runs.source("spiral")
    feed = Feed(law, seed, CPU)
    seen = torch.cat([feed.batch(1000) for _ in range(5)] + [feed.train])
    assert torch.equal(feed.heldout, Feed(law, seed + 1, CPU).heldout)
    assert not {tuple(row) for row in seen.tolist()} & {tuple(row) for row in feed.heldout.tolist()}


def test_held_out_pictures_never_come_in_a_batch() -> None:
    feed = Feed(runs.source("digits"), 0, CPU)
    heldout = {row.tobytes() for row in feed.heldout.numpy()}
    assert len(heldout) == len(feed.heldout) == len(feed.heldout_labels) == 297
    assert not heldout & {row.tobytes() for row in feed.batch(65536).numpy()}


def test_what_the_feed_says_of_the_data() -> None:
    digits, ring, wide = Feed(runs.source("digits"), 0, CPU), Feed(runs.source("ring"), 0, CPU), numbered(9)
    assert [feed.dim for feed in (digits, ring, wide)] == [64, 2, 2]
    assert [feed.bounded for feed in (digits, ring, wide)] == [True, False, False]
    assert [feed.is_table for feed in (digits, ring, wide)] == [True, False, True]
    assert [feed.is_plane for feed in (digits, ring, wide)] == [False, True, True]
    assert wide.train_labels.tolist() == [-1] * 9
    assert set(ring.heldout_labels) == set(range(8))
