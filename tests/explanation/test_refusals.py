"""What `explain` refuses, each in a sentence."""

import builtins
from pathlib import Path

import mne
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from eegkit import ParameterError, Pipeline, explain
from eegkit.classifiers import CNNBiGRU
from eegkit.testing import example_trials
from eegkit.transforms import STFT, BandPower, SubjectStandardizer


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "salliency"}, "did you mean 'saliency'"),
        ({"n_step": 3}, "no option 'n_step'; did you mean 'n_steps'"),
        ({"n_steps": 0}, "n_steps is 0; expected a whole number of at least 1"),
        ({"n_steps": 2.5}, "n_steps is 2.5; expected a whole number"),
        ({"method": "smoothgrad", "noise": "big"}, "noise is 'big'; expected a number of at lea"),
        ({"method": "smoothgrad", "random_state": -1}, "random_state is -1; expected a whole num"),
        ({"method": "occlusion", "bands": {"mu": 8}}, "bands is {'mu': 8}; expected a mapping to"),
        ({"method": "occlusion", "window_s": "1"}, "window_s is '1'; expected a number above 0"),
        ({"target": "tusk"}, "target is 'tusk', which is no class of the decoder; did you mean"),
        ({"target": "true", "y": ["rest", "other"] * 6}, "'other'.* not trained on"),
        ({"space": "time"}, "space is 'time'; expected 'input'"),
        ({"layer": "cnn"}, "only 'gradcam' reads a layer"),
        ({"baseline": "median"}, "baseline is 'median'; expected 'zero', 'mean'"),
        ({"baseline": np.zeros(3)}, r"baseline is of shape \(3,\); expected .* trial's shape"),
        ({"max_memory_mb": -1}, "max_memory_mb is -1"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(options, message, decoder, trials):
    y = options.pop("y", trials.y)
    with pytest.raises(ParameterError, match=message):
        explain(decoder, trials.X, y, **options)


def test_true_needs_labels(decoder, trials):
    with pytest.raises(ParameterError, match="y is None: give the trials' labels"):
        explain(decoder, trials.X, target="true")
    assert (explain(decoder, trials, method="saliency", target="true").targets == trials.y).all()


def test_labels_of_another_length_are_refused(decoder, trials):
    with pytest.raises(ValueError, match=r"y has shape \(3,\); expected one label for each of 12"):
        explain(decoder, trials.X, trials.y[:3], method="saliency")


def test_input_is_refused_as_predict_refuses_it(decoder, trials):
    for bad in (np.full_like(trials.X, np.nan), trials.X[:, :2], trials.X[..., :-1]):
        with pytest.raises(ValueError) as by_predict:  # noqa: PT011, the text is compared
            decoder.predict(bad)
        with pytest.raises(ValueError) as by_explain:  # noqa: PT011
            explain(decoder, bad)
        assert str(by_explain.value) == str(by_predict.value)


def test_what_was_not_fitted_is_refused(trials):
    with pytest.raises(NotFittedError):
        explain(CNNBiGRU(), trials.X)


def test_a_decoder_of_one_class_is_refused(features):
    X, _ = features
    decoder = DummyClassifier().fit(X, ["rest"] * len(X))
    with pytest.raises(ValueError, match="knows one class only, rest"):
        explain(decoder, X, method="occlusion")


def test_a_decoder_without_gradients_is_sent_to_occlusion(trials):
    decoder = Pipeline([BandPower(), LogisticRegression()]).fit(trials.X, trials.y)
    with pytest.raises(ParameterError, match=r"LogisticRegression is none; method='occlusion'"):
        explain(decoder, trials)


def test_a_decoder_without_probabilities_is_refused(trials):
    decoder = Pipeline([BandPower(), LinearSVC()]).fit(trials.X, trials.y)
    with pytest.raises(ValueError, match="has no predict_proba"):
        explain(decoder, trials)


def test_a_step_without_gradient_is_named_where_raw_trials_are_explained():
    trials = example_trials(18)
    net = CNNBiGRU(n_filters=(2,), hidden_size=4, max_epochs=1, random_state=0)
    stft = STFT(window_s=0.25)
    steps = [SubjectStandardizer(access="transductive"), stft, net]
    decoder = Pipeline(steps).fit(trials.X, trials.y)
    with pytest.raises(ParameterError, match="since SubjectStandardizer has none"):
        explain(decoder, trials, space="raw")
    assert explain(decoder, trials, method="saliency").axes == ("channel", "freq", "frame")


def test_without_captum_a_sentence_says_what_to_install(decoder, trials, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("captum"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"not installed: (uv )?pip install 'eegkit\[explain\]'"):
        explain(decoder, trials)


@pytest.mark.parametrize("name", ["new.edf", Path("new.edf")])
def test_the_name_of_a_recording_is_no_trials(name, decoder):
    message = r"X is 'new\.edf', the name of a file; .*recordings_for\(decoder\)\.read\('new\.edf"
    with pytest.raises(ValueError, match=message):
        explain(decoder, name)
    with pytest.raises(ValueError, match=message):
        decoder.predict(name)


def test_a_recording_is_no_trials(decoder):
    raw = mne.io.RawArray(np.zeros((2, 100)), mne.create_info(2, 100, "eeg"), verbose="error")
    with pytest.raises(ValueError, match=r"X is a whole recording; .*\.read\(raw\)\[0\]"):
        explain(decoder, raw)


def test_one_trial_alone_is_refused(decoder, trials):
    with pytest.raises(ValueError, match=r"which is one trial; .*trials\.X\[:1\]"):
        decoder.predict(trials.X[0])
