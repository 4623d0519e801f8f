import pytest

from guiapp import presets
from guiapp.data import DATASET_NAMES
from guiapp.parameters import differences, parameters
from guiapp.spec import RunSpec, SpecError


@pytest.mark.parametrize("name", presets.NAMES)
def test_every_preset_loads_and_names_data_that_exist(name):
    preset = presets.load(name)
    assert preset.title
    assert preset.about.endswith((".", "?"))
    assert preset.spec.data.name in DATASET_NAMES
    assert parameters(preset.spec)


def test_the_default_preset_is_the_default_run():
    assert differences(presets.load(presets.DEFAULT).spec, RunSpec()) == {}


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(SpecError, match="gan-ring"):
        presets.load("nonsense")


@pytest.mark.parametrize("text", ["", "{", '{"title": "x"}', '{"title":"x","about":"y","spec":{"batch":0}}', "\xff"])
def test_a_broken_preset_is_named(tmp_path, text):
    path = tmp_path / "mine.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(SpecError, match=r"mine\.json"):
        presets.read(path)


def test_a_missing_preset_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"none\.json cannot be read"):
        presets.read(tmp_path / "none.json")
