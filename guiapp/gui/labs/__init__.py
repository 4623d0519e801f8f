"""The catalogue of labs, in the order of the menu."""

from guiapp.gui.labs.backpropagation import BackpropagationLab
from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.depth import DepthLab
from guiapp.gui.labs.divergences import DivergencesLab
from guiapp.gui.labs.elbo_lab import ElboLab
from guiapp.gui.labs.fits import FitsLab
from guiapp.gui.labs.gaussian_kl import GaussianKlLab
from guiapp.gui.labs.kl_plane import KlPlaneLab
from guiapp.gui.labs.monte_carlo import MonteCarloLab
from guiapp.gui.labs.objectives import ObjectivesLab
from guiapp.gui.labs.reparameterisation import ReparameterisationLab
from guiapp.gui.labs.sampling import SamplingLab
from guiapp.gui.labs.transfer import TransferLab

LABS: tuple[type[Lab], ...] = (
    GaussianKlLab,
    KlPlaneLab,
    FitsLab,
    DivergencesLab,
    SamplingLab,
    MonteCarloLab,
    ElboLab,
    ReparameterisationLab,
    ObjectivesLab,
    TransferLab,
    DepthLab,
    BackpropagationLab,
)
