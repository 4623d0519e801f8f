"""Convolutional networks between rows and images: shapes, layout, scale of the first weights, refusals, training."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from guiapp.data.source import Table
from guiapp.engine.models.convolution import ConvDecoder, ConvEncoder, Down, Up
from guiapp.engine.models.networks import from_data, to_data
from guiapp.engine.models.vae import VaeModel
from guiapp.engine.trainer import Trainer
from guiapp.parameters import edited
from guiapp.spec import Gan, Network, Optimiser, RunSpec, SpecError, Vae
from tests.engine import runs
from tests.everyday import everyday

SHAPES = [(28, 28), (29, 31, 3), (8, 8), (9, 8), (4, 7, 2), (64, 48, 3), (5, 5, 1)]


def network(*channels: int, **fields: object) -> Network:
    return Network(layers="convolutional", hidden=channels, **fields)  # type: ignore[arg-type]


def generator(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def images(shape: tuple[int, ...], count: int = 60) -> Table:
    """Smooth colourful pictures in [0, 1]: one blob each, whose place and colour are random."""
    rng = np.random.default_rng(4)
    height, width, channels = (*shape, 1)[:3]
    y, x = np.mgrid[0:height, 0:width]
    at = rng.random((count, 2)) * (height, width)
    blob = np.exp(-((y - at[:, :1, None]) ** 2 + (x - at[:, 1:, None]) ** 2) / (height * width / 20))
    pictures = blob[..., None] * rng.random((count, 1, 1, channels))  # (N, H, W, C)
    return replace(runs.table(pictures.reshape(count, -1), pictures.reshape(count, -1)[:20]), shape=shape)


def trainer(model: Vae | Gan, table: Table, batch: int = 16) -> Trainer:
    return Trainer(RunSpec(model=model, batch=batch, device="cpu"), table)


# --------------------------------------------------------------------------------------------------- shapes and layout


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("layers", [0, 1, 2])
def test_images_become_codes_and_codes_images(shape: tuple[int, ...], layers: int) -> None:
    hidden = (6, 5)[:layers]
    size = math.prod(shape)
    encoder = from_data(shape, 7, network(*hidden), generator())
    decoder = to_data(3, shape, network(*hidden[::-1]), generator())
    assert encoder(torch.rand(2, size)).shape == (2, 7)
    assert decoder(torch.rand(2, 3)).shape == (2, size)
    assert [type(module) for module in encoder][:-1] == [Down] * layers  # type: ignore[attr-defined]
    assert sum(isinstance(module, Up) for module in decoder) == layers


def test_layers_halve_and_double_the_image() -> None:
    encoder = ConvEncoder((29, 31, 3), 4, network(6, 5), generator())
    seen: list[tuple[int, ...]] = []
    for module in list(encoder)[:-1]:
        module.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape[1:])))
    encoder(torch.rand(1, 29 * 31 * 3))
    assert seen == [(6, 14, 15), (5, 7, 7)]
    decoder = ConvDecoder(4, (29, 31, 3), network(5, 6), generator())
    for module in list(decoder)[1:]:
        module.register_forward_hook(lambda _m, _i, out: seen.append(tuple(out.shape[1:])))
    decoder(torch.rand(1, 4))
    assert seen[2:] == [(6, 14, 15), (3, 29, 31)]


def test_rows_are_read_in_the_order_height_width_channel() -> None:
    """A filter that passes on the middle of channel 2 alone sees that channel's pixels where they are."""
    encoder = ConvEncoder((6, 8, 3), 1, network(1, activation="leaky relu"), generator())
    down = encoder[0]
    assert isinstance(down, Down)
    with torch.no_grad():
        down.weight.zero_()
        down.weight[0, 2, 1, 1] = 1.0  # padding 1 and stride 2: output (i, j) is pixel (2i, 2j)
    x = torch.rand(2, 6, 8, 3, generator=generator(1))
    seen: list[Tensor] = []
    down.register_forward_hook(lambda _m, _i, out: seen.append(out))
    encoder(x.reshape(2, -1))
    assert torch.allclose(seen[0][:, 0], x[:, ::2, ::2, 2])


def test_rows_are_written_in_the_order_height_width_channel() -> None:
    decoder = ConvDecoder(2, (6, 8, 3), network(4), generator())
    up = decoder[1]
    assert isinstance(up, Up)
    with torch.no_grad():
        up.weight.zero_()
        up.bias.copy_(torch.tensor([1.0, 2.0, 3.0]))  # type: ignore[union-attr]
    out = decoder(torch.rand(5, 2)).reshape(5, 6, 8, 3)
    assert torch.equal(out, torch.tensor([1.0, 2.0, 3.0]).expand(5, 6, 8, 3))


def test_the_encoder_takes_every_pixel_into_account_and_the_decoder_reaches_every_one() -> None:
    for shape in SHAPES:
        encoder = from_data(shape, 1, network(4, 4, activation="elu"), generator())
        x = torch.rand((1, math.prod(shape)), requires_grad=True)
        (slope,) = torch.autograd.grad(encoder(x).sum(), x)
        assert (slope != 0).all(), shape
        decoder = to_data(1, shape, network(4, 4, activation="elu"), generator())
        moved = decoder(torch.ones(1, 1)) - decoder(torch.zeros(1, 1))
        assert (moved != 0).all(), shape


def test_no_hidden_layer_is_a_linear_map() -> None:
    for net, inputs in (
        (from_data((4, 5), 3, network(), generator()), 20),
        (to_data(3, (4, 5), network(), generator()), 3),
    ):
        assert [type(module) for module in net] == [nn.Linear]  # type: ignore[attr-defined]
        a, b = torch.randn(2, 7, inputs, generator=generator(1))
        assert torch.allclose(net(a + b), net(a) + net(b), atol=1e-5)


@pytest.mark.parametrize(("norm", "kind"), [("batch", nn.BatchNorm2d), ("layer", nn.GroupNorm), ("none", type(None))])
def test_the_last_layer_is_neither_normalised_nor_bent(norm: str, kind: type) -> None:
    decoder = ConvDecoder(3, (12, 12), network(6, 5, norm=norm), generator())
    first, last = decoder[1], decoder[2]
    assert isinstance(first, Up)
    assert isinstance(last, Up)
    assert type(first.norm) is kind
    assert last.norm is None
    assert last.activation is None


# --------------------------------------------------------------------------------------------------- the first weights


def second_moments(stack: list[nn.Module], h: Tensor) -> list[float]:
    """E[h²] away from the border, where a filter sees zeros that are no inputs."""
    moments = []
    for module in stack:
        h = module(h)
        moments.append(h[..., 4:-4, 4:-4].square().mean().item())
    return moments


@pytest.mark.parametrize("kind", [Down, Up])
def test_he_keeps_the_second_moment_through_rectified_convolutions(kind: type[Down] | type[Up]) -> None:
    net, noise = network(64, activation="relu", init="he"), generator()
    stack: list[nn.Module] = [
        Down(64, 64, net, noise) if kind is Down else Up(64, 64, (0, 0), net, noise, last=False) for _ in range(3)
    ]
    side = 128 if kind is Down else 16
    moments = second_moments(stack, torch.randn(2, 64, side, side, generator=generator(1)))
    assert 0.6 < min(moments) <= max(moments) < 1.6


def test_he_of_a_linear_output_has_the_variance_of_its_input() -> None:
    up = Up(64, 32, (0, 0), network(64, init="he"), generator(), last=True)
    assert second_moments([up], torch.randn(2, 64, 32, 32, generator=generator(1)))[0] == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(("kind", "fan_in", "fan_out"), [(Down, 16 * 40, 4 * 60), (Up, 4 * 40, 16 * 60)])
@pytest.mark.parametrize("scheme", ["he", "glorot", "pytorch"])
def test_the_variance_of_the_first_weights(kind: type[Down] | type[Up], fan_in: int, fan_out: int, scheme: str) -> None:
    """A stride of 2 leaves each pixel of the larger image a quarter of the filter."""
    net = network(60, init=scheme)
    layer = Down(40, 60, net, generator()) if kind is Down else Up(40, 60, (0, 0), net, generator(), last=False)
    plain = nn.Conv2d(40, 60, 4) if kind is Down else nn.ConvTranspose2d(40, 60, 4)
    expected = {
        "he": 2 / fan_in,
        "glorot": 2 / (fan_in + fan_out),
        "pytorch": plain.weight.var().item(),
    }[scheme]
    assert layer.weight.var().item() == pytest.approx(expected, rel=0.03)


def test_glorot_neither_loses_nor_gains_through_a_decoder_and_its_way_back() -> None:
    """What is lost forwards is gained backwards: the product of both gains of a layer is 4·fan_in·fan_out /
    (fan_in + fan_out)², at most 1."""
    up = Up(64, 64, (0, 0), network(64, activation="tanh", init="glorot"), generator(), last=True)
    h = torch.randn(2, 64, 24, 24, generator=generator(1), requires_grad=True)
    out = up(h)
    (back,) = torch.autograd.grad(out, h, torch.randn(out.shape, generator=generator(2)))
    forwards, backwards = (t[..., 4:-4, 4:-4].square().mean().item() for t in (out.detach(), back))
    assert forwards == pytest.approx(2 * 4 / 20, rel=0.1)
    assert backwards == pytest.approx(2 * 16 / 20, rel=0.1)


def test_the_weights_come_from_the_generator_alone() -> None:
    for scheme in ("he", "glorot", "orthogonal", "pytorch"):
        one = to_data(3, (12, 12), network(6, 5, init=scheme), generator(5)).state_dict()
        torch.manual_seed(99)
        two, three = (to_data(3, (12, 12), network(6, 5, init=scheme), generator(s)).state_dict() for s in (5, 6))
        assert runs.equal(one, two)
        assert not runs.equal(one, three)


# ------------------------------------------------------------------------------------------------------------ refusals

CONV = network(4, 4)


@pytest.mark.parametrize(
    ("model", "remedy"),
    [
        (Vae(encoder=CONV), {"model.encoder.layers": "dense"}),
        (Vae(decoder=CONV), {"model.decoder.layers": "dense"}),
        (Vae(encoder=CONV, decoder=CONV), {"model.encoder.layers": "dense", "model.decoder.layers": "dense"}),
        (Gan(generator=CONV), {"model.generator.layers": "dense"}),
        (Gan(discriminator=CONV), {"model.discriminator.layers": "dense"}),
    ],
    ids=["encoder", "decoder", "both", "generator", "discriminator"],
)
@pytest.mark.parametrize("data", ["plane", "vectors"])
def test_plain_vectors_have_no_convolutions(model: Vae | Gan, remedy: dict[str, str], data: str) -> None:
    source = runs.source("moons") if data == "plane" else runs.table(np.random.default_rng(0).random((30, 6)))
    spec = RunSpec(model=model, device="cpu")
    if isinstance(model, Vae):
        spec = edited(spec, "model.likelihood", "gaussian")
    with pytest.raises(SpecError, match=r"^layers: convolutions need images.*; take 'dense' layers\.$") as refusal:
        Trainer(spec, source)
    assert dict(refusal.value.remedy) == remedy
    for path, new in remedy.items():
        spec = edited(spec, path, new)
    runs.train(Trainer(spec, source), 1)


@pytest.mark.parametrize(("shape", "most"), [((28, 28), 4), ((8, 31, 3), 3), ((4, 4), 2), ((5, 9), 2)])
def test_too_many_layers_are_refused_with_the_number_that_fits(shape: tuple[int, ...], most: int) -> None:
    table = images(shape)
    fits = Vae(encoder=network(*(4,) * most), decoder=network(*(4,) * most))
    runs.train(trainer(fits, table), 1)
    with pytest.raises(SpecError, match=f"^hidden layers: {most + 1} convolutions.*at most {most}, or 'dense'"):
        trainer(Vae(encoder=network(*(4,) * (most + 1)), decoder=network(4)), table)


# ------------------------------------------------------------------------------------------------------------ training


@pytest.mark.parametrize("shape", everyday([(12, 12), (13, 15, 3)], [(12, 12)]), ids=str)
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
def test_a_convolutional_vae_learns_pictures_in_their_own_layout(shape: tuple[int, ...], norm: str) -> None:
    table = images(shape)
    vae = Vae(
        encoder=network(8, 16, norm=norm),
        decoder=network(16, 8, norm=norm),
        latent=8,
        likelihood="gaussian",
        sigma=0.05,
        optimiser=Optimiser(lr=5e-3),
    )
    run = trainer(vae, table)
    runs.train(run, 300)
    assert isinstance(run.model, VaeModel)
    with run.quiet():
        x = run.feed.train[:20]
        out = run.model.decode(run.model.encode(x)[0])
    x, out = x.reshape(20, *shape), out.reshape(20, *shape)
    assert (x - out).square().mean() < 0.55 * x.var(0).mean(), "better than the mean picture"
    assert (x - out).square().mean() < 0.5 * (x - out.flip(2)).square().mean(), "and not mirrored"


@pytest.mark.parametrize("norm", everyday(["none", "batch", "layer"], ["none"]))
def test_a_convolutional_gan_moves_towards_the_data(norm: str) -> None:
    gan = Gan(generator=network(16, 8, norm=norm), discriminator=network(8, 16, norm=norm), noise=4)
    table = images((12, 12))
    run = trainer(gan, table)

    def distance() -> float:
        with run.quiet():
            made = run.model.decode(run.model.draw(200, generator(3)))  # type: ignore[union-attr]
        assert made.shape == (200, 144)
        assert ((made >= 0) & (made <= 1)).all()
        return (made.mean(0) - run.feed.train[:].mean(0)).square().mean().sqrt().item()

    before = distance()
    rows = runs.train(run, 200)
    assert np.isfinite(runs.column(run, rows, "d_loss")).all()
    assert distance() < 0.6 * before


def test_divergence_names_the_convolution() -> None:
    vae = Vae(encoder=network(4, 4), decoder=network(4, 4))
    for name, where in (
        ("encoder.1.weight", "output of encoder.1"),
        ("decoder.1.weight", "output of decoder.1"),
        ("decoder.0.weight", "output of decoder.0"),
    ):
        run = trainer(vae, images((12, 12)))
        parameters = dict(run.model.named_parameters())
        with torch.no_grad():
            parameters[name].fill_(3e38)
            parameters[name.replace("weight", "bias")].fill_(3e38)
        assert next(run.events()) == where
    run = trainer(vae, images((12, 12)))
    with torch.no_grad():
        dict(run.model.named_parameters())["encoder.0.weight"][0, 0, 0, 0] = math.nan
    assert next(run.events()) == "weights encoder.0.weight"
    run = trainer(vae, images((12, 12)))
    run.feed.train = torch.full_like(run.feed.train[:], math.nan)
    assert next(run.events()) == "input of encoder.0"
