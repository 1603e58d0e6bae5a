"""The data sets of this plugin keep eegkit's contract."""

import numpy as np
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


def chb_mit(folder, request):
    write_edf = request.getfixturevalue("write_edf")
    channels = registry.get("datasets", "chb_mit").channels
    for case in (3, 5):
        home = folder / "chbmit" / f"chb{case:02d}"
        signals = np.random.default_rng(case).normal(0, 30, (len(channels), 60 * 256))
        write_edf(home / f"{home.name}_01.edf", channels, signals)
        (home / f"{home.name}-summary.txt").write_text(
            f"File Name: {home.name}_01.edf\nNumber of Seizures in File: 1\n"
            "Seizure Start Time: 40 seconds\nSeizure End Time: 52 seconds\n"
        )
    minutes = {"preictal": 0.2, "horizon": 0.05, "postictal": 0.05, "distance": 0.3}
    return {"window_s": 2.0, **minutes}


def hms(folder, request):
    one = [(0, [0, 0, 3, 0, 1, 0])]
    more = [(0, [2, 1, 0, 0, 0, 0]), (4, [0, 0, 0, 0, 0, 12])]
    request.getfixturevalue("write_hms")(folder, [(411, 42, 50, one), (5, 17, 54, more)])
    return {"windows": "all"}


PREPARED = {"bonn": bonn, "chb_mit": chb_mit, "hms": hms}


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
