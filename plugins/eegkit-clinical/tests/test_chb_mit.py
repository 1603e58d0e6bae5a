import numpy as np
import pytest
from eegkit_clinical import CHBMIT
from eegkit_clinical._chb_summary import read_summary, without

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning

# As most files have it: T8-P8 twice, and dummies between the groups of channels.
NAMES = [
    *CHBMIT.channels[:4], "-", *CHBMIT.channels[4:8], "-", *CHBMIT.channels[8:],
    "P7-T7", "T7-FT9", "FT9-FT10", "FT10-T8", "T8-P8", "ECG",
]  # fmt: skip
HEAD = """Data Sampling Rate: 256 Hz
*************************

Channels in EDF Files:
**********************
Channel 1: FP1-F7
Channel 2: F7-T7

"""
# In minutes: 12 s before, 3 s of horizon, 6 s after, background from 18 s on.
TIMES = {"preictal": 0.2, "horizon": 0.05, "postictal": 0.1, "distance": 0.3}
pytestmark = pytest.mark.filterwarnings("ignore::eegkit.datasets.MissingDataWarning")


def entry(name, seizures=(), numbered=False, clock=("13:43:04", "14:43:04")):
    lines = [f"File Name: {name}"]
    if clock:
        lines += [f"File Start Time: {clock[0]}", f"File End Time: {clock[1]}"]
    lines.append(f"Number of Seizures in File: {len(seizures)}")
    for i, (start, end) in enumerate(seizures, 1):
        number = f" {i}" if numbered else ""
        gap = " " * 12 if numbered else " "
        lines += [f"Seizure{number} Start Time:{gap}{start} seconds"]
        lines += [f"Seizure{number} End Time:{gap}{end} seconds"]
    return "\n".join(lines) + "\n\n"


@pytest.fixture
def write(write_edf, tmp_path):
    """Write a recording of a case; give its signals by channel."""

    def write(name, seconds=60, names=NAMES, start="06.11.7611.42.54", sfreq=256):
        case = name[:5]
        seed = [ord(letter) for letter in name]
        signals = np.random.default_rng(seed).normal(0, 30, (len(names), seconds * sfreq))
        write_edf(tmp_path / "chbmit" / case / name, names, signals, sfreq, start)
        return {channel: signals[i] for i, channel in reversed(list(enumerate(names)))}

    return write


@pytest.fixture
def summary(tmp_path):
    def summary(case, *entries, head=HEAD):
        path = tmp_path / "chbmit" / case / f"{case}-summary.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + "".join(entries))
        return path

    return summary


@pytest.fixture
def one(write, summary, tmp_path):
    signals = write("chb03_01.edf", 60)
    summary("chb03", entry("chb03_01.edf", [(40, 50)]))
    return tmp_path, signals


def test_states_and_samples(one):
    folder, signals = one
    trials = load_dataset("chb_mit", path=folder, subjects=[3], window_s=2.0, **TIMES)
    assert trials.X.shape == (5 + 6 + 11, 18, 512)
    assert trials.X.dtype == np.float32
    assert trials.ch_names == list(CHBMIT.channels)
    table = trials.metadata.assign(y=trials.y)
    onsets = {state: list(part["onset"]) for state, part in table.groupby("y")}
    assert onsets == {
        "background": list(range(0, 22, 2)),
        "pre_ictal": [25, 27, 29, 31, 33, 35],
        "seizure": [40, 42, 44, 46, 48],
    }
    assert set(table.loc[table["y"] != "background", "seizure"]) == {"chb03_01.edf:1"}
    assert set(table.loc[table["y"] == "background", "seizure"]) == {""}
    assert set(table["montage"]) == {"bipolar"}
    at = table.index[table["y"] == "seizure"][1]
    expected = [signals[name][42 * 256 : 44 * 256] for name in CHBMIT.channels]
    np.testing.assert_allclose(trials.X[at], expected, atol=0.5)


def test_overlap_and_a_part_of_states(one):
    folder, _ = one
    data = CHBMIT(path=folder, subjects=[3], states=["seizure"], overlap=0.5)
    assert list(data.load().metadata["onset"]) == [40, 42, 44, 46]


def test_other_channels_rate_and_filter(one):
    folder, _ = one
    data = CHBMIT(
        path=folder, subjects=[3], channels=["FT9-FT10", "FP1-T7"], target_sfreq=128.0, h_freq=30.0,
        states=["seizure"],
    )  # fmt: skip
    with pytest.raises(ValueError, match=r"chb03_01\.edf lacks 1 of 2 channels .*: FP1-T7"):
        data.load()
    data.channels = ["FT9-FT10", "T8-P8"]
    trials = data.load()
    assert trials.X.shape == (2, 2, 512)
    assert trials.sfreq == 128
    assert trials.ch_names == ["FT9-FT10", "T8-P8"]


def test_windows_are_drawn_the_same_every_time(one):
    folder, _ = one
    options = {"path": folder, "subjects": [3], "window_s": 1.0, "max_windows": 4, **TIMES}
    trials = CHBMIT(**options).load()
    counts = dict(zip(*np.unique(trials.y, return_counts=True), strict=True))
    assert counts == {"background": 4, "pre_ictal": 4, "seizure": 10}
    onsets = trials.metadata["onset"]
    assert list(onsets) == sorted(onsets)
    only = CHBMIT(**options, states=["background"]).load()
    assert list(only.metadata["onset"]) == list(onsets[trials.y == "background"])
    others = CHBMIT(**options, random_state=1).load().metadata["onset"]
    assert list(others) != list(onsets)


def test_time_before_and_after_reaches_into_other_files(write, summary, tmp_path):
    # The second file begins 5 s after the end of the first, past midnight.
    write("chb04_01.edf", 60, start="06.11.7623.59.00")
    write("chb04_02.edf", 30, start="07.11.7600.00.05")
    summary("chb04", entry("chb04_01.edf"), entry("chb04_02.edf", [(4, 8)]))
    trials = CHBMIT(path=tmp_path, subjects=[4], window_s=1.0, **TIMES).load()
    table = trials.metadata.assign(y=trials.y)
    # On the clock of the first file the seizure is from 69 to 73 s: pre-ictal from 54 to 66 s.
    first = table[table["recording"] == "chb04_01.edf"]
    assert list(first.query("y == 'pre_ictal'")["onset"]) == [54, 55, 56, 57, 58, 59]
    assert set(first.query("y == 'pre_ictal'")["seizure"]) == {"chb04_02.edf:1"}
    assert first.query("y == 'background'")["onset"].max() == 50
    second = table[table["recording"] == "chb04_02.edf"]
    assert list(second.query("y == 'pre_ictal'")["onset"]) == [0]
    assert list(second.query("y == 'background'")["onset"]) == [26, 27, 28, 29]


def test_files_without_a_date_are_seen_alone(write, summary, tmp_path):
    write("chb04_01.edf", 60, start="")
    write("chb04_02.edf", 30, start="07.11.7600.00.05")
    summary("chb04", entry("chb04_01.edf"), entry("chb04_02.edf", [(4, 8)]))
    trials = CHBMIT(path=tmp_path, subjects=[4], window_s=1.0, **TIMES).load()
    assert set(trials.y[trials.metadata["recording"] == "chb04_01.edf"]) == {"background"}


def test_pre_ictal_time_of_seizures_close_together(write, summary, tmp_path):
    write("chb05_01.edf", 100)
    summary("chb05", entry("chb05_01.edf", [(30, 34), (50, 54)], numbered=True))
    data = CHBMIT(path=tmp_path, subjects=[5], window_s=1.0, states=["pre_ictal"], **TIMES)
    table = data.load().metadata
    # The second seizure's would be from 35 to 47 s, but up to 40 s it is after the first.
    assert list(table["onset"]) == [*range(15, 27), *range(40, 47)]
    assert list(table["seizure"])[-1] == "chb05_01.edf:2"


def test_cases_1_and_21_are_one_person(write, summary, tmp_path):
    for name in ("chb01_03.edf", "chb21_01.edf", "chb02_16+.edf", "chb17a_03.edf"):
        write(name, 20)
        summary(name[:5], entry(name, [(4, 12)]))
    trials = CHBMIT(path=tmp_path, subjects=[1, 2, 17, 21]).load()
    table = trials.metadata.drop_duplicates("recording")
    assert list(table["subject"]) == ["chb01", "chb02", "chb17", "chb01"]
    assert list(table["session"]) == ["chb01", "chb02", "chb17", "chb21"]
    assert list(table["run"]) == ["03", "16+", "a_03", "01"]


@pytest.mark.parametrize("reference", ["-CS2", ""])
def test_one_reference_is_made_bipolar(write, summary, tmp_path, reference):
    pairs = [name.split("-") for name in CHBMIT.channels]
    electrodes = sorted({electrode for pair in pairs for electrode in pair})
    if not reference:  # as in chb12_28 and chb12_29
        electrodes[electrodes.index("O1")] = "01"
    names = [electrode + reference for electrode in electrodes]
    signals = write("chb12_27.edf", 20, names=[*names, "-", "-", "EKG1-CHIN"])
    summary("chb12", entry("chb12_27.edf", [(8, 12)]))
    trials = CHBMIT(path=tmp_path, subjects=[12], states=["seizure"]).load()
    o1 = "O1" if reference else "01"
    expected = signals["P3" + reference] - signals[o1 + reference]
    got = trials.X[0, CHBMIT.channels.index("P3-O1")]
    np.testing.assert_allclose(got, expected[8 * 256 : 12 * 256], atol=0.5)
    assert set(trials.metadata["montage"]) == {"derived"}


def test_a_file_that_the_summary_does_not_name(write, summary, tmp_path):
    write("chb24_02.edf", 12)
    summary("chb24", entry("chb24_01.edf", [(4, 8)], clock=None), head="")
    with pytest.warns(MissingDataWarning, match=r"left out subject 24 run 01"):
        trials = CHBMIT(path=tmp_path, subjects=[24]).load()
    assert list(trials.y) == ["background"] * 3
    (tmp_path / "chbmit" / "chb24" / "chb24_02.edf.seizures").write_bytes(b"\0")
    with pytest.raises(ValueError, match=r"chb24_02\.edf has seizures"):
        CHBMIT(path=tmp_path, subjects=[24]).load()


def test_recordings_without_what_is_wanted(write, summary, tmp_path):
    write("chb06_01.edf", 12)
    write("chb06_02.edf", 12, start="08.11.7611.42.54")
    summary("chb06", entry("chb06_01.edf"), entry("chb06_02.edf", [(2, 10)]))
    data = CHBMIT(path=tmp_path, subjects=[6], states=["seizure"], target_sfreq=64.0)
    trials = data.load()
    assert trials.X.shape == (2, 18, 256)
    assert set(trials.metadata["recording"]) == {"chb06_02.edf"}
    data.window_s = 9.0
    with pytest.raises(ValueError, match="none of the recordings has a window of seizure"):
        data.load()


def test_missing_files(one):
    folder, _ = one
    with pytest.warns(MissingDataWarning, match="left out subjects 1-2, 4-24"):
        CHBMIT(path=folder).load()
    with pytest.raises(FileNotFoundError):
        CHBMIT(path=folder, subjects=[4]).load()
    direct = CHBMIT(path=(folder / "chbmit").rename(folder / "copy"), subjects=[3])
    assert len(direct.load()) > 0


def test_kept_trials_follow_the_summary(one, tmp_path, summary):
    folder, _ = one
    data = CHBMIT(path=folder, subjects=[3], states=["seizure"], cache=tmp_path / "kept")
    assert len(data.load()) == len(data.load()) == 2
    summary("chb03", entry("chb03_01.edf", [(20, 50)]))
    assert len(data.load()) == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_s": 0.0}, "window_s is 0.0; expected a number above 0"),
        ({"window_s": "4"}, "window_s is '4'"),
        ({"overlap": 1}, "overlap is 1"),
        ({"states": ["ictal"]}, "has no 'ictal'; expected .* in states"),
        ({"preictal": 0}, "preictal is 0; expected a number above 0"),
        ({"postictal": -1}, "postictal is -1; expected a number of at least 0"),
        ({"distance": float("nan")}, "distance is nan"),
        ({"max_windows": 0}, "max_windows is 0"),
        ({"random_state": None}, "random_state is None"),
        ({"channels": ["FP1"]}, r"channels is \['FP1'\]; expected different bipolar"),
        ({"channels": "FP1-F7"}, "channels is 'FP1-F7'"),
        ({"subjects": [25]}, "no subject 25; expected .* from 1 to 24"),
        ({"h_freq": 128.0}, "h_freq is 128 Hz; expected less than 128 Hz"),
        ({"target_sfreq": 0.0}, "target_sfreq is 0.0"),
    ],
)
def test_bad_options(one, options, message):
    with pytest.raises(ValueError, match=message):
        CHBMIT(**{"path": one[0], "subjects": [3], **options}).load()


def test_summaries_as_published(summary):
    path = summary(
        "chb12",
        entry("chb12_06.edf", [(1665, 1726), (3415, 3447)], numbered=True),
        "Channels changed:\n*****\nChannel 1: F7-CS2\n\n",
        entry("chb12_08.edf", clock=("23:44:48", "24:44:51")),
        entry("chb12_09.edf", [(3082, 3114)], clock=("00:44:58", "1:44:58")),
        "File Name: chb12_10.edf\nNumber of Seizures in File: 1\n"
        "Seizure Start Time: 593 secs\nSeizure End Time: 625secs\n",
    )
    assert read_summary(path) == {
        "chb12_06.edf": [(1665, 1726), (3415, 3447)],
        "chb12_08.edf": [],
        "chb12_09.edf": [(3082, 3114)],
        "chb12_10.edf": [(593, 625)],
    }


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Start Time: 40", "Start Time: 60", "a seizure ends before it starts"),
        ("File: 1", "File: 2", r"tells 2 seizures and 2 times"),
        ("File: 1", "File: one", "the line 'Number of Seizures in File: one' cannot be"),
        ("Seizure Start", "Seizure Begin", "the line 'Seizure Begin Time: 40 seconds'"),
        ("Seizure End Time: 50 seconds", "", "tells 1 seizures and 1 times"),
        ("File Name: chb03_01.edf", "", "before it names a file"),
    ],
)
def test_broken_summaries(one, old, new, message):
    path = one[0] / "chbmit" / "chb03" / "chb03-summary.txt"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ValueError, match=r"chb03-summary\.txt.*" + message):
        CHBMIT(path=one[0], subjects=[3]).load()
    path.write_text("")
    with pytest.raises(ValueError, match=r"chb03-summary\.txt.*names no file"):
        CHBMIT(path=one[0], subjects=[3]).load()


def test_broken_cases_can_be_skipped(one, write, summary):
    folder, _ = one
    write("chb04_01.edf", 20)
    path = summary("chb04", entry("chb04_01.edf", [(4, 12)]))
    path.write_text(path.read_text().replace("Start Time: 4", "Start Time: x"))
    with pytest.warns(MissingDataWarning, match=r"chb04-summary\.txt .* \(broken\)"):
        trials = CHBMIT(path=folder, subjects=[3, 4], on_error="skip").load()
    assert set(trials.groups) == {"chb03"}


def test_another_rate_is_refused(write, summary, tmp_path):
    write("chb04_01.edf", 20, sfreq=200)
    summary("chb04", entry("chb04_01.edf", [(4, 12)]))
    with pytest.raises(ValueError, match=r"chb04_01\.edf is recorded at 200 Hz; expected 256"):
        CHBMIT(path=tmp_path, subjects=[4]).load()


def test_damaged_recordings(write, summary, tmp_path, survives):
    write("chb04_01.edf", 12)
    summary("chb04", entry("chb04_01.edf", [(4, 12)]))
    data = CHBMIT(path=tmp_path, subjects=[4], window_s=1.0, states=["seizure"])
    recording = data.recordings()[0]
    survives(recording.path, lambda: data.read(recording), (18, 256), n=120)


def test_damaged_summaries(one, survives):
    data = CHBMIT(path=one[0], subjects=[3], window_s=1.0, **TIMES)
    recording = data.recordings()[0]
    path = one[0] / "chbmit" / "chb03" / "chb03-summary.txt"
    survives(path, lambda: data.read(recording), (18, 256))


def test_without():
    assert without([(0, 5), (6, 9)], [(4, 7), (8, 8.5)]) == [(0, 4), (7, 8), (8.5, 9)]
    assert without([(0, 5)], [(-1, 6)]) == []
    assert without([(5, 5)], []) == []
