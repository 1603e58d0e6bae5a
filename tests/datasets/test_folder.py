"""Folders of recordings in every format, each written here byte by byte or by MNE."""

import importlib.util
import inspect
import shutil
import struct
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
from scipy.io import loadmat, savemat

from eegkit import ParameterError
from eegkit.datasets import MissingDataWarning, from_bids, from_folder
from eegkit.kept_files import cached_files

NAMES = ["Fp1", "Cz", "Oz"]
RATE = 100
NO_EEGLAB = pytest.mark.skipif(
    importlib.util.find_spec("pymatreader") is None, reason="pymatreader is not installed"
)
FORMATS = ["edf", "bdf", "gdf", "vhdr", pytest.param("set", marks=NO_EEGLAB), "fif"]


def _pad(values, width):
    return b"".join(str(value).ljust(width).encode("ascii")[:width] for value in values)


def write_bdf(path, names, signals, sfreq):
    n, n_records = len(names), signals.shape[1] // sfreq
    digital = np.round(signals * 10).astype("<i4").reshape(n, n_records, sfreq)
    header = b"\xffBIOSEMI" + b"X".ljust(80) + b"X".ljust(80) + b"01.01.1101.01.01"
    header += _pad([256 * (n + 1)], 8) + b"24BIT".ljust(44) + _pad([n_records, 1], 8)
    header += _pad([n], 4) + _pad(names, 16) + b" " * 80 * n + b"uV".ljust(8) * n
    header += _pad([-838860] * n + [838860] * n + [-8388600] * n + [8388600] * n, 8)
    header += b" " * 80 * n + _pad([sfreq] * n, 8) + b" " * 32 * n
    three = digital.transpose(1, 0, 2)[..., None].view("u1")[..., :3]
    path.write_bytes(header + three.tobytes())


def write_gdf(path, names, signals, sfreq):
    """GDF 2.20 of float32, in microvolts."""
    n, n_records = len(names), signals.shape[1] // sfreq
    fixed = bytearray(256)
    fixed[:8] = b"GDF 2.20"
    fixed[8:74] = b"X X".ljust(66)
    fixed[88:152] = b" " * 64
    fixed[155] = 1
    struct.pack_into("<H", fixed, 184, n + 1)
    struct.pack_into("<qII", fixed, 236, n_records, 1, 1)
    struct.pack_into("<H", fixed, 252, n)
    limits = [np.full(n, v, "<f8").tobytes() for v in (-1e4, 1e4, -1e4, 1e4)]
    header = bytes(fixed) + _pad(names, 16) + b" " * 86 * n + np.full(n, 4275, "<u2").tobytes()
    header += b"".join(limits) + bytes(68 * n) + np.zeros(3 * n, "<f4").tobytes()
    header += np.full(n, sfreq, "<i4").tobytes() + np.full(n, 16, "<i4").tobytes() + bytes(32 * n)
    data = signals.astype("<f4").reshape(n, n_records, sfreq).transpose(1, 0, 2)
    path.write_bytes(header + data.tobytes())


def write_vhdr(path, names, signals, sfreq):
    channels = "\n".join(f"Ch{i + 1}={name},,1,µV" for i, name in enumerate(names))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(names)}\n"
        f"SamplingInterval={1e6 / sfreq:g}\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n"
        f"[Channel Infos]\n{channels}\n",
        encoding="utf-8",
    )
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n",
        encoding="utf-8",
    )
    path.with_suffix(".eeg").write_bytes(signals.T.astype("<f4").tobytes())


def write_set(path, names, signals, sfreq, events=()):
    eeg = {
        "setname": "x",
        "nbchan": len(names),
        "trials": 1,
        "pnts": signals.shape[1],
        "srate": float(sfreq),
        "xmin": 0.0,
        "xmax": (signals.shape[1] - 1) / sfreq,
        "data": signals.astype("f4"),
        "chanlocs": np.array([(n, "") for n in names], dtype=[("labels", "O"), ("type", "O")]),
        "event": np.array(list(events), dtype=[("type", "O"), ("latency", "f8")]),
        "icawinv": [],
        "icaweights": [],
        "icasphere": [],
    }
    savemat(path, {"EEG": eeg}, appendmat=False)


def write_fif(path, names, signals, sfreq):
    raw = mne.io.RawArray(signals * 1e-6, mne.create_info(names, sfreq, "eeg"), verbose="error")
    raw.save(path, verbose="error", overwrite=True)


WRITERS = {
    "bdf": write_bdf,
    "gdf": write_gdf,
    "vhdr": write_vhdr,
    "set": write_set,
    "fif": write_fif,
}


@pytest.fixture
def write(write_edf):
    def write(path, names=NAMES, signals=None, sfreq=RATE, n_seconds=6):
        if signals is None:
            seed = sum(map(ord, path.name))
            signals = np.random.default_rng(seed).normal(0, 20, (len(names), n_seconds * sfreq))
        path.parent.mkdir(parents=True, exist_ok=True)
        WRITERS.get(path.suffix[1:], write_edf)(path, list(names), signals, sfreq)
        return signals

    return write


def table(*rows, columns=("file", "label", "subject")):
    return pd.DataFrame(list(rows), columns=list(columns))


BOTH = table(("a.edf", "rest", "anna"), ("b.edf", "task", "anna"))


@pytest.fixture
def folder(tmp_path, write):
    for name in ("a.edf", "b.edf"):
        write(tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format(tmp_path, write, suffix):
    signals = write(tmp_path / "deep" / f"a_raw.{suffix}")
    trials = from_folder(tmp_path, table((f"deep/a_raw.{suffix}", "rest", "anna")), window_s=2)
    assert trials.X.shape == (3, 3, 200)
    assert trials.ch_names == NAMES
    assert trials.sfreq == RATE
    joined = np.concatenate(list(np.asarray(trials.X)), axis=1)
    np.testing.assert_allclose(joined, signals, atol=0.06)
    assert list(trials.metadata["onset"]) == [0, 2, 4]
    # The template's positions, as these files have none.
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])


def test_pieces_of_files(folder, write):
    signals = write(folder / "a.edf")
    rows = table(
        ("a.edf", 1, "anna", 0.5, 1, 30),
        ("b.edf", 0, "bert", 0, 1, 40),
        ("a.edf", 0, "anna", 4, 1, 30),
        columns=("file", "label", "subject", "onset", "duration", "age"),
    )
    trials = from_folder(folder, rows, n_jobs=2)
    assert list(trials.y) == [1, 0, 0]
    assert list(trials.groups) == ["anna", "anna", "bert"]
    assert list(trials.metadata["age"]) == [30, 30, 40]
    assert list(trials.metadata["onset"]) == [0.5, 4, 0]
    assert list(trials.metadata["recording"]) == ["a.edf", "a.edf", "b.edf"]
    np.testing.assert_allclose(trials.X[0], signals[:, 50:150], atol=0.06)
    halves = from_folder(folder, rows, window_s=0.5, overlap=0.5)
    assert len(halves) == 9
    assert list(halves.metadata["onset"][:3]) == [0.5, 0.75, 1.0]


def test_what_was_done_does_not_say_that_a_rate_was_changed(folder):
    trials = from_folder(folder, BOTH, window_s=3)
    assert str(trials.preparation) == "no filter, at 100 Hz, windows of 3 s"
    assert "at 100 Hz" in trials._repr_html_()
    assert "resampled" not in trials._repr_html_()


def _against(folder, write, *references):
    """Trials of recordings whose labels name these references."""
    names = [f"{'abc'[i]}.edf" for i in range(len(references))]
    for name, reference in zip(names, references, strict=True):
        write(folder / name, [f"EEG {channel}{reference}" for channel in NAMES])
    return from_folder(folder, table(*((name, "rest", name) for name in names)), window_s=2)


def test_different_references_are_told(folder, write):
    told = r"Fp1 against different references: REF in 2 of them \(a\.edf\); linked ears in 1 of"
    with pytest.warns(UserWarning, match=told):
        trials = _against(folder, write, "-REF", "-REF", "-LE")
    assert trials.info["ch_names"] == NAMES


@pytest.mark.parametrize("references", [("-LE", "-A1+A2"), ("-REF", ""), ("", ""), ("-AVG", "-AR")])
def test_one_reference_under_several_names(folder, write, references):
    _against(folder, write, *references)


def test_a_computed_reference_beside_a_recorded_one(tmp_path):
    info = mne.create_info(NAMES, RATE, "eeg")
    signals = np.random.default_rng(0).normal(scale=1e-5, size=(3, 6 * RATE))
    raw = mne.io.RawArray(signals, info, verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    raw.set_eeg_reference("average", projection=False, verbose="error")
    raw.save(tmp_path / "b_raw.fif", verbose="error")
    rows = table(("a_raw.fif", "rest", "a"), ("b_raw.fif", "rest", "b"))
    with pytest.warns(UserWarning, match="that of the recording in 1 .* a computed one in 1 of"):
        from_folder(tmp_path, rows, window_s=2)


def test_a_table_in_a_file(folder):
    text = "file,label,subject,session,run\na.edf,None,01,1,02\nb.edf,task,01,1,03\n"
    tabs, semicolons = text.replace(",", "\t"), "\ufeff" + text.replace(",", ";")
    tables = (("t.csv", text), ("t.tsv", tabs), ("s.csv", semicolons), ("t.txt", tabs))
    for name, content in tables:
        (folder / name).write_text(content)
        trials = from_folder(folder, folder / name, window_s=3)
        assert list(trials.y) == ["None", "None", "task", "task"]
        assert set(trials.groups) == {"01"}
        assert list(trials.metadata["session"]) == ["1"] * 4
        assert list(trials.metadata["run"]) == ["02", "02", "03", "03"]


def test_runs_are_numbered_where_nobody_says(folder, write):
    write(folder / "c.edf")
    rows = pd.concat([BOTH, table(("c.edf", "rest", "bert"))])
    trials = from_folder(folder, rows, window_s=6)
    assert list(trials.metadata["run"]) == ["0", "1", "0"]
    assert list(trials.metadata["session"]) == ["0", "0", "0"]


def test_files_that_the_table_does_not_name_are_left_alone(folder):
    (folder / "b.edf").write_bytes(b"no recording")
    assert len(from_folder(folder, BOTH[:1], window_s=2)) == 3


def test_what_labels_call_no_scalp_eeg_is_left_out_and_named(tmp_path, write):
    names = ["EEG Fp1", "EEG Cz", "EEG A2-A1", "ECG ECG"]
    write(tmp_path / "a.edf", names)
    rows = table(("a.edf", "rest", "anna"))
    with pytest.warns(UserWarning, match="left out EEG A2-A1, ECG ECG, which .* by channels="):
        assert from_folder(tmp_path, rows, window_s=2).ch_names == ["Fp1", "Cz"]
    assert from_folder(tmp_path, rows, window_s=2, channels=names).ch_names == names


def test_absent_files(folder):
    rows = pd.concat([BOTH, table(("x/b.edf", "rest", "bert"), ("q.edf", "rest", "bert"))])
    with pytest.raises(ValueError, match=r"2 files .*x/b\.edf \(there is b\.edf\), q\.edf"):
        from_folder(folder, rows, window_s=2)
    with pytest.warns(MissingDataWarning, match=r"left out x/b\.edf, q\.edf \(not in the folder"):
        assert len(from_folder(folder, rows, window_s=2, on_error="skip")) == 6
    with pytest.raises(ValueError, match="names 1 file not in"):
        from_folder(folder, table(("c.edf", "rest", "a")), window_s=2, on_error="skip")
    with pytest.raises(ValueError, match=r"names a\.txt; expected files that end with \.edf"):
        from_folder(folder, table(("a.txt", "rest", "a")), window_s=2)
    with pytest.raises(FileNotFoundError, match="no folder"):
        from_folder(folder / "absent", BOTH, window_s=2)
    with pytest.raises(FileNotFoundError, match="no table"):
        from_folder(folder, folder / "absent.csv", window_s=2)


def test_differing_channels(folder, write):
    write(folder / "c.edf", ["Cz", "Fp1", "Pz"])
    rows = pd.concat([BOTH, table(("c.edf", "rest", "bert"))])
    with pytest.raises(ValueError, match=r"share all.*c\.edf lacks Oz and has Pz besides\. Name"):
        from_folder(folder, rows, window_s=2)
    common = from_folder(folder, rows, window_s=2, channels="common")
    assert common.ch_names == ["Fp1", "Cz"]
    chosen = from_folder(folder, rows, window_s=2, channels=["Cz", "Fp1"])
    assert chosen.ch_names == ["Cz", "Fp1"]
    np.testing.assert_array_equal(np.asarray(chosen.X)[:, ::-1], common.X)
    told = (
        r"not share these .*: 2 of 3 recordings \(a\.edf, b\.edf\) lack 1 of 2 channels that are "
        r"needed: Pz\. They have Fp1, Cz, Oz\. Name those to read"
    )
    with pytest.raises(ValueError, match=told):
        from_folder(folder, rows, window_s=2, channels=["Cz", "Pz"])
    told = r"lack 1 of 1 .*: C44\. They have .*c\.edf lacks 1 of 1 .*: C44\. It has Cz, Fp1, Pz\."
    with pytest.raises(ValueError, match=told):
        from_folder(folder, rows, window_s=2, channels=["C44"])
    told = (
        r"^The 2 recordings \(a\.edf, b\.edf\) lack 2 of 2 .*: Pz, P1.* They have Fp1, Cz, Oz\. N"
    )
    with pytest.raises(ValueError, match=told):
        from_folder(folder, BOTH, window_s=2, channels=["Pz", "P1"])
    with pytest.raises(
        ValueError, match=r"^\S+a\.edf lacks 1 of 1 .*: Pz.* It has Fp1, Cz, Oz\. N"
    ):
        from_folder(folder, BOTH[:1], window_s=2, channels=["Pz"])
    write(folder / "d.edf", ["Cz", "Fp1", "Pz"])
    told = r"2 of 4 recordings \(c\.edf, d\.edf\) lack Oz and have Pz besides\. Name"
    with pytest.raises(ValueError, match=told):
        from_folder(folder, pd.concat([BOTH, rows[2:], rows[2:].assign(file="d.edf")]), window_s=2)
    write(folder / "c.edf", ["P3", "P4"])
    with pytest.raises(ValueError, match="none in common"):
        from_folder(folder, rows, window_s=2, channels="common")
    # The same channels in another order are no difference.
    signals = write(folder / "c.edf", ["Oz", "Cz", "Fp1"])
    trials = from_folder(folder, rows, window_s=6)
    np.testing.assert_allclose(trials.X[2], signals[::-1], atol=0.06)


@NO_EEGLAB
@pytest.mark.parametrize("kind", ["boundary", "Boundary", -99])
def test_no_trial_stands_across_a_boundary_of_eeglab(tmp_path, kind):
    signals = np.random.default_rng(0).normal(0, 20, (3, 600))
    # Between the samples 300 and 301, as EEGLAB counts them.
    write_set(tmp_path / "a.set", NAMES, signals, RATE, [("cue", 100.0), (kind, 300.5)])
    rows = table(*[("a.set", "rest", "anna")] * 3).assign(onset=[1.0, 2.0, 3.0], duration=2.0)
    with pytest.warns(MissingDataWarning, match=r"a\.set: left out 1 of 3 .* the first at 2 s"):
        trials = from_folder(tmp_path, rows)
    assert list(trials.metadata["onset"]) == [1.0, 3.0]
    with pytest.raises(ValueError, match=r"a\.set has 1 of 3 windows"):
        from_folder(tmp_path, rows, on_bad="raise")


def test_samples_that_are_no_numbers_outside_of_the_labels(tmp_path, write):
    signals = np.random.default_rng(0).normal(0, 20, (3, 600))
    signals[1, :150] = np.nan
    write(tmp_path / "a_raw.fif", signals=signals)
    rows = table(("a_raw.fif", "rest", "anna")).assign(onset=2.0, duration=3.0)
    trials = from_folder(tmp_path, rows, l_freq=1.0, target_sfreq=50)
    assert np.isfinite(trials.X).all()
    with pytest.raises(ValueError, match=r"a_raw\.fif holds samples that are no finite .* in Cz"):
        from_folder(tmp_path, rows.assign(onset=1.0))


def test_differing_rates(folder, write):
    write(folder / "c.edf", sfreq=200)
    rows = pd.concat([BOTH, table(("c.edf", "rest", "bert"))])
    with pytest.raises(ValueError, match=r"at 100 Hz, but .*c\.edf at 200 Hz; set target_sfreq="):
        from_folder(folder, rows, window_s=2)
    trials = from_folder(folder, rows, window_s=2, target_sfreq=50, l_freq=1, h_freq=20)
    assert trials.X.shape == (9, 3, 100)


def test_other_kinds_of_channels(tmp_path, write):
    path = tmp_path / "a_raw.fif"
    info = mne.create_info(["EOG1", "Nose", "Cz"], 100, ["eog", "eeg", "eeg"])
    signals = np.random.default_rng(0).normal(0, 2e-5, (3, 400))
    raw = mne.io.RawArray(signals, info, verbose="error")
    own = mne.channels.make_dig_montage(
        {"Nose": [0, 0.1, 0], "Cz": [0, 0, 0.1]}, coord_frame="head"
    )
    raw.set_montage(own, verbose="error").save(path, verbose="error")
    rows = table(("a_raw.fif", "rest", "anna"))
    trials = from_folder(tmp_path, rows, window_s=4)
    assert trials.ch_names == ["Nose", "Cz"]
    np.testing.assert_allclose(trials.info["chs"][0]["loc"][:3], [0, 0.1, 0], atol=1e-6)
    trials = from_folder(tmp_path, rows, window_s=4, channels=["EOG1"], h_freq=30)
    assert trials.ch_names == ["EOG1"]
    raw.pick(["EOG1"]).save(path, verbose="error", overwrite=True)
    with pytest.raises(ValueError, match="has no EEG channel, but EOG1; name"):
        from_folder(tmp_path, rows, window_s=4)


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"label": None}, {"window_s": 2}, "has 2 rows and the columns file, subject; expected"),
        (
            {"subject": None, "label": None, "Subject": "S1", "condition": "a"},
            {"window_s": 2},
            "Column label is missing. Column subject is missing; did you mean 'Subject'?",
        ),
        (
            {"file": "a.edf", "start": [0, 2]},
            {"window_s": 2},
            r"a\.edf twice, .* There is no column onset; not used for it: 'start'\.",
        ),
        (
            {"length": [2, 2]},
            {},
            r"set window_s=.*There is no column duration; not used for it: 'length'\.",
        ),
        ({"Onset": [0, 2]}, {"window_s": 2}, "has a column 'Onset'; expected 'onset', or another"),
        ({"label": ["rest", None]}, {"window_s": 2}, "has no label in row 2"),
        (
            {"file": ["a.edf", "a.edf"]},
            {"window_s": 2},
            r"labels the same piece of a\.edf twice, in the rows 1, 2 after the header, with the "
            r"labels 'rest', 'task'\. Keep the one that is right, or give their pieces by onset",
        ),
        (
            {"file": ["a.edf", "a.edf"], "label": "rest", "onset": [np.nan, 0]},
            {"window_s": 2},
            r"twice, in the rows 1, 2 after the header, each time as 'rest'\. Keep one of them\.",
        ),
        (
            {"label": ["rest", "REST "]},
            {"window_s": 2},
            r"the labels 'rest' \(row 1 after the header\) and 'REST' \(row 2 .* write them alike",
        ),
        ({"subject": ["anna", " "]}, {"window_s": 2}, "has no subject in row 2"),
        ({"dataset": "x", "subject": ["1", "2"], "label": [0, "a "]}, {}, "set window_s="),
        ({"onset": [0, "x"]}, {"window_s": 2}, "has onset 'x' in row 2"),
        ({"onset": [-1, 0]}, {"window_s": 2}, "has onset '-1' in row 1"),
        ({"duration": [0, 2]}, {"window_s": 2}, "has duration '0' in row 1"),
        ({"recording": "x"}, {"window_s": 2}, "column 'recording'"),
        ({}, {}, "does not give all rows one duration; set window_s="),
        ({"duration": [1, 2]}, {}, "does not give all rows one duration"),
        ({}, {"window_s": 0}, "window_s is 0"),
        ({}, {"window_s": 2, "overlap": 1}, "overlap is 1"),
        ({}, {"window_s": 7}, r"a\.edf: the segment at 0 s lasts 6 s, less than one window of 7 s"),
        ({"onset": [0, 7]}, {"window_s": 2}, r"b\.edf lasts 6 s, but a label is given from 7 s\."),
        ({"duration": [2, 9]}, {"window_s": 2}, r"b\.edf lasts 6 s, but .* from 0 s to 9 s"),
        (
            {},
            {"window_s": 2, "channels": "Cz"},
            "channels is 'Cz'; expected a list of texts that differ, with at least one entry",
        ),
        ({}, {"window_s": 2, "channels": ["Cz", "Cz"]}, "expected a list of texts that differ"),
        (
            {},
            {"window_s": 2, "h_freq": 60},
            r"h_freq is 60 Hz; expected less than 50 Hz, half the rate of .*a\.edf",
        ),
        ({}, {"window_s": 2, "on_error": "x"}, "on_error is 'x'"),
        (
            {},
            {"window_s": 2, "subjects": ["p1"]},
            r"subjects names 'p1', but the table has anna\.",
        ),
        ({}, {"window_s": 2, "subjects": "anna"}, "subjects is 'anna'; expected a list"),
        ({}, {"window_s": 2, "subjects": []}, r"subjects is \[\]; expected a list"),
    ],
)
def test_what_is_refused(folder, change, options, message):
    rows = BOTH.assign(**change)
    with pytest.raises(ValueError, match=message):
        from_folder(folder, rows[[c for c in rows if not rows[c].isna().all()]], **options)


def test_spaces_around_texts_are_no_part_of_them(folder):
    rows = [
        ("a.edf", " rest", "anna", 0),
        (" a.edf ", "rest ", "anna ", 2),
        ("b.edf", "task", "b", 0),
    ]
    rows = table(*rows, columns=("file", "label ", "subject", "onset")).assign(
        duration=2, group="x "
    )
    rows.to_csv(folder / "t.csv", sep=";", index=False)
    for given in (rows, folder / "t.csv"):
        trials = from_folder(folder, given, subjects=["anna ", "b"])
        assert list(trials.y) == ["rest", "rest", "task"]
        assert list(trials.groups) == ["anna", "anna", "b"]
        assert set(trials.metadata["group"]) == {"x"}
    (folder / "t.csv").write_text("file, label , subject \na.edf, 1, 01\nb.edf , 2 ,02 \n")
    trials = from_folder(folder, folder / "t.csv", window_s=6)
    assert (list(trials.y), list(trials.groups)) == ([1, 2], ["01", "02"])
    (folder / "a.edf").rename(folder / " a.edf")
    assert from_folder(folder, folder / "t.csv", window_s=6).metadata["recording"][0] == " a.edf"


def test_one_person_under_two_names_is_told(folder):
    told = r"under two names, .* 'anna' \(row 1 after the header\) and 'Anna' \(row 2 after"
    with pytest.warns(UserWarning, match=told):
        trials = from_folder(folder, BOTH.assign(subject=["anna", "Anna"]), window_s=2)
    assert list(dict.fromkeys(trials.groups)) == ["anna", "Anna"]
    two_sets = BOTH.assign(subject=["anna", "Anna"], dataset=["x", "y"])
    assert len(from_folder(folder, two_sets, window_s=2)) == 6


def pieces(*rows, label=("rest", "task")):
    rows = table(*rows, columns=("onset", "duration"))
    return rows.assign(file="a.edf", subject="anna", label=np.resize(label, len(rows)))


@pytest.mark.parametrize("duration", [4.0, np.nan])
def test_pieces_that_overlap_and_have_different_labels_are_told(folder, duration):
    rows = pd.concat([pieces((2, 4), (0, 2)), pieces((1, duration), label=["rest"])])
    until = "5 s" if duration == 4 else "the end"
    told = (
        r"has 2 rows whose piece overlaps that of a row with another label, .* the first: a\.edf, "
        rf"row 2 after the header \(task, 0 s to 2 s\) and row 3 .*\(rest, 1 s to {until}\)"
    )
    rows["label"] = ["new", "task", "rest"]
    with pytest.warns(UserWarning, match=told):
        from_folder(folder, rows, window_s=1)


@pytest.mark.parametrize(
    ("rows", "options"),
    [
        (pieces((0, 4), (2, 4), label=["rest"]), {"window_s": 1}),
        (pieces((0, 2), (2, 2)), {"window_s": 1, "overlap": 0.5}),
        (pieces((0, 0.335), (0.33, 1)), {"window_s": 0.2}),  # rounded
        (pieces((0, 1), (0.5, 1), (1, 1)), {}),  # events, each a trial
        (pieces((0, 1), (0.5, 1), (1, 1)), {"window_s": 1}),
        (pieces((0.2, 5.5), (0, 5.5), (0.4, 5.5), label=["rest", "rest", "task"]), {}),  # windows
        (pieces((0, 4), (0, 4)).assign(file=["a.edf", "b.edf"]), {"window_s": 1}),
    ],
)
def test_what_overlaps_as_it_is_meant_to(folder, rows, options):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from_folder(folder, rows, **options)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"t\.csv is empty; expected a table, with the names of its columns"),
        (b"\n \n", r"t\.csv is empty|has 0 rows"),
        (b"\xff\xfe\x00", r"t\.csv is no text in UTF-8; save the table as CSV \(UTF-8\)"),
        ("file,label,subject\na.edf,rest,Ren\xe9".encode("latin-1"), r"t\.csv is no text in UTF-8"),
        (b"PK\x03\x04 and so on", r"t\.csv is a workbook, .* save its sheet as CSV"),
        (b'file,label\n"a\n', r"t\.csv cannot be read as a table"),
        (b"file|label|subject\na|b|c\n", r"t\.csv has 1 row and the columns file\|label\|subject"),
        (
            b"file,label,subject\na.edf,rest,anna\nb.edf,rest, eyes, closed,anna\n",
            r"t\.csv cannot .*: line 3 has 5 cells, and those before it 3; put text",
        ),
        (b"file,label,subject,label \na,b,c,d\n", "several columns are called 'label'"),
    ],
)
def test_tables_that_are_none(folder, content, message):
    (folder / "t.csv").write_bytes(content)
    with pytest.raises(ValueError, match=message):
        from_folder(folder, folder / "t.csv", window_s=2)


def test_what_is_no_table_and_no_folder(folder):
    rows = [{"file": "a.edf", "label": "rest", "subject": "anna"}]
    with pytest.raises(
        ValueError, match=r"labels is a list; expected the path .*DataFrame\(rows\)"
    ):
        from_folder(folder, rows, window_s=2)
    with pytest.raises(ValueError, match=r"The folder is \['a'\]; expected the path of one"):
        from_folder(["a"], BOTH, window_s=2)
    with pytest.raises(ValueError, match="several columns are called 'label'; keep one"):
        from_folder(folder, BOTH.assign(**{"label ": "x"}), window_s=2)


def test_kept_trials(folder, write, monkeypatch):
    for name in ("c.vhdr", "d.vhdr"):
        write(folder / name)
    rows = table(("c.vhdr", "rest", "anna"), ("d.vhdr", "task", "bert"))
    options = {"window_s": 2, "cache": folder / "kept", "progress": True}
    first = from_folder(folder, rows, **options)
    assert len(cached_files(folder / "kept")) == 1
    with monkeypatch.context() as patch:
        patch.setattr(mne.io, "read_raw_brainvision", None)
        second = from_folder(folder, rows, **options)
    np.testing.assert_array_equal(first.X, second.X)
    assert first.metadata.equals(second.metadata)
    # The signals of BrainVision lie beside the file that is named.
    write(folder / "d.vhdr", signals=np.ones((3, 600)))
    assert np.asarray(from_folder(folder, rows, **options).X)[-1].max() == 1
    from_folder(folder, rows.assign(label=["task", "rest"]), **options)
    assert len(cached_files(folder / "kept")) == 3


def split_fif(folder, signals):
    """A recording in two files, with data that the second one holds, too."""
    info = mne.create_info(NAMES, RATE, "eeg")
    raw = mne.io.RawArray(np.tile(signals, 300) * 1e-6, info, verbose="error")
    raw.save(folder / "x_raw.fif", split_size="2MB", overwrite=True, verbose="error")
    assert len(list(folder.glob("x_raw*.fif"))) > 1
    return "x_raw.fif"


def other_stem(folder, signals, text="DataFile=c.eeg", new="DataFile=signals.dat"):
    write_vhdr(folder / "c.vhdr", NAMES, signals, RATE)
    (folder / "c.eeg").rename(folder / new.partition("=")[2])
    header = folder / "c.vhdr"
    header.write_text(header.read_text("utf-8").replace(text, new), "utf-8")
    return "c.vhdr"


def data_elsewhere(folder, signals):
    (folder / "data").mkdir(exist_ok=True)
    return other_stem(folder, signals, new="DataFile=data/signals.eeg")


def set_and_fdt(folder, signals):
    write_set(folder / "e.set", NAMES, signals, RATE)
    signals.T.astype("<f4").tofile(folder / "other.fdt")
    eeg = loadmat(folder / "e.set", simplify_cells=True)["EEG"]
    savemat(folder / "e.set", {"EEG": eeg | {"data": "other.fdt"}}, appendmat=False)
    return "e.set"


@pytest.mark.filterwarnings("ignore:.*not in the table")
@pytest.mark.parametrize(
    "write_parts",
    [other_stem, data_elsewhere, pytest.param(set_and_fdt, marks=NO_EEGLAB)],
)
def test_signals_in_a_file_of_another_name_are_read_again(tmp_path, write_parts):
    signals = np.random.default_rng(0).normal(0, 20, (3, 600))
    name = write_parts(tmp_path, signals)
    rows, options = table((name, "rest", "anna")), {"window_s": 2, "cache": tmp_path / "kept"}
    from_folder(tmp_path, rows, **options)
    first, again = (np.array(from_folder(tmp_path, rows, **options).X) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    (tmp_path / "new").mkdir()
    write_parts(tmp_path / "new", 2 * signals)
    for part in [path for path in (tmp_path / "new").rglob("*") if path.is_file()]:
        if part.name != name:  # the file that is named is left alone
            shutil.copy(part, tmp_path / part.relative_to(tmp_path / "new"))
    shutil.rmtree(tmp_path / "new")
    kept = np.array(from_folder(tmp_path, rows, **options).X)
    np.testing.assert_array_equal(kept, np.array(from_folder(tmp_path, rows, window_s=2).X))
    assert kept.std() > 1.5 * first.std()


@pytest.mark.filterwarnings("ignore:.*not in the table")
def test_a_part_of_a_split_recording_that_changed_alone_is_read_again(tmp_path):
    rows = table((split_fif(tmp_path, np.ones((3, 600))), "rest", "anna"))
    options = {"window_s": 2, "cache": tmp_path / "kept"}
    first = np.array(from_folder(tmp_path, rows, **options).X)
    part = tmp_path / "x_raw-1.fif"
    content = part.read_bytes()
    samples = np.array([1e-6], ">f4").tobytes()
    assert samples * 100 in content
    part.write_bytes(content.replace(samples * 100, np.array([2e-6], ">f4").tobytes() * 100))
    again = np.array(from_folder(tmp_path, rows, **options).X)
    assert first.max() == pytest.approx(1)
    assert again.max() == pytest.approx(2)


def test_dates_in_the_table_and_trials_that_cannot_be_kept(folder):
    rows = BOTH.assign(recorded=pd.Timestamp("2024-05-01"))
    options = {"window_s": 2, "cache": folder / "kept"}
    first, again = (from_folder(folder, rows, **options) for _ in range(2))
    assert again.metadata["recorded"].dtype == first.metadata["recorded"].dtype
    assert (again.metadata["recorded"] == pd.Timestamp("2024-05-01")).all()
    rows["recorded"] = pd.Series([{"May"}, {"June"}], dtype=object)
    with pytest.warns(UserWarning, match="could not be kept in .* what JSON cannot"):
        trials = from_folder(folder, rows, **options)
    assert trials.metadata["recorded"].iloc[0] == {"May"}


def test_times_in_the_table_as_timedeltas_and_as_dates(folder):
    rows = BOTH.assign(onset=pd.to_timedelta(["1s", "2s"]), duration=pd.to_timedelta("2s"))
    trials = from_folder(folder, rows)
    assert list(trials.metadata["onset"]) == [1.0, 2.0]
    rows = rows.assign(onset=pd.Timestamp("2024-05-01"))
    with pytest.raises(ValueError, match="has dates in the column onset; expected seconds"):
        from_folder(folder, rows)
    with pytest.raises(ValueError, match="has dates in the column onset"):
        from_folder(folder, rows.assign(onset=rows["onset"].astype(object)))


def test_one_file_whatever_its_name_is_made_of(folder, write):
    decomposed = "Rene\u0301e.edf"
    signals = write(folder / decomposed)
    (folder / "a.edf").unlink()
    (folder / "b.edf").unlink()
    files = ["Ren\u00e9e.edf", decomposed, f"./{decomposed}", f"x/../{decomposed}"]
    rows = pd.DataFrame({"file": files, "label": ["a", "b"] * 2, "subject": "r"})
    rows = rows.assign(onset=np.arange(4.0), duration=2.0)
    trials = from_folder(folder, rows)
    assert set(trials.metadata["recording"]) == {decomposed}
    assert set(trials.metadata["run"]) == {"0"}
    np.testing.assert_allclose(trials.X[3], signals[:, 300:500], atol=0.06)
    write(folder / "Ren\u00e9e.edf")  # where both are there, each is itself
    two = from_folder(folder, rows[:2])
    assert list(two.metadata["recording"]) == files[:2]


def test_broken_files_are_skipped_if_asked(folder):
    path = folder / "b.edf"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(ValueError, match=r"b\.edf is cut short: it has \d+ bytes, but its header"):
        from_folder(folder, BOTH, window_s=2)
    with pytest.warns(MissingDataWarning, match=r"left out .*b\.edf is cut short.*\(broken\)"):
        trials = from_folder(folder, BOTH, window_s=2, on_error="skip")
    assert set(trials.y) == {"rest"}
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"b\.edf is no whole file of its format"):
        from_folder(folder, BOTH, window_s=2)


@pytest.mark.parametrize("suffix", ["edf", "bdf", "gdf", "fif"])
def test_files_cut_short_are_never_read(tmp_path, write, suffix):
    path = tmp_path / f"a_raw.{suffix}"
    write(path, n_seconds=30)
    good = path.read_bytes()
    for left in np.random.default_rng(0).integers(0, len(good) - 1, 20):
        path.write_bytes(good[:left])
        with pytest.raises(ValueError, match=rf"a_raw\.{suffix}"):
            from_folder(tmp_path, table((path.name, "rest", "anna")), window_s=2)


@pytest.mark.parametrize("suffix", FORMATS)
def test_damaged_files_are_named(tmp_path, write, suffix):
    path = tmp_path / f"a_raw.{suffix}"
    write(path)
    rng = np.random.default_rng(1)
    parts = {p: p.read_bytes() for p in tmp_path.iterdir()}
    n_loaded = n_refused = 0
    for i in range(60):
        for part, data in parts.items():
            part.write_bytes(data)
        part = list(parts)[i % len(parts)]
        bad = bytearray(parts[part])
        for _ in range(1 + i % 3):
            at = int(rng.integers(min(len(bad), 1500) if i % 4 else len(bad)))
            bad[at] ^= 1 << int(rng.integers(8))
        part.write_bytes(bad if i % 5 else bad[: int(rng.integers(len(bad)))])
        try:
            trials = from_folder(tmp_path, table((path.name, "rest", "anna")), window_s=0.5)
        except ValueError as error:
            n_refused += path.name in str(error)
        else:
            assert np.isfinite(trials.X).all()
            n_loaded += 1
    assert n_loaded + n_refused == 60
    assert min(n_loaded, n_refused) > 5


def test_eeglab_files_need_pymatreader(tmp_path, write, monkeypatch):
    write(tmp_path / "a.set")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'eegkit\[eeglab\]'"):
        from_folder(tmp_path, table(("a.set", "rest", "anna")), window_s=2)


def test_nothing_else_is_told(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        from_folder(folder, BOTH, window_s=2, target_sfreq=64)


@pytest.mark.parametrize("load", [from_folder, from_bids])
def test_help_shows_every_option_with_its_default(load):
    shown = inspect.signature(load).parameters
    assert shown["overlap"].default == 0.0
    assert shown["channels"].annotation.startswith("Sequence[str]")
    assert "options" not in shown


def test_options_that_are_near_are_told(tmp_path):
    with pytest.raises(ParameterError, match="from_folder has no option 'lfreq'; did you mean 'l_"):
        from_folder(tmp_path, tmp_path / "labels.csv", lfreq=1)


def test_how_many_rows_repeat_others_is_told(folder):
    rows = pieces((0, 1), (1, 1), (0, 1), (1, 1), (0, 1), label=["rest"])
    told = r"a\.edf 3 times, in the rows 1, 3, 5 after the header, each .* 1 more row repeats other"
    with pytest.raises(ValueError, match=told):
        from_folder(folder, rows)
