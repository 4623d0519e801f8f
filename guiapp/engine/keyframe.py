"""A run at one moment, complete: what it takes to go on from there bit for bit, as safetensors (never a pickle)."""

from __future__ import annotations

import json
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from guiapp.engine.trainer import Trainer
from guiapp.spec import RunSpec, from_json, to_json


class KeyframeError(Exception):
    """What is stored is no keyframe, or one of another model."""


def pack(trainer: Trainer) -> bytes:
    """`model/NAME`: every tensor of the model, buffers included; `optimiser/PLAYER/I/KEY`: the optimisers' state;
    `rng/…` and `feed/order`: the random streams and the order of the current epoch. In the header, under "state", as
    JSON: step, seconds, the numbers of the feed, and the spec with all edits so far."""
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
    return safetensors.torch.save(tensors, {"state": json.dumps(state)})


def spec_of(blob: bytes) -> RunSpec:
    """The spec of the run at the keyframe, edits included.

    Raises:
        KeyframeError: `blob` is no keyframe. SpecError: its spec cannot be.
    """
    return from_json(_header(blob)["spec"])


def restore(trainer: Trainer, blob: bytes) -> None:
    """Put `trainer`, built from `spec_of(blob)`, where the keyframe was taken.

    Raises:
        KeyframeError: `blob` is no keyframe, or of a model with other tensors; `trainer` is then of no use.
    """
    state = _header(blob)
    try:
        tensors = safetensors.torch.load(blob)
        trainer.model.load_state_dict(_below("model/", tensors))
        for name, player in trainer.objective.players.items():
            found: dict[int, dict[str, Tensor]] = {}
            for key, tensor in _below(f"optimiser/{name}/", tensors).items():
                index, _, entry = key.partition("/")
                found.setdefault(int(index), {})[entry] = tensor
            groups = player.optimiser.state_dict()["param_groups"]
            player.optimiser.load_state_dict({"state": found, "param_groups": groups})
        trainer.feed.restore(state["feed"], _below("feed/", tensors))
        trainer.objective.noise.set_state(tensors["rng/noise"])
        trainer.step, trainer.seconds = int(state["step"]), float(state["seconds"])
    except (safetensors.SafetensorError, KeyError, IndexError, RuntimeError, TypeError, ValueError) as error:
        raise KeyframeError(f"the stored weights do not fit the model ({error})") from error


def _header(blob: bytes) -> dict[str, Any]:
    try:
        length = int.from_bytes(blob[:8], "little")
        state = json.loads(json.loads(blob[8 : 8 + length])["__metadata__"]["state"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise KeyframeError("the stored weights are damaged") from error
    if not isinstance(state, dict) or not {"step", "seconds", "feed", "spec"} <= state.keys():
        raise KeyframeError("the stored weights are damaged")
    return state


def _below(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _on_cpu(tensor: Tensor) -> Tensor:
    return torch.as_tensor(tensor).detach().to("cpu", copy=True).contiguous()
