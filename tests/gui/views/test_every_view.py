"""What every view of the catalogue must do; a new view gets these tests by its line in `VIEWS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.theme import THEMES
from guiapp.gui.views import VIEWS
from guiapp.gui.views.base import View
from guiapp.messages import Picture
from guiapp.resources import resource
from guiapp.spec import Vae
from tests.everyday import everyday
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import (
    arena_picture,
    bent_manifold_picture,
    collapse_picture,
    field_picture,
    latent_picture,
    manifold_picture,
    reconstructions_picture,
    samples_picture,
)
from tests.gui.studies import likelihood_picture, posterior_picture, report
from tests.gui.surfaces import path_picture

CAPABILITIES = {"encodes", "decodes", "samples", "scores", "plane"}
SIZES = ((1024, 700), (300, 200), (200, 600), (60, 50))


def of_data(shape: tuple[int, ...]) -> dict[str, Picture]:
    return {"samples": samples_picture(shape), "reconstructions": reconstructions_picture(shape)}


@cache
def vae_images() -> Frame:
    pictures = {"latent": latent_picture(), "manifold": manifold_picture(), "collapse": collapse_picture(2, 2)}
    frame = vae_frame(pictures={**pictures, **of_data((28, 28))})
    studies = (report("likelihood", likelihood_picture()), report("posterior", posterior_picture()))
    studies += (report("surface", path_picture()),)
    return replace(frame, studies={study.kind: study for study in studies})


@cache
def vae_plane() -> Frame:
    pictures = {"latent": latent_picture(classes=0), "manifold": bent_manifold_picture(), **of_data((2,))}
    return vae_frame(shape=(2,), classes=(), pictures={**pictures, "field": field_picture(grid=None)}, key=3)


@cache
def vae_vectors() -> Frame:
    pictures = {"latent": latent_picture(z=12, classes=2), "manifold": {}, "collapse": collapse_picture(12, 5, 3)}
    pictures |= of_data((20,))
    return vae_frame(vae=Vae(latent=12), shape=(20,), classes=("a", "b"), pictures=pictures, key=4)


@cache
def vae_line() -> Frame:
    return vae_frame(vae=Vae(latent=1), shape=(1,), pictures={"latent": latent_picture(z=1), **of_data((1,))}, key=5)


@cache
def gan_plane() -> Frame:
    plane = {"samples": samples_picture((2,)), "field": field_picture(), "arena": arena_picture()}
    return gan_frame(pictures=plane, key=6)


@cache
def gan_images() -> Frame:
    return gan_frame(shape=(28, 28), pictures={"samples": samples_picture()}, every=3, key=7)


@cache
def first_step() -> Frame:
    return vae_frame(1, key=8)


@cache
def no_step() -> Frame:
    return gan_frame(0, key=9)


FRAMES: tuple[Callable[[], Frame], ...] = (
    vae_images, vae_plane, vae_vectors, vae_line, gan_plane, gan_images, first_step, no_step,
)  # fmt: skip


COMMON = (vae_images, vae_plane, gan_plane, no_step)


@pytest.fixture(params=VIEWS, ids=[view.name for view in VIEWS])
def view(request: pytest.FixtureRequest, qtbot: QtBot) -> View:
    view: View = request.param()
    qtbot.addWidget(view)
    view.resize(700, 450)
    with qtbot.waitExposed(view):
        view.show()
    return view


def picture_of(view: View) -> QImage:
    """As a person sees it, once what was shown or hidden has found its place."""
    QCoreApplication.sendPostedEvents()
    return view.grab().toImage()


def is_blank(image: QImage) -> bool:
    """One colour all over, looked at in every third pixel."""
    first = image.pixel(0, 0)
    return all(image.pixel(x, y) == first for x in range(0, image.width(), 3) for y in range(0, image.height(), 3))


def test_the_catalogue() -> None:
    assert [view.name for view in VIEWS] == [
        *("losses", "metrics", "verdicts", "elbo", "rate", "collapse", "latent", "explorer", "posterior", "likelihood"),
        *("samples", "neighbours", "gradients", "surface", "field", "arena"),
    ]


@pytest.mark.parametrize("kind", VIEWS, ids=[view.name for view in VIEWS])
def test_what_it_says_of_itself(kind: type[View]) -> None:
    from guiapp.engine.probes import PROBES  # torch, so only here

    assert kind.title
    assert kind.__doc__
    assert kind.requires <= CAPABILITIES
    assert bool(kind.missing) == bool(kind.requires), "who lacks something is told why there is nothing to see"
    assert kind.needs <= set(PROBES if isinstance(PROBES, dict) else {probe.kind for probe in PROBES})
    assert resource(f"explanations/{kind.name}.md").read_text(encoding="utf-8").strip()


def test_it_starts_with_a_sentence(view: View) -> None:
    assert not is_blank(picture_of(view))
    view.clear()
    assert not is_blank(picture_of(view))


@pytest.mark.parametrize("make", everyday(FRAMES, (*COMMON, gan_images)))
def test_every_frame_in_every_theme(view: View, make: Callable[[], Frame]) -> None:
    frame = make()
    for theme in THEMES.values():
        view.clear()
        view.set_theme(theme)
        view.draw(frame)
        once = picture_of(view)
        assert not is_blank(once)
        view.draw(frame)
        assert picture_of(view) == once, "the same frame gives the same picture"


def test_a_theme_takes_effect_on_what_is_shown(view: View) -> None:
    frame = gan_plane() if "plane" in view.requires else vae_images()
    shown = []
    for name in ("light", "dark", "light"):
        view.set_theme(THEMES[name])
        shown.append(picture_of(view))
    assert shown[0] == shown[2] != shown[1], "of the empty state"
    view.draw(frame)
    shown = []
    for name in ("light", "dark", "light"):
        view.set_theme(THEMES[name])
        shown.append(picture_of(view))
    assert shown[0] == shown[2] != shown[1], "of the picture"


@pytest.mark.parametrize("make", everyday(FRAMES, COMMON))
def test_any_size(view: View, make: Callable[[], Frame]) -> None:
    view.draw(make())
    for size in SIZES:
        view.resize(*size)
        view.grab()
        if size[0] >= 300:
            assert (view.width(), view.height()) == size, "it must not push the window open"


def test_runs_of_all_kinds_one_after_another(view: View) -> None:
    """Whatever was shown before, the frame's picture is the same once a person has not touched the view."""
    frame = gan_plane() if "plane" in view.requires else vae_images()
    view.draw(frame)
    before = picture_of(view)
    for make in FRAMES:
        view.draw(make())
        picture_of(view)
    view.clear()
    view.draw(frame)
    assert picture_of(view) == before


def test_a_picture_that_has_not_come_yet(view: View) -> None:
    for make in FRAMES:
        frame = make()
        for kind in frame.pictures:
            rest = {name: picture for name, picture in frame.pictures.items() if name != kind}
            view.draw(Frame(frame.run, 1, 0.0, 0.0, True, frame.series, rest))
            assert not is_blank(picture_of(view))
