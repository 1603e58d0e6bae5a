"""Standardisation by person, and the rules of access that all alignments share."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

import eegkit
from eegkit import Pipeline, SignalArray, testing
from eegkit.access import access_of, calibration_rows
from eegkit.datasets import Simulated
from eegkit.transforms import (
    STFT,
    BandPower,
    Cached,
    SpectrogramUnion,
    Standardizer,
    SubjectStandardizer,
)

RNG = np.random.default_rng(0)


def people(n_subjects=3, n_trials=8, shape=(2, 50), **facts):
    """Trials of people who differ in offset and scale, in a shuffled order."""
    n = n_subjects * n_trials
    groups = np.repeat([f"S{i}" for i in range(n_subjects)], n_trials)
    code = np.repeat(np.arange(n_subjects), n_trials).reshape(n, *(1 for _ in shape))
    X = RNG.normal(size=(n, *shape)) * (1 + code) + 10 * code
    onsets = np.tile(2.0 * np.arange(n_trials), n_subjects)
    order = RNG.permutation(n)
    return SignalArray(X[order], groups=groups[order], onsets=onsets[order], **facts)


@pytest.mark.parametrize("shape", [(7,), (2, 50), (2, 5, 9)], ids=["features", "raw", "spectra"])
def test_every_person_has_mean_zero_and_deviation_one(shape):
    X = people(shape=shape)
    aligned = SubjectStandardizer().fit_transform(X)
    for subject in np.unique(X.groups):
        rows = np.asarray(aligned[X.groups == subject], dtype=float)
        axes = (0,) if len(shape) == 1 else (0, -1)
        np.testing.assert_allclose(rows.mean(axis=axes), 0, atol=1e-5)
        np.testing.assert_allclose(rows.std(axis=axes), 1, atol=1e-5)


def test_features_know_their_people_and_stay_features():
    trials = Simulated(n_subjects=3, n_trials=12, random_state=0).load()
    features = BandPower().fit_transform(trials.X)
    aligned = SubjectStandardizer().fit_transform(features)
    assert aligned.shape == features.shape
    np.testing.assert_array_equal(aligned.groups, trials.groups)
    np.testing.assert_array_equal(aligned.onsets, trials.X.onsets)


def test_spectrograms_keep_their_axes():
    trials = Simulated(n_subjects=2, n_trials=12, random_state=0).load()
    spectrograms = STFT().fit_transform(trials.X)
    aligned = SubjectStandardizer().fit_transform(spectrograms)
    np.testing.assert_array_equal(aligned.freqs, spectrograms.freqs)
    np.testing.assert_array_equal(aligned.times, spectrograms.times)
    assert aligned.ch_names == spectrograms.ch_names


def test_none_is_the_standardizer_of_all_people():
    X, new = people(), people(2)
    model = SubjectStandardizer(access="none").fit(X)
    np.testing.assert_allclose(model.transform(new), Standardizer().fit(X).transform(new), 1e-5)


def test_calibration_uses_the_first_trials_alone():
    X = people(n_trials=12)
    model = SubjectStandardizer(access="calibration", n_calibration=6).fit(X)
    before = model.transform(X)
    changed = X.copy()
    changed[X.onsets >= 12] = 0  # the seventh and later
    np.testing.assert_array_equal(model.transform(changed)[X.onsets < 12], before[X.onsets < 12])
    assert calibration_rows(model, X).tolist() == (X.onsets < 12).tolist()
    in_seconds = SubjectStandardizer(access="calibration", calibration_s=12.0).fit(X)
    np.testing.assert_array_equal(in_seconds.transform(X), before)
    first = X[(X.groups == "S1") & (X.onsets < 12)]
    expected = (X[X.groups == "S1"] - first.mean((0, 2))[:, None]) / first.std((0, 2))[:, None]
    np.testing.assert_allclose(before[X.groups == "S1"], expected, atol=1e-4)


def test_causal_knows_what_came_before_and_the_training_people():
    X, new = people(), people(1, n_trials=6)
    model = SubjectStandardizer(access="causal", prior_trials=10).fit(X)
    mean, variance, n_trials = model.statistics_
    assert n_trials == len(X)
    order = np.argsort(new.onsets)
    aligned = model.transform(new)[order]
    for i, row in enumerate(order):
        earlier = np.asarray(new[order[:i]])
        centre = (10 * mean + earlier.mean(axis=2).sum(axis=0)) / (10 + i)
        squares = np.square(earlier - centre[:, None]).mean(axis=2).sum(axis=0)
        spread = (10 * (variance + np.square(mean - centre)) + squares) / (10 + i)
        expected = (new[row] - centre[:, None]) / np.sqrt(spread)[:, None]
        np.testing.assert_allclose(aligned[i], expected, rtol=1e-4, atol=1e-4)


def test_trials_that_begin_together_do_not_see_one_another():
    X = people(1, n_trials=6)
    model = SubjectStandardizer(access="causal").fit(X)
    together = SignalArray(np.asarray(X), groups=X.groups, onsets=np.zeros(6))
    by_prior = SubjectStandardizer(access="none").fit(X).transform(together)
    np.testing.assert_allclose(model.transform(together), by_prior, atol=1e-5)


@pytest.mark.parametrize("access", ["none", "causal", "calibration", "transductive"])
def test_order_of_rows_does_not_matter_where_onsets_are_known(access):
    X = people(n_trials=12)
    model = SubjectStandardizer(access=access, calibration_s=10.0).fit(X)
    assert access_of(model) == access
    order = RNG.permutation(len(X))
    np.testing.assert_allclose(model.transform(X[order]), model.transform(X)[order], atol=1e-5)


def test_calibrated_people_are_known_from_then_on():
    X, new = people(), people(2, n_trials=10)
    model = SubjectStandardizer().fit(X)
    expected = model.transform(new)
    model.calibrate(new)
    assert sorted(model.subjects_) == ["S0", "S1"]
    for i in (0, 7, 19):
        np.testing.assert_allclose(model.transform(new[i : i + 1])[0], expected[i], atol=1e-6)
    assert model.statistics_sources(new) == {"S0": "calibrate", "S1": "calibrate"}
    assert not hasattr(clone(model), "subjects_")
    assert pickle.loads(pickle.dumps(model)).subjects_.keys() == model.subjects_.keys()
    assert model.fit(X).subjects_ == {}


def test_calibrated_trials_came_before_in_a_causal_step():
    X, new = people(), people(1, n_trials=10)
    first, later = new[new.onsets < 8], new[new.onsets >= 8]
    model = SubjectStandardizer(access="causal").fit(X)
    expected = model.transform(new)[new.onsets >= 8]
    np.testing.assert_allclose(model.calibrate(first).transform(later), expected, atol=1e-5)


def test_groups_can_be_given_to_calibrate():
    X = people()
    model = SubjectStandardizer().fit(X)
    model.calibrate(np.asarray(X), groups=["me"] * len(X))
    assert list(model.subjects_) == ["me"]
    with pytest.raises(ValueError, match="groups has 2 entries"):
        model.calibrate(np.asarray(X), groups=["me"] * 2)


def test_a_person_with_too_few_trials_is_named():
    X = people()
    new = X[(X.groups == "S0") | (X.onsets < 4)]
    model = SubjectStandardizer().fit(X)
    with pytest.warns(UserWarning, match=r"too few trials of S1, S2 to adapt to them.*calibrate"):
        aligned = model.transform(new)
    by_training = SubjectStandardizer(access="none").fit(X).transform(new)
    rows = new.groups != "S0"
    np.testing.assert_allclose(aligned[rows], by_training[rows], rtol=1e-6)
    sources = {"S0": "trials", "S1": "training", "S2": "training"}
    assert model.statistics_sources(new) == sources


def test_unknown_people_and_onsets_are_told():
    X = np.asarray(people())
    with pytest.warns(UserWarning, match="does not say whose its trials are"):
        SubjectStandardizer().fit(X).transform(X)
    X = SignalArray(X, groups=["S0"] * len(X))
    for access in ("causal", "calibration"):
        model = SubjectStandardizer(access=access, n_calibration=6).fit(X)
        with pytest.warns(UserWarning, match="does not say when its trials began"):
            model.transform(X)


def test_no_access_to_anybody_has_nothing_to_calibrate():
    assert not hasattr(SubjectStandardizer(access="none"), "calibrate")
    with pytest.raises(ValueError, match="access is 'labelled'; expected one of 'none'"):
        SubjectStandardizer(access="labelled").fit(people())


def test_a_flat_channel_gives_zeros():
    X = people(1)
    X[:, 1] = 5.0
    assert not SubjectStandardizer().fit_transform(X)[:, 1].any()


def test_dimensions_of_fit_are_held():
    model = SubjectStandardizer().fit(people(shape=(7,)))
    with pytest.raises(ValueError, match="X of 2 dimensions, but got 3"):
        model.transform(people())
    with pytest.raises(ValueError, match="X has 6 features"):
        model.transform(people(shape=(6,)))


def test_saved_with_the_people_it_was_calibrated_on(tmp_path):
    X = people()
    model = SubjectStandardizer().fit(X).calibrate(X)
    model.calibrate(np.asarray(X[:5]), groups=None)
    eegkit.save(model, tmp_path / "model.eegkit")
    loaded = eegkit.load(tmp_path / "model.eegkit")
    assert list(loaded.subjects_) == ["S0", "S1", "S2", None]
    np.testing.assert_array_equal(loaded.transform(X), model.transform(X))


def test_it_makes_people_alike_for_a_classifier():
    X, y = people(6, n_trials=20, shape=(4,)), RNG.permutation(np.repeat([0, 1], 60))
    offsets = dict(zip(np.unique(X.groups), RNG.normal(scale=20, size=(6, 4)), strict=True))
    X += np.stack([offsets[group] for group in X.groups])
    X[:, 0] += 2 * np.array([1 + int(group[1]) for group in X.groups]) * (2 * y - 1)
    train = np.isin(X.groups, ["S0", "S1", "S2"])
    plain, aligned = LogisticRegression(), Pipeline([SubjectStandardizer(), LogisticRegression()])
    scores = [
        model.fit(X[train], y[train]).score(X[~train], y[~train]) for model in (plain, aligned)
    ]
    assert scores[0] < 0.7
    assert scores[1] > 0.9


def test_a_form_as_a_module_needs_trials_alone():
    X = people()
    with pytest.raises(ValueError, match="aligns trials by the other trials of their person"):
        SubjectStandardizer().fit(X).as_module()


def test_what_works_in_blocks_refuses_it(tmp_path):
    X = people()
    with pytest.raises(ValueError, match=r"access 'transductive'.*step of its own"):
        Cached(SubjectStandardizer(), tmp_path).fit(X)
    with pytest.raises(ValueError, match=r"access 'transductive'.*step of its own"):
        SpectrogramUnion([SubjectStandardizer()]).fit(X)
    Cached(SubjectStandardizer(access="none"), tmp_path).fit(X)


# In these the trials of X are one person's, in the order in which they stand.
ORDER_COUNTS = {
    "check_methods_sample_order_invariance": "earlier trials are part of what is known",
    "check_methods_subset_invariance": "so are trials that are not in the subset",
}


@pytest.mark.parametrize(
    ("params", "expected_failures"),
    [
        ({"access": "none"}, {}),
        ({"access": "causal"}, ORDER_COUNTS),
        ({"access": "calibration", "n_calibration": 5}, ORDER_COUNTS),
    ],
    ids=["none", "causal", "calibration"],
)
def test_scikit_learn(params, expected_failures):
    first, *_ = testing.transform_checks(SubjectStandardizer(**params), expected_failures)
    with warnings.catch_warnings(action="ignore"):
        first()


def test_one_trial_says_nothing_of_features():
    X = people(shape=(7,))
    model = SubjectStandardizer().fit(X)
    with pytest.raises(ValueError, match="too few trials of S1, 1 for one"):
        model.calibrate(X[X.groups == "S1"][:1])
    with pytest.warns(UserWarning, match="too few trials of S1, 3 for one"):
        model.calibrate(X[X.groups == "S1"][:3])
    model = SubjectStandardizer(access="calibration", n_calibration=1)
    with pytest.warns(UserWarning, match="too few trials of S0, S1, S2 to adapt"):
        aligned = model.fit_transform(X)
    by_all = SubjectStandardizer(access="none").fit_transform(X)
    np.testing.assert_allclose(aligned, by_all, atol=1e-5)


def test_what_was_flat_while_calibrating_gives_zeros_later():
    X = people()
    new = X[X.groups == "S1"].copy()
    new[:6, 1] = 5.0  # an electrode that is plugged in later
    aligned = np.asarray(SubjectStandardizer().fit(X).calibrate(new[:6]).transform(new[6:]))
    assert (aligned[:, 1] == 0).all()
    assert 0.5 < aligned[:, 0].std() < 2


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_the_unit_does_not_matter(scale):
    X = people(shape=(7,))
    aligned = SubjectStandardizer().fit_transform(X)
    scaled = SubjectStandardizer().fit_transform(X * scale)
    np.testing.assert_allclose(scaled, aligned, rtol=1e-3, atol=1e-4)


def test_who_was_calibrated_under_another_name_is_told():
    X = people()
    new = X[X.groups == "S1"]
    model = SubjectStandardizer().fit(X)
    with pytest.warns(UserWarning, match="calibrated for None, but X is of 'S1'"):
        model.calibrate(np.asarray(new)).transform(new)
    numbered = [SignalArray(np.asarray(new), groups=[name] * len(new)) for name in ("7", 7)]
    model = SubjectStandardizer().fit(X).calibrate(numbered[0])
    with pytest.warns(UserWarning, match="calibrated for '7', but X is of 7"):
        model.transform(numbered[1])


def test_groups_are_checked_and_no_labels():
    X = people()
    model = SubjectStandardizer().fit(X)
    with pytest.raises(TypeError, match="positional"):
        model.calibrate(X, ["rest"] * len(X))
    with pytest.raises(ValueError, match=r"groups has shape \(\)"):
        model.calibrate(X, groups="S1")
    with pytest.raises(ValueError, match="have no subject in groups"):
        model.calibrate(X, groups=["S1"] * (len(X) - 1) + [None])
