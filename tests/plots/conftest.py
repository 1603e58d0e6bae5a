"""Results of two pipelines on eight people, with predictions, made up."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

CLASSES = np.array(["left", "rest", "right"])


def _predictions(skill):
    rng = np.random.default_rng(0)
    y = np.tile(np.arange(3), 80)
    logits = rng.normal(size=(240, 3)) + skill * np.eye(3)[y]
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return SimpleNamespace(
        y=CLASSES[y],
        predicted=CLASSES[proba.argmax(axis=1)],
        proba=proba.astype(np.float32),
        classes=CLASSES,
        subject=np.repeat([f"S{i}" for i in range(8)], 30),
        fold=np.repeat(np.arange(4), 60),
        trial=np.arange(240),
    )


@pytest.fixture
def results():
    made = {"good": _predictions(3.0), "bad": _predictions(0.5)}
    rows = [
        {
            "pipeline": name,
            "subject": subject,
            "accuracy": np.mean(p.y[p.subject == subject] == p.predicted[p.subject == subject]),
            "chance_accuracy": 1 / 3,
        }
        for name, p in made.items()
        for subject in np.unique(p.subject)
    ]
    return SimpleNamespace(
        pipelines=list(made),
        metrics=["accuracy"],
        access_note="",
        per_subject=lambda: pd.DataFrame(rows),
        predictions=lambda pipeline=None, dataset=None: made[pipeline],
    )
