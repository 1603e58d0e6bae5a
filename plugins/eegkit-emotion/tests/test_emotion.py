import numpy as np
import pytest
from click.testing import CliRunner
from eegkit_emotion import Emotion
from eegkit_emotion.gameemo import CHANNELS
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from eegkit import Pipeline, Results, load_dataset
from eegkit.classifiers import CNNBiGRU
from eegkit.cli import main
from eegkit.datasets import MissingDataWarning
from eegkit.transforms import STFT, Montage

PEOPLE = ["deap/s01", "deap/s02", "gameemo/S01", "gameemo/S02", "seed_iv/S01", "seed_iv/S02"]
TINY = {"max_epochs": 1, "n_filters": (4,), "hidden_size": 8}


def test_the_three_together(data):
    trials = load_dataset("emotion", path=data, subjects=PEOPLE, window_s=1.0)
    assert trials.ch_names == list(CHANNELS)
    assert (trials.sfreq, trials.n_times) == (128, 128)
    assert list(dict.fromkeys(trials.groups)) == PEOPLE
    table = trials.metadata
    assert set(trials.y) == {"low", "high"}
    low = {n: np.mean(trials.y[(table["dataset"] == n).to_numpy()] == "low") for n in
           ("deap", "gameemo", "seed_iv")}  # fmt: skip
    assert low == {"deap": 0.5, "gameemo": 0.5, "seed_iv": pytest.approx(2 / 3)}
    games = table[table["dataset"] == "gameemo"]
    assert {run: set(trials.y[games.index[games["run"] == run]]) for run in "1234"} == {
        "1": {"low"}, "2": {"high"}, "3": {"low"}, "4": {"high"},
    }  # fmt: skip


def test_folders_of_their_own_and_fewer_of_them(data, monkeypatch):
    two = Emotion(deap=data / "DEAP", gameemo=data / "GAMEEMO", window_s=1.0, subjects=PEOPLE[:4])
    trials = two.load()
    assert set(trials.metadata["dataset"]) == {"deap", "gameemo"}
    monkeypatch.setenv("EEGKIT_DATA", str(data))
    assert np.array_equal(Emotion(window_s=1.0, subjects=PEOPLE[:4]).load().X, trials.X)


def test_arousal_without_seed_iv(data):
    trials = Emotion(path=data, label="arousal", window_s=1.0, subjects=PEOPLE[:4]).load()
    games = trials.metadata["dataset"] == "gameemo"
    assert {run for run, y in zip(trials.metadata["run"][games], trials.y[games.to_numpy()],
                                  strict=True) if y == "high"} == {"3", "4"}  # fmt: skip
    with pytest.raises(ValueError, match="seed_iv is given, but no arousal is known"):
        Emotion(label="arousal", deap=data / "DEAP", seed_iv=data / "SEED_IV").load()
    with pytest.raises(ValueError, match="subjects names seed_iv, where no arousal"):
        Emotion(path=data, label="arousal", subjects=PEOPLE).load()


def test_what_is_absent(data, tmp_path):
    (tmp_path / "DEAP").symlink_to(data / "DEAP")
    with pytest.warns(MissingDataWarning) as caught:
        trials = Emotion(path=tmp_path, window_s=1.0).load()
    told = " ".join(str(warning.message) for warning in caught)
    assert "left out gameemo, seed_iv (no folder" in told
    assert "DEAP: left out subjects 3-32" in told
    assert set(trials.groups) == {"deap/s01", "deap/s02"}
    with pytest.raises(FileNotFoundError, match="None of deap, gameemo, seed_iv is there"):
        Emotion(path=tmp_path / "nowhere").load()
    with pytest.raises(FileNotFoundError, match="None of deap, gameemo, seed_iv is there"):
        Emotion().load()
    with pytest.raises(FileNotFoundError, match="SEED-IV: none of"):
        Emotion(
            deap=data / "DEAP", seed_iv=tmp_path / "nowhere", subjects=PEOPLE[::4], window_s=1.0
        ).load()


def test_a_broken_file_is_left_out_on_demand(data, write_deap, tmp_path):
    for subject in (1, 2):
        write_deap(tmp_path, subject)
    (tmp_path / "s01.dat").write_bytes(b"broken")
    options = {"deap": tmp_path, "subjects": PEOPLE[:2], "window_s": 1.0}
    with pytest.raises(ValueError, match=r"s01\.dat"):
        Emotion(**options).load()
    with pytest.warns(MissingDataWarning, match=r"s01\.dat"):
        assert set(Emotion(**options, on_error="skip").load().groups) == {"deap/s02"}


def test_more_channels(data):
    options = {"path": data, "subjects": PEOPLE[:1] + PEOPLE[2:3], "window_s": 1.0}
    assert Emotion(**options, channels="interpolate").load().X.shape[1] == 32
    assert Emotion(**options, channels=["Cz", "T3"], target_sfreq=64.0).load().ch_names == [
        "Cz",
        "T7",
    ]
    scaled = Emotion(**options, scale="dataset").load()
    assert np.median(np.asarray(scaled.X).std(axis=2)) == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "joy"}, "label is 'joy'; expected one of 'valence', 'arousal'"),
        ({"window_s": 0}, "window_s is 0"),
        ({"target_sfreq": None}, "target_sfreq is None"),
        ({"target_sfreq": -5}, "target_sfreq is -5"),
        ({"h_freq": 64.0}, "h_freq is 64 Hz"),
        ({"scale": "person"}, "scale is 'person'"),
        ({"threshold": 0}, "threshold is 0"),
        ({"channels": "some"}, "channels is 'some'"),
        ({"subjects": ["deap/s33"]}, "no subject 33"),
        ({"subjects": [1]}, "no subject 1; expected such as 'deap/s01'"),
        ({"subjects": ["seed/1"]}, "no subject 'seed/1'"),
        ({"subjects": []}, "subjects is empty"),
    ],
)
def test_bad_options(options, message, data):
    with pytest.raises(ValueError, match=message):
        Emotion(**{"path": data, "subjects": PEOPLE[:1], "window_s": 1.0, **options}).load()


def test_from_files_to_scores_with_people_left_out(data):
    trials = Emotion(path=data, subjects=PEOPLE, window_s=1.0, l_freq=4.0, h_freq=45.0).load()
    decoder = Pipeline([Montage(), STFT(nperseg=64), CNNBiGRU(**TINY, random_state=0)])
    said = cross_val_predict(
        decoder, trials.X, trials.y, groups=trials.groups, cv=LeaveOneGroupOut()
    )
    assert said.shape == trials.y.shape
    assert set(said) <= {"low", "high"}


def test_the_command(data, tmp_path):
    arguments = [
        "evaluate", "--dataset", "emotion", "--pipeline", "stft+cnn_bigru", "--cv", "loso",
        "--option", f"deap={data / 'DEAP'}", "--option", f"gameemo={data / 'GAMEEMO'}",
        "--option", f"seed_iv={data / 'SEED_IV'}", "--option", "window_s=1",
        "--subjects", ",".join(PEOPLE), "--out", str(tmp_path),
        "--set", "stft__nperseg=64", "--set", "cnn_bigru__max_epochs=1",
        "--set", "cnn_bigru__n_filters=(4,)", "--set", "cnn_bigru__hidden_size=8",
    ]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    assert "14 channels x 128 samples at 128 Hz" in done.output
    written = (tmp_path / "results.csv").read_text()
    assert all(person in written for person in PEOPLE)
    assert set(PEOPLE) <= set(Results.load(tmp_path / "results.safetensors").table["subject"])
