"""`NeuralClassifier`: the base of every net."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit
from sklearn.utils import check_random_state, compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, column_or_1d
from torch import nn

from eegkit.base import AXES, Estimator, warn
from eegkit.classifiers import _engine

DEFAULT_VALIDATION_SPLIT = 0.2


class NeuralClassifier(ClassifierMixin, Estimator):
    """A neural net as a scikit-learn classifier.

    A net of your own is a subclass with its architecture's parameters as annotated
    fields, ``input_kind`` ("raw" or "spectrogram"), and `build_module`, which makes the
    ``torch.nn.Module``. Everything below comes with it.

    Parameters
    ----------
    max_epochs : int, default 20
        Passes over the training trials.
    batch_size : int, default 32
        Trials of one step.
    lr : float, default 1e-3
        Learning rate.
    weight_decay : float, default 1e-2
        Weight decay, in the optimiser's own sense.
    optimizer : {"adamw", "adam", "sgd", "rmsprop"}, default "adamw"
        The optimiser.
    validation_split : float or scikit-learn splitter, optional
        Trials held out to watch (and to stop by): a fraction, or a splitter whose first
        split is used. Whole subjects are held out wherever they are known, from `groups`
        or from X itself. 0.2 where early stopping needs one and none is given.
    early_stopping : bool, default False
        Stop when the loss of the held-out trials has not fallen for `patience` epochs, and
        go back to the best weights.
    patience : int, default 10
        See `early_stopping`.
    class_weight : "balanced", dict or None
        Weights of the classes in the loss, as in scikit-learn.
    device : str, default "auto"
        Where to train: ``"cpu"``, ``"cuda"``, ...; ``"auto"`` takes a GPU where there is one.
    random_state : int, RandomState or None
        Same number, same machine, same result; None draws anew each time. The global
        generators are never touched.
    verbose : int, default 0
        1 prints a line for every epoch.
    callbacks : sequence of skorch callbacks
        Called while training.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels.
    input_shape_ : tuple of int
        Shape of one trial in `fit`.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the ``torch.nn.Module``.
    history_ : pandas.DataFrame, one row per epoch
        ``epoch``, ``train_loss``, ``dur`` (in s) and, with held-out trials, ``valid_loss``.
    """

    max_epochs: int = 20
    batch_size: int = 32
    lr: float = 1e-3
    weight_decay: float = 1e-2
    optimizer: str = "adamw"
    validation_split: Any = None
    early_stopping: bool = False
    patience: int = 10
    class_weight: Any = None
    device: str = "auto"
    random_state: Any = None
    verbose: int = 0
    callbacks: Sequence[Any] = ()

    @abstractmethod
    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        """Make the untrained net.

        Parameters
        ----------
        input_shape : tuple of int
            (n_channels, n_times) or (n_channels, n_freqs, n_frames).
        n_classes : int

        Returns
        -------
        torch.nn.Module
            Maps a float32 batch, shape (n_trials, *input_shape), to logits, shape
            (n_trials, n_classes).
        """

    def min_input_shape(self) -> tuple[int, ...]:
        """The smallest trial `build_module` can take; shorter ones are padded with zeros."""
        return (1,) * (len(AXES[self.input_kind]) - 1)

    def fit(self, X: Any, y: ArrayLike, groups: ArrayLike | None = None) -> NeuralClassifier:
        """Train the net from scratch.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            Raw trials, shape (n_trials, n_channels, n_times), in microvolts, or spectrograms,
            shape (n_trials, n_channels, n_freqs, n_frames), as the net reads. A memmap is
            read batch by batch.
        y : array-like, shape (n_trials,)
            Labels of any type scikit-learn accepts.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows (`trials.X` does). Used for
            the inner validation split alone, never seen by the net.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X, y, groups or a parameter is malformed; the message says what was seen, what
            was expected and what to do.
        """
        signals, labels = self._check_input(X, y, reset=True)
        codes = self._encode(labels)
        if groups is not None:
            check_consistent_length(signals, groups)
        people = signals.groups if groups is None else np.asarray(groups)
        self._check_params()
        self.sfreq_ = signals.sfreq  # None where X does not say
        seed = _draw_seed(self.random_state)
        train, valid = self._hold_out(codes, people, seed)
        shape = self._padded_shape()
        array = signals.view(np.ndarray)
        with _engine.seeded(seed):
            self.net_ = _engine.make_net(
                self.build_module(shape, len(self.classes_)),
                device=_engine.pick_device(self.device),
                batch_size=self.batch_size,
                max_epochs=self.max_epochs,
                lr=self.lr,
                weight_decay=self.weight_decay,
                optimizer=self.optimizer,
                loss_weight=self._loss_weight(codes[train]),
                valid=None if valid is None else _engine.ArrayDataset(array, codes, valid, shape),
                patience=self.patience if self.early_stopping else None,
                callbacks=self.callbacks,
                verbose=self.verbose,
            )
            self.net_.partial_fit(_engine.ArrayDataset(array, codes, train, shape), None)
        self._history = _scalars(self.net_.history)
        return self

    @property
    def history_(self) -> pd.DataFrame:
        """What was recorded of every epoch."""
        return pd.DataFrame(self._history)

    def predict_proba(self, X: Any) -> NDArray[np.float32]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As in `fit`, of the same channels, lengths and rate.

        Returns
        -------
        ndarray, shape (n_trials, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        signals = self._check_input(X, reset=False)
        if self.sfreq_ is not None:
            self._check_rate(signals, reset=False)
        shape = _larger(self.input_shape_, self.min_input_shape())
        array = signals.view(np.ndarray)
        return _engine.predict_proba(self.net_, array, shape, max(256, self.batch_size))

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable label of every trial.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As in `fit`, of the same channels, lengths and rate.

        Returns
        -------
        ndarray, shape (n_trials,)

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]

    def _encode(self, labels: NDArray[Any]) -> NDArray[np.int64]:
        """Learn the classes; give the labels as their positions."""
        labels = column_or_1d(labels, warn=True)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y holds one class only, {self.classes_[0]!r}; a classifier needs at least two. "
                "Check the labels, or the split that left one class."
            )
        return codes.astype(np.int64)

    def _check_params(self) -> None:
        for name in ("max_epochs", "batch_size", "patience"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected at least 1.")
        if self.optimizer not in _engine.OPTIMIZERS:
            raise ValueError(
                f"optimizer is {self.optimizer!r}; expected one of {', '.join(_engine.OPTIMIZERS)}."
            )

    def _padded_shape(self) -> tuple[int, ...]:
        """The shape the module is built for; warns where that is longer than the trials."""
        shape = _larger(self.input_shape_, self.min_input_shape())
        if shape != self.input_shape_:
            axes = ", ".join(AXES[self.input_kind][1:])
            warn(
                f"{type(self).__name__} needs trials of at least {self.min_input_shape()} "
                f"({axes}); those of X, {self.input_shape_}, are padded with zeros."
            )
        return shape

    def _loss_weight(self, codes: NDArray[np.int64]) -> NDArray[np.float64] | None:
        if self.class_weight is None:
            return None
        weight = np.zeros(len(self.classes_))
        present = np.unique(codes)
        weight[present] = compute_class_weight(
            self.class_weight, classes=self.classes_[present], y=self.classes_[codes]
        )
        return weight

    def _hold_out(
        self, codes: NDArray[np.int64], groups: NDArray[Any] | None, seed: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp] | None]:
        """Training and held-out trials; whole subjects are held out where there are several."""
        split = self.validation_split
        if split is None and self.early_stopping:
            split = DEFAULT_VALIDATION_SPLIT
        everything = np.arange(len(codes))
        if split is None:
            return everything, None
        if groups is None and self.early_stopping:
            warn(
                f"{type(self).__name__} stops early by trials drawn without regard to subjects, "
                "because none are known: a person may be on both sides of the inner split. Pass "
                "groups= to fit, or an X that knows them (trials.X)."
            )
        n_people = 0 if groups is None else len(np.unique(groups))
        if hasattr(split, "split"):
            splitter = split
        elif not (isinstance(split, float | np.floating) and 0 < split < 1):
            raise ValueError(
                f"validation_split is {split!r}; expected a fraction between 0 and 1, a "
                "scikit-learn splitter, or None."
            )
        elif n_people > 1:
            n_splits = min(max(2, round(1 / split)), n_people)
            splitter = StratifiedGroupKFold(n_splits, shuffle=True, random_state=seed)
        else:
            splitter = StratifiedShuffleSplit(1, test_size=split, random_state=seed)
        train, valid = next(iter(splitter.split(everything[:, None], codes, groups)))
        return everything[train], everything[valid]

    def __getstate__(self) -> dict[str, Any]:
        # Weights as plain arrays: no skorch, no device, no optimiser in the pickle.
        state = dict(super().__getstate__())
        if "net_" in state:
            state["_weights"] = _engine.weights_of(state.pop("net_").module_)
            state["callbacks"] = tuple(self.callbacks)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        weights = state.pop("_weights", None)
        super().__setstate__(state)
        if weights is None:
            return
        shape = _larger(self.input_shape_, self.min_input_shape())
        with _engine.seeded(0):
            module = self.build_module(shape, len(self.classes_))
        _engine.set_weights(module, weights)
        self.net_ = _engine.make_net(
            module, device=_available(self.device), batch_size=self.batch_size
        )


def _larger(shape: Sequence[int], least: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(n, m) for n, m in zip(shape, least, strict=True))


def _draw_seed(random_state: Any) -> int:
    if random_state is None:
        return int(np.random.default_rng().integers(2**31))
    return int(check_random_state(random_state).randint(2**31 - 1))


def _available(device: str) -> str:
    """The device a loaded net predicts on: the one it names if it is here, else the CPU."""
    device = _engine.pick_device(device)
    try:
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        warn(f"The net was trained on {device!r}, which is not here; it predicts on the CPU.")
        return "cpu"
    return device


def _scalars(history: Any) -> dict[str, list[float]]:
    """The scalars skorch recorded, a list for each: plain, so that skops can save them."""
    names = [n for n in ("epoch", "train_loss", "valid_loss", "dur") if n in history[0]]
    return {name: [float(row[name]) for row in history] for name in names}
