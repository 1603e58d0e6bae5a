"""What every net inherits, tried on the smallest net there is."""

import subprocess
import sys
from typing import ClassVar

import numpy as np
import pytest
from sklearn import config_context
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    LeaveOneGroupOut,
    cross_val_score,
)
from skorch.callbacks import Callback
from torch import nn

import eegkit
from eegkit import NeuralClassifier, Pipeline, SignalArray
from eegkit.classifiers import CNNBiGRU, _batches
from eegkit.classifiers._batches import Batches, TrialData
from eegkit.testing import example_trials
from eegkit.transforms import STFT


class Linear(NeuralClassifier):
    input_kind: ClassVar[str] = "raw"

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.Flatten(), nn.LazyLinear(n_classes))


class PooledLinear(NeuralClassifier):
    input_kind: ClassVar[str] = "spectrogram"

    def build_module(self, input_shape, n_classes):
        return nn.Sequential(nn.AdaptiveAvgPool2d((4, 1)), nn.Flatten(), nn.LazyLinear(n_classes))


class Spy(Callback):
    """Remembers which trials were trained on and which were held out."""

    seen: ClassVar[list] = []

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        _, valid = net.get_split_datasets(X, y)
        groups = getattr(Spy, "groups", None)
        if valid is not None and groups is not None:
            Spy.seen.append((set(groups[X.rows]), set(groups[valid.rows])))


@pytest.fixture
def trials():
    return example_trials(n_trials=36)


def linear(**params):
    return Linear(**({"max_epochs": 3, "random_state": 0} | params))


def test_history(trials):
    net = linear(validation_split=0.34).fit(trials.X, trials.y)
    columns = ["epoch", "lr", "train_loss", "train_acc", "valid_loss", "valid_acc", "dur"]
    assert list(net.history_.columns) == columns
    assert list(net.history_["epoch"]) == [1, 2, 3]


def test_it_learns(trials):
    assert linear(max_epochs=60, lr=1e-2).fit(trials.X, trials.y).score(trials.X, trials.y) > 0.95


@pytest.mark.parametrize("known_by", ["argument", "X"])
def test_whole_subjects_are_held_out(trials, known_by):
    Spy.seen.clear()
    Spy.groups = trials.groups
    net = linear(validation_split=0.3, callbacks=[Spy()])
    if known_by == "argument":
        net.fit(np.asarray(trials.X), trials.y, groups=trials.groups)
    else:
        net.fit(trials.X, trials.y)
    [(train, valid)] = Spy.seen
    assert train
    assert valid
    assert not train & valid


@pytest.mark.parametrize("routing", [False, True])
def test_whole_subjects_are_held_out_inside_cross_val_score(trials, routing):
    Spy.seen.clear()
    people = np.repeat(np.arange(6), 6)
    rows = np.argsort(trials.groups, kind="stable")
    y = trials.y[rows]
    net = PooledLinear(max_epochs=1, validation_split=0.3, random_state=0, callbacks=[Witness()])
    with config_context(enable_metadata_routing=routing):
        if routing:
            net.set_fit_request(groups=True)
            X = SignalArray(np.asarray(trials.X), sfreq=trials.sfreq)
            options = {"params": {"groups": people}}
        else:
            X = SignalArray(np.asarray(trials.X), sfreq=trials.sfreq, groups=people)
            options = {"groups": people}
        pipeline = Pipeline([STFT(nperseg=32), net])
        Witness.splits.clear()
        cross_val_score(pipeline, X, y, cv=GroupKFold(3), error_score="raise", **options)
    assert len(Witness.splits) == 3
    for train, valid, n_all in Witness.splits:
        # Six trials a person: whole people only, so both sides are multiples of six.
        assert len(train) % 6 == len(valid) % 6 == 0
        assert len(train) + len(valid) == n_all
        assert not set(train // 6) & set(valid // 6)


class Witness(Callback):
    splits: ClassVar[list] = []

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        _, valid = net.get_split_datasets(X, y)
        Witness.splits.append((X.rows, valid.rows, len(X.targets)))


def test_splitters_are_taken(trials):
    splitter = GroupShuffleSplit(1, test_size=1, random_state=0)
    net = linear(validation_split=splitter).fit(trials.X, trials.y)
    assert "valid_loss" in net.history_


def test_early_stopping_goes_back_to_the_best(trials):
    net = linear(early_stopping=True, patience=2, max_epochs=200, lr=0.5)
    net.fit(trials.X, trials.y)
    assert len(net.history_) < 200


@pytest.mark.filterwarnings("ignore::eegkit.amplitude.AmplitudeWarning")
def test_class_weight_moves_the_decision(trials):
    faint = trials.X * 1e-3  # so that the bias decides
    net = linear(class_weight={"rest": 1e-4, "task": 1e4}, max_epochs=40, lr=1e-2)
    assert (net.fit(faint, trials.y).predict(faint) == "task").all()


def test_a_class_absent_from_training_is_told(trials):
    y = np.array(["rest", "task"])[np.arange(len(trials)) % 2].astype("U8")
    y[trials.groups == np.unique(trials.groups)[0]] = "other"
    net = linear(class_weight="balanced", validation_split=LeaveOneGroupOut())
    with pytest.warns(UserWarning, match="no training trial is of class 'other'"):
        net.fit(trials.X, y)
    assert net.predict_proba(trials.X).shape == (36, 3)


def test_callbacks_are_called_and_left_alone(trials):
    class Count(Callback):
        n = 0

        def on_epoch_end(self, net, **kwargs):
            Count.n += 1

    linear(callbacks=[Count()]).fit(trials.X, trials.y)
    assert Count.n == 3


def test_short_trials_are_padded_with_a_warning(trials):
    class LongLinear(Linear):
        def min_input_shape(self):
            return (1, 200)

    net = LongLinear(max_epochs=1)
    with pytest.warns(UserWarning, match=r"at least \(1, 200\).*padded with zeros"):
        net.fit(trials.X, trials.y)
    assert net.predict_proba(trials.X).shape == (36, 2)


def test_a_net_for_another_device_loads_here(trials, monkeypatch):
    net = linear().fit(trials.X, trials.y)
    net.device = "cuda:7"
    state = net.__getstate__()
    loaded = Linear.__new__(Linear)
    with pytest.warns(UserWarning, match="predicts on the CPU"):
        loaded.__setstate__(state)
    np.testing.assert_array_equal(loaded.predict(trials.X), net.predict(trials.X))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_epochs": 0}, "max_epochs is 0; expected a whole number of at least 1"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"optimizer": "magic"}, "optimizer is 'magic'; expected one of 'adamw'"),
        ({"validation_split": 2}, "validation_split is 2; expected a fraction"),
    ],
)
def test_parameters_that_make_no_sense(trials, params, message):
    with pytest.raises(ValueError, match=message):
        linear(**params).fit(trials.X, trials.y)


@pytest.mark.parametrize("ahead", [0, 2**30], ids=["read_ahead", "read_when_needed"])
def test_memmap_batches_read_only_what_they_need(tmp_path, trials, ahead, monkeypatch):
    np.save(tmp_path / "X.npy", np.asarray(trials.X))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    rows = np.arange(0, 36, 2)
    data = TrialData(mapped, np.arange(36), rows, mapped.shape[1:])
    monkeypatch.setattr(_batches, "AHEAD_BYTES", ahead)
    batches = list(Batches(data, batch_size=17, shuffle=True))
    assert [len(y) for _, y, _ in batches] == [18]
    assert sorted(batches[0][1].tolist()) == list(rows)
    [(X, y, _)] = batches
    np.testing.assert_array_equal(X.numpy(), mapped[y.numpy()])


def test_a_loaded_net_predicts_without_torchs_compiler(trials, tmp_path):
    # Importing it takes seconds, and an optimiser would.
    X = np.asarray(trials.X).reshape(-1, 3, 24, 4)
    eegkit.save(CNNBiGRU(max_epochs=1).fit(X, trials.y), tmp_path / "net")
    code = (
        "import sys, numpy as np, eegkit\n"
        f"net = eegkit.load({str(tmp_path / 'net')!r})\n"
        "net.predict(np.zeros((2, 3, 24, 4)))\n"
        "assert 'torch._dynamo' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("size", [200_000, 10**9, 2**62])
def test_a_net_too_large_for_the_machine_is_refused(size):
    X = np.zeros((4, 3, 20, 5))
    with pytest.raises(ValueError, match="CNNBiGRU with these parameters takes more"):
        CNNBiGRU(hidden_size=size, max_epochs=1).fit(X, ["a", "b"] * 2)
