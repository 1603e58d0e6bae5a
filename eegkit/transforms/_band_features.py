"""What features of frequency bands share: which bins a band has, and names."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from eegkit.parameters import ParameterError
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer


class BandFeatures(Transformer):
    """The base of transforms that give features of frequency bands."""

    def _bins_of(
        self, name: str, band: tuple[float, float], freqs: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        low, high = band
        nyquist = self.sfreq_ / 2
        if not 0 <= low <= high:
            raise ParameterError(
                f"The band {name!r} is {low:g} to {high:g} Hz; expected a lower and an upper "
                "frequency, neither below 0; change it in bands.",
                "bands",
            )
        if high > nyquist:
            raise ParameterError(
                f"The band {name!r} goes up to {high:g} Hz, above the Nyquist frequency "
                f"{nyquist:g} Hz of signals at {self.sfreq_:g} Hz; lower it in bands, or leave it "
                "out there.",
                "bands",
            )
        bins = np.flatnonzero((freqs >= low) & (freqs < high))
        if not len(bins):
            raise ParameterError(
                f"The band {name!r}, {low:g} to {high:g} Hz, holds no frequency bin: they are "
                f"{freqs[1]:g} Hz apart; widen it or lengthen nperseg_s.",
                "bands",
            )
        return bins

    @abstractmethod
    def _feature_names(self) -> list[str]:
        """Of every feature, in their order."""

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Channels and band of every feature, such as ``"C3_alpha"``.

        Parameters
        ----------
        input_features : array-like of str, optional
            Not used, but for its length, which must be that of the input's features.

        Returns
        -------
        ndarray of str, shape (n_features,)
        """
        check_is_fitted(self)
        if input_features is not None and np.size(input_features) != self.n_features_in_:
            raise ValueError(
                f"input_features should have length equal to {self.n_features_in_}, the number "
                f"of input features; it has {np.size(input_features)}."
            )
        return np.array(self._feature_names(), dtype=object)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {}
