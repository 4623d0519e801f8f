"""The command line of a report, put through the real parser, gives the same run."""

from __future__ import annotations

import shlex

import pytest

from guiapp import cli, presets
from guiapp.gui.showcase.reproduction import command_line
from guiapp.parameters import edited
from guiapp.spec import Data, Gan, Network, Optimiser, RunSpec, Vae

SPECS = {
    **{name: presets.load(name).spec for name in presets.NAMES},
    "defaults": RunSpec(),
    "deep": RunSpec(model=Vae(encoder=Network(hidden=(7, 6, 5), activation="leaky relu", skip=True), beta=0.1 + 0.2)),
    "linear": RunSpec(model=Vae(decoder=Network(hidden=())), seed=2**63 - 1),
    "sigma": RunSpec(model=Vae(likelihood="gaussian, learned σ")),
    "gan": RunSpec(model=Gan(objective="minimax", g_optimiser=Optimiser(kind="sgd", lr=1e-5, momentum=0.9))),
    "file": RunSpec(data=Data(name="file", path='/a b/it\'s "new" & $HOME.npz', scale="unit")),
}


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_it_is_the_same_run(spec: RunSpec) -> None:
    program, *words = shlex.split(command_line(spec, 123).replace("\\\n", ""))  # as a shell joins lines
    options = cli._parser().parse_args(words)
    assert program == "elboscope"
    assert cli.spec_of(options) == spec
    assert options.steps == 123


def test_a_preset_needs_no_settings() -> None:
    assert "--set" not in command_line(presets.load("gan-ring").spec, 5)
    assert command_line(edited(presets.load("gan-ring").spec, "batch", 8), 5).count("--set") == 1
