"""Small BIDS data sets that MNE-BIDS writes."""

import shutil
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from eegkit import ParameterError, load_dataset
from eegkit.cli import main
from eegkit.datasets import MissingDataWarning, from_bids
from eegkit.kept_files import cached_files

mne_bids = pytest.importorskip("mne_bids")

NAMES = ["Fp1", "Cz", "Oz"]
EVENTS = [(1.0, "left"), (3.0, "right"), (5.0, "left"), (7.0, "rest")]


def write(root, subject, *, run="01", task="hand", names=NAMES, events=EVENTS, sfreq=100):
    rng = np.random.default_rng(int(subject))
    signals = rng.normal(0, 2e-5, (len(names), 10 * sfreq))
    info = mne.create_info(list(names), sfreq, "eeg")
    info["line_freq"] = 50
    raw = mne.io.RawArray(signals, info, verbose="error")
    onsets, texts = zip(*events, strict=True) if events else ((), ())
    raw.set_annotations(mne.Annotations(onsets, [1.0] * len(onsets), texts))
    path = mne_bids.BIDSPath(
        subject=subject, session="a", run=run, task=task, datatype="eeg", root=root
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        written = mne_bids.write_raw_bids(
            raw, path, format="BrainVision", allow_preload=True, overwrite=True, verbose="error"
        )
    return written.fpath, signals * 1e6


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    root = tmp_path_factory.mktemp("bids")
    for subject in ("01", "02"):
        for run in ("01", "02"):
            write(root, subject, run=run)
    people = pd.read_csv(root / "participants.tsv", sep="\t", keep_default_na=False)
    people.assign(group=["patient", "control"]).to_csv(
        root / "participants.tsv", sep="\t", index=False
    )
    return root


@pytest.fixture
def root(written, tmp_path):
    return shutil.copytree(written, tmp_path / "data")


def test_events_are_labels(written):
    signals = np.random.default_rng(1).normal(0, 2e-5, (3, 1000)) * 1e6
    trials = from_bids(written, events=["left", "right"], tmin=-0.5, tmax=1.0, n_jobs=2)
    assert trials.X.shape == (12, 3, 150)
    assert list(trials.y[:3]) == ["left", "right", "left"]
    np.testing.assert_allclose(trials.X[1], signals[:, 250:400], rtol=1e-4, atol=1e-3)
    first = trials.metadata.iloc[0].to_dict()
    assert first == {
        "subject": "01",
        "session": "a",
        "run": "01",
        "task": "hand",
        "recording": "sub-01_ses-a_task-hand_run-01_eeg.vhdr",
        "onset": 0.5,
    }
    assert trials.ch_names == NAMES
    assert set(from_bids(written, tmax=1).y) == {"left", "rest", "right"}
    named = from_bids(written, events={"left": 0, "right": 1}, tmax=1, window_s=0.5)
    assert named.y.dtype.kind == "i"
    assert len(named) == 24
    numbers = from_bids(written, event_column="value", tmax=1)
    assert set(numbers.y) == {"1", "2", "3"}


def test_people_are_labels(written):
    trials = from_bids(
        written, participant_column="group", window_s=2, overlap=0.5, target_sfreq=50
    )
    assert trials.X.shape == (36, 3, 100)
    assert set(zip(trials.y, trials.groups, strict=True)) == {("patient", "01"), ("control", "02")}


def test_some_of_all(root):
    write(root, "01", task="rest", events=[])
    options = {"events": ["left"], "tmax": 1}
    trials = from_bids(root, subjects=["01"], runs=["02"], sessions=["a"], task="hand", **options)
    assert set(trials.groups) == {"01"}
    assert set(trials.metadata["run"]) == {"02"}
    with pytest.warns(MissingDataWarning, match="left out sub-01_ses-a_task-rest.*no label"):
        assert len(from_bids(root, **options)) == 8
    with pytest.raises(ValueError, match=r"None of the 1 EEG recordings .* sought 'left' in"):
        from_bids(root, task="rest", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"subjects": ["03"]}, "has no subject '03'; it has 01, 02"),
        ({"subjects": "01"}, "subjects is '01'; expected a list of texts"),
        ({"runs": []}, r"runs is \[\]; expected"),
        ({"task": "foot"}, "has no task 'foot'; it has hand"),
        ({"events": ["up"]}, "has a label; sought 'up' in the column 'trial_type'"),
        ({"events": {}}, r"events is \{\}; expected a list of texts"),
        ({"event_column": "kind"}, r"events\.tsv has the columns onset.*; expected onset, kind"),
        ({"tmax": None}, "tmax None; expected the start and the end"),
        ({"tmin": 2}, "tmin is 2 and tmax 1"),
        ({"participant_column": "group"}, "set window_s=.* neither events= nor tmax="),
        (
            {"participant_column": "iq", "tmax": None, "window_s": 1},
            r"participants\.tsv has the col",
        ),
        ({"participant_column": "sex", "tmax": None, "window_s": 1}, "None of the 4 .*'sex'"),
        ({"channels": ["Pz"]}, r"The 4 recordings \(.*\) lack 1 of 1 channels .*: Pz.*Fp1, Cz, Oz"),
    ],
)
def test_what_is_refused(written, options, message):
    with pytest.raises(ValueError, match=message):
        from_bids(written, **{"tmax": 1} | options)


def test_spaces_around_texts_are_no_part_of_them(root):
    for path in [*root.rglob("*_events.tsv"), root / "participants.tsv"]:
        text = path.read_text(encoding="utf-8-sig")
        path.write_text(text.replace("left", " left ").replace("patient", "patient "))
    for events in (["left", "right"], {"left ": "left", "right": "right"}):
        assert set(from_bids(root, events=events, tmax=1).y) == {"left", "right"}
    people = from_bids(root, participant_column="group", window_s=5)
    assert set(people.y) == {"patient", "control"}


def test_other_folders(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder"):
        from_bids(tmp_path / "absent", tmax=1)
    (tmp_path / "anna.edf").write_bytes(b"0")
    told = "holds no EEG recording of BIDS; expected files such as .* are read by from_folder"
    for options in ({"tmax": 1}, {}, {"events": "left"}):  # ahead of what the options lack
        with pytest.raises(ValueError, match=told):
            from_bids(tmp_path, **options)
    run = CliRunner().invoke(main, ["describe", f"bids:{tmp_path}"])
    assert "holds no EEG recording of BIDS" in run.output


def test_events_at_the_edges_are_told(written):
    with pytest.warns(MissingDataWarning, match="left out 1 events of sub-01.*run-01.*lasts 10 s"):
        trials = from_bids(written, tmin=-2, tmax=1, subjects=["01"], runs=["01"])
    assert list(trials.y) == ["right", "left", "rest"]


def test_differing_channels_are_told(root):
    path, _ = write(root, "02", run="03", names=["Fp1", "Cz"])
    with pytest.raises(ValueError, match=rf"{path.name} lacks Oz"):
        from_bids(root, tmax=1)
    assert from_bids(root, tmax=1, channels="common").ch_names == ["Fp1", "Cz"]


def test_channels_of_other_types_are_left_out(root):
    for table in root.rglob("*_channels.tsv"):
        table.write_text(table.read_text().replace("Fp1\tEEG", "Fp1\tEOG"))
    assert from_bids(root, tmax=1).ch_names == ["Cz", "Oz"]


def test_kept_trials(root, monkeypatch):
    options = {"tmax": 1, "cache": root.parent / "kept"}
    first = from_bids(root, **options)
    with monkeypatch.context() as patch:
        patch.setattr(mne_bids, "read_raw_bids", None)
        np.testing.assert_array_equal(from_bids(root, **options).X, first.X)
    events = next(root.rglob("*_events.tsv"))
    events.write_text(events.read_text().replace("left", "up"))
    assert "up" in from_bids(root, **options).y
    assert len(cached_files(options["cache"])) == 2


def test_damaged_files_are_named(root):
    files = sorted(p for p in root.rglob("*sub-01*run-01*") if p.suffix != ".json")
    files.append(root / "participants.tsv")
    parts = {path: path.read_bytes() for path in files}
    rng = np.random.default_rng(0)
    n_loaded = n_refused = 0
    for i in range(60):
        for part, data in parts.items():
            part.write_bytes(data)
        part = files[i % len(files)]
        bad = bytearray(parts[part])
        for _ in range(1 + i % 3):
            bad[int(rng.integers(len(bad)))] ^= 1 << int(rng.integers(8))
        part.write_bytes(bad if i % 4 else bad[: int(rng.integers(len(bad)))])
        people = i % len(files) == len(files) - 1
        options = {"participant_column": "group", "window_s": 1} if people else {"tmax": 1}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingDataWarning)  # an event beyond the end, say
            try:
                trials = from_bids(root, subjects=["01"], runs=["01"], **options)
            except ValueError as error:
                n_refused += "sub-01" in str(error) or str(root) in str(error)
            else:
                assert np.isfinite(trials.X).all()
                n_loaded += 1
    assert n_loaded + n_refused == 60
    assert min(n_loaded, n_refused) > 5


def test_broken_recordings_are_skipped_if_asked(root):
    path = next(root.rglob("*sub-02*run-02*.vhdr"))
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=path.name):
        from_bids(root, tmax=1)
    with pytest.warns(MissingDataWarning, match=rf"left out .*{path.name} is no whole file"):
        assert len(from_bids(root, tmax=1, on_error="skip")) == 12


def test_without_mne_bids(monkeypatch, tmp_path):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install 'eegkit\[bids\]'"):
        from_bids(tmp_path, tmax=1)


def test_pauses_and_bad_pieces_of_events_and_of_the_file(tmp_path):
    path, _ = write(tmp_path, "01", events=[*EVENTS, (5.5, "BAD_jump")])
    markers = path.with_suffix(".vmrk")
    # MNE-BIDS puts events.tsv in place of these.
    markers.write_text(markers.read_text(encoding="utf-8") + "Mk9=New Segment,,351,1,0\n", "utf-8")
    options = {"events": ["left", "right"], "tmin": 0.0, "tmax": 1.0}
    with pytest.warns(MissingDataWarning, match=r"eeg\.vhdr: left out 2 of 3 windows .* at 3 s"):
        trials = from_bids(tmp_path, **options)
    assert list(trials.metadata["onset"]) == [1.0]
    with pytest.warns(MissingDataWarning, match="left out 1 of 3 windows"):
        assert list(from_bids(tmp_path, **options, on_bad="keep").metadata["onset"]) == [1.0, 5.0]
    with pytest.raises(ValueError, match="has 2 of 3 windows"):
        from_bids(tmp_path, **options, on_bad="raise")


def test_by_name(written, monkeypatch):
    monkeypatch.chdir(written.parent)
    options = {"events": ["left", "right"], "tmax": 1.0}
    expected = from_bids(written.name, subjects=["02"], **options)
    trials = load_dataset(f"bids:{written.name}", subjects=["02"], **options)
    np.testing.assert_array_equal(trials.X, expected.X)
    assert trials.source == expected.source
    assert trials.source.code == (
        f"load_dataset('bids:{written.name}', subjects=['02'], events=['left', 'right'], tmax=1.0)"
    )
    data = [f"bids:{written.name}", "--option", "tmax=1.0"]
    shown = CliRunner().invoke(main, ["describe", *data, "--subjects", "01"])
    assert shown.exit_code == 0, shown.output
    shown = CliRunner().invoke(main, ["describe", *data, "--subjects", "1"])
    assert "has no subject '1'; it has 01, 02." in shown.output
    shown = CliRunner().invoke(main, ["describe", data[0]])
    assert "expected the start and the end of a trial" in shown.output


def test_options_that_are_near_are_told(tmp_path):
    with pytest.raises(ParameterError, match="from_bids has no option 'lfreq'; did you mean 'l_"):
        from_bids(tmp_path, events=["left"], lfreq=1)
