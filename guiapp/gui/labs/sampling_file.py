"""Networks of the lab of ancestral sampling as JSON files: {"format": ..., "nodes": [...], "places", "evidence"}."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from guiapp.gui.labs.sampling_compute import Params, Place, validated
from guiapp.theory.bayesian_network import Node

FORMAT: Final = "elboscope network 1"
LARGEST: Final = 1_000_000  # bytes


class NetworkFileError(ValueError):
    """One sentence that names the file and what is wrong with it."""


class _Stored(Struct, frozen=True, forbid_unknown_fields=True):
    format: Literal["elboscope network 1"]
    nodes: tuple[Node, ...]
    places: dict[str, Place] = {}
    evidence: dict[str, str | float] = {}


def save(params: Params, path: Path) -> None:
    """Write the network of `params` to `path`. Raises NetworkFileError."""
    stored = _Stored(FORMAT, params.nodes, params.places, params.evidence)
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(stored), indent=2) + b"\n")
    except OSError as error:
        raise NetworkFileError(f"{path.name} could not be written: {error.strerror or error}.") from error


def read(path: Path, params: Params) -> Params:
    """`params` with the network in `path`. Raises NetworkFileError: it cannot be read, is too large, is no JSON or no
    network, or is one that cannot be."""
    try:
        if path.stat().st_size > LARGEST:
            raise NetworkFileError(f"{path.name} is too large for a network: over {LARGEST // 1_000_000} MB.")
        stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
        fresh = {"nodes": stored.nodes, "places": stored.places, "evidence": stored.evidence}
        return validated(msgspec.structs.replace(params, **fresh, chosen="", state="", step=0))
    except OSError as error:
        raise NetworkFileError(f"{path.name} could not be read: {error.strerror or error}.") from error
    except msgspec.ValidationError as error:
        raise NetworkFileError(f"{path.name} is no network of this lab: {error}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NetworkFileError(f"{path.name} is no JSON file: {error}.") from error
    except NetworkFileError:
        raise
    except ValueError as error:
        raise NetworkFileError(f"{path.name}: {error}") from error
