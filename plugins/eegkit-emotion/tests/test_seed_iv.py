import numpy as np
import pytest
import scipy.io
from eegkit_emotion import SEEDIV
from eegkit_emotion.seed_iv import CHANNELS, CLIPS, EMOTIONS

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning, Recording

OPTIONS = {"subjects": [1], "sessions": [1], "window_s": 1.0}


@pytest.fixture(scope="module")
def folder(write_session, tmp_path_factory):
    root = tmp_path_factory.mktemp("seed")
    write_session(root / "SEED_IV", 1, 1)
    write_session(root / "SEED_IV", 11, 1, n_times=200)
    return root


def path_of(root, subject=1, session=1):
    return root / "SEED_IV" / "eeg_raw_data" / str(session) / f"{subject}_201605{17 + session}.mat"


def test_every_emotion_has_six_clips_in_every_session():
    assert len(set(CHANNELS)) == 62
    assert len(set(CLIPS.values())) == 3
    for clips in CLIPS.values():
        assert [clips.count(emotion) for emotion in range(4)] == [6, 6, 6, 6]


def test_trials_and_their_metadata(write_session, tmp_path):
    clips = write_session(tmp_path / "SEED_IV", 3, 2, n_times=390, compress=False)
    trials = load_dataset("seed_iv", path=tmp_path, subjects=[3], sessions=[2], window_s=1.0)
    # Clips from the tenth on have the 400 samples of two windows.
    assert trials.X.shape == (9 + 2 * 15, 62, 200)
    assert trials.ch_names == list(CHANNELS)
    no_place = [ch["ch_name"] for ch in trials.info["chs"] if not np.isfinite(ch["loc"][:3]).all()]
    assert no_place == ["CB1", "CB2"]
    np.testing.assert_allclose(trials.X[-1], clips["cz_eeg24"][:, 200:400], atol=1e-3)
    table = trials.metadata
    assert set(table["subject"]) == {"S03"}
    assert set(table["session"]) == {"2"}
    assert list(table["run"][8:12]) == ["9", "10", "10", "11"]
    assert list(table["onset"][8:12]) == [0, 0, 1, 0]
    assert set(table["recording"]) == {"3_20160519.mat"}
    assert [trials.y[list(table["run"]).index(str(i + 1))] for i in range(24)] == [
        EMOTIONS[emotion] for emotion in CLIPS[2]
    ]
    assert list(table["emotion"]) == list(trials.y)


def test_valence_leaves_neutral_clips_out(folder):
    trials = SEEDIV(path=folder, **OPTIONS, label="valence").load()
    assert len(trials) == 18
    assert set(zip(trials.metadata["emotion"], trials.y, strict=True)) == {
        ("sad", "low"),
        ("fear", "low"),
        ("happy", "high"),
    }


def test_the_right_person_of_the_right_session(folder):
    eleventh = SEEDIV(path=folder, **{**OPTIONS, "subjects": [11]}).load()
    assert set(eleventh.metadata["recording"]) == {"11_20160518.mat"}
    for inside in (folder / "SEED_IV", folder / "SEED_IV" / "eeg_raw_data"):
        assert np.array_equal(SEEDIV(path=inside, **{**OPTIONS, "subjects": [11]}).load().X,
                              eleventh.X)  # fmt: skip
    with pytest.warns(MissingDataWarning, match=r"left out subject 1 runs 2-3"):
        SEEDIV(path=folder, subjects=[1], window_s=1.0).load()


def test_channels_rate_overlap_and_filter(folder):
    trials = SEEDIV(
        path=folder, **OPTIONS, channels=["CB1", "T3"], target_sfreq=100.0, l_freq=1.0, h_freq=40.0,
        overlap=0.8,
    ).load()  # fmt: skip
    assert trials.ch_names == ["CB1", "T7"]
    assert trials.X.shape[1:] == (2, 100)
    assert list(trials.metadata["onset"][:2]) == [0, 0.2]


def test_two_files_of_one_person(write_session, tmp_path):
    write_session(tmp_path / "SEED_IV", 1, 1)
    path = path_of(tmp_path)
    path.with_name("1_20990101.mat").write_bytes(path.read_bytes())
    with pytest.raises(ValueError, match=r"more than one recording of person 1 \(1_20160518"):
        SEEDIV(path=tmp_path, **OPTIONS).load()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"skip": (3, 24)}, "22 variables .* lacks 3, 24"),
        ({"cz_eeg25": np.ones((62, 250))}, "25 variables"),
        ({"dz_eeg3": np.ones((62, 250))}, "clip 3 twice"),
        ({"skip": (3,), "cz_eeg3": np.ones((61, 250))}, r"shape \(61, 250\)"),
        ({"skip": (3,), "cz_eeg3": np.ones((62, 0))}, r"shape \(62, 0\)"),
        ({"skip": (3,), "cz_eeg3": "text"}, "cz_eeg3 is char"),
        ({"skip": (3,), "cz_eeg3": np.ones((62, 250), int)}, "cz_eeg3 is int64"),
        ({"skip": (3,), "cz_eeg3": np.full((62, 250), np.nan)}, "values from nan .* in cz_eeg3"),
        ({"skip": (3,), "cz_eeg3": np.full((62, 250), 1e12)}, "at most 1e\\+06"),
        ({"skip": (3,), "cz_eeg3": np.full((62, 250), 1j)}, "cz_eeg3 holds no numbers"),
    ],
)  # fmt: skip
def test_other_contents(more, told, write_session, tmp_path):
    write_session(tmp_path / "SEED_IV", 1, 1, **more)
    with pytest.raises(ValueError, match=rf"1_20160518\.mat.*{told}"):
        SEEDIV(path=tmp_path, **OPTIONS).load()


@pytest.mark.parametrize("content", [b"", b"\0" * 200, b"\x89HDF\r\n\x1a\n" * 100, b"MATLAB" * 99])
def test_other_files(content, tmp_path):
    path = path_of(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"1_20160518\.mat"):
        SEEDIV(path=tmp_path, **OPTIONS).load()


def test_newer_matlab_files_are_refused_by_name(tmp_path):
    path = path_of(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\0" * 500)
    with pytest.raises(ValueError, match=r"1_20160518\.mat cannot be read as a MATLAB 5 file"):
        SEEDIV(path=tmp_path, **OPTIONS).load()


@pytest.mark.parametrize("compress", [True, False])
def test_damaged_files(compress, write_session, tmp_path, try_damaged):
    write_session(tmp_path / "SEED_IV", 1, 1, n_times=210, compress=compress)

    def structure(content):
        # The head of the file and those of its variables, which lie about as far apart.
        if compress:
            return range(400)
        step = (len(content) - 128) // 24
        return [spot for i in range(24) for spot in range(128 + i * step - 300, 128 + i * step)
                if spot >= 0] + list(range(240))  # fmt: skip

    loader = SEEDIV(window_s=1.0, channels=["Cz"])
    assert try_damaged(loader, Recording(1, 1, path_of(tmp_path)), structure) > 20


def test_a_broken_file_is_left_out_on_demand(write_session, tmp_path):
    for subject in (1, 2):
        write_session(tmp_path / "SEED_IV", subject, 1)
    path = path_of(tmp_path)
    path.write_bytes(path.read_bytes()[:-1000])
    options = {**OPTIONS, "subjects": [1, 2], "path": tmp_path}
    with pytest.raises(ValueError, match=r"1_20160518\.mat"):
        SEEDIV(**options).load()
    with pytest.warns(MissingDataWarning, match=r"1_20160518\.mat"):
        trials = SEEDIV(**options, on_error="skip", n_jobs=2).load()
    assert set(trials.groups) == {"S02"}


def test_single_precision(tmp_path):
    path = path_of(tmp_path)
    path.parent.mkdir(parents=True)
    clips = {f"ab_c_eeg{i}": np.ones((62, 200), "f4") * i for i in range(1, 25)}
    scipy.io.savemat(path, clips)
    trials = SEEDIV(path=tmp_path, **OPTIONS).load()
    np.testing.assert_array_equal(trials.X[:, 0, 0], range(1, 25))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "arousal"}, "label is 'arousal'; expected one of 'emotion', 'valence'"),
        ({"sessions": []}, r"sessions is \[\]"),
        ({"sessions": [4]}, r"sessions is \[4\]"),
        ({"sessions": [1, 1]}, r"sessions is \[1, 1\]"),
        ({"sessions": [True]}, r"sessions is \[True\]"),
        ({"window_s": None}, "window_s is None"),
        ({"window_s": 3.0}, r"1_20160518\.mat has nothing as long as one window of 3 s"),
        ({"overlap": 1.5}, "overlap is 1.5"),
        ({"channels": ["A1"]}, "SEED-IV has no channel A1"),
        ({"h_freq": 120.0}, "h_freq is 120 Hz; expected less than 100"),
        ({"subjects": [16]}, "no subject 16; expected .* from 1 to 15"),
    ],
)
def test_bad_options(options, message, folder):
    with pytest.raises(ValueError, match=message):
        SEEDIV(**{"path": folder, **OPTIONS, **options}).load()
