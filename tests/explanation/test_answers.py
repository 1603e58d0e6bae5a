"""Decoders without probabilities, targets of another kind, and trials without a label."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from eegkit import ParameterError, explain
from eegkit.plots import AttributionDisplay

CALIBRATE = "has no predict_proba; put CalibratedClassifierCV around it"
VOTE = "VotingClassifier counts votes, which have no probabilities; set voting='soft'"
NO_REFIT = "GridSearchCV keeps no decoder, since refit=False; search again with refit=True"


def search(estimator, **options):
    return GridSearchCV(estimator, {"C": [1.0]}, cv=2, **options)


def voters(*estimators, voting="hard"):
    return VotingClassifier([(str(i), e) for i, e in enumerate(estimators)], voting=voting)


LACKING = {
    "a search that keeps nothing": (search(LogisticRegression(), refit=False), NO_REFIT),
    "one in a pipeline": (
        make_pipeline(StandardScaler(), search(LinearSVC(), refit=False)),
        NO_REFIT,
    ),
    "a search of SVCs": (search(LinearSVC()), f"LinearSVC {CALIBRATE}"),
    "votes": (voters(LogisticRegression()), VOTE),
    "votes in a pipeline": (make_pipeline(StandardScaler(), voters(LogisticRegression())), VOTE),
    "soft votes": (
        voters(LogisticRegression(), make_pipeline(StandardScaler(), LinearSVC()), voting="soft"),
        f"LinearSVC {CALIBRATE}",
    ),
    "an SVC": (SVC(), rf"SVC {CALIBRATE} \(or probability=True\)"),
    "a stack": (
        StackingClassifier([("a", LogisticRegression())], final_estimator=LinearSVC(), cv=2),
        f"LinearSVC {CALIBRATE}",
    ),
    "a threshold": (TunedThresholdClassifierCV(LinearSVC(), cv=2), f"LinearSVC {CALIBRATE}"),
    "one against the rest": (OneVsRestClassifier(LinearSVC()), f"LinearSVC {CALIBRATE}"),
    "no classifier": (
        make_pipeline(StandardScaler()),
        "StandardScaler transforms trials, and classifies none; put a classifier behind it",
    ),
    "groups": (KMeans(2, n_init=1), "KMeans finds groups, not classes"),
}


@pytest.mark.parametrize("kind", LACKING)
def test_what_lacks_probabilities_and_how_to_get_them_is_said(kind, features):
    X, y = features
    decoder, message = LACKING[kind]
    with pytest.raises(ValueError, match=message):
        explain(decoder.fit(np.asarray(X), y), X, method="occlusion")


def test_a_regressor_is_no_decoder(features):
    X, y = features
    decoder = make_pipeline(StandardScaler(), Ridge()).fit(X, y == "task")
    with pytest.raises(ValueError, match="Ridge predicts numbers, not classes; explain takes a"):
        explain(decoder, X, method="occlusion")


UNFITTED = {
    "a search": search(LogisticRegression()),
    "a stack": StackingClassifier([("a", LogisticRegression())]),
    "calibrated": CalibratedClassifierCV(LinearSVC()),
    "soft votes": voters(LogisticRegression(), voting="soft"),
}


@pytest.mark.parametrize("kind", UNFITTED)
def test_what_was_not_fitted_lacks_nothing_else(kind, features):
    with pytest.raises(NotFittedError):
        explain(UNFITTED[kind], features[0], method="occlusion")


def test_what_is_calibrated_or_stacked_is_explained(features):
    X, y = features
    for decoder in (
        CalibratedClassifierCV(LinearSVC(), cv=2),
        StackingClassifier([("a", LinearSVC())], cv=2),
        search(SVC(probability=True, random_state=0)),
    ):
        fitted = decoder.fit(np.asarray(X), y)
        assert len(explain(fitted, X, method="occlusion").mean("feature")) == 6


KINDS = {
    "text": np.array(["rest", "task"]),
    "numbers": np.array([0, 1]),
    "other numbers": np.array([1.0, 2.0]),
    "truth values": np.array([False, True]),
}
NAMES = [
    ("text", "task", 1),
    ("text", np.str_("task"), 1),
    ("text", np.array("task"), 1),
    ("text", 1, None),
    ("text", True, None),
    ("text", b"task", None),
    ("numbers", 1, 1),
    ("numbers", 1.0, 1),
    ("numbers", np.int8(1), 1),
    ("numbers", np.float32(1), 1),
    ("numbers", np.array(0), 0),
    ("numbers", True, None),
    ("numbers", np.bool_(False), None),
    ("numbers", "1", None),
    ("numbers", 0.5, None),
    ("numbers", np.nan, None),
    ("numbers", None, None),
    ("numbers", pd.NA, None),
    ("other numbers", 1, 0),
    ("truth values", True, 1),
    ("truth values", np.bool_(True), 1),
    ("truth values", 1, None),
    ("truth values", 0.0, None),
    ("truth values", "True", None),
]


@pytest.fixture(scope="module")
def of_kinds(features):
    X, y = features
    return {
        kind: LogisticRegression().fit(np.asarray(X), classes[(y == "task").astype(int)])
        for kind, classes in KINDS.items()
    }


@pytest.mark.parametrize(("kind", "target", "code"), NAMES)
def test_a_class_is_named_by_what_it_is(kind, target, code, of_kinds, features):
    X = features[0]
    if code is None:
        with pytest.raises(ParameterError, match="which is no class of the decoder"):
            explain(of_kinds[kind], X, method="occlusion", target=target)
        return
    attributions = explain(of_kinds[kind], X, method="occlusion", target=target)
    assert (attributions.targets == KINDS[kind][code]).all()


def test_the_kinds_are_told(of_kinds, features):
    with pytest.raises(ParameterError, match="it is a number, while these are a truth value, Fal"):
        explain(of_kinds["truth values"], features[0], method="occlusion", target=1)


@pytest.mark.parametrize("gap", [None, np.nan])
def test_trials_without_a_label_are_in_no_mean_by_labels(gap, of_kinds, features):
    X, y = features
    labels = [gap if i < 3 else label for i, label in enumerate(y)]
    attributions = explain(of_kinds["text"], X, labels, method="occlusion")
    with pytest.warns(UserWarning, match="Left out: 3 of 20 trials, which have no label"):
        table = attributions.mean(["label", "feature"])
    assert table["label"].unique().tolist() == ["rest", "task"]
    expected = attributions[(y == "rest") & (np.arange(len(y)) > 2)].mean("feature")["attribution"]
    np.testing.assert_allclose(table[table["label"] == "rest"]["attribution"], expected, rtol=1e-5)
    with pytest.warns(UserWarning, match="Left out"):
        maps = attributions.maps("label")
    np.testing.assert_allclose(maps["rest"], expected, rtol=1e-5)
    with pytest.warns(UserWarning, match="Left out"):
        display = AttributionDisplay.from_attributions(attributions, by="label")
    assert [title.split("\n")[0] for title in display.columns] == ["rest", "task"]
    assert len(attributions.mean("class")) == 2, "the class explained is known of all"


def test_where_no_trial_has_a_label_there_is_no_mean(of_kinds, features):
    X, y = features
    attributions = explain(of_kinds["text"], X, [None] * len(y), method="occlusion")
    with (
        pytest.warns(UserWarning, match="Left out"),
        pytest.raises(ParameterError, match="No trial has a label to take means by"),
    ):
        attributions.mean("label")


def test_numbers_that_lack_some_are_labels_too(of_kinds, features):
    X, y = features
    codes = np.where(np.arange(20) < 2, np.nan, y == "task")
    attributions = explain(of_kinds["numbers"], X, codes, method="occlusion")
    with pytest.warns(UserWarning, match="2 of 20"):
        assert attributions.mean("label")["label"].tolist() == [0, 1]


def test_labels_of_another_kind_than_the_classes_are_told(of_kinds, features):
    X, y = features
    report = explain(of_kinds["numbers"], X, y, method="occlusion").check()
    assert "the labels, 'rest', 'task', are none of its classes" in report.describe()
