import itertools

import pytest
from PySide6.QtGui import QColor

from guiapp.gui.theme import THEMES

LINES = ("reconstruction", "kl", "total", "discriminator", "generator", "real", "generated", "posterior", "prior")


def luminance(name):
    """Relative luminance of WCAG 2."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(name).getRgbF()[:3]]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_text_meets_wcag_aa(theme):
    for text, ground in itertools.product(("ink", "muted", "accent", "bad", "warning"), ("background", "surface")):
        assert contrast(getattr(theme, text), getattr(theme, ground)) >= 4.5, (text, ground)


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_lines_meet_wcag_aa(theme):
    for line in LINES:
        assert contrast(getattr(theme, line), theme.background) >= 3, line
    for colour in theme.classes:
        assert contrast(colour, theme.background) >= 3, colour


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda t: t.name)
def test_ten_classes_have_ten_colours(theme):
    assert len(set(theme.classes)) == 10
