"""Transforms: from trials to cleaner trials, or to spectrograms."""

from eegkit.transforms._base import Transformer
from eegkit.transforms.cached import Cached, CachedFile, cached_files, clear_cache
from eegkit.transforms.spectrogram_image import SpectrogramImage
from eegkit.transforms.spectrogram_union import SpectrogramUnion
from eegkit.transforms.stft import STFT

__all__ = [
    "STFT",
    "Cached",
    "CachedFile",
    "SpectrogramImage",
    "SpectrogramUnion",
    "Transformer",
    "cached_files",
    "clear_cache",
]
