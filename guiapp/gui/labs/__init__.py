"""The catalogue of labs, in the order of the menu."""

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.gaussian_kl import GaussianKlLab
from guiapp.gui.labs.objectives import ObjectivesLab

LABS: tuple[type[Lab], ...] = (GaussianKlLab, ObjectivesLab)
