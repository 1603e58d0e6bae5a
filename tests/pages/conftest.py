"""What the blocks of the pages run in: a folder of their own, little data, an epoch of training."""

import copy
import os

import joblib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import eegkit
from eegkit.classifiers import CNNBiGRU
from eegkit.classifiers._engine import Net
from eegkit.datasets import MentalArithmetic
from eegkit.explanation.gradients import integrated_gradients

# Where a page does not ask for more.
FEW_PEOPLE = {
    "simulated": {"n_subjects": 6, "n_trials": 16},
    "mental_arithmetic": {"subjects": range(6)},
}


LABELS = """file,label,subject,onset,duration
anna/day1.edf,rest,anna,0,60
anna/day1.edf,task,anna,60,60
bert/day1.edf,rest,bert,0,60
"""


@pytest.fixture
def recordings(tmp_path, write_edf):
    """The folder and the table of the guide, and a recording of somebody else."""
    signals = np.random.default_rng(0).normal(0, 20, (3, 120 * 128))
    for name in ("recordings/anna/day1.edf", "recordings/bert/day1.edf", "carla.edf"):
        write_edf(tmp_path / name, ["C3", "Cz", "C4"], signals, 128)
    (tmp_path / "labels.csv").write_text(LABELS)


@pytest.fixture
def small_scale(tmp_path, monkeypatch, recordings):
    """Few people where a page asks for no number, small nets, and one epoch for each."""
    load, load_recordings = eegkit.load_dataset, MentalArithmetic.load
    build, train = CNNBiGRU.build_module, Net.train

    def load_few(name, **options):
        return load(name, **FEW_PEOPLE.get(name, {}) | options)

    def load_every_third(dataset):
        trials = load_recordings(dataset)
        few = trials[::3]
        few.source = trials.source
        return few

    def build_narrow(net, *shape):
        narrow = copy.copy(net)
        narrow.n_filters, narrow.hidden_size = (4, 4, 4), 8
        return build(narrow, *shape)

    def train_shortly(net, data, valid, n_epochs, save=None):
        return train(net, data, valid, min(n_epochs, len(net.history) + 1), save)

    monkeypatch.setattr(eegkit, "load_dataset", load_few)
    monkeypatch.setattr(MentalArithmetic, "load", load_every_third)
    monkeypatch.setitem(integrated_gradients.__kwdefaults__, "n_steps", 8)
    monkeypatch.setattr(CNNBiGRU, "build_module", build_narrow)
    monkeypatch.setattr(Net, "train", train_shortly)
    monkeypatch.setenv("EEGKIT_DATA", os.environ.get("EEGKIT_TEST_DATA", str(tmp_path)))
    monkeypatch.chdir(tmp_path)
    with joblib.parallel_config("sequential"):
        yield
    plt.close("all")
