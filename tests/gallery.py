"""`make gallery`: every view, lab, panel and the whole window as PNG files, in both themes, at 1x and 2x, to look at.

Views are drawn from hand-made frames; the whole window trains for a few seconds on the real trainer process.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

SIZE = (720, 480)
SECONDS = 8.0  # of training before the picture of the window is taken


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
        for preset in ("vae-fashion", "gan-ring", "gan-digits"):
            window(preset, shade.name).save(str(out / f"window-{preset}-{shade.name}-{scale}x.png"))
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


def frames():
    """A frame of each kind of run, and None for the time before the first."""
    from tests.gui import pictures as p
    from tests.gui.frames import gan_frame, vae_frame

    data = {"samples": p.samples_picture(), "reconstructions": p.reconstructions_picture()}
    edits = ((700, "model.beta", 1.0, 4.0), (1400, "model.optimiser.lr", 1e-3, 3e-4))
    vae = {"latent": p.latent_picture(), "manifold": p.manifold_picture(), **data}
    return {
        "empty": None,
        "vae": vae_frame(pictures=vae, edits=edits),
        "gan": gan_frame(pictures={"field": p.field_picture(), "samples": p.samples_picture((2,), 500)}),
        "gan-images": gan_frame(shape=(28, 28), pictures=data),
    }


def window(preset: str, shade: str):
    """The whole window some seconds into training."""
    import tempfile

    from guiapp import presets
    from guiapp.gui import app as apps

    spec = presets.load(preset).spec
    with tempfile.TemporaryDirectory() as folder:
        app = apps.build(spec, spec, Path(folder) / "settings.json")
        app.window.choose_theme(shade)
        app.window.show()
        app.session.start(spec)
        settle(SECONDS)
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
