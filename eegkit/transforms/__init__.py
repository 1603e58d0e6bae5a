"""Transforms: from trials to cleaner trials, or to spectrograms."""

from eegkit.transforms._base import Transformer
from eegkit.transforms.cached import Cached, CachedFile, cached_files, clear_cache
from eegkit.transforms.cwt import CWT
from eegkit.transforms.mel import MelSpectrogram
from eegkit.transforms.spectrogram_image import SpectrogramImage
from eegkit.transforms.spectrogram_union import SpectrogramUnion
from eegkit.transforms.stft import STFT

__all__ = [
    "CWT",
    "STFT",
    "Cached",
    "CachedFile",
    "MelSpectrogram",
    "SpectrogramImage",
    "SpectrogramUnion",
    "Transformer",
    "cached_files",
    "clear_cache",
]
