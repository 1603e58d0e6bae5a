"""What data and folds are known again by, on another machine and with other versions as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.blocks import read_blocks, release
from eegkit.evaluation.splits.named import Fold
from eegkit.identity import digest_of_data
from eegkit.trials import Trials

BLOCK_BYTES = 2**24


def digests_of(trials: Trials, folds: Sequence[Fold]) -> dict[str, Any]:
    """What a file of results keeps of the trials and of their folds.

    Parameters
    ----------
    trials : Trials
    folds : sequence of Fold

    Returns
    -------
    dict
        ``data``, a digest of all signals, labels and names; ``people``, by subject, a digest of
        the signals and their root mean square, microvolts; ``folds``, a digest of who trains and
        who is tested, by the numbers of the trials.
    """
    X, groups = np.asarray(trials.X), np.asarray(trials.groups)
    people = {}
    for subject in np.unique(groups).tolist():
        signals = X[groups == subject]
        release(X)
        people[str(subject)] = [digest_of_data(signals), _root_mean_square(signals)]
    columns = [trials.metadata[name].astype(str).tolist() for name in ("subject", "session", "run")]
    facts = trials.sfreq, list(trials.ch_names), np.asarray(trials.y).tolist(), columns
    return {
        "data": digest_of_data(facts, [digest for digest, _ in people.values()]),
        "facts": digest_of_data(facts),
        "people": people,
        "folds": digest_of_data([[fold.train.tolist(), fold.test.tolist()] for fold in folds]),
    }


def _root_mean_square(signals: NDArray[np.floating[Any]]) -> float:
    """In float64, block by block, which takes no second copy of everything."""
    blocks = read_blocks(signals, BLOCK_BYTES)
    total = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
    return float(np.sqrt(total / signals.size))
