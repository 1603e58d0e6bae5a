"""From the file of a recording to windows."""

import mne
import numpy as np
import pytest

from eegkit.recordings import (
    MissingDataWarning,
    Preparation,
    PreparedRecording,
    filter_and_resample,
    match_channels,
    open_recording,
    prepare_recording,
    window_onsets,
)


def prepare(path, channels, **options):
    raw = open_recording(path)
    matched = match_channels(channels, raw.ch_names, path)
    return prepare_recording(raw, Preparation(**options), channels=matched, source=path)


def test_microvolts_survive_writing_and_reading(write_edf, tmp_path):
    rng = np.random.default_rng(0)
    signals = rng.normal(0, 20, (2, 400))
    write_edf(tmp_path / "a.edf", ["C3", "C4"], signals, 100)
    prepared = prepare(tmp_path / "a.edf", ["C4", "C3"])
    assert prepared.ch_names == ("C4", "C3")
    X, inside = prepared.cut([-0.1, 0.0, 1.5, 3.0, 3.01], 1.0)
    assert list(inside) == [False, True, True, True, False]
    assert X.dtype == np.float32
    assert X.flags.c_contiguous
    np.testing.assert_allclose(X[1], signals[::-1, 150:250], atol=0.06)


def test_resampling_keeps_what_is_below_the_new_limit_and_drops_what_is_above(write_edf, tmp_path):
    t = np.arange(0, 20, 1 / 500)
    signals = np.array([20 * np.sin(2 * np.pi * 10 * t), 20 * np.sin(2 * np.pi * 100 * t)])
    write_edf(tmp_path / "a.edf", ["C3", "C4"], signals, 500)
    X, _ = prepare(tmp_path / "a.edf", ["C3", "C4"], sfreq=128.0).cut([5.0], 5.0)
    expected = 20 * np.sin(2 * np.pi * 10 * (5 + np.arange(640) / 128))
    np.testing.assert_allclose(X[0, 0], expected, atol=0.5)
    assert np.abs(X[0, 1]).max() < 0.5


@pytest.mark.parametrize("method", ["fir", "iir"])
def test_filtering(write_edf, tmp_path, method):
    t = np.arange(0, 20, 1 / 200)
    signals = np.array([20 * np.sin(2 * np.pi * f * t) for f in (1, 12, 90)])
    write_edf(tmp_path / "a.edf", ["C3", "C4", "Cz"], signals, 200)
    options = {"l_freq": 4.0, "h_freq": 40.0, "filter_method": method}
    X, _ = prepare(tmp_path / "a.edf", ["C3", "C4", "Cz"], **options).cut([5.0], 5.0)
    rms = X[0].std(axis=1)
    assert rms[1] == pytest.approx(20 / np.sqrt(2), rel=0.02)
    assert rms[0] < 0.5
    assert rms[2] < 0.5


def test_filter_edges_beyond_the_recorded_rate(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match="h_freq is 60 Hz; expected less than 50 Hz"):
        prepare(tmp_path / "a.edf", ["C3"], h_freq=60.0)


def test_a_window_without_a_sample(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match="no sample at 100 Hz"):
        prepare(tmp_path / "a.edf", ["C3"]).cut([0.0], 0.001)


@pytest.mark.parametrize("left", [0, 100, 300, 700, -2])
def test_truncated_files_are_refused_by_name(write_edf, tmp_path, left):
    path = tmp_path / "broken.edf"
    write_edf(path, ["C3", "C4"], np.zeros((2, 400)), 100)
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(ValueError, match=r"broken\.edf .*get it again"):
        open_recording(path)


@pytest.mark.parametrize("suffix", [".edf", ".bdf", ".gdf", ".vhdr", ".set", ".fif"])
def test_what_is_no_recording_at_all_is_said_in_plain_words(tmp_path, suffix):
    pytest.importorskip("pymatreader")
    path = tmp_path / f"a{suffix}"
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"no whole file .*: it is empty, of 0 bytes; remove it"):
        open_recording(path)
    path.write_text("These are notes, and no signals.\n" * 100)
    with pytest.raises(ValueError, match=r"no whole file .*: it does not begin as a \w+ of \w+"):
        open_recording(path)


def test_a_field_of_the_header_that_is_no_number_is_named(write_edf, tmp_path):
    path = tmp_path / "a.edf"
    write_edf(path, ["C3", "C4"], np.zeros((2, 400)), 100)
    content = path.read_bytes()
    path.write_bytes(content[:252] + b"two " + content[256:])
    told = "its header has 'two' where the number of signals should be; expected a whole number"
    with pytest.raises(ValueError, match=told):
        open_recording(path)
    path.write_bytes(content[:244] + b"        " + content[252:])
    with pytest.raises(ValueError, match="has nothing where the length of a record in s should"):
        open_recording(path)
    path.write_bytes(content[:100])
    with pytest.raises(ValueError, match="ends within its header, after 100 of at least 256 bytes"):
        open_recording(path)


def test_files_that_are_no_edf_are_refused_by_name(write_edf, tmp_path):
    path = tmp_path / "broken.edf"
    path.write_text("<html>503 Service Unavailable</html>" * 100)
    with pytest.raises(ValueError, match=r"broken\.edf is no whole file of its format, \.edf"):
        open_recording(path)
    write_edf(path, ["C3", "C4"], np.zeros((2, 400)), 100)
    whole = bytearray(path.read_bytes())
    whole[168:184] = b"no date, no time"
    whole[244:252] = b"one sec."
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"broken\.edf is no whole file of its format, \.edf"):
        open_recording(path)
    whole[244:252] = b"1       "
    whole[464:472] = b"no range"
    path.write_bytes(whole)
    with pytest.raises(ValueError, match=r"broken\.edf cannot be read"):
        open_recording(path)


def test_absent_channels_are_named(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 400)), 100)
    with pytest.raises(ValueError, match=r"a\.edf lacks 2 of 3 channels .*: C4, Cz"):
        prepare(tmp_path / "a.edf", ["C3", "C4", "Cz"])


def test_a_difference_of_two_electrodes_is_a_bipolar_channel(write_edf, tmp_path):
    signals = np.random.default_rng(0).normal(0, 20, (3, 400))
    write_edf(tmp_path / "a.edf", ["F7-CS2", "FP1-CS2", "FP1-LE"], signals, 100)
    X, _ = prepare(tmp_path / "a.edf", ["Fp1-F7", "FP1-CS2"]).cut([0.0], 4.0)
    np.testing.assert_allclose(X[0, 0], signals[1] - signals[0], atol=0.12)
    np.testing.assert_allclose(X[0, 1], signals[1], atol=0.06)


def make_raw(signals, sfreq, annotations=()):
    info = mne.create_info([f"C{i}" for i in range(len(signals))], sfreq, "eeg")
    raw = mne.io.RawArray(signals * 1e-6, info, verbose="error")
    onsets, durations, descriptions = zip(*annotations, strict=True) if annotations else ((),) * 3
    return raw.set_annotations(mne.Annotations(onsets, durations, descriptions), verbose="error")


def prepare_raw(raw, **options):
    channels = {name: (name,) for name in raw.ch_names}
    return prepare_recording(raw, Preparation(**options), channels=channels, source="recording")


@pytest.mark.parametrize(
    ("mark", "width"), [("BAD_ACQ_SKIP", 2.0), ("EDGE boundary", 0.0), ("boundary", 0.0)]
)
def test_each_stretch_between_gaps_is_prepared_by_itself(mark, width):
    rng = np.random.default_rng(0)
    # A step at the gap, which a filter over it would smear into both sides.
    signals = rng.normal(0, 10, (2, 6000))
    second = round((12 + width) * 250)
    signals[:, 3000:second] = 0
    signals[:, second:] += 5000
    options = {"l_freq": 1.0, "h_freq": 30.0, "sfreq": 100.0}
    whole = prepare_raw(make_raw(signals, 250.0, [(12.0, width, mark)]), **options)
    parts = [
        prepare_raw(make_raw(part, 250.0), **options)
        for part in (signals[:, :3000], signals[:, second:])
    ]
    with pytest.warns(MissingDataWarning, match="left out 1 of 5 windows of 2 s .* at 11.5 s"):
        X, inside = whole.cut([0.0, 10.0, 11.5, 12.0 + width, 20.0], 2.0)
    assert list(inside) == [True, True, False, True, True]
    np.testing.assert_array_equal(X[:2], parts[0].cut([0.0, 10.0], 2.0)[0])
    np.testing.assert_array_equal(X[2:], parts[1].cut([0.0, 8.0 - width], 2.0)[0])
    assert whole.duration == 24.0


def test_zeros_that_fill_up_the_end_are_no_part_of_the_recording():
    signals = np.random.default_rng(0).normal(0, 10, (2, 1000))
    filled = np.concatenate([signals, np.zeros((2, 60))], axis=1)
    options = {"l_freq": 2.0, "sfreq": 50.0}
    expected = prepare_raw(make_raw(signals, 100.0), **options)
    prepared = prepare_raw(make_raw(filled, 100.0), **options)
    np.testing.assert_array_equal(prepared.stretches[0][1], expected.stretches[0][1])
    assert list(prepared.cut([8.0, 9.0], 1.5)[1]) == [True, False]
    # A recording that is zero throughout, or for a few samples at its end, stays as it is.
    assert prepare_raw(make_raw(np.zeros((1, 500)), 100.0)).stretches[0][1].shape == (1, 500)
    signals[:, -5:] = 0
    assert prepare_raw(make_raw(signals, 100.0)).stretches[0][1].shape == (2, 1000)


def test_windows_lie_a_whole_number_of_samples_apart():
    onsets = window_onsets(0.5, 10.0, 0.33, 0.25, 128.0)
    assert set(np.diff(np.round(onsets * 128))) == {32}  # of 42 samples
    assert onsets[0] == 0.5
    assert round((onsets[-1] + 0.33) * 128) <= 1280


def test_windows_of_a_recording():
    signals = np.arange(2000, dtype=float).reshape(2, 1000)
    preparation = Preparation(window_s=2.0, overlap=0.5)
    prepared = PreparedRecording.from_signals(signals, 100.0, ["C3", "C4"], preparation)
    X, onsets = prepared.windows(preparation, "a.edf")
    assert list(onsets) == list(range(9))
    np.testing.assert_array_equal(X[3], signals[:, 300:500])
    X, onsets = prepared.windows(Preparation(), "a.edf")
    np.testing.assert_array_equal(X, signals[None])
    with pytest.raises(ValueError, match=r"a\.edf lasts 10 s, less than one window of 11 s"):
        prepared.windows(Preparation(window_s=11.0), "a.edf")


@pytest.mark.parametrize(("sfreq", "target"), [(173.61, 128.0), (512.0, 100.0), (100.0, 250.0)])
def test_any_usual_rate(sfreq, target):
    t = np.arange(0, 20, 1 / sfreq)
    x = filter_and_resample(np.sin(2 * np.pi * 7 * t)[None], sfreq, Preparation(sfreq=target))
    expected = np.sin(2 * np.pi * 7 * np.arange(x.shape[1]) / target)
    middle = slice(round(target), -round(target))
    np.testing.assert_allclose(x[0, middle], expected[middle], atol=0.01)


def test_values_that_are_no_eeg_are_refused():
    signals = np.ones((2, 300))
    signals[1, 7] = 1e40
    with pytest.raises(ValueError, match=r"recording holds values from .* in C1; expected finite"):
        prepare_raw(make_raw(signals, 100.0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_refused_where_a_window_has_them(value):
    rng = np.random.default_rng(0)
    signals = rng.normal(0, 10, (2, 3000))
    signals[1, 1230:1250] = value
    options = {"l_freq": 1.0, "sfreq": 50.0}
    prepared = prepare_raw(make_raw(signals, 100.0), **options)
    X, inside = prepared.cut([0.0, 10.3, 12.5], 2.0)
    assert inside.all()
    parts = [
        prepare_raw(make_raw(p, 100.0), **options) for p in (signals[:, :1230], signals[:, 1250:])
    ]
    np.testing.assert_array_equal(X[2], parts[1].cut([0.0], 2.0)[0][0])
    np.testing.assert_array_equal(X[:2], parts[0].cut([0.0, 10.3], 2.0)[0])
    with pytest.raises(
        ValueError, match="no finite numbers in C1, in 2 of 3 windows of 2 s, the first at 11 s"
    ):
        prepared.cut([0.0, 11.0, 12.4], 2.0)
    with pytest.raises(ValueError, match="no finite numbers"):
        prepared.windows(Preparation(window_s=2.0), "recording")


BAD = [(3.0, 1.0, "BAD blink"), (3.5, 2.0, "bad_muscle"), (10.0, 0.0, "Bad"), (7.0, 1.0, "task")]


def test_windows_that_touch_a_piece_marked_as_bad():
    signals = np.random.default_rng(0).normal(0, 10, (2, 1200))
    prepared = prepare_raw(make_raw(signals, 100.0, BAD))
    onsets = [0.0, 1.0, 2.0, 2.01, 5.49, 5.5, 7.0, 9.5, 10.01]
    clean = [True, True, True, False, False, True, True, False, True]
    with pytest.warns(MissingDataWarning, match="left out 3 of 9 windows .* the first at 2.01 s"):
        X, inside = prepared.cut(onsets, 1.0)
    assert list(inside) == clean
    np.testing.assert_allclose(X[2], signals[:, 200:300], rtol=1e-5)
    assert prepared.cut(onsets, 1.0, "keep")[1].all()
    with pytest.raises(ValueError, match=r"recording has 3 of 9 windows .*; on_bad='skip' leaves"):
        prepared.cut(onsets, 1.0, "raise")
    told = pytest.warns(MissingDataWarning, match="left out 2 of 2")
    with told, pytest.raises(ValueError, match="has no window of 6 s without a pause or a piece"):
        prepared.windows(Preparation(window_s=6.0), "recording")


def test_bad_pieces_of_other_channels_are_none():
    raw = make_raw(np.ones((2, 500)), 100.0)
    marks = mne.Annotations([1.0, 3.0], [1.0, 1.0], ["bad", "bad"], ch_names=[["C0"], ["C1"]])
    raw.set_annotations(marks)
    channels = {"C1": ("C1",)}
    prepared = prepare_recording(raw, Preparation(), channels=channels, source="a")
    with pytest.warns(MissingDataWarning, match="left out 1 of 5"):
        assert list(prepared.cut(range(5), 1.0)[1]) == [True, True, True, False, True]


def test_a_boundary_between_two_samples_as_eeglab_has_it():
    signals = np.vstack([np.arange(600.0)] * 2)
    for first in (201, 202):  # the first sample of the second piece
        prepared = prepare_raw(make_raw(signals, 100.0, [((first - 0.5) / 100, 5.0, "boundary")]))
        assert [x.shape[1] for _, x in prepared.stretches] == [first, 600 - first]
        assert prepared.stretches[1][0] == pytest.approx(first / 100)
