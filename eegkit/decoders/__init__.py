"""Decoders by task: pipelines of public parts, with their access and their measured scores.

Each is a function that makes a pipeline, not yet fitted; what is in it can be seen, changed and
used alone. The scores in their docstrings are of people that no part of the pipeline was fitted
on, or of the test files of a competition, from `benchmarks/accuracy`.
"""

from eegkit.decoders.mental_workload import mental_workload
from eegkit.decoders.motor_imagery import motor_imagery
from eegkit.decoders.movement_preparation import movement_preparation
from eegkit.decoders.person_identification import person_identification
from eegkit.decoders.slow_potentials import slow_potentials

__all__ = [
    "mental_workload",
    "motor_imagery",
    "movement_preparation",
    "person_identification",
    "slow_potentials",
]
