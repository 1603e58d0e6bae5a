import h5py
import numpy as np
import pytest

from eegkit.datasets import from_hdf5, load_dataset, to_hdf5

rng = np.random.default_rng(0)


def write(path, arrays, **attributes):
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
        file.attrs.update(attributes)


def arrays(n=6):
    return {
        "X_train": rng.normal(size=(n, 2, 40)).astype(np.float32),
        "y_train": np.arange(n) % 3,
        "X_test": rng.normal(size=(3, 2, 40)),
        "y_test": np.arange(3),
    }


def test_people_are_the_labels(tmp_path):
    made = arrays()
    write(tmp_path / "people.h5", made)
    trials = from_hdf5(tmp_path / "people.h5", sfreq=160, subject="y")
    assert list(trials.metadata["split"]) == ["test"] * 3 + ["train"] * 6
    np.testing.assert_array_equal(trials.groups, trials.y)
    np.testing.assert_array_equal(np.asarray(trials.X)[3:], made["X_train"])
    assert trials.sfreq == 160
    assert set(from_hdf5(tmp_path / "people.h5", sfreq=160, subject="Ada").groups) == {"Ada"}


@pytest.mark.parametrize("split", [None, "session"])
def test_there_and_back(tmp_path, split):
    trials = load_dataset("simulated", n_subjects=2, n_trials=8, channels=["C3", "Cz"])
    to_hdf5(trials, tmp_path / "trials.h5", split)
    again = from_hdf5(tmp_path / "trials.h5")
    assert again.ch_names == ["C3", "Cz"]
    order = (
        np.argsort(trials.metadata["session"].to_numpy(), kind="stable") if split else slice(None)
    )
    np.testing.assert_array_equal(np.asarray(again.X), np.asarray(trials.X)[order])
    np.testing.assert_array_equal(again.y, trials.y[order])
    for name in ("subject", "session", "run"):
        assert list(again.metadata[name]) == list(trials.metadata[name].to_numpy()[order])
    assert [path.name for path in tmp_path.iterdir()] == ["trials.h5"]


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({}, {"subject": "y"}, "does not say its sampling rate"),
        ({}, {"sfreq": 100}, "no array subject_test"),
        ({"y_test": None}, {"sfreq": 100, "subject": "y"}, "it lacks y_test"),
        ({"X_test": np.zeros((3, 2))}, {"sfreq": 100, "subject": "y"}, r"X_test is .*\(3, 2\)"),
        ({"y_train": np.zeros(2)}, {"sfreq": 100, "subject": "y"}, r"y_train has shape \(2,\)"),
        ({"X_test": ["a", "b", "c"]}, {"sfreq": 100, "subject": "y"}, "X_test is"),
    ],
)
def test_what_is_refused(tmp_path, change, options, message):
    made = {k: v for k, v in (arrays() | change).items() if v is not None}
    write(tmp_path / "people.h5", made)
    with pytest.raises(ValueError, match=message):
        from_hdf5(tmp_path / "people.h5", **options)


def test_other_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        from_hdf5(tmp_path / "absent.h5", sfreq=1)
    write(tmp_path / "empty.h5", {"data": np.zeros(3)})
    with pytest.raises(ValueError, match="holds data; expected X_train"):
        from_hdf5(tmp_path / "empty.h5", sfreq=1)
    trials = load_dataset("simulated", n_subjects=1, n_trials=4, channels=["C3", "Cz"])
    with pytest.raises(ValueError, match="no column 'fold'"):
        to_hdf5(trials, tmp_path / "x.h5", "fold")


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "people.h5"
    write(path, arrays(), sfreq=100.0)
    good = path.read_bytes()
    n_refused = 0
    for _ in range(70):
        bad = bytearray(good)
        at = int(rng.integers(len(bad)))
        bad[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad if rng.random() < 0.5 else bad[:at])
        try:
            trials = from_hdf5(path, subject="y", sfreq=100)
        except ValueError:
            n_refused += 1
        else:
            assert trials.X.shape[1:] == (2, 40)
    assert n_refused > 20


def test_an_array_that_is_hardly_stored_is_refused(tmp_path):
    path = tmp_path / "a.h5"
    write(path, arrays() | {"subject_train": np.arange(6), "subject_test": np.arange(3)})
    with h5py.File(path, "a") as file:
        del file["X_train"]
        file.create_dataset("X_train", (10**6, 64, 10**5), "f4", chunks=(1, 64, 1000))
    with pytest.raises(ValueError, match=r"X_train of shape .* MB are stored"):
        from_hdf5(path, sfreq=160)


@pytest.mark.parametrize("shape", [(-1, 1), (1, -1)])
def test_one_entry_for_each_trial_as_a_column_or_a_row(tmp_path, shape):
    X = rng.normal(size=(6, 2, 40)).astype("f4")
    columns = {
        "y_train": np.array([0, 1] * 3).reshape(shape),
        "subject_train": np.repeat([1, 2, 3], 2).reshape(shape),
        "run_train": np.arange(6).reshape(shape),
    }
    write(tmp_path / "people.h5", {"X_train": X} | columns)
    trials = from_hdf5(tmp_path / "people.h5", sfreq=100)
    assert trials.y.tolist() == [0, 1] * 3
    assert trials.groups.tolist() == [1, 1, 2, 2, 3, 3]
    assert trials.metadata["run"].tolist() == list(range(6))
    assert from_hdf5(tmp_path / "people.h5", sfreq=100, subject="y").groups.tolist() == [0, 1] * 3
