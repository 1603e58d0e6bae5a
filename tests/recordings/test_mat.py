"""Well-formed MATLAB files pass; damaged ones are refused before scipy sees them."""

import struct
import zlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix

from eegkit.recordings import check_whole
from eegkit.recordings.mat import check_mat

VALUES = {
    "cell": np.array([1, "ab", np.ones((2, 2, 2))], dtype=object),
    "complex": np.ones(3) * 1j,
    "empty": [],
    "logical": np.array([True, False]),
    "nested": {"a": {"b": [1.5, 2.5]}, "text": "µV"},
    "none": np.zeros((0, 3)),
    "sparse": csc_matrix(np.eye(3)),
    "struct": np.array([("x", 3.0), ("y", 4.0)], dtype=[("type", "O"), ("at", "O")]),
}


@pytest.fixture(params=[False, True], ids=["plain", "compressed"])
def path(request, tmp_path):
    savemat(tmp_path / "a.mat", VALUES, do_compression=request.param)
    return tmp_path / "a.mat"


def test_whole_files_pass(path):
    check_mat(path)


def test_files_cut_short(path):
    good = path.read_bytes()
    for left in np.random.default_rng(0).integers(0, len(good) - 1, 60):
        path.write_bytes(good[:left])
        try:
            check_mat(path)
        except ValueError:
            continue
        # Between two arrays no format could tell.
        assert 0 < len(loadmat(path)) < len(VALUES) + 3 or left == 128


def test_damaged_files_do_not_crash_the_reader(tmp_path):
    """Without the check, files like these can end the process."""
    path = tmp_path / "a.mat"
    savemat(path, VALUES)
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    n_refused = n_read = 0
    for _ in range(300):
        bad = bytearray(good)
        bad[int(rng.integers(128, len(bad)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(bad)
        try:
            check_mat(path)
            loadmat(path)
            n_read += 1
        except (ValueError, TypeError, NotImplementedError, UnicodeDecodeError, MemoryError):
            n_refused += 1
    assert min(n_refused, n_read) > 30


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:100], "does not begin as a file of MATLAB"),
        (lambda b: b"\x00" + b[1:], "does not begin as a file of MATLAB"),
        (lambda b: b[:124] + b"\x00\x03IM" + b[128:], "does not begin as a file of MATLAB"),
        (lambda b: b[:128] + struct.pack("<II", 15, 4) + b"abcd", "damaged at byte 136"),
        (lambda b: b[:128] + struct.pack("<IIII", 9, 8, 0, 0), "no array"),
        (lambda b: b[:128] + struct.pack("<II", 99, 0), "no such type, 99"),
        (lambda b: b[:128] + struct.pack("<II", 14, 80), "ends at byte 216"),
        (lambda b: b[:128] + struct.pack("<II", 14, 4)[:6], "no room"),
        (
            lambda b: (
                b[:128]
                + struct.pack("<II", 15, len(zlib.compress(b"\x0e" * 16)))
                + zlib.compress(b"\x0e" * 16)
            ),
            "damaged",
        ),
    ],
)
def test_what_is_refused(tmp_path, change, message):
    savemat(tmp_path / "a.mat", VALUES)
    path = tmp_path / "a.mat"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=message):
        check_mat(path)


def bomb(path, sizes):
    """Elements of so many zeros in bytes each, compressed as well as can be."""
    parts = [zlib.compress(bytes(size), 9) for size in sizes]
    elements = b"".join(struct.pack("<II", 15, len(part)) + part for part in parts)
    path.write_bytes(b"MATLAB 5.0".ljust(124) + struct.pack("<H", 0x100) + b"IM" + elements)
    return path


@pytest.mark.parametrize("suffix", [".mat", ".set"])
def test_a_small_file_that_fills_the_memory_is_refused(tmp_path, suffix):
    with pytest.raises(ValueError, match=r"more than 34 MB in memory.*without compression"):
        check_whole(bomb(tmp_path / f"a{suffix}", [2**25 + 1]))


def test_many_elements_count_together(tmp_path, monkeypatch):
    monkeypatch.setattr("eegkit.recordings.mat.SMALL_BYTES", 2**17)
    savemat(tmp_path / "a.mat", {f"x{i}": np.zeros(2**13) for i in range(4)}, do_compression=True)
    with pytest.raises(ValueError, match="in memory"):
        check_mat(tmp_path / "a.mat")
    savemat(tmp_path / "b.mat", {"x": np.zeros(2**13)}, do_compression=True)
    check_mat(tmp_path / "b.mat")


def test_text_of_no_letters(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"x": "abc"})
    good = path.read_bytes()
    dims = struct.pack("<ii", 1, 3)
    path.write_bytes(good.replace(dims, struct.pack("<ii", 1, 2**31 - 1)))
    with pytest.raises(ValueError, match="too few letters"):
        check_mat(path)


def test_a_compressed_element_without_its_end(tmp_path):
    path = bomb(tmp_path / "a.mat", [1000])
    data = bytearray(path.read_bytes()[:-2])
    data[132:136] = struct.pack("<I", len(data) - 136)
    path.write_bytes(data)
    with pytest.raises(ValueError, match="has no end"):
        check_mat(path)
