"""The command line: the window by default and by `open`; `train`, `export`, `runs`, `smoke`, `bench` without."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import msgspec

from guiapp import __version__, presets, sharing
from guiapp.parameters import edited
from guiapp.spec import Data, RunSpec, SpecError


def run(arguments: list[str]) -> int:
    """Carry out the command line `arguments`; gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.act(options))
    except SpecError as error:
        print(f"elboscope: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # elboscope runs | head
        _leave_stdout()
        return 141
    except OSError as error:
        if error.filename is not None:
            raise
        _leave_stdout()  # elboscope runs > /dev/full
        print(f"elboscope: The output cannot be written: {error.strerror}.", file=sys.stderr)
        return 2


def _leave_stdout() -> None:
    """Python has yet to flush it, which would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def spec_of(options: argparse.Namespace) -> RunSpec:
    """The preset with the data, seed and single parameters given on the command line.

    Raises:
        SpecError: an unknown preset or parameter, or a value out of its range.
    """
    spec = presets.load(options.preset or presets.DEFAULT).spec
    if options.data:
        spec = msgspec.structs.replace(
            spec, data=Data(name="file", path=str(Path(options.data).expanduser().absolute()))
        )
    for path, new in (("seed", options.seed), ("device", options.device)):
        if new is not None:
            spec = edited(spec, path, new)
    for assignment in options.set:
        path, equals, new = assignment.partition("=")
        if not equals:
            raise SpecError(f"--set takes path=value, such as model.beta=4; '{assignment}' has no '='.")
        spec = edited(spec, path.strip(), new)
    return spec


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="elboscope", description="See why a VAE or GAN behaves as it does, live.")
    parser.add_argument("--version", action="version", version=f"elboscope {__version__}")
    _add_run_options(parser)
    parser.set_defaults(act=_window)
    commands = parser.add_subparsers(
        title="commands; but for open, without a window", metavar="{open,train,export,runs,smoke,bench}"
    )

    opened = commands.add_parser("open", help="open the window with the lab or run of a link")
    opened.add_argument("link", metavar="LINK", help="a file (.elboscope) or the text that begins with elboscope:")
    opened.set_defaults(act=_open)

    train = commands.add_parser("train", help="train headless and print what came of it")
    _add_run_options(train, default=argparse.SUPPRESS)  # what stands before the word "train" counts as well
    train.add_argument("--steps", type=_count, default=1000, metavar="N", help="iterations (default 1000)")
    train.add_argument("--resume", type=Path, metavar="RUN", help="go on with this run file instead of a preset")
    train.add_argument("--out", type=Path, metavar="FILE", help="write the run file here")
    train.add_argument("--json", action="store_true", help="print one JSON object")
    train.set_defaults(act=_train)

    _add_export(commands.add_parser("export", help="write a run file's curves, weights or code in other formats"))

    runs = commands.add_parser("runs", help="list the runs that the window has trained, the newest first")
    runs.add_argument("--json", action="store_true", help="print one JSON list")
    runs.add_argument("--folder", type=_place, metavar="FOLDER", help="another folder of run files than the window's")
    runs.set_defaults(act=_runs)

    smoke = commands.add_parser("smoke", help="open the window offscreen, train, draw everything once, check")
    smoke.add_argument("--json", action="store_true", help="print one JSON object")
    smoke.set_defaults(act=_smoke)

    _add_bench(commands.add_parser("bench", help="measure speed, lateness, going back, opening, memory in long use"))

    commands.add_parser("shown").set_defaults(act=_shown)  # for the bench; no help, so that it is not listed
    return parser


def _add_run_options(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    names = f"one of {', '.join(presets.NAMES)}"
    parser.add_argument("--preset", default=default, metavar="P", help=names)
    parser.add_argument(
        "--data", default=default, metavar="PATH", help="your own data: .npz, .npy, IDX, CSV or a folder of images"
    )
    parser.add_argument("--seed", default=default, metavar="S", help="start of every random stream")
    parser.add_argument("--device", default=default, metavar="D", help="auto, cpu, cuda or mps")
    parser.add_argument(
        "--set",
        action="append",
        default=default or [],
        metavar="PATH=VALUE",
        help="any parameter, such as model.beta=4; repeatable",
    )


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("source", type=_place, metavar="RUN", help="a run file, also one that is being written")
    export.add_argument("--curves", type=_place, metavar="FILE", help="every step as .csv or .parquet")
    export.add_argument("--tensorboard", type=_place, metavar="FOLDER", help="TensorBoard event files in a new folder")
    export.add_argument(
        "--weights", type=_place, metavar="FILE", help=".safetensors, TorchScript (.pt) or .onnx (one file a network)"
    )
    export.add_argument("--code", type=_place, metavar="FILE", help="a plain PyTorch script (.py) that trains the same")
    export.add_argument("--run", type=_place, metavar="FILE", help="a copy of the run file (.elbo)")
    export.add_argument(
        "--step", type=_count, metavar="N", help="the weights of the newest keyframe up to step N (default: the newest)"
    )
    export.set_defaults(act=_export)


def _add_bench(bench: argparse.ArgumentParser) -> None:
    from guiapp.bench import PARTS

    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.add_argument(
        "--seconds", type=_seconds, default=6.0, metavar="S", help="of training per measured segment (default 6)"
    )
    bench.add_argument(
        "--soak",
        type=lambda text: _seconds(text, 0.0),
        default=600.0,
        metavar="S",
        help="at the window, for its memory (default 600; 0: none)",
    )
    bench.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="PART", help=f"of {', '.join(PARTS)}")
    bench.set_defaults(act=_bench)


def _seconds(text: str, least: float = 0.1) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if least <= seconds <= 1e6:
        return seconds
    raise argparse.ArgumentTypeError(f"takes seconds, from {least:g} to 1000000")


def _place(text: str) -> Path:
    return Path(text).expanduser()


def _count(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 1_000_000_000:
        return int(text)
    raise argparse.ArgumentTypeError("takes a whole number from 1 to 1000000000")


def _open(options: argparse.Namespace) -> int:
    try:
        text = options.link if sharing.is_link(options.link) else sharing.read_file(_place(options.link))
        sharing.read(text)  # before a window is opened for nothing
    except sharing.SharingError as error:
        raise SpecError(str(error)) from error
    if _no_display():
        raise SpecError("There is no display to open the window on; set DISPLAY or WAYLAND_DISPLAY.")
    from guiapp.gui import app

    return app.run(None, None, text)


def _no_display() -> bool:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in names)


def _window(options: argparse.Namespace) -> int:
    spec, baseline = spec_of(options), presets.load(options.preset or presets.DEFAULT).spec
    chosen = any((options.preset, options.data, options.seed, options.device, options.set))
    from guiapp.gui import app  # Qt is imported for the commands that open a window only

    if _no_display():
        from guiapp.gui import unattended

        print("No display found: running the window offscreen for 20 s instead.", flush=True)
        return unattended.run(spec, baseline, seconds=20.0)
    return app.run(spec, baseline) if chosen else app.run(None, None)  # as the settings say


def _train(options: argparse.Namespace) -> int:
    from guiapp.headless import train

    if options.resume:
        if options.preset or options.data or options.seed or options.device or options.set:
            raise SpecError(
                "--resume goes on with the run as it is; leave out --preset, --data, --seed, --device, --set."
            )
        return train(options.resume, options.steps, options.out, options.json)
    chosen = any(assignment.startswith("model.likelihood") for assignment in options.set)
    return train(spec_of(options), options.steps, options.out, options.json, adapt=bool(options.data) and not chosen)


def _export(options: argparse.Namespace) -> int:
    from guiapp.export.command import EXPORTERS, export

    chosen = {kind: getattr(options, kind) for kind in EXPORTERS}
    return export(options.source, {kind: path for kind, path in chosen.items() if path}, options.step)


def _runs(options: argparse.Namespace) -> int:
    from guiapp.gui.settings import default_path, load  # needs no Qt
    from guiapp.runs.library import default_folder
    from guiapp.runs.listing import list_runs

    settings, complaint = load(default_path())
    if complaint:
        print(f"elboscope: {complaint}", file=sys.stderr)
    chosen = _place(settings.runs) if settings.runs else default_folder()
    if options.folder and not options.folder.exists():
        raise SpecError(f"There is no folder {options.folder}; check the path.")
    return list_runs(options.folder or chosen, options.json)


def _smoke(options: argparse.Namespace) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from guiapp.gui.smoke import smoke

    return smoke(as_json=options.json)


def _bench(options: argparse.Namespace) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from guiapp.bench.figures import bench

    return bench(options.seconds, options.soak, options.only, in_json=options.json)


def _shown(_options: argparse.Namespace) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from guiapp.bench.starting import shown

    return shown()
