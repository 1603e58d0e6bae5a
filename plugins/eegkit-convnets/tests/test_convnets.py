"""The nets of this plugin keep eegkit's contract and their papers' numbers."""

import pytest
import torch
from eegkit_convnets import EEGNet, EEGNetModule
from sklearn.model_selection import GridSearchCV

from eegkit import testing


@pytest.mark.parametrize("check", testing.classifier_checks(EEGNet), ids=str)
def test_contract(check):
    check()


@pytest.mark.parametrize(
    ("shape", "n_classes", "n_parameters"),
    [((22, 1000), 4, 3444), ((64, 128), 2, 2258)],
)
def test_number_of_parameters(shape, n_classes, n_parameters):
    # Counted by the layers of table 2 of Lawhern et al. (2018).
    C, T = shape
    filters = 8 * 64 + 2 * 8 + 16 * C + 2 * 16 + 16 * 16 + 16 * 16 + 2 * 16
    assert filters + 16 * (T // 32) * n_classes + n_classes == n_parameters
    module = EEGNetModule(shape, n_classes)
    assert sum(p.numel() for p in module.parameters()) == n_parameters


def test_grid_search_over_architecture_and_training():
    trials = testing.example_trials()
    grid = {"F1": [2, 4], "batch_size": [4, 8]}
    search = GridSearchCV(EEGNet(max_epochs=1), grid, cv=2, error_score="raise")
    search.fit(trials.X, trials.y)
    assert search.predict(trials.X).shape == trials.y.shape


def test_norms_are_held():
    module = EEGNetModule((22, 256), 4)
    with torch.no_grad():
        module.spatial[0].parametrizations.weight.original.mul_(100)
        module.head.parametrizations.weight.original.mul_(100)
    assert module.spatial[0].weight.flatten(1).norm(dim=1).max() <= 1 + 1e-5
    assert module.head.weight.norm(dim=1).max() <= 0.25 + 1e-5


def test_same_padding_keeps_the_samples():
    module = EEGNetModule((3, 100), 2)
    assert module.temporal(torch.zeros(1, 1, 3, 100)).shape == (1, 8, 3, 100)
