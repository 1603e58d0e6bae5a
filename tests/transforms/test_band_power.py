import numpy as np
import pytest
from sklearn.utils.estimator_checks import (
    check_set_output_transform,
    check_transformer_get_feature_names_out,
)

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
        ({"bands": {"high": (50, 70)}}, "above the Nyquist frequency 64 Hz"),
        ({"bands": {"thin": (10.2, 10.4)}}, "'thin', 10.2 to 10.4 Hz, holds no frequency bin"),
        ({"output": "loud"}, "output is 'loud'"),
        ({"nperseg_s": 0}, "nperseg_s is 0; expected a number above 0"),
        ({"nperseg_s": 1e-3}, "less than a sample"),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(ValueError, match=message):
        BandPower(**params).fit(example_trials().X)
