"""`Transformer`: the base of every transform, which works through trials in blocks."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin

from eegkit.base import Estimator
from eegkit.signals import SignalArray

BLOCK_BYTES = 2**25


class Transformer(TransformerMixin, Estimator):
    """A scikit-learn transformer of trials.

    A transform of your own is a subclass with its parameters as annotated fields and two
    methods: `_prepare`, which checks the parameters against the training trials and learns
    what there is to learn, and `_transform_block`, which transforms some of the trials.
    `_knowledge` says what the output knows (rate, channels, frequencies, times).
    """

    def fit(self, X: Any, y: Any = None) -> Transformer:
        """Check the parameters against the trials, and learn what there is to learn.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts; 2-D is one channel.
        y : ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X is malformed, or a parameter does not fit it.
        """
        self._prepare(self._check_input(X, reset=True))
        return self

    def transform(self, X: Any) -> SignalArray:
        """Transform the trials.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts, of the channels, length and rate seen in `fit`.

        Returns
        -------
        SignalArray, float32, n_trials first

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        signals = self._check_input(X, reset=False)
        self._check_rate(signals, reset=False)
        array = signals.view(np.ndarray)
        # Blocks keep the temporaries small: they stay in cache, and a memmap stays on disk.
        step = max(1, BLOCK_BYTES // max(1, 4 * array[0].size))
        first = self._transform_block(np.asarray(array[:step], dtype=np.float32))
        out = np.empty((len(array), *first.shape[1:]), dtype=np.float32)
        out[:step] = first
        for start in range(step, len(array), step):
            block = np.asarray(array[start : start + step], dtype=np.float32)
            out[start : start + step] = self._transform_block(block)
        return SignalArray(out, groups=signals.groups, **self._knowledge(signals))

    @abstractmethod
    def _prepare(self, signals: SignalArray) -> None:
        """Check the parameters, set the fitted attributes."""

    @abstractmethod
    def _transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Transform some trials, shape (n_block, n_channels, n_times)."""

    @abstractmethod
    def _knowledge(self, signals: SignalArray) -> dict[str, Any]:
        """What the output knows, as keyword arguments of `SignalArray`, but for the groups."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
