import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, SignalArray
from eegkit.testing import example_trials
from eegkit.transforms import STFT, SpectrogramImage, SpectrogramUnion

SHORT = STFT(nperseg=16, hop=8, f_min=4, f_max=40)
LONG = STFT(nperseg=64, hop=4, f_min=4, f_max=40, output="db")


@pytest.fixture
def trials():
    return example_trials()


def union(**params):
    given = [("short", clone(SHORT)), ("long", clone(LONG))]
    return SpectrogramUnion(given, **({"n_freqs": 20, "n_frames": 10} | params))


def images_of(X, **params):
    image = SpectrogramImage(n_freqs=20, n_frames=10, **params)
    return [clone(image).fit_transform(clone(t).fit_transform(X)) for t in (SHORT, LONG)]


@pytest.mark.parametrize(("axis", "number"), [("channels", 1), ("freqs", 2)])
@pytest.mark.parametrize("params", [{}, {"interpolation": "cubic", "normalize": "zscore"}])
def test_it_is_the_images_put_together(trials, axis, number, params):
    made = union(axis=axis, **params).fit_transform(trials.X)
    expected = np.concatenate(images_of(trials.X, **params), axis=number)
    np.testing.assert_allclose(made, expected, rtol=1e-6, atol=1e-6)


def test_channels_are_named_after_their_spectrogram(trials):
    made = union().fit_transform(trials.X)
    assert made.ch_names == ("short:C3", "short:Cz", "short:C4", "long:C3", "long:Cz", "long:C4")
    assert made.freqs is None
    assert made.times is None


def test_what_all_spectrograms_share_is_known(trials):
    both = [("power", STFT(nperseg=32, output="power")), ("db", STFT(nperseg=32, output="db"))]
    made = SpectrogramUnion(both, n_freqs=8, n_frames=6).fit_transform(trials.X)
    image = SpectrogramImage(n_freqs=8, n_frames=6).fit(STFT(nperseg=32).fit_transform(trials.X))
    np.testing.assert_array_equal(made.freqs, image.freqs_)
    np.testing.assert_array_equal(made.times, image.times_)


def test_along_frequency_the_frequencies_follow_one_another(trials):
    made = union(axis="freqs").fit_transform(trials.X)
    expected = np.concatenate([image.freqs for image in images_of(trials.X)])
    np.testing.assert_array_equal(made.freqs, expected)
    assert made.ch_names == trials.X.ch_names


def test_bare_transforms_are_named_after_their_class():
    bare = SpectrogramUnion([STFT(), ("wide", STFT()), STFT()])
    names = [name for name, _ in bare.get_params()["transformers"]]
    assert names == ["stft-1", "wide", "stft-3"]


def test_parameters_inside_are_set_cloned_and_searched(trials):
    model = union().set_params(long__nperseg=48, short=STFT(nperseg=8))
    assert clone(model).get_params()["long__nperseg"] == 48
    assert clone(model).get_params()["short__nperseg"] == 8
    assert model.set_params(transformers=[STFT(nperseg=24)]).get_params()["stft__nperseg"] == 24
    pipeline = Pipeline([union(), FunctionTransformer(flatten), LogisticRegression(max_iter=50)])
    grid = {"spectrogram_union__long__nperseg": [32, 64], "spectrogram_union__axis": ["freqs"]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(trials.X, trials.y)
    assert search.best_params_["spectrogram_union__axis"] == "freqs"


def flatten(X):
    return np.asarray(X).reshape(len(X), -1)


def test_the_transforms_given_stay_unfitted(trials):
    model = union().fit(trials.X)
    assert not hasattr(model.transformers[0][1], "freqs_")
    assert model.transformers_[0][1].sfreq_ == 128
    assert model.sfreq_ == 128
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(trials.X), model.transform(trials.X))


def test_a_pipeline_can_be_inside(trials):
    inside = SpectrogramUnion([("double", Pipeline([Doubled(), clone(SHORT)])), clone(SHORT)])
    made = np.asarray(inside.fit_transform(trials.X))
    np.testing.assert_allclose(made[:, :3] - made[:, 3:], np.log(4), atol=1e-3)


class Doubled(FunctionTransformer):
    def transform(self, X):
        return 2 * X


def test_a_spectrogram_larger_than_the_block_is_made_in_parts(trials, monkeypatch):
    expected = union().fit_transform(trials.X)
    monkeypatch.setattr("eegkit.transforms.spectrogram_union.BLOCK_BYTES", 1)
    np.testing.assert_allclose(union().fit_transform(trials.X), expected, rtol=1e-6, atol=1e-6)


def test_one_warning_for_each_transform_that_has_to_guess_the_rate(trials):
    with pytest.warns(UserWarning, match="STFT reads it at 128 Hz"):
        assert union().fit(np.asarray(trials.X)).sfreq_ == 128


@pytest.mark.parametrize(
    ("transformers", "params", "message"),
    [
        ([], {}, r"transformers is \[\]; expected a list"),
        (STFT(), {}, r"transformers is STFT.*; expected a list"),
        ([("a", STFT()), ("a", STFT())], {}, "not unique"),
        ([("axis", STFT())], {}, "conflict with constructor arguments"),
        (["stft"], {}, "'stft' is 'stft'; expected a transform"),
        ([STFT(nperseg=32)], {"axis": "frequency"}, "axis is 'frequency'; expected one of"),
        ([STFT(nperseg=32)], {"n_freqs": 0}, "n_freqs is 0"),
        ([STFT(nperseg=500)], {}, "longer than the trials"),
        ([FunctionTransformer()], {}, r"'functiontransformer' makes.*expected a spectrogram"),
    ],
)
def test_bad_parameters_are_refused(trials, transformers, params, message):
    with pytest.raises(ValueError, match=message):
        SpectrogramUnion(transformers, **params).fit(trials.X)


def test_two_rates_are_refused(trials):
    two = SpectrogramUnion([("a", STFT(sfreq=100, nperseg=32)), ("b", STFT(sfreq=128, nperseg=32))])
    with pytest.raises(ValueError, match="different rates: a 100 Hz, b 128 Hz"):
        two.fit(np.asarray(trials.X))


def test_channels_that_differ_cannot_be_stacked_along_frequency(trials):
    fewer = Pipeline([FirstChannel(), clone(SHORT)])
    with pytest.raises(ValueError, match=r"number of channels .*stft 3.*use axis='channels'"):
        SpectrogramUnion([fewer, clone(SHORT)], axis="freqs").fit(trials.X)
    made = SpectrogramUnion([fewer, clone(SHORT)]).fit_transform(trials.X)
    assert made.ch_names == ("pipeline:C3", "stft:C3", "stft:Cz", "stft:C4")


class FirstChannel(FunctionTransformer):
    def transform(self, X):
        return X[:, :1]


def test_it_keeps_what_x_does_not_say(trials):
    plain = SignalArray(np.asarray(trials.X), sfreq=128)
    assert union().fit_transform(plain).ch_names is None
