"""A run that trains folds at once, killed: finished folds are kept, and the end is the same."""

import itertools
import multiprocessing
import os
import signal
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from torch import nn

from eegkit import NeuralClassifier, Trials, evaluate, tensor_file
from eegkit.classifiers import _together
from eegkit.evaluation.running import tasks
from eegkit.transforms import Standardizer

N_FITS = 24


class TinyNet(NeuralClassifier):
    """A linear layer."""

    fits_in_threads = True

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(input_shape)), n_classes))


def run(store, on_event=lambda number: None):
    """Four people and six seeds, in groups of eight; `on_event` hears of steps and files."""
    rng = np.random.default_rng(0)
    y = np.array(["a", "b"] * 16)
    X = rng.normal(scale=10, size=(32, 2, 16)) + 6 * (y == "a")[:, None, None]
    trials = Trials.from_arrays(X, y, sfreq=64, subject=np.repeat(list("abcd"), 8))
    net = TinyNet(max_epochs=3, batch_size=8, random_state=0, device="cpu")
    numbers = itertools.count()

    def heard(function):
        def call(*args):
            on_event(next(numbers))
            return function(*args)

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tasks, "MOST_JOINT", 8)
        patch.setattr(_together, "_step", heard(_together._step))
        patch.setattr(tensor_file, "write", heard(tensor_file.write))
        return evaluate(
            make_pipeline(Standardizer(), net), trials, cv="loso", n_seeds=6, store=store,
            together="auto",
        )  # fmt: skip


def run_until(store, moment, pipe):
    run(store, lambda number: pipe.send(number) if number == moment else None)


def kill_at(store, moment, delay_s):
    """SIGKILL a process so long after an event; whether that came before its end."""
    context = multiprocessing.get_context("fork")
    ear, mouth = context.Pipe(duplex=False)
    process = context.Process(target=run_until, args=(store, moment, mouth))
    process.start()
    mouth.close()
    assert ear.poll(300), "the run has stopped short of this event"
    time.sleep(delay_s)
    process.kill()
    process.join()
    return process.exitcode == -signal.SIGKILL


def files(store):
    return {path.name: path.stat().st_mtime_ns for path in store.glob("*.safetensors")}


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_killed_at_any_moment_a_run_keeps_finished_folds_and_ends_the_same(tmp_path):
    events = []
    expected = run(tmp_path / "undisturbed", events.append)
    assert len(files(tmp_path / "undisturbed")) == N_FITS
    # Eight nets take each step, and each fold is a file.
    n_events = len(events)
    assert n_events == 3 * 3 * 3 + N_FITS
    rng = np.random.default_rng(0)
    store, n_kills, counts = tmp_path / "store", 0, []
    while n_kills < 10:
        before = files(store)
        left = n_events * (N_FITS - len(before)) // N_FITS
        n_kills += kill_at(store, int(rng.integers(0, max(1, left - 1))), rng.uniform(0, 0.02))
        after = files(store)
        assert before.items() <= after.items(), "a finished fold was lost, or fitted again"
        counts.append(len(after))
        if len(after) > 0.75 * N_FITS:
            for path in store.iterdir():
                path.unlink()
    assert any(0 < count < N_FITS for count in counts)
    results = run(store)
    assert len(files(store)) == N_FITS
    columns = [
        name for name in expected.table if name not in ("fit_time_s", "score_time_s", "peak_mb")
    ]
    pd.testing.assert_frame_equal(results.table[columns], expected.table[columns])
    first, second = results.predictions(seed=None), expected.predictions(seed=None)
    np.testing.assert_array_equal(first.trial, second.trial)
    np.testing.assert_allclose(first.proba, second.proba, atol=1e-4)
