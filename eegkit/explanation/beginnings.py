"""Where what a step of a decoder reads begins, in s of the trial."""

from __future__ import annotations

from typing import Any

import numpy as np

from eegkit.signals_input import epochs_in
from eegkit.step_names import flat_steps


def start_of(X: Any) -> float | None:
    """When trials begin in s: at 0, epochs of MNE at their ``tmin``; None where these differ."""
    starts = {float(epochs.tmin) for epochs in epochs_in(X)} or {0.0}
    return starts.pop() if len(starts) == 1 else None


def start_behind(transform: Any, start: float | None, before: Any, after: Any) -> float | None:
    """When trials begin behind a transform, in s; None where nobody knows.

    Parameters
    ----------
    transform : estimator
        Fitted; `Crop` says by ``start_s_`` what it leaves out.
    start : float, or None
        When they begin before it.
    before, after : array-like
        The trials. A step that makes them shorter and says nothing may have left out the beginning.
    """
    skipped = _skipped(transform)
    if skipped is None and not _same_span(before, after):
        return None
    return None if start is None else start + (skipped or 0.0)


def _skipped(transform: Any) -> float | None:
    """The s that a transform, or those inside of it, leave out before what they keep."""
    branches = getattr(transform, "transformers_", None)  # side by side
    if isinstance(branches, list):
        starts = {_skipped(branch[1]) for branch in branches}
        return starts.pop() if len(starts) == 1 else None
    steps = flat_steps(getattr(transform, "transformer_", transform))
    inside = [step for step in steps if step is not transform]
    if inside:
        known = [skipped for step in inside if (skipped := _skipped(step)) is not None]
        return sum(known) if known else None
    return getattr(transform, "start_s_", None)


def _same_span(before: Any, after: Any) -> bool:
    """Whether trials last as long as before; spectrograms say their times themselves."""
    if np.ndim(after) == 4:
        return True
    n_before, n_after = np.shape(before)[-1], np.shape(after)[-1]
    rate, new_rate = (getattr(X, "sfreq", None) for X in (before, after))
    if rate is None or new_rate is None or rate == new_rate:
        return bool(n_before == n_after)
    return bool(abs(n_before / rate - n_after / new_rate) <= 1 / min(rate, new_rate))
