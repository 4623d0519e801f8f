"""The datum beside the pointer."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from guiapp.gui.theme import DARK
from guiapp.gui.widgets.datum_card import DatumCard, datum_lines
from tests.gui.pictures import datum_picture


@pytest.fixture
def card(qtbot: QtBot) -> DatumCard:
    ground = QWidget()
    qtbot.addWidget(ground)
    ground.resize(500, 300)
    card = DatumCard(ground)
    ground.show()
    return card


def test_what_it_says() -> None:
    assert datum_lines(datum_picture(), ("a", "b")) == (
        "datum 5 · b",
        "μ −1.00, 1.00 · σ 0.25, 0.25",
        "KL to the prior 3.25 nats",
    )
    many = datum_lines(datum_picture(z=20, label=-1), ())
    assert many[0] == "datum 5"
    assert many[1].startswith("‖μ‖ ")
    assert "not finite" in datum_lines(datum_picture(kl=np.nan), ())[2]


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1), (8, 6, 3), (2,), (13,), (1,), (300, 200)])
def test_data_of_every_shape(card: DatumCard, shape: tuple[int, ...]) -> None:
    card.show_datum(datum_picture(shape), ("a", "b"), 1.5)
    assert card.isVisible()
    image = card.grab().toImage()
    colours = {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert len(colours) > 5
    card.set_theme(DARK)
    card.grab()


@pytest.mark.parametrize("shape", [(8, 8), (2,), (13,)])
def test_what_is_not_finite(card: DatumCard, shape: tuple[int, ...]) -> None:
    card.show_datum(datum_picture(shape, reconstruction=np.full(shape, np.nan), kl=np.inf), (), 1.5)
    card.grab()


def test_it_stays_inside_and_off_the_pointer(card: DatumCard) -> None:
    card.show_datum(datum_picture(), (), 1.0)
    for x in range(0, 501, 50):
        for y in range(0, 301, 50):
            card.move_to(QPoint(x, y))
            assert card.parentWidget().rect().contains(card.geometry())
    card.move_to(QPoint(10, 10))
    assert not card.geometry().contains(10, 10)
    card.move_to(QPoint(490, 290))
    assert not card.geometry().contains(490, 290)


def test_the_first_one_stays_inside_too(card: DatumCard) -> None:
    card.move_to(QPoint(480, 290))  # before there is anything to say, and so a small card
    card.show_datum(datum_picture(), ("a", "a class with a name that makes the card wide"), 1.0)
    assert card.parentWidget().rect().contains(card.geometry())
