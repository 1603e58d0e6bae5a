"""The leakage audit: every leak is planted and found, and clean splits stay silent."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from eegkit import Trials, load_dataset
from eegkit.evaluation import Audit, audit_folds, audit_split
from eegkit.evaluation.splits.named import Fold
from eegkit.transforms import SlidingWindows

SHUFFLED = KFold(3, shuffle=True, random_state=0)


class Keeping:
    """A splitter that promises something, and shuffles."""

    def __init__(self, keeps_apart, by=None):
        self.keeps_apart = keeps_apart
        self.by = by

    def split(self, X, y, groups):
        if self.by is None:
            return SHUFFLED.split(np.zeros(len(y)))
        names = groups[self.by].astype(str).agg("/".join, axis=1)
        return GroupKFold(2).split(np.zeros(len(y)), y, names)


def make(subject=None, y=None, n_trials=48, n_times=96, n_channels=6, seed=0, **columns):
    """Trials of drifting noise; every metadata column one value per trial."""
    rng = np.random.default_rng(seed)
    X = np.cumsum(rng.normal(size=(n_trials, n_channels, n_times)), axis=2)
    subject = np.repeat([f"P{i}" for i in range(6)], n_trials // 6) if subject is None else subject
    y = np.tile(["rest", "task"], n_trials // 2) if y is None else y
    trials = Trials.from_arrays(X, y, sfreq=96, subject=subject)
    for name, values in columns.items():
        trials.metadata[name] = values
    return trials


def with_signals(trials, X):
    return Trials(X, trials.y, trials.metadata, trials.info)


def kinds(audit, *severities):
    found = audit.findings
    if severities:
        found = found[found["severity"].isin(severities)]
    return set(found["kind"])


def finding(audit, kind):
    rows = audit.findings[audit.findings["kind"] == kind]
    assert len(rows) == 1, audit
    return rows.iloc[0]


@pytest.fixture(scope="module")
def simulated():
    return load_dataset("simulated", n_subjects=6, n_trials=24, duration=1.5)


@pytest.mark.parametrize("cv", ["group-3", "stratified-group-3", "loso", "within-3"])
def test_clean_splits_of_simulated_trials_are_silent(simulated, cv):
    audit = audit_split(simulated, cv, pipeline=make_pipeline(StandardScaler(), SelectKBest()))
    assert audit.ok
    audit.raise_for_leaks()
    assert kinds(audit, "leak", "warning") == set()


def like_mental_arithmetic(overlap_s=0.0):
    """Windows of two recordings of each person, rest first, then the task."""
    rng = np.random.default_rng(3)
    parts, rows = [], []
    for subject in range(6):
        for run, label in (("1", "rest"), ("2", "arithmetic")):
            raw = np.cumsum(rng.normal(size=(5, 1000)), axis=1)
            for start in np.arange(0, 900, 100 - round(100 * overlap_s)):
                parts.append(raw[:, start : start + 100])
                file = f"S{subject}_{run}.edf"
                rows.append((f"S{subject}", "0", run, start / 100, file, label))
    table = pd.DataFrame(rows, columns=["subject", "session", "run", "onset", "recording", "y"])
    trials = Trials.from_arrays(
        np.array(parts), table.pop("y"), sfreq=100, subject=table["subject"]
    )
    trials.metadata = table
    return trials


def test_rest_and_task_in_separate_files():
    trials = like_mental_arithmetic()
    honest = audit_split(trials, "group-3")
    assert kinds(honest) == {"class_by_recording"}
    assert finding(honest, "class_by_recording").severity == "note"
    within = audit_split(trials, "within-3")
    assert within.ok
    assert finding(within, "class_by_recording").severity == "warning"


def test_windows_that_overlap_in_time():
    trials = like_mental_arithmetic(overlap_s=0.5)
    assert "overlap" not in kinds(audit_split(trials, "group-3"))
    shuffled = audit_split(trials, SHUFFLED)
    assert finding(shuffled, "overlap").severity == "leak"
    assert finding(shuffled, "overlap").folds == 3
    # What the metadata say is not said again of the signals.
    assert "shared_samples" not in kinds(shuffled)


@pytest.mark.parametrize("kind", ["timedelta64[us]", "datetime64[ms]", "str"])
def test_windows_that_overlap_in_time_by_any_kind_of_onset(kind):
    trials = like_mental_arithmetic(overlap_s=0.5)
    times = pd.to_timedelta(trials.metadata["onset"], unit="s")
    if kind != "timedelta64[us]":
        times = pd.Timestamp("2024-05-01 23:59:58") + times
    trials.metadata["onset"] = times.astype(kind)
    row = finding(audit_split(trials, SHUFFLED), "overlap")
    assert (row.severity, row.folds) == ("leak", 3)
    trials.metadata["onset"] = "early"
    with pytest.raises(ValueError, match="is not numeric and holds no times, but 'early'"):
        audit_split(trials, SHUFFLED)


def test_overlap_counts_exactly_the_windows_that_overlap():
    # Windows of 1 s at 0, 1, 1.5, 3 s; the third shares half a second with the second only.
    trials = make(
        subject=["a"] * 4 + ["b"] * 4, n_trials=8, recording="r", onset=[0, 1, 1.5, 3] * 2
    )
    folds = [Fold(0, np.array([0, 1, 3]), np.array([2])), Fold(1, np.array([1, 2]), np.array([0]))]
    row = finding(audit_folds(trials, folds, "block"), "overlap")
    assert (row.folds, row.n_trials) == (1, 1)
    assert "trial 2 (fold 0)" in row.detail
    # Filled up to 1 s, they last half a second.
    trials.metadata["duration"] = 0.5
    assert "overlap" not in kinds(audit_folds(trials, folds, "block"))
    # The time of an event tells nothing about the window.
    trials.metadata["duration"] = 0.0
    assert "overlap" in kinds(audit_folds(trials, folds, "block"))


def test_sliding_windows_know_their_parents():
    windows = SlidingWindows(window_s=0.5, step_s=0.25).transform(make(n_trials=24))
    assert audit_split(windows, "group-3").ok
    found = kinds(audit_split(windows, SHUFFLED), "leak")
    assert {"subject", "parent", "overlap"} <= found


def test_the_same_trial_on_both_sides():
    trials = make()
    audit = audit_folds(trials, [Fold(0, np.arange(40), np.arange(38, 48))])
    row = finding(audit, "same_trial")
    assert (row.severity, row.folds, row.n_trials) == ("leak", 1, 2)
    assert "copy" not in kinds(audit), "a trial is no copy of itself"


@pytest.mark.parametrize(
    ("promise", "leaks"),
    [
        ("subject", {"subject", "session", "run"}),
        ("session", {"session", "run"}),
        ("run", {"run"}),
        ("block", set()),
        ("site", {"site", "subject", "session", "run"}),
    ],
)
def test_a_leak_is_what_breaks_the_promise(promise, leaks):
    order = np.arange(48)
    trials = make(site=np.where(order < 24, "x", "y"))
    trials.metadata["session"] = (order // 4 % 2).astype(str)
    trials.metadata["run"] = (order // 2 % 2).astype(str)
    audit = audit_split(trials, Keeping(promise))
    assert kinds(audit, "leak") == leaks
    assert ("by_design" in kinds(audit, "note")) == (promise not in ("subject", "site"))


@pytest.mark.parametrize(
    ("promise", "by"),
    [
        ("session", ["session"]),
        ("run", ["session", "run"]),
        ("recording", ["subject", "recording"]),
    ],
)
def test_promises_that_are_kept(promise, by):
    order = np.arange(48)
    trials = make(recording=(order // 4 % 2).astype(str))
    trials.metadata["session"] = (order // 4 % 2).astype(str)
    trials.metadata["run"] = (order // 2 % 2).astype(str)
    assert audit_split(trials, Keeping(promise, by)).ok


def test_a_recording_on_both_sides():
    trials = make(recording=np.arange(48) // 4)
    folds = [Fold(0, np.arange(0, 48, 2), np.arange(1, 48, 2))]
    row = finding(audit_folds(trials, folds), "recording")
    assert (row.severity, row.n_trials) == ("leak", 24)
    assert "recording" not in kinds(audit_split(trials, "group-3"))


def test_files_of_the_same_name_in_folders_of_their_own_are_different_ones():
    trials = make(recording=np.tile(np.repeat(["rest.edf", "task.edf"], 4), 6))
    assert "recording" not in kinds(audit_split(trials, "group-3"))


def test_a_recording_named_for_two_people():
    names = np.array([f"{i // 4}.edf" for i in range(48)])
    names[44:] = "0.edf"
    assert finding(audit_split(make(recording=names), "loso"), "recording").severity == "warning"


def test_data_sets_on_both_sides_leak_only_where_they_are_promised():
    trials = make(dataset=np.repeat(["d", "e"], 24))
    assert kinds(audit_split(trials, "group-3"), "leak") == set()
    assert kinds(audit_split(trials, Keeping("dataset")), "leak") == {"dataset", "subject"}
    assert audit_split(trials, "cross-dataset").ok


@pytest.mark.parametrize("names", [("s1", "S1 "), ("01", "1"), ("sub-02", "sub_2"), ("A1", "a01")])
def test_one_person_under_two_names(names):
    subject = np.repeat([*names, "c7", "d8"], 4)
    audit = audit_split(make(subject, n_trials=16), "loso")
    row = finding(audit, "alias")
    assert (row.severity, row.folds, row.n_trials) == ("leak", 2, 8)
    assert repr(names[0]) in row.detail


def test_names_that_only_look_alike():
    subject = np.repeat(["S1-1", "S11", "S1", "1", "T1"], 4)
    assert "alias" not in kinds(audit_split(make(subject, n_trials=20), "loso"))
    two_sets = make(
        np.repeat(["s1", "S1", "s2", "S2"], 4),
        n_trials=16,
        dataset=np.tile(["d"] * 4 + ["e"] * 4, 2),
    )
    assert "alias" not in kinds(audit_split(two_sets, "loso"))


def common_average(x):
    return x - x.mean(axis=0)


def noisy(x):
    return x + np.random.default_rng(1).normal(0, 0.1 * x.std(), x.shape)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("copy", lambda x: x),
        ("near_copy", lambda x: 3 * x),
        ("near_copy", lambda x: -x),
        ("near_copy", lambda x: x + 40),
        ("near_copy", noisy),
        ("near_copy", common_average),
        ("near_copy", lambda x: x - x[2]),
        ("shared_samples", lambda x: np.roll(x, 30, axis=1)),
        ("shifted_copy", lambda x: 2.5 * np.roll(x, 30, axis=1) - 7),
        ("shifted_copy", lambda x: -np.roll(x, -40, axis=1)),
        ("shifted_copy", lambda x: x * np.array([[1.0], [2], [-1], [0.3], [5], [9]])),
    ],
)
def test_copies_under_another_name_are_found_by_content(kind, change):
    trials = make()
    X = np.array(trials.X)
    X[45] = change(X[3].astype(np.float64))
    audit = audit_split(with_signals(trials, X), "loso")
    row = finding(audit, kind)
    assert kinds(audit, "leak") == {kind}
    assert (row.severity, row.folds, row.n_trials) == ("leak", 2, 2)
    assert "'P0'" in row.detail
    assert "'P5'" in row.detail
    together = Fold(0, np.setdiff1d(np.arange(48), [3, 45]), np.array([3, 45]))
    assert audit_folds(with_signals(trials, X), [together], "block").ok, "both on one side"


@pytest.mark.parametrize("n_channels", [1, 2, 40])
@pytest.mark.parametrize("overlap", [0.5, 0.8])
def test_overlapping_windows_are_found_without_metadata(n_channels, overlap):
    rng = np.random.default_rng(5)
    step = round(128 * (1 - overlap))
    # 12-bit integers, as amplifiers give them.
    raw = np.round(8 * np.cumsum(rng.normal(size=(n_channels, 2, step * 20 + 128)), axis=2))
    windows = [raw[:, i, k : k + 128] for i in range(2) for k in range(0, 20 * step, step)]
    trials = make(np.repeat(["a", "b"], 20), n_trials=40, n_times=128, n_channels=n_channels)
    trials = with_signals(trials, np.array(windows))
    assert audit_split(trials, "loso").ok
    folds = [Fold(0, np.arange(0, 40, 2), np.arange(1, 40, 2))]
    row = finding(audit_folds(trials, folds, "block"), "shared_samples")
    assert row.n_trials == 20


def test_shared_samples_survive_the_choice_among_too_many_runs(monkeypatch):
    trials = make(n_times=400)
    X = np.array(trials.X)
    X[45, :, :200] = X[3, :, 200:]
    monkeypatch.setattr("eegkit.evaluation.audit.fingerprints.MAX_RUNS", 48 * 400 // 8)
    assert "shared_samples" in kinds(audit_split(with_signals(trials, X), "loso"), "leak")


def test_flat_and_filled_up_trials_are_no_copies():
    trials = make()
    X = np.array(trials.X)
    X[::5] = 0.0
    X[1::5, :, 30:] = 7.0
    audit = audit_split(with_signals(trials, X), "loso")
    assert audit.ok
    assert audit.findings["detail"].str.contains("10 trials are flat").any()


def test_drift_and_line_noise_in_common_are_no_copies():
    trials = make(n_channels=8, n_times=192)
    t = np.arange(192) / 96
    topography = np.linspace(-1, 1, 8)[:, None]
    noise = np.random.default_rng(0).normal(size=(len(trials), 8, 192))
    line = noise + 60 * topography * np.sin(2 * np.pi * 20 * t)
    drift = noise + 60 * topography * t**2
    for X in (line, drift):
        assert audit_split(with_signals(trials, X), "loso").ok


def test_what_is_not_finite_is_left_out_and_said():
    trials = make()
    X = np.array(trials.X)
    X[4, 2, 7] = np.nan
    X[9, 0, 0] = np.inf
    audit = audit_split(with_signals(trials, X), "loso")
    assert audit.ok
    assert audit.findings["detail"].str.contains("2 trials hold NaN or infinite").any()


def test_every_person_has_one_class():
    trials = make(y=np.where(np.arange(48) < 24, "patient", "control"))
    audit = audit_split(trials, "stratified-group-3")
    assert finding(audit, "class_by_subject").severity == "warning"
    assert audit.ok


def test_identification_needs_people_on_both_sides():
    trials = make(y=np.repeat([f"P{i}" for i in range(6)], 8))
    trials.metadata["session"] = np.tile(np.repeat(["0", "1"], 4), 6)
    audit = audit_split(trials, Keeping("session", ["session"]))
    assert audit.ok
    assert kinds(audit) >= {"identification", "by_design"}
    assert "class_by_subject" not in kinds(audit)
    apart = audit_split(trials, "group-3")
    assert finding(apart, "unseen_class").n_trials == 48


@pytest.mark.parametrize("name", ["session", "run", "recording"])
def test_class_confounded_with_when(name):
    trials = make(y=np.tile(np.repeat(["rest", "task"], 4), 6))
    trials.metadata[name] = np.tile(np.repeat(["0", "1"], 4), 6)
    kind = f"class_by_{name}"
    assert finding(audit_split(trials, "group-3"), kind).severity == "note"
    assert finding(audit_split(trials, "within-2"), kind).severity == "warning"
    assert kind not in kinds(audit_split(make(), "group-3"))


def test_class_confounded_with_data_set():
    half = np.arange(48) < 24
    trials = make(y=np.where(half, "rest", "task"), dataset=np.where(half, "d", "e"))
    assert finding(audit_split(trials, "group-3"), "class_by_dataset").severity == "warning"


def test_one_class_in_training_and_classes_never_seen():
    trials = make()
    of_class = [np.flatnonzero(trials.y == name) for name in ("rest", "task")]
    audit = audit_folds(trials, [Fold(0, of_class[0], of_class[1])], "block")
    assert finding(audit, "one_class").severity == "warning"
    assert finding(audit, "unseen_class").n_trials == 24


def test_one_class_tested():
    trials = make()
    test = np.array([0, 2, 8, 9])
    audit = audit_folds(trials, [Fold(0, np.arange(16, 48), test)])
    row = finding(audit, "one_class_tested")
    assert (row.severity, row.n_trials) == ("note", 2)
    assert "'P0'" in row.detail


def standardized(X, axis):
    return (X - X.mean(axis=axis, keepdims=True)) / X.std(axis=axis, keepdims=True)


def min_max(X, axis):
    low, high = X.min(axis=axis, keepdims=True), X.max(axis=axis, keepdims=True)
    return (X - low) / (high - low)


def whitened(X, axis):
    flat = X.swapaxes(0, 1).reshape(X.shape[1], -1)
    made = PCA(whiten=True).fit_transform(flat.T).T
    return made.reshape(X.shape[1], X.shape[0], X.shape[2]).swapaxes(0, 1)


@pytest.mark.parametrize(
    ("kind", "change", "severity"),
    [
        ("standardized", lambda X: standardized(X, (0, 2)), "leak"),
        ("standardized", lambda X: standardized(X, (0, 1, 2)), "warning"),
        ("min_max", lambda X: min_max(X, (0, 2)), "leak"),
        ("min_max", lambda X: 2 * min_max(X, (0, 2)) - 1, "leak"),
        ("min_max", lambda X: min_max(X, (0, 1, 2)), "warning"),
        ("whitened", lambda X: whitened(X, None), "leak"),
    ],
)
def test_transforms_fitted_to_all_trials(simulated, kind, change, severity):
    X = np.asarray(simulated.X, dtype=np.float64)
    audit = audit_split(with_signals(simulated, change(X)), "group-3")
    assert kinds(audit, "leak", "warning") == {kind}
    assert finding(audit, kind).severity == severity


@pytest.mark.parametrize(
    "change",
    [
        lambda X: standardized(X, 2),
        lambda X: standardized(X, (1, 2)),
        lambda X: min_max(X, 2),
        lambda X: np.clip(X / X.std(), -1, 1),
        lambda X: X / X.std(),
    ],
)
def test_transforms_of_each_trial_by_itself_are_fine(simulated, change):
    X = np.asarray(simulated.X, dtype=np.float64)
    X = X - X.mean(axis=2, keepdims=True) + 0.5
    assert (
        kinds(audit_split(with_signals(simulated, change(X)), "group-3"), "leak", "warning")
        == set()
    )


def test_each_person_standardised_leaks_only_within_the_person(simulated):
    X = np.array(simulated.X, dtype=np.float64)
    for name in np.unique(simulated.groups):
        rows = simulated.groups == name
        X[rows] = standardized(X[rows], (0, 2))
    trials = with_signals(simulated, X)
    assert kinds(audit_split(trials, "group-3"), "leak", "warning") == set()
    assert "each person" in finding(audit_split(trials, "within-3"), "standardized").detail


class Stubborn(BaseEstimator):
    """Learns once, whatever it is cloned for."""

    def fit(self, X, y=None):
        self.mean_ = np.mean(X)
        return self

    def transform(self, X):
        return X - self.mean_

    def __sklearn_clone__(self):
        return self


def test_steps_that_are_not_fitted_anew():
    trials, X = make(), np.arange(6.0).reshape(3, 2)
    scaler = StandardScaler().fit(X)
    clean = make_pipeline(scaler, SelectKBest(), LogisticRegression())
    assert "frozen" not in kinds(audit_split(trials, "group-3", pipeline=clean))
    for step in (FrozenEstimator(scaler), Stubborn().fit(X)):
        audit = audit_split(trials, "group-3", pipeline=make_pipeline(step, LogisticRegression()))
        assert type(step).__name__ in finding(audit, "frozen").detail
    assert "frozen" not in kinds(
        audit_split(trials, "group-3", pipeline=make_pipeline(Stubborn(), LogisticRegression()))
    )
    with pytest.raises(ValueError, match="pipeline is a str; expected a scikit-learn estimator"):
        audit_split(trials, "group-3", pipeline="stft")


@pytest.mark.parametrize("cv", [None, 3, KFold(3), GroupKFold(3), "prefit"])
def test_inner_splits_with_people_on_both_sides(cv):
    search = GridSearchCV(LogisticRegression(), {"C": [1]}, cv=cv)
    audit = audit_split(make(), "group-3", pipeline={"tuned": make_pipeline(search)})
    if isinstance(cv, GroupKFold | str):
        assert "inner_split" not in kinds(audit)
    else:
        assert f"'tuned', gridsearchcv__cv={cv!r}" in finding(audit, "inner_split").detail
    assert "inner_split" not in kinds(audit_split(make(), "within-2", pipeline=search))


def test_weights_that_are_there_already():
    class Net(BaseEstimator):
        def __init__(self, init_weights=None):
            self.init_weights = init_weights

        def fit(self, X, y):
            return self

    audit = audit_split(make(), "group-3", pipeline={"net": make_pipeline(Net("weights.pt"))})
    assert "'net', net__init_weights" in finding(audit, "pretrained").detail


def test_what_cannot_be_checked_is_said():
    said = " ".join(audit_split(make(), "group-3").findings["detail"])
    assert "no metadata column 'recording'" in said
    assert "no metadata column 'onset'" in said
    soft = make(y=np.full((48, 2), 0.5))
    assert audit_split(soft, "group-3").findings["detail"].str.contains("soft").any()


def test_one_person_with_all_trials():
    audit = audit_split(make(np.repeat("P0", 48)), "within-3")
    assert "one person ('P0')" in finding(audit, "one_person").detail


def test_memmaps_are_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("eegkit.evaluation.audit.fingerprints.BLOCK_BYTES", 5000)
    monkeypatch.setattr("eegkit.evaluation.audit.prefit_checks.BLOCK_BYTES", 5000)
    trials = make()
    X = np.memmap(tmp_path / "X.dat", np.float32, "w+", shape=trials.X.shape)
    X[:] = trials.X
    X[45] = 2 * X[3]
    audit = audit_split(with_signals(trials, X), "loso")
    assert kinds(audit, "leak") == {"near_copy"}


def test_leaks_are_raised_all_at_once():
    trials = make(np.repeat(["s1", "S1", "c", "d"], 4), n_trials=16)
    audit = audit_split(trials, KFold(2, shuffle=True, random_state=0))
    with pytest.raises(ValueError, match="2 leaks were found") as error:
        audit.raise_for_leaks()
    assert "The same person is in training" in str(error.value)
    assert "one person under two names" in str(error.value)
    assert 'cv="group-5"' in str(error.value)


def test_audits_go_through_json():
    audit = audit_split(make(), SHUFFLED)
    again = Audit.from_dict(json.loads(json.dumps(audit.to_dict())))
    pd.testing.assert_frame_equal(again.findings, audit.findings)
    assert repr(again) == repr(audit)
    silent = Audit.from_dict(audit.to_dict() | {"findings": []})
    assert silent.ok
    assert "nothing found" in repr(silent)
    with pytest.raises(ValueError, match="no audit: it lacks findings"):
        Audit.from_dict({k: v for k, v in audit.to_dict().items() if k != "findings"})


def test_representations():
    audit = audit_split(make(), SHUFFLED)
    lines = repr(audit).splitlines()
    assert "3 folds of 48 trials of 6 people, held to keep each subject on one side" in lines[0]
    assert lines[1].startswith("  leak    subject (3 folds, 48 test trials): ")
    assert max(map(len, lines)) <= 120
    assert "<table" in audit._repr_html_()


@pytest.mark.parametrize(
    ("folds", "promise", "message"),
    [
        ([], "subject", "no folds"),
        ([Fold(0, np.arange(3), np.arange(0))], "subject", "Fold 0 has no test trials"),
        ([Fold(0, np.arange(3), np.array([48]))], "subject", "the trials are 0 to 47"),
        ([Fold(0, np.arange(3), np.arange(3, 6))], "planet", "keeps_apart is 'planet'; expected"),
    ],
)
def test_bad_input_is_refused(folds, promise, message):
    with pytest.raises(ValueError, match=message):
        audit_folds(make(), folds, promise)


def test_arrays_are_refused():
    with pytest.raises(ValueError, match="trials is a ndarray; expected Trials"):
        audit_split(np.zeros((4, 2, 8)))
