"""Occlusion hides what it says, for nets and for decoders without gradients."""

import captum.attr
import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import nn

from eegkit import ParameterError, Pipeline, SignalArray, explain
from eegkit.decoders import mental_workload, slow_potentials
from eegkit.testing import example_trials
from eegkit.transforms import BandPower, SubjectStandardizer


@pytest.fixture(scope="module")
def baseline(trials):
    """Band power and logistic regression; the classes differ in 20 Hz at C3."""
    steps = [BandPower(), StandardScaler(), LogisticRegression()]
    return Pipeline(steps).fit(trials.X, trials.y)


def without(trials, decoder, X):
    codes = decoder.predict_proba(trials.X).argmax(1)
    rows = np.arange(len(codes))
    return decoder.predict_proba(trials.X)[rows, codes] - decoder.predict_proba(X)[rows, codes]


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_channels_become_the_baseline(baseline, trials):
    ours = explain(baseline, trials, method="occlusion", baseline="zero")
    X = np.array(trials.X)
    X[:, 0] = 0
    np.testing.assert_allclose(ours.values[:, 0], without(trials, baseline, X), atol=1e-6)
    assert ours.axes == ("channel",)
    assert ours.space == "raw"
    assert list(ours.coordinates("channel")) == ["C3", "Cz", "C4"]


def test_the_true_channel_and_band_count_most(baseline, trials):
    bands = {"alpha": (8, 13), "beta": (13, 30)}
    ours = explain(
        baseline, trials, method="occlusion", by=["band", "channel"], bands=bands, target="task"
    )
    assert ours.axes == ("channel", "band")
    rows = trials.y == "task"
    mean = ours.values[rows].mean(axis=0)
    assert np.unravel_index(mean.argmax(), mean.shape) == (0, 1)
    table = ours.mean(["channel", "band"])
    assert table.columns.tolist() == ["channel", "band", "attribution"]
    assert len(table) == 6


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_band_is_taken_out_of_raw_trials(baseline, trials):
    options = {"by": "band", "bands": {"beta": (13, 30)}, "baseline": "zero"}
    ours = explain(baseline, trials, method="occlusion", **options)
    spectrum = np.fft.rfft(trials.X)
    freqs = np.fft.rfftfreq(96, 1 / 128)
    spectrum[..., (freqs >= 13) & (freqs < 30)] = 0
    X = np.fft.irfft(spectrum, 96).astype(np.float32)
    np.testing.assert_allclose(ours.values[:, 0], without(trials, baseline, X), atol=1e-4)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_windows_lie_side_by_side_and_cover_the_trial(baseline, trials):
    ours = explain(
        baseline, trials, method="occlusion", by="window", window_s=0.25, baseline="zero"
    )
    assert ours.windows == ((0.0, 0.25), (0.25, 0.5), (0.5, 0.75))
    X = np.array(trials.X)
    X[..., 32:64] = 0
    np.testing.assert_allclose(ours.values[:, 1], without(trials, baseline, X), atol=1e-6)


def test_spectrograms_are_hidden_as_captum_hides_them(decoder, trials):
    ours = explain(decoder, trials, method="occlusion", space="input", baseline="zero")
    X = torch.tensor(np.asarray(decoder[:-1].transform(trials.X)))
    answers = nn.Sequential(decoder[-1].module_.eval(), nn.Softmax(-1))
    mask = torch.arange(3)[None, :, None, None].expand(1, *X.shape[1:])
    with torch.no_grad():
        by_hand = captum.attr.FeatureAblation(answers).attribute(
            X, target=answers(X).argmax(1), feature_mask=mask
        )
    np.testing.assert_allclose(ours.values, by_hand[..., 0, 0], rtol=1e-3, atol=1e-5)


def test_bands_and_windows_of_spectrograms_are_hidden(decoder, trials):
    ours = explain(decoder, trials, method="occlusion", space="input", by=("band", "window"))
    assert ours.axes == ("band", "window")
    assert list(ours.bands) == list(ours.coordinates("band"))
    assert np.abs(ours.values).max() > 0


def test_parts_become_those_of_other_trials(baseline, trials):
    ours = explain(baseline, trials, method="occlusion", n_others=1)
    step = 1 + np.random.default_rng(0).permutation(11)[0]
    X = np.array(trials.X)
    X[:, 0] = trials.X[(np.arange(12) + step) % 12, 0]
    np.testing.assert_allclose(ours.values[:, 0], without(trials, baseline, X), atol=1e-6)
    with pytest.raises(ParameterError, match="there is one trial only"):
        explain(baseline, trials[:1], method="occlusion")


def test_features_are_hidden_one_by_one(dense, features):
    X, _ = features
    ours = explain(dense, X, method="occlusion", target="task")
    assert ours.values.shape == (20, 6)
    assert np.abs(ours.values).mean(axis=0).argmax() == 2


def test_batches_change_nothing(baseline, trials):
    whole = explain(baseline, trials, method="occlusion")
    small = explain(baseline, trials, method="occlusion", max_memory_mb=0.05)
    np.testing.assert_allclose(small.values, whole.values, atol=1e-6)


def test_what_adapts_to_people_is_given_all_trials_of_a_person():
    trials = example_trials(18)
    steps = [SubjectStandardizer(access="transductive"), BandPower(), LogisticRegression()]
    decoder = Pipeline(steps).fit(trials.X, trials.y)
    whole = explain(decoder, trials, method="occlusion", by="window", window_s=0.25)
    small = explain(
        decoder, trials, method="occlusion", by="window", window_s=0.25, max_memory_mb=0.01
    )
    np.testing.assert_allclose(small.values, whole.values, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"by": "chanel"}, "by names 'chanel'; did you mean 'channel'"),
        ({"by": "feature"}, "by names 'feature'"),
        ({"by": ["band", "band"]}, "each once"),
        ({"by": "band", "bands": {"high": (70, 80)}}, "No frequency from 0 to 64 Hz lies in high"),
        ({"by": "window", "window_s": 2}, "window_s is 2; expected from"),
    ],
)
def test_parts_that_there_are_not_are_refused(options, message, baseline, trials):
    with pytest.raises(ParameterError, match=message):
        explain(baseline, trials, method="occlusion", **options)


def test_bands_need_a_sampling_rate(dense, trials):
    decoder = Pipeline([StandardScalerOfTrials(), LogisticRegression()])
    decoder.fit(np.asarray(trials.X), trials.y)
    with pytest.raises(ParameterError, match="does not know its frequencies"):
        explain(decoder, np.asarray(trials.X), method="occlusion", by="band")


class StandardScalerOfTrials(StandardScaler):
    """Variance of every channel, from a step that knows no sampling rate."""

    def fit(self, X, y=None):
        return super().fit(np.var(X, axis=-1))

    def transform(self, X):
        return super().transform(np.var(X, axis=-1))


@pytest.mark.parametrize("decoder", [mental_workload(), slow_potentials(net=False)])
def test_decoders_of_a_task_are_explained_on_new_people(decoder):
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 36)
    X = rng.normal(scale=10, size=(72, 4, 400))
    X[y == "task", 1] = 2 * X[y == "task", 1] + 10 * np.sin(np.linspace(0, np.pi, 400))
    people = np.repeat(list("abc"), 24)
    onsets = 2.0 * np.tile(np.arange(24), 3)
    names = ("C3", "Cz", "C4", "Pz")
    signals = SignalArray(X, sfreq=200, ch_names=names, groups=people, onsets=onsets)
    new = people == "c"
    decoder = clone(decoder).fit(signals[~new], y[~new])
    ours = explain(decoder, signals[new], y[new], method="occlusion", target="true")
    assert ours.values.shape == (24, 4)
    assert ours.values.mean(axis=0).argmax() == 1
