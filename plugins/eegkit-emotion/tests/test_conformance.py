"""The data sets of this plugin keep eegkit's contract."""

import pytest

from eegkit import registry, testing

ENTRIES = [
    entry for entry in registry.entries("datasets") if entry.distribution == "eegkit-emotion"
]
OPTIONS = {
    "deap": {"subjects": [1, 2]},
    "emotion": {
        "subjects": ["deap/s01", "gameemo/S02", "seed_iv/S01"],
        "window_s": 1.0,
    },
    "gameemo": {"subjects": [1, 2]},
    "seed_iv": {"subjects": [2], "sessions": [1, 3], "window_s": 1.0},
}


def test_every_entry_is_found_and_tried():
    assert [entry.name for entry in ENTRIES] == list(OPTIONS)


@pytest.mark.parametrize("name", OPTIONS)
def test_contract(name, data):
    dataset = registry.get("datasets", name)(path=data, **OPTIONS[name])
    for check in testing.dataset_checks(dataset):
        check()
