"""From MOABB to trials."""

import logging
import math
import os
import pickle
import socket
import subprocess
import sys
import warnings

import mne
import numpy as np
import pytest
from click.testing import CliRunner
from eegkit_moabb import MOABBDataset, _catalogue, _environment, members
from numpy.testing import assert_allclose, assert_array_equal

from eegkit import Trials, load_dataset, registry
from eegkit.cli import main
from eegkit.datasets import MissingDataWarning
from eegkit.testing import check_preparation

FAKE = "moabb:FakeDataset"
BNCI = "moabb:BNCI2014_001"
OPEN = {"l_freq": 0, "h_freq": math.inf}  # no filter


def moabb_data(subjects, paradigm, **options):
    """What MOABB's own paradigm gives."""
    import moabb.paradigms

    made = getattr(moabb.paradigms, paradigm)(**options)
    return made.get_data(_catalogue.make("FakeDataset"), subjects=subjects)


def test_the_trials_are_those_of_moabb():
    trials = load_dataset(FAKE, subjects=[2, 5], target_sfreq=64.0)
    X, y, metadata = moabb_data([2, 5], "MotorImagery", resample=64.0)
    assert_allclose(trials.X, X, rtol=1e-4, atol=1e-4)
    assert_array_equal(trials.y, y)
    for name in ("subject", "session", "run"):
        assert_array_equal(trials.metadata[name], metadata[name])
    assert trials.ch_names == ["C3", "Cz", "C4"]
    assert trials.sfreq == 64.0
    assert np.linalg.norm([ch["loc"][:3] for ch in trials.info["chs"]], axis=1).min() > 0.05


@pytest.mark.parametrize(
    "options", [{}, OPEN, {"l_freq": 1, "h_freq": 40, "channels": ["C4", "C3"]}]
)
def test_a_decoder_remembers_what_moabb_did(options, tmp_path):
    trials = load_dataset(FAKE, subjects=[1], **options)
    recorded = _catalogue.make("FakeDataset").get_data(subjects=[1])[1]
    session = next(iter(recorded))
    run, raw = next(iter(recorded[session].items()))
    raw.copy().pick("eeg").save(tmp_path / "run_raw.fif", fmt="double", verbose="error")
    chosen = (trials.metadata["session"] == session) & (trials.metadata["run"] == run)
    events = mne.find_events(raw, verbose="error")
    onsets = (events[:, 0] - raw.first_samp) / raw.info["sfreq"]
    check_preparation(trials[chosen.to_numpy()], tmp_path / "run_raw.fif", onsets)


def test_what_moabb_does_trial_by_trial_is_said():
    preparation = load_dataset(FAKE, subjects=[1], target_sfreq=64.0).preparation
    assert preparation.other_steps == ("trials resampled one by one, by MOABB",)
    assert (preparation.l_freq, preparation.h_freq, preparation.sfreq) == (8, None, 64)


def test_options():
    whole = load_dataset(FAKE, subjects=[1], **OPEN)
    part = load_dataset(
        FAKE,
        subjects=[1],
        events=["fake3", "fake1"],
        channels=["C4", "C3"],
        tmin=0.5,
        tmax=1.0,
        **OPEN,
    )
    assert part.ch_names == ["C4", "C3"]
    assert part.n_times == 65
    wanted = whole[np.isin(whole.y, ["fake1", "fake3"])]
    assert_array_equal(part.y, wanted.y)
    assert_array_equal(part.X, np.asarray(wanted.X)[:, [2, 0], 64:129])
    speech = load_dataset(FAKE, subjects=[1], paradigm="SpeechImagery", h_freq=50)
    assert not np.allclose(speech.X, whole.X)


def test_the_files_become_trials(bnci):
    trials = load_dataset(BNCI, subjects=[3], path=bnci.folder, **OPEN)
    assert trials.X.shape == (16, 22, 1001)  # 4 s at 250 Hz, the last sample included
    assert set(trials.metadata["subject"]) == {3}
    assert list(trials.metadata["session"].unique()) == ["0train", "1test"]
    assert trials.metadata.groupby(["session", "run"]).size().tolist() == [4] * 4
    assert trials.ch_names[:3] == ["Fz", "FC3", "FC1"]
    names = {1: "left_hand", 2: "right_hand", 3: "feet", 4: "tongue"}
    runs = [run for session in ("T", "E") for run in bnci.written[3, session]]
    assert trials.y.tolist() == [names[code] for run in runs for code in run["y"]]
    # The task begins 2 s behind the beginning of a trial.
    first = runs[0]["X"][99 + 500 : 99 + 500 + 1001, :22]
    assert_allclose(trials.X[0], first.T, rtol=1e-5, atol=1e-4)
    hands = load_dataset(BNCI, subjects=[3], path=bnci.folder, paradigm="LeftRightImagery")
    assert set(hands.y) == {"left_hand", "right_hand"}


def test_who_is_missing_is_left_out(bnci):
    with pytest.warns(MissingDataWarning, match=r"left out people 2, 4 \(not in .*download=True"):
        trials = load_dataset(BNCI, subjects=[1, 2, 3, 4], path=bnci.folder)
    assert set(trials.groups) == {1, 3}


@pytest.mark.parametrize("given", ["path", "EEGKIT_DATA", "MNE_DATA", "nothing"])
def test_nothing_is_there(given, tmp_path, home, monkeypatch):
    options = {"path": tmp_path} if given == "path" else {}
    if given.isupper():
        monkeypatch.setenv(given, str(tmp_path))
    before = dict(os.environ), socket.getaddrinfo, logging.getLogger("moabb").level
    told = home / "mne_data" if given == "nothing" else tmp_path
    with pytest.raises(
        FileNotFoundError, match=rf"BNCI2014_001: none of .*\(not in {told}; download=True"
    ):
        load_dataset(BNCI, **options)
    assert before == (dict(os.environ), socket.getaddrinfo, logging.getLogger("moabb").level)
    assert not list(tmp_path.iterdir())
    assert not list(home.iterdir())


def test_a_setting_for_one_data_set_yields_to_a_given_folder(bnci, tmp_path, monkeypatch):
    monkeypatch.setenv("MNE_DATASETS_BNCI_PATH", str(tmp_path))
    assert len(load_dataset(BNCI, subjects=[1], path=bnci.folder)) == 16
    monkeypatch.setenv("MNE_DATASETS_BNCI_PATH", str(bnci.folder))
    assert len(load_dataset(BNCI, subjects=[1])) == 16


def fake_network(monkeypatch, bnci, fails=False):
    """Downloads that copy the written files, and first ask for a host as any would."""
    from moabb.datasets import download

    asked = []

    def retrieve(url, known_hash, fname, path, **options):
        if known_hash is None:
            asked.append(url)
            socket.getaddrinfo("lampx.tugraz.at", 443)
            source = bnci.folder.rglob(fname.replace("A02", "A01"))
            os.link(next(source), os.path.join(path, fname))
        return os.path.join(path, fname)

    def getaddrinfo(host, port):
        sys.audit("socket.getaddrinfo", host, port, 0, 0, 0)  # as Python's own does
        if fails:
            raise socket.gaierror("no such host")

    monkeypatch.setattr(download, "retrieve", retrieve)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_download(bnci, tmp_path, monkeypatch):
    asked = fake_network(monkeypatch, bnci)
    folder = tmp_path / "new"
    trials = load_dataset(BNCI, subjects=[1, 2], path=folder, download=True)
    assert set(trials.groups) == {1, 2}
    assert sorted(path.name for path in folder.rglob("*.mat")) == [
        "A01E.mat", "A01T.mat", "A02E.mat", "A02T.mat",
    ]  # fmt: skip
    asked.clear()
    load_dataset(BNCI, subjects=[1, 2], path=folder, download=True)
    assert not asked


def test_a_download_that_fails(bnci, tmp_path, monkeypatch):
    fake_network(monkeypatch, bnci, fails=True)
    with pytest.raises(FileNotFoundError, match=r"download to .* failed: gaierror: no such host"):
        load_dataset(BNCI, subjects=[1], path=tmp_path, download=True)


def test_a_licence_to_be_accepted(tmp_path):
    with pytest.raises(ValueError, match=r"Shin2017A, person 2: .*accept=True"):
        load_dataset("moabb:Shin2017A", subjects=[2], path=tmp_path)
    with pytest.raises(FileNotFoundError, match="download=True"):
        load_dataset("moabb:Shin2017A", subjects=[2], path=tmp_path, accept=True)
    assert not list(tmp_path.iterdir())


def test_a_broken_file_is_not_a_missing_one(tmp_path):
    path = tmp_path / "MNE-bnci-data/~bci/database/001-2014/A01T.mat"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"MATLAB 5.0, cut off")
    with pytest.raises(ValueError, match=r"BNCI2014_001.*person 1: "):
        load_dataset(BNCI, subjects=[1], path=tmp_path)


def test_channels_that_are_not_there_or_no_eeg(bnci):
    for name, told in (("Nz", "Missing channels"), ("EOG1", "EOG1, which are no EEG channels")):
        with pytest.raises(ValueError, match=told):
            load_dataset(BNCI, subjects=[1], path=bnci.folder, channels=["Cz", name])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"subjects": []}, "expected different people"),
        ({"subjects": [1, 1]}, "expected different people"),
        ({"subjects": [1, 11]}, "not 11"),
        ({"paradigm": "FilterBankMotorImagery"}, "expected one of CVEP, Imagery"),
        ({"paradigm": "P300"}, "does not fit .* expected 'MotorImagery'"),
        ({"paradigm": "LeftRightImagery"}, "about left_hand, right_hand, but .* fake1, fake2"),
        ({"paradigm": "LeftRightImagery", "events": ["fake1", "fake2"]}, "leave events out"),
        ({"events": ["fake1", "real"]}, "events names real; expected some of fake1"),
        ({"events": ["fake1"]}, "at least two"),
        ({"events": "fake1"}, "events is 'fake1'; expected a list of texts, or None"),
        ({"channels": ["C3", "C3"]}, "different names"),
        ({"channels": []}, "different names"),
        ({"tmin": 2, "tmax": 1}, "tmin below tmax"),
        ({"tmin": "0"}, "tmin is '0'; expected a number"),
        ({"l_freq": 40}, "l_freq below h_freq"),
        ({"l_freq": -1}, "l_freq is -1; expected a number of at least 0"),
        ({"h_freq": math.nan}, "expected a number"),
        ({"target_sfreq": 0}, "target_sfreq is 0; expected a number above 0, or None"),
        ({"target_sfreq": 16}, "raise target_sfreq"),
        ({"h_freq": 64}, "person 1: .*[Nn]yquist"),
        ({"download": 1}, "download is 1"),
        ({"accept": "yes"}, "accept is 'yes'"),
        ({"cache": 1}, "cache is 1"),
        ({"size": 1}, "has no option 'size'"),
    ],
)
def test_bad_options(options, told):
    with pytest.raises(ValueError, match=told):
        load_dataset(FAKE, **options)


def test_the_family():
    cls = registry.get("datasets", BNCI)
    assert cls is MOABBDataset.member("BNCI2014_001") is members.BNCI2014_001
    assert pickle.loads(pickle.dumps(cls)) is cls
    dataset = cls(subjects=[1], tmax=2.0)
    assert pickle.loads(pickle.dumps(dataset)) == dataset
    assert cls.facts()["licence"] == "CC-BY-ND-4.0"
    with pytest.raises(ValueError, match="family of all"):
        MOABBDataset()
    with pytest.raises(ValueError, match="has no data set 'BNCI'"):
        MOABBDataset.member("BNCI")
    with pytest.raises(AttributeError, match="no attribute 'BNCI'"):
        members.BNCI  # noqa: B018
    with pytest.raises(ValueError, match="did you mean 'moabb:BNCI2014_001'"):
        registry.get("datasets", "moabb:BNCI2014-001")


def test_a_new_process_finds_the_class_again():
    code = """
import pickle, sys
from eegkit import registry
names = registry.names("datasets") + [entry.name for entry in registry.families("datasets")]
print("moabb" in names, registry.describe("datasets", "moabb").summary, "moabb" in sys.modules)
dataset = pickle.load(sys.stdin.buffer)
print(dataset)
"""
    dataset = registry.get("datasets", FAKE)(subjects=[1], tmax=1.0)
    done = subprocess.run(
        [sys.executable, "-c", code], input=pickle.dumps(dataset), capture_output=True, check=True
    )
    listed, loaded = done.stdout.decode().splitlines()
    assert listed.startswith("True Every data set of MOABB")
    assert listed.endswith("False")
    assert loaded == repr(dataset)


def test_cache(bnci, tmp_path, monkeypatch):
    options = {"subjects": [3, 1], "path": bnci.folder, "cache": tmp_path, "target_sfreq": 125.0}
    first = load_dataset(BNCI, **options)
    [kept] = tmp_path.iterdir()
    monkeypatch.setattr(_environment, "_quiet", None)  # reading again would need it
    monkeypatch.setattr("eegkit_moabb._reading.make_paradigm", lambda *_: None)
    monkeypatch.setattr("eegkit_moabb.dataset.sandbox", lambda *_, **__: warnings.catch_warnings())
    again = load_dataset(BNCI, **options)
    assert_array_equal(first.X, again.X)
    assert first.metadata.equals(again.metadata)
    assert kept.name.startswith("moabb_bnci2014_001-")


def test_kept_trials_follow_the_files(bnci, tmp_path, monkeypatch):
    from eegkit_moabb import _reading

    read, people = _reading.read, []

    def count(dataset, paradigm, person):
        people.append(person)
        return read(dataset, paradigm, person)

    monkeypatch.setattr(_reading, "read", count)
    options = {"subjects": [3, 1], "path": bnci.folder, "cache": tmp_path}
    for _ in range(2):
        load_dataset(BNCI, **options)
    assert people == [3, 1]
    file = next(path for path in bnci.folder.rglob("*.mat") if "3" in path.name)
    file.write_bytes(file.read_bytes())
    for _ in range(2):
        load_dataset(BNCI, **options)
    assert people == [3, 1, 3, 1]


def test_people_recorded_unlike_one_another(monkeypatch):
    from eegkit_moabb import _reading

    read = _reading.read

    def fewer(dataset, paradigm, person):
        trials = read(dataset, paradigm, person)
        if person == 1:
            return trials
        info = mne.pick_info(trials.info, [1, 2])
        return Trials(trials.X[:, 1:], trials.y, trials.metadata, info)

    monkeypatch.setattr(_reading, "read", fewer)
    with pytest.raises(
        ValueError, match=r"person 2 2, or in another order; .* everybody has: Cz, C4"
    ):
        load_dataset(FAKE, subjects=[1, 2])


def test_the_global_generator_is_left_alone():
    np.random.seed(7)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    load_dataset(FAKE, subjects=[1], tmax=0.5)
    assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_in_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    run = CliRunner().invoke
    listed = run(main, ["list", "datasets"]).output
    assert listed.count("moabb:<code>") == 1
    members = run(main, ["info", "moabb"]).output
    assert "BNCI2014_001" in members
    assert "left_hand, right_hand, feet, tongue" in members
    assert "CC-BY-ND-4.0" in run(main, ["info", BNCI]).output
    words = ["evaluate", "--dataset", FAKE, "--subjects", "1-3", "--pipeline", "stft+cnn_bigru"]
    words += ["--cv", "group-3", "--option", "tmax=1.0"]
    words += ["--set", "cnn_bigru__max_epochs=1", "--set", "stft__nperseg=64"]
    done = run(main, [*words, "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "results.csv").is_file()
