"""Spectrograms as images of one size."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import Count
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

# Spread of a constant image, in parts of its value, that float32 may leave behind.
ROUNDING = 16 * np.finfo(np.float32).eps


class SpectrogramImage(Transformer):
    """Spectrograms resized to images of ``n_freqs`` x ``n_frames``.

    Each axis is interpolated by a small matrix. Where an axis shrinks, the kernel widens
    so that every bin counts (antialiasing); Pillow's ``resize`` and PyTorch's
    ``interpolate(antialias=True)`` give the same image.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    n_freqs : int, default 100
        Height of the image.
    n_frames : int, default 100
        Width of the image.
    interpolation : {"linear", "cubic"}, default "linear"
        The kernel: a triangle (bilinear), or Keys' cubic convolution (bicubic), which is
        sharper and may overshoot.
    normalize : {None, "minmax", "zscore"}, default None
        Bring every image (of one trial and channel) to [0, 1], or to zero mean and unit
        standard deviation; a constant image becomes 0.

    Attributes
    ----------
    freqs_ : ndarray, shape (n_freqs,), or None
        Frequencies of the rows in Hz, where X knows its own: interpolated as the values are
        (linearly), so the outermost rows of an enlarged image share the outermost frequency.
    times_ : ndarray, shape (n_frames,), or None
        Centres of the columns in s, likewise.

    Raises
    ------
    ValueError
        On `fit`: a size below 1, an unknown interpolation or normalisation.

    References
    ----------
    R. G. Keys (1981), Cubic convolution interpolation for digital image processing, IEEE
    Transactions on ASSP 29(6), 1153-1160.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import STFT, SpectrogramImage
    >>> spectrograms = STFT(sfreq=128).fit_transform(np.zeros((1, 19, 640)))
    >>> spectrograms.shape
    (1, 19, 100, 9)
    >>> images = SpectrogramImage(n_freqs=64, n_frames=64).fit_transform(spectrograms)
    >>> images.shape, images.freqs.shape
    ((1, 19, 64, 64), (64,))
    """

    input_kind: ClassVar[str] = "spectrogram"

    n_freqs: Count = 100
    n_frames: Count = 100
    interpolation: Literal["linear", "cubic"] = "linear"
    normalize: Literal["minmax", "zscore"] | None = None

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_freqs": 8, "n_frames": 6}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {
            "n_freqs": [48, 64, 100],
            "n_frames": [48, 64, 100],
            "normalize": [None, "minmax", "zscore"],
        }

    def prepare(self, signals: SignalArray) -> None:
        n_channels, n_freqs, n_frames = signals.shape[1:]
        rows = resize_matrix(n_freqs, self.n_freqs, self.interpolation)
        columns = resize_matrix(n_frames, self.n_frames, self.interpolation)
        self._rows, self._columns = rows.astype(np.float32), columns.T.astype(np.float32)
        self.freqs_ = _interpolated(signals.freqs, self.n_freqs)
        self.times_ = _interpolated(signals.times, self.n_frames)
        self.output_shape_ = (n_channels, int(self.n_freqs), int(self.n_frames))

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        images = np.matmul(self._rows, np.matmul(block, self._columns))
        return images if self.normalize is None else _normalized(images, self.normalize)

    def as_module(self) -> Any:
        if self.normalize is not None:
            return super().as_module()
        from eegkit.transforms._modules import resized

        return resized(self._rows, self._columns)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {
            "ch_names": signals.ch_names,
            "freqs": _interpolated(signals.freqs, self.n_freqs),
            "times": _interpolated(signals.times, self.n_frames),
        }


def resize_matrix(n_in: int, n_out: int, interpolation: str = "linear") -> NDArray[np.float64]:
    """The matrix that resizes one axis: every output is a weighted mean of inputs near it.

    Parameters
    ----------
    n_in, n_out : int
        Sizes of the axis. Both grids cover the same extent, edge to edge.
    interpolation : {"linear", "cubic"}

    Returns
    -------
    ndarray, shape (n_out, n_in)
        Its rows add up to 1.
    """
    scale = n_in / n_out
    centres = (np.arange(n_out) + 0.5) * scale - 0.5
    distance = np.abs(centres[:, None] - np.arange(n_in)) / max(1.0, scale)
    weights = KERNELS[interpolation](distance)
    return weights / weights.sum(axis=1, keepdims=True)


def _triangle(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(0, 1 - distance)


def _keys(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    # Keys (1981), eq. 15.
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0))


KERNELS = {"linear": _triangle, "cubic": _keys}


def _interpolated(values: NDArray[np.float64] | None, n_out: int) -> NDArray[np.float64] | None:
    """Frequencies or times of the resized axis."""
    return None if values is None else resize_matrix(len(values), n_out) @ values


def _normalized(images: NDArray[np.float32], how: str) -> NDArray[np.float32]:
    """Every image less its minimum or mean, over its range or standard deviation."""
    image: Any = {"axis": (-2, -1), "keepdims": True}
    low, high = images.min(**image), images.max(**image)
    constant = high - low <= ROUNDING * np.maximum(-low, high)
    if how == "minmax":
        centre, spread = low, high - low
    else:
        centre, spread = images.mean(**image), images.std(**image)
    return np.where(constant, np.float32(0), (images - centre) / np.where(constant, 1, spread))
