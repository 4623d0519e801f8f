"""The catalogue of studies: what is computed once, on demand, and takes its time."""

from guiapp.engine.studies import frechet, game_check, likelihood, posterior

STUDIES = (likelihood.STUDY, posterior.STUDY, game_check.STUDY, frechet.STUDY)
