"""Decoders as ONNX files, run by onnxruntime."""

import builtins
import json

import numpy as np
import onnx
import onnxruntime
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, export_onnx
from eegkit.classifiers import CNNBiGRU
from eegkit.testing import example_trials
from eegkit.transforms import (
    CWT,
    STFT,
    Crop,
    MelSpectrogram,
    Montage,
    SpectrogramImage,
    Standardizer,
)

TRIALS = example_trials()


def run(path, X):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (made,) = session.run(None, {"X": np.asarray(X, dtype=np.float32)})
    return made


def small_net(**params):
    return CNNBiGRU(**CNNBiGRU.conformance_params() | {"max_epochs": 1, "random_state": 0} | params)


def fitted(*steps):
    return Pipeline([*steps, small_net()]).fit(TRIALS.X, TRIALS.y)


@pytest.mark.parametrize(
    "steps",
    [
        [STFT(nperseg=32, output=output, normalize=normalize, framing=framing)]
        for output, normalize, framing in [
            ("log", None, "valid"),
            ("db", "fitted", "librosa"),
            ("magnitude", "trial", "scipy"),
            ("power", None, "valid"),
        ]
    ]
    + [
        [MelSpectrogram(nperseg=32, n_mels=6)],
        [MelSpectrogram(nperseg=32, n_mels=6, output="db", n_fft=64)],
        [STFT(nperseg=32, detrend=None)],
        [Standardizer(), STFT(nperseg=32)],
        [Standardizer(mode="trial"), Crop(tmax=0.5), STFT(nperseg=32)],
        [Montage(kind="average"), STFT(nperseg=32), SpectrogramImage(n_freqs=12, n_frames=9)],
    ],
    ids=lambda steps: "-".join(map(repr, steps)),
)
def test_from_trials_to_probabilities(steps, tmp_path):
    decoder = fitted(*steps)
    export_onnx(decoder, tmp_path / "decoder.onnx")
    made = run(tmp_path / "decoder.onnx", TRIALS.X)
    np.testing.assert_allclose(made, decoder.predict_proba(TRIALS.X), atol=1e-4)
    assert [path.name for path in tmp_path.iterdir()] == ["decoder.onnx"]


def test_what_the_file_says(tmp_path):
    export_onnx(fitted(STFT(nperseg=32)), tmp_path / "decoder.onnx")
    model = onnx.load(tmp_path / "decoder.onnx")
    told = {prop.key: json.loads(prop.value) for prop in model.metadata_props if prop.key in
            ("classes", "ch_names", "sfreq", "steps")}  # fmt: skip
    assert told["classes"] == ["rest", "task"]
    assert told["ch_names"] == list(TRIALS.ch_names)
    assert told["sfreq"] == 128.0
    assert [step.split("(")[0] for step in told["steps"]] == ["STFT", "CNNBiGRU"]


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (CWT(n_freqs=6, n_frames=8, f_min=4), "CWT"),
        (MelSpectrogram(nperseg=32, n_mels=6, output="db", ref="max"), "MelSpectrogram"),
        (STFT(nperseg=32, output="complex"), "STFT"),
    ],
)
def test_transforms_without_a_module_are_named(step, name, tmp_path):
    with pytest.raises(ValueError, match=rf"{name}.*has no form as a torch module"):
        export_onnx(fitted(step), tmp_path / "decoder.onnx")


def test_what_cannot_be_exported(tmp_path):
    path = tmp_path / "decoder.onnx"
    path.write_text("a good one")
    with pytest.raises(NotFittedError):
        export_onnx(small_net(), path)
    with pytest.raises(ValueError, match="STFT is no net of eegkit"):
        export_onnx(STFT(nperseg=32).fit(TRIALS.X), path)
    with pytest.raises(ValueError, match="FunctionTransformer has no form"):
        export_onnx(fitted(STFT(nperseg=32), FunctionTransformer(np.abs)), path)
    wrong = fitted(Standardizer(), STFT(nperseg=32))
    wrong.steps[0][1].as_module = lambda: Crop(tmax=0.7).fit(TRIALS.X).as_module()
    with pytest.raises(ValueError, match="probabilities differ by"):
        export_onnx(wrong, path)
    assert path.read_text() == "a good one"
    assert len(list(tmp_path.iterdir())) == 1


def test_without_onnx(tmp_path, monkeypatch):
    usual = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "onnxscript":
            raise ModuleNotFoundError("No module named 'onnxscript'")
        return usual(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"pip install 'eegkit\[onnx\]'"):
        export_onnx(small_net(), tmp_path / "decoder.onnx")
