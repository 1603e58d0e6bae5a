"""The windows of a new recording, labelled by a fitted decoder."""

from eegkit.prediction.predict import predict
from eegkit.prediction.recordings import Recordings, recordings_for

__all__ = ["Recordings", "predict", "recordings_for"]
