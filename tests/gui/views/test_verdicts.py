"""The view of verdicts: what stands, what to try, what was, and what is checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from guiapp import fitting, parameters
from guiapp.explanations import parse_link
from guiapp.gui.frame import Frame
from guiapp.gui.theme import DARK, LIGHT
from guiapp.gui.verdicts import rulings
from guiapp.gui.views import verdict_words as words
from guiapp.gui.views.verdict_words import DEFINITIONS
from guiapp.gui.views.verdicts import VerdictsView
from guiapp.gui.widgets.verdict_strip import VerdictStrip
from guiapp.run_file import Event
from guiapp.spec import Data, Gan, Network, Optimiser, RunSpec, Vae
from guiapp.theory import game_verdicts, layer_verdicts
from tests.gui.frames import gan_frame, vae_frame
from tests.gui.test_verdicts import given, over

THIN = "\u2009"


@pytest.fixture
def view(qtbot: QtBot) -> VerdictsView:
    view = VerdictsView()
    qtbot.addWidget(view)
    view.resize(720, 600)
    with qtbot.waitExposed(view):
        view.show()
    return view


def at(step: int, *events: Event, **fields: Any) -> Frame:
    return replace(gan_frame(step, gan=Gan(**fields)), events=events)


def says(view: VerdictsView) -> list[list[str]]:
    return [[card.title.text(), *(text.text() for text in card.texts)] for card in view.cards]


def test_a_run_that_is_well(view: VerdictsView) -> None:
    view.draw(at(2500))
    ((title, text),) = says(view)
    assert title == "No verdict"
    assert text == f"Nothing is wrong so far: checked every 1{THIN}000 steps, last at step 2{THIN}000."
    assert view._past.text() == "No verdict has been given in this run."


def test_before_the_first_check_nothing_is_known(view: VerdictsView) -> None:
    view.draw(at(999))
    assert "the first check comes at step 1" in says(view)[0][1]
    view.draw(at(0))
    assert "▶" in view._stage.sentence
    view.draw(at(1000))
    assert view._stage.sentence == ""
    assert "Nothing is wrong so far" in says(view)[0][1]


def test_a_verdict_has_evidence_remedy_and_buttons(view: VerdictsView, qtbot: QtBot) -> None:
    view.draw(at(5000, given(3000, "discriminator winning"), given(4000, "mode dropping", sure=True)))
    assert says(view) == [
        [f"Mode dropping: sure, since step 4{THIN}000", "Because.", "What to try: Do."],
        [f"Discriminator winning: likely, since step 3{THIN}000", "Because.", "What to try: Do."],
    ]
    button = next(button for button in view.cards[1].buttons if button.text() == "R1 penalty γ → 1")
    assert "at once" in button.toolTip()
    with qtbot.waitSignal(view.link_followed) as caught:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert caught.args == ["set:model.r1=1"]


def test_the_history_and_its_strip(view: VerdictsView) -> None:
    events = (given(2000, "oscillation"), over(3000, "oscillation"), given(6000, "memorisation", sure=True))
    view.draw(at(8000, *events))
    assert view._past.text().splitlines() == [
        f"memorisation: since step 6{THIN}000 (2{THIN}000 steps), sure",
        f"oscillation: steps 2{THIN}000 to 3{THIN}000 (1{THIN}000 steps), likely",
    ]
    view.draw(at(8000, *events[:1]))
    assert len(view._past.text().splitlines()) == 1


def test_bars_lie_where_the_verdicts_stood(qtbot: QtBot) -> None:
    strip = VerdictStrip(tuple(DEFINITIONS))
    qtbot.addWidget(strip)
    strip.resize(600, strip.sizeHint().height())
    found = rulings((given(2000, "oscillation"), given(4000, "oscillation", True), over(6000, "oscillation")))
    strip.show_rulings(found, 8000, 8000)
    whole, sure = strip.bar(found[0])
    axis = strip._x(8000) - strip._x(0)
    assert whole.width() / axis == pytest.approx(0.5)
    assert sure.width() / axis == pytest.approx(0.25)
    assert sure.right() == whole.right()
    strip.grab()


def test_many_are_cut(view: VerdictsView) -> None:
    events = [e for k in range(40) for e in (given(2000 * k, "oscillation"), over(2000 * k + 1000, "oscillation"))]
    view.draw(at(90_000, *events))
    lines = view._past.text().splitlines()
    assert len(lines) == 31
    assert lines[-1] == "and 10 earlier ones"


@pytest.mark.parametrize(("field", "player"), [("d_steps", "discriminator"), ("g_steps", "generator")])
def test_a_player_that_never_moves_is_frozen(view: VerdictsView, qtbot: QtBot, field: str, player: str) -> None:
    view.draw(at(3000, **{field: 0}))
    ((title, text),) = says(view)
    assert title == "A player is frozen"
    assert text.startswith(f"The {player} is frozen: it makes 0 steps per iteration")
    with qtbot.waitSignal(view.link_followed) as caught:
        view.cards[0].buttons[0].click()
    assert caught.args == [f"set:model.{field}=1"]


def test_it_goes_by_the_parameters_as_they_are_now(view: VerdictsView) -> None:
    frame = replace(gan_frame(3000, edits=((500, "model.d_steps", 1, 0),)), events=())
    view.draw(frame)
    assert says(view)[0][0] == "A player is frozen"


def test_what_is_checked_and_what_cannot_be(view: VerdictsView) -> None:
    view.draw(at(2000, objective="Wasserstein"))
    text = view._checked.text()
    for definition in DEFINITIONS.values():
        assert definition in text
    assert "Not checked here: a Wasserstein critic should be ahead." in text
    assert "nothing to copy" in text
    view.draw(replace(gan_frame(2000, shape=(28, 28)), events=()))
    assert "no modes that one could count" in view._checked.text()
    assert "nothing to copy" not in view._checked.text()


@pytest.mark.parametrize("kind", game_verdicts.DEFINITIONS)
@pytest.mark.parametrize("objective", ["minimax", "hinge", "least squares"])
def test_every_try_can_be_done(kind: str, objective: Any) -> None:
    spec = RunSpec(data=Data(name="ring"), model=Gan(objective=objective, d_steps=3))
    found = words.tries(kind, spec)
    assert 1 <= len(found) <= words.MOST_TRIES
    for what in found:
        link = parse_link(what.link)
        assert link.kind == "set"
        changed = parameters.edited(spec, link.name, link.value)
        assert changed != spec
        live = parameters.flat(spec)[link.name].live
        assert what.text.startswith("Restart with") is not live


def test_what_is_done_already_is_not_proposed() -> None:
    done = Gan(r1=2.0, instance_noise=0.2, averaging=0.99, packing=3, d_optimiser=Optimiser(lr=1e-4))
    spec = RunSpec(data=Data(name="ring"), model=done)
    links = " ".join(what.link for kind in game_verdicts.DEFINITIONS for what in words.tries(kind, spec))
    for path in ("model.r1", "model.instance_noise", "model.averaging", "model.packing", "model.objective"):
        assert path not in links
    assert "set:model.d_optimiser.lr=5e-05" in links
    minimax = words.tries("discriminator winning", RunSpec(model=Gan(objective="minimax")))
    assert minimax[0].link == "set:model.objective=non-saturating"


# ------------------------------------------------------------------------------------------------------ of the layers

DEEP = Network(hidden=(64,) * 20, activation="sigmoid", init="pytorch")
SICK = Vae(encoder=DEEP, decoder=Network(hidden=(64, 128)))


def deep(step: int, *events: Event, vae: Vae = SICK) -> Frame:
    return replace(vae_frame(step, vae=vae), events=events)


def layer_verdict(step: int, kind: str, layer: str, sure: bool = True) -> Event:
    event = given(step, kind, sure)
    return replace(event, detail={**event.detail, "layer": layer})


def test_a_vae_has_its_verdicts_and_is_sent_to_posterior_collapse(view: VerdictsView) -> None:
    view.draw(deep(2000))
    assert says(view)[0][0] == "No verdict"
    text = view._checked.text()
    for definition in layer_verdicts.DEFINITIONS.values():
        assert definition in text
    assert "Mode dropping" not in text
    assert "Posterior collapse" in text
    assert view._strip._kinds == tuple(layer_verdicts.DEFINITIONS)
    view.draw(at(2000))
    assert view._strip._kinds == tuple(DEFINITIONS)
    assert "Posterior collapse" not in view._checked.text()


def test_a_vanishing_gradient_and_its_cures(view: VerdictsView, qtbot: QtBot) -> None:
    view.draw(deep(1500, layer_verdict(1000, "vanishing gradient", "encoder.0")))
    ((title, evidence, remedy),) = says(view)
    assert title == f"Vanishing gradient: sure, since step 1{THIN}000"
    assert (evidence, remedy) == ("Because.", "What to try: Do.")
    both, skip, norm = view.cards[0].buttons
    assert both.text() == "Restart with encoder's activation → relu, init → he"
    assert "initialisation: Scale of the first weights" in both.toolTip()
    with qtbot.waitSignal(view.run_asked) as caught:
        qtbot.mouseClick(both, Qt.MouseButton.LeftButton)
    assert caught.args == [{"model.encoder.activation": "relu", "model.encoder.init": "he"}]
    for button, link in ((skip, "set:model.encoder.skip=true"), (norm, "set:model.encoder.norm=batch")):
        with qtbot.waitSignal(view.link_followed) as caught:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert caught.args == [link]


def test_dead_units_begin_again_with_a_lower_rate(view: VerdictsView, qtbot: QtBot) -> None:
    """Though the rate could be lowered at once: it would wake none of them."""
    view.draw(deep(1500, layer_verdict(1000, "dead units", "decoder.1"), vae=Vae(optimiser=Optimiser(lr=0.05))))
    button, leaky = view.cards[0].buttons
    assert button.text() == "Restart with learning rate → 0.005"
    assert "Begins again" in button.toolTip()
    with qtbot.waitSignal(view.run_asked) as caught:
        button.click()
    assert caught.args == [{"model.optimiser.lr": 0.005}]
    assert leaky.text() == "Restart with decoder's activation → leaky relu"


@pytest.mark.parametrize("kind", layer_verdicts.DEFINITIONS)
@pytest.mark.parametrize(
    "layer", ["encoder.0", "decoder.1", "generator.0", "discriminator.1", "", "of.a.later.version"]
)
@pytest.mark.parametrize("model", [SICK, Gan(), Gan(objective="Wasserstein", generator=DEEP)])
def test_every_try_on_a_layer_can_be_done(kind: str, layer: str, model: Vae | Gan) -> None:
    spec = RunSpec(data=Data(name="digits"), model=model)
    found = words.tries(kind, spec, layer)
    assert len(found) <= words.MOST_TRIES
    assert found or not hasattr(model, layer.partition(".")[0])
    for what in found:
        assert bool(what.link) is not bool(what.changes)
        link = parse_link(what.link) if what.link else None
        changes = what.changes if link is None else {link.name: link.value}
        changed = spec
        for path, value in changes.items():
            changed = parameters.edited(changed, path, value)
            assert parameters.value(changed, path) != parameters.value(spec, path)
        fitting.check(changed.model) if isinstance(changed.model, Vae) else fitting.check_game(changed.model, None)
        live = link is not None and parameters.flat(spec)[link.name].live
        assert what.text.startswith("Restart with") is not live


def test_what_is_set_already_is_not_proposed_for_a_layer() -> None:
    cured = Network(hidden=(64,) * 20, skip=True, norm="batch")
    spec = RunSpec(model=Vae(encoder=cured))
    assert words.tries("vanishing gradient", spec, "encoder.0") == ()
    half = RunSpec(model=Vae(encoder=Network(hidden=(64,) * 20, init="glorot")))
    assert words.tries("vanishing gradient", half, "encoder.0")[0].link == "set:model.encoder.init=he"
    game = RunSpec(model=Gan(discriminator=DEEP))
    assert words.tries("vanishing gradient", game, "discriminator.0")[-1].link == "set:model.discriminator.norm=layer"


def test_why_layers_are_not_checked() -> None:
    names = ("loss", "dead/encoder.0", "saturated/encoder.0")
    assert words.unchecked(names, Vae()) == {
        "vanishing gradient": "no network here has 3 hidden layers",
        "saturated units": "no network here has sigmoids or tanhs",
    }
    assert words.unchecked(names, SICK) == {}
    older = words.unchecked(("loss",), SICK)
    assert set(older) == {"dead units", "saturated units"}
    assert "older version" in older["dead units"]


def test_it_is_laid_out_anew_only_for_news(view: VerdictsView) -> None:
    frame = at(2500, given(1000, "oscillation"))
    view.draw(frame)
    cards = view.cards
    view.draw(replace(frame, step=2999))
    assert view.cards == cards
    view.draw(replace(frame, step=3000))
    assert view.cards != cards


def test_in_both_themes(view: VerdictsView) -> None:
    frame = at(2500, given(1000, "oscillation"))
    shown = []
    for theme in (LIGHT, DARK):
        view.set_theme(theme)
        view.draw(frame)
        shown.append(view.grab().toImage().pixelColor(3, 300).name())
    assert shown == [LIGHT.background, DARK.background]
