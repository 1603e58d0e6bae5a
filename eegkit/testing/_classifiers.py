"""Checks that every classifier must pass."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    cross_val_score,
    cross_validate,
)
from skorch.callbacks import Callback
from torch import nn

from eegkit.classifiers import NeuralClassifier
from eegkit.export import export_onnx
from eegkit.pipeline import Pipeline
from eegkit.signals import SignalArray
from eegkit.testing._estimators import fitted, fitted_example
from eegkit.testing._examples import assert_refused, example_input, example_trials, needs
from eegkit.transforms import CWT, STFT, MelSpectrogram, Standardizer


def check_labels_and_probabilities(estimator: NeuralClassifier) -> None:
    """String labels come back, probabilities are one row a trial and add up to 1."""
    model, X = fitted_example(estimator)
    probabilities = model.predict_proba(X)
    expected = (len(X), 2)
    assert probabilities.shape == expected, (
        f"predict_proba gives the shape {probabilities.shape}; expected {expected}"
    )
    np.testing.assert_allclose(
        probabilities.sum(axis=1), 1, rtol=1e-5, err_msg="the sums of predict_proba"
    )
    np.testing.assert_array_equal(model.classes_, ["rest", "task"], err_msg="classes_")
    likeliest = model.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(
        model.predict(X), likeliest, err_msg="predict against the likeliest class"
    )


def check_logits(estimator: NeuralClassifier) -> None:
    """The net gives logits, which training and `predict_proba` take, and no probabilities."""
    X, y = example_input(estimator)
    module = fitted(estimator, X, y).net_.module_.cpu().eval()
    with torch.no_grad():
        output = module(torch.from_numpy(np.array(X, dtype=np.float32)))
    is_softmax = bool((output >= 0).all()) and torch.allclose(output.sum(-1), torch.ones(len(X)))
    assert not is_softmax, (
        "forward gives probabilities; expected the logits before them: leave out the softmax at "
        "the end of the net"
    )


def check_gradients(estimator: NeuralClassifier) -> None:
    """Every parameter receives a finite gradient."""
    X, y = example_input(estimator)
    module = fitted(estimator, X, y).net_.module_.cpu().train()
    module.zero_grad(set_to_none=True)
    with torch.random.fork_rng():
        logits = module(torch.from_numpy(np.array(X, dtype=np.float32)))
    expected = (len(X), 2)
    assert logits.shape == expected, (
        f"forward gives the shape {tuple(logits.shape)}; expected {expected}: (trials, classes)"
    )
    nn.functional.cross_entropy(logits, torch.arange(len(X)) % 2).backward()
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, f"{name} receives no gradient"
        assert torch.isfinite(parameter.grad).all(), f"the gradient of {name} is not finite"


def check_last_batch_of_one(estimator: NeuralClassifier) -> None:
    """A last batch of a single trial does not break training."""
    X, y = example_input(estimator)
    n = len(X) - 1
    model = fitted(clone(estimator).set_params(batch_size=n // 3), X[: n + 1], y[: n + 1])
    losses = model.history_["train_loss"]
    assert np.isfinite(losses).all(), f"the training losses are {losses}; expected finite ones"


def check_groups(estimator: NeuralClassifier) -> None:
    """Groups steer the inner split only: given, or known by X, or routed by a pipeline."""
    X, y = example_input(estimator)
    stopping = clone(estimator).set_params(early_stopping=True, max_epochs=2, random_state=0)
    plain = np.asarray(X)
    with warnings.catch_warnings(record=True, action="always") as records:
        by_argument = clone(stopping).fit(plain, y, groups=X.groups)
        by_signals = clone(stopping).fit(X, y)
    assert not _warns_of_subjects(records), (
        "fit warns that subjects are unknown, but they were in groups or in X"
    )
    np.testing.assert_allclose(by_argument.predict_proba(plain), by_signals.predict_proba(plain))
    with warnings.catch_warnings(record=True, action="always") as records:
        clone(stopping).fit(plain, y)
    assert _warns_of_subjects(records), (
        "fit stops early without knowing the subjects, and does not warn of it"
    )


def _warns_of_subjects(records: list[warnings.WarningMessage]) -> bool:
    return any("without regard to subjects" in str(record.message) for record in records)


def check_one_class(estimator: NeuralClassifier) -> None:
    """One class only, or labels of another length, are refused."""
    X, y = example_input(estimator)
    single = np.full(len(y), "rest")
    assert_refused(lambda: clone(estimator).fit(X, single), "one class only", "one class")
    assert_refused(lambda: clone(estimator).fit(X, y[:-1]), "inconsistent numbers", "short y")
    assert_refused(
        lambda: clone(estimator).fit(X, y, groups=np.arange(3)), "one for each of", "short groups"
    )


def check_other_kind_of_input(estimator: NeuralClassifier) -> None:
    """A net for spectrograms refuses raw trials, and the other way about."""
    X, y = example_input(estimator)
    other, advice = example_trials().X, "put a time-frequency transform"
    if estimator.input_kind == "raw":
        other, advice = SignalArray(np.asarray(X)[..., None]), "reads raw trials"
    assert_refused(lambda: clone(estimator).fit(other, y), advice, "the other kind of input")


def check_model_selection(estimator: NeuralClassifier) -> None:
    """`cross_validate` in two processes and `GridSearchCV` work, by groups, on epochs too."""
    X, y = example_input(estimator)
    quick: Any = clone(estimator).set_params(max_epochs=1, random_state=0)
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        options: Any = {"cv": GroupKFold(3), "error_score": "raise"}
        scores = cross_validate(
            quick, X, y, groups=X.groups, n_jobs=2, return_estimator=True, **options
        )
        search = GridSearchCV(quick, {"lr": [1e-3, 1e-2]}, **options).fit(X, y, groups=X.groups)
        if estimator.input_kind == "raw":
            epochs = example_trials().to_epochs()
            cross_val_score(quick, epochs, y, groups=X.groups, **options)
    assert np.isfinite(scores["test_score"]).all(), (
        f"cross_validate scores {scores['test_score']}; expected finite ones"
    )
    for model in (*scores["estimator"], search):
        shape = model.predict(X).shape
        assert shape == y.shape, f"predict gives the shape {shape}; expected {y.shape}"


def check_transforms_before_it(estimator: NeuralClassifier) -> None:
    """It trains on raw trials, or on what STFT, mel spectrograms and wavelets make of them."""
    trials = example_trials()
    quick = clone(estimator).set_params(max_epochs=1, random_state=0)
    befores: Any = [cls(**cls.conformance_params()) for cls in (STFT, MelSpectrogram, CWT)]
    for before in [Standardizer()] if estimator.input_kind == "raw" else befores:
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            model = Pipeline([clone(before), clone(quick)]).fit(trials.X, trials.y)
        assert np.isfinite(model.predict_proba(trials.X)).all(), f"after {type(before).__name__}"


def check_resume(estimator: NeuralClassifier) -> None:
    """Training that stopped half-way and is run again ends as if it never had."""
    X, y = example_input(estimator)
    whole = clone(estimator).set_params(max_epochs=4, random_state=0)
    expected = fitted(whole, X, y).weights_

    class Interruption(BaseException):
        pass

    class Kill(Callback):
        def on_epoch_begin(self, net: Any, **kwargs: Any) -> None:
            if len(net.history) == 3:
                raise Interruption

    with tempfile.TemporaryDirectory() as folder:
        whole.set_params(checkpoint_dir=folder)
        with contextlib.suppress(Interruption):
            fitted(clone(whole).set_params(callbacks=[Kill()]), X, y)
        second = fitted(whole, X, y)
    n_epochs = len(second.history_)
    assert n_epochs == 4, f"training that goes on has {n_epochs} epochs in all; expected 4"
    for name, weight in second.weights_.items():
        np.testing.assert_array_equal(weight, expected[name], err_msg=name)


def check_onnx(estimator: NeuralClassifier) -> None:
    """It exports to ONNX (where that is installed); the export compares the probabilities."""
    needs("onnx", "onnxruntime", "onnxscript", extra="onnx")
    model, _ = fitted_example(estimator)
    with tempfile.TemporaryDirectory() as folder:
        export_onnx(model, Path(folder) / "model.onnx")
