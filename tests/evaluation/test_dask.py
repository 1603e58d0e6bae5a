"""Folds on a dask cluster: the same numbers, also when a worker dies in the middle."""

import os
import signal
import sys
import threading
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate

distributed = pytest.importorskip("distributed")
cloudpickle = pytest.importorskip("cloudpickle")

COSTS = ["fit_time_s", "score_time_s", "peak_mb"]


def slow_power(X):
    time.sleep(0.05)
    return np.log(np.var(np.asarray(X), axis=2))


@pytest.fixture(scope="module")
def client():
    # Workers cannot import this file.
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    with (
        distributed.LocalCluster(silence_logs=50, **options) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    y = np.tile(["rest", "task"], 120)
    X = rng.normal(size=(240, 3, 64))
    X[y == "task"] *= 1.3
    return Trials.from_arrays(
        X, y, sfreq=64, subject=np.repeat([f"s{i:02}" for i in range(20)], 12)
    )


def assert_same(one, two):
    pd.testing.assert_frame_equal(one.table.drop(columns=COSTS), two.table.drop(columns=COSTS))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore:.*large graph:UserWarning")
def test_the_same_numbers_and_a_worker_that_dies(client, trials, tmp_path):
    decoder = make_pipeline(FunctionTransformer(slow_power), LogisticRegression())
    expected = evaluate(decoder, trials, cv="loso")
    assert_same(evaluate(decoder, trials, cv="loso", dask=client), expected)
    victim, *_ = client.run(os.getpid).values()
    threading.Timer(0.5, os.kill, (victim, signal.SIGKILL)).start()
    survived = evaluate(decoder, trials, cv="loso", dask=client, store=tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(victim, 0)
    assert_same(survived, expected)
    assert len(list(tmp_path.glob("*.safetensors"))) == 20
