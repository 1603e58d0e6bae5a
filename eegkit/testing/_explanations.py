"""Whether a net can be explained."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from sklearn.base import clone

from eegkit.classifiers.layers import has_hooks
from eegkit.explanation import METHODS, explain
from eegkit.explanation.gradients import TOLERANCE
from eegkit.parameters import ParameterError
from eegkit.testing._estimators import fitted
from eegkit.testing._examples import example_input, needs

N_TRIALS = 4
# What Captum is asked for by hand: methods of one backward pass.
BY_HAND = {"saliency": "Saliency", "input_x_gradient": "InputXGradient"}
# Quick enough for every net, and fine enough to add up.
OPTIONS: dict[str, dict[str, Any]] = {
    "integrated_gradients": {"n_steps": 64},
    "smoothgrad": {"n_samples": 2},
}
# Methods that not every net has something for; they are refused by `ParameterError`.
NOT_OF_ALL = ("deep_lift", "gradcam", "attention_rollout")


def check_explanation(estimator: Any) -> None:
    """Every method explains the net, or is refused, and leaves it as it is (needs Captum)."""
    needs("captum", extra="explain")
    X, y = example_input(estimator)
    net = fitted(clone(estimator).set_params(max_epochs=1), X, y)
    trials = X[:N_TRIALS]
    net.predict(trials)  # which sets the mode
    before = _state(net)
    for method in METHODS:
        try:
            _check_method(net, trials, method)
        except ParameterError as error:
            assert method in NOT_OF_ALL, f"{method} is refused: {error}"
            assert "occlusion" in str(error), f"the refusal of {method} names no other: {error}"
        _assert_same(before, _state(net), method)


def _check_method(net: Any, X: Any, method: str) -> None:
    with warnings.catch_warnings(record=True, action="always") as records:
        answer = explain(net, X, method=method, **OPTIONS.get(method, {}))
    n_axes = 1 if method == "occlusion" else X.ndim - 1
    assert answer.values.shape == X.shape[: 1 + n_axes], f"{method}: {answer.values.shape}"
    assert np.isfinite(answer.values).all(), f"{method}: not finite"
    if method in TOLERANCE:
        assert answer.gap is not None, f"{method} does not say what it misses"
        total = answer.values.reshape(len(X), -1).sum(axis=1)
        share = np.abs(answer.gap) / np.maximum(np.abs(total - answer.gap), 1)
        largest = float(share.max())
        is_reported = any("does not add up" in str(record.message) for record in records)
        assert largest <= TOLERANCE[method] or is_reported, (
            f"{method} misses {largest:.0%}, silently"
        )
    if method in BY_HAND:
        expected = _by_hand(net, X, BY_HAND[method])
        scale = np.abs(expected).max()
        np.testing.assert_allclose(answer.values, expected, rtol=1e-3, atol=1e-4 * scale)


def _by_hand(net: Any, X: Any, method: str) -> np.ndarray:
    """Captum on the bare module."""
    import captum.attr

    module = deepcopy(net.module_).eval()
    x = torch.tensor(np.asarray(X, dtype=np.float32))
    missing = [n - size for n, size in zip(net.padded_shape, net.input_shape_, strict=True)]
    x = torch.nn.functional.pad(x, [side for n in reversed(missing) for side in (0, n)])
    target = module(x).argmax(1)
    values = getattr(captum.attr, method)(module).attribute(x.requires_grad_(), target=target)
    kept = tuple(slice(size) for size in net.input_shape_)
    return values.detach().numpy()[(slice(None), *kept)]


def _state(net: Any) -> dict[str, Any]:
    """All of a net that an explanation could change."""
    module = net.module_
    gradients = {
        f"the gradient of {name}": None if p.grad is None else p.grad.clone()
        for name, p in module.named_parameters()
    }
    return {
        **{name: value.clone() for name, value in module.state_dict().items()},
        **gradients,
        "random numbers": torch.get_rng_state(),
        "modes": [layer.training for layer in module.modules()],
        "classes": [type(layer) for layer in module.modules()],
        "hooks": has_hooks(*module.modules()),
        "frozen parameters": [not p.requires_grad for p in module.parameters()],
    }


def _assert_same(before: dict[str, Any], after: dict[str, Any], method: str) -> None:
    for name, value in before.items():
        is_tensor = isinstance(value, torch.Tensor)
        same = torch.equal(value, after[name]) if is_tensor else value == after[name]
        assert same, f"{method} changed {name} of the net"
