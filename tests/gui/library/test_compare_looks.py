"""One question under way for each run, and the newest wish wins."""

from __future__ import annotations

import pytest

from guiapp.gui.library.compare_looks import Looks, Wish
from guiapp.messages import Seen
from tests.gui.frames import vae_frame

NEEDS = frozenset({"samples"})


def wish(step: int, needs: frozenset[str] = NEEDS) -> Wish:
    return Wish(step, needs, {})


def answer(path: str, step: int, *kinds: str) -> Seen:
    run = vae_frame(0).run
    return Seen(path, step, run, run.spec, {kind: {} for kind in kinds})


@pytest.fixture
def asked() -> list[tuple[str, int]]:
    return []


@pytest.fixture
def looks(asked: list[tuple[str, int]]) -> Looks:
    return Looks(lambda path, wish: asked.append((path, wish.step)))


def test_one_question_a_run_is_under_way_and_the_newest_wish_wins(looks: Looks, asked: list[tuple[str, int]]) -> None:
    for step in (10, 20, 30, 40):
        looks.want("a", wish(step))
    looks.want("b", wish(10))
    assert asked == [("a", 10), ("b", 10)]
    assert looks.answered("a", answer("a", 10, "samples")) == wish(10)
    assert asked[2:] == [("a", 40)]
    assert looks.answered("a", answer("a", 40, "samples")) == wish(40)
    assert looks.waiting == {"b"}
    assert len(asked) == 3


def test_back_to_what_is_being_asked_asks_no_more(looks: Looks, asked: list[tuple[str, int]]) -> None:
    for step in (10, 20, 10):
        looks.want("a", wish(step))
    looks.answered("a", answer("a", 10))
    assert asked == [("a", 10)]
    assert looks.waiting == frozenset()


def test_answers_to_others_are_left_alone(looks: Looks) -> None:
    looks.want("a", wish(10))
    assert looks.answered("b", answer("b", 10)) is None
    assert looks.answered("a", answer("a", 20)) is None, "a later step than asked for"
    assert looks.answered("a", answer("a", 10, "samples", "latent")) is None, "pictures that were not asked for"
    assert looks.waiting == {"a"}
    trouble = Seen("a", 10, None, None, {}, "This run is damaged.")
    assert looks.answered("a", trouble) == wish(10)
    assert looks.answered("a", trouble) is None


def test_an_older_keyframe_is_an_answer_too(looks: Looks) -> None:
    looks.want("a", wish(10))
    assert looks.answered("a", answer("a", 5)) == wish(10), "a run that is being trained thins its keyframes out"


def test_dropped_and_forgotten_wishes_are_not_asked(looks: Looks, asked: list[tuple[str, int]]) -> None:
    looks.want("a", wish(10))
    looks.want("a", wish(20))
    looks.drop("a")
    looks.answered("a", answer("a", 10))
    looks.want("b", wish(1))
    looks.want("b", wish(2))
    assert looks.forget() == {"b"}
    assert looks.answered("b", answer("b", 1)) is None
    assert asked == [("a", 10), ("b", 1)]
