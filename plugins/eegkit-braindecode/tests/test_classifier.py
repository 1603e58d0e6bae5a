import pickle
import subprocess
import sys

import numpy as np
import pytest
from eegkit_braindecode import BraindecodeClassifier
from sklearn.model_selection import GridSearchCV

import eegkit
from eegkit.testing import classifier_checks, example_trials


@pytest.fixture
def trials():
    return example_trials(n_times=640)


@pytest.mark.parametrize("model", ["ATCNet", "EEGConformer", "ShallowFBCSPNet", "EEGNet"])
def test_models_fit_pickle_and_fit_again(trials, model):
    net = BraindecodeClassifier(model=model, max_epochs=1, random_state=0)
    net.fit(trials.X, trials.y)
    again = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(again.predict_proba(trials.X), net.predict_proba(trials.X))
    assert net.fit(trials.X[:, :2], trials.y).predict(trials.X[:, :2]).shape == (13,)


def test_atcnet_is_explained():
    net = BraindecodeClassifier(model="ATCNet", model_params={"n_windows": 2})
    (check,) = (c for c in classifier_checks(net) if c.name == "explanation")
    check()


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
        ({"model": "EEGConfromer"}, "no model 'EEGConfromer'; did you mean 'EEGConformer'"),
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


def test_several_heads_are_no_features(trials):
    net = BraindecodeClassifier(model="ATCNet", max_epochs=1, random_state=0)
    with pytest.raises(ValueError, match="ATCNet does not end in one"):
        net.fit(trials.X, trials.y).transform(trials.X)


def test_braindecode_waits_for_its_first_use():
    script = "import eegkit_braindecode, sys; assert 'braindecode' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_saved_net_without_this_plugin(trials, tmp_path, monkeypatch):
    net = BraindecodeClassifier(**BraindecodeClassifier.conformance_params())
    net.set_params(max_epochs=1).fit(trials.X, trials.y)
    eegkit.save(net, tmp_path / "net")
    monkeypatch.setenv("EEGKIT_NO_PLUGINS", "1")
    message = r"'braindecode'.*not installed here.*pip install eegkit-braindecode"
    with pytest.raises(ValueError, match=message):
        eegkit.load(tmp_path / "net")
