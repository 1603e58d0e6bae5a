"""Another sampling rate."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Positive
from eegkit.resampling import ratio_of, resample
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer


class Resample(Transformer):
    """Bring trials to another sampling rate, lower or higher, without aliasing.

    Polyphase filtering as ``scipy.signal.resample_poly``, the trial being continued beyond
    its ends by the line through its first and last sample.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    target_sfreq : float, default 128
        The rate wanted, in Hz.
    sfreq : float, optional
        Sampling rate of X in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.

    Attributes
    ----------
    up_, down_ : int
        The rate is multiplied by ``up_ / down_``; n_times becomes
        ``ceil(n_times * up_ / down_)``.

    Raises
    ------
    ValueError
        On `fit`: a rate is not positive.

    Notes
    -----
    Any two rates will do: of rates that were measured (499.987 Hz) the nearest simple ratio is
    taken, which is off by 1e-7 of its value at most. A trial of a minute is 6 microseconds longer
    or shorter then.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit import SignalArray
    >>> from eegkit.transforms import Resample
    >>> X = SignalArray(np.ones((1, 2, 250)), sfreq=250)
    >>> made = Resample(target_sfreq=100).fit_transform(X)
    >>> made.shape, made.sfreq
    ((1, 2, 100), 100.0)
    """

    target_sfreq: Positive = 128.0
    sfreq: Positive | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "target_sfreq": 256.0}

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        ratio = ratio_of(self.sfreq_, self.target_sfreq)
        self.up_, self.down_ = ratio.numerator, ratio.denominator
        n_times = -(-signals.shape[-1] * self.up_ // self.down_)
        self.output_shape_ = (signals.shape[1], n_times)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return resample(block, Fraction(self.up_, self.down_), "line")

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {"sfreq": float(self.target_sfreq), "ch_names": signals.ch_names}
