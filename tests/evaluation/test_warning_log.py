"""Every warning goes to the fold that it came from, in whatever order folds begin and end."""

import threading
import warnings

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from eegkit import Trials, evaluate
from eegkit.evaluation.running.warning_log import warning_log


@pytest.fixture(autouse=True)
def _the_filters_are_as_before():
    filters, show = list(warnings.filters), warnings.showwarning
    yield
    assert warnings.filters == filters
    assert warnings.showwarning is show


def test_blocks_that_overlap_in_threads_keep_their_own():
    texts, barrier, logs = ["first", "second"], threading.Barrier(2), {}
    ended = threading.Event()

    def work(text):
        with warning_log() as log:
            barrier.wait()
            for _ in range(3):
                warnings.warn(text, UserWarning, stacklevel=1)
            barrier.wait()
            if text == "second":  # begun no later than the first, ended after it
                assert ended.wait(10)
                warnings.warn("late", UserWarning, stacklevel=1)
        logs[text] = [message for message, *_ in log]
        ended.set()

    threads = [threading.Thread(target=work, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert logs == {"first": ["first"], "second": ["second", "late"]}


def test_a_thread_that_a_fold_began_belongs_to_it():
    with warning_log() as log:
        thread = threading.Thread(target=warnings.warn, args=["inside"])
        thread.start()
        thread.join()
    assert [message for message, *_ in log] == ["inside"]


def test_what_belongs_to_no_fold_is_shown():
    barrier, done = threading.Barrier(3), threading.Event()

    def work():
        with warning_log():
            barrier.wait()
            done.wait(10)

    threads = [threading.Thread(target=work) for _ in range(2)]
    with warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        for thread in threads:
            thread.start()
        barrier.wait()
        warnings.warn("of nobody", UserWarning, stacklevel=1)
        done.set()
        for thread in threads:
            thread.join()
    assert [str(record.message) for record in records] == ["of nobody"]


def test_what_another_thread_puts_back_afterwards_does_no_harm():
    inside, shown = warnings.catch_warnings(), []
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *args: shown.append(str(message))
        with warning_log():
            inside.__enter__()
        inside.__exit__(None, None, None)  # the log's own way of showing is back, without a log
        with warning_log() as log:
            warnings.warn("inside", UserWarning, stacklevel=1)
        warnings.simplefilter("always")
        warnings.warn("outside", UserWarning, stacklevel=1)
    assert [message for message, *_ in log] == ["inside"]
    assert shown == ["outside"]


class Warner(ClassifierMixin, BaseEstimator):
    """Says how the first trial of its training looks, twice."""

    def fit(self, X, y):
        for _ in range(2):
            warnings.warn(f"{np.asarray(X)[0, 0, 0]:g}", UserWarning, stacklevel=1)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_folds_in_threads():
    X = np.random.default_rng(0).normal(0, 10, (48, 2, 64)).astype(np.float32)
    people = np.repeat(list("abcdefgh"), 6)
    trials = Trials.from_arrays(X, np.tile(["x", "y"], 24), sfreq=64, subject=people)
    with (
        joblib.parallel_config("threading", n_jobs=4),
        warnings.catch_warnings(record=True) as records,
    ):
        warnings.simplefilter("always")
        evaluate(Warner(), trials, cv="loso", n_jobs=4)
    texts = " ".join(str(record.message) for record in records)
    for value in (X[0, 0, 0], X[6, 0, 0]):  # without the first person it is the second's
        assert f"{value:g}" in texts
