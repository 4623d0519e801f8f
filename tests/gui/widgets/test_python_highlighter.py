from __future__ import annotations

import io
import keyword
import tokenize

import pytest
from PySide6.QtGui import QColor, QTextDocument

from guiapp import presets
from guiapp.export.code import script
from guiapp.gui.theme import DARK, LIGHT, Theme
from guiapp.gui.widgets.python_highlighter import PythonHighlighter


def coloured(text: str, theme: Theme = LIGHT) -> list[tuple[str, str]]:
    """(text, colour) of every span with a colour of its own, line by line."""
    document = QTextDocument(text)
    PythonHighlighter(document).set_theme(theme)
    found, block = [], document.begin()
    while block.isValid():
        units = block.text().encode("utf-16-le")
        for span in block.layout().formats():
            part = units[2 * span.start : 2 * (span.start + span.length)].decode("utf-16-le")
            found.append((part, span.format.foreground().color().name()))
        block = block.next()
    return found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_kinds(theme: Theme) -> None:
    text = '@torch.no_grad()\ndef f(x1):\n    return x1 * 2**-22 + 1e-3  # "why" 3\n'
    assert coloured(text, theme) == [
        ("@torch.no_grad", theme.accent),
        ("def", theme.accent),
        ("f", theme.ink),
        ("return", theme.accent),
        ("2", theme.warning),
        ("22", theme.warning),
        ("1e-3", theme.warning),
        ('# "why" 3', theme.muted),
    ]


def test_text_over_lines_and_within_one() -> None:
    text = 'a = """one\nfor # 2\nthree""" + r"C:\\d" + \'it"s\'\n"""doc""" if f"{x} # no" else 3'
    assert [part for part, _ in coloured(text)] == [
        '"""one',
        "for # 2",
        'three"""',
        'r"C:\\d"',
        "'it\"s'",
        '"""doc"""',
        "if",
        'f"{x} # no"',
        "else",
        "3",
    ]


def test_characters_of_two_units() -> None:
    assert coloured('x = "😀😀"  # 😀 end')[-1][0] == "# 😀 end"


def test_an_open_text_colours_the_rest_of_its_line_only() -> None:
    assert coloured('a = "open\nfor') == [('"open', LIGHT.good), ("for", LIGHT.accent)]


@pytest.mark.parametrize("name", presets.NAMES)
def test_pythons_own_tokens_agree(name: str) -> None:
    """An independent witness: comments, keywords and numbers of whole scripts, as Python's tokenizer finds them."""
    text = script(presets.load(name).spec)
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    kinds = {LIGHT.muted: tokenize.COMMENT, LIGHT.warning: tokenize.NUMBER}
    spans = coloured(text)
    for colour, kind in kinds.items():
        assert [part for part, c in spans if c == colour] == [token.string for token in tokens if token.type == kind]
    words = [token.string for token in tokens if token.type == tokenize.NAME and keyword.iskeyword(token.string)]
    assert [part for part, c in spans if c == LIGHT.accent and not part.startswith("@")] == words


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_colour_can_be_read(theme: Theme) -> None:
    """WCAG AA: 4.5 to 1 for text."""

    def luminance(name: str) -> float:
        colour = QColor(name)
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour.getRgbF()[:3]]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    ground = luminance(theme.background)
    for colour in {c for _, c in coloured('def f(): return "a", 1  # b', theme)}:
        light, dark = sorted((luminance(colour), ground), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, colour
