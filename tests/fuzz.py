"""Damaged files through every reader: `python -m tests.fuzz FOLDER COUNT SEED`. Prints one JSON object.

For each, the outcome is success or an error of a named kind, within 5 seconds. Half of COUNT are run files, which are
read, gone on with, forked and looked at; a third are data of all formats; the rest presets, specs and settings.
Anything else ends the program, with what was damaged left in FOLDER.
"""

from __future__ import annotations

import faulthandler
import gzip
import json
import resource
import shutil
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import torch
from PIL import Image

from guiapp import messages as m
from guiapp import presets
from guiapp.data.loading import load
from guiapp.data.source import DataError
from guiapp.engine.keyframe import pack
from guiapp.gui import settings
from guiapp.run_file import (
    RunFileError,
    edits,
    keyframe_steps,
    read_events,
    read_keyframe,
    read_run,
    read_summary,
)
from guiapp.spec import Network, RunSpec, SpecError, from_json, to_json
from tests import by_hand, mutation
from tests.engine import runs
from tests.engine.bench import Bench

LIMIT = 5.0  # seconds
TINY = Network(hidden=(4,))
NAMED = (RunFileError, DataError, SpecError)
ALL = frozenset({"latent", "manifold", "samples", "reconstructions", "gradients", "field", "posterior"})

Case = Callable[[Path, Random], str]


# ----------------------------------------------------------------------------------------------------------- run files


def record(folder: Path, spec: RunSpec) -> Path:
    """A run with edits and keyframes, whose trainer was killed."""
    bench = Bench(folder)
    bench.obey(m.Start(1, spec, running=True))
    bench.advance(12)
    bench.obey(m.Edit("batch", 12))
    bench.advance(5)
    bench.worker.settle()
    bench.obey(m.Step(3, "d" if spec.data.name == "ring" else "both"))
    bench.until_it_stops()
    bench.run.note("edit", {"path": "batch", "old": 12, "new": 13})
    path = bench.run_file
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{folder / 'killed.elbo'}{suffix}")
    bench.worker.close()
    path.replace(folder / "closed.elbo")
    return folder


def old(folder: Path) -> Path:
    run = runs.trainer(runs.vae(TINY))
    rows, state = runs.train(run, 10), pack(run)
    edit = {"path": "batch", "old": 16, "new": 8}
    by_hand.write(folder / "old.elbo", 1, run.spec, run.names, (rows,), [(4, "edit", edit)], {10: state})
    return folder


def run_file(bases: list[Path], folder: Path, dice: Random) -> str:
    base = dice.choice(bases)
    path, log = folder / "run.elbo", Path(f"{base}-wal")
    shutil.copy(base, path)
    if log.exists():
        shutil.copy(log, f"{path}-wal")
    if dice.random() < 0.6:
        mutation.of_run_file(path, dice)
    else:
        victim = Path(f"{path}-wal") if log.exists() and dice.random() < 0.7 else path
        victim.write_bytes(mutation.of_bytes(victim.read_bytes(), base.read_bytes(), dice))
    return use_run(path, folder, dice)


def use_run(path: Path, folder: Path, dice: Random) -> str:
    """All that is done with a run file; gives what became of going on with it."""
    for read in (read_run, read_summary, keyframe_steps, read_events):
        attempt(partial(read, path))
    attempt(lambda: [edits(read_run(path), keyframe) for keyframe in (None, *read_run(path).keyframes)])
    for step in attempt(partial(keyframe_steps, path)) or ():
        attempt(partial(read_keyframe, path, step))
    bench = Bench(folder)
    try:
        bench.obey(m.Look(str(path), dice.randrange(20), ALL))
        assert isinstance(bench.said[-1], m.Seen), bench.said
        bench.obey(m.Open(1, str(path)))
        outcome = "gone on with" if any(isinstance(event, m.Started) for event in bench.said) else "refused"
        for _ in range(40):
            if bench.worker.running:
                bench.worker.advance()
        for command in (m.Pause(), m.Pull(ALL, {}, 0), m.Step(2), m.Open(2, str(path), dice.randrange(20)), m.Run()):
            bench.obey(command)
            for _ in range(2):
                if bench.worker.running:
                    bench.worker.advance()
        failed = [event for event in bench.said if isinstance(event, m.Failed)]
        if failed:
            raise AssertionError(failed[0].details)
        assert all(isinstance(event, m.Seen) or event.sentence for event in bench.said if isinstance(event, m.Refused))
    finally:
        bench.worker.close()
    return outcome


def attempt(act: Callable[[], object]) -> object:
    """What came of it; None for an error of a named kind, which is one sentence."""
    try:
        return act()
    except NAMED as error:
        sentence = str(error)
    assert sentence
    return None


# ---------------------------------------------------------------------------------------------------------------- data


def data_files(folder: Path) -> list[Path]:
    """One of each format."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (12, 8, 8)).astype(np.uint8)
    labels = np.arange(12) % 3
    np.savez(folder / "plain.npz", x=images, y=labels)
    np.savez_compressed(folder / "packed.npz", data=rng.normal(size=(30, 5)), labels=labels.repeat(3)[:30])
    np.save(folder / "plain.npy", rng.normal(size=(40, 3)).astype(np.float32))
    np.save(folder / "fortran.npy", np.asfortranarray(images))
    idx = b"\0\0\x08\x03" + struct.pack(">3I", 12, 8, 8) + images.tobytes()
    (folder / "images-idx3-ubyte").write_bytes(idx)
    (folder / "images-idx3-ubyte.gz").write_bytes(gzip.compress(idx))
    text = "a,b,label\n" + "".join(f"{a:.4f},{b:.4f},{i % 2}\n" for i, (a, b) in enumerate(rng.normal(size=(30, 2))))
    (folder / "table.csv").write_text(text)
    (folder / "blanks.txt").write_text("\n".join(" ".join(map(str, row)) for row in images[:, 0].tolist()))
    for suffix, mode in {"png": "RGBA", "jpg": "L", "bmp": "RGB", "gif": "P", "webp": "RGB"}.items():
        Image.fromarray(images[0]).convert(mode).save(folder / f"image.{suffix}")
    Image.fromarray(images[1]).save(folder / "other.png")
    return sorted(path for path in folder.iterdir() if path.is_file())


def data(bases: list[Path], folder: Path, dice: Random) -> str:
    base, other = dice.choice(bases), dice.choice(bases)
    damaged = mutation.of_bytes(base.read_bytes(), other.read_bytes(), dice)
    path = folder / base.name
    if base.stem in ("image", "other"):  # a folder of pictures
        path = folder / "pictures"
        path.mkdir()
        (path / f"0{base.suffix}").write_bytes(damaged)
        shutil.copy(bases[-1] if bases[-1].suffix == ".png" else base, path / "1.png")
    else:
        path.write_bytes(damaged)
        if dice.random() < 0.1:
            path = path.rename(path.with_suffix(dice.choice((".csv", ".npz", ".npy", ".txt", ""))))
    scale = dice.choice(("auto", "auto", "none", "unit", "standard"))
    return "refused" if attempt(lambda: load("file", str(path), scale)) is None else "read"


# ---------------------------------------------------------------------------------------------------------------- text


def text(folder: Path, dice: Random) -> str:
    path = folder / "some.json"
    name = dice.choice(presets.NAMES)
    preset = presets.resource(f"presets/{name}.json").read_text()
    kept = json.dumps({"theme": "dark", "recent": ["a", "b"], "geometry": "AAAA", "docks": "", "tiles": ""})
    kind = dice.choice(("spec", "preset", "settings"))
    whole = {"spec": to_json(presets.load(name).spec).decode(), "preset": preset, "settings": kept}[kind]
    if dice.random() < 0.6:
        damaged = mutation.of_json(whole, dice).encode()
    else:
        damaged = mutation.of_bytes(whole.encode(), preset.encode(), dice)
    path.write_bytes(damaged)
    if kind == "settings":
        found, sentence = settings.load(path)
        assert isinstance(found, settings.Settings)
        assert path.exists() == (sentence is None)
        return "refused" if sentence else "read"
    act = partial(from_json, damaged) if kind == "spec" else partial(presets.read, path)
    return "refused" if attempt(act) is None else "read"


# ----------------------------------------------------------------------------------------------------------------- all


def main(folder: Path, count: int, seed: int) -> None:
    torch.set_num_threads(1)
    faulthandler.enable()
    bases = folder / "bases"
    for name in ("vae", "gan", "old", "data"):
        (bases / name).mkdir(parents=True)
    made = [record(bases / "vae", runs.spec(runs.vae(TINY))), record(bases / "gan", runs.spec(runs.gan(TINY), "ring"))]
    files = [path for part in (*made, old(bases / "old")) for path in sorted(part.glob("*.elbo"))]
    cases: dict[str, tuple[int, Case]] = {
        "run files": (count // 2, partial(run_file, files)),
        "data files": (count // 3, partial(data, data_files(bases / "data"))),
        "presets and settings": (count - count // 2 - count // 3, text),
    }
    for _, case in cases.values():  # what is imported when it is first used is not counted
        once(case, folder / "case", Random(seed - 1))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    result: dict[str, object] = {}
    slowest = 0.0
    for kind, (times, case) in cases.items():
        outcomes: Counter[str] = Counter()
        for number in range(times):
            start = time.monotonic()
            try:
                outcomes[once(case, folder / "case", Random(f"{kind} {seed} {number}"))] += 1
            except BaseException:
                print(f"{kind}, number {number}", file=sys.stderr)
                raise
            slowest = max(slowest, time.monotonic() - start)
            if slowest > LIMIT:
                raise SystemExit(f"{kind}, number {number}: {slowest:.1f} s")
        result[kind] = dict(outcomes)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps({**result, "slowest_s": slowest, "more_mb": more, "seconds": time.monotonic() - began}))


def once(case: Case, folder: Path, dice: Random) -> str:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    faulthandler.dump_traceback_later(30, exit=True)
    try:
        return case(folder, dice)
    finally:
        faulthandler.cancel_dump_traceback_later()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
