"""Files in the layout of BNCI2014_001, and MOABB's settings kept away from the user's own."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.io import savemat

N_RUNS, N_CHANNELS, SFREQ = 2, 25, 250
CLASSES = ["left hand", "right hand", "feet", "tongue"]
ONSETS = np.array([100, 1900, 3700, 5500])  # of the trials; the first sample is number 1
FOLDER = "MNE-bnci-data/~bci/database/001-2014"


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """No settings, an empty home, and nothing from a mirror."""
    home = tmp_path_factory.mktemp("home")
    for key in list(os.environ):
        if key.startswith("MNE_DATA") or key in ("EEGKIT_DATA", "EEGKIT_CACHE"):
            monkeypatch.delenv(key)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("_MNE_FAKE_HOME_DIR", str(home))
    monkeypatch.setenv("MOABB_DOWNLOAD_PROVIDER", "upstream")
    return home


def write_session(path, rng):
    """One file as published: a run of eye movements without trials, then runs with them."""
    empty = np.zeros((0,), dtype=np.uint16)
    runs = [{"X": rng.normal(0, 20, (500, N_CHANNELS)), "trial": empty, "y": empty}]
    for _ in range(N_RUNS):
        X = rng.normal(0, 20, (7200, N_CHANNELS))
        runs.append({"X": X, "trial": ONSETS.astype(np.uint16), "y": rng.permutation(4) + 1})
    cells = np.empty(len(runs), dtype=object)
    for i, run in enumerate(runs):
        known = {"fs": SFREQ, "classes": np.array(CLASSES, dtype=object), "gender": "female"}
        cells[i] = run | known | {"artifacts": np.zeros(len(run["y"])), "age": 22}
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"data": cells})
    return runs[1:]


@pytest.fixture(scope="session")
def bnci(tmp_path_factory):
    """A folder with people 1 and 3 of BNCI2014_001, and what was written."""
    folder = tmp_path_factory.mktemp("moabb")
    rng = np.random.default_rng(0)
    written = {
        (person, session): write_session(folder / FOLDER / f"A{person:02d}{session}.mat", rng)
        for person in (1, 3)
        for session in ("T", "E")
    }
    return SimpleNamespace(folder=folder, written=written)
