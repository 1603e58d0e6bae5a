"""Several spectrograms of the same trials, in one."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from eegkit._compat import Composition
from eegkit.blocks import row_blocks
from eegkit.parameters import Count, ParameterError
from eegkit.signals import SignalArray
from eegkit.step_names import named
from eegkit.transforms._base import BLOCK_BYTES, Transformer, refuse_access
from eegkit.transforms.spectrogram_image import SpectrogramImage
from eegkit.transforms.stft import STFT


class SpectrogramUnion(Transformer, Composition, kw_only=False):
    """Several spectrograms of the same trials, brought to one size and concatenated.

    Parameters
    ----------
    transformers : list of transforms or of (name, transform) tuples
        What makes the spectrograms of raw trials, 4-D each: `STFT`, `CWT`, pipelines that
        end in one, ... Bare ones are named after their class, as in `eegkit.Pipeline`, so that
        ``stft__nperseg`` can be set and searched.
    axis : {"channels", "freqs"}, default "channels"
        Put the spectrograms behind one another as further channels, or on top of one
        another along frequency.
    n_freqs, n_frames : int, default 100
        Size to which every spectrogram is brought by `SpectrogramImage`.
    interpolation, normalize
        See `SpectrogramImage`. Spectrograms of different units want ``normalize``.
    max_memory_mb, n_jobs
        See `Transformer`; they hold for the transforms inside, too.

    Attributes
    ----------
    transformers_ : list of (name, transform) tuples
        The fitted transforms; `transformers` are left as they were.
    sfreq_ : float
        The sampling rate in Hz, where the transforms have one.

    Raises
    ------
    ValueError
        On `fit`: there are no transforms or two of one name, one does not give spectrograms,
        or they differ in sampling rate, or (along frequency) in channels.

    Notes
    -----
    Along channels, channel C3 of the transform named ``stft`` is called ``stft:C3``. The
    result knows its frequencies and times where all spectrograms share them; along
    frequency it knows the frequencies of them all, one after the other.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import STFT, SpectrogramUnion
    >>> X = np.zeros((1, 19, 640))
    >>> union = SpectrogramUnion(
    ...     [("short", STFT(sfreq=128, nperseg=64)), ("long", STFT(sfreq=128, nperseg=256))],
    ...     n_freqs=64,
    ...     n_frames=32,
    ... )
    >>> union.fit_transform(X).shape
    (1, 38, 64, 32)
    >>> union.set_params(axis="freqs", short__nperseg=32).fit_transform(X).shape
    (1, 19, 128, 32)
    """

    parts: ClassVar[str] = "transformers"
    transformers: Any
    _: KW_ONLY
    axis: Literal["channels", "freqs"] = "channels"
    n_freqs: Count = 100
    n_frames: Count = 100
    interpolation: Literal["linear", "cubic"] = "linear"
    normalize: Literal["minmax", "zscore"] | None = None

    def __post_init__(self) -> None:
        self.transformers = named(self.transformers)

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        first, second = STFT.conformance_params(), STFT.conformance_params() | {"output": "db"}
        return {"transformers": [STFT(**first), STFT(**second)], "n_freqs": 4, "n_frames": 6}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Of the image; the transforms inside have spaces of their own."""
        return SpectrogramImage.search_space()

    def set_params(self, **params: Any) -> SpectrogramUnion:
        """Set parameters, those of the transforms inside as well, as ``name__parameter``."""
        if "transformers" in params:
            params["transformers"] = named(params["transformers"])
        super().set_params(**params)
        return self

    def prepare(self, signals: SignalArray) -> None:
        self.transformers_ = [(name, clone(t).fit(signals)) for name, t in self.transformers]
        self._settle_rate(signals)
        self._raw: dict[str, Any] = {"sfreq": signals.sfreq, "ch_names": signals.ch_names}
        firsts = [_spectrogram(name, t, signals[:1]) for name, t in self.transformers_]
        image = SpectrogramImage(
            n_freqs=self.n_freqs,
            n_frames=self.n_frames,
            interpolation=self.interpolation,
            normalize=self.normalize,
        )
        self._images = [clone(image).fit(first) for first in firsts]
        self._row_bytes = [first.size * 4 for first in firsts]
        union = self._join([i.transform(f) for i, f in zip(self._images, firsts, strict=True)])
        self.output_shape_ = union.shape[1:]
        self._known = {name: getattr(union, name) for name in ("ch_names", "freqs", "times")}

    def check_parameters(self) -> None:
        super().check_parameters()
        if not isinstance(self.transformers, list | tuple) or not self.transformers:
            raise ParameterError(
                f"transformers is {self.transformers!r}; expected a list of transforms, "
                "such as [STFT(), CWT()].",
                "transformers",
            )
        self.check_names()
        for name, transformer in self.transformers:
            if not hasattr(transformer, "fit") or not hasattr(transformer, "transform"):
                raise ParameterError(
                    f"{name!r} is {transformer!r}; expected a transform.", "transformers"
                )
            refuse_access("transformers", transformer)

    def _settle_rate(self, signals: SignalArray) -> None:
        rates = {name: t.sfreq_ for name, t in self.transformers_ if getattr(t, "sfreq_", None)}
        if len(set(rates.values())) > 1:
            listing = ", ".join(f"{name} {rate:g} Hz" for name, rate in rates.items())
            raise ValueError(f"The transforms read the same trials at different rates: {listing}.")
        self.sfreq_ = next(iter(rates.values()), signals.sfreq)

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        images = [np.empty((len(block), *i.output_shape_), np.float32) for i in self._images]
        for i, (_, transformer) in enumerate(self.transformers_):
            # A spectrogram may be far larger than its image: not all of the block at once.
            for rows in row_blocks(len(block), self._row_bytes[i], BLOCK_BYTES):
                spectrograms = transformer.transform(SignalArray(block[rows], **self._raw))
                images[i][rows] = self._images[i].transform_block(np.asarray(spectrograms))
        return np.concatenate(images, axis=1 + (self.axis == "freqs"))

    def _join(self, images: list[SignalArray]) -> SignalArray:
        """Images of every transform put together, with what they know in common."""
        names = [name for name, _ in self.transformers_]
        metadata = {"freqs": _common([i.freqs for i in images])}
        metadata["times"] = _common([i.times for i in images])
        metadata["ch_names"] = _common([i.ch_names for i in images])
        if self.axis == "freqs":
            counts = {name: i.shape[1] for name, i in zip(names, images, strict=True)}
            if len(set(counts.values())) > 1:
                listing = ", ".join(f"{name} {count}" for name, count in counts.items())
                raise ValueError(
                    f"The spectrograms differ in their number of channels ({listing}), so they "
                    "cannot be put on top of one another; use axis='channels'."
                )
            metadata["freqs"] = _concatenate([i.freqs for i in images])
        else:
            labels = [
                i.ch_names and [f"{name}:{channel}" for channel in i.ch_names]
                for name, i in zip(names, images, strict=True)
            ]
            metadata["ch_names"] = _concatenate(labels)
        return SignalArray(np.concatenate(images, axis=1 + (self.axis == "freqs")), **metadata)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return self._known


def _spectrogram(name: str, transformer: Any, trial: SignalArray) -> SignalArray:
    """What a fitted transform makes of one trial; it must be a spectrogram."""
    image = transformer.transform(trial)
    if np.ndim(image) != 4 or len(image) != 1:
        raise ValueError(
            f"{name!r} makes an array of shape {np.shape(image)} of one trial; expected a "
            "spectrogram, shape (1, n_channels, n_freqs, n_frames)."
        )
    return image if isinstance(image, SignalArray) else SignalArray(image)


def _common(values: list[Any]) -> Any:
    """What all agree on, or None."""
    first = values[0]
    return first if all(np.array_equal(first, other) for other in values[1:]) else None


def _concatenate(values: list[Any]) -> Any:
    """One after the other, or None where one is unknown."""
    return None if any(v is None for v in values) else np.concatenate(values)
