import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from pyarrow import float32, int64, parquet  # here, since it starts a thread for good

from guiapp.export.curves import events_csv, shortest, write_csv, write_parquet
from guiapp.export.target import ExportError
from guiapp.run_file import Event, read_run
from guiapp.spec import from_json
from tests.engine import runs
from tests.export.stored import LAST, made, quiet, recorded

EVENTS = (
    Event(0, "start", {}),
    Event(3, "edit", {"path": "model.beta", "old": 1.0, "new": 4.0}),
    Event(5, "step", {"player": "d"}),
    Event(9, "diverged", {"tensor": "loss, of all"}),
)


def finite(count):
    """float32 of every size: random bits, and what training gives."""
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, count, np.uint32).view(np.float32)
    usual = np.exp(rng.normal(-2, 4, count)).astype(np.float32)
    whole = np.arange(-1000, 1000, dtype=np.float32)
    return np.concatenate([bits[np.isfinite(bits)], usual, -usual, whole, whole / 10, [0.0, -0.0]]).astype(np.float32)


def test_the_decimals_are_the_shortest_ones():
    values = finite(20_000)
    witness = np.array([float(str(value)) for value in values])
    np.testing.assert_array_equal(shortest(values), witness)


def test_the_limits_of_float32_survive():
    limits = np.finfo(np.float32)
    powers = 2.0 ** np.arange(-149, 128)
    values = np.concatenate([powers, [limits.max, limits.min, limits.tiny, limits.smallest_subnormal]])
    np.testing.assert_array_equal(shortest(values.astype(np.float32)).astype(np.float32), values.astype(np.float32))


def test_csv_read_by_numpy_holds_the_same_numbers(tmp_path):
    rows = finite(30_000)[:60_000].reshape(-1, 30)
    rows[5, 3] = np.nan
    rows[7] = np.nan
    rows[9, :2] = np.inf, -np.inf
    path, events = write_csv(made(rows), tmp_path / "a.csv", quiet)
    read = np.genfromtxt(path, delimiter=",", skip_header=1)
    np.testing.assert_array_equal(read[:, 0], np.arange(1, len(rows) + 1))
    np.testing.assert_array_equal(read[:, 1:].astype(np.float32), rows)
    assert events == tmp_path / "a.events.csv"
    assert {entry.name for entry in tmp_path.iterdir()} == {"a.csv", "a.events.csv"}


def test_csv_for_people(tmp_path):
    rows = np.array([[0.1, np.nan], [1 / 3, -1e-20], [np.nan, 100]], np.float32)
    path, _ = write_csv(made(rows, ("loss", "kl")), tmp_path / "a.csv", quiet)
    assert path.read_text() == "step,loss,kl\n1,0.1,\n2,0.33333334,-1e-20\n3,,100.0\n"


def test_blocks_meet_without_a_gap(tmp_path, monkeypatch):
    monkeypatch.setattr("guiapp.export.curves.BLOCK", 7)
    told = []
    path, _ = write_csv(made(np.arange(20.0).reshape(10, 2)), tmp_path / "a.csv", told.append)
    assert [line.split(",")[0] for line in path.read_text().splitlines()[1:]] == [str(n) for n in range(1, 11)]
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_run_without_a_step_is_a_header(tmp_path):
    path, _ = write_csv(made(np.empty((0, 2)), ("loss", "kl")), tmp_path / "a.csv", quiet)
    assert path.read_text() == "step,loss,kl\n"


def test_events_tell_what_changed():
    table = list(csv.reader(events_csv(EVENTS).splitlines()))
    assert table == [
        ["step", "kind", "path", "old", "new"],
        ["0", "start", "", "", ""],
        ["3", "edit", "model.beta", "1.0", "4.0"],
        ["5", "step", "d", "", ""],
        ["9", "diverged", "loss, of all", "", ""],
    ]


def test_parquet_holds_curves_spec_and_events(tmp_path):
    recorded(tmp_path / "run.elbo", runs.gan(d_steps=0), "ring")  # so that D's columns hold no value
    stored = read_run(tmp_path / "run.elbo")
    (path,) = write_parquet(stored, tmp_path / "a.parquet", quiet)
    table = parquet.read_table(path)
    assert table.column_names == ["step", *stored.names]
    assert table.schema.types == [int64(), *[float32()] * len(stored.names)]
    assert table["step"].to_pylist() == list(range(1, LAST + 1))
    read = np.stack([table[name].to_numpy() for name in stored.names], axis=1)
    np.testing.assert_array_equal(read, stored.rows)
    assert table["d_loss"].null_count == LAST
    assert from_json(table.schema.metadata[b"spec"]) == stored.spec
    assert [event["kind"] for event in json.loads(table.schema.metadata[b"events"])] == ["start", "edit"]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'elboscope\[parquet\]', or export CSV\.$"):
        list(write_parquet(made(np.ones((2, 2))), tmp_path / "a.parquet", quiet))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ExportError, match="the packaged program does not hold; export CSV"):
        list(write_parquet(made(np.ones((2, 2))), tmp_path / "a.parquet", quiet))
    assert not list(tmp_path.iterdir())


def test_curves_and_code_need_no_torch():
    program = "import sys, guiapp.export.curves, guiapp.export.code; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
