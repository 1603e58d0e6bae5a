"""Euclidean and Riemannian alignment equal their published formulas, as pyRiemann has them."""

import numpy as np
import pytest
from pyriemann.estimation import Covariances
from pyriemann.spatialfilters import CSP
from pyriemann.tangentspace import TangentSpace
from pyriemann.transfer import TLCenter, TLScale, encode_domains
from sklearn.linear_model import LogisticRegression

import eegkit
from eegkit import Pipeline, SignalArray, testing
from eegkit.datasets import Simulated
from eegkit.transforms import Covariance, EuclideanAlignment, RiemannianAlignment
from eegkit.transforms._symmetric import geometric_mean

RNG = np.random.default_rng(0)
N_SUBJECTS, N_TRIALS = 3, 12


def trials_of_people(n_channels=5, n_times=300):
    """Trials of people who mix their channels differently, without offsets."""
    groups = np.tile([f"S{i}" for i in range(N_SUBJECTS)], N_TRIALS)
    onsets = np.repeat(np.arange(N_TRIALS, dtype=float), N_SUBJECTS)
    mixing = RNG.normal(size=(N_SUBJECTS, n_channels, n_channels))
    sources = RNG.normal(size=(len(groups), n_channels, n_times))
    sources *= np.exp(RNG.normal(scale=0.4, size=(len(groups), n_channels, 1)))
    X = np.concatenate([mixing] * N_TRIALS) @ sources
    return SignalArray(X - X.mean(axis=2, keepdims=True), groups=groups, onsets=onsets, sfreq=100)


def covariances_of(X):
    samples = np.asarray(X)
    return SignalArray(samples @ samples.swapaxes(1, 2) / X.shape[2], **X.of_trials)


def domains_of(X):
    return encode_domains(np.asarray(X), np.zeros(len(X), dtype=int), X.groups)[1]


def assert_close(values, expected):
    """Within 1e-6 of the largest value."""
    expected = np.asarray(expected)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("estimator", ["scm", "oas", "lwf"])
def test_covariances_are_those_of_pyriemann(estimator):
    X = trials_of_people(n_times=20).astype(np.float32)
    expected = Covariances(estimator=estimator).fit_transform(np.asarray(X, dtype=float))
    assert_close(Covariance(estimator=estimator).fit_transform(X), expected)


def test_a_number_is_the_share_of_equal_channels():
    X = trials_of_people()
    plain = np.asarray(Covariance(estimator="scm").fit_transform(X))
    power = np.trace(plain, axis1=1, axis2=2)[:, None, None] / 5
    assert_close(Covariance(estimator=0.2).fit_transform(X), 0.8 * plain + 0.2 * power * np.eye(5))
    with pytest.raises(ValueError, match=r"estimator is 1\.5; expected"):
        Covariance(estimator=1.5).fit(X)


def test_bands_are_blocks():
    trials = Simulated(n_subjects=2, n_trials=10, random_state=0).load()
    bands = {"alpha": (8, 13), "beta": (13, 30)}
    covariances = Covariance(bands=bands, estimator="scm").fit_transform(trials.X)
    n = trials.X.shape[1]
    assert covariances.shape[1:] == (2 * n, 2 * n)
    assert covariances.ch_names[:n] == tuple(f"{c}_alpha" for c in trials.X.ch_names)
    assert not covariances[:, :n, n:].any()
    alone = Covariance(bands={"beta": (13, 30)}, estimator="scm").fit_transform(trials.X)
    np.testing.assert_array_equal(covariances[:, n:, n:], alone)
    with pytest.raises(ValueError, match=r"band 'high' is 30 to 300 Hz.*below 64 Hz"):
        Covariance(bands={"high": (30, 300)}).fit(trials.X)


def test_euclidean_alignment_is_that_of_he_and_wu():
    X = trials_of_people()
    aligned = EuclideanAlignment().fit_transform(X)
    for subject in np.unique(X.groups):
        samples = np.asarray(X[X.groups == subject])
        R = np.mean([x @ x.T / x.shape[1] for x in samples], axis=0)
        values, vectors = np.linalg.eigh(R)
        expected = vectors @ np.diag(values**-0.5) @ vectors.T @ samples
        assert_close(aligned[X.groups == subject], expected)


def test_euclidean_alignment_is_centring_by_the_arithmetic_mean():
    X = trials_of_people()
    covariances = covariances_of(X)
    centre = TLCenter(target_domain="", metric="euclid")
    expected = centre.fit_transform(np.asarray(covariances), domains_of(X))
    assert_close(covariances_of(EuclideanAlignment().fit_transform(X).astype(float)), expected)


def test_recentring_and_stretching_are_those_of_pyriemann():
    X = covariances_of(trials_of_people())
    domains = domains_of(X)
    centred = TLCenter(target_domain="").fit_transform(np.asarray(X), domains)
    assert_close(RiemannianAlignment().fit_transform(X), centred)
    scale = TLScale(target_domain="", centered_data=True)
    stretched = scale.fit_transform(centred, domains)
    assert_close(RiemannianAlignment(stretch=True).fit_transform(X), stretched)


def test_log_euclidean_recentring_is_that_of_pyriemann():
    X = covariances_of(trials_of_people())
    centre = TLCenter(target_domain="", metric="logeuclid")
    expected = centre.fit_transform(np.asarray(X), domains_of(X))
    assert_close(RiemannianAlignment(metric="logeuclid").fit_transform(X), expected)


def test_training_people_align_strangers_as_pyriemann_does():
    X = covariances_of(trials_of_people())
    X = X[X.groups == "S1"]
    one = encode_domains(np.asarray(X), np.zeros(len(X), dtype=int), ["all"] * len(X))[1]
    expected = TLCenter(target_domain="all").fit(np.asarray(X), one).transform(np.asarray(X))
    assert_close(RiemannianAlignment(access="none").fit(X).transform(X), expected)


def test_causal_mean_moves_along_the_geodesic():
    X = covariances_of(trials_of_people())
    new = X[X.groups == "S0"]
    model = RiemannianAlignment(access="causal", prior_trials=3).fit(X[X.groups != "S0"])
    aligned = model.transform(new)
    mean, weight = model.statistics_[0], 3.0
    for i in range(4):
        values, vectors = np.linalg.eigh(mean)
        whitener = vectors @ np.diag(values**-0.5) @ vectors.T
        assert_close(aligned[i], whitener @ np.asarray(new[i]) @ whitener)
        pair = np.stack([mean, mean, np.asarray(new[i])])  # three, so that it is found by steps
        mean = geometric_mean(pair, np.array([weight / 2, weight / 2, 1]))
        weight += 1


@pytest.mark.parametrize("align", [EuclideanAlignment, RiemannianAlignment])
def test_later_trials_do_not_change_a_causal_step(align):
    X = trials_of_people()
    X = covariances_of(X) if align is RiemannianAlignment else X
    model = align(access="causal").fit(X)
    changed = X.copy()
    changed[X.onsets >= 6] *= 3
    before = X.onsets <= 5
    np.testing.assert_array_equal(model.transform(changed)[before], model.transform(X)[before])


def test_an_average_reference_leaves_a_direction_without_power():
    X = trials_of_people().astype(np.float32)
    X -= X.mean(axis=1, keepdims=True)
    aligned = covariances_of(EuclideanAlignment().fit_transform(X))
    values = np.linalg.eigvalsh(aligned[X.groups == "S0"].mean(axis=0))
    np.testing.assert_allclose(values, [0, 1, 1, 1, 1], atol=1e-4)
    centred = RiemannianAlignment().fit_transform(covariances_of(X))
    assert np.isfinite(centred).all()
    assert np.linalg.cond(centred).max() < 1e4


def test_flat_trials_have_a_finite_alignment():
    X = trials_of_people()
    X[3] = 0
    assert np.isfinite(EuclideanAlignment().fit_transform(X)).all()
    assert np.isfinite(RiemannianAlignment(stretch=True).fit_transform(covariances_of(X))).all()


def test_what_is_no_covariance_is_refused():
    X = trials_of_people(n_times=7)
    with pytest.raises(ValueError, match=r"matrices of 5 x 7.*Covariance\(\) first"):
        RiemannianAlignment().fit(X)
    with pytest.raises(ValueError, match="not symmetric"):
        RiemannianAlignment().fit(X[..., :5])


@pytest.mark.parametrize("after", [TangentSpace(), CSP(nfilter=4)], ids=["tangent space", "CSP"])
def test_pyriemann_follows_in_a_pipeline(after, tmp_path):
    trials = Simulated(n_subjects=4, n_trials=20, random_state=0).load()
    model = Pipeline([Covariance(), RiemannianAlignment(), after, LogisticRegression()])
    model.fit(trials.X, trials.y)
    assert model.score(trials.X, trials.y) > 0.7
    eegkit.save(model, tmp_path / "model.eegkit")
    loaded = eegkit.load(tmp_path / "model.eegkit")
    np.testing.assert_array_equal(loaded.predict(trials.X), model.predict(trials.X))


ORDER_COUNTS = {
    "check_methods_sample_order_invariance": "earlier trials are part of what is known",
    "check_methods_subset_invariance": "so are trials that are not in the subset",
}


@pytest.mark.parametrize("align", [EuclideanAlignment, RiemannianAlignment])
def test_scikit_learn(align):
    first, *_ = testing.transform_checks(align(access="causal"), ORDER_COUNTS)
    first()
