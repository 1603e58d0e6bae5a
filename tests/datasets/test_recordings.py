import numpy as np
import pytest

from eegkit.datasets._recordings import (
    Recording,
    check_rates,
    choose_subjects,
    compact,
    cut,
    name_recordings,
    prepare,
    read_edf,
)


@pytest.mark.parametrize(
    ("numbers", "text"),
    [([], ""), ([4], "4"), ([3, 2], "2-3"), ([9, 1, 3, 4, 5], "1, 3-5, 9")],
)
def test_compact(numbers, text):
    assert compact(numbers) == text


def test_absent_recordings_are_named_by_person_where_all_are_absent(tmp_path):
    wanted = [Recording(s, r, tmp_path) for s in (1, 2, 3, 4) for r in (4, 8, 12)]
    absent = [w for w in wanted if w.subject > 2 or (w.subject == 1 and w.run > 4)]
    assert name_recordings(absent, wanted) == ["subject 1 runs 8, 12", "subjects 3-4"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [([], "empty"), (["1"], "no subject '1'"), ([True], "True"), ([0, 3], "0"), ([1, 1], "twice")],
)
def test_choose_subjects_refuses(asked, message):
    with pytest.raises(ValueError, match=message):
        choose_subjects(asked, range(1, 3), "Title")


def test_choose_subjects():
    assert choose_subjects(None, range(1, 4), "Title") == [1, 2, 3]
    assert choose_subjects(np.array([3, 1]), range(1, 4), "Title") == [3, 1]
    assert choose_subjects(2, range(1, 4), "Title") == [2]


@pytest.mark.parametrize(
    ("rates", "message"),
    [
        ((0, None, None), "sfreq is 0"),
        ((128, -1, None), "l_freq is -1"),
        ((128, 30, 8), "expected l_freq below h_freq"),
        ((128, None, 64), "at sfreq=128 Hz no frequency from 64 Hz on"),
    ],
)
def test_rates_that_make_no_sense(rates, message):
    with pytest.raises(ValueError, match=message):
        check_rates(*rates)


def test_microvolts_survive_writing_and_reading(write_edf, tmp_path):
    rng = np.random.default_rng(0)
    signals = rng.normal(0, 20, (2, 400))
    write_edf(tmp_path / "a.edf", ["C3", "C4"], signals, 100)
    raw = read_edf(tmp_path / "a.edf", include=["C4", "C3"])
    assert raw.ch_names == ["C4", "C3"]
    X, kept = cut(raw, np.array([-0.1, 0.0, 1.5, 3.0, 3.01]), 1.0)
    assert list(kept) == [False, True, True, True, False]
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    np.testing.assert_allclose(X[1], signals[::-1, 150:250], atol=0.06)


def test_resampling_keeps_what_is_below_the_new_limit_and_drops_what_is_above(write_edf, tmp_path):
    t = np.arange(0, 20, 1 / 500)
    signals = np.array([20 * np.sin(2 * np.pi * 10 * t), 20 * np.sin(2 * np.pi * 100 * t)])
    write_edf(tmp_path / "a.edf", ["C3", "C4"], signals, 500)
    raw = prepare(read_edf(tmp_path / "a.edf"), 128.0, None, None)
    X, _ = cut(raw, np.array([5.0]), 5.0)
    expected = 20 * np.sin(2 * np.pi * 10 * (5 + np.arange(640) / 128))
    np.testing.assert_allclose(X[0, 0], expected, atol=0.5)
    assert np.abs(X[0, 1]).max() < 0.5


def test_filtering(write_edf, tmp_path):
    t = np.arange(0, 20, 1 / 200)
    signals = np.array([20 * np.sin(2 * np.pi * f * t) for f in (1, 10, 60)])
    write_edf(tmp_path / "a.edf", ["C3", "C4", "Cz"], signals, 200)
    raw = prepare(read_edf(tmp_path / "a.edf"), None, 4.0, 40.0)
    X, _ = cut(raw, np.array([5.0]), 5.0)
    rms = X[0].std(axis=1)
    assert rms[1] == pytest.approx(20 / np.sqrt(2), rel=0.02)
    assert rms[0] < 0.5
    assert rms[2] < 0.5


def test_filter_edges_beyond_the_recorded_rate(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match="expected frequencies below 50 Hz"):
        prepare(read_edf(tmp_path / "a.edf"), None, None, 60.0)


def test_a_window_without_a_sample(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match="no sample at 100 Hz"):
        cut(read_edf(tmp_path / "a.edf"), np.array([0.0]), 0.001)


@pytest.mark.parametrize("left", [0, 100, 300, 700, -2])
def test_truncated_files_are_refused_by_name(write_edf, tmp_path, left):
    path = tmp_path / "broken.edf"
    write_edf(path, ["C3", "C4"], np.zeros((2, 400)), 100)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=r"broken\.edf .*download it again"):
        read_edf(path)


def test_files_that_are_no_edf_are_refused_by_name(write_edf, tmp_path):
    path = tmp_path / "broken.edf"
    path.write_text("<html>503 Service Unavailable</html>" * 100)
    with pytest.raises(ValueError, match=r"broken\.edf does not begin like an EDF file"):
        read_edf(path)
    write_edf(path, ["C3", "C4"], np.zeros((2, 400)), 100)
    whole = bytearray(path.read_bytes())
    whole[168:184] = b"no date, no time"
    whole[244:252] = b"one sec."
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"broken\.edf cannot be read as EDF"):
        read_edf(path)


def test_absent_channels_are_named(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match=r"a\.edf lacks the channels C4, Cz"):
        read_edf(tmp_path / "a.edf", include=["C3", "C4", "Cz"])
