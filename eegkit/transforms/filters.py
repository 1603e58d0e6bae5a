"""Band-pass and notch filters, through scipy."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import scipy.signal
from numpy.typing import NDArray

from eegkit.parameters import Count, Length, ParameterError, Positive
from eegkit.recordings.preparation import Preparation, check_below_nyquist
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer
from eegkit.transforms._spectral import refuse_single_sample


class Filter(Transformer):
    """The base of zero-phase filters: forwards and backwards, in float64."""

    sfreq: Positive | None = None

    @abstractmethod
    def _design(self, sfreq: float) -> NDArray[np.float64]:
        """Second-order sections."""

    def prepare(self, signals: SignalArray) -> None:
        self._check_rate(signals)
        refuse_single_sample(signals.shape[-1])
        self._sections = self._design(self.sfreq_)
        self.output_shape_ = self.input_shape_
        # scipy's own padding, as far as the trial is long enough for it.
        self._padding = min(3 * (2 * len(self._sections) + 1), signals.shape[-1] - 1)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        samples = block.astype(np.float64)
        # A copy, because scipy wants to be able to write, and a loaded memmap forbids it.
        sections = self._sections.copy()
        output = scipy.signal.sosfiltfilt(sections, samples, padlen=self._padding)
        return output.astype(np.float32)


class BandPass(Filter):
    """Zero-phase Butterworth filter: band-pass, or low- or high-pass with one edge.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    l_freq, h_freq : float or None, default 0.5 and 45
        Lower and upper edge in Hz, where the power falls to a quarter (it is filtered
        twice); None leaves that side open.
    order : int, default 4
        Of the Butterworth filter, before it is applied forwards and backwards.

    Raises
    ------
    ValueError
        On `fit`: an edge is not between 0 and the Nyquist frequency, or both are None.

    Notes
    -----
    Filtering whole recordings before cutting them into trials avoids the edges of trials:
    data sets have options for that (``l_freq``, ``h_freq``).

    References
    ----------
    F. Gustafsson (1996), Determining the initial states in forward-backward filtering, IEEE
    Transactions on Signal Processing 44(4), 988-992; as ``scipy.signal.sosfiltfilt``.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import BandPass
    >>> BandPass(sfreq=128, l_freq=8, h_freq=30).fit_transform(np.ones((1, 2, 256))).shape
    (1, 2, 256)
    """

    l_freq: Positive | None = 0.5
    h_freq: Positive | None = 45.0
    order: Count = 4

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "l_freq": None, "h_freq": 60.0, "order": 1}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {"l_freq": [0.5, 1.0, 4.0, 8.0], "h_freq": [20.0, 30.0, 45.0]}

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.l_freq is None and self.h_freq is None:
            raise ParameterError(
                "l_freq and h_freq are both None; nothing would be filtered.", "l_freq"
            )
        Preparation(l_freq=self.l_freq, h_freq=self.h_freq)  # refuses edges in the wrong order

    def _design(self, sfreq: float) -> NDArray[np.float64]:
        Preparation(l_freq=self.l_freq, h_freq=self.h_freq).check_recorded_rate(sfreq, "X")
        edges = [edge for edge in (self.l_freq, self.h_freq) if edge is not None]
        kind = "bandpass" if len(edges) == 2 else "lowpass" if self.l_freq is None else "highpass"
        return scipy.signal.butter(self.order, np.squeeze(edges), kind, output="sos", fs=sfreq)


class Notch(Filter):
    """Zero-phase notch filter: takes line noise and its harmonics out.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    freqs : float or sequence of float, default 50
        Frequencies to take out, in Hz: 50 or 60 and, if wanted, their multiples.
    quality : float, default 30
        Frequency over the width at half power of one pass.

    Raises
    ------
    ValueError
        On `fit`: a frequency is not between 0 and the Nyquist frequency.

    References
    ----------
    S. J. Orfanidis (1996), Introduction to Signal Processing, Prentice-Hall; as
    ``scipy.signal.iirnotch``.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import Notch
    >>> Notch(sfreq=250, freqs=[50, 100]).fit_transform(np.ones((1, 2, 500))).shape
    (1, 2, 500)
    """

    freqs: Positive | Annotated[Sequence[Positive], Length()] = 50.0
    quality: Positive = 30.0

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0}

    def _design(self, sfreq: float) -> NDArray[np.float64]:
        freqs = np.atleast_1d(np.asarray(self.freqs, dtype=float))
        for freq in freqs:
            check_below_nyquist("freqs", freq, sfreq, "X")
        designs = (scipy.signal.iirnotch(freq, self.quality, sfreq) for freq in freqs)
        return np.concatenate([scipy.signal.tf2sos(*design) for design in designs])
