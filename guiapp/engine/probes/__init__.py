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
    layers,
    manifold,
    neighbours,
    painted,
    posterior,
    reconstructions,
    samples,
    tensor,
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
    layers.PROBE,
    tensor.PROBE,
)
OF_GRADIENTS = frozenset(probe.kind for probe in PROBES if probe.of_gradients)
