"""
A plugin in one file
====================

A net of your own joins eegkit by one line of its package, its entry point: no file of eegkit is
edited. Here the whole plugin is one module. On simulated people (no download) it is found by its
name, tested by the kit for plugins, and scored beside a net that was there.
"""

# %%
# The module
# ----------
# `~eegkit.NeuralClassifier` brings training, early stopping, seeds and saving. A net says what it
# reads, what its parameters are, and how its torch module is made.

import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

folder = Path(tempfile.mkdtemp())
source = '''
from eegkit import NeuralClassifier
from eegkit.parameters import Count
from torch import nn


class TinyNet(NeuralClassifier):
    """Two convolutions, over time and over channels, and a linear layer."""

    input_kind = "raw"
    n_filters: Count = 16

    def build_module(self, input_shape, n_classes):
        return TinyModule(input_shape[0], self.n_filters, n_classes)

    @classmethod
    def conformance_params(cls):  # with these it learns what the tests give it, in seconds
        return {"max_epochs": 20, "lr": 0.05}


class TinyModule(nn.Module):
    def __init__(self, n_channels, n_filters, n_classes):
        super().__init__()
        self.over_time = nn.Conv1d(n_channels, n_channels, 25, padding="same", groups=n_channels)
        self.over_channels = nn.Conv1d(n_channels, n_filters, 1, bias=False)
        self.norm = nn.BatchNorm1d(n_filters)
        self.head = nn.Linear(n_filters, n_classes)

    def forward(self, x):  # (n_trials, n_channels, n_times)
        x = self.norm(self.over_channels(self.over_time(x)))
        return self.head(nn.functional.elu(x).mean(-1))
'''
(folder / "eegkit_tiny.py").write_text(source)

# %%
# Its entry point, and its test
# -----------------------------
# The ``pyproject.toml`` of a package has it in two lines::
#
#     [project.entry-points."eegkit.classifiers"]
#     tiny_net = "eegkit_tiny:TinyNet"
#
# and ``pip install .`` copies them to a folder beside the module. To leave your environment as it
# is, this page writes that folder by itself. ``eegkit new-plugin eegkit-tiny --kind classifier``
# writes a package with all of it, its test and its licence.
#
# Labels of every kind, seeds, stopping and resuming, saving, what is refused: the whole test of a
# plugin is one call of the kit. On the command line it is ``eegkit check tiny_net``.

from eegkit import registry
from eegkit.testing import check_classifier

installed = folder / "eegkit_tiny-0.1.dist-info"
installed.mkdir()
(installed / "METADATA").write_text("Metadata-Version: 2.1\nName: eegkit-tiny\nVersion: 0.1\n")
(installed / "entry_points.txt").write_text(
    "[eegkit.classifiers]\ntiny_net = eegkit_tiny:TinyNet\n"
)
sys.path.insert(0, str(folder))

TinyNet = registry.get("classifiers", "tiny_net")
passed = check_classifier(TinyNet)
print(len(passed), "checks passed, such as:", ", ".join(passed[:4]))

entries = [entry for entry in registry.entries("classifiers") if "tiny" in entry.name]
pd.DataFrame(entries)

# %%
# Scored on people it has not seen
# --------------------------------
# From here on it is a net like any other. The one beside it and a simple baseline see the same
# trials.

from eegkit import Pipeline, evaluate, load_dataset
from eegkit.evaluation import baselines
from eegkit.plots import ScoresDisplay
from eegkit.transforms import Standardizer

trials = load_dataset("simulated", n_subjects=8, n_trials=40, channels=["C3", "Cz", "C4"])
pipelines = {
    "tiny_net": Pipeline([Standardizer(), TinyNet(max_epochs=30)]),
    "eegnet": Pipeline([Standardizer(), registry.get("classifiers", "eegnet")(max_epochs=30)]),
    "band_power+lr": baselines()["band_power+lr"],
}
results = evaluate(pipelines, trials, cv="group-4", random_state=0)
ScoresDisplay.from_results(results)
plt.show()

# %%

results.summary()
