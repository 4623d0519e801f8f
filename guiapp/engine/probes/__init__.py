"""The catalogue of pictures that a trainer can make."""

from guiapp.engine.probes import field, gradients, latent, manifold, posterior, reconstructions, samples

PROBES = (
    latent.PROBE,
    manifold.PROBE,
    samples.PROBE,
    reconstructions.PROBE,
    gradients.PROBE,
    field.PROBE,
    posterior.PROBE,
)
