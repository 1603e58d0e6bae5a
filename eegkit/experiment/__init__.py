"""Experiments in a file: data sets, pipelines, splits and metrics by name."""

from eegkit.experiment._experiment import Experiment
from eegkit.experiment._explaining import explain_experiment
from eegkit.experiment._pipelines import parse_pipeline as parse_pipeline
from eegkit.experiment._pipelines import parse_subjects as parse_subjects
from eegkit.experiment._pipelines import set_random_state as set_random_state
from eegkit.experiment._read import read_experiment
from eegkit.experiment._running import run_experiment

__all__ = [
    "Experiment",
    "explain_experiment",
    "read_experiment",
    "run_experiment",
]
