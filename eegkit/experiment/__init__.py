"""Experiments in a file: data sets, pipelines, splits and metrics by name."""

from eegkit.experiment._experiment import Experiment
from eegkit.experiment._explaining import explain_experiment
from eegkit.experiment._pipelines import parse_pipeline, parse_subjects, set_random_state
from eegkit.experiment._read import read_experiment
from eegkit.experiment._running import run_experiment

__all__ = [
    "Experiment",
    "explain_experiment",
    "parse_pipeline",
    "parse_subjects",
    "read_experiment",
    "run_experiment",
    "set_random_state",
]
