"""A decoder gets of a recording the windows that the data set cut, sample by sample."""

import mne
import numpy as np
import pytest
from eegkit_clinical import CHBMIT, HMS, Bonn
from eegkit_clinical.bonn import SFREQ

from eegkit.testing import check_preparation

FILTERED = {"l_freq": 2.0, "h_freq": 25.0, "target_sfreq": 64.0}
SUMMARY = """File Name: chb03_01.edf
Number of Seizures in File: 1
Seizure Start Time: 11 seconds
Seizure End Time: 20 seconds
"""
EVERY = ("seizure", "background")


def write_fif(path, names, signals, sfreq):
    info = mne.create_info(list(names), sfreq, "eeg")
    raw = mne.io.RawArray(np.asarray(signals, float) * 1e-6, info, verbose="error")
    raw.save(path, fmt="double", verbose="error")
    return path


@pytest.mark.parametrize("reference", [None, "-CS2"])
@pytest.mark.parametrize("options", [{}, {"overlap": 0.5, "window_s": 2.0}, FILTERED])
def test_chb_mit(write_edf, tmp_path, options, reference):
    names = [*CHBMIT.channels, "T8-P8", "ECG"]  # T8-P8 twice, as published
    if reference:
        names = sorted({one + reference for name in CHBMIT.channels for one in name.split("-")})
    rng = np.random.default_rng(0)
    signals = np.cumsum(rng.normal(0, 3, (len(names), 30 * 256)), axis=1)
    path = tmp_path / "chbmit" / "chb03" / "chb03_01.edf"
    write_edf(path, names, signals - signals.mean(axis=1, keepdims=True))
    path.with_name("chb03-summary.txt").write_text(SUMMARY)
    minutes = {"distance": 0.01, "preictal": 0.01, "horizon": 0.01, "postictal": 0.0}
    trials = CHBMIT(path=tmp_path, subjects=[3], states=EVERY, **minutes, **options).load()
    assert set(trials.y) == set(EVERY)
    check_preparation(trials, path, trials.metadata["onset"])


@pytest.mark.filterwarnings("ignore::eegkit.datasets.MissingDataWarning")
@pytest.mark.parametrize("options", [{}, {"window_s": 4.0, "overlap": 0.5}, FILTERED])
def test_bonn(write_segment, tmp_path, options):
    segment = write_segment(tmp_path / "bonn", "S", 1)
    trials = Bonn(path=tmp_path, sets=["E"], **options).load()
    path = write_fif(tmp_path / "segment_raw.fif", ["EEG"], segment[None], SFREQ)
    check_preparation(trials, path)


@pytest.mark.parametrize("options", [{}, FILTERED])
def test_hms(write_hms, tmp_path, options):
    folder = tmp_path / HMS.folder_name
    votes = [(0, [3, 0, 0, 0, 0, 1]), (6, [0, 3, 0, 0, 0, 1])]
    signals = write_hms(folder, [(411, 7, 60, votes)])[411]
    trials = HMS(path=folder, windows="all", **options).load()
    path = write_fif(tmp_path / "eeg_raw.fif", trials.ch_names, signals[:19], 200.0)
    check_preparation(trials, path, trials.metadata["onset"])
