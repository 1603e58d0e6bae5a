"""Amplitudes that are no microvolts, and trials unlike those of `fit`."""

import warnings

import numpy as np
import pytest
import scipy.signal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, Trials, evaluate, load, save
from eegkit.amplitude import AmplitudeWarning
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT, BandPower, Montage, Standardizer

PEOPLE = np.repeat(list("abcde"), 6)
Y = np.array(["rest", "task"] * 15)


def eeg(scale=1.0, seed=0):
    """Noise whose power falls as that of EEG, 10 microvolts large."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft(rng.normal(size=(30, 4, 256)))
    spectrum /= np.sqrt(np.maximum(np.arange(129), 1))
    X = np.fft.irfft(spectrum)
    return (scale * 10 * X / X.std()).astype(np.float32)


def trials(X):
    return Trials.from_arrays(X, Y, sfreq=128, subject=PEOPLE)


def decoder():
    return Pipeline([BandPower(), LogisticRegression(max_iter=1000)])


def told(call, *args, **options):
    """The warnings about amplitudes of a call."""
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", AmplitudeWarning)
        call(*args, **options)
    return [str(record.message) for record in records]


@pytest.mark.parametrize(
    ("scale", "unit"),
    [
        (1e-6, "volts; multiply by 1e6"),
        (1e-3, "millivolts; multiply by 1e3"),
        (1e3, "nanovolts; multiply by 1e-3"),
    ],
)
def test_another_unit_is_told_once(scale, unit):
    whole, one = trials(eeg(scale)), eeg()
    one[PEOPLE == "c"] *= np.float32(scale)
    for data, start in ((whole, "X has"), (trials(one), "The trials of c (1 of 5) have")):
        for call in (decoder().fit, STFT(nperseg=64).fit):
            (text,) = told(call, data.X, data.y)
            assert text.startswith(start)
            assert text.endswith(f"looks like {unit}.")
        (text,) = told(evaluate, decoder(), data, cv="loso")
        assert start in text
        assert unit in text


def test_one_recording_of_a_person():
    X = eeg()
    runs = np.tile(["1", "1", "2"], 10)
    X[(PEOPLE == "b") & (runs == "2")] *= np.float32(1e-6)
    data = Trials.from_arrays(X, Y, sfreq=128, subject=PEOPLE, run=runs)
    (text,) = told(evaluate, decoder(), data, cv="loso")
    assert "The trials of b run 2 (1 of 10)" in text


def test_what_is_no_other_unit_is_silent():
    loud = eeg()
    loud[PEOPLE == "a"] *= 8
    standard = (eeg() / 10).astype(np.float32)
    for X in (eeg(), loud, standard, np.zeros((30, 4, 256), np.float32)):
        assert not told(decoder().fit, trials(X).X, Y)


def fitted_net():
    return CNNBiGRU(**CNNBiGRU.conformance_params() | {"max_epochs": 1, "random_state": 0})


@pytest.mark.parametrize(
    "pipeline",
    [
        decoder(),
        Pipeline([Standardizer(), Montage(), STFT(nperseg=64), fitted_net()]),
    ],
    ids=["band power", "net"],
)
def test_trials_of_another_unit_are_told_once_a_call(pipeline, tmp_path):
    pipeline = clone(pipeline)
    assert not told(pipeline.fit, trials(eeg()).X, Y)
    save(pipeline, tmp_path / "decoder.eegkit")
    for model in (pipeline, load(tmp_path / "decoder.eegkit")):
        for call in (model.predict, model.predict_proba):
            assert not told(call, eeg(seed=1))
            assert not told(call, eeg(3.0, seed=1)[:1])
            (text,) = told(call, eeg(1e-6, seed=1))
            assert "amplitude is 1e-06 times theirs" in text
        assert len(told(model.score, eeg(1e-6), Y)) == 1
    assert not hasattr(clone(pipeline), "training_profile_")


@pytest.mark.parametrize("edges", [(8, 30), (4, 45), (1, 20)])
def test_trials_through_another_filter(edges):
    model = decoder().fit(trials(eeg()).X, Y)
    sections = scipy.signal.butter(4, edges, "bandpass", output="sos", fs=128)
    (text,) = told(model.predict, scipy.signal.sosfiltfilt(sections, eeg(seed=1)))
    assert "as of another filter or rig" in text
    assert "Hz is" in text


def test_trials_with_an_offset_or_artefacts_in_some_are_like_the_others():
    model = decoder().fit(trials(eeg()).X, Y)
    X = eeg(seed=1)
    X[:10] *= 100
    assert not told(model.predict, X + np.float32(20_000))


@pytest.mark.parametrize("listed", [False, True])
def test_epochs_are_looked_at_as_arrays_are(listed):
    epochs = trials(eeg()).to_epochs()
    model = decoder().fit([epochs[i] for i in range(30)] if listed else epochs, Y)
    assert model.input_shape_ == (4, 256)
    assert model.sfreq_ == 128
    for other, n_told in ((trials(eeg(seed=1)), 0), (trials(eeg(1e-3, seed=1)), 1)):
        assert len(told(model.predict, other.to_epochs())) == n_told
    np.testing.assert_array_equal(model.predict(epochs), model.predict(trials(eeg()).X))


def test_numbers_as_objects_are_looked_at_as_numbers_are():
    model = decoder().fit(trials(eeg()).X, Y)
    X = eeg(seed=1)
    np.testing.assert_array_equal(model.predict(X.astype(object)), model.predict(X))
    (text,) = told(model.predict, (1e-6 * X).astype(object))
    assert "amplitude is 1e-06 times theirs" in text
    with_text = X.astype(object)
    with_text[0, 0, 0] = "artefact"
    with pytest.raises(ValueError, match=r"not all numbers \(.*'artefact'\); expected"):
        model.predict(with_text)


def test_a_first_step_from_elsewhere_is_given_the_epochs_themselves():
    class Kinds(FunctionTransformer):
        def fit(self, X, y=None):
            self.kind_ = type(X).__name__
            return self

        def transform(self, X):
            return X.get_data().mean(axis=2)

    model = Pipeline([Kinds(), LogisticRegression()]).fit(trials(eeg()).to_epochs(), Y)
    assert model[0].kind_ == "EpochsArray"
