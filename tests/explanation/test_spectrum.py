"""Attributions of the frequencies of raw trials."""

import numpy as np
import pytest
import torch
from torch import nn

from eegkit import NeuralClassifier, SignalArray, explain
from eegkit.explanation.spectra import FromSpectrum, spectra
from eegkit.parameters import ParameterError

SFREQ = 64


class TenHertz(NeuralClassifier):
    """A net whose logits are 10 Hz of the second of three channels."""

    def build_module(self, input_shape, n_classes):
        module = nn.Sequential(nn.Flatten(), nn.Linear(int(np.prod(input_shape)), n_classes))
        wave = np.zeros(input_shape)
        wave[1] = np.sin(2 * np.pi * 10 * np.arange(input_shape[1]) / SFREQ + 1)
        weights = torch.tensor(np.stack([wave.ravel(), -wave.ravel()]), dtype=torch.float32)
        module[1].weight = nn.Parameter(weights, requires_grad=False)
        return module


@pytest.mark.parametrize("n_times", [1, 2, 63, 64])
def test_trials_come_back_from_their_spectrum_which_is_as_large(n_times):
    x = torch.randn(2, 3, n_times, generator=torch.Generator().manual_seed(0))
    there = spectra(x)
    assert there.shape == x.shape
    torch.testing.assert_close(there.square().sum(-1), x.square().sum(-1))
    torch.testing.assert_close(FromSpectrum(n_times)(there), x)


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients"])
def test_the_frequency_and_the_channel_that_a_net_reads_are_named(method):
    X = np.random.default_rng(0).normal(size=(8, 3, 2 * SFREQ)).astype(np.float32)
    X = SignalArray(X, sfreq=SFREQ, ch_names=("C3", "Cz", "C4"))
    net = TenHertz(max_epochs=1).fit(X, np.arange(8) % 2)
    ours = explain(net, X, method=method, space="spectrum")
    assert ours.axes == ("channel", "freq")
    assert ours.freqs[20] == 10
    size = np.abs(ours.values)
    assert (size[:, 1, 20] > 0.99 * size.sum(axis=(1, 2))).all()
    assert set(ours.mean("band")["band"]) == {"delta", "theta", "alpha", "beta", "gamma"}


@pytest.mark.parametrize("method", ["input_x_gradient", "integrated_gradients"])
def test_a_channel_counts_the_same_by_samples_and_by_frequencies(method, decoder, trials):
    raw, spectrum = (
        explain(decoder, trials, method=method, space=space) for space in ("raw", "spectrum")
    )
    np.testing.assert_allclose(
        spectrum.values.sum(axis=2), raw.values.sum(axis=2), rtol=1e-2, atol=1e-3
    )
    assert spectrum.X.shape == raw.X.shape


def test_spectra_are_checked_as_other_maps_are(decoder, trials):
    report = explain(decoder, trials, method="saliency", space="spectrum").check(n_trials=6)
    assert {"again", "random weights"} <= set(report.table["check"])


def test_what_has_no_spectrum_is_refused(decoder, trials):
    spectrograms = decoder[:-1].transform(trials.X)
    with pytest.raises(ParameterError, match="reads channel x freq x frame, no signals over time"):
        explain(decoder[-1], spectrograms, space="spectrum")
    with pytest.raises(ParameterError, match="space='raw' with by='band'"):
        explain(decoder, trials, method="occlusion", space="spectrum")
    with pytest.raises(ParameterError, match="which is not their spectrum"):
        explain(decoder, trials, method="gradcam", space="spectrum")
