"""Decoders by task: pipelines of public parts, with their access and their measured scores.

Each is a function that makes a pipeline, not yet fitted; what is in it can be seen, changed and
used alone. The scores in their docstrings are of people that no part of the pipeline was fitted
on, from `benchmarks/accuracy`.
"""

from eegkit.decoders.mental_workload import mental_workload
from eegkit.decoders.person_identification import person_identification

__all__ = ["mental_workload", "person_identification"]
