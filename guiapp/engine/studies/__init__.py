"""The catalogue of studies: what is computed once, on demand, and takes its time."""

from guiapp.engine.studies import depth, frechet, game_check, likelihood, posterior, surface

STUDIES = (likelihood.STUDY, posterior.STUDY, game_check.STUDY, frechet.STUDY, surface.STUDY, depth.STUDY)
