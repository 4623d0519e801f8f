from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox
from pytestqt.qtbot import QtBot

from guiapp.gui.showcase.past import read_past
from guiapp.gui.showcase.stage_hand import StageHand
from guiapp.gui.theme import DARK, THEMES, Theme
from guiapp.gui.views import VIEWS
from guiapp.gui.views.base import View
from guiapp.gui.views.field import FieldView
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.losses import LossesView
from guiapp.gui.widgets.latent_plot import LatentPlot
from guiapp.gui.widgets.time_series import TimeSeriesPlot
from tests.gui.showcase.runs import CAPABILITIES, seen


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_pictured_in_either_theme(
    qtbot: QtBot, vae_run: Path, gan_run: Path, view: type[View], theme: Theme
) -> None:
    kind = "gan" if view.requires & {"plane", "scores"} else "vae"
    run = {"vae": vae_run, "gan": gan_run}[kind]
    assert view.requires <= CAPABILITIES[kind]
    stage = StageHand(view, QSize(400, 300), theme, "title")
    stage.draw(read_past(run).frame(18, seen(run, 18, stage.view.needs, kind)))
    one, two = stage.picture(), stage.picture(2)
    stage.strike()
    assert (one.size(), two.size()) == (QSize(400, 300), QSize(800, 600))
    assert one.pixelColor(200, 1) == QColor(theme.background)
    colours = {two.pixel(x, y) for x in range(0, 800, 3) for y in range(60, 600, 3)}
    assert len(colours) > 20


def test_nobody_sees_it_and_it_goes(qtbot: QtBot) -> None:
    stage = StageHand(LossesView, QSize(300, 200), DARK)
    assert stage.windowHandle() is None or not stage.windowHandle().isExposed()
    stage.strike()
    qtbot.waitUntil(lambda: not [w for w in QApplication.topLevelWidgets() if isinstance(w, StageHand)])


def test_what_is_to_handle_is_hidden_but_legends_stay(qtbot: QtBot, gan_run: Path, vae_run: Path) -> None:
    stage = StageHand(FieldView, QSize(400, 300), DARK)
    stage.draw(read_past(gan_run).frame(18, seen(gan_run, 18, stage.view.needs, "gan")))
    assert {box.text() for box in stage.findChildren(QCheckBox) if box.isVisible()} == {"Real", "Generated"}
    stage.strike()
    stage = StageHand(LatentView, QSize(400, 300), DARK)
    stage.draw(read_past(vae_run).frame(18, seen(vae_run, 18, stage.view.needs)))
    assert not [box for kind in (QCheckBox, QComboBox) for box in stage.findChildren(kind) if box.isVisible()]
    stage.strike()


def test_value_axes_stay_as_they_are_at_the_end(qtbot: QtBot, vae_run: Path) -> None:
    past = read_past(vae_run)
    stage = StageHand(LossesView, QSize(400, 300), DARK)
    stage.settle(past.frame(30))
    plots = stage.findChildren(TimeSeriesPlot)
    ranges = [plot.box.viewRange()[1] for plot in plots]
    for step in (1, 5, 14, 15, 16, 29, 30, 2):
        stage.draw(past.frame(step))
        assert [plot.box.viewRange()[1] for plot in plots] == ranges, step
    stage.strike()


def test_a_latent_plane_keeps_its_axes_over_a_film(qtbot: QtBot, vae_run: Path) -> None:
    past = read_past(vae_run)
    stage = StageHand(LatentView, QSize(400, 300), DARK)
    assert stage.settles
    wide, narrow = (seen(vae_run, 30, stage.view.needs) for _ in range(2))
    wide.pictures["latent"]["mean"][:] *= 3
    narrow.pictures["latent"]["mean"][:] *= 0.5
    plot = stage.findChild(LatentPlot)
    stage.draw(past.frame(30, narrow))
    assert plot.getViewBox().viewRect().width() < 16
    stage.settle(past.frame(30, wide))
    settled = plot.getViewBox().viewRect()
    for shown in (narrow, wide, narrow):
        stage.draw(past.frame(18, shown))
        assert plot.getViewBox().viewRect() == settled
        assert (plot.home.width() < settled.width() / 2) is (shown is narrow)
    stage.strike()
    losses = StageHand(LossesView, QSize(400, 300), DARK)
    assert not losses.settles
    losses.strike()
