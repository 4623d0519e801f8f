import numpy as np
import pytest

from guiapp.gui.numbers import MEAN_OF, numbers
from guiapp.spec import Gan
from tests.gui.frames import gan_frame, vae_frame


def test_terms_are_means_of_the_last_steps():
    frame = vae_frame(500)
    found = numbers(frame)
    assert found["kl"] == pytest.approx(frame.series.values("kl")[-MEAN_OF:].mean(dtype=np.float64), rel=1e-5)
    assert found["D"] == 784
    assert found["step"] == 500


def test_before_the_first_step_there_are_no_terms():
    frame = vae_frame(0)
    assert "loss" not in numbers(frame)


def test_steps_without_a_value_do_not_count():
    frame = gan_frame(100, gan=Gan())
    rows = frame.series.recent(frame.series.names, 100).copy()
    rows[-5:, frame.series.names.index("d_loss")] = np.nan
    frame.series.append(rows)
    assert np.isfinite(numbers(frame)["d_loss"])
