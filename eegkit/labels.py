"""What labels mean."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def hard_labels(y: NDArray[Any]) -> NDArray[Any]:
    """One label per trial; of soft labels the class with the largest part."""
    return y if y.ndim == 1 else y.argmax(axis=1)


def people_by_class(y: NDArray[Any], subject: NDArray[Any]) -> pd.DataFrame:
    """Trials of every person, a row each, with a column for each class."""
    rows = pd.Series(subject, name="subject")
    return pd.crosstab(rows, pd.Series(hard_labels(y), name="class"))


def labels_are_subjects(y: NDArray[Any], subject: NDArray[Any]) -> bool:
    """Whether the label of a trial is its person: identification.

    One class for each person and one person for each class. Of two people the names have to
    agree, too: a patient and a control are two people of two classes as well.

    Parameters
    ----------
    y : ndarray, shape (n_trials,) or (n_trials, n_classes)
        Labels; soft ones name nobody.
    subject : ndarray, shape (n_trials,)

    Returns
    -------
    bool

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.labels import labels_are_subjects
    >>> labels_are_subjects(np.array(["x", "y", "z"]), np.array(["a", "b", "c"]))
    True
    >>> labels_are_subjects(np.array(["sick", "well"]), np.array(["a", "b"]))
    False
    """
    if y.ndim != 1:
        return False
    pairs = pd.DataFrame({"y": y, "subject": subject}).drop_duplicates()
    if len(pairs) < 2 or pairs["y"].duplicated().any() or pairs["subject"].duplicated().any():
        return False
    return len(pairs) > 2 or set(map(str, np.unique(y))) == set(map(str, np.unique(subject)))
