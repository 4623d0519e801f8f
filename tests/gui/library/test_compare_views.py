"""Views of several runs side by side: what is asked, what is drawn, and what is said instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.frame import Frame
from guiapp.gui.library.compare_cell import RunCell
from guiapp.gui.library.compare_runs import labels, read
from guiapp.gui.library.compare_views import NO_ANSWER, SideBySide, columns
from guiapp.gui.theme import DARK
from guiapp.gui.views.losses import LossesView
from guiapp.gui.views.samples import SamplesView
from guiapp.gui.widgets.latent_plot import LatentPlot
from guiapp.messages import Seen
from tests.gui import pictures as p
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.library.compare_files import gan_file, vae_file

Asked = list[tuple[str, int, frozenset[str], Any]]
VAE = vae_frame().run
GAN = gan_frame().run
ROOM = (1000, 600)


def seen(asked: tuple[Any, ...], vae: bool = True) -> Seen:
    path, step, needs, _ = asked
    made = {"samples": p.samples_picture((28, 28) if vae else (2,)), "reconstructions": p.reconstructions_picture()}
    made |= {"latent": p.latent_picture(), "manifold": p.manifold_picture(), "field": p.field_picture()}
    kinds = needs if vae else needs - {"reconstructions", "latent", "manifold"}
    run = VAE if vae else GAN
    return Seen(path, step, run, run.spec, {kind: made[kind] for kind in kinds if kind in made})


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    edits = ((50, "model.beta", 1.0, 4.0),)
    files = [vae_file(tmp_path / "a.elbo", edits=edits), gan_file(tmp_path / "b.elbo")]
    return [*files, vae_file(tmp_path / "c.elbo", seed=1, keyframes=(60,))]


@pytest.fixture
def views(qtbot: QtBot, paths: list[Path]) -> SideBySide:
    views = SideBySide()
    qtbot.addWidget(views)
    runs = [read(path) for path in paths]
    views.show_runs(runs, labels(runs))
    views.resize(*ROOM)
    return views


@pytest.fixture
def asked(views: SideBySide) -> Asked:
    asked: Asked = []
    views.look_asked.connect(lambda *question: asked.append(question))
    return asked


@pytest.fixture
def show(qtbot: QtBot, views: SideBySide) -> Callable[[], tuple[RunCell, ...]]:
    def show() -> tuple[RunCell, ...]:
        if not views.isVisible():
            with qtbot.waitExposed(views):
                views.show()
        qtbot.waitUntil(lambda: len(views.cells) == 3)
        return views.cells

    return show


def choose(qtbot: QtBot, views: SideBySide, name: str) -> None:
    views.chooser.setCurrentIndex(views.chooser.findData(name))
    qtbot.waitUntil(lambda: len(views.cells) == 3)


def sentences(views: SideBySide) -> list[str]:
    return [cell.sentence for cell in views.cells]


def test_nothing_is_made_or_asked_while_it_is_hidden(views: SideBySide, asked: Asked) -> None:
    views.set_step(100)
    assert views.cells == ()
    assert asked == []


def test_each_run_is_asked_for_its_newest_keyframe_up_to_the_step(
    qtbot: QtBot, views: SideBySide, asked: Asked, paths: list[Path], show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(90)
    cells = show()
    assert [(Path(path).name, step) for path, step, *_ in asked] == [("a.elbo", 50), ("b.elbo", 80), ("c.elbo", 60)]
    assert {needs for _, _, needs, _ in asked} == {SamplesView.needs}
    assert all(sentence.startswith("Waiting") for sentence in sentences(views))
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    assert sentences(views) == ["", "", ""]
    assert [cell.step for cell in cells] == ["step 50", "step 80", "last step 60"]
    for side in (QWidget.width, QWidget.height):
        qtbot.waitUntil(lambda side=side: max(map(side, cells)) - min(map(side, cells)) <= 1)
    image = views.grab().toImage()
    assert len({image.pixel(x, 250) for x in range(0, ROOM[0], 3)}) > 10


def test_dragging_asks_one_question_a_run_and_then_the_newest(
    views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(0)
    show()
    assert sentences(views)[2] == "The first keyframe of this run is at step 60."
    for step in (55, 60, 85, 100):
        views.set_step(step)
    assert [step for path, step, *_ in asked if path.endswith("a.elbo")] == [0]
    views.on_seen(seen(next(q for q in asked if q[0].endswith("a.elbo"))))
    assert views.cells[0].step == "step 0", "what came is shown on the way"
    views.on_seen(seen(asked[-1]))
    assert [step for path, step, *_ in asked if path.endswith("a.elbo")] == [0, 100]
    assert views.cells[0].step == "last step 100"
    count = len(asked)
    views.set_step(105)
    assert [q for q in asked[count:] if q[0].endswith("a.elbo")] == [], "the same keyframe is shown already"


def test_a_view_that_does_not_apply_says_why_and_asks_no_more(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(100)
    show()
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    asked.clear()
    choose(qtbot, views, "latent")
    assert [Path(path).name for path, *_ in asked] == ["a.elbo", "c.elbo"]
    assert sentences(views)[1] == "A GAN has no encoder, so there is no posterior to show."
    model = views.chooser.model()
    assert isinstance(model, QStandardItemModel)
    assert all(model.item(i).isEnabled() for i in range(model.rowCount()))
    assert asked[0][3] == views.cells[0].view.focus()


def test_views_that_no_run_can_serve_are_not_offered(
    views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(100)
    show()
    for question in tuple(asked):
        views.on_seen(seen(question))
    model = views.chooser.model()
    assert isinstance(model, QStandardItemModel)
    field = model.item(views.chooser.findData("field"))
    assert not field.isEnabled()
    assert "plane" in field.toolTip()


def test_losses_need_no_pictures_once_the_run_is_known(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]], monkeypatch: Any
) -> None:
    views.set_step(100)
    show()
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    drawn: list[Frame] = []
    monkeypatch.setattr(LossesView, "draw", lambda _self, frame: drawn.append(frame))
    asked.clear()
    choose(qtbot, views, "losses")
    assert asked == []
    assert [(frame.step, frame.series.last, frame.until) for frame in drawn] == [
        (100, 100, 0),
        (80, 80, 200),
        (60, 60, 100),
    ]
    assert [len(frame.marks) for frame in drawn] == [1, 0, 0]
    views.set_step(50)
    assert drawn[3].step == 50
    assert drawn[3].marks == ()


def test_an_answer_for_the_view_before_is_not_drawn(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(100)
    show()
    first = asked[0]
    choose(qtbot, views, "latent")
    views.on_seen(seen(first))
    assert sentences(views)[0].startswith("Waiting")
    assert asked[-1][0] == first[0]
    assert "latent" in asked[-1][2]
    views.on_seen(seen(asked[-1]))
    assert sentences(views)[0] == ""


def test_other_axes_are_asked_for_anew(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(100)
    show()
    choose(qtbot, views, "latent")
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    for question in tuple(asked[3:]):
        views.on_seen(seen(question))
    count = len(asked)
    views.cells[0].view.focus_changed.emit()
    assert len(asked) == count, "the same wish is met already"
    views.cells[0].view.needs = frozenset({"latent"})
    views.cells[0].view.focus_changed.emit()
    assert [(Path(path).name, set(needs)) for path, _, needs, _ in asked[count:]] == [("a.elbo", {"latent"})]


def test_trouble_and_silence_are_said(views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]) -> None:
    views.set_step(100)
    show()
    views.on_seen(Seen(asked[0][0], 100, None, None, {}, "a.elbo: this run holds no weights to show."))
    views.on_seen(Seen("elsewhere.elbo", 100, None, None, {}, "not ours"))
    views.give_up()
    assert sentences(views) == ["a.elbo: this run holds no weights to show.", NO_ANSWER, NO_ANSWER]
    count = len(asked)
    views.set_step(100)
    assert [Path(path).name for path, *_ in asked[count:]] == ["b.elbo", "c.elbo"], "the next move asks again"


@pytest.mark.expected_log("view samples")
def test_a_view_that_raises_is_put_aside_alone(
    views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]], monkeypatch: Any
) -> None:
    views.set_step(100)
    cells = show()

    def burst(_frame: Frame) -> None:
        raise ValueError("too thin")

    monkeypatch.setattr(cells[0].view, "draw", burst)
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    assert sentences(views) == ["This view stopped with an error: too thin. Choose another view or step.", "", ""]


def test_a_run_without_keyframes_says_so(qtbot: QtBot, tmp_path: Path) -> None:
    views = SideBySide()
    qtbot.addWidget(views)
    runs = [read(vae_file(tmp_path / "none.elbo", keyframes=()))]
    views.show_runs(runs, labels(runs))
    views.set_step(7)
    with qtbot.waitExposed(views):
        views.show()
    qtbot.waitUntil(lambda: len(views.cells) == 1)
    assert sentences(views) == ["This run holds no weights to show."]
    views.set_theme(DARK)


def test_the_grid_has_one_row_up_to_three_and_two_above() -> None:
    assert [columns(count) for count in range(9)] == [1, 1, 2, 3, 2, 3, 3, 4, 4]


def test_what_was_missed_while_hidden_is_asked_when_it_is_shown_again(
    views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(50)
    show()
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    views.hide()
    count = len(asked)
    views.set_step(100)
    assert len(asked) == count
    show()
    found = [(Path(path).name, step) for path, step, *_ in asked[count:]]
    assert found == [("a.elbo", 100), ("b.elbo", 80), ("c.elbo", 60)]


def test_that_a_view_does_not_apply_may_come_with_the_first_answer(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.chooser.setCurrentIndex(views.chooser.findData("latent"))
    views.set_step(100)
    show()
    views.on_seen(seen(next(q for q in asked if q[0].endswith("b.elbo")), vae=False))
    assert sentences(views)[1] == "A GAN has no encoder, so there is no posterior to show."


def test_latent_planes_are_drawn_to_one_scale(
    qtbot: QtBot, views: SideBySide, asked: Asked, show: Callable[[], tuple[RunCell, ...]]
) -> None:
    views.set_step(100)
    show()
    for question in tuple(asked):
        views.on_seen(seen(question, vae=not question[0].endswith("b.elbo")))
    choose(qtbot, views, "latent")
    answers = [seen(question) for question in asked if "latent" in question[2]]
    answers[0].pictures["latent"]["mean"][:] *= 3
    for answer in answers:
        views.on_seen(answer)
    planes = [cell.view.findChild(LatentPlot) for cell in views.cells if not cell.sentence]
    assert len(planes) >= 2
    assert len({plane.home.width() for plane in planes}) == 2
    widest = max((plane.home for plane in planes), key=QRectF.width)
    assert all(plane.getViewBox().viewRect().contains(widest) for plane in planes)


def test_a_title_is_plain_text(qtbot: QtBot, paths: list[Path]) -> None:
    run = read(paths[0])
    cell = RunCell(0, run, "<b>bold</b> & <i>", SamplesView())
    qtbot.addWidget(cell)
    assert cell._name.textFormat() == Qt.TextFormat.PlainText
    assert "&lt;b&gt;bold" in cell._name.toolTip()
