import os

import numpy as np
import pandas as pd
import pytest
from eegkit_clinical import HMS, read_spectrogram
from eegkit_clinical._hms_files import read_eeg

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning

EEGS = [
    (
        1628180742, 42516, 90,
        [(0, [3, 0, 0, 0, 0, 0]), (6, [1, 4, 0, 0, 0, 5]), (40, [5, 5, 0, 0, 0, 0])],
    ),
    (411, 42516, 50, [(0, [0, 0, 0, 0, 2, 1])]),
    (77, 30539, 55, [(0, [0, 0, 0, 0, 0, 1]), (5, [0, 0, 0, 0, 0, 1])]),
]  # fmt: skip


@pytest.fixture
def made(write_hms, tmp_path):
    folder = tmp_path / "hms-harmful-brain-activity-classification"
    return folder, write_hms(folder, EEGS)


def test_one_window_of_each_recording(made):
    folder, signals = made
    trials = load_dataset("hms", path=folder.parent)
    assert trials.X.shape == (3, 19, 10_000)
    assert trials.X.dtype == np.float32
    assert trials.sfreq == 200
    assert trials.ch_names[:2] == ["Fp1", "F3"]
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])
    assert list(trials.y) == ["Other", "GRDA", "Other"]
    assert list(trials.groups) == ["42516", "42516", "30539"]
    table = trials.metadata
    # Ten votes twice: the first of the two.
    assert list(table["run"]) == ["1", "0", "0"]
    assert list(table["onset"]) == [6, 0, 0]
    assert list(table["votes"]) == [10, 3, 1]
    assert list(table["session"]) == ["1628180742", "411", "77"]
    assert table["recording"][1] == "411.parquet"
    assert list(table["spectrogram_id"]) == [7 * eeg for eeg in (1628180742, 411, 77)]
    assert set(table["missing"]) == {0}
    np.testing.assert_array_equal(trials.X[0], signals[1628180742][:19, 1200:11200])


def test_all_windows_with_enough_votes(made):
    folder, signals = made
    trials = HMS(path=folder, windows="all", min_votes=3).load()
    assert list(trials.metadata["onset"]) == [0, 6, 40, 0]
    np.testing.assert_array_equal(trials.X[2], signals[1628180742][:19, 8000:])


def test_soft_labels(made):
    trials = HMS(path=made[0], label="soft", windows="all", subjects=[42516]).load()
    assert trials.y.shape == (4, 6)
    np.testing.assert_allclose(trials.y[1], [0.1, 0.4, 0, 0, 0, 0.5])
    np.testing.assert_allclose(trials.y.sum(axis=1), 1)
    assert list(trials.metadata["consensus"]) == ["Seizure", "Other", "Seizure", "GRDA"]


def test_rate_and_filter(made):
    folder, signals = made
    trials = HMS(path=folder, target_sfreq=100.0, l_freq=1.0, h_freq=30.0, windows="all").load()
    assert trials.X.shape == (6, 19, 5000)
    assert trials.sfreq == 100
    wide = signals[411][:19].std()
    assert trials.X[3].std() < 0.7 * wide


@pytest.mark.parametrize("options", [{}, {"h_freq": 40.0}])
def test_missing_samples(made, write_eeg, options):
    folder, signals = made
    holed = signals[411].copy()
    holed[0, :100] = holed[3, 500:600] = holed[5] = np.nan
    write_eeg(folder / "train_eegs" / "411.parquet", holed)
    trials = HMS(path=folder, subjects=[42516], **options).load()
    assert np.isfinite(np.asarray(trials.X)).all()
    assert trials.metadata["missing"][1] == pytest.approx((100 + 100 + 10_000) / 190_000)
    assert (trials.X[1, 5] == 0).all()
    if not options:
        assert (trials.X[1, 0, :100] == holed[0, 100]).all()
        line = np.linspace(holed[3, 499], holed[3, 600], 102)[1:-1]
        np.testing.assert_allclose(trials.X[1, 3, 500:600], line, atol=1e-3)
    data = HMS(path=folder, subjects=[42516], missing="refuse", **options)
    with pytest.raises(ValueError, match=r"411\.parquet lacks samples \(5\.4 % of a window\)"):
        data.load()
    data.on_error = "skip"
    with pytest.warns(MissingDataWarning, match=r"411\.parquet lacks samples"):
        assert len(data.load()) == 1


def test_missing_files(made):
    folder, _ = made
    (folder / "train_eegs" / "411.parquet").unlink()
    with pytest.warns(MissingDataWarning, match="left out subject 42516 run 411"):
        assert len(HMS(path=folder).load()) == 2
    (folder / "train.csv").unlink()
    with pytest.raises(FileNotFoundError, match="none of the 1 recordings"):
        HMS(path=folder).load()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "votes"}, "label is 'votes'; expected one of 'hard', 'soft'"),
        ({"windows": "first"}, "windows is 'first'"),
        ({"missing": "drop"}, "missing is 'drop'"),
        ({"min_votes": 0}, "min_votes is 0"),
        ({"min_votes": 11}, "No window of these patients has 11 votes"),
        ({"subjects": [1]}, "has no 1; expected a sequence of different ones of 42516, 30539"),
        ({"subjects": []}, "subjects is empty"),
        ({"h_freq": 100.0}, "h_freq is 100 Hz; expected less than 100 Hz"),
        ({"target_sfreq": 0}, "target_sfreq is 0"),
    ],
)
def test_bad_options(made, options, message):
    with pytest.raises(ValueError, match=message):
        HMS(**{"path": made[0], **options}).load()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="lpd_vote"), "lacks the columns lpd_vote"),
        (lambda t: t[:0], "has no rows"),
        (lambda t: t.assign(gpd_vote="many"), "the column gpd_vote holds more than numbers"),
        (lambda t: t.assign(eeg_id=0.5), "the column eeg_id holds broken numbers"),
        (lambda t: t.assign(other_vote=-1), "not every row has votes"),
        (lambda t: t.assign(expert_consensus="GPDs"), "expert_consensus is GPDs"),
        (lambda t: t.assign(patient_id=range(len(t))), "is of several patients"),
        (lambda t: t.assign(eeg_label_offset_seconds=1e6), r"parquet lasts 90 s, but windows"),
        (lambda t: t.assign(eeg_label_offset_seconds=-1.0), r"parquet lasts 90 s, but windows"),
    ],
)
def test_broken_tables(made, change, message):
    path = made[0] / "train.csv"
    change(pd.read_csv(path)).to_csv(path, index=False)
    with pytest.raises(ValueError, match=message) as caught:
        HMS(path=made[0]).load()
    assert "train.csv" in str(caught.value) or "parquet" in message
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"train\.csv cannot be read as CSV"):
        HMS(path=made[0]).load()


def test_broken_recordings(made, write_eeg):
    folder, signals = made
    path = folder / "train_eegs" / "411.parquet"

    def refused(match):
        with pytest.raises(ValueError, match=r"411\.parquet " + match):
            HMS(path=folder, subjects=[42516]).load()

    names = [f"E{i}" for i in range(20)]
    write_eeg(path, signals[411], names=names)
    refused("cannot be read as .*it lacks the columns Fp1")
    write_eeg(path, signals[411][:, :9999])
    refused(r"lasts 49\.995 s")
    write_eeg(path, signals[411][:, :0])
    refused("cannot be read as .*no rows")
    write_eeg(path, signals[411].astype(str))
    refused("cannot be read as .*not numbers")
    write_eeg(path, signals[411].astype(np.float64) * 1e200)
    refused("holds values from -inf to inf")
    path.write_bytes(b"")
    refused("cannot be read as")


def test_integers_and_doubles_are_read_too(made, write_eeg):
    folder, signals = made
    for kind in (np.float64, np.int16):
        write_eeg(folder / "train_eegs" / "411.parquet", signals[411].astype(kind))
        trials = HMS(path=folder).load()
        np.testing.assert_allclose(trials.X[1], signals[411][:19].astype(kind), atol=1e-4)


def test_damaged_recordings(made, survives):
    folder, _ = made
    data = HMS(path=folder, subjects=[42516])
    recording = data.recordings()[1]
    survives(recording.path, lambda: data.read(recording), (19, 10_000), n=100)


def test_damaged_tables(made, survives):
    data = HMS(path=made[0], subjects=[42516])
    table = made[0] / "train.csv"

    def load():
        try:
            return data.load()
        except FileNotFoundError as error:  # the table names other recordings
            raise ValueError(table.name) from error
        except ValueError as error:
            # Another patient, or windows at another time, are what a changed digit leads to.
            if any(told in str(error) for told in ("has no 42516", "are labelled from")):
                raise ValueError(table.name) from error
            raise

    survives(table, load, (19, 10_000), quiet=MissingDataWarning)


def write_spectrogram(path, n_times=400):
    freqs = np.round(0.5859375 + 0.1953125 * np.arange(100), 2)
    rng = np.random.default_rng(3)
    columns = {"time": np.arange(n_times) * 2 + 1}
    for region in ("LL", "RL", "RP", "LP"):  # in this order, as published
        for freq in freqs:
            columns[f"{region}_{freq:g}"] = rng.random(n_times).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(columns)
    table.to_parquet(path, index=False)
    return table


def test_published_spectrograms(tmp_path):
    path = tmp_path / "train_spectrograms" / "353733.parquet"
    table = write_spectrogram(path)
    whole = read_spectrogram(path)
    assert whole.power.shape == (4, 100, 400)
    assert whole.power.dtype == np.float32
    assert whole.regions == ("LL", "RL", "LP", "RP")
    assert whole.freqs[0] == 0.59
    assert whole.freqs[-1] == 19.92
    np.testing.assert_array_equal(whole.power[3, 18], table["RP_4.1"])
    part = read_spectrogram(str(path), offset=8.0)
    assert part.power.shape == (4, 100, 300)
    assert part.times[0] == 9
    np.testing.assert_array_equal(part.power, whole.power[:, :, 4:304])
    assert read_spectrogram(path, 0, duration=50).power.shape == (4, 100, 25)
    with pytest.raises(ValueError, match=r"353733\.parquet reaches from 1 to 799 s; expected all"):
        read_spectrogram(path, offset=202.0)
    with pytest.raises(FileNotFoundError):
        read_spectrogram(tmp_path / "1.parquet")


def test_broken_spectrograms(tmp_path, damage, load_or_refuse):
    path = tmp_path / "5.parquet"
    table = write_spectrogram(path, 20)
    content = path.read_bytes()
    refused = 0
    for seed in range(80):
        path.write_bytes(damage(content, seed))
        spectrogram = load_or_refuse(lambda: read_spectrogram(path), path.name)
        assert spectrogram is None or spectrogram.power.ndim == 3
        refused += spectrogram is None
    assert refused > 10
    for change in (
        lambda t: t.drop(columns="time"),
        lambda t: t.drop(columns="LL_0.59"),
        lambda t: t[["time"]],
        lambda t: t.assign(time=0),
        lambda t: t[:0],
    ):
        change(table).to_parquet(path, index=False)
        with pytest.raises(ValueError, match=r"5\.parquet"):
            read_spectrogram(path)


def test_nothing_is_run_from_a_file(made):
    """An array of pickled objects in place of a converted recording."""
    folder, _ = made

    class Hostile:
        def __reduce__(self):
            return (os.mkdir, (str(folder / "was_run"),))

    path = folder / "train_eegs" / "411.npy"
    np.save(path, np.array([Hostile()], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"411\.npy is not what eegkit convert writes"):
        HMS(path=folder).load()
    assert not (folder / "was_run").exists()


def _header(**entries):
    text = repr({"descr": "<f4", "fortran_order": False, "shape": (20, 8)} | entries)
    return b"\x93NUMPY\x01\x00v\x00" + text.encode().ljust(117) + b"\n"


DATA = bytes(20 * 8 * 4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x93NUMPY",
        _header(),
        _header() + DATA[:-1],
        _header() + DATA + b"\0",
        _header(shape=(20, 0)),
        _header(shape=(20, 2**60)) + DATA,
        _header(shape=(20, -8)) + DATA,
        _header(shape=(8, 20)) + DATA,
        _header(shape=(20, 2, 4)) + DATA,
        _header(shape=(160,)) + DATA,
        _header(shape="20, 8") + DATA,
        _header(fortran_order=True) + DATA,
        _header(descr=">f4") + DATA,
        _header(descr="<i4") + DATA,
        _header(descr="<f8", shape=(20, 4)) + DATA,
        _header(descr="|O", shape=(20, 4)) + DATA,
        _header(descr=[("a", "<f4")]) + DATA,
        _header(more=1) + DATA,
        _header().replace(b"(20, 8)", b"__import__('os').mkdir('x')"[:7]) + DATA,
        b"\x93NUMPY\x01\x00v\x00" + b"(" * 117 + b"\n" + DATA,
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + _header()[10:] + DATA,
        b"PK\x03\x04" + DATA,
        b"\x80\x04N.",
    ],
)
def test_a_converted_recording_that_is_another_file(content, tmp_path):
    path = tmp_path / "5.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"5\.npy is not what eegkit convert writes"):
        read_eeg(path)


def test_a_converted_recording(tmp_path):
    path = tmp_path / "5.npy"
    path.write_bytes(_header() + DATA)
    signals = read_eeg(path)
    assert signals.shape == (20, 8)
    assert not signals.flags.writeable


def test_read_at_once_in_threads(made):
    folder, _ = made
    alone, together = (HMS(path=folder, windows="all", n_jobs=n).load() for n in (1, 4))
    np.testing.assert_array_equal(alone.X, together.X)
