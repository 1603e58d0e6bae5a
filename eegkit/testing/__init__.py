"""The conformance kit: what every data set, transform and classifier must do.

A plugin's test is a few lines::

    import pytest
    from eegkit import registry, testing

    @pytest.mark.parametrize("check", testing.classifier_checks(EEGNet), ids=str)
    def test_eegnet(check):
        check()

`check_classifier(EEGNet)` runs the same checks in one call.
"""

from eegkit.testing._checks import (
    Check,
    check_classifier,
    check_dataset,
    check_transform,
    classifier_checks,
    dataset_checks,
    transform_checks,
)
from eegkit.testing._examples import example_trials
from eegkit.testing._preparation import check_preparation
from eegkit.testing._verdicts import Verdict, verdicts

__all__ = [
    "Check",
    "Verdict",
    "check_classifier",
    "check_dataset",
    "check_preparation",
    "check_transform",
    "classifier_checks",
    "dataset_checks",
    "example_trials",
    "transform_checks",
    "verdicts",
]
