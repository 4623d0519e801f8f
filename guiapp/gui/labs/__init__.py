"""The catalogue of labs, in the order of the menu."""

from guiapp.gui.labs.base import Lab
from guiapp.gui.labs.gaussian_kl import GaussianKlLab

LABS: tuple[type[Lab], ...] = (GaussianKlLab,)
