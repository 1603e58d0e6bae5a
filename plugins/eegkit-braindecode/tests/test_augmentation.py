"""braindecode's transforms as the augmentation of a net of the core."""

import numpy as np
from braindecode.augmentation import Compose, FTSurrogate, GaussianNoise
from eegkit_braindecode import BraindecodeClassifier

from eegkit.testing import example_trials


def test_braindecodes_transforms_augment_repeatably():
    trials = example_trials()
    params = BraindecodeClassifier.conformance_params() | {"max_epochs": 3, "random_state": 0}

    def fit(augment=None):
        net = BraindecodeClassifier(**params, augment=augment, augment_ratio=1)
        return net.fit(trials.X, trials.y).predict_proba(trials.X)

    before = np.random.get_state()[1].copy()  # noqa: NPY002
    augment = Compose([GaussianNoise(1.0, std=0.1), FTSurrogate(0.5)])
    first, second = fit(augment), fit(augment)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert (first != fit()).any()
