"""Going back in a run that trains on: from the wish to the painted views."""

from __future__ import annotations

import random

from guiapp.bench.stage import begin, let, showing, wait
from guiapp.bench.watch import Watch
from guiapp.gui.app import App

FEWEST = 6  # keyframes to travel among
REST = 0.1  # seconds between two travels, in which training goes on


def travel_times(app: App, preset: str, travels: int) -> list[float]:
    """Milliseconds from `session.travel` to the painting of all views in sight, for `travels` moves of the timeline,
    each to another keyframe than the one before, while a run of `preset` trains in the arrangement made for it."""
    session = app.session
    begin(app, preset)
    session.run()
    wait(lambda: len(session.history.keyframes) >= FEWEST and session.state == "training")
    known, rng = session.history.keyframes.tolist(), random.Random(0)
    order = [rng.choice(known)]
    while len(order) < travels + 1:
        order.append(rng.choice([step for step in known if step != order[-1]]))
    with Watch(showing(app)) as watch:
        spent = [1000 * _travel(app, watch, step) for step in order]
    session.go_live()
    session.pause()
    wait(lambda: session.state == "paused")
    return spent[1:]  # the first one builds the copy of the model that is looked back in


def _travel(app: App, watch: Watch, step: int) -> float:
    let(REST)
    return watch.time(lambda: app.session.travel(step), lambda frame: frame.step == step and frame.until > 0)
