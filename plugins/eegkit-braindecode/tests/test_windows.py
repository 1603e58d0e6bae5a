"""There and back, and from what braindecode itself makes."""

import mne
import numpy as np
import pandas as pd
import pytest
from braindecode.datasets import BaseConcatDataset, RawDataset, WindowsDataset
from braindecode.preprocessing import create_fixed_length_windows, create_windows_from_events
from eegkit_braindecode import from_braindecode, to_braindecode

from eegkit import load_dataset


@pytest.fixture(scope="module")
def trials():
    made = load_dataset("simulated", n_subjects=2, n_trials=6, channels=["C3", "Cz", "Pz"])
    made.metadata["age"] = np.arange(len(made))
    return made


def record(subject="anna", names=("C3", "Cz"), sfreq=100, scale=2e-5, kinds="eeg"):
    rng = np.random.default_rng(0)
    raw = mne.io.RawArray(
        rng.normal(0, scale, (len(names), 10 * sfreq)),
        mne.create_info(list(names), sfreq, kinds),
        verbose="error",
    )
    raw.set_annotations(mne.Annotations([1, 4, 7], [2, 2, 2], ["left", "right", "left"]))
    return RawDataset(raw, {"subject": subject, "age": 30})


def cut(*recordings):
    return create_windows_from_events(
        BaseConcatDataset(list(recordings)),
        window_size_samples=100,
        window_stride_samples=100,
        preload=False,
        mapping={"left": 0, "right": 1},
    )


def test_there_and_back(trials):
    windows = to_braindecode(trials)
    assert isinstance(windows, BaseConcatDataset)
    assert all(isinstance(one, WindowsDataset) for one in windows.datasets)
    assert len(windows) == len(trials)
    X, y, _ = windows[0]
    np.testing.assert_allclose(X * 1e6, trials.X[0], rtol=1e-6)
    assert y == list(np.unique(trials.y)).index(trials.y[0])
    assert set(windows.split("subject")) == set(trials.groups)
    again = from_braindecode(windows, target="label")
    np.testing.assert_allclose(again.X, trials.X, rtol=1e-6)
    np.testing.assert_array_equal(again.y, trials.y)
    for column in trials.metadata:
        assert list(again.metadata[column]) == list(trials.metadata[column])
    assert again.ch_names == trials.ch_names
    assert again.sfreq == trials.sfreq
    np.testing.assert_array_equal(again.info["chs"][0]["loc"][:3], trials.info["chs"][0]["loc"][:3])
    assert set(from_braindecode(windows).y) == {0, 1}


def test_trials_of_mixed_people_are_sorted_by_recording(trials):
    order = np.random.default_rng(0).permutation(len(trials))
    mixed = trials[order]
    again = from_braindecode(to_braindecode(mixed), target="label")
    place = np.argsort(again.metadata["age"].to_numpy())
    np.testing.assert_allclose(np.asarray(again.X)[place], trials.X, rtol=1e-6)
    np.testing.assert_array_equal(again.groups[place], trials.groups)


def test_windows_of_raw_recordings():
    recordings = record("anna"), record("bert")
    made = from_braindecode(cut(*recordings))
    assert made.X.shape == (12, 2, 100)
    np.testing.assert_allclose(made.X[0], recordings[0].raw.get_data()[:, 100:200] * 1e6, rtol=1e-6)
    assert list(made.y[:6]) == [0, 0, 1, 1, 0, 0]
    assert list(made.groups) == ["anna"] * 6 + ["bert"] * 6
    assert set(made.metadata["age"]) == {30}
    assert set(made.metadata["session"]) == {"0"}
    assert "i_start_in_trial" in made.metadata
    one = from_braindecode(cut(*recordings).datasets[1])
    np.testing.assert_array_equal(one.X, np.asarray(made.X)[6:])


def test_windows_of_one_length_with_a_target_of_the_recording():
    recordings = [record("anna"), record("bert")]
    for recording, pathological in zip(recordings, (True, False), strict=True):
        recording.set_description({"pathological": pathological})
        recording.target_name = "pathological"
    windows = create_fixed_length_windows(
        BaseConcatDataset(recordings),
        window_size_samples=200,
        window_stride_samples=200,
        drop_last_window=True,
    )
    made = from_braindecode(windows)
    assert made.X.shape == (10, 2, 200)
    assert list(made.y.astype(int)) == [1] * 5 + [0] * 5


def test_only_eeg_channels(trials):
    windows = cut(record(names=("C3", "EOG", "Cz"), kinds=["eeg", "eog", "eeg"]))
    assert from_braindecode(windows).ch_names == ["C3", "Cz"]
    with pytest.raises(ValueError, match="has no EEG channel, but channels of eog"):
        from_braindecode(cut(record(kinds="eog")))


def test_the_unit():
    windows = cut(record(scale=20.0))
    with pytest.raises(ValueError, match=r"vary by .* V, which no EEG does; pass unit='uV'"):
        from_braindecode(windows)
    made = from_braindecode(windows, unit="uV")
    assert 10 < np.asarray(made.X).std() < 30
    with pytest.raises(ValueError, match="unit is 'mV'"):
        from_braindecode(windows, unit="mV")


def test_transforms_are_applied():
    windows = cut(record())
    plain = from_braindecode(windows)
    windows.transform = lambda X: -X
    np.testing.assert_array_equal(from_braindecode(windows).X, -np.asarray(plain.X))
    windows.transform = lambda X: X[:1]
    with pytest.raises(ValueError, match=r"shape \(1, 100\); expected one shape, \(2, n_times\)"):
        from_braindecode(windows)


def test_who_is_it():
    windows = cut(record(None), record("bert"))
    with pytest.raises(ValueError, match="do not say whose they are"):
        from_braindecode(windows)
    assert set(from_braindecode(windows, subject="carl").groups) == {"carl"}


def test_what_is_refused(trials):
    with pytest.raises(ValueError, match="Recording 0 is a RawDataset without windows; cut it"):
        from_braindecode(BaseConcatDataset([record()]))
    with pytest.raises(ValueError, match=r"no labels in a column 'age' .*target; set target="):
        from_braindecode(cut(record()), target="age")
    with pytest.raises(ValueError, match=r"Recording 1 has the channels .*Pz.*, but recording 0"):
        from_braindecode(cut(record(), record(names=("C3", "Pz"))))
    with pytest.raises(ValueError, match=r"Recording 1 has the rate 50"):
        from_braindecode(cut(record(), record(sfreq=50)))
    longer = create_fixed_length_windows(
        BaseConcatDataset([record()]),
        window_size_samples=300,
        window_stride_samples=300,
        drop_last_window=False,
    )
    both = BaseConcatDataset([*cut(record()).datasets, *longer.datasets])
    with pytest.raises(ValueError, match="Recording 1 has the number of samples 300"):
        from_braindecode(both)
    soft = trials[:4]
    soft.y = np.eye(4)
    with pytest.raises(ValueError, match="Soft labels"):
        to_braindecode(soft)


def test_metadata_of_trials_are_left_as_they_were(trials):
    before = trials.metadata.copy()
    to_braindecode(trials)
    pd.testing.assert_frame_equal(trials.metadata, before)
