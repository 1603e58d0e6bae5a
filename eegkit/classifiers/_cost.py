"""What a net costs: parameters, multiply-adds and time."""

from __future__ import annotations

import copy
import statistics
import time
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted
from torch.utils.flop_counter import FlopCounterMode

from eegkit.classifiers._base import NeuralClassifier

BATCH_SIZE, N_RUNS = 32, 5


@dataclass(frozen=True)
class Cost:
    """What a net costs.

    Parameters
    ----------
    n_parameters : int
        Parameters that are trained.
    multiply_adds : int
        Multiplications (with an addition each) of one trial's forward pass, in convolutions,
        matrix products and attention, as torch counts them.
    ms_per_trial : float
        Milliseconds of `predict_proba` for a trial among 32, the median of 5 runs.

    See Also
    --------
    net_cost : counts and times a net, with an example.
    """

    n_parameters: int
    multiply_adds: int
    ms_per_trial: float


def net_cost(net: NeuralClassifier) -> Cost:
    """Count and time a fitted net.

    Parameters
    ----------
    net : NeuralClassifier
        Fitted; the shape of its trials and its number of classes are those of `fit`.

    Returns
    -------
    Cost

    Raises
    ------
    sklearn.exceptions.NotFittedError
        `fit` was not called.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.classifiers import CNNBiGRU, net_cost
    >>> X = np.random.default_rng(0).normal(size=(4, 3, 20, 5))
    >>> net_cost(CNNBiGRU(max_epochs=1).fit(X, ["a", "b"] * 2)).n_parameters
    128666
    """
    check_is_fitted(net)
    X = np.random.default_rng(0).normal(size=(BATCH_SIZE, *net.input_shape_))
    X = X.astype(np.float32)
    seconds = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of the rate
        for _ in range(N_RUNS + 1):
            start = time.perf_counter()
            net.predict_proba(X)
            seconds.append(time.perf_counter() - start)
    module = net.net_.module_
    # On the meta device nothing is computed, and no layer takes its CPU shortcut.
    counter = FlopCounterMode(display=False)
    with counter:
        copy.deepcopy(module).to("meta").eval()(torch.empty(1, *net.padded_shape, device="meta"))
    return Cost(
        n_parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
        multiply_adds=counter.get_total_flops() // 2,
        ms_per_trial=1e3 * statistics.median(seconds[1:]) / BATCH_SIZE,
    )
