"""The axes of a plot in the colours of a theme."""

from __future__ import annotations

import pyqtgraph as pg

from guiapp.gui.theme import Theme


def colour_axes(plot: pg.PlotWidget, theme: Theme) -> None:
    """Background, axis lines and numbers of `plot`; its titles keep their words."""
    plot.setBackground(theme.background)
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(pg.mkPen(theme.muted, width=1))
        axis.setTextPen(pg.mkPen(theme.muted))
        axis.setLabel(axis.labelText, **{**axis.labelStyle, "color": theme.ink})
