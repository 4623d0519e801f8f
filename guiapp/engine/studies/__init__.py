"""The catalogue of studies: what is computed once, on demand, and takes its time."""

from guiapp.engine.studies import likelihood, posterior

STUDIES = (likelihood.STUDY, posterior.STUDY)
