"""Where training runs; machines without an accelerator are the rule here, so that one is pretended."""

from __future__ import annotations

import pytest
import torch

from guiapp.engine import device
from guiapp.spec import SpecError


def pretend(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("cuda", "mps", "pictures"),
    [(False, False, "cpu"), (True, False, "cuda"), (False, True, "mps"), (True, True, "cuda")],
)
def test_auto_takes_an_accelerator_for_pictures_alone(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, pictures: str
) -> None:
    pretend(monkeypatch, cuda, mps)
    assert device.choose("auto", 64).type == pictures
    assert device.choose("auto", 63).type == "cpu"
    assert device.choose("cpu", 784).type == "cpu"
    assert device.available()[-1] == "cpu"


def test_a_device_that_is_not_there_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, cuda=False, mps=True)
    with pytest.raises(SpecError, match=r"'cuda' is not on this machine; it has mps, cpu"):
        device.choose("cuda", 784)
    assert device.choose("mps", 2).type == "mps"
