"""What a decoder remembers of its training trials, and does with a new recording."""

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import eegkit
from eegkit import Trials
from eegkit.cli import main
from eegkit.datasets import EEGBCI, MentalArithmetic, MissingDataWarning, from_bids, from_folder
from eegkit.datasets.mental_arithmetic import CHANNELS
from eegkit.experiment import parse_pipeline
from eegkit.recordings import Preparation
from eegkit.testing import check_preparation

FILTERED = {"target_sfreq": 64.0, "l_freq": 2.0, "h_freq": 25.0}
AS_FILTERED = Preparation(sfreq=64.0, l_freq=2.0, h_freq=25.0)
OPTIONS = [{}, {"target_sfreq": None}, FILTERED, {**FILTERED, "l_freq": None}]
CUES = [(1.3, "T1"), (5.2, "T0"), (8.7, "T2"), (13.1, "T1")]


def noise(seed, shape):
    """Not white, so that resampling in another way would show."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(0, 1, shape), axis=1) * 0.3 + rng.normal(0, 20, shape)


@pytest.fixture
def subject(write_edf, tmp_path):
    """A file of Mental Arithmetic."""
    names = [f"EEG {name}" for name in (*CHANNELS, "A2-A1")]
    for run, seconds in ((1, 23), (2, 12)):
        path = tmp_path / "eegmat" / f"Subject03_{run}.edf"
        write_edf(path, names, noise(run, (len(names), seconds * 500)), 500)
    return tmp_path


@pytest.mark.parametrize(
    "options", [*OPTIONS, {"window_s": 3.0, "overlap": 0.3, "target_sfreq": 100.0}]
)
def test_mental_arithmetic(subject, options):
    trials = MentalArithmetic(path=subject, subjects=[3], **options).load()
    for run in "12":
        part = trials[(trials.metadata["run"] == run).to_numpy()]
        check_preparation(part, subject / "eegmat" / f"Subject03_{run}.edf")


@pytest.mark.parametrize("options", [*OPTIONS, {"tmin": -0.5, "tmax": 2.25}])
@pytest.mark.parametrize("task", ["imagine_left_right", "eyes"])
def test_eegbci(write_edf, tmp_path, task, options):
    run = {"imagine_left_right": 4, "eyes": 1}[task]
    names = ["Fc5.", "C3..", "Cz..", "Afz."]
    signals = noise(0, (4, 25 * 160))
    signals[:, -100:] = 0  # fills up the file
    folder = tmp_path / "MNE-eegbci-data" / "files" / "eegmmidb" / "1.0.0" / "S001"
    write_edf(folder / f"S001R{run:02d}.edf", names, signals, 160, CUES)
    dataset = EEGBCI(path=tmp_path, subjects=[1], task=task, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        trials = dataset.load()
    onsets = None
    if task != "eyes":
        onsets = trials.metadata["onset"] + dataset.tmin
    check_preparation(trials, folder / f"S001R{run:02d}.edf", onsets)


@pytest.mark.parametrize("options", [{}, FILTERED, {"overlap": 0.5, "h_freq": 20.0}])
def test_from_folder(write_edf, tmp_path, options):
    for name, spelled in (("a", "EEG {}-REF"), ("b", "{}.")):
        names = [spelled.format(n) for n in ("FP1", "T3", "Cz")]
        write_edf(tmp_path / f"{name}.edf", names, noise(ord(name), (3, 2000)), 100)
    table = pd.DataFrame({"file": ["a.edf", "b.edf"], "label": ["x", "y"], "subject": ["a", "b"]})
    trials = from_folder(tmp_path, table, window_s=2.5, **options)
    assert trials.ch_names == ["Fp1", "T7", "Cz"]
    for name in "ab":
        part = trials[(trials.metadata["recording"] == f"{name}.edf").to_numpy()]
        check_preparation(part, tmp_path / f"{name}.edf")
    labelled = table.assign(onset=[1.11, 2.0], duration=[6, 6])
    part = from_folder(tmp_path, labelled, channels=["Cz", "FP1-T7"], **FILTERED)[:1]
    assert part.preparation == dataclasses.replace(AS_FILTERED, window_s=6.0)
    check_preparation(part, tmp_path / "a.edf", part.metadata["onset"])


@pytest.mark.parametrize("options", [{}, FILTERED])
def test_from_bids(write_edf, tmp_path, options):
    pytest.importorskip("mne_bids")
    folder = tmp_path / "sub-01" / "eeg"
    path = folder / "sub-01_task-rest_eeg.edf"
    write_edf(path, ["Fp1", "Cz"], noise(0, (2, 2000)), 100)
    (tmp_path / "participants.tsv").write_text("participant_id\tgroup\nsub-01\tyoung\n")
    (folder / "sub-01_task-rest_channels.tsv").write_text(
        "name\ttype\tunits\nFp1\tEEG\tuV\nCz\tEEG\tuV\n"
    )
    trials = from_bids(tmp_path, participant_column="group", window_s=3, **options)
    check_preparation(trials, path)


@pytest.mark.realdata
@pytest.mark.parametrize("options", OPTIONS[::2])
def test_real_recordings(real_folder, options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        trials = MentalArithmetic(path=real_folder, subjects=[10], **options).load()
        hands = EEGBCI(path=real_folder, subjects=[1], **options).load()
    part = trials[(trials.metadata["run"] == "2").to_numpy()]
    check_preparation(part, real_folder / "eegmat" / "Subject10_2.edf")
    hands = hands[(hands.metadata["run"] == "8").to_numpy()]
    folder = real_folder / "MNE-eegbci-data" / "files" / "eegmmidb" / "1.0.0" / "S001"
    check_preparation(hands, folder / "S001R08.edf", hands.metadata["onset"])


def test_it_travels_with_the_trials(subject, tmp_path):
    trials = MentalArithmetic(path=subject, subjects=[3], overlap=0.5, **FILTERED).load()
    expected = dataclasses.replace(AS_FILTERED, window_s=5.0, overlap=0.5)
    trials.save(tmp_path / "trials")
    for same in (
        trials, trials[3:5], trials[[1, 0]], Trials.load(tmp_path / "trials"),
        Trials.concatenate([trials, trials]),
        Trials(trials.X, trials.y, trials.metadata, trials.info),
    ):  # fmt: skip
        assert same.preparation == same.X.preparation == expected
    assert trials.X[:, :3].preparation == expected
    # Other samples than those that the preparation gave.
    for other in (trials.X[:, :, 10:], trials.X[:, :, ::2], trials.X * 2, np.abs(trials.X)):
        assert other.preparation is None
    assert Trials.from_arrays(np.ones((2, 3, 8)), [0, 1], sfreq=8, subject="a").preparation is None


def test_different_preparations_are_told(subject):
    one, other = (
        MentalArithmetic(path=subject, subjects=[3], l_freq=edge).load() for edge in (1.0, 2.0)
    )
    with pytest.warns(UserWarning, match=r"different preparations: high-pass 1 Hz.*; high-pass 2"):
        both = Trials.concatenate([one, other])
    assert both.preparation is None
    plain = Trials(np.asarray(one.X), one.y, one.metadata, one.info)
    assert Trials.concatenate([plain, one]).preparation is None


@pytest.fixture
def model(subject):
    trials = MentalArithmetic(path=subject, subjects=[3], overlap=0.5, **FILTERED).load()
    pipeline = parse_pipeline("csp+lda").fit(trials.X, trials.y)
    eegkit.save(pipeline, subject / "model")
    return subject / "model", trials


def predict(*arguments):
    done = CliRunner().invoke(main, ["predict", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    return done


def test_predict_does_what_was_done_in_training(model, subject):
    path, trials = model
    fitted = eegkit.load(path)
    assert fitted.preparation_ == trials.preparation
    done = predict(path, subject / "eegmat" / "Subject03_1.edf", "--out", subject / "table.csv")
    assert "band-pass 2 to 25 Hz, at 64 Hz, windows of 5 s overlapping by 50%" in (done.output)
    part = trials[(trials.metadata["run"] == "1").to_numpy()]
    table = pd.read_csv(subject / "table.csv")
    np.testing.assert_allclose(table["onset_s"], part.metadata["onset"])
    np.testing.assert_allclose(table["p_rest"], fitted.predict_proba(part.X)[:, 1], atol=1e-6)


def test_options_that_say_otherwise_are_used_and_told(model, subject):
    path, _ = model
    recording = subject / "eegmat" / "Subject03_1.edf"
    done = predict(path, recording, "--overlap", 0, "--l-freq", 0, "--h-freq", 30)
    assert "overlap is used in place of the training's 0.5." in done.stderr
    assert "l_freq is used in place of the training's 2.0." in done.stderr
    assert "4 windows, 19 channels; low-pass 30 Hz, at 64 Hz, windows of 5 s" in (done.output)
    assert "in place" not in predict(path, recording, "--l-freq", 2).stderr


def test_what_cannot_be_repeated_is_told(model, subject):
    path, trials = model
    odd = dataclasses.replace(trials.preparation, other_steps=("its baseline subtracted",))
    trials = Trials(np.asarray(trials.X), trials.y, trials.metadata, trials.info, odd)
    eegkit.save(parse_pipeline("csp+lda").fit(trials.X, trials.y), path)
    done = predict(path, subject / "eegmat" / "Subject03_1.edf")
    assert "which is not repeated: its baseline subtracted." in done.stderr


def test_a_model_that_does_not_know_it_says_so(model, subject):
    path, trials = model
    X = eegkit.SignalArray(np.asarray(trials.X), sfreq=trials.sfreq, ch_names=trials.ch_names)
    pipeline = parse_pipeline("csp+lda").fit(trials.X, trials.y).fit(X, trials.y)
    assert not hasattr(pipeline, "preparation_")
    eegkit.save(pipeline, path)
    done = predict(path, subject / "eegmat" / "Subject03_1.edf")
    assert "The model does not know how its training trials were prepared" in done.stderr
