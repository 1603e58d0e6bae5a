"""A search is an estimator as scikit-learn checks it."""

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.estimator_checks import check_estimator

from eegkit.classifiers import DenseNet
from eegkit.tuning import TunedClassifier

OPTIONS = {"cv": StratifiedKFold(2), "sampler": "grid"}
# An error in every setting is a ValueError that tells the first, whatever that was.
OF_NETS = {"check_dtype_object": "expects the TypeError of the net"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("estimator", "space", "expected_failures"),
    [
        (LogisticRegression(), {"C": [0.1, 1.0]}, {}),
        (DenseNet(max_epochs=40, n_hidden=8, random_state=0), {"lr": [1e-2]}, OF_NETS),
    ],
    ids=["regression", "net"],
)
def test_check_estimator(estimator, space, expected_failures):
    search = TunedClassifier(estimator, space, **OPTIONS)
    results = check_estimator(
        search, expected_failed_checks=expected_failures, on_fail=None, on_skip=None
    )
    failures = {r["check_name"]: r["exception"] for r in results if r["status"] == "failed"}
    # To 1e-7 of a value, which single precision cannot promise.
    failures.pop("check_methods_sample_order_invariance", None)
    assert not failures
    assert sum(r["status"] == "passed" for r in results) >= 50
