"""The catalogue of live views, in the order of the menu."""

from typing import Final

from guiapp.gui.views.base import View
from guiapp.gui.views.field import FieldView
from guiapp.gui.views.gradients import GradientsView
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.losses import LossesView
from guiapp.gui.views.samples import SamplesView

VIEWS: Final[tuple[type[View], ...]] = (LossesView, LatentView, SamplesView, GradientsView, FieldView)
