"""Colours with one meaning each, in a light and a dark theme, and how they are put on the application.

Hues are Okabe & Ito's (2008), told apart by colour-blind eyes. Where one of them is too pale for a line on white
(below 3:1), the light theme darkens it and keeps the hue.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Theme:
    """`background` lies behind plots and text, `surface` behind panels; `ink` is text and neutral lines, `muted`
    secondary text, `grid` thin rules; the rest are meanings."""

    name: str
    background: str
    surface: str
    ink: str
    muted: str
    grid: str
    accent: str
    reconstruction: str
    kl: str
    discriminator: str
    generator: str
    real: str
    generated: str
    posterior: str
    prior: str
    good: str
    warning: str
    bad: str
    classes: tuple[str, ...]

    @property
    def total(self) -> str:
        """Total loss and ELBO are neutral ink."""
        return self.ink

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"


LIGHT: Final = Theme(
    name="light",
    background="#ffffff",
    surface="#f5f6f8",
    ink="#1c1f24",
    muted="#5a616b",
    grid="#d9dde3",
    accent="#0b62a3",
    reconstruction="#0072b2",
    kl="#b97f00",
    discriminator="#d55e00",
    generator="#00875f",
    real="#2a8fce",
    generated="#b85f92",
    posterior="#0072b2",
    prior="#767d88",
    good="#00875f",
    warning="#8f6200",
    bad="#c22f2f",
    classes=(
        "#1f77b4", "#d5620a", "#2a8c2a", "#c92a2b", "#8a5cb8", "#8c564b", "#c455a4", "#6f6f6f", "#8c8d16", "#0e93a1",
    ),
)  # fmt: skip

DARK: Final = Theme(
    name="dark",
    background="#15181d",
    surface="#1e2228",
    ink="#e8eaed",
    muted="#a3abb6",
    grid="#343a43",
    accent="#5db0ee",
    reconstruction="#3d9be0",
    kl="#e69f00",
    discriminator="#ea7a2c",
    generator="#1fb98a",
    real="#56b4e9",
    generated="#d98bb8",
    posterior="#3d9be0",
    prior="#98a0ab",
    good="#1fb98a",
    warning="#e6b450",
    bad="#f06a6a",
    classes=(
        "#5aa9e6", "#ff9142", "#56c156", "#f26b6b", "#b18ae0", "#c08a7c", "#ee8fd0", "#b0b0b0", "#cfd046", "#3fd0de",
    ),
)  # fmt: skip

THEMES: Final = MappingProxyType({"light": LIGHT, "dark": DARK})


def system_theme() -> Theme:
    """The theme that the desktop asks for."""
    dark = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark
    return DARK if dark else LIGHT


def palette_of(theme: Theme) -> QPalette:
    """The colours of `theme` by the role that Qt gives them."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.surface,
        QPalette.ColorRole.WindowText: theme.ink,
        QPalette.ColorRole.Base: theme.background,
        QPalette.ColorRole.AlternateBase: theme.surface,
        QPalette.ColorRole.Text: theme.ink,
        QPalette.ColorRole.Button: theme.surface,
        QPalette.ColorRole.ButtonText: theme.ink,
        QPalette.ColorRole.BrightText: theme.bad,
        QPalette.ColorRole.ToolTipBase: theme.surface,
        QPalette.ColorRole.ToolTipText: theme.ink,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.background,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.LinkVisited: theme.accent,
        QPalette.ColorRole.Mid: theme.grid,
        QPalette.ColorRole.Light: theme.background,
        QPalette.ColorRole.Dark: theme.grid,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    disabled = QPalette.ColorGroup.Disabled
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(disabled, role, QColor(theme.muted))
    return palette


def apply(app: QApplication, theme: Theme) -> None:
    """Put `theme` on all widgets: Fusion style, palette, and pyqtgraph's defaults for plots made afterwards."""
    app.setStyle("Fusion")
    palette = palette_of(theme)
    app.setPalette(palette)
    if theme.is_dark:
        # Fusion outlines these in a shade darker than their Window colour, which nobody sees on a dark window.
        palette.setColor(QPalette.ColorRole.Window, QColor(theme.muted))
    for outlined in ("QCheckBox", "QRadioButton", "QLineEdit"):
        app.setPalette(palette, outlined)  # type: ignore[arg-type] # the stub says bytes, the program str
    pg.setConfigOptions(background=theme.background, foreground=theme.ink, antialias=True)
