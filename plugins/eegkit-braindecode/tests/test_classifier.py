import sys

import numpy as np
import pytest
from eegkit_braindecode import BraindecodeClassifier
from sklearn.model_selection import GridSearchCV

from eegkit.testing import example_trials


@pytest.fixture
def trials():
    return example_trials(n_times=640)


@pytest.mark.parametrize("model", ["ATCNet", "EEGConformer", "ShallowFBCSPNet", "EEGNet"])
def test_models_fit_pickle_and_fit_again(trials, model):
    import pickle

    net = BraindecodeClassifier(model=model, max_epochs=1, random_state=0)
    net.fit(trials.X, trials.y)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(trials.X), net.predict_proba(trials.X))
    assert net.fit(trials.X[:, :2], trials.y).predict(trials.X[:, :2]).shape == (13,)


def test_grid_search_over_a_model_and_its_parameters(trials):
    grid = {"model_params": [{"F1": 4}, {"F1": 8}], "lr": [1e-3, 1e-2]}
    net = BraindecodeClassifier(model="EEGNet", max_epochs=1)
    search = GridSearchCV(net, grid, cv=2, error_score="raise").fit(trials.X, trials.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_channel_positions_come_from_their_names(trials):
    # DGCNN builds its graph from positions: without names it cannot be made.
    net = BraindecodeClassifier(model="DGCNN", max_epochs=1).fit(trials.X, trials.y)
    assert net.predict(trials.X).shape == trials.y.shape
    with pytest.raises(ValueError, match=r"DGCNN refuses trials.*chs_info"):
        BraindecodeClassifier(model="DGCNN").fit(np.asarray(trials.X), trials.y)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"model": "EEGConfromer"}, "no model 'EEGConfromer'. Did you mean EEGConformer"),
        ({"model": "EEGNet", "model_params": {"F7": 1}}, "EEGNet has no parameter F7"),
        ({"model": "EMG2QwertyNet"}, "EMG2QwertyNet refuses trials of 3 channels x 640"),
    ],
)
def test_what_braindecode_refuses(trials, params, message):
    with pytest.raises(ValueError, match=message):
        BraindecodeClassifier(**params).fit(trials.X, trials.y)


def test_one_sentence_when_braindecode_cannot_be_imported(trials, monkeypatch):
    monkeypatch.setitem(sys.modules, "braindecode.models", None)
    with pytest.raises(ImportError, match="needs braindecode, which could not be imported"):
        BraindecodeClassifier().fit(trials.X, trials.y)
