"""The decoder of workload: its access, its parts, and that it works on people it never saw."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import eegkit
from eegkit.access import access_of, calibration_rows
from eegkit.datasets import Simulated
from eegkit.decoders import mental_workload

TABLE = Path(__file__).parents[2] / "benchmarks/accuracy/results/mental_workload.csv"
SCORE = re.compile(
    r'``(mental_workload\(".*?"[^)]*\))``: balanced accuracy ([\d.]+) \[([\d.]+), ([\d.]+)\], '
    r"AUROC ([\d.]+) \[([\d.]+), ([\d.]+)\]"
)
ACCESSES = ("none", "causal", "calibration", "transductive")


@pytest.fixture(scope="module")
def trials():
    """Two states in turn, windows of 5 s, so that twelve are within the first minute."""
    channels = ["C3", "Cz", "C4", "Pz"]
    source = Simulated(n_subjects=3, n_trials=24, channels=channels, difficulty="easy")
    simulated = source.load()
    table = simulated.metadata.assign(onset=5.0 * simulated.metadata.groupby("subject").cumcount())
    return eegkit.Trials(simulated.X, simulated.y, table, simulated.info)


def test_its_docstring_has_the_scores_of_the_table():
    table = pd.read_csv(TABLE).query("task == 'group-8'").set_index(["decoder", "metric"])
    scores = SCORE.findall(re.sub(r"\s+", " ", mental_workload.__doc__))
    assert len(scores) == table["kind"].eq("eegkit").sum() / 2
    for decoder, *numbers in scores:
        for metric, values in (("balanced_accuracy", numbers[:3]), ("auroc", numbers[3:])):
            row = table.loc[(decoder, metric)]
            assert list(map(float, values)) == row[["mean", "ci_low", "ci_high"]].round(3).tolist()


@pytest.mark.parametrize("access", ACCESSES)
def test_its_access_is_that_of_its_name(access):
    assert access_of(mental_workload(access)) == access


@pytest.mark.parametrize(
    ("access", "smoothing_s"), [*((access, None) for access in ACCESSES), ("transductive", 1.0)]
)
def test_people_never_seen(access, smoothing_s, trials, tmp_path):
    new = trials.X.groups == np.unique(trials.X.groups)[0]
    decoder = clone(mental_workload(access, smoothing_s=smoothing_s)).fit(
        trials.X[~new], trials.y[~new]
    )
    assert (decoder.predict(trials.X[new]) == trials.y[new]).mean() > 0.7
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    np.testing.assert_allclose(
        loaded.predict_proba(trials.X[new]), decoder.predict_proba(trials.X[new]), rtol=1e-5
    )


def test_the_first_minute_is_for_calibration(trials):
    first = trials.X.onsets < 60
    for access in ACCESSES:
        rows = calibration_rows(mental_workload(access), trials.X)
        is_calibrated = access in ("calibration", "transductive")
        np.testing.assert_array_equal(rows, first & is_calibrated)


@pytest.mark.parametrize("access", ACCESSES[1:])
def test_smoothing_keeps_the_access(access):
    assert access_of(mental_workload(access, smoothing_s=10.0)) == access


def test_smoothing_is_an_access():
    with pytest.raises(ValueError, match="smoothing sees other windows of the person"):
        mental_workload("none", smoothing_s=10.0)


def test_an_access_that_is_not_there():
    with pytest.raises(ValueError, match="access is 'all'; expected one of 'none', 'causal'"):
        mental_workload(access="all")
