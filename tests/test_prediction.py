"""`eegkit.predict`: the windows of a new recording in Python, as the command labels them."""

import mne
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

import eegkit
from eegkit import Pipeline, load_dataset
from eegkit.cli import main
from eegkit.transforms import BandPower, SubjectStandardizer

CHANNELS = ["C3", "Cz", "C4"]
OPTIONS = {"n_trials": 10, "channels": CHANNELS, "difficulty": "easy"}


@pytest.fixture(scope="module")
def trials():
    return load_dataset("simulated", n_subjects=3, **OPTIONS)


@pytest.fixture(scope="module")
def decoder(trials):
    return Pipeline([BandPower(), LogisticRegression()]).fit(trials.X, trials.y)


@pytest.fixture(scope="module")
def raw():
    trials = load_dataset("simulated", n_subjects=4, subjects=[4], **OPTIONS)
    signals = np.concatenate(list(np.asarray(trials.X, dtype=float)), axis=1) * 1e-6
    info = mne.create_info(["EEG C4", "Cz", "C3"], 128.0, "eeg")
    return mne.io.RawArray(signals[[2, 1, 0]], info, verbose="error")


def test_labels_are_those_of_the_trials(decoder, raw):
    expected = load_dataset("simulated", n_subjects=4, subjects=[4], **OPTIONS)
    table = eegkit.predict(decoder, raw)
    assert list(table) == ["onset_s", "label", "p_left_hand", "p_right_hand", "unlike_training"]
    np.testing.assert_allclose(table["onset_s"], np.arange(10) * 3.0)
    proba = table[["p_left_hand", "p_right_hand"]]
    np.testing.assert_allclose(proba, decoder.predict_proba(expected.X), atol=1e-3)
    assert set(table["label"]) <= set(decoder.classes_)


def test_a_file_as_the_command_does(decoder, raw, tmp_path):
    raw.save(tmp_path / "session_raw.fif", verbose="error")
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    table = eegkit.predict(decoder, tmp_path / "session_raw.fif", overlap=0.5)
    words = ["predict", "decoder.eegkit", "session_raw.fif", "--overlap", "0.5", "--out", "a.csv"]
    paths = [str(tmp_path / word) if "." in word and word[0].isalpha() else word for word in words]
    shown = CliRunner().invoke(main, paths)
    assert shown.exit_code == 0, shown.output
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv"), table, check_dtype=False)
    for note in table.attrs["notes"]:
        assert note in shown.stderr
    assert table.attrs["preparation"] in shown.stdout
    assert table.attrs["channels"]["C4"] == ("EEG C4",)


def test_the_recording_stays_as_it_is(decoder, raw):
    before = raw.get_data().copy()
    with pytest.warns(UserWarning, match="another filter"):
        eegkit.predict(decoder, raw, l_freq=4, h_freq=30)
    np.testing.assert_array_equal(raw.get_data(), before)
    assert raw.ch_names == ["EEG C4", "Cz", "C3"]


def test_an_unknown_preparation_is_noted(decoder, raw):
    [note, *_] = eegkit.predict(decoder, raw, overlap=0.5).attrs["notes"]
    assert note.startswith("The model does not know how its training trials were prepared")


def test_the_decoder_given_is_not_calibrated(trials, raw):
    steps = [SubjectStandardizer(access="calibration"), BandPower(), LogisticRegression()]
    adaptive = Pipeline(steps).fit(trials.X, trials.y)
    first = eegkit.predict(adaptive, raw)
    by_itself = eegkit.predict(adaptive, raw, calibration="self")
    by_other = eegkit.predict(adaptive, raw, calibration=raw.copy().crop(0, 15))
    assert "10 windows of this recording" in " ".join(by_itself.attrs["notes"])
    assert "5 windows of" in " ".join(by_other.attrs["notes"])
    pd.testing.assert_frame_equal(eegkit.predict(adaptive, raw), first)
    with pytest.raises(ValueError, match="adapts to people"):
        eegkit.predict(
            Pipeline([BandPower(), LinearSVC()]).fit(trials.X, trials.y), raw, calibration="self"
        )


def test_without_probabilities(trials, raw):
    decoder = Pipeline([BandPower(), LinearSVC()]).fit(trials.X, trials.y)
    assert list(eegkit.predict(decoder, raw)) == ["onset_s", "label", "unlike_training"]


@pytest.mark.parametrize(
    ("recording", "error", "message"),
    [
        ("none.edf", FileNotFoundError, "There is no recording none.edf"),
        (".", ValueError, "is a folder"),
        (5, ValueError, "expected the path of one, or mne.io.Raw"),
    ],
)
def test_what_is_no_recording(decoder, recording, error, message):
    with pytest.raises(error, match=message):
        eegkit.predict(decoder, recording)


def test_the_name_of_a_decoder_is_none(raw):
    with pytest.raises(ValueError, match=r"the name 'a\.eegkit'; .*eegkit\.load\('a\.eegkit'\)"):
        eegkit.predict("a.eegkit", raw)


def test_what_a_decoder_does_not_know(trials, raw):
    plain = Pipeline([BandPower(sfreq=128), LogisticRegression()])
    plain.fit(np.asarray(trials.X), trials.y)
    with pytest.raises(ValueError, match=r"the names of its channels \(channels="):
        eegkit.predict(plain, raw)
    assert len(eegkit.predict(plain, raw, channels=CHANNELS)) == 10
