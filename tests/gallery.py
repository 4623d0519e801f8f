"""`make gallery`: every view, lab, panel and the whole window as PNG files, in both themes, at 1x and 2x, to look at.

Views are drawn from hand-made frames; the whole window trains for a few seconds on the real trainer process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

SIZE = (720, 480)
SECONDS = 8.0  # of training before the picture of the window is taken
WINDOWS = (
    ("vae-fashion", ""),
    ("gan-ring", ""),
    ("gan-digits", ""),
    ("vae-fashion", "Latent space"),
    ("vae-20d", "Evidence"),
)


def main() -> int:
    """Render at both scales, each in a process of its own: Qt reads the scale once, at the start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/gallery"))
    parser.add_argument("--scale", type=int)
    options = parser.parse_args()
    if options.scale:
        return render(options.out, options.scale)
    for scale in (1, 2):
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(scale)}
        command = [sys.executable, __file__, "--out", str(options.out), "--scale", str(scale)]
        subprocess.run(command, env=environment, check=True)
    print(f"{len(list(options.out.glob('*.png')))} pictures in {options.out.absolute()}")
    return 0


def render(out: Path, scale: int) -> int:
    """All pictures at one scale."""
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from PySide6.QtWidgets import QApplication

    from guiapp.gui import theme

    out.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    for shade in theme.THEMES.values():
        theme.apply(application, shade)
        for name, widget in parts(shade):
            widget.resize(*SIZE)
            widget.show()
            settle(0.4)
            widget.grab().save(str(out / f"{name}-{shade.name}-{scale}x.png"))
            widget.close()
        for preset, arrangement in WINDOWS:
            name = "-".join(("window", preset, *arrangement.lower().split()))
            window(preset, arrangement, shade.name).save(str(out / f"{name}-{shade.name}-{scale}x.png"))
    return 0


def parts(shade):
    """Name and widget of every view (with a VAE, a GAN, and empty), lab and panel, in the theme `shade`."""
    from guiapp import presets
    from guiapp.gui.labs import LABS
    from guiapp.gui.panels.explain import ExplainPanel
    from guiapp.gui.panels.parameters import ParameterPanel
    from guiapp.gui.panels.run_bar import RunBar
    from guiapp.gui.views import VIEWS

    for view_type in VIEWS:
        for kind, frame in frames().items():
            if frame is None or view_type.requires <= frame.run.capabilities:
                view = view_type()
                view.set_theme(shade)
                view.clear() if frame is None else view.draw(frame)
                yield f"view-{view_type.name}-{kind}", view
    for lab_type in LABS:
        lab = lab_type()
        lab.set_theme(shade)
        yield f"lab-{lab_type.name}", lab
    for name in ("vae-fashion", "gan-ring"):
        panel = ParameterPanel()
        panel.set_theme(shade)
        panel.set_spec(presets.load(name).spec)
        yield f"panel-parameters-{name}", panel
    for page in (*(view.name for view in VIEWS), *(lab.name for lab in LABS)):
        explain = ExplainPanel()
        explain.set_theme(shade)
        explain.show_page(page)
        yield f"panel-explain-{page}", explain
    bar = RunBar()
    bar.set_theme(shade)
    bar.set_state("training")
    yield "panel-run-bar", bar
    yield from showcase(shade)


def showcase(shade):
    """The export dialog, and views as animations and reports show them."""
    import tempfile

    from PySide6.QtCore import QSize
    from PySide6.QtWidgets import QListWidget

    from guiapp.gui.showcase.export_dialog import ExportDialog
    from guiapp.gui.showcase.stage_hand import StageHand
    from guiapp.gui.views import VIEWS
    from tests.gui.showcase.runs import stored_run

    with tempfile.TemporaryDirectory() as folder:
        dialog = ExportDialog(stored_run(Path(folder) / "run.elbo"))
    dialog.set_theme(shade)
    dialog.findChild(QListWidget).setCurrentRow(1)
    yield "export-dialog", dialog
    for kind in ("vae", "gan"):
        frame = frames()[kind]
        for view_type in VIEWS:
            if view_type.requires <= frame.run.capabilities:
                stage = StageHand(view_type, QSize(*SIZE), shade, view_type.title)
                stage.draw(frame)
                yield f"showcase-{view_type.name}-{kind}", stage
    yield from timelines(shade)
    yield from libraries(shade)
    yield from comparisons(shade)


def timelines(shade):
    """The timeline before a run, live, in the past, and with much on it."""
    import numpy as np

    from guiapp.gui.panels.timeline import Timeline
    from guiapp.run_file import Event
    from tests.gui.frames import marks, vae_frame

    run = vae_frame(0).run
    edits = marks(run, ((3000, "model.beta", 1.0, 4.0), (9000, "model.optimiser.lr", 1e-3, 3e-4)))
    slider = marks(run, tuple((900 + 97 * i, "model.beta", 1 + i / 10, 1.1 + i / 10) for i in range(190)))
    events = (Event(5200, "diverged", {}), Event(7000, "resume", {}), Event(11000, "fork", {"parent": "3f2a"}))
    spread = np.unique(np.geomspace(1, 10_000, 60).astype(np.int64))
    keyframes = np.unique(np.concatenate([[0], spread, 20_000 - spread]))
    for name, newest, shown, edited, happened in (
        ("empty", 0, None, (), ()),
        ("live", 20_000, None, edits, ()),
        ("past", 20_000, 10_000, edits, events),
        ("many", 20_000, 10_000, slider, tuple(Event(120 * i, "step", {"player": "dg"[i % 2]}) for i in range(160))),
    ):
        timeline = Timeline()
        timeline.set_theme(shade)
        timeline.set_keyframes(np.arange(0, newest, 7) if name == "many" else keyframes)
        timeline.set_marks(edited, happened)
        timeline.set_progress(newest)
        timeline.set_shown(shown)
        timeline.setFixedSize(1000, timeline.sizeHint().height())
        yield f"panel-timeline-{name}", timeline


def comparisons(shade):
    """The window that compares runs: empty, and each of its pages with three runs and a file that cannot be read."""
    import tempfile

    from guiapp.gui.library.compare import CompareWindow
    from guiapp.messages import Seen
    from guiapp.spec import Vae
    from tests.gui import pictures as p
    from tests.gui.frames import gan_frame, vae_frame
    from tests.gui.library.compare_files import gan_file, vae_file

    vae, gan = vae_frame().run, gan_frame().run
    pairs = {"samples": p.samples_picture(), "reconstructions": p.reconstructions_picture()}
    points = {"samples": p.samples_picture((2,), 500)}

    def answer(window, path, step):
        run, made = (gan, points) if path.endswith("c.elbo") else (vae, pairs)
        window.on_seen(Seen(path, step, run, run.spec, made))

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        edits = ((50, "model.beta", 1.0, 4.0),)
        files = [vae_file(folder / "a.elbo", title="Digits", edits=edits)]
        files.append(vae_file(folder / "b.elbo", 300, Vae(beta=4.0), title="Digits", keyframes=(0, 50, 300)))
        files += [gan_file(folder / "c.elbo", title="Ring"), folder / "gone.elbo"]
        for page in ("empty", "curves", "views"):
            window = CompareWindow()
            window.set_theme(shade)
            window.look_asked.connect(lambda path, step, *_, window=window: answer(window, path, step))
            if page != "empty":
                window.show_runs(files)
            window.pages.setCurrentIndex(int(page == "views"))
            yield f"compare-{page}", window


def libraries(shade):
    """The window of all runs: with none, one, and thirty of which one is damaged and one was forked."""
    import tempfile

    from guiapp.gui.library.window import LibraryWindow
    from guiapp.runs.library import Library
    from tests.gui.library.folder import happened, many, said_of

    for count in (0, 1, 30):
        with tempfile.TemporaryDirectory() as name:
            paths = many(Path(name), count)
            if count == 30:
                edit = {"path": "model.beta", "old": 4.0, "new": 8.0}
                said_of(paths[0], title="Does β = 4 collapse?", notes="The first dimension dies.", tags=["lecture 3"])
                happened(said_of(paths[0], parent=f"{2:032x}", parent_step="20"), (20, "edit", edit))
                paths[-1].write_bytes(b"no run file")
            Library(Path(name)).refresh()
            library = LibraryWindow(Library(Path(name)))
            library.set_theme(shade)
            library.set_current(str(paths[0]) if count == 30 else "")
            library.select(str(paths[0]) if paths else "")
            yield f"library-{count}", library


def frames():
    """A frame of each kind of run, and None for the time before the first."""
    from tests.gui import pictures as p
    from tests.gui.frames import gan_frame, vae_frame
    from tests.gui.neighbours import frechet_picture, neighbours_picture
    from tests.gui.studies import likelihood_picture, posterior_picture, report
    from tests.gui.surfaces import path_picture, surface_picture
    from tests.gui.test_verdicts import given, over

    data = {"samples": p.samples_picture(), "reconstructions": p.reconstructions_picture()}
    edits = ((700, "model.beta", 1.0, 4.0), (1400, "model.optimiser.lr", 1e-3, 3e-4))
    vae = {"latent": p.latent_picture(), "manifold": p.manifold_picture(), "collapse": p.collapse_picture(2, 2), **data}
    studies = (report("likelihood", likelihood_picture()), report("posterior", posterior_picture()))
    studies += (report("surface", path_picture()),)
    verdicts = (given(2000, "discriminator winning"), over(6000, "discriminator winning"))
    verdicts += (given(18_000, "mode dropping", True),)
    return {
        "empty": None,
        "vae": replace(vae_frame(pictures=vae, edits=edits), studies={study.kind: study for study in studies}),
        "gan": replace(
            gan_frame(
                24_000, collapsed=True, pictures={"field": p.field_picture(), "samples": p.samples_picture((2,), 500)}
            ),
            events=verdicts,
        ),
        "gan-images": replace(
            gan_frame(shape=(28, 28), pictures={**data, "neighbours": neighbours_picture()}),
            studies={
                "frechet": report("frechet", frechet_picture()),
                "surface": report("surface", surface_picture(player="d", blank=5)),
            },
        ),
    }


def window(preset: str, arrangement: str, shade: str):
    """The whole window some seconds into training, in the arrangement named or in that made for the run."""
    import tempfile

    from guiapp import presets
    from guiapp.gui import app as apps

    spec = presets.load(preset).spec
    with tempfile.TemporaryDirectory() as folder:
        app = apps.build(spec, spec, Path(folder))
        app.window.choose_theme(shade)
        app.window.show()
        app.session.start(spec)
        settle(SECONDS / 2)
        if arrangement:
            app.window.workspace.arrange(arrangement)
        settle(SECONDS / 2)
        picture = app.window.grab()
        app.window.close()
        app.window.deleteLater()
        settle(0.05)
    return picture


def settle(seconds: float) -> None:
    """Let Qt work for a while."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main())
