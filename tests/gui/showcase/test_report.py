from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from guiapp import parameters
from guiapp.gui.showcase.past import read_past
from guiapp.gui.showcase.report import Report
from guiapp.gui.showcase.report_words import facts
from guiapp.gui.views.latent import LatentView
from guiapp.messages import Seen
from guiapp.run_file import read_run
from tests.everyday import everyday
from tests.gui.showcase.runs import TITLE, answer_looks

EMPTY = {"meta", "img", "source", "br", "hr", "link", "input"}


class Page(HTMLParser):
    """Tags with their attributes, and the text by the innermost tag; every tag must be closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self._open[-1] if self._open else "", data.strip()))

    def words(self, *tags: str) -> list[str]:
        return [text for tag, text in self.texts if tag in tags]

    def images(self) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.tags if tag == "img"]


@pytest.fixture(scope="module")
def _written() -> dict[str, str]:
    return {}


@pytest.fixture
def text_of(
    qtbot: QtBot, tmp_path: Path, vae_run: Path, gan_run: Path, _written: dict[str, str]
) -> Callable[[str], str]:
    """The text of the report of the run "vae" or "gan"; it takes two seconds, so each is made once."""

    def text(kind: str) -> str:
        if kind not in _written:
            folder = tmp_path / kind
            folder.mkdir()
            report = Report({"vae": vae_run, "gan": gan_run}[kind], folder / "report.html")
            answer_looks(report, kind)
            with qtbot.waitSignal(report.finished, timeout=30_000):
                report.start()
            assert os.listdir(folder) == ["report.html"]
            _written[kind] = (folder / "report.html").read_text(encoding="utf-8")
        return _written[kind]

    return text


def test_the_page_is_whole_and_needs_nothing_else(text_of: Callable[[str], str]) -> None:
    text = text_of("vae")
    page = Page(text)
    addresses = [
        value or "" for _, attrs in page.tags for name, value in attrs.items() if name in ("src", "srcset", "href")
    ]
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert not re.search(
        r"https?://|url\(|@import|<script|<link|<iframe", re.sub(r"<details>.*</details>", "", text, flags=re.S)
    )
    assert {tag for tag, _ in page.tags} >= {"html", "head", "title", "body", "main", "h1", "h2", "table", "figure"}
    assert ("html", {"lang": "en"}) in page.tags


def test_text_of_the_run_is_escaped(text_of: Callable[[str], str]) -> None:
    text = text_of("vae")
    page = Page(text)
    assert page.words("h1") == page.words("title") == [TITLE]
    assert "<b>notes</b>\nof two lines" in page.words("p")
    assert {"script", "b"}.isdisjoint(tag for tag, _ in page.tags)
    assert "one, two & three" in page.words("dd")
    assert any("Digits <8 × 8>" in word for word in page.words("dd"))


@pytest.mark.parametrize("kind", everyday(["vae", "gan"], ["vae"]))
def test_every_parameter_is_there_and_changed_ones_are_marked(
    text_of: Callable[[str], str], vae_run: Path, gan_run: Path, kind: str
) -> None:
    spec = read_run({"vae": vae_run, "gan": gan_run}[kind]).spec
    page = Page(text_of(kind))
    found = parameters.flat(spec)
    assert set(found) <= set(page.words("code"))
    cells = [(tag, text) for tag, text in page.texts if tag in ("td", "code")]
    edited = {"vae": "model.beta", "gan": "model.d_steps"}[kind]
    differs = {path for path, p in found.items() if parameters.value(spec, path) != p.default} | {edited}
    for path in found:
        before = cells[cells.index(("code", path)) - 1]
        assert (before == ("td", "changed")) == (path in differs), path
    assert {"vae": "1 → 4", "gan": "1 → 2"}[kind] in page.words("td")


def test_pictures_of_every_view_that_applies(text_of: Callable[[str], str]) -> None:
    vae, gan = Page(text_of("vae")), Page(text_of("gan"))
    large = [text for text in vae.words("figcaption") if "," in text]
    assert [text.split(",")[0] for text in large] == [
        *("Losses", "Verdicts", "ELBO", "Rate and distortion", "Posterior collapse", "Latent space"),
        *("Samples", "Gradients"),
    ]
    large = [text for text in gan.words("figcaption") if "," in text]
    assert [text.split(",")[0] for text in large] == [
        *("Losses", "GAN metrics", "Verdicts", "Samples", "Gradients", "2-D field", "Arena"),
    ]
    over_time = [text for text in vae.words("figcaption") if "," not in text]
    assert over_time == ["step 0", "step 6", "step 12", "step 18", "step 24", "step 30"] * 2
    assert vae.words("h3") == ["Samples", "Latent space"]


def test_each_picture_has_words_and_a_dark_twin(text_of: Callable[[str], str]) -> None:
    page = Page(text_of("vae"))
    sources = [attrs for tag, attrs in page.tags if tag == "source"]
    images = page.images()
    assert len(images) == len(sources) == 20
    for image, source in zip(images, sources, strict=True):
        assert " at step " in (image["alt"] or "")
        assert source["media"] == "screen and (prefers-color-scheme: dark)"
        light, dark = (decoded(address) for address in (image["src"], source["srcset"]))
        assert light.size() == dark.size()
        assert light.width() % int(image["width"] or 0) == 0
        corners = [
            picture.pixelColor(picture.width() // 2, picture.height() - 2).lightness() for picture in (light, dark)
        ]
        assert corners[0] > 200 > 60 > corners[1]


def decoded(address: str | None) -> QImage:
    image = QImage.fromData(base64.b64decode((address or "").partition(",")[2]), "PNG")
    assert not image.isNull()
    return image


def test_it_tells_how_to_train_it_again(text_of: Callable[[str], str]) -> None:
    page = Page(text_of("vae"))
    code = page.words("code")
    assert any(text.startswith("elboscope train") for text in code)
    assert any("import torch" in text for text in code)
    assert page.words("summary") == ["The same in plain PyTorch"]
    assert "β (model.beta): 1 → 4" in page.words("td")


def test_without_a_trainer_there_is_a_report_with_less(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    report = Report(vae_run, tmp_path / "report.html")
    report.look_asked.connect(lambda *_: report.give_up_looking("The trainer has ended."))
    with qtbot.waitSignal(report.finished, timeout=30_000):
        report.start()
    page = Page((tmp_path / "report.html").read_text())
    assert [text.split(",")[0] for text in page.words("figcaption")] == [
        *("Losses", "Verdicts", "ELBO", "Rate and distortion"),
    ]
    assert "Latent space: The trainer has ended." in page.words("p")


@pytest.mark.slow
def test_data_that_are_gone_are_told_once_a_view(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    report = Report(vae_run, tmp_path / "report.html")
    asked = []

    def refuse(path: str, step: int, *_: object) -> None:
        asked.append(step)
        report.on_seen(Seen(path, step, None, None, {}, "The data are gone."))

    report.look_asked.connect(refuse)
    with qtbot.waitSignal(report.finished, timeout=30_000):
        report.start()
    remarks = [text for text in Page((tmp_path / "report.html").read_text()).words("p") if "gone" in text]
    assert remarks == [
        f"{title}: The data are gone."
        for title in ("Posterior collapse", "Latent space", "Samples", "Gradients", "2-D field", "Arena")
    ]
    assert len(asked) == 6


@pytest.mark.parametrize("when", ["Reading", "Picture 4", "Writing"])
def test_cancelling_leaves_nothing(qtbot: QtBot, tmp_path: Path, vae_run: Path, when: str) -> None:
    report = Report(vae_run, tmp_path / "report.html")
    answer_looks(report)
    with qtbot.waitSignal(report.progressed, timeout=30_000, check_params_cb=lambda _part, what: what.startswith(when)):
        report.start()
    said = []
    for signal in (report.finished, report.failed, report.progressed):
        signal.connect(lambda *values: said.append(values))
    report.cancel()
    QCoreApplication.processEvents()
    assert said == []
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_a_place_that_cannot_be_written_is_named(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    (tmp_path / "file").touch()
    report = Report(vae_run, tmp_path / "file" / "report.html")
    report.look_asked.connect(lambda *_: report.give_up_looking(LatentView.missing))
    with qtbot.waitSignal(report.failed, timeout=30_000) as blocker:
        report.start()
    assert str(tmp_path / "file") in blocker.args[0]


def test_a_folder_that_is_not_there_is_made(qtbot: QtBot, tmp_path: Path, vae_run: Path) -> None:
    report = Report(vae_run, tmp_path / "new" / "report.html")
    report.look_asked.connect(lambda *_: report.give_up_looking(LatentView.missing))
    with qtbot.waitSignal(report.finished, timeout=30_000):
        report.start()
    assert (tmp_path / "new" / "report.html").exists()


def test_a_run_without_tags_has_no_line_for_them(vae_run: Path) -> None:
    past = read_past(vae_run)
    assert "Tags" in dict(facts(past, past.started))
    bare = replace(past, summary=replace(past.summary, tags=()))
    assert "Tags" not in dict(facts(bare, past.started))
