"""``eegkit train`` and ``predict``: from a data set to labels of somebody's recording."""

import mne
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

import eegkit
from eegkit import Pipeline, load_dataset
from eegkit.classifiers import SupervisedCalibration
from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.experiment import parse_pipeline
from eegkit.pipeline import FeatureUnion
from eegkit.prediction.model_input import ModelInput, complete, input_of
from eegkit.subject_threshold import SubjectThreshold
from eegkit.transforms import STFT, BandPower, SubjectStandardizer

CHANNELS = ["C3", "Cz", "C4"]
OPTIONS = {"n_subjects": 4, "n_trials": 12, "channels": CHANNELS, "difficulty": "easy"}
NAMES = {"C3": "EEG c3-REF", "Cz": "Cz..", "C4": "EEG C4-REF"}


def run(*arguments, code=0):
    done = CliRunner().invoke(main, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done


def refused(*arguments):
    [line] = [
        line for line in run(*arguments, code=1).stderr.splitlines() if line.startswith("Error: ")
    ]
    return line


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of three people, and the trials of a fourth one after the other as a recording."""
    folder = tmp_path_factory.mktemp("predict")
    given = [arg for k, v in OPTIONS.items() for arg in ("--option", f"{k}={v!r}")]
    run(
        "train", "--dataset", "simulated", *given, "--subjects", "1-3", "--pipeline",
        "band_power+lr", "--set", "lr__C=0.5", "--out", folder / "sub" / "model.eegkit",
    )  # fmt: skip
    trials = load_dataset("simulated", **OPTIONS, subjects=[4])
    signals = np.concatenate(list(np.asarray(trials.X, dtype=float)), axis=1) * 1e-6
    # Twice the rate, another order, other names, and a channel besides.
    info = mne.create_info(["C4", "EOG", "C3", "Cz"], 128.0, ["eeg", "eog", "eeg", "misc"])
    rows = signals[[2, 0, 0, 1]]
    raw = mne.io.RawArray(rows, info, verbose="error").resample(256, verbose="error")
    raw.rename_channels(NAMES)
    raw.save(folder / "other_raw.fif", verbose="error")
    return folder


@pytest.fixture
def model(folder):
    return folder / "sub" / "model.eegkit"


def test_the_model_is_that_of_all_trials(model):
    trials = load_dataset("simulated", **OPTIONS, subjects=[1, 2, 3])
    expected = parse_pipeline("band_power+lr").set_params(lr__C=0.5, lr__random_state=0)
    expected.fit(trials.X, trials.y)
    loaded = eegkit.load(model)
    np.testing.assert_array_equal(loaded.predict_proba(trials.X), expected.predict_proba(trials.X))


def test_labels_of_a_recording_are_those_of_its_trials(folder, model, tmp_path):
    done = run("predict", model, folder / "other_raw.fif", "--out", tmp_path / "table.csv")
    assert "EEG c3-REF as C3" in done.stderr
    assert "unlike training" in done.output
    assert "12 windows, 3 channels; no filter, at 128 Hz, windows of 3 s" in done.output
    table = pd.read_csv(tmp_path / "table.csv")
    assert list(table) == [*("onset_s", "label", "p_left_hand", "p_right_hand"), "unlike_training"]
    np.testing.assert_allclose(table["onset_s"], np.arange(12) * 3.0)
    np.testing.assert_allclose(table["p_left_hand"] + table["p_right_hand"], 1, atol=1e-6)
    trials = load_dataset("simulated", **OPTIONS, subjects=[4])
    expected = eegkit.load(model).predict_proba(trials.X)
    np.testing.assert_allclose(table["p_left_hand"], expected[:, 0], atol=0.05)
    assert (table["label"] == trials.y).mean() > 0.8


def test_a_classical_decoder_predicts_too(folder, tmp_path):
    given = [arg for k, v in OPTIONS.items() for arg in ("--option", f"{k}={v!r}")]
    run(
        "train", "--dataset", "simulated", *given, "--subjects", "1-3", "--pipeline", "csp+lda",
        "--out", tmp_path / "csp.eegkit",
    )  # fmt: skip
    done = run(
        "predict", tmp_path / "csp.eegkit", folder / "other_raw.fif", "--out", tmp_path / "t.csv"
    )
    assert "12 windows, 3 channels; no filter, at 128 Hz, windows of 3 s" in done.output
    trials = load_dataset("simulated", **OPTIONS, subjects=[4])
    assert (pd.read_csv(tmp_path / "t.csv")["label"] == trials.y).mean() > 0.6


def test_windows_may_overlap(folder, model):
    done = run("predict", model, folder / "other_raw.fif", "--overlap", "0.5")
    assert "23 windows, 3 channels" in done.output
    assert "13 more windows; --out FILE.csv writes all." in done.output


def test_windows_behind_a_pause_are_dated_by_the_clock(model, write_edf, tmp_path):
    signals = np.random.default_rng(0).normal(0, 10, (3, 12 * 128))
    clock = [*range(6), *range(10, 16)]
    write_edf(tmp_path / "a.edf", CHANNELS, signals, 128, clock=clock)
    done = run("predict", model, tmp_path / "a.edf", "--out", tmp_path / "a.csv")
    assert "a.edf: left out 2 of 5 windows of 3 s that have a part in a pause" in done.stderr
    assert list(pd.read_csv(tmp_path / "a.csv")["onset_s"]) == [0, 3, 12]


def test_what_does_not_fit_is_told(folder, model, tmp_path):
    recording = folder / "other_raw.fif"
    assert "leave it out" in refused("predict", model, recording, "--window-s", "4")
    assert "leave it out" in refused("predict", model, recording, "--sfreq", "100")
    assert "leave it out" in refused("predict", model, recording, "--channels", "C4,Cz,C3")
    assert "There is no recording" in refused("predict", model, folder / "none.edf")
    assert "is a folder" in refused("predict", model, folder)
    assert "no known format" in refused("predict", model, model)
    assert "none.eegkit" in refused("predict", folder / "none.eegkit", recording)
    raw = mne.io.read_raw_fif(recording, preload=True, verbose="error")
    raw.copy().drop_channels(["Cz.."]).save(tmp_path / "few_raw.fif", verbose="error")
    said = refused("predict", model, tmp_path / "few_raw.fif")
    assert "lacks 1 of 3 channels that are needed: Cz" in said
    raw.copy().crop(tmax=2).save(tmp_path / "short_raw.fif", verbose="error")
    assert "less than one window of 3 s" in refused("predict", model, tmp_path / "short_raw.fif")
    raw._data[0, 5] = np.nan
    raw.save(tmp_path / "nan_raw.fif", verbose="error")
    assert "holds samples that are no finite numbers in C4, in 1 of 12 windows" in refused(
        "predict", model, tmp_path / "nan_raw.fif"
    )


def test_what_is_no_fitted_classifier_is_told(folder, tmp_path):
    recording = folder / "other_raw.fif"
    eegkit.save(STFT(), tmp_path / "stft")
    eegkit.save(parse_pipeline("band_power+lr"), tmp_path / "unfitted")
    assert "which is no classifier" in refused("predict", tmp_path / "stft", recording)
    assert "is not fitted" in refused("predict", tmp_path / "unfitted", recording)


def test_train_says_before_the_fit_what_cannot_be_saved(tmp_path, monkeypatch):
    monkeypatch.setattr(Simulated, "load", lambda self: pytest.fail("data were loaded"))
    pipeline = parse_pipeline("band_power+lr")
    pipeline.set_params(scale=FunctionTransformer(complete))
    monkeypatch.setattr("eegkit.experiment.parse_pipeline", lambda text: pipeline)
    said = refused(
        "train", "--dataset", "simulated", "--pipeline", "any", "--out", tmp_path / "model"
    )
    assert "skops" in said
    assert not (tmp_path / "model").exists()


def test_what_a_model_does_not_know_is_asked_for():
    nothing = ModelInput()
    with pytest.raises(ValueError, match=r"its channels \(channels=.* nor its sampling rate"):
        complete(nothing, channels=None, sfreq=None, window_s=4)
    with pytest.raises(ValueError, match="how long its windows are"):
        complete(nothing, channels=["a"], sfreq=100, window_s=None)
    made = complete(nothing, channels=["a", "b"], sfreq=100, window_s=4)
    assert made == ModelInput(("a", "b"), 100, 2, 400)
    with pytest.raises(ValueError, match="fitted on 3 channels"):
        complete(ModelInput(None, 100.0, 3, 10), channels=["a"], sfreq=None, window_s=None)


def test_what_a_model_knows(model):
    assert input_of(eegkit.load(model)) == ModelInput(tuple(CHANNELS), 128.0, 3, 384)


@pytest.fixture(scope="module")
def adaptive_model(folder):
    """A decoder that goes by all trials of a person."""
    trials = load_dataset("simulated", **OPTIONS, subjects=[1, 2, 3])
    steps = [BandPower(), SubjectStandardizer(), LogisticRegression()]
    model = eegkit.Pipeline(steps).fit(trials.X, trials.y)
    eegkit.save(model, folder / "adaptive.eegkit")
    return folder / "adaptive.eegkit"


def test_the_answer_says_whose_statistics_it_goes_by(folder, adaptive_model, tmp_path):
    recording, out = folder / "other_raw.fif", tmp_path / "table.csv"
    plain = run("predict", adaptive_model, recording, "--out", out)
    assert "SubjectStandardizer (access transductive) goes by all windows of this" in plain.output
    expected = pd.read_csv(out)
    done = run("predict", adaptive_model, recording, "--out", out, "--calibrate")
    assert "goes by 12 windows of this recording." in done.output
    np.testing.assert_allclose(pd.read_csv(out)["p_left_hand"], expected["p_left_hand"])
    raw = mne.io.read_raw_fif(recording, verbose="error").crop(0, 20)
    raw.save(tmp_path / "first_raw.fif", verbose="error")
    done = run(
        "predict", adaptive_model, recording, "--calibrate", tmp_path / "first_raw.fif",
        "--out", out,
    )  # fmt: skip
    assert f"goes by 6 windows of {tmp_path / 'first_raw.fif'}." in " ".join(done.output.split())
    assert not np.allclose(pd.read_csv(out)["p_left_hand"], expected["p_left_hand"])
    short = run("predict", adaptive_model, tmp_path / "first_raw.fif", "--window-s", "3")
    assert "goes by all windows" in short.output


def test_a_model_that_does_not_adapt_has_nothing_to_calibrate(folder, model):
    assert "goes by" not in run("predict", model, folder / "other_raw.fif").output
    line = refused("predict", model, folder / "other_raw.fif", "--calibrate")
    assert "No step of this pipeline adapts to people" in line


def test_every_step_that_adapts_is_told_however_deep(folder, tmp_path):
    trials = load_dataset("simulated", **OPTIONS, subjects=[1, 2, 3])
    branches = [
        (name, Pipeline([BandPower(bands={name: edges}), SubjectStandardizer()]))
        for name, edges in {"alpha": (8, 13), "beta": (13, 30)}.items()
    ]
    decoder = Pipeline([FeatureUnion(branches), SubjectThreshold(LogisticRegression())])
    eegkit.save(decoder.fit(trials.X, trials.y), tmp_path / "deep.eegkit")
    recording = folder / "other_raw.fif"
    lines = run("predict", tmp_path / "deep.eegkit", recording).output.splitlines()
    told = [line for line in lines if "goes by" in line]
    assert sorted(line.split()[0] for line in told) == ["SubjectStandardizer", "SubjectThreshold"]
    done = run("predict", tmp_path / "deep.eegkit", recording, "--calibrate").output
    assert done.count("goes by 12 windows of this recording.") == 2


def test_labels_are_no_recording(folder, tmp_path):
    trials = load_dataset("simulated", **OPTIONS, subjects=[1, 2, 3])
    decoder = SupervisedCalibration(Pipeline([BandPower(), LogisticRegression()]))
    eegkit.save(decoder.fit(trials.X, trials.y), tmp_path / "labelled.eegkit")
    line = refused("predict", tmp_path / "labelled.eegkit", folder / "other_raw.fif", "--calibrate")
    assert "does not adapt to people by recordings without labels" in line
