import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline as sklearn_make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from eegkit import Pipeline, SignalArray, make_pipeline, registry
from eegkit.amplitude import AmplitudeWarning
from eegkit.classifiers import CNNBiGRU
from eegkit.experiment import parse_pipeline
from eegkit.pipeline import FeatureUnion
from eegkit.testing import example_trials
from eegkit.transforms import STFT, BandPower, SubjectStandardizer


def test_names_are_those_of_scikit_learn():
    steps = [StandardScaler(), StandardScaler(), LogisticRegression()]
    expected = list(sklearn_make_pipeline(*steps).named_steps)
    assert list(Pipeline(steps).named_steps) == expected
    assert list(make_pipeline(*steps).named_steps) == expected


def test_names_are_those_of_the_registry():
    steps = [STFT(), STFT(), CNNBiGRU()]
    expected = ["stft-1", "stft-2", "cnn_bigru"]
    assert list(Pipeline(steps).named_steps) == expected
    assert list(make_pipeline(*steps).named_steps) == expected
    assert list(parse_pipeline("stft+stft+cnn_bigru").named_steps) == expected
    assert dict(FeatureUnion([BandPower()]).transformer_list).keys() == {"band_power"}


def test_every_registered_class_has_its_name(monkeypatch):
    monkeypatch.setenv("EEGKIT_NO_PLUGINS", "1")  # a name does not depend on it
    for kind in ("transforms", "classifiers"):
        for name in registry.names(kind):
            assert registry.name_of(registry.get(kind, name)) == name
    assert registry.name_of(type("STFT", (), {})) is None


def test_named_and_bare_steps_mix():
    pipeline = Pipeline([("scale", StandardScaler()), LogisticRegression()])
    assert list(pipeline.named_steps) == ["scale", "logisticregression"]


def test_clone_and_set_params():
    pipeline = clone(Pipeline([STFT(), CNNBiGRU()]))
    pipeline.set_params(stft__nperseg=64, cnn_bigru__hidden_size=8)
    assert clone(pipeline).get_params()["stft__nperseg"] == 64
    pipeline.set_params(steps=[StandardScaler(), LogisticRegression()])
    assert list(pipeline.named_steps) == ["standardscaler", "logisticregression"]


def test_grid_search_over_architecture_and_training():
    trials = example_trials()
    net = CNNBiGRU(**CNNBiGRU.conformance_params()).set_params(max_epochs=1)
    search = GridSearchCV(
        Pipeline([STFT(nperseg=32), net]),
        {
            "cnn_bigru__hidden_size": [4, 8],
            "cnn_bigru__lr": [1e-3, 1e-2],
            "stft__nperseg": [16, 32],
        },
        cv=2,
        error_score="raise",
    )
    search.fit(trials.X, trials.y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.predict(trials.X).shape == trials.y.shape


def test_memory_runs_a_transform_once(tmp_path):
    trials = example_trials()
    pipeline = Pipeline(
        [STFT(nperseg=32), FunctionTransformer(_flatten), LogisticRegression()],
        memory=str(tmp_path),
    )
    first = pipeline.fit(trials.X, trials.y).predict_proba(trials.X)
    assert list(tmp_path.rglob("output.pkl"))
    again = clone(pipeline).fit(trials.X, trials.y).predict_proba(trials.X)
    np.testing.assert_array_equal(first, again)


def _flatten(X):
    return np.asarray(X).reshape(len(X), -1)


def test_a_single_estimator_is_not_a_list_of_steps():
    with pytest.raises(TypeError):
        Pipeline(LogisticRegression()).fit(np.zeros((2, 2)), [0, 1])


def test_a_pipeline_remembers_what_it_was_fitted_on():
    X, y = np.random.default_rng(0).normal(size=(8, 2, 64)), [0, 1] * 4
    flat = FunctionTransformer(np.ndarray.mean, kw_args={"axis": 2})
    known = SignalArray(X, sfreq=64.0, ch_names=["C3", "C4"])
    pipeline = Pipeline([flat, LogisticRegression()]).fit(known, y)
    assert pipeline.input_shape_ == (2, 64)
    assert pipeline.ch_names_ == ("C3", "C4")
    assert pipeline.sfreq_ == 64.0
    pipeline.fit(X, y)  # which knows nothing
    assert not {"input_shape_", "ch_names_", "sfreq_"} & set(vars(pipeline))


def test_every_way_to_fit_remembers_its_signals(tmp_path):
    X = SignalArray(np.random.default_rng(0).normal(size=(8, 2, 64)), sfreq=64.0)
    for last, fit in ((StandardScaler(), "fit_transform"), (KMeans(2, n_init=1), "fit_predict")):
        pipeline = Pipeline([FunctionTransformer(_flatten), last], memory=str(tmp_path))
        assert len(getattr(pipeline, fit)(X)) == len(X)
        assert pipeline.sfreq_ == 64.0
        assert pipeline.memory == str(tmp_path)


def test_ways_to_fit_that_the_last_step_lacks():
    pipeline = Pipeline([StandardScaler(), LogisticRegression()])
    assert not hasattr(pipeline, "fit_transform")
    assert not hasattr(pipeline, "fit_predict")


def test_features_of_a_union_know_their_people():
    X = example_trials().X
    powers = [BandPower(), BandPower(bands={"slow": (1, 8)})]
    union = FeatureUnion(powers).fit(X)
    features = union.transform(X)
    assert features.groups.tolist() == X.groups.tolist()
    np.testing.assert_array_equal(features, np.hstack([p.fit_transform(X) for p in powers]))
    np.testing.assert_array_equal(clone(union).fit_transform(X), features)


def test_a_union_calibrates_what_is_in_it():
    X = SignalArray(np.random.default_rng(0).normal(size=(10, 4)), groups=["S1"] * 10)
    union = FeatureUnion([StandardScaler(), SubjectStandardizer()]).fit(X)
    union.calibrate(X[:5] + 1, groups=["S2"] * 5)
    assert list(union.transformer_list[1][1].subjects_) == ["S2"]
    assert not hasattr(FeatureUnion([BandPower()]), "calibrate")


def test_nothing_is_calibrated_in_part():
    trials = example_trials(n_trials=24)
    inner = Pipeline([SubjectStandardizer(), LogisticRegression()])
    voters = VotingClassifier([("a", inner), ("b", LogisticRegression())])
    pipeline = Pipeline([BandPower(), SubjectStandardizer(), voters]).fit(trials.X, trials.y)
    with pytest.raises(ValueError, match="inside of VotingClassifier is not reached"):
        pipeline.calibrate(trials.X[:8])


def test_calibrating_on_another_unit_is_told():
    trials = example_trials(n_trials=48)
    pipeline = Pipeline([BandPower(), SubjectStandardizer(), LogisticRegression(C=0.1)])
    pipeline.fit(trials.X, trials.y)
    with pytest.warns(AmplitudeWarning, match="nothing like the trials"):
        pipeline.calibrate(trials.X[trials.groups == "S1"] * 1e-6)
