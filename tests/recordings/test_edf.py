"""EDF and BDF files as they come: with pauses, NUL, other units, and bytes too many."""

import warnings
from contextlib import nullcontext

import mne
import numpy as np
import pandas as pd
import pytest

from eegkit.datasets import MissingDataWarning, from_folder
from eegkit.recordings import Preparation, open_recording, read_windows
from eegkit.recordings.units import microvolts_per

RATE = 100
# Each record of 1 s was recorded at such a time: pauses of 5 s, and of a part of a sample.
CLOCK = [*range(5), *range(10, 14), *np.arange(20.255, 25)]


def rows(**columns):
    return pd.DataFrame({"file": ["a.edf"], "label": ["x"], "subject": ["s"]} | columns)


@pytest.fixture
def paused(write_edf, tmp_path):
    """The signal tells when it was recorded, in s times 10."""
    signals = np.repeat(np.array(CLOCK) * 10, RATE)[None] + np.tile(
        np.arange(RATE) / 10, len(CLOCK)
    )
    write_edf(tmp_path / "a.edf", ["C3"], signals, RATE, [(11, "BAD x")], clock=CLOCK)
    return tmp_path


def test_labels_after_a_pause_mean_the_clock(paused):
    onsets = [0.0, 3.0, 10.5, 22.0, 20.255]
    table = rows().loc[[0] * 5].assign(onset=onsets, duration=2.0)
    trials = from_folder(paused, table, on_bad="keep")
    assert list(trials.metadata["onset"]) == pytest.approx(onsets, abs=0.006)
    np.testing.assert_allclose(trials.X[:, 0, 0], np.array(onsets) * 10, atol=0.11)
    np.testing.assert_allclose(trials.X[:, 0, -1], np.array(onsets) * 10 + 19.9, atol=0.16)


@pytest.mark.parametrize("onset", [3.5, 6.0, 9.5, 13.0, 19.0])
def test_no_trial_stands_across_a_pause(paused, onset):
    table = rows().loc[[0] * 2].assign(onset=[0.0, onset], duration=2.0)
    with pytest.warns(
        MissingDataWarning, match=rf"a\.edf: left out 1 of 2 .* first at {onset:g} s"
    ):
        trials = from_folder(paused, table)
    assert list(trials.metadata["onset"]) == [0.0]
    with pytest.raises(ValueError, match=r"a\.edf has 1 of 2 windows .* pause"):
        from_folder(paused, table, on_bad="raise")


def test_windows_to_predict_are_dated_by_the_clock(paused):
    with pytest.warns(MissingDataWarning, match="a pause or in a piece marked as bad"):
        X, onsets, _ = read_windows(paused / "a.edf", ["C3"], Preparation(window_s=1.0))
    assert list(onsets) == [0, 1, 2, 3, 4, 10, 21, 22, 23, 24]  # from 11 s to 15.1 s it is bad
    np.testing.assert_allclose(X[:, 0, 0], onsets * 10, atol=0.11)


def test_each_piece_is_resampled_by_itself(paused):
    preparation = Preparation(window_s=1.0, sfreq=50.0, h_freq=20.0)
    with pytest.warns(MissingDataWarning):
        X, onsets, _ = read_windows(paused / "a.edf", ["C3"], preparation)
    np.testing.assert_allclose(X[:, 0, 25], onsets * 10 + 5, atol=1.0)


def test_records_out_of_order_or_without_a_time_are_refused(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 300)), RATE, clock=[0, 5, 5.5])
    with pytest.raises(ValueError, match=r"its record 3 begins at 5\.5 s, before the one ahead"):
        from_folder(tmp_path, rows(), window_s=1)
    content = (tmp_path / "a.edf").read_bytes()
    (tmp_path / "a.edf").write_bytes(content.replace(b"+5.5\x14\x14", b"+5.5\x00\x00"))
    with pytest.raises(ValueError, match=r"is EDF\+D, but record 3 has no onset"):
        from_folder(tmp_path, rows(), window_s=1)
    (tmp_path / "a.edf").write_bytes(content.replace(b"EDF Annotations", b"Something else "))
    with pytest.raises(ValueError, match="has no signal 'EDF Annotations' that says when"):
        from_folder(tmp_path, rows(), window_s=1, channels=["C3"])


def test_without_a_pause_nothing_changes(write_edf, tmp_path):
    signals = np.random.default_rng(0).normal(0, 20, (1, 500))
    write_edf(tmp_path / "a.edf", ["C3"], signals, RATE, clock=0.5 + np.arange(5))
    trials = from_folder(tmp_path, rows(), window_s=2.5)
    np.testing.assert_allclose(
        np.concatenate(list(np.asarray(trials.X[:, 0]))), signals[0], atol=0.06
    )


def test_headers_filled_up_with_nul(write_edf, tmp_path):
    path = tmp_path / "a.edf"
    signals = np.random.default_rng(0).normal(0, 20, (2, 300))
    write_edf(path, ["EEG C3", "C4"], signals, RATE)
    content = bytearray(path.read_bytes())
    for start, stop in ((184, 256), (256, 288), (448, 464), (464, 528), (688, 704)):
        content[start:stop] = bytes(content[start:stop]).replace(b" ", b"\0")
    content[256:272] = b"EEG C3".ljust(16, b"\0")
    path.write_bytes(content)
    trials = from_folder(tmp_path, rows(), window_s=3)
    assert trials.ch_names == ["C3", "C4"]
    np.testing.assert_allclose(trials.X[0], signals, atol=0.06)


def test_bytes_behind_the_last_record_are_no_signals(write_edf, tmp_path):
    path = tmp_path / "a.edf"
    write_edf(path, ["C3"], np.zeros((1, 300)), RATE)
    content = path.read_bytes()
    path.write_bytes(content + b"a few bytes")  # less than a record
    assert open_recording(path).n_times == 300
    path.write_bytes(content + bytes(200))
    with pytest.raises(ValueError, match="what follows its 3 records would be taken for signals"):
        open_recording(path)
    # Who did not end the recording wrote -1.
    path.write_bytes(content[:236] + b"-1".ljust(8) + content[244:] + bytes(200))
    assert open_recording(path).n_times == 400


def test_content_that_its_name_denies(write_edf, tmp_path):
    write_edf(tmp_path / "a.edf", ["C3"], np.zeros((1, 300)), RATE)
    content = (tmp_path / "a.edf").read_bytes()
    (tmp_path / "b.bdf").write_bytes(content)
    with pytest.raises(ValueError, match=r"b\.bdf is no .* by its content it is a file \.edf"):
        open_recording(tmp_path / "b.bdf")
    (tmp_path / "a.edf").write_bytes(b"\xffBIOSEMI" + content[8:] + bytes(300))
    with pytest.raises(ValueError, match=r"a\.edf is no .* by its content it is a file \.bdf"):
        open_recording(tmp_path / "a.edf")


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("uV", 1), ("uv", 1), ("UV", 1), ("µV", 1), ("uVolt", 1), ("microV", 1), ("\xce\xbcV", 1),
        ("\x83\xcaV", 1), ("[uV]", 1), ("mV", 1e3), ("mv", 1e3), ("milliV", 1e3), ("nV", 1e-3),
        ("V", 1e6), ("volt", 1e6), ("pV", 1e-6), ("mkV", 1),
    ],
)  # fmt: skip
def test_units_however_they_are_spelled(write_edf, tmp_path, unit, factor):
    assert microvolts_per(unit) == factor
    signals = np.random.default_rng(0).normal(0, 20, (2, 300))
    write_edf(tmp_path / "a.edf", ["C3", "C4"], signals, RATE, units=["uV", unit])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        trials = from_folder(tmp_path, rows(), window_s=3)
    np.testing.assert_allclose(trials.X[0, 0], signals[0], atol=0.06)
    np.testing.assert_allclose(trials.X[0, 1], signals[1] * factor, rtol=1e-4, atol=0.06 * factor)


def test_units_that_are_none(write_edf, tmp_path):
    signals = np.random.default_rng(0).normal(0, 20, (3, 300))
    write_edf(tmp_path / "a.edf", ["C3", "C4", "EEG x"], signals, RATE, units="")
    told = r"a\.edf does not say the unit of C3, C4, EEG x: .* microvolts, times 1\."
    with pytest.warns(UserWarning, match=told):
        trials = from_folder(tmp_path, rows(), window_s=3)
    np.testing.assert_allclose(trials.X[0], signals, atol=0.06)
    for unit in ("MV", "10uV", "degC", "%", "uV/bit", "ADC", "g"):
        write_edf(tmp_path / "a.edf", ["C3", "Cz"], signals[:2], RATE, units=["uV", unit])
        with pytest.raises(ValueError, match=rf"Cz is in '{unit}'; expected V, mV, uV or nV"):
            from_folder(tmp_path, rows(), window_s=3)
        assert from_folder(tmp_path, rows(), window_s=3, channels=["C3"]).ch_names == ["C3"]


def test_all_eeg_channels_are_eeg(write_edf, tmp_path):
    names = ["EEG Fpz-Cz", "EEG Pz", "EOG horizontal", "Resp oro-nasal", "Event marker", "X1"]
    signals = np.random.default_rng(0).normal(0, 20, (6, 300))
    units = ["uV", "uV", "uV", "", "", "uV"]
    write_edf(tmp_path / "a.edf", names, signals, RATE, units=units)
    with pytest.warns(UserWarning, match="left out EOG horizontal, Resp oro-nasal, Event marker"):
        trials = from_folder(tmp_path, rows(), window_s=3)
    assert trials.ch_names == ["EEG Fpz-Cz", "Pz"]
    assert np.isfinite(trials.info["chs"][1]["loc"][:3]).all()
    eog = from_folder(tmp_path, rows(), window_s=3, channels=["EOG horizontal", "EEG Pz"])
    np.testing.assert_allclose(eog.X[0], signals[[2, 1]], atol=0.06)
    assert np.isfinite(eog.info["chs"][1]["loc"][:3]).all()


def test_channels_of_one_name_are_told(write_edf, tmp_path):
    signals = np.random.default_rng(0).normal(0, 20, (5, 300))
    write_edf(tmp_path / "a.edf", ["C3", "C3", "Cz", "-", "-"], signals, RATE)
    with pytest.warns(UserWarning, match=r"a\.edf has 2 channels called C3, read as C3-0, C3-1"):
        trials = from_folder(tmp_path, rows(), window_s=3)
    assert trials.ch_names == ["C3-0", "C3-1", "Cz"]
    with pytest.warns(UserWarning, match=r"a\.edf has several channels called C3; the first is"):
        trials = from_folder(tmp_path, rows(), window_s=3, channels=["C3"])
    np.testing.assert_allclose(trials.X[0], signals[:1], atol=0.06)
    assert from_folder(tmp_path, rows(), window_s=3, channels=["C3-1", "Cz"]).ch_names[0] == "C3-1"


def test_rates_that_differ_as_clocks_do(tmp_path):
    rng, files = np.random.default_rng(0), ["a_raw.fif", "b_raw.fif", "c_raw.fif"]
    signals = []
    for file, rate in zip(files, (256.0, 256.0, 1e6 / 3906), strict=True):
        t = np.arange(round(60 * rate)) / rate
        signals.append(20e-6 * np.sin(2 * np.pi * 3 * t)[None] + rng.normal(0, 1e-7, (1, len(t))))
        info = mne.create_info(["C3"], rate, "eeg")
        mne.io.RawArray(signals[-1], info, verbose="error").save(tmp_path / file, verbose="error")
    table = rows().loc[[0] * 3].assign(file=files)
    with pytest.warns(
        UserWarning, match=r"at 256 Hz, to which .*c_raw\.fif at 256.01\d+ Hz \(at m"
    ):
        trials = from_folder(tmp_path, table, window_s=2)
    assert (trials.sfreq, len(trials)) == (256, 90)
    # At the end of a minute, 256.016 Hz read as 256 Hz would be a full sample off.
    np.testing.assert_allclose(trials.X[88, 0], trials.X[58, 0], atol=1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert from_folder(tmp_path, table, window_s=2, target_sfreq=128).sfreq == 128
    far = mne.io.RawArray(signals[0], mne.create_info(["C3"], 256.2, "eeg"), verbose="error")
    far.save(tmp_path / files[2], overwrite=True, verbose="error")
    with pytest.raises(ValueError, match=r"c_raw\.fif at 256\.2\d* Hz; set target_sfreq="):
        from_folder(tmp_path, table, window_s=2)


def test_units_of_brainvision_files(tmp_path):
    header = (
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        "DataFile=a.eeg\nDataFormat=BINARY\nDataOrientation=MULTIPLEXED\nNumberOfChannels=1\n"
        "SamplingInterval=10000\n[Binary Infos]\nBinaryFormat=IEEE_FLOAT_32\n[Channel Infos]\n"
    )
    signal = np.linspace(-20, 20, 300)
    signal.astype("<f4").tofile(tmp_path / "a.eeg")
    options = {"window_s": 3, "channels": ["Cz"]}
    for unit, factor in (("\u00b5V", 1), ("", 1), ("mV", 1e3)):
        (tmp_path / "a.vhdr").write_text(f"{header}Ch1=Cz,,1,{unit}\n", encoding="utf-8")
        trials = from_folder(tmp_path, rows(file="a.vhdr"), **options)
        np.testing.assert_allclose(trials.X[0, 0], signal * factor, rtol=1e-4)
    for unit in ("\u03bcV", "UV", "ARU"):  # MNE would take the numbers for V
        (tmp_path / "a.vhdr").write_text(f"{header}Ch1=Cz,,1,{unit}\n", encoding="utf-8")
        with pytest.raises(
            ValueError, match="Cz is in 'a unit that MNE does not know'; expected V"
        ):
            from_folder(tmp_path, rows(file="a.vhdr"), **options)


@pytest.fixture
def with_fast_ecg(write_edf, tmp_path):
    """EEG at 100 Hz that no upsampling leaves as it is, beside an ECG at 500 Hz."""
    rng = np.random.default_rng(0)
    eeg, ecg = rng.normal(0, 10, (2, 1000)).round(1), rng.normal(0, 100, (1, 5000)).round(1)
    names, rates = ["EEG C3", "ECG", "EEG C4"], [100, 500, 100]
    signals = [eeg[0], ecg[0], eeg[1]]
    write_edf(tmp_path / "a.edf", names, signals, 100, [(2, "beep")], rates=rates)
    return tmp_path, eeg, ecg


@pytest.mark.parametrize("channels", [None, ["C3", "C4"], ["EEG C3", "EEG C4"]])
def test_eeg_beside_a_faster_ecg_has_its_own_rate(with_fast_ecg, channels):
    folder, eeg, _ = with_fast_ecg
    told = pytest.warns(UserWarning, match="left out ECG") if channels is None else nullcontext()
    with told:
        trials = from_folder(folder, rows(onset=2.0, duration=3.0), channels=channels)
    assert trials.sfreq == 100
    np.testing.assert_allclose(trials.X[0], eeg[:, 200:500], atol=1e-3)
    windows = read_windows(folder / "a.edf", ["C3", "C4"], Preparation(window_s=2))
    assert windows.X.shape == (5, 2, 200)


def test_channels_of_two_rates_come_at_the_faster(with_fast_ecg):
    folder, _, ecg = with_fast_ecg
    trials = from_folder(folder, rows(), channels=["C3", "ECG"], window_s=10)
    assert trials.sfreq == 500
    np.testing.assert_allclose(trials.X[0, 1], ecg[0], atol=1e-3)


def test_files_of_one_rate_of_eeg_need_no_resampling(with_fast_ecg, write_edf):
    folder, eeg, _ = with_fast_ecg
    write_edf(folder / "b.edf", ["EEG C3", "EEG C4"], eeg, 100)
    table = pd.concat([rows(), rows(file="b.edf", label="y")])
    with pytest.warns(UserWarning, match="left out ECG"):
        trials = from_folder(folder, table, window_s=10)
    assert trials.sfreq == 100
    np.testing.assert_allclose(trials.X[0], trials.X[1], atol=1e-3)
