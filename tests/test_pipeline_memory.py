"""`Pipeline(memory=...)`: one folder, two processes, and a process that dies while it writes."""

import os
import signal
import subprocess
import sys
import time

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, SignalArray
from eegkit.testing import example_trials
from eegkit.transforms import STFT


def flatten(X):
    return np.asarray(X).reshape(len(X), -1)


def pipeline(memory, **params):
    stft = STFT(nperseg=32, **params)
    return Pipeline([stft, FunctionTransformer(flatten), LogisticRegression()], memory=memory)


def test_the_second_fit_comes_from_the_cache(tmp_path, monkeypatch):
    trials = example_trials()
    first = pipeline(str(tmp_path)).fit(trials.X, trials.y)
    assert first.memory == str(tmp_path)
    monkeypatch.setattr(STFT, "_transform_block", None)
    again = pipeline(str(tmp_path)).fit(trials.X, trials.y)
    np.testing.assert_array_equal(again[-1].coef_, first[-1].coef_)
    with pytest.raises(TypeError):
        pipeline(str(tmp_path), hop=4).fit(trials.X, trials.y)


@pytest.mark.parametrize("other", [{"sfreq": 200.0}, {"ch_names": ["F3", "Fz", "F4"]}])
def test_the_same_samples_known_as_something_else_are_not_taken_for_the_first(tmp_path, other):
    trials = example_trials()
    pipeline(str(tmp_path)).fit(trials.X, trials.y)
    X = SignalArray(np.asarray(trials.X), **(trials.X.metadata | other))
    stft = pipeline(str(tmp_path)).fit(X, trials.y)[0]
    fresh = STFT(nperseg=32).fit(X)
    np.testing.assert_array_equal(stft.freqs_, fresh.freqs_)
    assert stft.ch_names_ == fresh.ch_names_


def test_a_memory_object_is_as_good_as_a_folder(tmp_path):
    trials = example_trials()
    memory = joblib.Memory(tmp_path, mmap_mode="r", verbose=0)
    scores = [pipeline(memory).fit(trials.X, trials.y).score(trials.X, trials.y) for _ in range(2)]
    assert scores[0] == scores[1]


WORK = """
import sys
import numpy as np
from eegkit import Pipeline, SignalArray
from eegkit.transforms import STFT
from sklearn.base import BaseEstimator

class Last(BaseEstimator):
    def fit(self, X, y=None):
        self.made_ = X
        return self

X = np.random.default_rng(0).normal(size=(200, 22, 1000)).astype(np.float32)
X = SignalArray(X, sfreq=250)
print("ready", flush=True)
made = Pipeline([STFT(hop=16), Last()], memory=sys.argv[1]).fit(X)[-1].made_
expected = STFT(hop=16).fit_transform(X)
np.testing.assert_array_equal(made, expected)
np.testing.assert_array_equal(made.freqs, expected.freqs)
print("right", flush=True)
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder)], stdout=subprocess.PIPE, text=True
    )


def size_of(folder):
    return sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())


def test_two_processes_and_a_kill_in_the_middle_of_writing(tmp_path):
    killed = start(tmp_path)
    assert killed.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 60
    while size_of(tmp_path) < 2**20:  # the result takes 100 MB: it is being written
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    both = [start(tmp_path), start(tmp_path)]
    for process in both:
        assert process.communicate(timeout=120)[0] == "ready\nright\n"
        assert process.returncode == 0
    third = start(tmp_path)
    assert third.communicate(timeout=120)[0] == "ready\nright\n"
