"""Nets on a GPU, where there is one, and by the same tests on the CPU."""

import numpy as np
import pytest
import torch

from eegkit import Pipeline, evaluate, explain, load, save
from eegkit.classifiers import CNNBiGRU
from eegkit.testing import example_trials
from eegkit.transforms import STFT

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no GPU")
DEVICES = ["cpu", pytest.param("cuda", marks=[pytest.mark.gpu, needs_gpu])]


@pytest.fixture
def trials():
    return example_trials()


def decoder(device, **params):
    net = CNNBiGRU(max_epochs=2, device=device, random_state=0, **params)
    return Pipeline([STFT(window_s=0.25), net])


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("precision", ["32", "bf16-mixed"])
def test_fit_and_predict(trials, device, precision):
    proba = decoder(device, precision=precision).fit(trials.X, trials.y).predict_proba(trials.X)
    assert np.isfinite(proba).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("device", DEVICES)
def test_saved_there_it_is_loaded_without_a_gpu(trials, device, tmp_path, monkeypatch):
    fitted = decoder(device).fit(trials.X, trials.y)
    save(fitted, tmp_path / "decoder.safetensors")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    loaded = load(tmp_path / "decoder.safetensors")
    assert next(loaded[-1].module_.parameters()).device.type == "cpu"
    expected = fitted.predict_proba(trials.X)
    np.testing.assert_allclose(loaded.predict_proba(trials.X), expected, atol=1e-3)


@pytest.mark.parametrize("device", DEVICES)
def test_explained_through_its_recurrent_layers(trials, device):
    fitted = decoder(device).fit(trials.X, trials.y)
    values = explain(fitted, trials.X[:2], method="saliency").values
    assert np.isfinite(values).all()
    assert np.abs(values).max() > 0


@pytest.mark.gpu
@needs_gpu
def test_several_folds_share_it(trials):
    results = evaluate(decoder("cuda"), trials, cv="loso", n_jobs=2)
    assert len(results.table) == 3
    assert np.isfinite(results.table["balanced_accuracy"]).all()
