"""`Pipeline(memory=...)`: one folder, two processes, and a process that dies while it writes."""

import os
import signal
import subprocess
import sys
import time
import types
import weakref

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
    monkeypatch.setattr(STFT, "transform_block", None)
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


def edition(source):
    module = types.ModuleType("mine")
    module.np = np
    exec(source, vars(module))
    return module


def test_edited_code_is_run(tmp_path, monkeypatch):
    X = example_trials().X
    for factor in (1, 2):
        module = edition(f"def scale(X): return np.asarray(X) * {factor}")
        monkeypatch.setitem(sys.modules, "mine", module)
        steps = [FunctionTransformer(module.scale), FunctionTransformer()]
        made = Pipeline(steps, memory=str(tmp_path)).fit_transform(X)
        np.testing.assert_array_equal(made, factor * np.asarray(X))


def flipped(content, place, bit):
    spoiled = bytearray(content)
    spoiled[place] ^= 1 << bit
    return bytes(spoiled)


def test_a_flipped_bit_of_the_signals_is_told_and_made_again(tmp_path):
    trials = example_trials()
    expected = pipeline(str(tmp_path)).fit(trials.X, trials.y)[-1].coef_
    for file in tmp_path.rglob("output.pkl"):
        content = file.read_bytes()
        file.write_bytes(flipped(content, len(content) // 2, 6))
        with pytest.warns(UserWarning, match=r"memory is damaged.*made again"):
            again = pipeline(str(tmp_path)).fit(trials.X, trials.y)
        np.testing.assert_array_equal(again[-1].coef_, expected)


@pytest.mark.filterwarnings("ignore:.*made again")
def test_a_flipped_bit_changes_nothing_wherever_it_is(tmp_path):
    trials = example_trials()
    expected = pipeline(str(tmp_path)).fit(trials.X, trials.y)[-1].coef_
    rng = np.random.default_rng(0)
    for file in tmp_path.rglob("output.pkl"):
        content = file.read_bytes()
        # Half of them where pickle's instructions are.
        places = *rng.integers(0, 600, 10), *rng.integers(0, len(content), 10)
        for place in places:
            file.write_bytes(flipped(content, place, int(rng.integers(8))))
            again = pipeline(str(tmp_path)).fit(trials.X, trials.y)
            np.testing.assert_array_equal(again[-1].coef_, expected)


def test_a_file_in_the_place_of_another_is_noticed(tmp_path):
    trials = example_trials()
    pipeline(str(tmp_path)).fit(trials.X, trials.y)
    before = set(tmp_path.rglob("output.pkl"))
    expected = pipeline(str(tmp_path)).fit(2 * trials.X, trials.y)[-1].coef_
    for file in set(tmp_path.rglob("output.pkl")) - before:
        file.write_bytes(sorted(before)[0].read_bytes())
    with pytest.warns(UserWarning, match="has the name of another"):
        again = pipeline(str(tmp_path)).fit(2 * trials.X, trials.y)
    np.testing.assert_array_equal(again[-1].coef_, expected)


@pytest.mark.parametrize("kind", ["not to be identified", "not to be written"])
def test_what_cannot_be_kept_is_made_and_told(tmp_path, kind):
    trials, reference = example_trials(), weakref.ref(STFT)
    last = flatten if kind == "not to be written" else reference
    first = FunctionTransformer(lambda X: flatten(X) if last else X)
    decoder = Pipeline([first, LogisticRegression()], memory=str(tmp_path))
    with pytest.warns(UserWarning, match=r"^memory does not keep a step.*(written|weakref)"):
        decoder.fit(trials.X, trials.y)
    assert decoder.score(trials.X, trials.y) > 0.5


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
