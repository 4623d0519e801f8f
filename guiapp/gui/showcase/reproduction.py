"""The command line that trains a run again."""

from __future__ import annotations

import shlex

from guiapp import presets
from guiapp.parameters import as_text, differences, edited, value
from guiapp.spec import RunSpec


def command_line(spec: RunSpec, steps: int) -> str:
    """The `elboscope train` with the fewest words that trains `spec` for `steps` steps, for a POSIX shell."""
    changed = {name: _changes(presets.load(name).spec, spec) for name in presets.NAMES}
    name = min(changed, key=lambda name: len(changed[name]))
    sets = [f"--set {shlex.quote(f'{path}={text}')}" for path, text in changed[name]]
    words = ["elboscope train", f"--preset {name}", *sets, f"--steps {steps}", "--out run.elbo"]
    return " \\\n  ".join(words)


def _changes(preset: RunSpec, spec: RunSpec) -> list[tuple[str, str]]:
    """The assignments, in their order, that make `spec` of `preset`."""
    kind = value(spec, "model.kind")
    if value(preset, "model.kind") != kind:
        return [("model.kind", kind), *_changes(edited(preset, "model.kind", kind), spec)]
    return [(path, as_text(new)) for path, (_, new) in sorted(differences(preset, spec).items())]
