"""Transforms: from trials to cleaner trials, or to spectrograms."""

from eegkit.kept_files import CachedFile, cached_files, clear_cache
from eegkit.transforms._alignment import Alignment
from eegkit.transforms._base import Transformer
from eegkit.transforms.band_correlation import BandCorrelation
from eegkit.transforms.band_power import BandPower
from eegkit.transforms.cached import Cached
from eegkit.transforms.cosine_trend import CosineTrend
from eegkit.transforms.covariance import Covariance
from eegkit.transforms.cwt import CWT
from eegkit.transforms.euclidean_alignment import EuclideanAlignment
from eegkit.transforms.filters import BandPass, Notch
from eegkit.transforms.mel import MelSpectrogram
from eegkit.transforms.montage import Montage
from eegkit.transforms.resample import Resample
from eegkit.transforms.riemannian_alignment import RiemannianAlignment
from eegkit.transforms.spectrogram_image import SpectrogramImage
from eegkit.transforms.spectrogram_union import SpectrogramUnion
from eegkit.transforms.standardizer import Standardizer
from eegkit.transforms.stft import STFT
from eegkit.transforms.subject_standardizer import SubjectStandardizer
from eegkit.transforms.time_course import TimeCourse
from eegkit.transforms.wavelet_denoiser import WaveletDenoiser
from eegkit.transforms.windows import Crop, SlidingWindows

__all__ = [
    "CWT",
    "STFT",
    "Alignment",
    "BandCorrelation",
    "BandPass",
    "BandPower",
    "Cached",
    "CachedFile",
    "CosineTrend",
    "Covariance",
    "Crop",
    "EuclideanAlignment",
    "MelSpectrogram",
    "Montage",
    "Notch",
    "Resample",
    "RiemannianAlignment",
    "SlidingWindows",
    "SpectrogramImage",
    "SpectrogramUnion",
    "Standardizer",
    "SubjectStandardizer",
    "TimeCourse",
    "Transformer",
    "WaveletDenoiser",
    "cached_files",
    "clear_cache",
]
