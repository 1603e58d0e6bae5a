"""`FittedNet`: what a net is made of, and what it does once it is trained."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from torch import nn

from eegkit.base import AXES, tell_unlike
from eegkit.classifiers import _engine
from eegkit.classifiers._features import features
from eegkit.classifiers._options import TrainingOptions


class FittedNet(
    ClassNamePrefixFeaturesOutMixin, ClassifierMixin, TransformerMixin, TrainingOptions
):
    """The part of `NeuralClassifier` that does not train."""

    holder: ClassVar[str] = "net_"
    reads_frames: ClassVar[bool] = False
    # `eegkit.evaluate` may run several fits at once; see `joint_work`.
    trains_jointly: ClassVar[bool] = True

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
            Maps a float32 batch, shape ``(n_trials, *input_shape)``, to logits, shape
            (n_trials, n_classes). If it has a method ``extra_loss(epoch)``, epochs from 1 on,
            what that gives after a forward pass is added to the loss of the training batch; no
            weight applies to it.
        """

    def architecture_params(self) -> dict[str, Any]:
        """The parameters that are the net's own, not those of training."""
        training = {field.name for field in dataclasses.fields(TrainingOptions)}
        params = self.get_params(deep=False)
        return {name: value for name, value in params.items() if name not in training}

    def min_input_shape(self) -> tuple[int, ...]:
        """The smallest trial `build_module` can take; shorter ones are padded with zeros."""
        return (1,) * (len(AXES[self.input_kind]) - 1)

    def sequence_length(self) -> int | None:
        """Steps in time that the net reads one after the other, for trials of ``input_shape_``.

        Returns
        -------
        int or None
            The frames if the class says ``reads_frames = True``, else None: it reads no sequence.
            `fit` warns of fewer than four.
        """
        return self.input_shape_[-1] if self.reads_frames else None

    @property
    def module_(self) -> nn.Module:
        """The trained net, without skorch around it."""
        return self.net_.module_

    def make_module(self) -> nn.Module:
        """The untrained module, for the trials that `fit` has seen."""
        return self.build_module(self.padded_shape, len(self.classes_))

    def hold_module(self, module: nn.Module, device: str) -> None:
        """Keep a module with the weights of `fit`, ready to predict on a device."""
        self.net_ = _engine.make_net(module, self, device=device, to_train=False)

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
        array, at_once = self.as_fitted(X), max(256, self.batch_size)
        proba = _engine.predict_proba(self.net_, array, self.padded_shape, at_once)
        tell_unlike(self, array)
        return proba

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

    def transform(self, X: Any) -> NDArray[np.float32]:
        """The features that the net's head, its last layer, makes the logits of.

        With it a net is also an extractor of features. ``decoder[:-1].transform(X)`` is what a
        pipeline's net reads, ``decoder.transform(X)`` what its head reads. A net in the middle of
        a pipeline is trained on the labels by `fit` and hands its features on:
        ``Pipeline([STFT(), CNNBiGRU(), LinearDiscriminantAnalysis()])``. Features of trials
        that the net was trained on tell the classes apart better than those of new ones will.
        To scikit-learn a net is both a classifier and a transformer, as its
        ``LinearDiscriminantAnalysis`` is: ``fit_transform`` and ``set_output`` work.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As in `fit`, of the same channels, lengths and rate.

        Returns
        -------
        ndarray, shape (n_trials, n_features)
            In no unit. Where the head is a convolution, what it reads is flattened.

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`; or the net does not end in one
            linear layer or convolution whose output is the logits.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        return self._features(self.as_fitted(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    @property
    def _n_features_out(self) -> int:
        """How many features `transform` gives; ``get_feature_names_out`` asks."""
        return self._features(np.zeros((1, *self.input_shape_), np.float32)).shape[1]

    @property
    def padded_shape(self) -> tuple[int, ...]:
        """The shape of one trial that the module is built for."""
        return tuple(map(max, self.input_shape_, self.min_input_shape()))

    def _features(self, array: NDArray[Any]) -> NDArray[np.float32]:
        return features(self.net_, array, self.padded_shape)

    def as_fitted(self, X: Any) -> NDArray[Any]:
        """The samples of X, of the shape, channels and rate of `fit`."""
        return self._check_input(X, reset=False).view(np.ndarray)

    def __getstate__(self) -> dict[str, Any]:
        # No skorch in the pickle.
        state = super().__getstate__()
        if "_weights" in state:
            state["callbacks"] = tuple(self.callbacks)
        return state
