"""The conformance tests of a plugin."""

import numpy as np
import pytest
from my_dataset import MyLab
from my_net import TinyNet
from my_transform import Gain

from eegkit import testing


@pytest.mark.parametrize("check", testing.classifier_checks(TinyNet), ids=str)
def test_net(check):
    check()


@pytest.mark.parametrize("check", testing.transform_checks(Gain), ids=str)
def test_transform(check):
    check()


def test_dataset(tmp_path):
    for i in (1, 2):
        trials = testing.example_trials(random_state=i)
        y = np.where(trials.y == "task", "blink", "still")
        np.savez(tmp_path / f"person{i}.npz", X=trials.X, y=y)
    testing.check_dataset(MyLab(path=tmp_path))
