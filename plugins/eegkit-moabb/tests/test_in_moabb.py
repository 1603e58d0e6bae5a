"""eegkit's pipelines in MOABB's own evaluations."""

import warnings

import numpy as np
import pytest

from eegkit import Pipeline
from eegkit.classifiers import CNNBiGRU
from eegkit.transforms import STFT

EVALUATIONS = ("WithinSessionEvaluation", "CrossSessionEvaluation", "CrossSubjectEvaluation")


@pytest.fixture(scope="module")
def dataset():
    from moabb.datasets.fake import FakeDataset

    hands = ("left_hand", "right_hand")
    return FakeDataset(hands, n_subjects=3, n_runs=1, n_events=20, duration=70, seed=0)


def pipeline(sfreq, **training):
    net = CNNBiGRU(n_filters=(4,), hidden_size=8, random_state=0, **({"max_epochs": 1} | training))
    return Pipeline([STFT(sfreq=sfreq), net])


def evaluate(name, dataset, decoder, folder, **options):
    """The results, and what eegkit warned of."""
    import moabb.evaluations
    from moabb.paradigms import LeftRightImagery

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        evaluation = getattr(moabb.evaluations, name)(
            LeftRightImagery(), datasets=[dataset], hdf5_path=str(folder), **options
        )
        results = evaluation.process({"eegkit": decoder})
    return results, [str(each.message) for each in told if "subjects" in str(each.message)]


@pytest.mark.parametrize("name", EVALUATIONS)
def test_arrays_and_epochs(name, dataset, tmp_path):
    arrays, _ = evaluate(name, dataset, pipeline(128), tmp_path / "arrays")
    epochs, _ = evaluate(
        name, dataset, pipeline(None), tmp_path / "epochs", return_epochs=True, mne_labels=True
    )
    assert len(arrays) == 6  # three people in two sessions
    assert arrays["score"].between(0, 1).all()
    # The same trials, once with numbers for labels and once with names.
    np.testing.assert_allclose(arrays["score"], epochs["score"], atol=1e-6)


def test_epochs_know_the_people(dataset, tmp_path):
    stopping = {"early_stopping": True, "max_epochs": 2}
    name = "CrossSubjectEvaluation"
    _, told = evaluate(name, dataset, pipeline(128, **stopping), tmp_path / "arrays")
    assert any("without regard to subjects" in text for text in told)
    options = {"return_epochs": True}
    _, told = evaluate(name, dataset, pipeline(None, **stopping), tmp_path / "epochs", **options)
    assert not told
