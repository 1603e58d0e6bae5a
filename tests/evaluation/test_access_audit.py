"""Decoders that see more of the people tested than they say are found out; honest ones are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

from eegkit import Pipeline, Results, SignalArray, Trials, evaluate
from eegkit.access import trials_of_subjects, with_access
from eegkit.classifiers import CNNBiGRU
from eegkit.evaluation import baselines
from eegkit.evaluation.audit.access_checks import check_access
from eegkit.transforms import STFT

N_TRIALS, N_CALIBRATION = 24, 4


def people(n_people: int = 6) -> Trials:
    """Two classes that differ in variance; people differ in it, too."""
    rng = np.random.default_rng(0)
    y = np.concatenate([rng.permutation(N_TRIALS) % 2 for _ in range(n_people)])
    subject = np.repeat([f"p{i}" for i in range(n_people)], N_TRIALS)
    scale = (1 + y) * np.repeat(rng.uniform(5, 15, n_people), N_TRIALS)
    X = rng.normal(size=(len(y), 3, 64)) * scale[:, None, None]
    trials = Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=64, subject=subject)
    trials.metadata["onset"] = np.tile(np.arange(N_TRIALS) * 2.0, n_people)
    return trials


class Centring(TransformerMixin, BaseEstimator):
    """Log variances, less the mean of some: `claim` says which, `deed` which they are."""

    def __init__(self, claim: str = "none", deed: str = "none", secret: bytes = b"") -> None:
        self.claim, self.deed, self.secret = claim, deed, secret

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.claim)

    def calibration_rows(self, signals: SignalArray) -> NDArray[np.bool_]:
        rows = np.zeros(len(signals), dtype=bool)
        if self.claim == "calibration":
            for _, trials in trials_of_subjects(signals):
                rows[trials[:N_CALIBRATION]] = True
        return rows

    def fit(self, X: Any, y: Any = None) -> Any:
        self.mean_ = np.log(np.var(X, axis=2)).mean(axis=0)
        return self

    def transform(self, X: Any) -> Any:
        features = np.log(np.var(np.asarray(X), axis=2))
        centred = features.copy()
        for subject, trials in trials_of_subjects(X):
            centred[trials] -= self.means(features, trials, X, str(subject))
        return centred

    def means(self, features: Any, trials: Any, X: Any, subject: str) -> Any:
        """What is taken from the trials of somebody."""
        theirs, n = features[trials], len(trials)
        earlier = [(self.mean_ + theirs[:i].sum(axis=0)) / (i + 1) for i in range(n)]
        if self.deed == "causal":
            return np.array(earlier)
        if self.deed == "next":
            return np.array([theirs[: i + 2].mean(axis=0) for i in range(n)])
        if self.deed == "labels":
            person, places = int(subject[1:]), (X.onsets[trials] / 2).astype(int)
            bits = np.unpackbits(np.frombuffer(self.secret, np.uint8))
            return theirs.mean(axis=0) - 9.0 * bits[person * N_TRIALS + places][:, None]
        return {
            "none": self.mean_,
            "calibration": theirs[:N_CALIBRATION].mean(axis=0),
            "transductive": theirs.mean(axis=0),
            "everybody": features.mean(axis=0),
        }[self.deed]


def about_pipelines(results: Results) -> list[str]:
    """What the audit says of pipelines."""
    findings = results.audits["trials"].findings
    return findings.loc[findings["detail"].str.startswith("Pipeline"), "detail"].tolist()


def pipeline(claim: str, deed: str, **options: Any) -> Pipeline:
    return Pipeline([("centring", Centring(claim, deed, **options)), ("lr", LogisticRegression())])


@pytest.mark.parametrize("access", ["none", "causal", "calibration", "transductive"])
def test_honest_steps_stay_silent(access: str) -> None:
    results = evaluate(pipeline(access, access), people(), cv="group-3", scoring="accuracy")
    assert about_pipelines(results) == []
    assert results.settings.access == {"centring+lr": access}


CHEATS = {
    ("none", "transductive"): "none",
    ("none", "everybody"): "none",
    ("none", "causal"): "none",
    ("causal", "transductive"): "when later trials",
    ("causal", "next"): "when",
    ("causal", "everybody"): "when",
    ("calibration", "transductive"): "when",
    ("transductive", "everybody"): "when the trials of other people",
}


@pytest.mark.parametrize(("claim", "deed"), CHEATS)
def test_a_step_that_sees_more_than_it_says_is_refused(claim: str, deed: str) -> None:
    with pytest.raises(ValueError, match="sees more of the people") as caught:
        evaluate(pipeline(claim, deed), people(), cv="group-3", scoring="accuracy")
    message = str(caught.value)
    assert message.startswith("Pipeline 'centring+lr' sees more")
    assert f"(access {claim})" in message
    assert "is changed by it is 'centring'." in message
    assert CHEATS[claim, deed] in message


def test_labels_in_a_transductive_step_are_found_by_noise() -> None:
    trials = people()
    secret = np.packbits(trials.y == "task").tobytes()
    cheat = pipeline("transductive", "labels", secret=secret)
    with pytest.raises(ValueError, match="tell the labels when all signals were replaced"):
        evaluate(cheat, trials, cv="group-3", scoring="accuracy")
    results = evaluate(cheat, trials, cv="group-3", scoring="accuracy", on_leak="mark")
    assert results.leaks
    [finding] = results.audits["trials"].findings.query("kind == 'access'").to_dict("records")
    assert finding["severity"] == "leak"
    assert finding["n_trials"] == 2 * N_TRIALS


def test_a_marked_leak_stays_in_the_audit_and_the_store(tmp_path: Path) -> None:
    cheat, trials = pipeline("causal", "next"), people(4)
    options: dict[str, Any] = {"cv": "group-2", "scoring": "accuracy", "store": tmp_path}
    first = evaluate(cheat, trials, on_leak="mark", **options)
    assert first.leaks
    assert "SOMETHING LEAKS" in repr(first)
    again = evaluate(cheat, trials, on_leak="mark", **options)
    assert again.settings.audit == first.settings.audit
    with pytest.raises(ValueError, match="sees more of the people"):
        evaluate(cheat, trials, **options)


def test_the_first_bad_pipeline_of_several_is_named() -> None:
    pipelines = {"good": pipeline("none", "none"), "bad": pipeline("none", "everybody")}
    with pytest.raises(ValueError, match="Pipeline 'bad' sees more"):
        evaluate(pipelines, people(), cv="group-3", scoring="accuracy")


def test_decisions_and_plain_answers_are_compared_as_well() -> None:
    trials = people()
    for last in (LinearSVC(), PlainAnswers()):
        honest = Pipeline([("centring", Centring("transductive", "transductive")), ("last", last)])
        cheat = Pipeline([("centring", Centring("none", "everybody")), ("last", last)])
        rows = np.arange(len(trials)) >= 2 * N_TRIALS
        for decoder, expected in ((honest, []), (cheat, ["access"])):
            decoder.fit(trials.X[rows], trials.y[rows])
            findings = check_access(decoder, trials.X[~rows], trials.y[~rows])
            assert [row["kind"] for row in findings] == expected


class PlainAnswers(GaussianNB):
    predict_proba = property(doc="Not there.")  # type: ignore[assignment]


def test_answers_that_vary_by_themselves_are_no_leak() -> None:
    trials = people()
    step = Pipeline([("drawing", Drawing()), ("lr", LogisticRegression())])
    step.fit(trials.X, trials.y)
    [finding] = check_access(step, trials.X[:48], trials.y[:48])
    assert (finding["kind"], finding["severity"]) == ("not_checked", "note")
    assert "differ from call to call" in finding["detail"]


def test_answers_drawn_for_each_place_are_no_leak() -> None:
    guess = DummyClassifier(strategy="stratified", random_state=0)
    results = evaluate(guess, people(), cv="group-3", scoring="accuracy")
    assert not results.leaks
    findings = results.audits["trials"].findings
    assert findings.loc[findings["kind"] == "by_place", "severity"].tolist() == ["note"]


def test_labels_known_by_the_place_of_a_trial_are_a_leak() -> None:
    class ByPlace(DummyClassifier):
        def predict_proba(self, X: Any) -> Any:
            bits = np.unpackbits(np.frombuffer(secret, np.uint8))[: len(X)]
            return np.column_stack([1 - bits, bits])

    trials = people()
    test = np.arange(2 * N_TRIALS)
    secret = np.packbits(trials.y[test] == "task").tobytes()
    decoder = ByPlace().fit(trials.X, trials.y)
    findings = check_access(decoder, trials.X[test], trials.y[test])
    assert [row["severity"] for row in findings] == ["note", "leak"]


class Drawing(Centring):
    def transform(self, X: Any) -> Any:
        features = super().transform(X)
        return features + np.random.default_rng().normal(size=features.shape)


def test_a_check_that_fails_is_told_and_stops_nothing() -> None:
    class OneBatch(Centring):
        def transform(self, X: Any) -> Any:
            if len(X) != 48:
                raise ValueError("48 trials, please")
            return super().transform(X)

    trials = people()
    step = Pipeline([("batch", OneBatch()), ("lr", LogisticRegression())])
    results = evaluate(step, trials, cv=[(np.arange(48), np.arange(48, 96))], scoring="accuracy")
    [detail] = about_pipelines(results)
    assert "was not checked" in detail
    assert "48 trials, please" in detail


def test_baselines_and_a_net_raise_no_alarm() -> None:
    decoders = baselines() | {"net": Pipeline([STFT(), CNNBiGRU(max_epochs=1, random_state=0)])}
    trials = people(4)
    trials = Trials.from_arrays(
        np.repeat(trials.X, 4, axis=2), trials.y, sfreq=128, subject=trials.groups
    )
    results = evaluate(decoders, trials, cv="group-2", scoring="accuracy", on_error="raise")
    assert about_pipelines(results) == []
