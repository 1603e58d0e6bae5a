"""Channels by their names."""

import pytest

from eegkit.recordings import canonical_name, canonical_names, make_info, match_channels


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
        # MNE numbers channels of one name; the first is taken.
        ("T8-P8", ["T8-P8-0", "T8-P8-1"], ("T8-P8-0",)),
        ("FP1-F7", ["F7-CS2", "FP1-CS2"], ("FP1-CS2", "F7-CS2")),
        ("P7-O1", ["P7", "01"], ("P7", "01")),
        ("O1", ["01"], ("01",)),
    ],
)
def test_bipolar_channels_and_misspelled_ones(wanted, recorded, expected):
    assert match_channels([wanted], recorded) == {wanted: expected}


def test_electrodes_against_different_references_are_not_subtracted():
    with pytest.raises(ValueError, match=r"a\.edf lacks 1 of 1 channels that are needed: FP1-F7"):
        match_channels(["FP1-F7"], ["FP1-A1", "F7-A2"], "a.edf")


def test_canonical_names():
    assert [canonical_name(n) for n in ("Fc5.", "EEG FP1-REF", "T3", " EOG1 ")] == [
        "FC5", "Fp1", "T7", "EOG1"
    ]  # fmt: skip
    # Two that would become one stay apart.
    assert canonical_names(["C3-REF", "EEG C3", "CZ"]) == ("C3-REF", "EEG C3", "Cz")


def test_positions_by_name():
    info = make_info(["fp1", "Anything"], 100.0)
    assert info["chs"][0]["loc"][:3].any()
    assert make_info(["fp1", "Anything"], 100.0) is not info
