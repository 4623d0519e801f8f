"""What the profile shows of a frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from guiapp.gui.frame import Frame
from guiapp.gui.views.gradient_quantities import GRADIENT, UPDATE, Quantity
from guiapp.gui.widgets.layers import Profile, Tensor, last_steps, last_values, means, quartiles, states

RECENT = 100  # steps that must bring a gradient, so that a tensor is not said to have none


def states_of(frame: Frame) -> tuple[str, ...]:
    """What is to be said of the tensors (P,): no gradient, nothing depends on it, frozen; mostly nothing."""
    columns = [tuple(f"{q.prefix}/{name}" for name in q.names(frame.run)) for q in (GRADIENT, UPDATE)]
    gradients, updates = (frame.series.recent(names, RECENT) for names in columns)
    return states(gradients, updates if columns[1] else np.full_like(gradients, np.nan))


def profile_of(frame: Frame, quantity: Quantity, items: tuple[Tensor, ...], said: tuple[str, ...]) -> Profile:
    """The values of `items`, tensors or layers; of gradients with what the picture of their histograms adds."""
    names = tuple(f"{quantity.prefix}/{item.name}" for item in items)
    recent = frame.series.recent(names, quantity.over)
    when = last_steps(recent, frame.series.last)
    profile = Profile(last_values(recent), means(recent), steps=when, over=len(recent))
    if not quantity.of_layers:
        profile = replace(profile, states=said)
    picture = frame.pictures.get("gradients")
    if quantity is not GRADIENT or picture is None or len(picture["counts"]) != len(items):
        return profile
    spread, zeros = quartiles(picture["edges"], picture["counts"]), np.asarray(picture["zeros"], float)
    return replace(profile, quartiles=spread, zeros=zeros)


def with_parts(profile: Profile, frame: Frame) -> Profile:
    """With the gradients of the parts of the loss, once there is a picture of them."""
    picture = frame.pictures.get("layers")
    if picture is None or picture["parts"].shape[1:] != profile.now.shape:
        return profile
    names = tuple(str(name) for name in picture["part"])
    return replace(profile, parts=np.asarray(picture["parts"], float), part_names=names)
