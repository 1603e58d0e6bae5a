"""What a net of one's own does that no net may, said in place of what torch says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from eegkit.error_place import error_place
from eegkit.parameters import ParameterError

# Trials that a net which failed is tried on.
N_TRIALS = 2


@contextmanager
def net_contract(estimator: Any) -> Iterator[None]:
    """Where a net fails to be made or trained, say which part of its contract it breaks, if any."""
    try:
        yield
    except (ParameterError, MemoryError, torch.OutOfMemoryError, FloatingPointError):
        raise
    except Exception as error:
        with torch.random.fork_rng(devices=[]):
            broken = _broken(estimator)
        if broken:
            raise ValueError(f"{broken}{error_place(error)}.") from error
        raise


def _broken(estimator: Any) -> str:
    """What is wrong with the net, found out with a few trials of zeros; "" if nothing is."""
    name, shape, classes = type(estimator).__name__, estimator.padded_shape, estimator.classes_
    try:
        module = estimator.make_module()
    except Exception:
        return ""  # which says where it is from
    if not isinstance(module, nn.Module):
        return f"build_module of {name} gives {module!r}; expected a torch.nn.Module"
    wanted = (N_TRIALS, len(classes))
    expected = f"expected logits of shape {wanted}, one for each trial and class"
    try:
        output = module.eval()(torch.zeros(N_TRIALS, *shape))
    except Exception as error:
        return f"The net of {name} cannot read trials of shape {shape}: {error!r}"
    if not isinstance(output, torch.Tensor):
        return f"The net of {name} gives a {type(output).__name__}; {expected}, as a tensor"
    if output.shape != wanted:
        return f"The net of {name} gives {tuple(output.shape)} for {N_TRIALS} trials; {expected}"
    if any(p.requires_grad for p in module.parameters()) and not output.requires_grad:
        return (
            f"The net of {name} gives an output without a gradient; leave out detach(), no_grad() "
            "and NumPy in its forward"
        )
    return ""
