"""skorch's callbacks, and those written for skorch, work in the training of any net."""

import numpy as np
import pytest
import torch
from sklearn.metrics import make_scorer, roc_auc_score
from skorch import callbacks as of_skorch
from torch import nn

from eegkit import SignalArray
from eegkit.classifiers import NeuralClassifier

rng = np.random.default_rng(0)
N = 40
X = SignalArray(rng.normal(size=(N, 2, 16)).astype(np.float32), sfreq=128)
Y = np.array(["left", "right"] * (N // 2))
THREE = np.array(["left", "right", "rest", "right"] * (N // 4))


class Net(NeuralClassifier):
    def build_module(self, input_shape, n_classes):
        inner = nn.Sequential(nn.Flatten(), nn.LazyLinear(8), nn.BatchNorm1d(8), nn.Dropout(0.5))
        return nn.Sequential(inner, nn.Linear(8, n_classes))

    def min_input_shape(self):
        return 2, 20  # so that all trials are padded


def fit(*used, y=Y, **params):
    defaults = {"max_epochs": 3, "batch_size": 8, "validation_split": (X, y), "random_state": 0}
    with pytest.warns(UserWarning, match="are padded with zeros"):
        return Net(**defaults | params, callbacks=used, device="cpu").fit(X, y)


def scoring(name, **params):
    return of_skorch.EpochScoring(name, lower_is_better=False, name="score", **params)


@pytest.mark.parametrize("use_caching", [True, False], ids=["cached", "anew"])
@pytest.mark.parametrize(
    ("metric", "y"),
    [
        ("accuracy", Y),
        ("roc_auc", Y),
        ("average_precision", Y),
        ("f1", Y),
        ("neg_log_loss", THREE),
        ("roc_auc_ovr", THREE),
        (None, THREE),
    ],
)
def test_epochs_are_scored_by_name(metric, y, use_caching):
    model = fit(scoring(metric, use_caching=use_caching), y=y)
    codes, proba = np.searchsorted(model.classes_, y), model.predict_proba(X)
    expected = {
        "roc_auc": lambda: roc_auc_score(codes, proba[:, 1]),
        "accuracy": lambda: model.score(X, y),
        None: lambda: model.score(X, y),
        "roc_auc_ovr": lambda: roc_auc_score(codes, proba.astype(float), multi_class="ovr"),
        "neg_log_loss": lambda: -model.history_["valid_loss"].iloc[-1],
    }
    scores = model.history_["score"]
    assert scores.notna().all()
    if metric in expected:
        assert scores.iloc[-1] == pytest.approx(expected[metric](), abs=1e-5)


def test_epochs_are_scored_on_the_training_trials_alone():
    held_out = fit(scoring("accuracy", use_caching=False, on_train=True), validation_split=0.25)
    rows = held_out.net_.history[-1, "score"] * 30
    assert rows == pytest.approx(round(rows), abs=1e-6)  # of the 30 that were not held out


@pytest.mark.parametrize("use_caching", [True, False], ids=["cached", "anew"])
def test_batches_are_scored(use_caching):
    score = of_skorch.BatchScoring("accuracy", lower_is_better=False, use_caching=use_caching)
    model = fit(score)
    np.testing.assert_allclose(model.history_["accuracy"], model.history_["valid_acc"], atol=1e-6)


def test_scorers_and_functions_of_the_net_score():
    auc = scoring(make_scorer(roc_auc_score, response_method="predict_proba"))
    share = of_skorch.EpochScoring(lambda net, X, y: np.mean(net.predict(X) == y), name="share")
    history = fit(auc, share).history_
    np.testing.assert_allclose(history["share"], history["valid_acc"], atol=1e-6)
    assert history["score"].between(0, 1).all()


def test_checkpoints_hold_the_best_and_the_last_weights(tmp_path):
    best = of_skorch.Checkpoint(dirname=tmp_path / "best")
    numbered = of_skorch.Checkpoint(
        dirname=tmp_path, f_params="{last_epoch[epoch]}-{last_batch[valid_batch_size]}.pt"
    )
    last = of_skorch.TrainEndCheckpoint(dirname=tmp_path / "last")
    model = fit(best, numbered, last)
    state = torch.load(tmp_path / "last" / "train_end_params.pt")
    assert all(np.array_equal(state[name].numpy(), w) for name, w in model.weights_.items())
    number = 1 + model.history_["valid_loss"].idxmin()
    assert (tmp_path / f"{number}-{N}.pt").exists()
    assert (tmp_path / "best" / "params.pt").exists()
    again = fit(of_skorch.LoadInitState(last), max_epochs=4)
    assert len(again.history_) == 4


def test_the_losses_of_batches_pass_through():
    model = fit(of_skorch.PassthroughScoring("valid_loss"))
    assert model.history_["valid_loss"].notna().all()


class Asks(of_skorch.Callback):
    """Asks the net whenever it can."""

    def ask(self, net, **kwargs):
        self.probabilities = net.predict_proba(X)
        np.testing.assert_array_equal(net.predict(np.asarray(X)), self.probabilities.argmax(1))

    on_train_begin = on_epoch_begin = on_batch_begin = on_batch_end = ask
    on_grad_computed = on_epoch_end = on_train_end = ask


def test_callbacks_ask_the_net_and_change_nothing():
    asks = Asks()
    model = fit(asks)
    np.testing.assert_allclose(asks.probabilities, model.predict_proba(X), atol=1e-6)
    for name, weight in fit().weights_.items():
        np.testing.assert_array_equal(model.weights_[name], weight, err_msg=name)


def test_callbacks_are_refused_trials_of_another_shape():
    class Wrong(of_skorch.Callback):
        def on_epoch_end(self, net, **kwargs):
            net.predict_proba(X[:, :, :12])

    with pytest.raises(ValueError, match="16"):
        fit(Wrong())
