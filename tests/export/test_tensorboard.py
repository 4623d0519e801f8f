import io
import sys

import numpy as np
import pytest
from PIL import Image

from guiapp.export import tensorboard
from guiapp.export.target import ExportError
from guiapp.export.tensorboard import kept, tag, write_tensorboard
from guiapp.run_file import read_run, read_summary
from guiapp.spec import to_json
from tests.engine import runs
from tests.export.stored import EDIT, LAST, made, quiet, recorded


def accumulated(folder):
    """What TensorBoard itself reads."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder), {"scalars": 0, "tensors": 0, "images": 0})
    found.Reload()
    return found


def texts(found, name):
    return [(event.step, event.tensor_proto.string_val[0].decode()) for event in found.Tensors(f"{name}/text_summary")]


@pytest.fixture
def stored(tmp_path):
    recorded(tmp_path / "run.elbo", runs.vae())
    return read_run(tmp_path / "run.elbo")


def test_tensorboard_reads_every_value(stored, tmp_path):
    (folder,) = write_tensorboard(stored, tmp_path / "board", quiet)
    found = accumulated(folder)
    known = {name: np.flatnonzero(~np.isnan(stored.rows[:, i])) for i, name in enumerate(stored.names)}
    assert set(found.Tags()["scalars"]) == {tag(name) for name, steps in known.items() if len(steps)}
    for i, (name, steps) in enumerate(known.items()):
        if len(steps):
            events = found.Scalars(tag(name))
            assert [event.step for event in events] == (steps + 1).tolist()
            np.testing.assert_array_equal(np.float32([event.value for event in events]), stored.rows[steps, i])


def test_spec_edits_and_the_picture_are_there(stored, tmp_path):
    (folder,) = write_tensorboard(stored, tmp_path / "board", quiet)
    found = accumulated(folder)
    assert to_json(stored.spec).decode() in texts(found, "spec")[0][1]
    assert texts(found, "events") == [(0, "start"), (EDIT, "edit: batch from 16 to 8")]
    picture = found.Images("generated")[0]
    assert picture.step == LAST
    with (
        Image.open(io.BytesIO(picture.encoded_image_string)) as shown,
        Image.open(io.BytesIO(read_summary(stored.path).thumbnail)) as thumbnail,
    ):
        np.testing.assert_array_equal(np.asarray(shown.convert("L")), np.asarray(thumbnail.convert("L")))


def test_wall_times_are_those_of_training(stored, tmp_path):
    from datetime import datetime

    (folder,) = write_tensorboard(stored, tmp_path / "board", quiet)
    times = [event.wall_time for event in accumulated(folder).Scalars("loss/loss")]
    begun = datetime.fromisoformat(stored.meta["created"]).timestamp()
    np.testing.assert_allclose(np.diff([begun, *times]), 1 / stored.rows[:, 0].astype(float), rtol=1e-3, atol=1e-6)


def test_tags_are_grouped():
    assert tag("reconstruction") == "loss/reconstruction"
    assert tag("grad/encoder.0.weight") == "grad/encoder.0.weight"
    assert tag("d_acc_fake") == "discriminator/d_acc_fake"
    assert tag("steps_per_s") == "speed/steps_per_s"


def test_points_in_the_plane_lie_on_white(tmp_path):
    recorded(tmp_path / "gan.elbo", runs.gan(), "ring")
    stored = read_run(tmp_path / "gan.elbo")
    (folder,) = write_tensorboard(stored, tmp_path / "board", quiet)
    with Image.open(io.BytesIO(accumulated(folder).Images("generated")[0].encoded_image_string)) as picture:
        assert picture.mode == "RGB"
        assert picture.getpixel((0, 0)) == (255, 255, 255)


def test_of_a_long_run_the_extremes_are_kept(monkeypatch):
    monkeypatch.setattr(tensorboard, "LIMIT", 800)
    rows = np.random.default_rng(0).normal(size=(5000, 4)).astype(np.float32)
    rows[1234, 2], rows[4321, 2], rows[:, 3] = 90, -90, np.nan
    rows[77:3000, 1] = np.nan
    mask = np.zeros(rows.shape, bool)
    for i, wanted in kept(rows):
        mask[i] = wanted
    assert tensorboard.is_thinned(made(rows))
    assert mask.sum(0).tolist()[2:] == [2 * 100, 0]
    assert mask.sum() <= 800
    assert mask[1234, 2]
    assert mask[4321, 2]
    assert not mask[77:3000, 1].any()
    for start in range(0, 5000, 50):
        part = rows[start : start + 50, 0]
        assert set(part[mask[start : start + 50, 0]]) == {part.min(), part.max()}


def test_of_a_short_run_all_that_is_not_nan_is_kept():
    rows = np.random.default_rng(0).normal(size=(9000, 3)).astype(np.float32)
    rows[4000:4100], rows[5, 1] = np.nan, np.nan
    found = dict(kept(rows))
    assert list(found) == [i for i in range(9000) if not 4000 <= i < 4100]
    assert found[5].tolist() == [True, False, True]


def test_a_folder_that_holds_something_is_left_alone(stored, tmp_path):
    (folder,) = write_tensorboard(stored, tmp_path / "board", quiet)
    before = sorted(folder.iterdir())
    with pytest.raises(ExportError, match="not empty"):
        list(write_tensorboard(stored, folder, quiet))
    assert sorted(folder.iterdir()) == before


def test_an_empty_folder_is_filled_and_no_part_stays(stored, tmp_path):
    folder, part = tmp_path / "board", tmp_path / "board.part"
    folder.mkdir()
    part.mkdir()
    (part / "events.out.tfevents.1.left.behind").touch()  # by an export that was killed
    list(write_tensorboard(stored, folder, quiet))
    assert [file.name.startswith("events.out.tfevents.") for file in folder.iterdir()] == [True]
    assert not part.exists()


def test_what_is_in_the_way_is_not_removed(stored, tmp_path):
    part = tmp_path / "board.part"
    part.mkdir()
    (part / "precious").touch()
    with pytest.raises(OSError, match="not empty"):
        list(write_tensorboard(stored, tmp_path / "board", quiet))
    assert (part / "precious").exists()


def test_a_failure_leaves_nothing(stored, tmp_path):
    def fail(fraction):
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        list(write_tensorboard(stored, tmp_path / "board", fail))
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.elbo"]


def test_without_tensorboard_it_says_what_to_install(stored, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(ExportError, match=r"pip install 'elboscope\[tensorboard\]', or export CSV\.$"):
        list(write_tensorboard(stored, tmp_path / "board", quiet))
