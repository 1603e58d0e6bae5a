"""Short-time Fourier transform."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from eegkit.blocks import READ_BYTES, release, row_blocks
from eegkit.parameters import NonNegative, ParameterError
from eegkit.signals import SignalArray
from eegkit.transforms._spectral import (
    FrameTransformer,
    bins_between,
    complex_as_channels,
    names_of,
    range_of,
    scaled,
)


class STFT(FrameTransformer):
    """Short-time Fourier spectrogram of every trial and channel.

    By default the natural logarithm of the one-sided power spectral density in µV²/Hz, in
    frames that lie wholly inside the trial, as ``scipy.signal.spectrogram`` gives it.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    sfreq : float, optional
        Sampling rate in Hz; by default that of X. An X that does not say its rate is
        read at 128 Hz, with a warning.
    nperseg : int, optional
        Window length in samples. By default 2 s, or half of the trial where it is shorter than
        4 s.
    window_s : float, optional
        Window length in s, instead of `nperseg`.
    hop : int, optional
        Samples from one frame to the next; by default a quarter of the window. Where the
        window is not given either, the hop is shorter in trials below 6 s, so that all trials
        have at least 9 frames.
    hop_s : float, optional
        The same in s, instead of `hop`.
    n_fft : int, optional
        Length of the FFT in samples, at least the window, which is padded with zeros: finer
        bins, the same resolution. The window's length by default.
    window : str or tuple, default "hann"
        Any window that ``scipy.signal.get_window`` knows (periodic).
    detrend : {"constant", None}, default "constant"
        Take the mean of every frame out before it is windowed, as ``scipy.signal.spectrogram`` and
        MNE's ``psd_array_welch`` do, and that of the trial before it is padded: an offset,
        however large, changes nothing. Without it, an offset is power from 0 to 2 bins.
    framing : {"valid", "scipy", "librosa"}, default "valid"
        Where frames lie: wholly inside the trial; as in ``scipy.signal.ShortTimeFFT``, every
        slice that touches the trial; or as in ``librosa.stft``, centred on every `hop`-th
        sample. Beyond the trial there are zeros.
    scaling : {"density", "spectrum", None}, default "density"
        One-sided power in µV²/Hz, in µV², or the squared magnitude of the plain DFT.
    amin : float, default 1e-10
        Power below which no logarithm is taken.
    f_min, f_max : float or None, default 0.5 and 50
        Range of frequencies kept, in Hz, ends included; None is 0 Hz and the Nyquist
        frequency.
    output : {"log", "db", "power", "magnitude", "complex"}, default "log"
        Natural logarithm of the power, decibel (10 log10), power, its square root, or the
        complex spectrum as two channels: the real parts of all channels, then the
        imaginary parts. The squared magnitude of the complex spectrum is the power.
    normalize : {None, "trial", "fitted"}, default None
        Zero mean and unit standard deviation: of each trial and channel by itself, or of
        each channel and frequency over the trials seen in `fit`.

    Attributes
    ----------
    sfreq_ : float
        The sampling rate in Hz.
    nperseg_, hop_ : int
        Length of the window, and from one frame to the next, in samples.
    freqs_ : ndarray, shape (n_freqs,)
        Frequencies of the bins in Hz.
    times_ : ndarray, shape (n_frames,)
        Centres of the frames in s from the start of the trial.

    Raises
    ------
    ValueError
        On `fit`: the window is longer than the trials, or the range of frequencies is
        empty or reaches beyond the Nyquist frequency. On `transform`: X has another rate.

    Notes
    -----
    Bins are the reciprocal of the window apart: 0.5 Hz in trials of 4 s and more, 1 Hz in
    trials of 2 s.

    Published settings: ``"emotion"``, a window of 256 samples and a hop of 64, in which band
    power of emotional EEG is usually computed; it is what the minute-long trials of DEAP (8064
    samples at 128 Hz) get by default.

    References
    ----------
    J. B. Allen (1977), Short term spectral analysis, synthesis, and modification by
    discrete Fourier transform, IEEE Transactions on ASSP 25(3), 235-238.
    P. D. Welch (1967), The use of fast Fourier transform for the estimation of power
    spectra, IEEE Transactions on Audio and Electroacoustics 15(2), 70-73 (the density).
    D. W. Griffin and J. S. Lim (1984), Signal estimation from modified short-time Fourier
    transform, IEEE Transactions on ASSP 32(2), 236-243, equation 6 (the inverse).

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import STFT
    >>> X = np.sin(2 * np.pi * 10 * np.arange(640) / 128)[None, None]
    >>> stft = STFT(sfreq=128)
    >>> spectrogram = stft.fit_transform(X)
    >>> spectrogram.shape
    (1, 1, 100, 9)
    >>> float(stft.freqs_[spectrogram[0, 0, :, 0].argmax()])
    10.0
    """

    f_min: NonNegative | None = 0.5
    f_max: NonNegative | None = 50.0
    output: Literal["log", "db", "power", "magnitude", "complex"] = "log"
    normalize: Literal["trial", "fitted"] | None = None

    published_settings = {"emotion": {"nperseg": 256, "hop": 64, "f_min": 0.5, "f_max": 50.0}}

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"sfreq": 128.0, "nperseg": 2, "hop": 1, "f_min": None, "f_max": None}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Windows that leave trials of 2 s five frames or more; `scaling` adds but a constant."""
        return {
            "window_s": [0.25, 0.5, 1.0],
            "hop_s": [0.0625, 0.125, 0.25],
            "f_max": [30.0, 40.0, 50.0],
            "normalize": [None, "trial", "fitted"],
        }

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.output == "complex" and self.normalize is not None:
            raise ParameterError(
                f"normalize is {self.normalize!r}, which shifts and scales real numbers; with "
                "output='complex' leave it None.",
                "normalize",
            )

    def prepare(self, signals: SignalArray) -> None:
        freqs = self._prepare_frames(signals)
        self._bins = bins_between(freqs, *range_of(self.f_min, self.f_max, self.sfreq_))
        self.freqs_ = freqs[self._bins]
        n_parts = 2 if self.output == "complex" else 1
        n_channels = signals.shape[1]
        self.output_shape_ = (n_parts * n_channels, len(self.freqs_), len(self.times_))
        if self.normalize == "fitted":
            self._learn_normalization(signals)

    def _learn_normalization(self, signals: SignalArray) -> None:
        array = signals.view(np.ndarray)
        total = np.zeros(self.output_shape_[:2])
        squares = np.zeros(self.output_shape_[:2])
        n_each = len(array) * self.output_shape_[2]
        row_bytes = 4 * int(np.prod(self.output_shape_))
        for rows in row_blocks(len(array), row_bytes, READ_BYTES):
            part = self._raw_output(np.asarray(array[rows], dtype=np.float32)).astype(np.float64)
            total += part.sum(axis=(0, 3))
            squares += np.square(part).sum(axis=(0, 3))
            release(array)
        mean = total / n_each
        spread = np.sqrt(np.maximum(squares / n_each - mean**2, 0))
        self._centre: NDArray[np.float32] = mean[..., None].astype(np.float32)
        self._spread = np.where(spread > 0, spread, 1.0)[..., None].astype(np.float32)

    def _raw_output(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output before it is normalised."""
        if self.output == "complex":
            scale = np.sqrt(self._power_scale[self._bins])
            spectrum = self._spectrum(block)[..., self._bins] * scale
            return complex_as_channels(spectrum).swapaxes(-1, -2)
        power = scaled(self._power(block, self._bins), self.output, self.amin)
        # A view: it is in this order that it is copied to the result.
        return power.swapaxes(-1, -2)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        output = self._raw_output(block)
        if self.normalize == "fitted":
            output -= self._centre
            output /= self._spread
        elif self.normalize == "trial":
            output -= output.mean(axis=(2, 3), keepdims=True)
            spread = output.std(axis=(2, 3), keepdims=True)
            output /= np.where(spread > 0, spread, np.float32(1))
        return output

    def as_module(self) -> Any:
        if self.output == "complex":
            return super().as_module()
        from torch import nn

        from eegkit.transforms._modules import affine, output, standardized

        parts = [self._power_module(self._bins), output(self.output, self.amin)]
        if self.normalize == "fitted":
            parts.append(affine(self._centre, self._spread))
        elif self.normalize == "trial":
            parts.append(standardized((2, 3)))
        return nn.Sequential(*parts)

    def inverse_transform(self, X: ArrayLike) -> SignalArray:
        """The trials whose complex spectrogram is nearest, by least squares.

        Parameters
        ----------
        X : array-like, shape (n_trials, 2 * n_channels, n_freqs, n_frames)
            What `transform` gave with ``output="complex"``.

        Returns
        -------
        SignalArray, shape (n_trials, n_channels, n_times)
            In microvolts.

        Raises
        ------
        ValueError
            The spectrogram does not determine the trial: it is not complex, leaves out
            frequencies, means or samples, or has another shape than `transform` gives.
        """
        check_is_fitted(self)
        length, hop, (left, _) = len(self._taper), self._hop, self._padding
        n_bins = self._n_fft // 2 + 1
        is_partial = self.framing == "valid" or self.detrend is not None
        if self.output != "complex" or len(self.freqs_) != n_bins or is_partial:
            raise ValueError(
                "This STFT has no inverse; use output='complex', f_min=None, f_max=None, "
                "detrend=None and framing='scipy' or 'librosa'."
            )
        if not scipy.signal.check_NOLA(self._taper, length, max(0, length - hop)):
            raise ValueError(f"Windows {hop} samples apart leave samples out; shorten the hop.")
        parts = np.asarray(X, dtype=np.float32)
        if parts.shape[1:] != self.output_shape_:
            raise ValueError(
                f"X has shape {parts.shape}; expected (n_trials, "
                f"{', '.join(map(str, self.output_shape_))})."
            )
        real, imag = np.split(parts, 2, axis=1)
        spectrum = (real + 1j * imag) / np.sqrt(self._power_scale[:, None])
        frames = scipy.fft.irfft(spectrum, self._n_fft, axis=2)[:, :, :length]
        frames *= self._taper[:, None]
        n_times = self.input_shape_[-1]
        n_padded = max((frames.shape[-1] - 1) * hop + length, left + n_times)
        signals = np.zeros((*frames.shape[:2], n_padded), dtype=np.float32)
        weight = np.zeros(n_padded, dtype=np.float32)
        for k in range(frames.shape[-1]):
            signals[..., k * hop : k * hop + length] += frames[..., k]
            weight[k * hop : k * hop + length] += self._taper**2
        inside = slice(left, left + n_times)
        signals = signals[..., inside] / np.maximum(weight[inside], np.finfo(np.float32).tiny)
        return SignalArray(signals, sfreq=self.sfreq_, ch_names=self.ch_names_)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        names = names_of(signals.ch_names, self.output)
        return {"ch_names": names, "freqs": self.freqs_, "times": self.times_}
