"""The panel that explains whatever view or lab has the focus."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import (
    QColor,
    QDesktopServices,
    QFont,
    QFontInfo,
    QFontMetrics,
    QPalette,
    QResizeEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextImageFormat,
)
from PySide6.QtWidgets import QFrame, QTextBrowser, QVBoxLayout, QWidget

from guiapp.explanations import Formula, Page, PageError, load_page, parse_link
from guiapp.gui.theme import LIGHT, Theme
from guiapp.gui.widgets.formula import FormulaPainter, Picture

SCALE = 1.15  # STIX Two is smaller than sans-serif fonts of the same size
SMALLEST = 0.6  # a formula that is too wide shrinks so far, then the panel scrolls sideways
OPEN, CLOSE = "\ue000", "\ue001"  # private characters, around the number of a formula while Qt reads the Markdown
LINE = "\u2028"
CLOSING = ".,;:)"
SLICE_MS = 12
BAR = 17  # px that the scroll bar takes at least, so that a line does not end at its edge


class ExplainPanel(QWidget):
    """Shows a page of resources/explanations with its formulas, and below the first one the numbers of the moment.

    The text is there at once; formulas follow between two events, a few milliseconds at a time.
    `link_activated` gives a link of the page, such as "set:model.beta=4"; web addresses open in the browser.
    """

    link_activated = Signal(str)
    completed = Signal()  # all formulas of the page are there

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._page: Page | None = None
        self._problem = ""
        self._name = ""
        self._painter = FormulaPainter()
        self._values: Mapping[str, float] = {}
        self._when = "Now"
        self._shown: tuple[str, ...] = ()
        self._now: QTextCursor | None = None
        self._pending: list[int] = []
        self._room = 0.0
        self._shrunk = False
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(0)
        self._idle.timeout.connect(self._work)
        self.browser = QTextBrowser()
        self.browser.setAccessibleName("explanation")
        self.browser.setFrameShape(QFrame.Shape.NoFrame)
        self.browser.setOpenLinks(False)
        self.browser.document().setDocumentMargin(12)
        self.browser.document().setIndentWidth(18)
        self.browser.anchorClicked.connect(self._follow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.browser)
        self.set_theme(LIGHT)

    @property
    def page_name(self) -> str:
        """The name last shown; empty before the first."""
        return self._name

    def show_page(self, name: str) -> None:
        """Show the page `name`; a sentence where it is missing or broken."""
        if name == self._name:
            return
        try:
            self.set_page(load_page(name))
        except PageError as error:
            self._open(name, None, str(error))

    def set_page(self, page: Page) -> None:
        """Show `page`, whether its name is the one last shown or another."""
        self._open(page.name, page, "")

    def set_theme(self, theme: Theme) -> None:
        """Repaint in the colours of `theme`."""
        self._theme = theme
        palette = self.browser.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor(theme.surface))
        palette.setColor(QPalette.ColorRole.Text, QColor(theme.ink))
        self.browser.setPalette(palette)
        self._render()

    def set_numbers(self, values: Mapping[str, float], when: str = "Now") -> None:
        """Put the numbers of the moment, which is called `when`, into the page's sentences. Touches one paragraph of
        text and no formula."""
        self._values, self._when = dict(values), when
        if self._page is not None:
            self._write_numbers()

    def sizeHint(self) -> QSize:
        return QSize(300, 500)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self._room_for_formulas()
        if self._page is not None and room != self._room and (self._shrunk or room < self._room):
            self._render()

    def _open(self, name: str, page: Page | None, problem: str) -> None:
        self._name, self._page, self._problem = name, page, problem
        self._values, self._pending = {}, []
        self.browser.verticalScrollBar().setValue(0)
        self._render()

    def _render(self) -> None:
        document = self.browser.document()
        if not self._pending:  # while formulas grow, the place is not where the reader put it
            self._where = self.browser.verticalScrollBar().value()
        document.clear()
        self._now, self._shown, self._pending, self._shrunk = None, (), [], False
        if self._page is None:
            document.setPlainText(self._problem or "What has the focus is explained here: click a view or a lab.")
            return
        self._room = self._room_for_formulas()
        document.setMarkdown(_markdown(self._page))
        self._colour_links()
        self._pending = list(range(len(self._page.formulas)))
        for index in self._pending:
            hidden = QTextCharFormat()
            hidden.setForeground(QColor(0, 0, 0, 0))
            document.find(_token(index)).mergeCharFormat(hidden)
        self._open_numbers()
        self._write_numbers()
        self._work()
        self.browser.verticalScrollBar().setValue(self._where)

    def _work(self) -> None:
        """Insert formulas for a few milliseconds, then let the window live."""
        assert self._page is not None
        clock = QElapsedTimer()
        clock.start()
        while self._pending and clock.elapsed() < SLICE_MS:
            index = self._pending.pop(0)
            self._insert(index, self._page.formulas[index])
        self.browser.verticalScrollBar().setValue(self._where)  # growing formulas have moved the text
        if self._pending:
            self._idle.start()
        else:
            self.completed.emit()

    def _colour_links(self) -> None:
        document = self.browser.document()
        block = document.begin()
        while block.isValid():
            for span in _spans(block):
                style = span.charFormat()
                if style.isAnchor():
                    style.setForeground(QColor(self._theme.accent))
                    style.setFontUnderline(True)
                    cursor = QTextCursor(document)
                    cursor.setPosition(span.position())
                    cursor.setPosition(span.position() + span.length(), QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(style)
            block = block.next()

    def _insert(self, index: int, formula: Formula) -> None:
        document = self.browser.document()
        cursor = document.find(_token(index))
        text = cursor.charFormat()
        text.setForeground(QColor(self._theme.ink))
        room = self._room - _indentation(cursor, document.indentWidth())
        follower = document.characterAt(cursor.selectionEnd())
        if not formula.display and follower in CLOSING:  # Qt would break the line before it
            with_follower = Formula(f"{formula.tex}\\text{{{follower}}}", False)
            picture, font = self._picture(with_follower, QFont(text.font()), room)
            if picture is not None:
                cursor.movePosition(QTextCursor.MoveOperation.Right, QTextCursor.MoveMode.KeepAnchor)
        else:
            picture, font = self._picture(formula, QFont(text.font()), room)
        if picture is None:
            text.setFontFamilies(["monospace"])
            cursor.insertText(formula.tex, text)
            return
        url = QUrl(f"formula:{index}")
        document.addResource(QTextDocument.ResourceType.ImageResource, url, picture.image)
        image = QTextImageFormat()
        image.setName(url.toString())
        image.setWidth(picture.width)
        image.setHeight(picture.height)
        image.setToolTip(formula.tex)
        image.setFont(font)
        image.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        cursor.insertImage(image)

    def _picture(self, formula: Formula, font: QFont, room: float) -> tuple[Picture | None, QFont]:
        """The painted formula, in a line of width `room`, and the font of its place in the text. Qt puts the lower
        edge of a picture as far below the baseline as that font descends; so the font is chosen, and the picture
        padded, until both agree."""
        ratio, colour = self.devicePixelRatioF(), self._theme.ink
        size = SCALE * QFontInfo(self.browser.font()).pixelSize()
        tex, display = formula.tex, formula.display
        picture = self._painter.paint(tex, display, size, colour, ratio)
        if picture is not None and picture.width > room:
            size *= max(SMALLEST, int(20 * room / picture.width) / 20)  # in steps, so that the cache serves
            picture = self._painter.paint(tex, display, size, colour, ratio)
            self._shrunk = True
        if picture is None:
            return None, font
        while QFontMetrics(font).descent() < picture.descent:
            font.setPixelSize(QFontInfo(font).pixelSize() + 1)
        return self._painter.paint(tex, display, size, colour, ratio, QFontMetrics(font).descent()), font

    def _room_for_formulas(self) -> float:
        """The width of a line, with the scroll bar shown where there may be one."""
        bar = max(self.browser.verticalScrollBar().sizeHint().width(), BAR)
        if self.browser.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            bar = 0
        return self.width() - 2 * self.browser.document().documentMargin() - bar - 1

    def _open_numbers(self) -> None:
        """An empty paragraph for the numbers, below the first display formula (at the end where there is none)."""
        assert self._page is not None
        if not self._page.numbers:
            return
        document = self.browser.document()
        cursor = QTextCursor(document)
        cursor.movePosition(QTextCursor.MoveOperation.End)
        first = next((index for index, formula in enumerate(self._page.formulas) if formula.display), None)
        if first is not None:
            cursor = document.find(_token(first))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        block, char = cursor.blockFormat(), QTextCharFormat()
        block.setLeftMargin(10)
        block.setBottomMargin(8)
        cursor.insertBlock(block, char)
        self._now = cursor

    def _write_numbers(self) -> None:
        assert self._page is not None
        if self._now is None:
            return
        sentences = self._page.sentences(self._values)
        if self._shown and (self._when, *sentences) == self._shown:
            return
        self._shown = (self._when, *sentences)
        muted, figures = QTextCharFormat(), QTextCharFormat()
        muted.setForeground(QColor(self._theme.muted))
        font = QFont(self.browser.font())
        font.setFeature(QFont.Tag("tnum"), 1)
        figures.setFont(font)
        figures.setForeground(QColor(self._theme.ink))
        cursor = QTextCursor(self._now)
        cursor.movePosition(QTextCursor.MoveOperation.StartOfBlock)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(
            f"{self._when}{LINE}" if sentences else "Numbers appear here as soon as a run has some.", muted
        )
        cursor.insertText(LINE.join(sentences), figures)

    def _follow(self, url: QUrl) -> None:
        target = unquote(url.toString())
        try:
            kind = parse_link(target).kind
        except ValueError:  # load_page has refused such pages
            return
        if kind == "https":
            QDesktopServices.openUrl(url)
        else:
            self.link_activated.emit(target)


def _indentation(cursor: QTextCursor, step: float) -> float:
    """How far the line at `cursor` begins, and ends, within the page."""
    block, items = cursor.blockFormat(), cursor.currentList()
    depth = block.indent() + (items.format().indent() if items is not None else 0)
    return depth * step + block.leftMargin() + block.rightMargin()


def _token(index: int) -> str:
    return f"{OPEN}{index}{CLOSE}"


def _markdown(page: Page) -> str:
    parts, index = [f"## {page.title}\n\n"], 0
    for part in page.body:
        if isinstance(part, Formula):
            token = _token(index)
            parts.append(f"\n\n{token}\n\n" if part.display else token)
            index += 1
        else:
            parts.append(part)
    return "".join(parts)


def _spans(block: QTextBlock) -> list:
    """The runs of one format in `block`; a list, for an edit ends Qt's own iteration."""
    spans, iterator = [], block.begin()
    while not iterator.atEnd():
        spans.append(iterator.fragment())
        iterator += 1
    return spans
