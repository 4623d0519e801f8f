"""Every page parses, names only what exists, and says what theory.md says; broken pages are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from guiapp.explanations import Formula, Link, PageError, load_page, parse_link, parse_page
from guiapp.resources import resource

FOLDER = resource("explanations")
NAMES = sorted(path.stem for path in FOLDER.glob("*.md"))
PAGE = "---\ntitle: A title\nkl: KL = {:.3f} nats\n---\nWords with $x_i$.\n\n$$\\frac12$$\n\n[β](set:model.beta=4)\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_page_parses_and_has_its_parts(name: str) -> None:
    page = load_page(name)
    text = "".join(part for part in page.body if isinstance(part, str))
    assert any(formula.display for formula in page.formulas)
    for part in ("#### What to look for", "#### What to try next", "#### Source"):
        assert part in text
    assert "$" not in text  # a dollar sign without its partner
    assert all(sentence for sentence in page.sentences(dict.fromkeys(page.numbers, 1.0)))
    assert any(link.kind == "https" for link in page.links)


def test_the_pages_of_the_views_and_labs_are_there() -> None:
    assert {"losses", "latent", "samples", "gradients", "field", "gaussian-kl"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    presets = {path.stem for path in resource("presets").glob("*.json")}
    pages = {"view": set(NAMES), "lab": set(NAMES), "preset": presets}
    for link in load_page(name).links:
        assert link.name in pages.get(link.kind, {link.name}), link


def test_a_page_gives_title_numbers_body_and_links() -> None:
    page = parse_page("some", PAGE)
    assert page.title == "A title"
    assert page.formulas == (Formula("x_i", False), Formula("\\frac12", True))
    assert page.body[0] == "Words with "
    assert page.links == (Link("set", "model.beta", "4"),)
    assert page.sentences({"kl": -1.5, "other": 2.0}) == ("KL = −1.500 nats",)
    assert page.sentences({}) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no front", "does not begin with a front section"),
        ("---\ntitle: x\nno end", "does not begin with a front section"),
        ("---\ntitle: x\nno colon\n---\nText", "'no colon'"),
        ("---\nkl: {}\n---\nText", "has no title"),
        ("---\ntitle: x\n---\n \n", "has no text"),
        ("---\ntitle: x\nkl: no field\n---\nText", "needs one {}"),
        ("---\ntitle: x\nkl: {} and {}\n---\nText", "cannot be put"),
        ("---\ntitle: x\nkl: {:d}\n---\nText", "cannot be put"),
        ("---\ntitle: x\nkl: {a.b}\n---\nText", "cannot be put"),
        ("---\ntitle: x\nkl: {\n---\nText", "cannot be put"),
        ("---\ntitle: x\n---\n[a](nowhere)", "none of the forms"),
    ],
)
def test_a_broken_page_is_refused_by_name(text: str, says: str) -> None:
    with pytest.raises(PageError, match="The explanation 'some'") as error:
        parse_page("some", text)
    assert says in str(error.value)


@pytest.mark.parametrize("name", ["absent", "../data", "", "A"])
def test_a_missing_page_is_refused_by_name(name: str) -> None:
    with pytest.raises(PageError, match=f"'{name}'"):
        load_page(name)


def test_a_page_that_is_no_text_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "page.md").write_bytes(b"---\n\xff\xfe")
    monkeypatch.setattr("guiapp.explanations.resource", lambda path: tmp_path / Path(path).name)
    with pytest.raises(PageError, match="cannot be read"):
        load_page("page")


@pytest.mark.parametrize(
    ("target", "link"),
    [
        ("set:model.beta=4", Link("set", "model.beta", "4")),
        ("set:model.encoder.activation=leaky%20relu", Link("set", "model.encoder.activation", "leaky relu")),
        ("set:model.encoder.activation=leaky relu", Link("set", "model.encoder.activation", "leaky relu")),
        ("set:model.d_steps=5", Link("set", "model.d_steps", "5")),
        ("set:batch=512", Link("set", "batch", "512")),
        ("preset:gan-ring", Link("preset", "gan-ring")),
        ("view:losses", Link("view", "losses")),
        ("lab:gaussian-kl", Link("lab", "gaussian-kl")),
        ("https://arxiv.org/abs/1312.6114", Link("https", "https://arxiv.org/abs/1312.6114")),
    ],
)
def test_links(target: str, link: Link) -> None:
    assert parse_link(target) == link


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("model.beta=4", "none of the forms"),
        ("file:///etc/passwd", "none of the forms"),
        ("javascript:alert(1)", "none of the forms"),
        ("https:arxiv", "no web address"),
        ("set:model.beta", "needs PATH=VALUE"),
        ("set:model.beta=-1", "from 0 to 1000"),
        ("set:model.d_steps=99", "from 0 to 20"),
        ("set:model.nothing=1", "no parameter"),
        ("preset:", "names nothing"),
        ("view:../x", "names nothing"),
    ],
)
def test_links_that_are_none(target: str, says: str) -> None:
    with pytest.raises(ValueError, match=r"[Nn]o|needs|allowed|forms|names") as error:
        parse_link(target)
    assert says in str(error.value)


def test_the_pages_say_the_numbers_of_the_theory() -> None:
    text = {name: (FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in NAMES}
    for number in ("-1.193", "0.318147", "0.806853", "5047.2", "0.693147"):
        assert number in text["gaussian-kl"]
    assert "-1.386294" in text["losses"]
    assert "*summed*" in text["losses"]
    assert r"9.5\cdot10^{-7}" in text["gradients"]
    assert "98.89" in text["samples"]
    assert r"\Phi^{-1}(u)" in text["latent"]
