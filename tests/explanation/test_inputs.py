"""`explain` takes and refuses what `predict` does, and explains what `predict` answers."""

import mne
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import SVC

from eegkit import ParameterError, Pipeline, SignalArray, Trials, evaluate, explain, registry
from eegkit.classifiers import AdaptiveBatchNorm, CNNBiGRU, DenseNet
from eegkit.explanation import explain_people
from eegkit.subject_threshold import SubjectThreshold
from eegkit.temporal_smoothing import TemporalSmoothing
from eegkit.testing import example_trials
from eegkit.transforms import STFT, BandPower
from eegkit.tuning import TunedClassifier

SMALL = {"n_filters": (4,), "n_fused": 4, "hidden_size": 8, "n_heads": 2}
NAMES = ("C3", "Cz", "C4")


@pytest.fixture(scope="module")
def trials():
    return example_trials(24)


@pytest.fixture(scope="module")
def decoders(trials):
    net = CNNBiGRU(**SMALL, max_epochs=2, lr=1e-2, random_state=0)
    return {
        "net": Pipeline([STFT(window_s=0.25, normalize="fitted"), net]).fit(trials.X, trials.y),
        "baseline": power(LogisticRegression()).fit(trials.X, trials.y),
    }


def power(classifier):
    return Pipeline([BandPower(), classifier])


def memory_map(X, path):
    mapped = np.lib.format.open_memmap(path / "X.npy", mode="w+", shape=X.shape, dtype=X.dtype)
    mapped[:] = X
    return mapped


def epochs(X, names, sfreq):
    info = mne.create_info(list(names), sfreq, "eeg")
    return mne.EpochsArray(X * 1e-6, info, verbose="error")


SAME = {
    "an array": lambda X, names, sfreq: np.asarray(X),
    "signals": lambda X, names, sfreq: SignalArray(X, ch_names=names, sfreq=sfreq),
    "epochs": epochs,
    "lists": lambda X, names, sfreq: X.tolist(),
    "float64": lambda X, names, sfreq: X.astype(float),
    "the other byte order": lambda X, names, sfreq: X.astype(">f4"),
    "Fortran's order": lambda X, names, sfreq: np.asfortranarray(X),
    "a reversed view": lambda X, names, sfreq: X[::-1].copy()[::-1],
}
OTHER = {
    "whole numbers": lambda X, names, sfreq: X.astype(int),
    "one trial": lambda X, names, sfreq: X[0],
    "no trials": lambda X, names, sfreq: X[:0],
    "two channels": lambda X, names, sfreq: X[:, :2],
    "another rate": lambda X, names, sfreq: SignalArray(X, ch_names=names, sfreq=sfreq / 2),
    "another order": lambda X, names, sfreq: SignalArray(
        X[:, ::-1], ch_names=names[::-1], sfreq=sfreq
    ),
    "NaN": lambda X, names, sfreq: np.where(np.arange(X.shape[-1]) == 3, np.nan, X),
    "infinity": lambda X, names, sfreq: np.where(np.arange(X.shape[-1]) == 3, np.inf, X),
    "complex numbers": lambda X, names, sfreq: X.astype(complex),
    "text": lambda X, names, sfreq: X.astype(str),
    "four axes": lambda X, names, sfreq: X[None],
    "nothing": lambda X, names, sfreq: None,
}  # fmt: skip
OPTIONS = [
    ("net", {"method": "input_x_gradient"}),
    ("net", {"method": "input_x_gradient", "space": "raw"}),
    ("net", {"method": "occlusion"}),
    ("baseline", {"method": "occlusion"}),
]


@pytest.mark.parametrize(("name", "options"), OPTIONS)
def test_the_same_trials_in_any_form_have_the_same_map(decoders, trials, name, options, tmp_path):
    X = np.asarray(trials.X)
    expected = explain(decoders[name], trials, **options).values
    forms = [make(X, trials.X.ch_names, trials.X.sfreq) for make in SAME.values()]
    forms.append(memory_map(X, tmp_path))
    for form, signals in zip([*SAME, "a map of a file"], forms, strict=True):
        values = explain(decoders[name], signals, **options).values
        np.testing.assert_allclose(
            values, expected, atol=1e-3 * np.abs(expected).max(), err_msg=form
        )


@pytest.mark.parametrize(("name", "options"), OPTIONS)
@pytest.mark.parametrize("kind", OTHER)
def test_what_predict_refuses_is_refused_in_the_same_words(decoders, trials, kind, name, options):
    X = OTHER[kind](np.asarray(trials.X), trials.X.ch_names, trials.X.sfreq)
    outcomes = []
    for answer in (decoders[name].predict, lambda x: explain(decoders[name], x, **options)):
        try:
            outcomes.append(getattr(answer(X), "predicted", answer(X)))
        except (ValueError, TypeError) as error:
            outcomes.append(np.array([type(error).__name__, str(error)]))
    by_predict, by_explain = outcomes
    assert by_predict.tolist() == by_explain.tolist()
    assert (len(by_predict) == len(trials)) == (kind == "whole numbers")


def dense():
    return DenseNet(max_epochs=3, random_state=0)


WRAPPED = {
    "calibrated": lambda: CalibratedClassifierCV(power(dense()), cv=2),
    "voting": lambda: VotingClassifier([("a", power(dense()))], voting="soft"),
    "one against the rest": lambda: OneVsRestClassifier(power(dense())),
    "stacked": lambda: StackingClassifier([("a", power(dense()))], cv=2),
    "smoothed": lambda: TemporalSmoothing(power(dense()), interval_s=3.0),
    "both ways": lambda: TemporalSmoothing(
        power(dense()), access="transductive", interval_s=3.0
    ),
    "of a person": lambda: SubjectThreshold(power(dense())),
    "adaptive": lambda: AdaptiveBatchNorm(registry.get("classifiers", "eegnet")(max_epochs=2)),
    "by a threshold": lambda: FixedThresholdClassifier(
        power(LogisticRegression()), threshold=0.7, pos_label="task"
    ),
    "a search of these": lambda: GridSearchCV(
        TemporalSmoothing(power(dense()), interval_s=3.0), {"time_constant_s": [5.0]}, cv=2
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", WRAPPED)
def test_nets_inside_of_others_are_sent_to_occlusion_which_follows_predict(kind, trials):
    decoder = WRAPPED[kind]().fit(trials.X, trials.y)
    with pytest.raises(ParameterError, match="is none; method='occlusion' explains any decoder"):
        explain(decoder, trials, method="saliency")
    attributions = explain(decoder, trials, method="occlusion", n_others=1)
    assert (attributions.predicted == decoder.predict(trials.X)).all()
    assert (attributions.targets == attributions.predicted).all()
    # In small batches the same: what treats trials of a person together is not torn apart.
    small = explain(decoder, trials, method="occlusion", n_others=1, max_memory_mb=0.05)
    np.testing.assert_allclose(small.values, attributions.values, atol=1e-6)


def test_what_is_explained_is_the_answer_not_the_most_probable_class(trials):
    y = np.random.default_rng(0).permutation(trials.y[:12])
    decoder = power(SVC(probability=True, random_state=0)).fit(trials.X[:12], y)
    answers = decoder.predict(trials.X)
    likely = decoder.classes_[decoder.predict_proba(trials.X).argmax(axis=1)]
    assert (answers != likely).any(), "Platt's probabilities are not the SVC's decision"
    attributions = explain(decoder, trials, method="occlusion")
    assert (attributions.predicted == answers).all()
    assert (attributions.targets == answers).all()


def test_people_of_such_a_decoder_are_explained(trials):
    decoder = power(SVC(probability=True, random_state=0))
    results = evaluate(decoder, trials, cv="group-3", keep_decoders=True)
    people = explain_people(results, trials, method="occlusion")
    assert len(people) == 3


def test_a_search_behind_transforms_is_looked_into(trials):
    search = GridSearchCV(dense(), {"lr": [1e-3, 1e-2]}, cv=2)
    decoder = power(search).fit(trials.X, trials.y)
    plain = Pipeline([decoder[0], decoder[-1].best_estimator_])
    values = [explain(d, trials, method="saliency").values for d in (decoder, plain)]
    np.testing.assert_array_equal(*values)


def test_classes_called_true_and_predicted(trials):
    y = np.where(trials.y == "task", "true", "predicted")
    decoder = power(dense()).fit(trials.X, y)
    by_label = explain(decoder, trials.X, y, method="saliency", target="true")
    assert (by_label.targets == y).all()
    by_answer = explain(decoder, trials.X, y, method="saliency")
    assert (by_answer.targets == decoder.predict(trials.X)).all()
    assert by_answer.check(n_stages=1).table.set_index("check").loc["again", "value"] > 0.99


def test_maps_of_people_with_such_classes(trials):
    y = np.where(trials.y == "task", "true", "predicted")
    other = Trials.from_arrays(
        np.asarray(trials.X), y, sfreq=trials.sfreq, ch_names=NAMES, subject=trials.groups
    )
    values = [
        explain_people(
            evaluate(power(LogisticRegression()), part, cv="group-3", keep_decoders=True),
            part,
            method="occlusion",
        ).values
        for part in (trials, other)
    ]
    np.testing.assert_allclose(*values, atol=1e-5)


@pytest.mark.parametrize("target", [["rest"], np.array(["rest", "task"])])
def test_several_targets_are_sent_to_y(decoders, trials, target):
    with pytest.raises(ParameterError, match="trial by trial are given as y, with target='true'"):
        explain(decoders["net"], trials, method="saliency", target=target)


@pytest.mark.parametrize("decoder", [CNNBiGRU, "model.eegkit", None, [1]])
def test_what_is_no_decoder_is_refused(decoder, trials):
    with pytest.raises(ValueError, match="explain takes a fitted decoder that has predict_proba"):
        explain(decoder, trials)


def test_a_search_that_answers_by_several_is_not_explained_by_the_best(trials):
    search = TunedClassifier(power(dense()), {"dense_net__lr": [1e-1]}, cv="group-2", n_trials=1)
    search.fit(trials.X, trials.y)
    search.estimators_.append(power(dense()).fit(trials.X, trials.y))  # as refit=2 does
    with pytest.raises(ParameterError, match="TunedClassifier is none; method='occlusion'"):
        explain(search, trials, method="saliency")
    options = {"method": "occlusion", "baseline": "mean", "target": "task"}
    ours = explain(search, trials, **options).values
    parts = [explain(part, trials, **options).values for part in search.estimators_]
    np.testing.assert_allclose(ours, np.mean(parts, axis=0), atol=1e-5)
    assert not np.allclose(*parts, atol=1e-3)
    assert explain(search, trials, **options).check(n_stages=1).table is not None
