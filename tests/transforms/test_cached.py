import os
import signal
import subprocess
import sys
import time
import weakref

import numpy as np
import pytest
from sklearn.preprocessing import FunctionTransformer

from eegkit import Pipeline, SignalArray, libraries, testing
from eegkit.testing import example_trials
from eegkit.transforms import (
    STFT,
    Cached,
    SpectrogramImage,
    SpectrogramUnion,
    cached_files,
    clear_cache,
)


@pytest.fixture
def X():
    return example_trials().X


@pytest.fixture
def no_work(monkeypatch):
    """Fail where more than one trial is transformed, so that nothing can be made again."""
    made = STFT.transform_block

    def refuse(self, block):
        if len(block) > 1:
            raise AssertionError("the trials are transformed again")
        return made(self, block)

    return lambda: monkeypatch.setattr(STFT, "transform_block", refuse)


def cached(folder, **params):
    return Cached(STFT(nperseg=32, **params), folder)


INNER = {
    "stft": STFT(**STFT.conformance_params()),
    "pipeline": Pipeline([STFT(**STFT.conformance_params()), SpectrogramImage(n_freqs=2)]),
    "image": SpectrogramImage(n_freqs=4, n_frames=4),
}
CHECKS = [
    pytest.param(name, number, id=f"{name}-{check}")
    for name, inner in INNER.items()
    for number, check in enumerate(testing.transform_checks(Cached(inner, "folder")))
]


@pytest.mark.parametrize(("name", "number"), CHECKS)
def test_contract(name, number, tmp_path):
    testing.transform_checks(Cached(INNER[name], tmp_path))[number]()


def test_it_gives_what_the_transform_gives(X, tmp_path):
    expected = STFT(nperseg=32).fit_transform(X)
    for _ in range(2):
        made = cached(tmp_path).fit_transform(X)
        np.testing.assert_array_equal(made, expected)
        assert isinstance(made.base.base, np.memmap)
        for what, value in expected.metadata.items():
            np.testing.assert_array_equal(getattr(made, what), value, strict=value is not None)


def test_the_second_time_nothing_is_transformed(X, tmp_path, no_work):
    first = cached(tmp_path).fit_transform(X)
    no_work()
    np.testing.assert_array_equal(cached(tmp_path).fit_transform(X), first)
    np.testing.assert_array_equal(
        cached(tmp_path, n_jobs=2, max_memory_mb=1).fit_transform(X), first
    )
    assert len(cached_files(tmp_path)) == 1
    with pytest.raises(AssertionError, match="transformed again"):
        cached(tmp_path, hop=4).fit_transform(X)


def test_a_memmap_finds_what_was_made_of_the_array(X, tmp_path, no_work):
    first = cached(tmp_path / "cache").fit_transform(X)
    no_work()
    np.save(tmp_path / "X.npy", X)
    mapped = SignalArray(np.load(tmp_path / "X.npy", mmap_mode="r"), **X.metadata)
    np.testing.assert_array_equal(cached(tmp_path / "cache").fit_transform(mapped), first)


def one_sample_changed(X):
    X = X.copy()
    X[-1, -1, -1] += 1
    return X


@pytest.mark.parametrize(
    "change",
    [
        one_sample_changed,
        lambda X: X[::-1],
        lambda X: X[:-1],
        lambda X: X.astype(np.float64),
        lambda X: SignalArray(np.asarray(X), **(X.metadata | {"sfreq": 200.0})),
        lambda X: SignalArray(np.asarray(X), **(X.metadata | {"ch_names": list("abc")})),
    ],
    ids=["sample", "order", "number", "dtype", "rate", "names"],
)
def test_other_trials_are_another_file(X, tmp_path, change):
    cached(tmp_path).fit_transform(X)
    other = change(X)
    made = cached(tmp_path).fit_transform(other)
    np.testing.assert_array_equal(made, STFT(nperseg=32).fit_transform(other))
    assert len(cached_files(tmp_path)) == 2


@pytest.mark.parametrize(
    "other",
    [
        STFT(nperseg=16),
        STFT(nperseg=32, output="db"),
        Pipeline([STFT(nperseg=32), SpectrogramImage(n_freqs=3)]),
        Pipeline([STFT(nperseg=32), SpectrogramImage(n_freqs=4)]),
        SpectrogramUnion([STFT(nperseg=32)]),
        SpectrogramUnion([STFT(nperseg=16)]),
    ],
)
def test_another_transform_is_another_file(X, tmp_path, other):
    for inner in (STFT(nperseg=32), Pipeline([STFT(nperseg=32), SpectrogramImage()])):
        Cached(inner, tmp_path).fit_transform(X)
    made = Cached(other, tmp_path).fit_transform(X)
    np.testing.assert_array_equal(made, other.fit_transform(X))
    assert len(cached_files(tmp_path)) == 3


def test_what_was_learned_is_part_of_the_key(X, tmp_path):
    # Fitted to channels that are not known by name, the result does not know them either.
    Cached(STFT(nperseg=32), tmp_path).fit(X).transform(X)
    plain = SignalArray(np.asarray(X), sfreq=128)
    Cached(STFT(nperseg=32), tmp_path).fit(plain).transform(X)
    assert len(cached_files(tmp_path)) == 2


def test_another_version_is_another_file(X, tmp_path, monkeypatch):
    cached(tmp_path).fit_transform(X)
    monkeypatch.setattr(libraries, "eegkit_itself", lambda: "eegkit 99.0")
    libraries.versions.cache_clear()
    cached(tmp_path).fit_transform(X)
    libraries.versions.cache_clear()
    assert len(cached_files(tmp_path)) == 2


def flip(path, where):
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: os.truncate(path, path.stat().st_size // 2),
        lambda path: os.truncate(path, path.stat().st_size - 12),
        lambda path: os.truncate(path, path.stat().st_size - 1),
        lambda path: os.truncate(path, path.stat().st_size + 7),
        lambda path: os.truncate(path, 5),
        lambda path: os.truncate(path, 0),
        lambda path: flip(path, 30),
        lambda path: flip(path, 500),
        lambda path: flip(path, -1),
    ],
    ids=["half", "unsealed", "short", "long", "stub", "empty", "header", "sample", "seal"],
)
def test_a_file_that_was_cut_or_changed_is_made_again(X, tmp_path, spoil):
    expected = np.array(cached(tmp_path).fit_transform(X))
    (file,) = cached_files(tmp_path)
    spoil(file.path)
    np.testing.assert_array_equal(cached(tmp_path).fit_transform(X), expected)
    (again,) = cached_files(tmp_path)
    assert again.n_bytes == file.n_bytes


def test_a_file_under_the_name_of_another_is_made_again(X, tmp_path):
    first = np.array(cached(tmp_path).fit_transform(X))
    other = np.array(cached(tmp_path).fit_transform(2 * X))
    one, two = tmp_path.iterdir()
    one.write_bytes(two.read_bytes())
    np.testing.assert_array_equal(cached(tmp_path).fit_transform(X), first)
    np.testing.assert_array_equal(cached(tmp_path).fit_transform(2 * X), other)


def test_edited_code_of_ones_own_is_another_file(X, tmp_path):
    for factor, n_files in ((1, 1), (1, 1), (2, 2)):
        function = eval(f"lambda X: np.asarray(X) * {factor}", {"np": np})
        inner = Pipeline([STFT(nperseg=32), FunctionTransformer(function)])
        made = Cached(inner, tmp_path).fit_transform(X)
        np.testing.assert_array_equal(made, factor * np.asarray(STFT(nperseg=32).fit_transform(X)))
        assert len(cached_files(tmp_path)) == n_files


def test_what_cannot_be_identified_is_refused(X, tmp_path):
    numbers = weakref.ref(STFT)
    inner = FunctionTransformer(lambda X: X * bool(numbers()))
    with pytest.raises(ValueError, match=r"^Cached keeps only.*'numbers'.*without Cached\.$"):
        Cached(inner, tmp_path).fit_transform(X)
    assert not list(tmp_path.iterdir())


def test_with_out_the_folder_is_left_alone(X, tmp_path):
    made = cached(tmp_path / "cache").fit(X).transform(X, out=tmp_path / "out.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), made)
    assert not (tmp_path / "cache").exists()


def test_listing_and_clearing(X, tmp_path):
    assert cached_files(tmp_path / "absent") == []
    made = cached(tmp_path).fit_transform(X)
    cached(tmp_path, hop=4).fit_transform(X)
    (tmp_path / "mine.npy").write_bytes(b"mine")
    files = cached_files(tmp_path)
    assert [file.complete for file in files] == [True, True]
    assert files[0].n_bytes == files[0].path.stat().st_size > made.nbytes
    assert clear_cache(tmp_path) == sum(file.n_bytes for file in files)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.npy"]
    assert np.isfinite(made).all()  # who reads a file keeps it, even after it is removed


def test_bad_parameters_are_refused(X):
    with pytest.raises(ValueError, match="folder is 5; expected a path, or None"):
        Cached(STFT(nperseg=32), 5).fit(X)
    with pytest.raises(ValueError, match="longer than the trials"):
        cached("folder").set_params(transformer__nperseg=500).fit(X)


def test_a_failing_transform_leaves_nothing(X, tmp_path):
    model = cached(tmp_path).fit(X)
    model.transform_block = lambda block: 1 / 0
    with pytest.raises(ZeroDivisionError):
        model.transform(X)
    assert list(tmp_path.iterdir()) == []


def test_a_plain_transformer_can_be_inside(X, tmp_path):
    made = Cached(FunctionTransformer(np.abs), tmp_path).fit_transform(X)
    np.testing.assert_array_equal(made, np.abs(X))


WORK = """
import sys
import numpy as np
from eegkit import SignalArray
from eegkit.transforms import STFT, Cached
X = np.random.default_rng(0).normal(size=(300, 22, 1000)).astype(np.float32)
X = SignalArray(X, sfreq=250)
print("ready", flush=True)
made = Cached(STFT(hop=32), sys.argv[1]).fit_transform(X)
print("made", flush=True)
np.testing.assert_array_equal(made, STFT(hop=32).fit_transform(X))
print("right", flush=True)
"""


def start(folder):
    return subprocess.Popen(
        [sys.executable, "-c", WORK, str(folder)], stdout=subprocess.PIPE, text=True
    )


def finish(process):
    told = process.communicate(timeout=120)[0].split()
    assert process.returncode == 0
    return told


def test_two_processes_make_one_file(tmp_path):
    both = [start(tmp_path), start(tmp_path)]
    assert [finish(process) for process in both] == [["ready", "made", "right"]] * 2
    (file,) = cached_files(tmp_path)
    assert file.complete
    before = file.made
    assert finish(start(tmp_path))[-1] == "right"
    assert [file.made for file in cached_files(tmp_path)] == [before]


def test_a_process_killed_half_way_leaves_no_file(tmp_path):
    killed = start(tmp_path)
    deadline = time.monotonic() + 60
    while not cached_files(tmp_path):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    os.kill(killed.pid, signal.SIGKILL)
    assert killed.communicate()[0].split() == ["ready"]
    assert [file.complete for file in cached_files(tmp_path)] == [False]
    assert finish(start(tmp_path))[-1] == "right"
    files = cached_files(tmp_path)
    assert sorted(file.complete for file in files) == [False, True]
    (left,) = [file.path for file in files if not file.complete]
    os.utime(left, (0, 0))  # a day and more ago
    X = example_trials().X
    cached(tmp_path).fit_transform(X)
    assert all(file.complete for file in cached_files(tmp_path))
    assert len(cached_files(tmp_path)) == 2


def test_without_a_folder_nothing_is_kept(X, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = cached(None).fit_transform(X)
    np.testing.assert_array_equal(made, cached(tmp_path / "kept").fit_transform(X))
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
