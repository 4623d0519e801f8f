"""Whether the parameters of a model go together and fit the data, for all that read a spec; torch is not needed."""

from __future__ import annotations

import math

from guiapp.spec import Gan, SpecError, Vae

STRIDE = 2  # of every convolution


def image(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(H, W, C) of a datum of `shape`.

    Raises:
        SpecError: it is no image.
    """
    if len(shape) < 2:
        raise SpecError("layers: convolutions need images, and these data are plain vectors; take 'dense' layers.")
    return shape[0], shape[1], shape[2] if len(shape) == 3 else 1


def sizes_of(shape: tuple[int, int, int], layers: int) -> list[tuple[int, int]]:
    """(H, W) of an image (H, W, C) before the first of `layers` convolutions of stride 2, and after each.

    Raises:
        SpecError: nothing would be left.
    """
    sizes = [shape[:2]]
    for _ in range(layers):
        sizes.append((sizes[-1][0] // STRIDE, sizes[-1][1] // STRIDE))
    if min(sizes[-1]) < 1:
        raise SpecError(
            f"hidden layers: {layers} convolutions leave nothing of an image of {shape[0]} x {shape[1]}; each halves "
            f"it, so take at most {int(math.log2(min(shape[:2])))}, or 'dense' layers."
        )
    return sizes


def check_estimator(model: Vae | Gan) -> None:
    """Raises SpecError where the estimator is biased with the optimal σ: no run may begin so or come to it by an edit,
    but one of an older version that did so still opens.

    The optimal σ is that of all draws of a batch together: the cost of each hangs on the others, so that neither its
    score function nor the baseline of the others is unbiased.
    """
    if not isinstance(model, Vae) or model.likelihood != "gaussian, optimal σ":
        return
    if model.estimator.startswith("score function"):
        raise SpecError(
            f"gradient estimator: '{model.estimator}' is biased with the optimal σ, which is computed from the draws "
            "themselves; take 'reparameterised', or the likelihood 'gaussian, learned σ'.",
            {"model.estimator": "reparameterised"},
        )


def check(vae: Vae) -> None:
    """Raises SpecError where the bound does not go with the estimator or the free bits."""
    if vae.bound == "importance weighted" and vae.estimator != "reparameterised":
        raise SpecError(
            f"gradient estimator: '{vae.estimator}' is only there for the bound 'elbo'; the importance-weighted "
            "one takes 'reparameterised'.",
            {"model.estimator": "reparameterised"},
        )
    if vae.bound == "importance weighted" and vae.free_bits:
        raise SpecError(
            "free bits λ: the importance-weighted bound has no KL term of its own to keep up; set it to 0.",
            {"model.free_bits": 0.0},
        )


def check_game(gan: Gan, data: int | None = None) -> None:
    """Raises SpecError where nobody would move, or a pack would take more than all of the `data` that there are."""
    if data is not None and data < gan.packing:
        raise SpecError(
            f"packing: D is to judge {gan.packing} data together, and there are {data}; take at most {data}.",
            {"model.packing": data},
        )
    if gan.d_steps == gan.g_steps == 0:
        raise SpecError(
            "G steps per iteration: with 0 steps of D and of G nothing is trained; let at least one of them move.",
            {"model.g_steps": 1},
        )
