"""Recordings: opened and checked, brought to channels, filtered, resampled and cut into windows.

Every data set of whole recordings and ``eegkit predict`` take this way, in this order: open and
check the file, find the channels by their names, filter each stretch without a gap as a whole,
resample it, cut windows that lie within one stretch. `Preparation` says how, and goes with the
trials into the fitted decoder.
"""

from eegkit.recordings.amplitudes import check_signals
from eegkit.recordings.channels import (
    canonical_name,
    canonical_names,
    eeg_channels,
    electrode_spellings,
    make_info,
    match_channels,
    numbered_names,
    plain_name,
    reference_of,
)
from eegkit.recordings.files import (
    FORMATS,
    check_whole,
    companions,
    naming_the_file,
    open_recording,
)
from eegkit.recordings.gaps import MissingDataWarning, is_mark
from eegkit.recordings.preparation import Preparation, common_preparation, window_onsets
from eegkit.recordings.prepared import (
    PreparedRecording,
    filter_and_resample,
    prepare_recording,
)
from eegkit.recordings.units import units_of
from eegkit.recordings.windows import Windows, read_windows

__all__ = [
    "FORMATS",
    "MissingDataWarning",
    "Preparation",
    "PreparedRecording",
    "Windows",
    "canonical_name",
    "canonical_names",
    "check_signals",
    "check_whole",
    "common_preparation",
    "companions",
    "eeg_channels",
    "electrode_spellings",
    "filter_and_resample",
    "is_mark",
    "make_info",
    "match_channels",
    "naming_the_file",
    "numbered_names",
    "open_recording",
    "plain_name",
    "prepare_recording",
    "read_windows",
    "reference_of",
    "units_of",
    "window_onsets",
]
