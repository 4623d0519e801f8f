import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file

from guiapp.engine.resume import standing_at
from guiapp.export.target import ExportError
from guiapp.export.weights import network, settled, weights_at, write_onnx, write_safetensors, write_torchscript
from guiapp.run_file import RunFileError, read_run
from guiapp.spec import Network, from_json
from tests.engine import runs
from tests.export.stored import KEYFRAME, LAST, quiet, recorded

EVERYTHING = Network(hidden=(12, 12, 12), activation="gelu", norm="batch", skip=True)
LAYERED = Network(hidden=(9,), activation="leaky relu", norm="layer")
CONVOLUTIONAL = Network(layers="convolutional", hidden=(6, 4), norm="batch")
MAXOUT = Network(hidden=(9, 9), activation="maxout", norm="batch", init="normal, 0.02")
FILTERS = Network(layers="convolutional", hidden=(4, 3), activation="maxout", norm="batch")
MODELS = {
    "vae": (runs.vae(), "digits"),
    "vae-batch": (runs.vae(EVERYTHING, latent=3), "digits"),
    "vae-sigma": (runs.vae(Network(hidden=()), likelihood="gaussian, learned σ"), "ring"),
    "vae-images": (runs.vae(CONVOLUTIONAL, likelihood="gaussian, optimal σ"), "digits"),
    "gan": (runs.gan(EVERYTHING, noise=5, noise_law="uniform"), "ring"),
    "gan-images": (runs.gan(LAYERED), "digits"),  # in [0, 1], so that a sigmoid ends it
    "gan-convolutional": (runs.gan(CONVOLUTIONAL, noise=3), "digits"),
    "gan-spectral": (runs.gan(MAXOUT, spectral=True), "ring"),
    "gan-packs": (runs.gan(MAXOUT, packing=3, averaging=0.5, objective="hinge"), "ring"),
    "gan-everything": (runs.gan(FILTERS, spectral=True, packing=3, averaging=0.5, objective="Wasserstein"), "digits"),
    "gan-drawn": (runs.gan(LAYERED, objective="least squares", r1=1.0), "drawn"),
    "vae-maxout": (runs.vae(FILTERS), "digits"),
}


@pytest.fixture(params=MODELS)
def run(request, tmp_path):
    """The run file and its trainer, in evaluation mode at the last step."""
    model, data = MODELS[request.param]
    trainer = recorded(tmp_path / "run.elbo", model, data)
    trainer.model.eval()
    return tmp_path / "run.elbo", trainer


def wanted(trainer, count):
    """Inputs and outputs by method, as the trainer's own model has them: the witness."""
    model, rng = trainer.model, torch.Generator().manual_seed(0)
    x = torch.rand(count, trainer.feed.dim, generator=rng)
    with torch.no_grad():
        if hasattr(model, "encode"):
            z = torch.randn(count, model.latent, generator=rng)
            return {"encode": (x, model.encode(x)), "decode": (z, (model.decode(z),))}
        z = torch.randn(count, model.noise, generator=rng)
        a = model.logit(x)
        probable = trainer.spec.model.objective in ("minimax", "non-saturating")
        return {"generate": (z, (model.decode(z),)), "discriminate": (x, (torch.sigmoid(a) if probable else a,))}


def close(found, expected):
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(np.asarray(one), other.numpy(), rtol=1e-6, atol=1e-6)


def test_safetensors_hold_the_models_tensors_alone(run, tmp_path):
    path, trainer = run
    (file,) = write_safetensors(weights_at(path, None), tmp_path / "a.safetensors", quiet)
    assert runs.equal(load_file(file), trainer.weights())
    with safe_open(file, "pt") as opened:
        note = opened.metadata()
    assert from_json(note["spec"]) == trainer.spec
    assert note["step"] == str(LAST)
    objective = getattr(trainer.spec.model, "objective", None)
    told = {"minimax": "probability", "non-saturating": "probability", None: None}
    assert note.get("D") == told.get(objective, "critic")


@pytest.mark.slow
def test_torchscript_gives_the_same_outputs(run, tmp_path):
    path, trainer = run
    (file,) = write_torchscript(weights_at(path, None), tmp_path / "a.pt", quiet)
    extra = {"spec": "", "step": ""}
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        script = torch.jit.load(file, _extra_files=extra)
    with torch.no_grad():
        for method, (given, expected) in wanted(trainer, 7).items():
            found = getattr(script, method)(given)
            close(found if isinstance(found, tuple) else (found,), expected)
        if hasattr(script, "encode"):
            x = torch.rand(3, trainer.feed.dim)
            close((script(x),), (trainer.model.decode(trainer.model.encode(x)[0]),))
        else:
            z = torch.randn(3, trainer.model.noise)
            close((script(z),), (trainer.model.decode(z),))
    assert from_json(extra["spec"]) == trainer.spec
    trained = {name for name, _ in trainer.model.named_parameters() if not name.startswith("average.")}
    plain = {name.replace(".parametrizations.weight.original", ".weight") for name in trained}
    assert dict(script.named_parameters()).keys() == plain


@pytest.mark.slow
def test_onnx_gives_the_same_outputs_for_batches_of_any_size(run, tmp_path):
    path, trainer = run
    same_in_onnx(path, trainer, tmp_path)


ONE = {"convolutional": runs.gan(CONVOLUTIONAL), "options": runs.gan(LAYERED, spectral=True, packing=2, averaging=0.5)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ONE)
def test_onnx_of_one_model(tmp_path, name):
    trainer = recorded(tmp_path / "run.elbo", ONE[name])
    trainer.model.eval()
    same_in_onnx(tmp_path / "run.elbo", trainer, tmp_path)


def same_in_onnx(path, trainer, folder):
    import onnx
    from onnx.reference import ReferenceEvaluator

    files = list(write_onnx(weights_at(path, None), folder / "a.b.onnx", quiet))
    names = ("encoder", "decoder") if hasattr(trainer.model, "encode") else ("generator", "discriminator")
    assert files == [folder / f"a.b.{name}.onnx" for name in names]
    for count in (1, 7):
        for file, (given, expected) in zip(files, wanted(trainer, count).values(), strict=True):
            evaluator = ReferenceEvaluator(str(file))
            close(evaluator.run(None, {evaluator.input_names[0]: given.numpy()}), expected)
    model = onnx.load(files[0])
    note = {entry.key: entry.value for entry in model.metadata_props}
    onnx.checker.check_model(model, full_check=True)
    assert from_json(note["spec"]) == trainer.spec
    assert not list(folder.glob("*.part*"))


def test_a_step_chooses_the_newest_keyframe_up_to_it(tmp_path):
    path = tmp_path / "run.elbo"
    recorded(path, runs.vae())
    for step, found in ((None, LAST), (LAST, LAST), (LAST - 1, KEYFRAME), (KEYFRAME, KEYFRAME)):
        assert weights_at(path, step).step == found
    past = standing_at(read_run(path), KEYFRAME)
    assert runs.equal(weights_at(path, KEYFRAME + 1).tensors, past.weights())
    assert weights_at(path, KEYFRAME).spec.batch == 16  # the edit came after
    with pytest.raises(RunFileError, match="no weights at or before step 5"):
        weights_at(path, KEYFRAME - 1)


def test_convolutions_of_odd_sides_and_colours(tmp_path):
    """(N, 7, 9, 3): rows are in the order (H, W, C) on both sides, which no shape of a tensor tells."""
    data = tmp_path / "mine.npy"
    np.save(data, np.random.default_rng(0).random((50, 7, 9, 3), np.float32))
    trainer = recorded_of_file(tmp_path / "vae.elbo", runs.vae(CONVOLUTIONAL), data)
    data.unlink()
    trainer.model.eval()
    weights = weights_at(tmp_path / "vae.elbo", None)
    assert weights.shape == (7, 9, 3)
    (file,) = write_torchscript(weights, tmp_path / "a.pt", quiet)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        script = torch.jit.load(file)
    with torch.no_grad():
        for method, (given, expected) in wanted(trainer, 5).items():
            found = getattr(script, method)(given)
            close(found if isinstance(found, tuple) else (found,), expected)


def test_a_keyframe_of_old_without_a_shape_is_one_of_dense_layers(tmp_path, monkeypatch):
    for name, model in (("vae", runs.vae()), ("gan", runs.gan())):
        trainer = recorded(tmp_path / f"{name}.elbo", model)
        monkeypatch.setattr("guiapp.export.weights.shape_of", lambda blob: ())
        weights = weights_at(tmp_path / f"{name}.elbo", None)
        assert weights.shape == (64,)
        assert runs.equal(network(weights).state_dict(), trainer.weights())
        del weights.tensors["encoder.0.weight" if name == "vae" else "discriminator.0.weight"]
        with pytest.raises(RunFileError, match="do not fit"):
            network(weights)


def test_spectral_weights_are_exported_as_they_are_used(tmp_path):
    """Whatever the layers, the largest singular value of each weight is 1, as near as the power iteration has come."""
    trainer = recorded(tmp_path / "run.elbo", runs.gan(MAXOUT, spectral=True), "ring")
    weights = weights_at(tmp_path / "run.elbo", None)
    tensors = settled(weights).state_dict()
    assert not [name for name in tensors if "parametrizations" in name]
    for i in range(3):
        weight = tensors[f"discriminator.{i}.weight"]
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.3)
        assert not torch.equal(weight, trainer.weights()[f"discriminator.{i}.parametrizations.weight.original"])
    assert runs.equal(network(weights).state_dict(), trainer.weights())


def test_the_average_is_the_generator_that_is_exported(tmp_path):
    trainer = recorded(tmp_path / "run.elbo", runs.gan(averaging=0.9), "ring")
    tensors, trained = settled(weights_at(tmp_path / "run.elbo", None)).state_dict(), trainer.weights()
    assert not [name for name in tensors if name.startswith("average")]
    for name in ("0.weight", "1.bias", "2.weight"):
        assert torch.equal(tensors[f"generator.{name}"], trained[f"average.{name}"])
        assert not torch.equal(tensors[f"generator.{name}"], trained[f"generator.{name}"])


def test_weights_of_another_form_are_refused(tmp_path):
    recorded(tmp_path / "run.elbo", runs.vae())
    weights = weights_at(tmp_path / "run.elbo", None)
    del weights.tensors["encoder.1.bias"]
    with pytest.raises(RunFileError, match="do not fit"):
        network(weights)
    weights.tensors.clear()
    with pytest.raises(RunFileError, match="do not fit"):
        network(weights)


def test_without_its_data_a_vae_is_whole_and_a_gan_is_not(tmp_path):
    data = tmp_path / "mine.npy"
    np.save(data, np.random.default_rng(0).random((50, 6), np.float32))
    for name, model in (("vae", runs.vae()), ("gan", runs.gan())):
        recorded_of_file(tmp_path / f"{name}.elbo", model, data)
    data.unlink()
    assert len(list(write_torchscript(weights_at(tmp_path / "vae.elbo", None), tmp_path / "a.pt", quiet))) == 1
    gan = weights_at(tmp_path / "gan.elbo", None)
    with pytest.raises(ExportError, match=r"mine\.npy.*or export safetensors"):
        list(write_torchscript(gan, tmp_path / "b.pt", quiet))
    assert len(list(write_safetensors(gan, tmp_path / "b.safetensors", quiet))) == 1


def recorded_of_file(path: Path, model, data: Path):
    from guiapp.engine.recorder import Recorder
    from guiapp.engine.trainer import Trainer
    from guiapp.spec import Data, RunSpec

    trainer = Trainer(RunSpec(data=Data(name="file", path=str(data)), model=model, batch=8, device="cpu"))
    recorder = Recorder(path, trainer)
    recorder.add(runs.train(trainer, 2))
    recorder.close()
    return trainer


def test_onnx_without_its_packages_says_what_to_install(tmp_path, monkeypatch):
    recorded(tmp_path / "run.elbo", runs.vae())
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ExportError, match=r"pip install 'elboscope\[onnx\]', or export TorchScript"):
        list(write_onnx(weights_at(tmp_path / "run.elbo", None), tmp_path / "a.onnx", quiet))
