"""Known-good starting points: resources/presets/NAME.json, each a title, a remark on what to look for, and a spec."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from guiapp.resources import resource
from guiapp.spec import RunSpec, SpecError

NAMES: Final = (
    *("vae-fashion", "vae-digits", "vae-20d", "gan-ring", "gan-grid", "gan-digits"),
    *("vae-conv", "vae-iwae", "vae-warmup"),
    *("gan-lab", "gan-wgan", "gan-dcgan", "gan-pacgan"),
    *("vae-collapse", "vae-averaging", "vae-sigma", "vae-no-reparameterisation"),
    *("gan-collapse", "gan-vanishing", "gan-memorisation"),
    *("deep-sigmoid", "deep-relu", "deep-skips", "deep-dead"),
)
DEFAULT: Final = NAMES[0]


class Preset(Struct, frozen=True, forbid_unknown_fields=True):
    """`title` is what one reads in the list, `about` says in a sentence or two what it shows."""

    title: str
    about: str
    spec: RunSpec


def load(name: str) -> Preset:
    """The preset `name` of the program.

    Raises:
        SpecError: there is none, or its file is broken.
    """
    if name not in NAMES:
        raise SpecError(f"There is no preset '{name}'; there are {', '.join(NAMES)}.")
    return read(resource(f"presets/{name}.json"))


def read(path: Path) -> Preset:
    """The preset in the file at `path`.

    Raises:
        SpecError: the file is missing or no preset; the sentence names it and what is wrong.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Preset)
    except OSError as error:
        raise SpecError(f"The preset {path} cannot be read: {error.strerror}.") from error
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise SpecError(f"The preset {path} is broken: {error}.") from error
