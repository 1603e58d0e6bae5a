import os
import pickle
import struct
import subprocess

import numpy as np
import pytest
from eegkit_emotion import DEAP
from eegkit_emotion._array_pickle import read_arrays
from eegkit_emotion.deap import CHANNELS

from eegkit import load_dataset
from eegkit.datasets import MissingDataWarning, Recording


@pytest.fixture
def folder(write_deap, tmp_path):
    write_deap(tmp_path / "DEAP" / "data_preprocessed_python", 7)
    return tmp_path


def put(folder, content):
    path = folder / "s07.dat"
    path.write_bytes(content)
    return path


def test_trials_and_their_metadata(write_deap, tmp_path):
    data, labels = write_deap(tmp_path / "DEAP", 7)
    trials = load_dataset("deap", path=tmp_path, subjects=[7])
    assert trials.ch_names == list(CHANNELS)
    np.testing.assert_allclose(trials.X, data[:, :32, 384:], rtol=1e-6)
    assert list(trials.y) == ["low", "high", "low", "high"]
    assert all(np.isfinite(ch["loc"][:3]).all() for ch in trials.info["chs"])
    table = trials.metadata
    assert set(table["subject"]) == {"s07"}
    assert list(table["run"]) == ["1", "2", "3", "4"]
    assert list(table["onset"]) == [0, 0, 0, 0]
    assert set(table["recording"]) == {"s07.dat"}
    np.testing.assert_array_equal(
        table[["valence", "arousal", "dominance", "liking"]].to_numpy(), labels
    )


def test_windows_and_channels(write_deap, tmp_path):
    data, labels = write_deap(tmp_path, 3, n_trials=2)
    trials = DEAP(
        path=tmp_path, subjects=[3], window_s=1.0, overlap=0.5, channels=["T8", "fp1"],
        label="liking", threshold=labels[:, 3].max(),
    ).load()  # fmt: skip
    assert trials.X.shape == (6, 2, 128)
    assert trials.ch_names == ["T8", "Fp1"]
    assert list(trials.metadata["onset"]) == [0, 0.5, 1] * 2
    assert list(trials.metadata["run"]) == ["1"] * 3 + ["2"] * 3
    assert set(trials.y) == {"low"}  # a rating at the threshold is not above it
    np.testing.assert_allclose(trials.X[4], data[1, [25, 0], 448:576], rtol=1e-6)


def test_baseline(write_deap, tmp_path):
    data, _ = write_deap(tmp_path, 3)
    trials = DEAP(path=tmp_path, subjects=[3], subtract_baseline=True).load()
    expected = data[:, :32, 384:] - data[:, :32, :384].mean(axis=2, keepdims=True)
    np.testing.assert_allclose(trials.X, expected, atol=1e-3)


def test_filtered_and_resampled(folder):
    options = {"path": folder, "subjects": [7]}
    trials = DEAP(**options, target_sfreq=64.0, l_freq=4.0, h_freq=20.0).load()
    assert trials.X.shape == (4, 32, 128)
    assert trials.sfreq == 64
    power = np.abs(np.fft.rfft(np.asarray(trials.X))) ** 2
    freqs = np.fft.rfftfreq(128, 1 / 64)
    assert power[..., freqs > 25].mean() < 0.01 * power[..., (freqs > 6) & (freqs < 15)].mean()


def test_the_places_it_is_found(folder, monkeypatch):
    made = DEAP(path=folder, subjects=[7]).load()
    for path in (folder / "DEAP", folder / "DEAP" / "data_preprocessed_python"):
        assert np.array_equal(DEAP(path=path, subjects=[7]).load().X, made.X)
    monkeypatch.setenv("EEGKIT_DATA", str(folder))
    assert len(DEAP(subjects=[7]).load()) == 4
    with pytest.warns(MissingDataWarning, match=r"subjects 1-6, 8-32"):
        DEAP().load()
    with pytest.raises(FileNotFoundError):
        DEAP(subjects=[8]).load()


@pytest.mark.parametrize("protocol", [1, 2, 3, 4])
def test_files_written_again_by_python_3(protocol, folder, tmp_path):
    data = np.arange(40 * 400.0).reshape(1, 40, 400)
    arrays = {"data": np.asfortranarray(data), "labels": np.full((1, 4), 6, ">f4")}
    path = put(tmp_path, pickle.dumps(arrays, protocol))
    found = read_arrays(path)
    np.testing.assert_array_equal(found["data"], data)
    np.testing.assert_array_equal(found["labels"], 6)


class _Call:
    """What a forged file calls when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def _calls(mark):
    """Calls that would leave a mark, each in a way of its own."""
    touch = f"touch '{mark}'"
    python = f"open({str(mark)!r}, 'w').close()"
    yield _Call(os.system, touch)
    yield _Call(subprocess.Popen, ["touch", str(mark)])
    yield _Call(eval, python)
    yield _Call(exec, python)
    yield _Call(__import__, "antigravity")
    yield _Call(getattr, _Call(__import__, "os"), "system")
    yield _Call(open, str(mark), "w")
    yield _Call(np.save, str(mark), [1])
    yield _Call(np.fromfile, "/etc/passwd")
    yield _Call(np.ones, (10**6, 10**6))
    yield _Call(bytearray, 10**15)
    yield {"data": _Call(os.system, touch)}
    yield [_Call(os.mkdir, str(mark))]


N_CALLS = 13


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("which", range(N_CALLS))
def test_calls_are_refused_and_not_made(which, protocol, tmp_path):
    mark = tmp_path / "mark"
    calls = list(_calls(mark))
    assert len(calls) == N_CALLS
    forged = {"data": calls[which], "labels": np.ones((4, 4))}
    path = put(tmp_path, pickle.dumps(forged, protocol))
    with pytest.raises(ValueError, match=r"s07\.dat is not a pickled dict.*nothing in it was run"):
        DEAP(path=tmp_path, subjects=[7]).load()
    assert not mark.exists()
    assert path.exists()


def rest(opcodes):
    return b"\x80\x02}(U\x04data" + opcodes + b"u."


@pytest.mark.parametrize(
    ("opcodes", "told"),
    [
        (b"cos\nsystem\n(U\x04true\x85R", "os.system"),
        (b"cposix\nsystem\nU\x04true\x85R", "posix.system"),
        (b"c__builtin__\neval\nU\x011\x85R", "__builtin__.eval"),
        (b"cbuiltins\ngetattr\ncos\nsystem\n\x85R", "builtins.getattr"),
        (b"ccopy_reg\n_reconstructor\n)R", "copy_reg._reconstructor"),
        (b"ccopyreg\n__newobj__\n)R", "copyreg.__newobj__"),
        (b"cnumpy.core.multiarray\nfromfile\nU\x04/tmp\x85R", "numpy.core.multiarray.fromfile"),
        (b"cnumpy\nload\nU\x04/tmp\x85R", "numpy.load"),
        (b"cnumpy\nndarray.tofile\n)R", "numpy.ndarray.tofile"),
        (b"cnumpy.core.multiarray\n_reconstruct.__globals__\n)R", "__globals__"),
        # The globals that are known, called otherwise than for an array.
        (b"cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85\x85R", "something else than what makes an array"),
        (b"cnumpy\ndtype\ncnumpy\nndarray\n\x85R", "something else than what makes an array"),
        (b"c_codecs\nencode\nU\x01aU\x05rot13\x86R", "something else than what makes an array"),
        (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\nK\x00\x85U\x01b\x87R", "else than"),
        (b"cnumpy\ndtype\nU\x01O\x85R", r"no array data"),
        # Instructions that make objects.
        (b"(ios\nsystem\n", "INST"),
        (b"(cnumpy\nndarray\no", "OBJ"),
        (b"cnumpy\nndarray\n)\x81", "NEWOBJ"),
        (b"\x82\x01", "EXT1"),
        (b"U\x01aQ", "BINPERSID"),
        # Memory: a place in the memo far out, and much of nothing.
        (b"Nr\xff\xff\xff\x7f", r"no array data"),
        (b"N" * 3000, "far more instructions"),
        (b"}" * 3000, "far more instructions"),
        # Time: a key whose hash takes 3 ** 60 steps.
        (
            b")q\x00" + b"".join(b"h%ch%ch%c\x87q%c" % (i, i, i, i + 1) for i in range(60)) + b"Ns",
            "something else than a dict with names as keys",
        ),
        (b"NN(", "damaged|operands|else than a dict"),
    ],
)  # fmt: skip
def test_forged_instructions(opcodes, told, tmp_path):
    put(tmp_path, rest(opcodes))
    with pytest.raises(ValueError, match=rf"(?s)s07\.dat .*({told})"):
        DEAP(path=tmp_path, subjects=[7]).load()


def array(shape, code=b"U\x02f8", content=b""):
    """An array of that shape, as it says, and that content."""
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01("
        + b"".join(b"\x8a\x08" + struct.pack("<q", n) for n in shape)
        + b"tcnumpy\ndtype\n" + code + b"K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xff"
        + b"J\xff\xff\xff\xffK\x00tb\x89T" + struct.pack("<i", len(content)) + content + b"tb"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (array((10**6, 10**6, 10**5)), "bytes do not fit its shape"),
        (array((2**62, 4, 0)), "cannot reshape"),
        (array((-1, -1, 1), content=b"x" * 8), "strange shape"),
        (array((1, 1), b"U\x01O", b"x" * 8), "something else than f4 or f8"),
        (array((1, 1), b"U\x02V8", b"x" * 8), "something else than f4 or f8"),
        (array((2, 1), content=b"x" * 8), "bytes do not fit its shape"),
        (b"K\x01", "holds no array data"),
        (b"N", "holds no array data"),
    ],
)
def test_strange_arrays(made, told, tmp_path):
    put(tmp_path, rest(made))
    with pytest.raises(ValueError, match=rf"s07\.dat .*{told}"):
        DEAP(path=tmp_path, subjects=[7]).load()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"data": np.ones((4, 32, 640))}, r"shape \(4, 32, 640\); expected \(40, 40, 8064\)"),
        ({"data": np.ones((4, 40, 384))}, "more than 3 s"),
        ({"data": np.ones((41, 40, 640))}, "expected"),
        ({"data": np.full((4, 40, 640), np.nan)}, "values from nan to nan in trial 1"),
        ({"data": np.full((4, 40, 640), 1e300)}, "in microvolts, at most 1e\\+06"),
        ({"labels": np.ones((3, 4))}, r"labels of shape \(3, 4\)"),
        ({"labels": np.full((4, 4), 9.5)}, "ratings outside 1 to 9"),
        ({"labels": np.full((4, 4), np.nan)}, "ratings outside 1 to 9"),
    ],
)
def test_other_contents(change, told, tmp_path):
    arrays = {"data": np.ones((4, 40, 640)), "labels": np.full((4, 4), 5.0), **change}
    put(tmp_path, pickle.dumps(arrays, 2))
    with pytest.raises(ValueError, match=rf"s07\.dat .*{told}"):
        DEAP(path=tmp_path, subjects=[7]).load()


@pytest.mark.parametrize("content", [b"", b"\x80", b"(.", b".", b"N.", b"\x80\x02]q\x00."])
def test_no_dict(content, tmp_path):
    put(tmp_path, content)
    with pytest.raises(ValueError, match=r"s07\.dat "):
        DEAP(path=tmp_path, subjects=[7]).load()


def test_damaged_files(write_deap, tmp_path, try_damaged):
    write_deap(tmp_path, 7, n_trials=2, seconds=4)
    recording = Recording(7, 0, tmp_path / "s07.dat")

    def structure(content):
        # All but the long string of the data: the head, the labels and the end.
        return [*range(420), *range(len(content) - 6, len(content))]

    assert try_damaged(DEAP(), recording, structure, n=160) > 60


def test_a_broken_file_is_left_out_on_demand(folder, write_deap):
    inside = folder / "DEAP" / "data_preprocessed_python"
    write_deap(inside, 8)
    (inside / "s07.dat").write_bytes((inside / "s07.dat").read_bytes()[:-50])
    options = {"path": folder, "subjects": [7, 8]}
    with pytest.raises(ValueError, match=r"s07\.dat"):
        DEAP(**options).load()
    with pytest.warns(MissingDataWarning, match=r"s07\.dat"):
        trials = DEAP(**options, on_error="skip", n_jobs=2).load()
    assert set(trials.groups) == {"s08"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label": "joy"}, "label is 'joy'; expected one of 'valence'"),
        ({"threshold": 9}, "threshold is 9; expected a number of at least 1 and below 9"),
        ({"threshold": "5"}, "threshold is '5'"),
        ({"window_s": 0}, "window_s is 0; expected a number above 0"),
        ({"window_s": "1"}, "window_s is '1'"),
        ({"window_s": 3.0}, r"s07\.dat lasts 2 s, less than one window of 3 s"),
        ({"overlap": 1}, "overlap is 1; expected a number of at least 0 and below 1"),
        ({"subtract_baseline": 1}, "subtract_baseline is 1"),
        ({"channels": ["Fp1", "EOG"]}, "DEAP has no channel EOG; it has Fp1"),
        ({"channels": []}, "channels is empty"),
        ({"channels": ["T7", "T3"]}, "channels names one twice"),
        ({"target_sfreq": -1}, "target_sfreq is -1"),
        ({"target_sfreq": "128"}, "target_sfreq is '128'"),
        ({"target_sfreq": 0.2}, "A window of .* has no sample"),
        ({"h_freq": 64.0}, "h_freq is 64 Hz; expected less than 64"),
        ({"subjects": [0]}, "no subject 0; expected .* from 1 to 32"),
    ],
)
def test_bad_options(options, message, folder):
    with pytest.raises(ValueError, match=message):
        DEAP(**{"path": folder, "subjects": [7], **options}).load()
