"""Channels by their names."""

import mne
import numpy as np
import pytest

from eegkit.recordings import (
    canonical_name,
    canonical_names,
    eeg_channels,
    make_info,
    match_channels,
    numbered_names,
)


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("Fc5", "Fc5."), ("C3", "EEG C3-REF"), ("C3", "EEG C3-LE"), ("T7", "T3"), ("P8", "eeg T6"),
        ("Fp1", "FP1"), ("C3", "C3"),
    ],
)  # fmt: skip
def test_channels_are_found_by_their_usual_names(wanted, there):
    assert match_channels([wanted], ["Oz", there]) == {wanted: (there,)}


def test_two_channels_that_may_be_meant():
    with pytest.raises(ValueError, match="may be C3-REF or EEG C3"):
        match_channels(["C3"], ["C3-REF", "EEG C3"])
    assert match_channels(["C3"], ["C3", "EEG C3"]) == {"C3": ("C3",)}


@pytest.mark.parametrize(
    ("wanted", "recorded", "expected"),
    [
        ("FP1-F7", ["F7-CS2", "FP1-CS2"], ("FP1-CS2", "F7-CS2")),
        ("P7-O1", ["P7", "01"], ("P7", "01")),
        ("O1", ["01"], ("01",)),
    ],
)
def test_bipolar_channels_and_misspelled_ones(wanted, recorded, expected):
    assert match_channels([wanted], recorded) == {wanted: expected}


def test_of_several_channels_of_one_name_the_first_is_taken_and_told():
    recorded = ["T8-P8-0", "T8-P8-1"]  # so MNE numbers them
    with pytest.warns(UserWarning, match=r"a\.edf has several channels called T8-P8; the first"):
        assert match_channels(["T8-P8"], recorded, "a.edf") == {"T8-P8": ("T8-P8-0",)}
    match_channels(["T8-P8"], recorded, on_several="first")
    assert match_channels(["T8-P8-1"], recorded) == {"T8-P8-1": ("T8-P8-1",)}
    assert numbered_names(["C3-0", "C3-1", "Cz-1", "A-0"]) == {"C3": ["C3-0", "C3-1"]}


OTHERS = (
    "ECG|EKG1|ECG EKG|EEG EKG1-REF|EEG LOC-REF|PHOTIC-REF|IBI|DC01|EMG1-Ref|SpO2|SaO2|Temp rectal|"
    "Resp oro-nasal|Event marker|EMG submental|EOG horizontal|HEOG|EOGv|Status|EXG1|GSR1|Plet|-||"
    "STI 014|--0|Unused|EEG unused|NC|Pulse|Thor|Abdo|Nasal Flow|POL $A1|BIP1|ACC_X|Heart Rate|"
    "O2 Sat|Leg L|Marker|E1-M2|E2/A1|VEOGu|IO|CQ_AF3|RAW_CQ|INTERPOLATED|SYNC|MARKER_HARDWARE|VNS|"
    "EEG A2-A1|A1-A2|EEG M1-M2|A1+A2|EEG REF|Ref|"
    "TORACE|ADDOME|TERMISTORE|TIB Dx|EEG.BatteryPercent|Sample Index|HSI_TP9|Imp|Oculogram"
)
SCALP = (
    "EEG2|POL Fp1|EEG.AF3|T3/T7|C4:M1|Dreem EEG F7-O1|E2|EEG Fp1|"
    "Cz|EEG T3-REF|C3-A2|P4-O2|Fp1-F7|EEG Fpz-Cz|E12|X1|1|EEG 001|T8-P8-1|A1|M2|EEG A1-REF|Nose"
)


def test_other_signals_are_told_from_eeg_by_their_labels_and_units():
    others, scalp = OTHERS.split("|"), SCALP.split("|")
    assert eeg_channels(dict.fromkeys(others + scalp, "uV")) == scalp
    # Where labels have types, those without are no EEG, unless they are electrodes.
    found = eeg_channels(dict.fromkeys(others + scalp, ""), typed=True)
    assert found == [name for name in scalp if name not in ("E2", "E12", "X1", "1", "Nose")]
    assert eeg_channels({"Cz": "", "X1": "degC", "X2": "mV", "EEG": "?"}) == ["Cz", "X2", "EEG"]


def test_electrodes_of_every_montage_are_eeg():
    for montage in ("colin27_1005", "biosemi256", "GSN-HydroCel-256", "easycap-M1", "mgh70"):
        names = mne.channels.make_standard_montage(montage).ch_names
        assert eeg_channels(dict.fromkeys(names, "")) == names


def test_electrodes_against_different_references_are_not_subtracted():
    with pytest.raises(ValueError, match=r"a\.edf lacks 1 of 1 channels that are needed: FP1-F7"):
        match_channels(["FP1-F7"], ["FP1-A1", "F7-A2"], "a.edf")


def test_canonical_names():
    assert [canonical_name(n) for n in ("Fc5.", "EEG FP1-REF", "T3", " EOG1 ")] == [
        "FC5", "Fp1", "T7", "EOG1"
    ]  # fmt: skip
    for name in (
        "T3/T7",
        "EEG.T7",
        "POL T3",
        "t7:m1",
        "T7/A2",
        "EEG T3 - Ref",
        "T3-A1A2",
        "T7-LER",
    ):
        assert canonical_name(name) == "T7"
    assert [canonical_name(n) for n in ("T3/T8", "FP1-F7", "C3/C4")] == ["T3/T8", "FP1-F7", "C3/C4"]
    # Two that would become one stay apart.
    assert canonical_names(["C3-REF", "EEG C3", "CZ"]) == ("C3-REF", "EEG C3", "Cz")


def test_positions_by_name():
    info = make_info(["fp1", "Anything"], 100.0)
    assert info["chs"][0]["loc"][:3].any()
    assert make_info(["fp1", "Anything"], 100.0) is not info
    spelled = make_info(["EEG Fp1", "T3", "EEG Cz-REF", "cz", "EEG Fpz-Cz"], 100.0)
    known = [bool(np.isfinite(channel["loc"][:3]).all()) for channel in spelled["chs"]]
    assert known == [True, True, False, True, False]  # one place for one electrode
    np.testing.assert_array_equal(spelled["chs"][0]["loc"], info["chs"][0]["loc"])
