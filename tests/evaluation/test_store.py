"""The store: finished folds are kept, none is computed twice, torn files are named."""

import multiprocessing
import os
import signal
import time
import types
import weakref
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate
from eegkit.tensor_file import CorruptFileError

POSIX = pytest.mark.skipif(os.name != "posix", reason="forks")
COSTS = ["fit_time_s", "score_time_s", "peak_mb"]


def log_power(X):
    return np.log(np.var(np.asarray(X), axis=2))


class Counted(ClassifierMixin, BaseEstimator):
    """Writes a file for each fit, and fails on purpose where it is told to."""

    def __init__(self, folder=None, fail_without=None):
        self.folder = folder
        self.fail_without = fail_without

    def fit(self, X, y):
        people = "".join(np.unique(X.groups))
        if self.fail_without is not None and self.fail_without not in people:
            raise RuntimeError(f"nobody is named {self.fail_without}")
        Path(self.folder, f"{people}-{time.monotonic_ns()}").touch()
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        loud = np.log(np.var(np.asarray(X), axis=(1, 2)))
        p = 1 / (1 + np.exp(-loud))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 60)
    subject = np.repeat(list("abcdef"), 20)
    X = rng.normal(size=(120, 3, 64))
    X[y == "task"] *= 1.5
    return Trials.from_arrays(X, y, sfreq=64, subject=subject)


@pytest.fixture
def fits(tmp_path):
    folder = tmp_path / "fits"
    folder.mkdir()
    return folder


def n_files(folder):
    return len(list(folder.iterdir()))


def assert_same(first, second):
    pd.testing.assert_frame_equal(
        first.table.drop(columns=COSTS), second.table.drop(columns=COSTS), check_exact=True
    )
    for name in first.pipelines:
        one, two = first.predictions(name), second.predictions(name)
        for key, value in vars(one).items():
            np.testing.assert_array_equal(value, getattr(two, key))


def test_what_is_finished_is_not_computed_again(trials, fits, tmp_path):
    plain = evaluate(Counted(fits), trials, cv="group-3")
    first = evaluate(Counted(fits), trials, cv="group-3", store=tmp_path / "store")
    assert n_files(fits) == 6
    second = evaluate(Counted(fits), trials, cv="group-3", store=tmp_path / "store")
    assert n_files(fits) == 6
    assert_same(plain, first)
    pd.testing.assert_frame_equal(first.table, second.table, check_exact=True)
    assert_same(first, second)
    left = [path.name for path in (tmp_path / "store").iterdir()]
    assert all(name.endswith(".safetensors") for name in left), left


def test_another_name_or_order_of_folds_is_the_same_work(trials, fits, tmp_path):
    pairs = [
        (np.flatnonzero(trials.groups != who), np.flatnonzero(trials.groups == who))
        for who in "abcdef"
    ]
    evaluate({"one": Counted(fits)}, trials, cv=pairs, store=tmp_path)
    again = evaluate({"two": Counted(fits)}, trials, cv=pairs[::-1], store=tmp_path)
    assert n_files(fits) == 6
    assert again.pipelines == ["two"]
    assert again.table["fold"].tolist() == list(range(6))
    assert again.table["subject"].tolist() == list("fedcba")
    assert again.predictions().fold.tolist() == np.repeat(range(6), 20).tolist()


@pytest.mark.parametrize("change", ["data", "labels", "people", "parameter", "metric"])
def test_other_work_is_done(trials, fits, tmp_path, change):
    settings = {"cv": "group-3", "store": tmp_path, "scoring": "accuracy"}
    evaluate(Counted(fits), trials, **settings)
    X, y, pipeline = np.array(trials.X), trials.y.copy(), Counted(fits)
    subject = trials.groups.copy()
    if change == "data":
        X[7] += 1
    elif change == "labels":
        y[[0, 1]] = y[[1, 0]]
    elif change == "people":
        subject = np.char.upper(subject.astype(str))
    elif change == "parameter":
        pipeline = Counted(str(fits))
    else:
        settings["scoring"] = "balanced_accuracy"
    other = Trials.from_arrays(X, y, sfreq=64, subject=subject)
    evaluate(pipeline, other, **settings)
    assert n_files(fits) == 6


def test_a_fold_that_fails_is_told_and_tried_again(trials, fits, tmp_path):
    settings = {"cv": "loso", "store": tmp_path / "store", "scoring": "accuracy"}
    with pytest.warns(UserWarning, match="Fold 2 of 'counted' failed with RuntimeError: nobody"):
        results = evaluate(Counted(fits, fail_without="c"), trials, **settings)
    assert results.table["subject"].tolist() == list("abdef")
    [failure] = results.failures.to_dict("records")
    assert failure["fold"] == 2
    assert "nobody is named c" in failure["traceback"]
    assert "1 fit failed" in repr(results)
    with pytest.warns(UserWarning, match="Fold 2"):
        evaluate(Counted(fits, fail_without="c"), trials, **settings)
    assert n_files(fits) == 5, "only the failed fold was tried again"


def test_torn_files_are_named(trials, fits, tmp_path):
    store = tmp_path / "store"
    evaluate(Counted(fits), trials, cv="group-3", store=store)
    torn = sorted(store.iterdir())[0]
    content = torn.read_bytes()
    torn.write_bytes(content[: len(content) // 2])
    with pytest.raises(CorruptFileError, match="Remove the file to compute it again"):
        evaluate(Counted(fits), trials, cv="group-3", store=store)
    torn.unlink()
    evaluate(Counted(fits), trials, cv="group-3", store=store)
    assert n_files(fits) == 4


def edition(source):
    """A module of a person's own, as it is after an edit, or a notebook's cells."""
    module = types.ModuleType("mine")
    exec(source, vars(module))
    return module


FEATURES = "import numpy as np\ndef features(X): return np.asarray(X).var(axis=2)"
CLASS = """
from sklearn.dummy import DummyClassifier
class Guess(DummyClassifier):
    def predict(self, X):
        return super().predict(X)
"""
SCORER = "def scorer(estimator, X, y): return 0.25"


def scores(trials, folder, features=FEATURES, classifier=CLASS, scorer=SCORER):
    pipeline = make_pipeline(
        FunctionTransformer(edition(features).features), edition(classifier).Guess()
    )
    metrics = {"mine": edition(scorer).scorer, "accuracy": "accuracy"}
    return evaluate(pipeline, trials, cv="loso", scoring=metrics, store=folder)


@pytest.mark.parametrize(
    "edit",
    [
        {"features": FEATURES.replace("np.asarray(X).var(axis=2)", "np.zeros((len(X), 2))")},
        {"classifier": CLASS.replace("super().predict(X)", "super().predict(X)[::-1]")},
        {"scorer": SCORER.replace("0.25", "0.75")},
    ],
    ids=["function", "class", "scorer"],
)
def test_edited_code_is_other_work(trials, tmp_path, edit):
    scores(trials, tmp_path)
    assert n_files(tmp_path) == 6
    scores(trials, tmp_path)
    assert n_files(tmp_path) == 6, "what was not edited is not computed again"
    edited = scores(trials, tmp_path, **edit)
    assert n_files(tmp_path) == 12
    assert_same(edited, scores(trials, None, **edit))


def test_a_lambda_is_known_again(trials, tmp_path):
    for _ in range(2):
        pipeline = make_pipeline(FunctionTransformer(lambda X: X[:, 0]), LogisticRegression())
        evaluate(pipeline, trials, cv="group-3", store=tmp_path)
    assert n_files(tmp_path) == 3


def test_other_weights_in_a_file_are_other_work(trials, fits, tmp_path):
    weights = tmp_path / "weights.npy"
    loaded = FunctionTransformer(ignore_source, kw_args={"source": str(weights)})
    for content, n_expected in [(b"first", 3), (b"first", 3), (b"other", 6)]:
        weights.write_bytes(content)
        pipeline = make_pipeline(loaded, Counted(fits))
        evaluate(pipeline, trials, cv="group-3", store=tmp_path / "store")
        assert n_files(fits) == n_expected


def ignore_source(X, source):
    return X


def test_what_cannot_be_identified_is_named_computed_and_not_kept(trials, tmp_path):
    numbers = (0.5 for _ in range(10**6))

    def scorer(estimator, X, y):
        return next(numbers)

    with pytest.warns(UserWarning, match=r"^A metric cannot be identified.*generator") as record:
        results = evaluate(
            Counted(tmp_path), trials, cv="group-3", scoring={"mine": scorer},
            store=tmp_path / "store",
        )  # fmt: skip
    assert len(record) == 1
    assert record[0].filename == __file__
    assert (results.table["mine"] == 0.5).all()
    assert not n_files(tmp_path / "store")


def test_one_pipeline_that_cannot_be_identified_leaves_the_others_kept(trials, fits, tmp_path):
    odd = FunctionTransformer(ignore_source, kw_args={"source": weakref.ref(Counted)})
    pipelines = {"odd": make_pipeline(odd, Counted(fits)), "good": Counted(fits)}
    for n_fits in (6, 9):
        with pytest.warns(UserWarning, match=r"^Pipeline 'odd' cannot.*'source' of 'kw_args'"):
            evaluate(pipelines, trials, cv="group-3", store=tmp_path / "store")
        assert n_files(fits) == n_fits
        assert n_files(tmp_path / "store") == 3


@pytest.mark.parametrize("how", ["renamed", "bit"])
def test_a_file_that_answers_to_something_else_is_refused(trials, fits, tmp_path, how):
    store = tmp_path / "store"
    evaluate(Counted(fits), trials, cv="group-3", store=store)
    first, second, _ = sorted(store.iterdir())
    if how == "renamed":
        second.write_bytes(first.read_bytes())
    else:
        content = bytearray(second.read_bytes())
        content[-3] ^= 4
        second.write_bytes(content)
    with pytest.raises(CorruptFileError, match="Remove the file to compute it again"):
        evaluate(Counted(fits), trials, cv="group-3", store=store)


class Slow(ClassifierMixin, BaseEstimator):
    """Takes a while, and writes a file when it begins."""

    def __init__(self, folder=None):
        self.folder = folder

    def fit(self, X, y):
        Path(self.folder, f"{''.join(np.unique(X.groups))}-{time.monotonic_ns()}").touch()
        time.sleep(float(os.environ["SLOW_S"]))
        self.classes_, self.mean_ = np.unique(y), float(np.mean(np.asarray(X)))
        return self

    def predict(self, X):
        return np.where(np.asarray(X).mean(axis=(1, 2)) > self.mean_, *self.classes_)


def run(store, fits, seconds, out):
    os.environ["SLOW_S"] = str(seconds)
    rng = np.random.default_rng(0)
    trials = Trials.from_arrays(
        rng.normal(size=(80, 2, 32)), np.tile(["rest", "task"], 40), sfreq=64,
        subject=np.repeat(list("abcdefgh"), 10),
    )  # fmt: skip
    results = evaluate(Slow(fits), trials, cv="loso", scoring="accuracy", store=store)
    results.to_csv(out)


def start(*arguments):
    """In a process that is a fork of this one, so that it is at work at once."""
    process = multiprocessing.get_context("fork").Process(target=run, args=arguments)
    process.start()
    return process


def table(path):
    return pd.read_csv(path).drop(columns=COSTS)


@POSIX
def test_two_processes_share_the_work(fits, tmp_path):
    both = [start(tmp_path / "s", fits, 0.2, tmp_path / f"{i}.csv") for i in range(2)]
    for process in both:
        process.join(120)
        assert process.exitcode == 0
    assert n_files(fits) == 8, "each fold was computed once"
    pd.testing.assert_frame_equal(table(tmp_path / "0.csv"), table(tmp_path / "1.csv"))


@POSIX
def test_killed_at_any_moment_it_goes_on(fits, tmp_path, monkeypatch):
    """SIGKILL at 20 random moments: what was finished is kept, and the end is the same."""
    monkeypatch.setenv("SLOW_S", "0")
    (tmp_path / "undisturbed").mkdir()
    run(tmp_path / "other", tmp_path / "undisturbed", 0, tmp_path / "expected.csv")
    rng = np.random.default_rng(0)
    store, most, n_kills = tmp_path / "s", 0, 0
    store.mkdir()
    for i in range(20):
        process = start(store, fits, 0.1, tmp_path / "got.csv")
        # Now and then it is killed before any fit, and now and then after a fold is kept.
        awaited = (None, "fit", "fit", "*.safetensors", "*.safetensors")[i % 5]
        folder = fits if awaited == "fit" else store
        pattern = "*" if awaited == "fit" else awaited
        before = len(list(folder.glob(pattern))) if pattern else 0
        while pattern and len(list(folder.glob(pattern))) == before:
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.25))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        n_kills += 1
        n_kept = len(list(store.glob("*.safetensors")))
        assert n_files(fits) <= n_kept + n_kills, "a kill loses the fold in work, not more"
        most = max(most, n_kept)
        if n_kept >= 6:  # begin anew, so that what follows is killed as well
            for path in [*store.iterdir(), *fits.iterdir()]:
                path.unlink()
            n_kills = 0
    assert most >= 4, "the kills came too early to show anything"
    run(store, fits, 0, tmp_path / "got.csv")
    pd.testing.assert_frame_equal(table(tmp_path / "got.csv"), table(tmp_path / "expected.csv"))
