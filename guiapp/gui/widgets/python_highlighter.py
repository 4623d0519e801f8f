"""Python text in the colours of the theme."""

from __future__ import annotations

import keyword
import re
from typing import Final

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from guiapp.gui.theme import LIGHT, Theme

FENCE: Final = '"""'
TOKEN: Final = re.compile(
    r"""
    (?P<fence>[rfbRFB]{0,2}\"{3})
    | (?P<string>[rfbRFB]{0,2}(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))
    | (?P<comment>\#.*)
    | (?P<decorator>@[\w.]+)
    | (?P<number>\b(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\b)
    | (?P<word>[^\W\d]\w*)
    """,
    re.VERBOSE,
)
IN_FENCE, OUTSIDE = 1, 0  # states of a line's end


class PythonHighlighter(QSyntaxHighlighter):
    """Colours keywords, strings, comments, numbers, decorators and the names after def and class.

    It knows one kind of text over several lines, the one in triple double quotes.
    """

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self.set_theme(LIGHT)

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        colours = {"keyword": theme.accent, "string": theme.good, "comment": theme.muted, "number": theme.warning}
        colours |= {"fence": theme.good, "decorator": theme.accent, "name": theme.ink}
        self._formats = {}
        for kind, colour in colours.items():
            style = QTextCharFormat()
            style.setForeground(QColor(colour))
            style.setFontItalic(kind == "comment")
            style.setFontWeight(QFont.Weight.DemiBold if kind in ("keyword", "name") else QFont.Weight.Normal)
            self._formats[kind] = style
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        self.setCurrentBlockState(OUTSIDE)
        position = self._fence(text, 0, 0) if self.previousBlockState() == IN_FENCE else 0
        before = ""
        while (token := TOKEN.search(text, position)) is not None:
            kind, word, position = token.lastgroup or "", token.group(), token.end()
            if kind == "fence":
                position = self._fence(text, token.start(), token.end())
            elif kind == "word":
                if keyword.iskeyword(word):
                    self._paint(text, token.start(), token.end(), "keyword")
                elif before in ("def", "class"):
                    self._paint(text, token.start(), token.end(), "name")
            else:
                self._paint(text, token.start(), token.end(), kind)
            before = word

    def _fence(self, text: str, start: int, inside: int) -> int:
        """Paint a text in triple quotes from `start`, whose content begins at `inside`; gives where it ends."""
        found = text.find(FENCE, inside)
        end = len(text) if found < 0 else found + len(FENCE)
        if found < 0:
            self.setCurrentBlockState(IN_FENCE)
        self._paint(text, start, end, "fence")
        return end

    def _paint(self, text: str, start: int, end: int, kind: str) -> None:
        # Qt counts UTF-16 units: a character beyond the basic plane is two.
        first, length = (len(part.encode("utf-16-le")) // 2 for part in (text[:start], text[start:end]))
        self.setFormat(first, length, self._formats[kind])
