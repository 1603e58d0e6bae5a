"""What a recording goes through, kept with its trials."""

import json

import pytest

from eegkit.recordings import Preparation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sfreq": 0}, "sfreq is 0"),
        ({"sfreq": 128, "l_freq": -1}, "l_freq is -1"),
        ({"sfreq": 128, "l_freq": 30, "h_freq": 8}, "expected l_freq below h_freq"),
        ({"sfreq": 128, "h_freq": 64}, "at 128 Hz no frequency from 64 Hz on"),
        ({"window_s": 0}, "window_s is 0; expected a number above 0"),
        ({"window_s": "4"}, "window_s is '4'"),
        ({"window_s": float("inf")}, "window_s is inf"),
        ({"overlap": 1.0}, "overlap is 1.0; expected a number of at least 0 and below 1"),
        ({"overlap": True}, "overlap is True"),
        ({"filter_method": "fft"}, "filter_method is 'fft'"),
    ],
)
def test_values_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        Preparation(**options)


def test_edges_beyond_the_recorded_rate():
    with pytest.raises(ValueError, match="l_freq is 70 Hz; expected less than 64 Hz"):
        Preparation(l_freq=70.0).check_recorded_rate(128.0)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "no filter, recorded rate, whole pieces"),
        ({"l_freq": 1, "sfreq": 100, "window_s": 2, "overlap": 0.5},
         "high-pass 1 Hz, at 100 Hz, windows of 2 s overlapping by 50%"),
        ({"h_freq": 40, "filter_method": "iir", "other_steps": ("scaled",)},
         "low-pass 40 Hz (IIR), recorded rate, whole pieces, scaled"),
    ],
)  # fmt: skip
def test_as_text_and_as_json(options, text):
    preparation = Preparation(**options)
    assert str(preparation) == text
    assert Preparation.from_dict(json.loads(json.dumps(preparation.to_dict()))) == preparation


def test_what_a_newer_version_wrote_is_refused():
    with pytest.raises(ValueError, match="A preparation has no wavelet; expected some of"):
        Preparation.from_dict({"wavelet": 1})


def test_of_trials_nothing_is_left_open():
    applied = Preparation(l_freq=1.0).applied(sfreq=100.0, n_times=250)
    assert applied == Preparation(l_freq=1.0, sfreq=100.0, window_s=2.5)
