"""What to change where training fails for want of memory or of trials, or a net of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eegkit.classifiers._options import TrainingOptions
from eegkit.text import count


@contextmanager
def advice(options: TrainingOptions, device: str) -> Iterator[None]:
    """Say which setting to change where memory runs out, or batches are too small."""
    try:
        yield
    except ValueError as error:
        if "Expected more than 1 value per channel when training" not in str(error):
            raise
        raise ValueError(
            f"Batch normalisation needs more than one trial in a batch; raise batch_size (now "
            f"{options.batch_size}), or give more trials."
        ) from error
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        message = str(error)
        if isinstance(error, RuntimeError) and not (
            isinstance(error, torch.OutOfMemoryError) or "can't allocate memory" in message
        ):
            raise
        raise MemoryError(
            f"Training ran out of memory on {device}. Lower batch_size (now {options.batch_size}), "
            "shorten or resample the trials, make the net smaller, or, on a GPU, train with "
            "precision='bf16-mixed'."
        ) from error


def refuse_no_numbers(probabilities: NDArray[np.float32], X: NDArray[Any]) -> None:
    """Raise where a net gave NaN or infinite values for some trials of X."""
    wrong = np.flatnonzero(~np.isfinite(probabilities).all(axis=1))
    if len(wrong):
        raise ValueError(
            f"The net gives no numbers for {count(len(wrong), 'trial')}, the first is trial "
            f"{wrong[0]}, whose values reach {np.abs(X[wrong[0]]).max():.3g}. Give signals of the "
            "unit and the amplitudes that it was trained on (trials.describe() tells them), or "
            "put a Standardizer before it."
        )
