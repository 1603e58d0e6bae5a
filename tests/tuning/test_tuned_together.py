"""A search whose nets train at once finds what it finds one by one."""

import numpy as np
from torch import nn

from eegkit import NeuralClassifier
from eegkit.testing import example_trials
from eegkit.tuning import TunedClassifier


class SmallNet(NeuralClassifier):
    """A convolution and a linear layer."""

    fits_in_threads = True

    def build_module(self, input_shape, n_classes):
        conv = nn.Conv1d(input_shape[0], 4, 7)
        return nn.Sequential(
            conv, nn.ELU(), nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(16, n_classes)
        )


def search(together, **options):
    net = SmallNet(max_epochs=2, batch_size=8, random_state=0, device="cpu")
    space = {"lr": [1e-3, 1e-2, 3e-2], "weight_decay": [0.0, 0.1]}
    options = {"sampler": "grid", "pruner": None, "n_trials": 6} | options
    return TunedClassifier(net, space, cv="group-3", random_state=0, together=together, **options)


def check_alike(joint_sizes, **options):
    trials = example_trials(48)
    X = trials.X / 20
    alone = search(False, **options).fit(X, trials.y)
    assert not joint_sizes
    others = search("auto", **options).fit(X, trials.y)
    columns = ["trial", "state", "score", "n_fits", "lr", "weight_decay"]
    first, second = (model.trials_[columns] for model in (alone, others))
    assert first.drop(columns="score").equals(second.drop(columns="score"))
    np.testing.assert_allclose(second["score"], first["score"], atol=1e-6)
    assert others.best_params_ == alone.best_params_
    np.testing.assert_array_equal(others.predict_proba(X), alone.predict_proba(X))


def test_settings_of_a_grid_and_their_folds(joint_sizes):
    check_alike(joint_sizes)
    assert max(joint_sizes) == 18


def test_folds_of_settings_that_follow_from_others(joint_sizes):
    check_alike(joint_sizes, sampler="tpe", n_trials=3)
    assert set(joint_sizes) == {3}


def test_settings_that_may_be_stopped_train_one_by_one(joint_sizes):
    check_alike(joint_sizes, pruner="people")
    assert not joint_sizes


def test_a_setting_that_fails_is_the_only_one(joint_sizes):
    trials = example_trials(48)
    model = search("auto", sampler="grid")
    model.space = {"lr": [1e-3, 1e38]}
    model.decoder.set_params(optimizer="sgd")
    table = model.fit(trials.X, trials.y).trials_
    assert table["state"].tolist() == ["whole", "failed"]
    assert table["n_fits"].tolist() == [3, 1]
    assert max(joint_sizes) == 6
