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
    electrode_spellings,
    make_info,
    match_channels,
    plain_name,
)
from eegkit.recordings.channels import (
    eeg_channels as eeg_channels,
)
from eegkit.recordings.channels import (
    numbered_names as numbered_names,
)
from eegkit.recordings.channels import (
    reference_of as reference_of,
)
from eegkit.recordings.files import (
    FORMATS as FORMATS,
)
from eegkit.recordings.files import (
    check_whole,
    naming_the_file,
    open_recording,
)
from eegkit.recordings.files import (
    companions as companions,
)
from eegkit.recordings.gaps import MissingDataWarning
from eegkit.recordings.gaps import is_mark as is_mark
from eegkit.recordings.preparation import Preparation, window_onsets
from eegkit.recordings.preparation import common_preparation as common_preparation
from eegkit.recordings.prepared import (
    PreparedRecording,
    filter_and_resample,
    prepare_recording,
)
from eegkit.recordings.units import units_of as units_of
from eegkit.recordings.windows import Windows, read_windows

__all__ = [
    "MissingDataWarning",
    "Preparation",
    "PreparedRecording",
    "Windows",
    "canonical_name",
    "canonical_names",
    "check_signals",
    "check_whole",
    "electrode_spellings",
    "filter_and_resample",
    "make_info",
    "match_channels",
    "naming_the_file",
    "open_recording",
    "plain_name",
    "prepare_recording",
    "read_windows",
    "window_onsets",
]
