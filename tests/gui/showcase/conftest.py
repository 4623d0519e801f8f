from __future__ import annotations

from pathlib import Path

import pytest

from tests.gui.showcase.runs import stored_run


@pytest.fixture(scope="session")
def vae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """30 steps with an edit after step 15, keyframes at 0, 6, 12, 18, 24 and 30."""
    return stored_run(tmp_path_factory.mktemp("runs") / "vae.elbo")


@pytest.fixture(scope="session")
def gan_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `vae_run`, of a GAN on data in the plane."""
    return stored_run(tmp_path_factory.mktemp("runs") / "gan.elbo", "gan")
