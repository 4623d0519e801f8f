"""The training loop as a generator: one iteration per `next()`; its consumer owns time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Generator

from guiapp import fitting
from guiapp import spec as specs
from guiapp.data.loading import open_data
from guiapp.data.source import Source
from guiapp.engine import device as devices
from guiapp.engine.diagnosis import first_non_finite
from guiapp.engine.feed import Feed
from guiapp.engine.gan_objective import GanObjective
from guiapp.engine.layer_statistics import LayerStatistics
from guiapp.engine.models import memory
from guiapp.engine.models.gan import GanModel
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.objectives import Objective
from guiapp.engine.player import NonFiniteError
from guiapp.engine.player import Player as Parameters
from guiapp.engine.vae_objective import HELDOUT_SEED, VaeObjective
from guiapp.messages import Player
from guiapp.parameters import edited, flat, value
from guiapp.spec import RunSpec, SpecError

BLOCK = 1024  # rows kept on the device between two flushes


class Trainer:
    """A model in training.

    The same spec and the same edits at the same steps give bit-equal weights on a CPU. Every draw comes from streams
    seeded by `spec.seed`: weights, order of the data, noise; the pictures have streams of their own.

    Attributes:
        spec: with the edits so far. step: iterations done. seconds: spent in them. names: of the columns of `flush()`.
        player: who moves in the next iteration: "both", or "d" or "g" of a GAN.

    Raises:
        DataError: the data cannot be used. SpecError: the parameters do not fit the data or this machine.
    """

    def __init__(self, spec: RunSpec, source: Source | None = None) -> None:
        self.spec = spec
        self.source = source or open_data(spec.data)
        self.device = devices.choose(spec.device, self.source.dim)
        self.feed = Feed(self.source, spec.seed, self.device)
        self._check(spec)
        self.model, self.objective = self._build()
        self.statistics = LayerStatistics(self.model, self.objective, spec.seed)
        tensors = self.statistics.tensors
        self.names = (
            "steps_per_s",
            *self.objective.terms,
            *(f"grad/{name}" for name in tensors),
            *(f"update/{name}" for name in tensors),
            *self.statistics.names,
        )
        self.tensors = tuple(
            (name, tuple(tensor.shape))
            for player in self.objective.players.values()
            for name, tensor in zip(player.names, player.parameters, strict=True)
        )
        self.step, self.seconds = 0, 0.0
        self.player: Player = "both"
        self._block = torch.empty((BLOCK, len(self.names)), device=self.device)
        self._fill = 0
        self._full: list[npt.NDArray[np.float32]] = []
        self._told: list[int] | slice = slice(None)  # the columns of `names`

    def tell_only(self, names: tuple[str, ...]) -> None:
        """From now on, only the columns `names`, some of those so far: a run that an older version began goes on with
        the columns it has."""
        self._told = [self.names.index(name) for name in names]
        self.names = names

    def _build(self) -> tuple[VaeModel | GanModel, Objective]:
        model, feed, seed = self.spec.model, self.feed, self.spec.seed
        shape = tuple(self.source.shape)
        weights = Generator().manual_seed(seed)  # on the CPU, so that a seed means the same on every device
        noise = Generator(self.device).manual_seed(seed + 2)
        if isinstance(model, specs.Vae):
            if model.likelihood == "bernoulli" and not feed.bounded:
                raise SpecError(
                    f"likelihood: Bernoulli needs values in [0, 1], and {self.source.title} has others; "
                    "choose 'gaussian', or the scaling 'unit' for a file.",
                    {"model.likelihood": "gaussian"},
                )
            vae = VaeModel(model, shape, weights).to(self.device)
            player = Parameters(vae.named_parameters(), model.optimiser)
            return vae, VaeObjective(vae, model, feed, noise, seed, player)
        gan = GanModel(model, shape, feed.bounded, weights).to(self.device)
        return gan, GanObjective(gan, model, feed, noise, seed)

    def _check(self, spec: RunSpec) -> None:
        """Raises SpecError where parameters do not go together or do not fit the data, a step takes more memory than
        there is, or a batch would be one datum, which has no variance to normalise by."""
        model = spec.model
        if isinstance(model, specs.Vae):
            fitting.check(model)
            networks = {"encoder": model.encoder, "decoder": model.decoder}
        else:
            fitting.check_game(model, len(self.feed.train) if self.feed.is_table else None)
            networks = {"generator": model.generator, "discriminator": model.discriminator}
        self._check_layers(networks)
        batch = min(spec.batch, len(self.feed.train)) if self.feed.is_table else spec.batch
        if batch < 2 and any(network.hidden and network.norm == "batch" for network in networks.values()):
            raise SpecError(
                f"batch size: {batch} datum a step cannot be normalised over the batch; take at least 2, or another "
                "normalisation."
            )
        memory.check(spec, tuple(self.source.shape), batch, self.device)

    def _check_layers(self, networks: Mapping[str, specs.Network]) -> None:
        """Raises SpecError where convolutions do not fit the data; its remedy is dense layers everywhere."""
        convolutional = {name: network for name, network in networks.items() if network.layers == "convolutional"}
        try:
            for network in convolutional.values():
                fitting.sizes_of(fitting.image(tuple(self.source.shape)), len(network.hidden))
        except SpecError as error:
            raise SpecError(str(error), {f"model.{name}.layers": "dense" for name in convolutional}) from None

    @property
    def capabilities(self) -> frozenset[str]:
        return self.model.capabilities | ({"plane"} if self.feed.is_plane else set())

    def events(self) -> Iterator[str | None]:
        """Train: each `next()` does one iteration and gives None; or, when a value was not finite, the name of the
        first such tensor. The update in question is not applied and the step not counted; the next `next()` tries
        again with the next batch, for a smaller learning rate may have been set."""
        averages = list(self.model.buffers())  # of batch normalisation
        kept = [buffer.clone() for buffer in averages]
        while True:
            began = perf_counter()
            for copy, buffer in zip(kept, averages, strict=True):
                copy.copy_(buffer)
            try:
                row = self.objective.iterate(self.spec.model, self.spec.batch, self.player, self.step + 1)
            except NonFiniteError:
                name = first_non_finite(self.model, self.objective.replay, self.objective.players.values())
                for copy, buffer in zip(kept, averages, strict=True):
                    buffer.copy_(copy)  # one NaN would stay in a running average for ever
                yield name
                continue
            self.step += 1
            row.append(self.statistics.read(self.spec.model, self.spec.batch, self.step))
            target = self._block[self._fill]
            torch.cat(row, out=target[1:])
            spent = perf_counter() - began
            self.seconds += spent
            target[0] = 1 / spent
            self._fill += 1
            if self._fill == BLOCK:
                self._full.append(self._taken())
            yield None

    def flush(self) -> npt.NDArray[np.float32]:
        """The rows (t, S) of all steps since the last flush."""
        parts = [*self._full, self._taken()]
        self._full = []
        return np.concatenate(parts)[:, self._told]

    def _taken(self) -> npt.NDArray[np.float32]:
        rows: npt.NDArray[np.float32] = self._block[: self._fill].to("cpu", copy=True).numpy()
        self._fill = 0
        return rows

    def edit(self, path: str, new: Any) -> tuple[Any, Any]:
        """Set the live parameter at `path`; gives its old and new value.

        Raises:
            SpecError: no such parameter, not live, or out of its range.
        """
        old, found = value(self.spec, path), flat(self.spec).get(path)
        if found is None or not found.live:
            title = found.title if found else "This"
            raise SpecError(f"{title} ({path}) cannot change while training; it takes effect on restart.")
        spec = edited(self.spec, path, new)
        self._check(spec)
        self.spec = spec
        model = self.spec.model
        if isinstance(model, specs.Vae):
            self.objective.players["vae"].set_rate(model.optimiser.lr)
        else:
            self.objective.players["d"].set_rate(model.d_optimiser.lr)
            self.objective.players["g"].set_rate(model.g_optimiser.lr)
        return old, value(self.spec, path)

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Look without touching: evaluation mode, no gradients; the mode is put back as found."""
        training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.model.train(training)

    def heldout(self) -> Mapping[str, float]:
        """The loss terms on the held-out data, with noise of its own."""
        with self.quiet():
            generator = Generator(self.device).manual_seed(self.spec.seed + HELDOUT_SEED)
            return self.objective.evaluate(self.spec.model, self.feed.heldout, generator)

    def weights(self) -> dict[str, torch.Tensor]:
        """Every tensor of the model by name, buffers included, on the CPU."""
        return {name: t.detach().to("cpu", copy=True).contiguous() for name, t in self.model.state_dict().items()}


def last_values(names: tuple[str, ...], rows: npt.NDArray[np.float32]) -> dict[str, float | None]:
    """The last finite value of every column of `rows` (T, S) by name; None where there is none."""
    result: dict[str, float | None] = {}
    for i, name in enumerate(names):
        finite = rows[np.isfinite(rows[:, i]), i]
        result[name] = float(finite[-1]) if len(finite) else None
    return result
