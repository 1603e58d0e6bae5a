import numpy as np
import pytest
import scipy.signal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import (
    check_set_output_transform,
    check_transformer_get_feature_names_out,
)

from eegkit import Pipeline
from eegkit.amplitude import AmplitudeWarning
from eegkit.testing import example_trials
from eegkit.transforms import BandPower


def test_power_of_a_sine_is_in_its_band():
    X = 4 * np.sin(2 * np.pi * 10 * np.arange(640) / 128)[None, None]
    power = BandPower(sfreq=128, output="power")
    made = dict(zip(power.fit(X).get_feature_names_out(), power.transform(X)[0], strict=True))
    assert made["0_alpha"] == pytest.approx(4**2 / 2, rel=1e-3)
    assert sum(made.values()) == pytest.approx(made["0_alpha"], rel=1e-3)


def test_outputs():
    trials = example_trials(n_times=256)
    made = {
        output: np.asarray(BandPower(output=output).fit_transform(trials.X))
        for output in ("power", "log_power", "relative", "differential_entropy")
    }
    power = made["power"]
    np.testing.assert_allclose(made["log_power"], np.log(power), atol=1e-4)
    entropy = np.log(2 * np.pi * np.e * power) / 2
    np.testing.assert_allclose(made["differential_entropy"], entropy, atol=1e-4)
    np.testing.assert_allclose(made["relative"].reshape(-1, 3, 5).sum(axis=2), 1, rtol=1e-4)


def test_a_number_makes_bands_of_this_width():
    power = BandPower(sfreq=128, output="power", bands=1.0)
    X = 4 * np.sin(2 * np.pi * 10 * np.arange(640) / 128)[None, None]
    spectrum = power.fit_transform(X)
    assert list(power.bands_.values()) == [(f, f + 1) for f in range(1, 46)]
    # The Hann window spreads a sine over three bins, 1/6, 2/3 and 1/6.
    np.testing.assert_allclose(spectrum[0, 8:11], [4 / 3, 16 / 3, 4 / 3], rtol=1e-3)
    assert list(BandPower(sfreq=128, bands=20).fit(X).bands_.values()) == [
        (1, 21),
        (21, 41),
        (41, 61),
    ]


@pytest.mark.parametrize(
    ("sfreq", "n_times", "edges"),
    [
        (20, 200, [(f, f + 1) for f in range(1, 10)]),
        (128, 32, [(f, f + 4) for f in range(1, 46, 4)]),
    ],
    ids=["slow", "short"],
)
def test_bands_of_a_width_where_bins_are_few(sfreq, n_times, edges):
    X = np.random.default_rng(0).normal(size=(3, 2, n_times))
    assert list(BandPower(sfreq=sfreq, bands=1.0).fit(X).bands_.values()) == edges


def test_features_are_named_in_pandas():
    trials = example_trials(n_times=256)
    frame = BandPower().set_output(transform="pandas").fit_transform(trials.X)
    bands = ("delta", "theta", "alpha", "beta", "gamma")
    assert list(frame.columns[:5]) == [f"C3_{band}" for band in bands]
    assert frame.shape == (len(trials), 15)


@pytest.mark.parametrize(
    "check", [check_set_output_transform, check_transformer_get_feature_names_out]
)
def test_scikit_learns_checks_of_names(check):
    check("BandPower", BandPower(**BandPower.conformance_params()))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bands": {}}, "bands is {}; expected a mapping .* with at least one entry"),
        (
            {"bands": {"high": (50, 70)}},
            "'high' goes up to 70 Hz, above .* 64 Hz.* in bands",
        ),
        ({"bands": {"thin": (10.2, 10.4)}}, "'thin', 10.2 to 10.4 Hz, holds no frequency bin"),
        ({"bands": 70}, "bands is 70 Hz, and no such band lies between 1 Hz and .* 64 Hz"),
        ({"output": "loud"}, "output is 'loud'"),
        ({"nperseg_s": 0}, "nperseg_s is 0; expected a number above 0"),
        ({"nperseg_s": 1e-3}, "less than a sample"),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(ValueError, match=message):
        BandPower(**params).fit(example_trials().X)


@pytest.mark.parametrize("detrend", ["constant", None])
@pytest.mark.parametrize(("n_times", "nperseg"), [(640, 128), (641, 77), (50, 50), (130, 2)])
def test_it_is_welchs_density(detrend, n_times, nperseg):
    X = np.random.default_rng(0).normal(3, 10, (4, 3, n_times)).cumsum(axis=-1)
    bands = {"all": (0.0, 64.0)}
    power = BandPower(
        sfreq=128, bands=bands, output="power", nperseg_s=nperseg / 128, detrend=detrend
    )
    options = {"nperseg": nperseg, "detrend": detrend or False}
    freqs, density = scipy.signal.welch(X, 128, **options)
    expected = density[..., freqs < 64].sum(axis=-1) * 128 / nperseg
    np.testing.assert_allclose(power.fit_transform(X), expected, rtol=1e-4)


@pytest.mark.parametrize("output", ["log_power", "power", "relative", "differential_entropy"])
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3])
def test_power_and_what_is_trained_on_it_do_not_depend_on_the_unit(output, scale):
    X = np.random.default_rng(1).normal(0, 10, (60, 8, 256))
    y = np.tile(["a", "b"], 30)
    X[y == "a"] *= 1.3
    decoder = Pipeline([BandPower(sfreq=128, output=output), LogisticRegression(max_iter=1000)])
    microvolts = clone(decoder).fit(X[:40], y[:40])
    with pytest.warns(AmplitudeWarning, match="multiply by"):
        other = clone(decoder).fit(X[:40] * scale, y[:40])
    expected, features = (
        model[:-1].transform(data) for model, data in ((microvolts, X), (other, X * scale))
    )
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-4)
    assert other.score(X[40:] * scale, y[40:]) == microvolts.score(X[40:], y[40:])


def test_a_unit_is_that_of_fit():
    X = np.random.default_rng(1).normal(0, 10, (6, 2, 256))
    power = BandPower(sfreq=128, output="power").fit(X)
    np.testing.assert_allclose(power.transform(X * 1e-6), 1e-12 * power.transform(X), rtol=1e-4)
