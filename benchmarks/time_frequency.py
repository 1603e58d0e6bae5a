"""eegkit's time-frequency transforms and denoising against what people use, in one run.

    uv run --all-packages --group test python benchmarks/time_frequency.py

transforms 64 trials x 22 channels x 1000 samples of float32 at 250 Hz with each library, on
two threads where it has them, after checking that the answers agree. It prints medians and
ratios, what bounds the time (the bare FFTs; the writing of the result), and how the time grows
with trials, channels and samples (the slope in a log-log plot; 1 is linear).
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import librosa
import mne
import numpy as np
import pywt
import scipy.fft
import scipy.signal
import torch
import torchaudio
from rich.console import Console
from rich.table import Table
from skimage.restoration import denoise_wavelet

from eegkit import SignalArray
from eegkit.transforms import CWT, STFT, MelSpectrogram, WaveletDenoiser

N_THREADS = 2
RUNS_A_TURN = 10
SFREQ, WINDOW, HOP, N_MELS = 250.0, 128, 32, 20
FREQS = np.linspace(4, 50, 40)
CWT_TRIALS, DECIM = 8, 10
FLOOR = 1e-6  # below which no logarithm is taken
FRAMES = {"nperseg": WINDOW, "hop": HOP, "framing": "librosa", "scaling": None, "amin": FLOOR}


@dataclass
class Case:
    """One task: our way, the peers' ways to the same answer, and the bare work in it."""

    title: str
    ours: Any
    X: SignalArray
    peers: dict[str, Callable[[], Any]]
    bare: Callable[[], Any] | None = None
    # Instead of the two results: what to compare with a peer, and the difference allowed.
    comparisons: dict[str, tuple[Callable[[], tuple[Any, Any]], float]] = field(
        default_factory=dict
    )


def log_power(spectrum: Any) -> Any:
    return np.log(np.maximum(np.abs(spectrum) ** 2, FLOOR))


def stft_case(X: SignalArray) -> Case:
    array, tensor = np.asarray(X), torch.from_numpy(np.array(X)).flatten(0, 1)
    window = scipy.signal.get_window("hann", WINDOW).astype(np.float32)
    ours = STFT(**FRAMES, f_min=None, f_max=None, n_jobs=N_THREADS)
    sft = scipy.signal.ShortTimeFFT(window, HOP, SFREQ, fft_mode="onesided")
    n_frames = 1 + X.shape[-1] // HOP

    def scipys() -> Any:
        with scipy.fft.set_workers(N_THREADS):
            return log_power(sft.stft(array, p0=0, p1=n_frames))

    def torchs() -> Any:
        made = torch.stft(
            tensor, WINDOW, HOP, window=torch.from_numpy(window), center=True,
            pad_mode="constant", return_complex=True,
        )  # fmt: skip
        return made.abs().square_().clamp_(min=FLOOR).log_().unflatten(0, X.shape[:2]).numpy()

    peers = {
        "librosa.stft": lambda: log_power(librosa.stft(array, n_fft=WINDOW, hop_length=HOP)),
        "scipy.signal.ShortTimeFFT": scipys,
        "torch.stft": torchs,
    }
    return Case("STFT, log power", ours, X, peers, bare_ffts(X))


def mel_case(X: SignalArray) -> Case:
    array, tensor = np.asarray(X), torch.from_numpy(np.array(X))
    ours = MelSpectrogram(**FRAMES, n_mels=N_MELS, n_jobs=N_THREADS)
    theirs = torchaudio.transforms.MelSpectrogram(
        int(SFREQ), WINDOW, WINDOW, HOP, n_mels=N_MELS, norm="slaney", mel_scale="slaney",
        pad_mode="constant",
    )  # fmt: skip

    def librosas() -> Any:
        mel = librosa.feature.melspectrogram(
            y=array, sr=SFREQ, n_fft=WINDOW, hop_length=HOP, n_mels=N_MELS, pad_mode="constant"
        )
        return np.log(np.maximum(mel, FLOOR))

    peers = {
        "librosa": librosas,
        "torchaudio": lambda: theirs(tensor).clamp_(min=FLOOR).log_().numpy(),
    }
    return Case("Mel spectrogram, log", ours, X, peers, bare_ffts(X))


def bare_ffts(X: SignalArray) -> Callable[[], Any]:
    """The FFTs of all frames and nothing else, over one trial's frames again and again."""
    n_frames = 1 + X.shape[-1] // HOP
    frames = np.random.default_rng(0).normal(size=(X.shape[1], WINDOW, n_frames))
    frames = frames.astype(np.float32)

    def ffts() -> None:
        for _ in range(len(X)):
            scipy.fft.rfft(frames, axis=-2, workers=N_THREADS)

    return ffts


def cwt_case(X: SignalArray) -> Case:
    array, n_times = np.asarray(X), X.shape[-1]
    grid = {"f_min": FREQS[0], "f_max": FREQS[-1], "n_freqs": len(FREQS), "spacing": "linear"}
    ours = CWT(**grid, n_frames=n_times // DECIM, output="power", n_jobs=N_THREADS)
    # The same wavelet in PyWavelets' terms: bandwidth in units of the scale, centre frequency.
    name = f"cmor{2 * (7 / (2 * np.pi)) ** 2:.8f}-1.0"
    scales = SFREQ / FREQS
    # Its wavelets have energy 1 / sqrt(4 pi) / sigma, sigma in periods, ours have energy 2.
    energy = 2 * np.sqrt(4 * np.pi) * 7 / (2 * np.pi)

    def pywts(first: int = 0) -> Any:
        made, _ = pywt.cwt(array, scales, name, method="fft", axis=-1, precision=12)
        return energy * np.abs(np.moveaxis(made, 0, 2)[..., first::DECIM]) ** 2

    def compare_with_pywt() -> tuple[Any, Any]:
        # Its samples stand half a sample earlier, so ours are taken at twice the rate.
        twice = CWT(**grid, n_frames=2 * n_times, output="power").fit_transform(X)
        return np.asarray(twice)[..., 1 :: 2 * DECIM], pywts(first=1)

    def mnes() -> Any:
        return mne.time_frequency.tfr_array_morlet(
            array, SFREQ, FREQS, n_cycles=7.0, zero_mean=True, decim=DECIM, output="power",
            n_jobs=1, verbose="error",
        )  # fmt: skip

    def ffts() -> None:
        spectrum = scipy.fft.fft(array, ours._n_fft, workers=N_THREADS)
        short = np.empty((*spectrum.shape[:2], len(FREQS), ours._n_short), np.complex64)
        scipy.fft.ifft(short, workers=N_THREADS)

    peers = {"PyWavelets, method='fft'": pywts, f"MNE, decim={DECIM}": mnes}
    title = f"CWT (Morlet, 40 frequencies, {len(X)} trials), power"
    # PyWavelets averages its wavelets over a sample and moves them by parts of one, which
    # shows where a period has few samples; tests/transforms/test_cwt.py compares slow ones.
    comparisons = {"PyWavelets, method='fft'": (compare_with_pywt, 0.2)}
    return Case(title, ours, X, peers, ffts, comparisons)


def denoising_case(X: SignalArray) -> Case:
    array = np.asarray(X)
    ours = WaveletDenoiser(level=4, threshold="universal", n_jobs=N_THREADS)
    as_channels = array.reshape(-1, X.shape[-1]).T

    def skimages() -> Any:
        made = denoise_wavelet(
            as_channels, wavelet="db4", mode="soft", wavelet_levels=4, method="VisuShrink",
            channel_axis=-1, rescale_sigma=False,
        )  # fmt: skip
        return made.T.reshape(array.shape)

    def pywts() -> Any:
        approximation, *details = pywt.wavedec(array, "db4", level=4)
        sigma = np.median(np.abs(details[-1]), axis=-1, keepdims=True) / 0.6744897501960817
        limit = sigma * np.sqrt(2 * np.log(X.shape[-1]))
        shrunk = [np.sign(d) * np.maximum(np.abs(d) - limit, 0) for d in details]
        return pywt.waverec([approximation, *shrunk], "db4")

    peers = {"scikit-image": skimages, "PyWavelets, by hand": pywts}
    return Case("Wavelet denoising (db4, 4 levels, soft)", ours, X, peers)


def check_agreement(case: Case) -> dict[str, float]:
    """The largest relative difference from each peer, away from the edges; refuse if large."""
    made = np.asarray(case.ours.fit(case.X).transform(case.X))
    edge = max(1, made.shape[-1] // 4)
    inner = (..., slice(edge, -edge))
    differences = {}
    for name, peer in case.peers.items():
        compare, allowed = case.comparisons.get(name, (lambda peer=peer: (made, peer()), 1e-3))
        ours, theirs = compare()
        if theirs.shape != ours.shape:
            raise SystemExit(f"{case.title}: {name} gives {theirs.shape}, eegkit {ours.shape}.")
        difference = np.abs(theirs - ours)[inner].max() / np.abs(ours[inner]).max()
        differences[name] = float(difference)
        if difference > allowed:
            raise SystemExit(f"{case.title}: {name} differs by {difference:.1e}.")
    return differences


def medians(ways: dict[str, Callable[[], Any]], n_runs: int) -> dict[str, float]:
    """Median seconds of each way.

    They take turns, so that a disturbance meets all: some runs at a time, of which the first
    finds the caches and the allocator as another way left them and is not counted.
    """
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(-(-n_runs // RUNS_A_TURN)):
        for name, way in ways.items():
            way()
            for _ in range(RUNS_A_TURN):
                started = time.perf_counter()
                way()
                times[name].append(time.perf_counter() - started)
    return {name: statistics.median(values) for name, values in times.items()}


def slopes(make: Callable[[SignalArray], Case], X: SignalArray, n_runs: int) -> list[float]:
    """How the time grows with trials, channels and samples."""
    found = []
    for axis in range(3):
        sizes, times = [], []
        for factor in (1, 2, 4, 8):
            repeats = [1, 1, 1]
            repeats[axis] = factor
            larger = SignalArray(np.tile(np.asarray(X), repeats), sfreq=SFREQ)
            case = make(larger)
            case.ours.fit(case.X)
            run = {"ours": lambda case=case: case.ours.transform(case.X)}
            times.append(medians(run, n_runs)["ours"])
            sizes.append(factor)
        found.append(float(np.polyfit(np.log(sizes), np.log(times), 1)[0]))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40, help="runs of each (default: 40)")
    options = parser.parse_args()
    torch.set_num_threads(N_THREADS)
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(0)
    X = SignalArray(rng.normal(size=(64, 22, 1000)).astype(np.float32) * 10, sfreq=SFREQ)
    few = X[:CWT_TRIALS]
    makers = {stft_case: X, mel_case: X, cwt_case: few, denoising_case: X}

    table = Table("task", "library", "median (ms)", "times eegkit's", "largest difference")
    bounds = Table("task", "result (MB)", "writing it alone (ms)", "bare FFTs (ms)", "eegkit (ms)")
    for make, signals in makers.items():
        case = make(signals)
        differences = check_agreement(case)
        made = case.ours.transform(case.X)
        ways = {"eegkit": lambda case=case: case.ours.transform(case.X), **case.peers}
        ways["writing"] = lambda made=made: np.empty(made.shape, np.float32).fill(1.0)
        if case.bare is not None:
            ways["bare"] = case.bare
        found = medians(ways, options.runs)
        for name in ("eegkit", *case.peers):
            title = case.title if name == "eegkit" else ""
            difference = f"{differences[name]:.0e}" if name in differences else ""
            ratio = found[name] / found["eegkit"]
            table.add_row(title, name, f"{1e3 * found[name]:.1f}", f"{ratio:.1f}", difference)
        table.add_section()
        bare = f"{1e3 * found['bare']:.1f}" if "bare" in found else ""
        bounds.add_row(
            case.title, f"{made.nbytes / 1e6:.1f}", f"{1e3 * found['writing']:.1f}", bare,
            f"{1e3 * found['eegkit']:.1f}",
        )  # fmt: skip
    growth = Table("eegkit's transform", "trials", "channels", "samples", title="slopes")
    for make, signals in makers.items():
        found_slopes = slopes(make, signals, RUNS_A_TURN)
        growth.add_row(
            type(make(signals).ours).__name__, *(f"{slope:.2f}" for slope in found_slopes)
        )
    console = Console(width=110)
    for made_table in (table, bounds, growth):
        console.print(made_table)


if __name__ == "__main__":
    main()
