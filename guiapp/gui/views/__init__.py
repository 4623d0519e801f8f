"""The catalogue of live views, in the order of the menu."""

from typing import Final

from guiapp.gui.views.arena import ArenaView
from guiapp.gui.views.base import View
from guiapp.gui.views.collapse import CollapseView
from guiapp.gui.views.elbo import ElboView
from guiapp.gui.views.explorer import ExplorerView
from guiapp.gui.views.field import FieldView
from guiapp.gui.views.gradients import GradientsView
from guiapp.gui.views.latent import LatentView
from guiapp.gui.views.likelihood import LikelihoodView
from guiapp.gui.views.losses import LossesView
from guiapp.gui.views.metrics import MetricsView
from guiapp.gui.views.neighbours import NeighboursView
from guiapp.gui.views.posterior import PosteriorView
from guiapp.gui.views.rate import RateView
from guiapp.gui.views.samples import SamplesView
from guiapp.gui.views.surface import SurfaceView
from guiapp.gui.views.verdicts import VerdictsView

VIEWS: Final[tuple[type[View], ...]] = (
    LossesView,
    MetricsView,
    VerdictsView,
    ElboView,
    RateView,
    CollapseView,
    LatentView,
    ExplorerView,
    PosteriorView,
    LikelihoodView,
    SamplesView,
    NeighboursView,
    GradientsView,
    SurfaceView,
    FieldView,
    ArenaView,
)
# Those that show any stored run; what is computed at length on demand belongs to the run in the window.
STORED_VIEWS: Final = tuple(view for view in VIEWS if not view.studies)
# Those of a report or a film, in which there is no hand: the explorer would show the middle of the prior, no more.
STILL_VIEWS: Final = tuple(view for view in STORED_VIEWS if view is not ExplorerView)
