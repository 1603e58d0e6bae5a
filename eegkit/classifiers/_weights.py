"""The weights of a net: out of it, into it, and held fast."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file
from torch import nn

from eegkit.classifiers.training import set_weights, weights_of
from eegkit.notice import warn
from eegkit.parameters import ParameterError


def begin_with(module: nn.Module, source: Any) -> None:
    """Load those weights whose names and shapes the module has; warn of the others."""
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        try:
            source = load_file(path)
        except (SafetensorError, OSError) as error:
            raise ParameterError(
                f"init_weights: {path!r} cannot be read as a safetensors file: {error}",
                "init_weights",
            ) from error
    weights = module.state_dict()
    fitting = {n: w for n, w in source.items() if n in weights and np.shape(w) == weights[n].shape}
    if not fitting:
        raise ParameterError(
            f"init_weights: none of its {len(source)} arrays has the name and shape of a weight of "
            f"this net, which has {', '.join(weights)}.",
            "init_weights",
        )
    left = [name for name in weights if name not in fitting]
    if left:
        warn(
            f"init_weights lacks {', '.join(left)}, or has them in other shapes; they begin at "
            "random."
        )
    set_weights(module, weights_of(module) | {n: np.asarray(w) for n, w in fitting.items()})


def freeze(module: nn.Module, patterns: Sequence[str]) -> None:
    """Keep the parameters whose names match from being trained.

    Those that the module itself keeps from it stay so; those of a fit before are trained again.
    """
    for name in getattr(module, "frozen_names", ()):
        module.get_parameter(name).requires_grad_(True)
    fixed_names = []
    for pattern in patterns:
        matches = [name for name, _ in module.named_parameters() if fnmatchcase(name, pattern)]
        if not matches:
            names = ", ".join(name for name, _ in module.named_parameters())
            raise ParameterError(
                f"freeze: no parameter is named {pattern!r}; there are {names}.", "freeze"
            )
        fixed_names += [name for name in matches if module.get_parameter(name).requires_grad]
        for name in fixed_names:
            module.get_parameter(name).requires_grad_(False)
    vars(module)["frozen_names"] = tuple(fixed_names)
    if not any(p.requires_grad for p in module.parameters()):
        raise ParameterError(
            f"freeze is {list(patterns)!r}, which leaves nothing to train.", "freeze"
        )


BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm


def hold_statistics(module: nn.Module) -> None:
    """Let batch norms whose parameters are frozen keep their statistics."""
    for part in module.modules():
        if isinstance(part, BATCH_NORMS) and part.affine and not part.weight.requires_grad:
            part.eval()
