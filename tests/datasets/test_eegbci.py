import shutil
import warnings

import mne
import numpy as np
import pytest

from eegkit.datasets import EEGBCI, MissingDataWarning, load_dataset

NAMES = ["C3..", "Cz..", "Fp1.", "Afz."]
EVENTS = [(0, "T0"), (4.2, "T2"), (8.3, "T0"), (12.5, "T1"), (16.6, "T0"), (17.5, "T2")]


def place(root, subject, run):
    name = f"S{subject:03d}"
    folder = root / "MNE-eegbci-data" / "files" / "eegmmidb" / "1.0.0" / name
    return folder / f"{name}R{run:02d}.edf"


@pytest.fixture
def write_run(write_edf, tmp_path):
    def write(subject, run, sfreq=160, seconds=22, filling=1, events=EVENTS):
        signals = np.random.default_rng(run).normal(0, 30, (len(NAMES), seconds * sfreq))
        signals[:, signals.shape[1] - filling * sfreq :] = 0
        write_edf(place(tmp_path, subject, run), NAMES, signals, sfreq, events)
        return signals

    return write


@pytest.fixture
def folder(write_run, tmp_path):
    for subject in (1, 2):
        for run in (4, 8, 12):
            write_run(subject, run)
    return tmp_path


@pytest.fixture
def no_network(monkeypatch):
    calls = []

    def refuse(subject, run, **_):
        calls.append((subject, run))
        raise ConnectionError("no route to host")

    monkeypatch.setattr(mne.datasets.eegbci, "load_data", refuse)
    return calls


def test_trials_and_their_metadata(folder, no_network):
    trials = load_dataset("eegbci", path=folder, subjects=[2, 1])
    # The last trial, at 17.5 s, would end beyond the 21 s that are not zeros.
    assert trials.X.shape == (12, 4, 512)
    assert list(trials.y) == ["right_hand", "left_hand"] * 6
    assert list(trials.groups) == ["S002"] * 6 + ["S001"] * 6
    assert list(trials.metadata["run"][:6]) == ["4", "4", "8", "8", "12", "12"]
    assert list(trials.metadata["onset"][:2]) == [4.2, 12.5]
    assert trials.metadata["recording"][0] == "S002R04.edf"
    assert trials.ch_names == ["C3", "Cz", "Fp1", "AFz"]
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])
    assert trials.info["subject_info"] is None
    assert no_network == []


def test_windows_are_the_recorded_samples(write_run, tmp_path):
    signals = write_run(1, 6)
    with pytest.warns(MissingDataWarning):
        trials = EEGBCI(
            path=tmp_path,
            subjects=[1],
            task="imagine_hands_feet",
            target_sfreq=None,
            tmin=-1,
            tmax=2,
        ).load()
    assert list(trials.y) == ["feet", "hands", "feet"]
    assert trials.sfreq == 160
    for trial, onset in zip(np.asarray(trials.X), (4.2, 12.5, 17.5), strict=True):
        first = round((onset - 1) * 160)
        np.testing.assert_allclose(trial, signals[:, first : first + 480], atol=0.06)


@pytest.mark.parametrize(
    ("task", "run", "t1", "t2"),
    [
        ("imagine_left_right", 12, "left_hand", "right_hand"),
        ("imagine_hands_feet", 14, "hands", "feet"),
        ("execute_left_right", 3, "left_hand", "right_hand"),
        ("execute_hands_feet", 9, "hands", "feet"),
    ],
)
def test_what_the_annotations_mean_depends_on_the_run(write_run, tmp_path, task, run, t1, t2):
    write_run(1, run)
    with pytest.warns(MissingDataWarning, match="subject 1 runs"):
        trials = EEGBCI(path=tmp_path, subjects=[1], task=task, tmax=3).load()
    assert list(trials.y) == [t2, t1, t2]


def test_pauses_on_request(folder):
    y = EEGBCI(path=folder, subjects=[1], rest=True).load().y
    assert list(y[:5]) == ["rest", "right_hand", "rest", "left_hand", "rest"]


def test_eyes_are_cut_end_to_end_whatever_the_annotations_say(write_run, tmp_path):
    write_run(1, 1, events=[(0, "T1")])
    write_run(1, 2, events=[(0, "T0")])
    trials = EEGBCI(path=tmp_path, subjects=[1], task="eyes", tmin=0.5, tmax=4.5).load()
    assert list(trials.y) == ["eyes_open"] * 5 + ["eyes_closed"] * 5
    assert list(trials.metadata["onset"][:5]) == [0, 4, 8, 12, 16]


def test_the_folder_itself_and_the_environment_name_the_place(folder, monkeypatch):
    direct = EEGBCI(path=folder / "MNE-eegbci-data", subjects=[1]).load()
    monkeypatch.setenv("EEGKIT_DATA", str(folder))
    assert np.array_equal(EEGBCI(subjects=[1]).load().X, direct.X)


def test_what_is_absent_is_named_once_and_not_downloaded(folder, no_network):
    place(folder, 1, 8).unlink()
    with pytest.warns(MissingDataWarning) as caught:
        trials = EEGBCI(path=folder).load()
    assert len(caught) == 1
    assert "left out subject 1 run 8, subjects 3-109 (not in" in str(caught[0].message)
    assert "download=True" in str(caught[0].message)
    assert len(trials) == 10
    assert no_network == []


def test_nothing_there(tmp_path, no_network):
    with pytest.raises(FileNotFoundError, match=r"none of the 3 recordings.*EEGKIT_DATA"):
        EEGBCI(path=tmp_path, subjects=[7], download=False).load()
    assert no_network == []


def test_a_failed_download_ends_after_the_first_file(folder, no_network):
    with pytest.warns(MissingDataWarning, match="subjects 3-4 .*failed: ConnectionError: no route"):
        trials = EEGBCI(path=folder, subjects=[1, 3, 4], download=True).load()
    assert len(trials) == 6
    assert no_network == [(3, 4)]


def test_without_a_folder_what_is_missing_is_downloaded(folder, tmp_path, monkeypatch):
    usual = tmp_path / "usual"
    monkeypatch.setenv("MNE_DATASETS_EEGBCI_PATH", str(usual))

    def copy(subject, run, *, path, update_path, verbose):
        assert not update_path
        place(path, subject, run).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(place(folder, subject, run), place(path, subject, run))

    monkeypatch.setattr(mne.datasets.eegbci, "load_data", copy)
    with pytest.raises(FileNotFoundError, match="download=True"):
        EEGBCI(subjects=[2], download=False).load()
    assert not usual.exists()
    assert len(EEGBCI(subjects=[2]).load()) == 6


def test_people_recorded_at_another_rate_are_resampled_or_refused(folder, write_run):
    for run in (4, 8, 12):
        write_run(88, run, sfreq=128)
    assert EEGBCI(path=folder, subjects=[1, 88]).load().X.shape == (12, 4, 512)
    with pytest.raises(ValueError, match=r"S088R04\.edf is recorded at 128 Hz, but S001R04\.edf"):
        EEGBCI(path=folder, subjects=[1, 88], target_sfreq=None).load()


def test_a_recording_of_zeros_is_refused_by_name(folder, write_run):
    write_run(1, 8, filling=22)
    with pytest.raises(ValueError, match=r"S001R08\.edf holds nothing but zeros"):
        EEGBCI(path=folder, subjects=[1]).load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "juggle"}, "expected one of 'imagine_left_right'"),
        ({"task": "eyes", "rest": True}, "drop rest=True"),
        ({"tmin": 2, "tmax": 2}, "expected tmin below tmax"),
        ({"subjects": [0]}, "from 1 to 109"),
        ({"target_sfreq": -1}, "target_sfreq is -1"),
    ],
)
def test_bad_options(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        EEGBCI(path=tmp_path, **options).load()


@pytest.mark.realdata("MNE-eegbci-data")
class TestRealRecordings:
    def test_imagined_hands(self, real_folder, no_network):
        with pytest.warns(MissingDataWarning) as caught:
            trials = EEGBCI(path=real_folder).load()
        assert len(caught) == 1
        assert "subject 1 run 12, subjects 2-109" in str(caught[0].message)
        assert no_network == []
        assert trials.X.shape == (30, 64, 512)
        assert list(trials.metadata["run"].unique()) == ["4", "8"]
        assert 20 < trials.X.std() < 100  # microvolts, unfiltered

    def test_labels_are_those_of_the_annotations(self, real_folder):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingDataWarning)
            hands = EEGBCI(path=real_folder, subjects=[1]).load()
            feet = EEGBCI(path=real_folder, subjects=[1], task="imagine_hands_feet").load()
        for trials, run, names in (
            (hands, 4, {"T1": "left_hand", "T2": "right_hand"}),
            (feet, 6, {"T1": "hands", "T2": "feet"}),
        ):
            notes = mne.io.read_raw_edf(place(real_folder, 1, run), verbose="error").annotations
            expected = [names[d] for d in notes.description if d != "T0"]
            mine = (trials.metadata["run"] == str(run)).to_numpy()
            assert list(trials.y[mine]) == expected

    def test_closed_eyes_show_more_alpha(self, real_folder):
        trials = EEGBCI(path=real_folder, subjects=[1], task="eyes", l_freq=8, h_freq=13).load()
        assert list(trials.y) == ["eyes_open"] * 15 + ["eyes_closed"] * 15
        alpha = trials.X[:, trials.ch_names.index("Oz")].std(axis=1)
        assert np.median(alpha[15:]) > 1.5 * np.median(alpha[:15])
