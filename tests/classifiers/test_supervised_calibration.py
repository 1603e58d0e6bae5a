"""A decoder that becomes a person's own by this person's first labelled trials."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import eegkit
from eegkit import Pipeline, SignalArray, Trials, evaluate
from eegkit.access import access_of, trials_of_subjects
from eegkit.classical import BalancedLDA
from eegkit.classifiers import CNNBiGRU, SupervisedCalibration
from eegkit.transforms import STFT, BandPower, SubjectStandardizer

N_TRIALS = 20


@pytest.fixture(scope="module")
def trials() -> Trials:
    """Two classes told by power, the other way round for person p3."""
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.permutation(N_TRIALS) % 2 for _ in range(4)])
    subject = np.repeat(["p0", "p1", "p2", "p3"], N_TRIALS)
    louder = np.where(subject == "p3", 1 - y, y)
    X = rng.normal(size=(len(y), 2, 128)) * (10 + 30 * louder)[:, None, None]
    made = Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=128, subject=subject)
    made.metadata["onset"] = np.tile(np.arange(N_TRIALS) * 2.0, 4)
    return made


def power() -> Pipeline:
    return Pipeline([BandPower(bands={"all": (1, 45)}), LogisticRegression()])


def accuracy(decoder: Any, trials: Trials, rows: Any) -> float:
    return float((decoder.predict(trials.X[rows]) == trials.y[rows]).mean())


def test_a_person_unlike_others_is_decoded_after_calibration(trials: Trials) -> None:
    new = np.flatnonzero(trials.groups == "p3")
    others = np.flatnonzero(trials.groups != "p3")
    decoder = SupervisedCalibration(power(), n_calibration=8, weight=100)
    decoder.fit(trials.X[others], trials.y[others])
    with pytest.warns(UserWarning, match="not calibrated for p3"):
        assert accuracy(decoder, trials, new[8:]) < 0.2
    decoder.calibrate(trials.X[new[:8]], trials.y[new[:8]])
    assert accuracy(decoder, trials, new[8:]) > 0.8
    assert accuracy(decoder.estimator_, trials, others) > 0.8  # which stays as it was
    mixed = np.r_[new[8:], others[:5]][::-1]
    with pytest.warns(UserWarning, match="not calibrated for p0"):
        proba = decoder.predict_proba(trials.X[mixed])
    assert np.allclose(proba[5:], decoder.predict_proba(trials.X[mixed[5:]]))
    restored = pickle.loads(pickle.dumps(decoder))
    assert (restored.predict(trials.X[new]) == decoder.predict(trials.X[new])).all()


def test_refitting_is_a_fit_with_each_trial_several_times(trials: Trials) -> None:
    first, others = np.arange(5), np.arange(N_TRIALS, 4 * N_TRIALS)
    decoder = SupervisedCalibration(power(), n_calibration=5, weight=3)
    decoder.fit(trials.X[others], trials.y[others]).calibrate(trials.X[first], trials.y[first])
    rows = np.r_[others, np.repeat(first, 3)]
    by_hand = power().fit(trials.X[rows], trials.y[rows])
    expected = by_hand.predict_proba(trials.X[5:N_TRIALS])
    assert np.allclose(decoder.predict_proba(trials.X[5:N_TRIALS]), expected, atol=1e-4)


def test_a_net_goes_on_from_its_weights(trials: Trials) -> None:
    net = Pipeline([STFT(window_s=0.25), CNNBiGRU(max_epochs=1, random_state=0)])
    decoder = SupervisedCalibration(net, how="fine_tune", max_epochs=2, lr=1e-3)
    new, others = trials.groups == "p3", trials.groups != "p3"
    decoder.fit(trials.X[others], trials.y[others])
    before = decoder.estimator_.predict_proba(trials.X[new])
    decoder.calibrate(trials.X[new][:8], trials.y[new][:8])
    tuned = decoder.subjects_["p3"][-1]
    assert (tuned.lr, len(tuned.history_)) == (1e-3, 2)
    assert not np.allclose(decoder.predict_proba(trials.X[new]), before)
    assert np.array_equal(decoder.estimator_.predict_proba(trials.X[new]), before)


def test_what_cannot_be_calibrated_is_refused(trials: Trials) -> None:
    with pytest.raises(ValueError, match="LogisticRegression does not go on"):
        SupervisedCalibration(power(), how="fine_tune").fit(trials.X, trials.y)
    decoder = SupervisedCalibration(power()).fit(trials.X, trials.y)
    with pytest.raises(ValueError, match="X has 3 trials, but y 2 labels"):
        decoder.calibrate(trials.X[:3], trials.y[:2])
    with pytest.raises(ValueError, match="y holds sleep"):
        decoder.calibrate(trials.X[:3], ["sleep"] * 3)


def test_evaluate_gives_the_first_labelled_trials_and_scores_the_others(trials: Trials) -> None:
    decoders = {
        "labelled": SupervisedCalibration(power(), n_calibration=8, weight=100),
        "none": power(),
    }
    results = evaluate(decoders, trials, cv="loso", scoring="accuracy", on_error="raise")
    assert results.settings.access == {"labelled": "labelled", "none": "none"}
    assert set(results.table["n_test"]) == {N_TRIALS - 8}
    assert not results.leaks
    scores = results.scores().loc["p3"]
    assert scores["none"] < 0.2
    assert scores["labelled"] > 0.8


def test_a_decoder_without_probabilities_is_calibrated_as_well(trials: Trials) -> None:
    decoder = SupervisedCalibration(Pipeline([BandPower(), BalancedLDA()]), n_calibration=4)
    assert access_of(decoder) == "labelled"
    results = evaluate(decoder, trials, cv="loso", scoring="accuracy", on_error="raise")
    assert len(results.table) == 4


def test_labels_go_to_whole_decoders_only(trials: Trials) -> None:
    inside = GridSearchCV(SupervisedCalibration(power()), {"weight": [1, 2]})
    with pytest.raises(ValueError, match="put the pipeline into SupervisedCalibration"):
        evaluate(inside, trials, cv="loso")


def test_calibration_trials_are_of_the_channels_rate_and_length_of_training(trials: Trials) -> None:
    decoder = SupervisedCalibration(power()).fit(trials.X[20:], trials.y[20:])
    X, y = trials.X[:8], trials.y[:8]
    with pytest.raises(ValueError, match="channels of X differ"):
        decoder.calibrate(X[:, ::-1], y)
    with pytest.raises(ValueError, match="sampled at 64 Hz"):
        decoder.calibrate(SignalArray(np.asarray(X), sfreq=64.0), y)
    with pytest.raises(ValueError, match="n_times = 100"):
        decoder.calibrate(X[:, :, :100], y)
    with pytest.raises(TypeError, match="positional"):
        decoder.calibrate(X, y, trials.groups[:8])


def aligned(**params: Any) -> SupervisedCalibration:
    steps = [BandPower(bands={"all": (1, 45)}), SubjectStandardizer(**params), LogisticRegression()]
    return SupervisedCalibration(Pipeline(steps))


def test_somebody_without_a_name_is_nobody_of_training(trials: Trials) -> None:
    named, plain = (aligned().fit(trials.X[20:], trials.y[20:]) for _ in range(2))
    named.calibrate(trials.X[:10], trials.y[:10])
    plain.calibrate(np.asarray(trials.X[:10]), trials.y[:10])
    with pytest.warns(UserWarning, match="does not say whose"):
        nameless = plain.predict_proba(np.asarray(trials.X[10:20]))
    np.testing.assert_allclose(nameless, named.predict_proba(trials.X[10:20]), atol=1e-6)


class Remembering(ClassifierMixin, BaseEstimator):
    """Keeps what it was fitted on."""

    def fit(self, X: Any, y: Any) -> Any:
        self.X_, self.classes_ = X, np.unique(y)
        return self


def test_copies_of_a_trial_are_not_the_first_ones(trials: Trials) -> None:
    """A step that calibrates on somebody's first trials sees so many, not one of them often."""
    decoder = SupervisedCalibration(Remembering()).fit(trials.X[20:], trials.y[20:])
    decoder.calibrate(trials.X[:6], trials.y[:6])
    seen = decoder.subjects_["p0"].X_
    rows = dict(trials_of_subjects(seen))["p0"]
    assert len(rows) == 60
    assert len(np.unique(np.asarray(seen[rows[:6]])[:, 0, 0])) == 6


@pytest.mark.parametrize("how", ["refit", "fine_tune"])
def test_a_calibrated_decoder_is_saved(trials: Trials, tmp_path: Any, how: Any) -> None:
    net = Pipeline([STFT(), CNNBiGRU(max_epochs=1, random_state=0)])
    decoder = SupervisedCalibration(power() if how == "refit" else net, how=how, max_epochs=1)
    decoder.fit(trials.X[20:], trials.y[20:]).calibrate(trials.X[:8], trials.y[:8])
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    proba = decoder.predict_proba(trials.X[8:20])
    assert (loaded.predict_proba(trials.X[8:20]) == proba).all()
    both = [d.calibrate(trials.X[20:26], trials.y[20:26]) for d in (decoder, loaded)]
    again = [d.predict_proba(trials.X[20:40]) for d in both]
    np.testing.assert_allclose(*again, atol=1e-5)
