"""The slow trend of a trial, without its offset."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from eegkit.parameters import Count, ParameterError
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer
from eegkit.transforms._spectral import refuse_single_sample


class CosineTrend(Transformer):
    """The slowest cosines of every channel, without the offset.

    Features of potentials that build up within a trial, such as the readiness potential, where the
    offset of the amplifier says nothing.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    n_coefficients : int, default 3
        Coefficients of the orthonormal discrete cosine transform, from the second on: a half
        wave over the trial, a whole wave, one and a half.

    Raises
    ------
    ValueError
        On `fit`: a trial has too few samples for them.

    References
    ----------
    N. Ahmed, T. Natarajan, K. R. Rao (1974), Discrete cosine transform, IEEE Transactions on
    Computers C-23(1), 90-93.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import CosineTrend
    >>> X = np.stack([np.full((2, 50), 80.0), np.tile(np.linspace(0, 10, 50), (2, 1))])
    >>> np.asarray(CosineTrend(n_coefficients=1).fit_transform(X)).round(1) + 0
    array([[  0. ,   0. ],
           [-20.7, -20.7]], dtype=float32)
    """

    n_coefficients: Count = 3

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_coefficients": 1}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"n_coefficients": [2, 3, 4, 6]}

    def prepare(self, signals: SignalArray) -> None:
        n_channels, n_times = signals.shape[1:]
        refuse_single_sample(n_times)
        if self.n_coefficients >= n_times:
            raise ParameterError(
                f"n_coefficients is {self.n_coefficients}; expected fewer than the "
                f"{n_times} samples of a trial.",
                "n_coefficients",
            )
        self.output_shape_ = (n_channels * self.n_coefficients,)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        # In float64: an offset of millivolts must not leak into the others by rounding.
        coefficients = scipy.fft.dct(block.astype(np.float64), norm="ortho")
        slow = coefficients[..., 1 : 1 + self.n_coefficients]
        return slow.reshape(len(block), -1).astype(np.float32)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {}
