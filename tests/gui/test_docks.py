import dataclasses

import pytest
from PySide6.QtTest import QSignalSpy

from guiapp.gui.docks import LabDock, ViewDock
from guiapp.gui.labs import LABS
from guiapp.gui.views import VIEWS
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.losses import LossesView
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.pictures import latent_picture


@pytest.fixture
def latent(qtbot):
    dock = ViewDock(LatentView)
    qtbot.addWidget(dock)
    return dock


def test_a_view_that_the_model_cannot_serve_says_why_and_needs_nothing(latent):
    latent.set_run(gan_frame(5).run)
    assert not latent.applies()
    assert "no encoder" in latent._note.text()
    assert latent.needs_now() == frozenset()
    assert not latent.wants(frozenset({"latent"}))
    latent.set_run(vae_frame(5).run)
    assert latent.applies()
    assert "latent" in latent.needs_now()
    assert latent.wants(frozenset({"latent"}))
    assert not latent.wants(frozenset({"samples"}))


def test_a_view_of_series_wants_every_frame(qtbot):
    dock = ViewDock(LossesView)
    qtbot.addWidget(dock)
    dock.set_run(vae_frame(5).run)
    assert dock.wants(frozenset())


@pytest.mark.expected_log("view latent")
def test_a_view_that_raises_is_put_aside_until_the_next_run_and_said_once(latent):
    frame = vae_frame(5, pictures={"latent": latent_picture()})
    broken = dataclasses.replace(frame, pictures={"latent": {"axes": None}})
    said = QSignalSpy(latent.broke)
    latent.set_run(frame.run)
    latent.draw(broken)
    assert said.count() == 1
    assert not latent.applies()
    assert not latent.wants(frozenset({"latent"}))
    latent.set_run(frame.run)
    assert latent.applies()


@pytest.mark.parametrize("lab_type", LABS, ids=lambda lab: lab.name)
def test_a_lab_is_given_the_pictures_it_can_use_and_no_others(qtbot, lab_type):
    dock = LabDock(lab_type)
    qtbot.addWidget(dock)
    given = []
    dock.lab.set_pictures = given.append
    frame = vae_frame(5, pictures={kind: {} for kind in (*dock.lab.needs, "samples")})
    dock.draw(frame)
    assert set(given[0]) == set(dock.lab.needs)


def test_names_are_those_of_the_views():
    assert len({view.name for view in VIEWS} | {lab.name for lab in LABS}) == len(VIEWS) + len(LABS)
