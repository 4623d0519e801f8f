"""A run at one moment, complete: what it takes to go on from there bit for bit, as safetensors (never a pickle)."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from guiapp.engine.trainer import Trainer
from guiapp.spec import Gan, RunSpec, Vae, from_json, to_json


class KeyframeError(Exception):
    """What is stored is no keyframe, or one of another model."""


# What torch, numpy and safetensors raise on numbers that are none of a keyframe's.
_FAULTS = (
    safetensors.SafetensorError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    ArithmeticError,
    AttributeError,
)


def pack(trainer: Trainer) -> bytes:
    """`model/NAME`: every tensor of the model, buffers included; `optimiser/PLAYER/I/KEY`: the optimisers' state;
    `rng/…` and `feed/order`: the random streams and the order of the current epoch. In the header, under "state", as
    JSON: step, seconds, the numbers of the feed, the shape of a datum, and the spec with all edits so far."""
    tensors = {f"model/{name}": tensor for name, tensor in trainer.weights().items()}
    for name, player in trainer.objective.players.items():
        for index, state in player.optimiser.state_dict()["state"].items():
            for key, value in state.items():
                if value is not None:  # SGD without momentum
                    tensors[f"optimiser/{name}/{index}/{key}"] = _on_cpu(value)
    feed, feed_tensors = trainer.feed.state()
    tensors |= {f"feed/{name}": _on_cpu(tensor) for name, tensor in feed_tensors.items()}
    tensors["rng/noise"] = trainer.objective.noise.get_state()
    state = {"step": trainer.step, "seconds": trainer.seconds, "feed": feed, "spec": to_json(trainer.spec).decode()}
    state["shape"] = [int(n) for n in trainer.source.shape]
    return safetensors.torch.save(tensors, {"state": json.dumps(state)})


def spec_of(blob: bytes) -> RunSpec:
    """The spec of the run at the keyframe, edits included.

    Raises:
        KeyframeError: `blob` is no keyframe. SpecError: its spec cannot be.
    """
    spec = from_json(_header(blob)["spec"])
    if 4 * _fewest_weights(spec.model) > len(blob):  # before any memory is taken for them
        raise KeyframeError("the stored weights are fewer than those of the model")
    return spec


def shape_of(blob: bytes) -> tuple[int, ...]:
    """The shape of a datum of the run; () in the keyframes of old versions, which knew dense layers alone.

    Raises:
        KeyframeError: `blob` is no keyframe.
    """
    shape = _header(blob).get("shape", [])
    if not isinstance(shape, list) or not all(isinstance(n, int) and 0 < n <= 1 << 24 for n in shape):
        raise KeyframeError("the stored shape of a datum is damaged")
    return tuple(shape)


def _fewest_weights(model: Vae | Gan) -> int:
    """Those between hidden layers, which the data have no part in."""
    networks = (model.encoder, model.decoder) if isinstance(model, Vae) else (model.generator, model.discriminator)
    return sum(a * b for network in networks for a, b in pairwise(network.hidden))


def restore(trainer: Trainer, blob: bytes) -> None:
    """Put `trainer` where the keyframe was taken. Built from `spec_of(blob)` it goes on bit for bit; built from another
    spec with the same tensors (a fork) it starts afresh in what the two do not share: the state of an optimiser of
    another kind, the order of other data, the random streams of another seed.

    Raises:
        KeyframeError: `blob` is no keyframe, or of a model with other tensors; `trainer` is then of no use.
    """
    state = _header(blob)
    try:
        before, tensors = spec_of(blob), safetensors.torch.load(blob)
        trainer.model.load_state_dict(_below("model/", tensors))
        for name, player in trainer.objective.players.items():
            _restore_optimiser(player.optimiser, _below(f"optimiser/{name}/", tensors))
        if trainer.spec.seed == before.seed:
            if trainer.spec.data == before.data:
                trainer.feed.restore(state["feed"], _below("feed/", tensors))
            if len(tensors["rng/noise"]) == len(
                trainer.objective.noise.get_state()
            ):  # else from another kind of device
                trainer.objective.noise.set_state(tensors["rng/noise"])
        trainer.step, trainer.seconds = int(state["step"]), float(state["seconds"])
    except _FAULTS as error:
        raise KeyframeError(f"the stored weights do not fit the model ({error})") from error


def restore_weights(trainer: Trainer, blob: bytes) -> None:
    """Put the weights and the count of steps of the keyframe into `trainer`, and nothing else.

    Raises:
        KeyframeError: as `restore`.
    """
    state = _header(blob)
    try:
        trainer.model.load_state_dict(_below("model/", safetensors.torch.load(blob)))
        trainer.step = int(state["step"])
    except _FAULTS as error:
        raise KeyframeError(f"the stored weights do not fit the model ({error})") from error


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    found: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, entry = key.partition("/")
        found.setdefault(int(index), {})[entry] = tensor
    adam = isinstance(optimiser, torch.optim.Adam)
    if not found or any("exp_avg" in entries for entries in found.values()) == adam:  # else of another kind: afresh
        groups = optimiser.state_dict()["param_groups"]
        _check_optimiser(found, groups[0]["params"], optimiser.param_groups[0]["params"])
        optimiser.load_state_dict({"state": found, "param_groups": groups})


def _check_optimiser(found: dict[int, dict[str, Tensor]], indices: list[int], parameters: list[Tensor]) -> None:
    """Raises ValueError where torch's fused kernels would read past the end of what they are given."""
    shapes = dict(zip(indices, (p.shape for p in parameters), strict=True))
    for index, entries in found.items():
        if entries.keys() not in ({"step", "exp_avg", "exp_avg_sq"}, {"momentum_buffer"}):
            raise ValueError(f"an optimiser with {', '.join(entries):.100}")
        for key, tensor in entries.items():
            if tensor.shape != (torch.Size() if key == "step" else shapes[index]) or tensor.dtype != torch.float32:
                raise ValueError(f"an optimiser's {key} of shape {tuple(tensor.shape)}")


def _header(blob: bytes) -> dict[str, Any]:
    try:
        length = int.from_bytes(blob[:8], "little")
        state = json.loads(json.loads(blob[8 : 8 + length])["__metadata__"]["state"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeyframeError("the stored weights are damaged") from error
    if not isinstance(state, dict) or not {"step", "seconds", "feed", "spec"} <= state.keys():
        raise KeyframeError("the stored weights are damaged")
    if not isinstance(state["spec"], str):
        raise KeyframeError("the stored weights are damaged")
    return state


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _on_cpu(tensor: Tensor) -> Tensor:
    return torch.as_tensor(tensor).detach().to("cpu", copy=True).contiguous()
