"""What a variational autoencoder takes from trials: noise, and not the accuracy.

    uv run --all-packages python benchmarks/vae_denoising.py

prints

* how much `VAEDenoiser` and `WaveletDenoiser` raise the signal-to-noise ratio of held-out
  trials whose clean signals are known: rhythms of five sources, seen by all electrodes, in noise
  of each electrode's own, half of it 1/f and half white. The denoisers see noisy trials alone;
* how well EEGNet tells two hands apart in people it was not trained on, with and without an
  autoencoder before it, and how much of the rhythms over the motor areas the autoencoder leaves:
  by the defaults, and by 20 latents for a whole trial, a dense net and no warm-up, with
  the errors of a trial added up and with their mean.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import scipy.signal
import torch
from eegkit_convnets import EEGNet
from eegkit_vae import VAEDenoiser
from rich.console import Console
from rich.table import Table
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from eegkit import SignalArray, Transformer
from eegkit.datasets import Simulated
from eegkit.transforms import WaveletDenoiser

SFREQ, N_TIMES, N_ELECTRODES = 128.0, 384, 16
N_TRAIN, N_TEST = 150, 50
SOURCES_HZ = (9.0, 10.0, 11.0, 18.0, 22.0)
CHANNELS = ("F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4")
MOTOR = slice(3, 6)  # C3, Cz, C4
BANDS = {"mu": (8.0, 13.0), "beta": (16.0, 26.0)}


def shaped_noise(
    rng: np.random.Generator, shape: tuple[int, ...], spectrum: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Gaussian noise of unit power with a given amplitude spectrum."""
    frequencies = np.fft.rfftfreq(2 * N_TIMES, 1 / SFREQ)
    size = (*shape, len(frequencies))
    amplitudes = np.where(frequencies > 0, spectrum(frequencies), 0.0)
    coefficients = (rng.normal(size=size) + 1j * rng.normal(size=size)) * amplitudes
    made = np.fft.irfft(coefficients, 2 * N_TIMES)[..., :N_TIMES]
    return made / made.std()


def rhythms_and_noise(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Clean trials and noise, each of 10 microvolts rms."""
    n = N_TRAIN + N_TEST
    sources = [
        shaped_noise(rng, (n,), lambda f, centre=centre: np.exp(-0.5 * (f - centre) ** 2))
        for centre in SOURCES_HZ
    ]
    place = np.linspace(0, 1, N_ELECTRODES)[:, None]
    gain = np.exp(-0.5 * ((place - rng.uniform(0, 1, len(SOURCES_HZ))) / 0.2) ** 2)
    clean = gain @ np.stack(sources, axis=1)
    pink = shaped_noise(rng, clean.shape[:2], lambda f: np.maximum(f, 1.0) ** -0.5)
    noise = pink + rng.normal(size=pink.shape)
    return 10 * clean / clean.std(), 10 * noise / noise.std()


def decibel(clean: np.ndarray, made: np.ndarray) -> float:
    return float(10 * np.log10(np.square(clean).sum() / np.square(made - clean).sum()))


def denoising() -> Table:
    ways: dict[str, Transformer] = {
        "WaveletDenoiser()": WaveletDenoiser(),
        "WaveletDenoiser(threshold='universal')": WaveletDenoiser(threshold="universal"),
        "VAEDenoiser()": VAEDenoiser(random_state=0),
        "VAEDenoiser(beta=1)": VAEDenoiser(beta=1.0, random_state=0),
    }
    clean, noise = rhythms_and_noise(np.random.default_rng(0))
    columns = [f"{db:+d} dB" for db in (-5, 0, 5)]
    table = Table("denoiser", *columns, title="Change of the signal-to-noise ratio (dB), from")
    found: dict[str, list[float]] = {name: [] for name in ways}
    for db in (-5, 0, 5):
        noisy = SignalArray(np.float32(clean + noise * 10 ** (-db / 20)), sfreq=SFREQ)
        for name, way in ways.items():
            made = way.fit(noisy[:N_TRAIN]).transform(noisy[N_TRAIN:])
            held_out = clean[N_TRAIN:]
            before = decibel(held_out, np.asarray(noisy[N_TRAIN:]))
            found[name].append(decibel(held_out, np.asarray(made)) - before)
    for name, gains in found.items():
        # The universal threshold is meant for signals of few large coefficients: of rhythms in
        # little noise it takes more than of the noise.
        if min(gains) <= 0 and "universal" not in name:
            raise SystemExit(f"{name} lowers the signal-to-noise ratio: {gains}.")
        table.add_row(name, *(f"{gain:+.1f}" for gain in gains))
    return table


def power(X: np.ndarray, band: tuple[float, float]) -> float:
    """Power over the motor areas."""
    frequencies, density = scipy.signal.welch(X[:, MOTOR], SFREQ, nperseg=128)
    within = (frequencies >= band[0]) & (frequencies <= band[1])
    return float(density[..., within].sum())


def decoding(n_folds: int) -> Table:
    trials = Simulated(channels=CHANNELS).load()
    size = trials.X[0].size
    # A mean over the samples in place of their sum is a divergence that weighs so much more.
    old = {
        "architecture": "dense", "noise": 1.0, "warmup": 0, "lr": 1e-3, "max_epochs": 10,
        "random_state": 0,
    }  # fmt: skip
    ways: dict[str, VAEDenoiser | None] = {
        "none": None,
        "VAEDenoiser()": VAEDenoiser(random_state=0),
        "VAEDenoiser(beta=1)": VAEDenoiser(beta=1.0, random_state=0),
        "dense, 20 latents, sums, beta 1": VAEDenoiser(**old, beta=1.0),
        "dense, 20 latents, means, beta 1": VAEDenoiser(**old, beta=size / 2),
    }
    title = f"EEGNet on people it has not seen ({len(trials.X)} trials)"
    table = Table(
        "before it", "accuracy", "of the mu power", "of the beta power", "explained", "s",
        title=title,
    )  # fmt: skip
    splits = list(GroupKFold(n_folds).split(trials.X, trials.y, trials.groups))
    for name, way in ways.items():
        started, n_right, left, explained = time.perf_counter(), 0, [], []
        for train, test in splits:
            X, held_out = trials.X[train], trials.X[test]
            made, denoised = X, held_out
            if way is not None:
                vae = clone(way).fit(X)
                made, denoised = vae.transform(X), vae.transform(held_out)
                raw, kept = np.asarray(held_out), np.asarray(denoised)
                left.append([power(kept, band) / power(raw, band) for band in BANDS.values()])
                explained.append(1 - np.var(raw - kept) / np.var(raw))
            net = EEGNet(max_epochs=30, dropout=0.25, random_state=0).fit(made, trials.y[train])
            n_right += int((net.predict(denoised) == trials.y[test]).sum())
        shares = [f"{100 * share:.0f} %" for share in np.mean(left, axis=0)] if left else ["", ""]
        whole = f"{100 * np.mean(explained):.0f} %" if explained else ""
        seconds = f"{time.perf_counter() - started:.0f}"
        table.add_row(name, f"{100 * n_right / len(trials.X):.1f} %", *shares, whole, seconds)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folds", type=int, default=3, help="folds of people (default: 3)")
    options = parser.parse_args()
    torch.set_num_threads(min(2, torch.get_num_threads()))
    warnings.simplefilter("ignore")
    console = Console(width=110)
    console.print(denoising())
    console.print(decoding(options.folds))


if __name__ == "__main__":
    main()
