"""The catalogue of pictures that a trainer can make."""

from guiapp.engine.probes import (
    arena,
    beliefs,
    codes,
    collapse,
    datum,
    decoded,
    field,
    gradients,
    latent,
    manifold,
    neighbours,
    painted,
    posterior,
    reconstructions,
    samples,
)

PROBES = (
    latent.PROBE,
    manifold.PROBE,
    samples.PROBE,
    reconstructions.PROBE,
    gradients.PROBE,
    field.PROBE,
    posterior.PROBE,
    codes.PROBE,
    decoded.PROBE,
    datum.PROBE,
    painted.PROBE,
    collapse.PROBE,
    arena.PROBE,
    beliefs.PROBE,
    neighbours.PROBE,
)
