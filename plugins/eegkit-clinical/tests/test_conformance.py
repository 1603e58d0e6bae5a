"""The data sets of this plugin keep eegkit's contract."""

import pytest

from eegkit import registry, testing

NAMES = [
    entry.name for entry in registry.entries("datasets") if entry.distribution == "eegkit-clinical"
]
CHECKS = [
    pytest.param(name, i, id=f"{name}-{check}")
    for name in NAMES
    for i, check in enumerate(testing.dataset_checks(registry.get("datasets", name)()))
]


def bonn(folder, request):
    write_segment = request.getfixturevalue("write_segment")
    for letter in "ZONFS":
        for number in (1, 2):
            write_segment(folder / "bonn" / letter, letter, number)
    return {}


PREPARED = {"bonn": bonn}


@pytest.fixture(scope="module")
def data_sets(tmp_path_factory, request):
    """Every data set of the plugin, over small files as published."""
    made = {}
    for name, prepare in PREPARED.items():
        folder = tmp_path_factory.mktemp(name)
        options = prepare(folder, request)
        made[name] = registry.get("datasets", name)(path=folder, **options)
    return made


def test_every_data_set_is_found():
    assert sorted(PREPARED) == NAMES


@pytest.mark.filterwarnings("ignore::eegkit.datasets.MissingDataWarning")
@pytest.mark.parametrize(("name", "i"), CHECKS)
def test_contract(name, i, data_sets):
    testing.dataset_checks(data_sets[name])[i]()
