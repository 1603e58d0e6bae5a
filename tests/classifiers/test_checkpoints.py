"""A fit that is killed at any moment and run again ends as one that never was."""

import json
import os
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest
from safetensors.numpy import save_file
from sklearn.model_selection import cross_val_score

from eegkit.classifiers import CNNBiGRU, _checkpoint
from eegkit.tensor_file import CorruptFileError

# Imports once, then forks a child for every line it reads, which begins to train at once.
NURSERY = """
import hashlib, json, os, signal, sys
import numpy as np
import torch
from eegkit.classifiers import CNNBiGRU

def train(job):
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(96, 6, 16, 6)).astype(np.float32), np.arange(96) % 3
    net = CNNBiGRU(**CNNBiGRU.conformance_params() | job["options"])
    net.set_params(checkpoint_dir=job["folder"], random_state=3)
    net.fit(X, y, groups=np.arange(96) // 12)
    digest = hashlib.sha256(net.history_.drop(columns="dur").to_csv().encode())
    for key, value in sorted(net.weights_.items()):
        digest.update(key.encode() + value.tobytes())
    with open(job["result"] + ".part", "w") as file:
        file.write(f"{len(net.history_)} epochs, {digest.hexdigest()}")
    os.replace(job["result"] + ".part", job["result"])

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    pid = os.fork()
    if not pid:
        train(json.loads(line))
        os._exit(0)
    print(pid, flush=True)
"""


class Nursery:
    """Trains in processes of their own that start at once, and can be killed."""

    def __init__(self, folder):
        env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", NURSERY]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )
        assert self.process.stdout.readline() == "ready\n"
        self.result = folder / "result"

    def start(self, options, folder=None):
        self.result.unlink(missing_ok=True)
        job = {"options": options, "folder": folder and str(folder)}
        self.process.stdin.write(json.dumps(job | {"result": str(self.result)}) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def alive(self, pid):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    def finish(self, pid):
        deadline = time.monotonic() + 300
        while self.alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return self.result.read_text()


@pytest.fixture(scope="module")
def nursery(tmp_path_factory):
    made = Nursery(tmp_path_factory.mktemp("nursery"))
    yield made
    made.process.stdin.close()
    made.process.stdout.close()
    made.process.wait()


RUNS = {
    "plain": {"max_epochs": 40, "dropout": 0.3},
    "cosine": {"max_epochs": 60, "lr_schedule": "cosine", "clip_grad_norm": 1.0},
    "plateau": {
        "max_epochs": 40,
        "lr_schedule": "plateau",
        "validation_split": 0.25,
        "balance": "class",
    },
    "one cycle, stopping early": {
        "max_epochs": 60,
        "lr_schedule": "one_cycle",
        "early_stopping": True,
        "patience": 30,
        "optimizer": "rmsprop",
    },
    "sgd in bfloat16": {
        "max_epochs": 30,
        "optimizer": "sgd",
        "precision": "bf16-mixed",
        "label_smoothing": 0.1,
    },
}
N_KILLS = 4  # of each run


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its processes")
@pytest.mark.parametrize("run", RUNS)
def test_killed_and_run_again(run, tmp_path, nursery):
    started = time.monotonic()
    expected = nursery.finish(nursery.start(RUNS[run]))
    duration = time.monotonic() - started
    rng = np.random.default_rng(len(run))
    for moment in rng.uniform(0, 1.5 / N_KILLS, size=N_KILLS):
        pid = nursery.start(RUNS[run], tmp_path)
        time.sleep(moment * duration)
        assert nursery.alive(pid), "it ended before it could be killed"
        os.kill(pid, signal.SIGKILL)
        while nursery.alive(pid):
            time.sleep(0.001)
    pid = nursery.start(RUNS[run], tmp_path)
    assert nursery.finish(pid) == expected
    assert [path.suffix for path in tmp_path.iterdir() if not path.name.startswith(".")] == [
        ".safetensors"
    ]


RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(40, 3, 16, 6)).astype(np.float32), np.arange(40) % 2


def fit(folder, **params):
    options = {"max_epochs": 3, "random_state": 0, "checkpoint_dir": folder}
    return CNNBiGRU(**CNNBiGRU.conformance_params() | options | params).fit(X, Y)


def assert_same(first, second):
    for name, weight in first.weights_.items():
        np.testing.assert_array_equal(weight, second.weights_[name], err_msg=name)


def test_a_finished_run_is_not_run_again(tmp_path):
    first = fit(tmp_path)
    [path] = tmp_path.iterdir()
    before = path.stat().st_mtime_ns
    again = fit(tmp_path)
    assert_same(first, again)
    np.testing.assert_array_equal(first.history_, again.history_)
    assert path.stat().st_mtime_ns == before


def test_without_a_seed_the_first_one_is_kept(tmp_path):
    assert_same(fit(tmp_path, random_state=None), fit(tmp_path, random_state=None))


@pytest.mark.parametrize("params", [{"random_state": 1}, {"lr": 0.5}, {"dropout": 0.1}])
def test_other_runs_have_other_files(tmp_path, params):
    fit(tmp_path)
    fit(tmp_path, **params)
    assert len(list(tmp_path.iterdir())) == 2


def test_folds_share_a_folder(tmp_path):
    model = CNNBiGRU(**CNNBiGRU.conformance_params() | {"max_epochs": 1, "random_state": 0})
    plain = cross_val_score(model, X, Y, cv=3)
    for _ in range(2):
        kept = cross_val_score(model.set_params(checkpoint_dir=tmp_path), X, Y, cv=3)
        np.testing.assert_array_equal(kept, plain)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("spoil", [lambda b: b[:-100], lambda b: b[:500] + b"?" + b[501:]])
def test_a_torn_checkpoint_is_named_and_kept(tmp_path, spoil):
    fit(tmp_path)
    [path] = tmp_path.iterdir()
    torn = spoil(path.read_bytes())
    path.write_bytes(torn)
    with pytest.raises(CorruptFileError, match=rf"{path.name}.*Remove it to train from the start"):
        fit(tmp_path)
    assert path.read_bytes() == torn


def test_a_foreign_checkpoint_is_named_and_kept(tmp_path):
    fit(tmp_path)
    [path] = tmp_path.iterdir()
    fit(tmp_path / "other", random_state=1)
    [other] = (tmp_path / "other").iterdir()
    path.write_bytes(other.read_bytes())
    with pytest.raises(CorruptFileError, match=r"no checkpoint of this run"):
        fit(tmp_path)
    assert path.read_bytes() == other.read_bytes()


def edition(source):
    """A person's own module, as it is after an edit."""
    module = types.ModuleType("mine")
    exec(source, vars(module))
    return module


NET = """
from eegkit import NeuralClassifier
from torch import nn
class Net(NeuralClassifier):
    input_kind = "spectrogram"
    def build_module(self, shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(8), nn.ReLU(), nn.Linear(8, n_classes))
"""
AUGMENT = "def augment(X, y): return X * 1"


def own(folder, net=NET, augment=AUGMENT, **params):
    options = {"max_epochs": 2, "random_state": 0, "checkpoint_dir": folder}
    functions = {"augment": edition(augment).augment}
    return edition(net).Net(**options | functions | params).fit(X, Y)


@pytest.mark.parametrize(
    "edit",
    [{"net": NET.replace("ReLU", "Tanh")}, {"augment": AUGMENT.replace("1", "0")}],
    ids=["net", "augment"],
)
def test_edited_code_is_another_run(tmp_path, edit):
    own(tmp_path)
    own(tmp_path)
    assert len(list(tmp_path.iterdir())) == 1
    assert_same(own(tmp_path, **edit), own(None, **edit))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_callback_of_other_code_or_parameters_is_another_run(tmp_path):
    source = """
from skorch.callbacks import Callback
class Halve(Callback):
    def __init__(self, factor):
        self.factor = factor
    def on_batch_begin(self, net, **kwargs):
        for group in net.optimizer_.param_groups:
            group["lr"] *= self.factor
"""
    for n, (text, factor) in enumerate(
        [(source, 0.5), (source, 0.25), (source.replace("*=", "/="), 0.5)], start=1
    ):
        for _ in range(2):
            own(tmp_path, callbacks=[edition(text).Halve(factor)])
        assert len(list(tmp_path.iterdir())) == n


def test_weights_to_begin_with_count_by_what_is_in_the_file(tmp_path):
    first, other, moved = tmp_path / "first", tmp_path / "other", tmp_path / "moved"
    for seed, path in enumerate((first, other)):
        weights = own(None, max_epochs=1, random_state=seed).weights_
        save_file({name: np.ascontiguousarray(w) for name, w in weights.items()}, path)
    begun = own(tmp_path / "runs", init_weights=str(first))
    first.rename(moved)
    assert_same(own(tmp_path / "runs", init_weights=moved), begun)
    other.rename(first)
    again = own(tmp_path / "runs", init_weights=str(first))
    assert_same(again, own(None, init_weights=str(first)))


def test_every_sample_of_large_data_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "SAMPLED_BYTES", 2**10, raising=False)  # once it was a sample
    net = CNNBiGRU(**CNNBiGRU.conformance_params())
    net.set_params(max_epochs=1, random_state=0, checkpoint_dir=tmp_path)
    for i in range(0, 40, 13):
        changed = X.copy()
        changed[i, 0, 0, 0] += 1
        net.fit(changed, Y)
    assert len(list(tmp_path.iterdir())) == 4


def test_what_cannot_be_identified_is_refused(tmp_path):
    numbers = (i for i in range(3))
    with pytest.raises(ValueError, match=r"^checkpoint_dir keeps only.*'numbers'.* generator"):
        fit(tmp_path, augment=lambda X, y: next(numbers))
