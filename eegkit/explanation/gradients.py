"""Attributions by gradients of a class's logit with respect to the input, by Captum."""

from __future__ import annotations

import functools
import math
import warnings
from collections import Counter
from collections.abc import Collection
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eegkit.explanation.answers import Answer, Question
from eegkit.explanation.baselines import Baseline, baseline_of
from eegkit.explanation.modules import Differentiable, hooks
from eegkit.libraries import install_command
from eegkit.notice import warn
from eegkit.parameters import Count, NonNegative, ParameterError, Seed
from eegkit.text import shortlist

# How far sums of attributions may be from what they have to add up to, in parts of it (or of
# one logit, where that is more).
TOLERANCE = {"integrated_gradients": 0.05, "deep_lift": 0.01}

# What DeepLIFT's rule is for.
RESCALED = (
    nn.ReLU, nn.ELU, nn.LeakyReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, nn.Softmax,
    nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d,
)  # fmt: skip
# Functions of single numbers, which the rule is for as well, though Captum has none for them.
SMOOTH = (nn.SiLU, nn.GELU, nn.Mish)


def captum() -> Any:
    """Captum's methods.

    Raises
    ------
    ImportError
        It is not installed.
    """
    try:
        import captum.attr
    except ImportError as error:
        raise ImportError(
            "Gradients of nets are followed by Captum, which is not installed: "
            f"{install_command('eegkit[explain]')}; method='occlusion' works without."
        ) from error
    return captum.attr


def saliency(question: Question) -> Answer:
    """The size of the gradient [1]_.

    References
    ----------
    .. [1] K. Simonyan, A. Vedaldi, A. Zisserman (2014), Deep inside convolutional networks,
       arXiv:1312.6034.
    """
    return _by(question, captum().Saliency)


def input_x_gradient(question: Question) -> Answer:
    """The gradient times the input [1]_.

    References
    ----------
    .. [1] A. Shrikumar et al. (2016), Not just a black box, arXiv:1605.01713.
    """
    return _by(question, captum().InputXGradient)


def _by(question: Question, kind: Any) -> Answer:
    net = question.net
    method = kind(net.whole)
    values = net.map(
        lambda x, target: method.attribute(x.requires_grad_(), target=target),
        question.X,
        question.codes,
        net.rows,
    )
    return Answer(values)


def smoothgrad(
    question: Question, *, n_samples: Count = 25, noise: NonNegative = 0.1, random_state: Seed = 0
) -> Answer:
    """The mean size of the gradient at noisy copies of each trial [1]_.

    Parameters
    ----------
    n_samples : int, default 25
        Noisy copies.
    noise : float, default 0.1
        Standard deviation of the noise, in standard deviations of the trial.
    random_state : int, default 0
        A trial's noise depends on this and on its place among the trials.

    References
    ----------
    .. [1] D. Smilkov et al. (2017), SmoothGrad: removing noise by adding noise, arXiv:1706.03825.
    """
    total = np.zeros_like(question.X)
    spread = question.X.std(axis=tuple(range(1, question.X.ndim)), keepdims=True)
    for sample in range(n_samples):
        rng = np.random.default_rng([random_state, sample])
        noisy = question.X + noise * spread * rng.standard_normal(question.X.shape, np.float32)
        noisy_question = Question(question.net, noisy, question.codes, question.method)
        total += saliency(noisy_question).values
    return Answer(total / np.float32(n_samples))


def integrated_gradients(
    question: Question, *, baseline: Baseline = None, n_steps: Count = 50
) -> Answer:
    """The gradient's mean on the way from a baseline, times the way [1]_.

    A trial's attributions add up to the difference that it makes to the logit, but for the error
    of the sum over `n_steps` points; a warning says where that is more than 5 %, or 0.05 where the
    difference is less than one logit.

    Parameters
    ----------
    baseline : "zero", "mean" or array-like, optional
        What a trial is compared with: zeros, the mean of the trials explained, or an array of a
        trial's shape. By default zeros for raw trials, the mean for all else.
    n_steps : int, default 50
        Points, of Gauss-Legendre quadrature.

    References
    ----------
    .. [1] M. Sundararajan, A. Taly, Q. Yan (2017), Axiomatic attribution for deep networks, ICML,
       arXiv:1703.01365.
    """
    net, origin = question.net, baseline_of(question.X, baseline)
    n_batches = math.ceil(n_steps / net.rows)  # of one trial; of equal size
    method = captum().IntegratedGradients(net.whole)
    attribute = functools.partial(
        method.attribute,
        baselines=net.tensor(origin)[None],
        n_steps=n_steps,
        internal_batch_size=None if net.rows >= n_steps else math.ceil(n_steps / n_batches),
    )
    values = net.map(
        lambda x, target: attribute(x, target=target),
        question.X,
        question.codes,
        max(1, net.rows // n_steps),
    )
    remedy = "raise n_steps, or choose a baseline that is nearer to the trials"
    return _complete(question, values, origin, remedy)


def deep_lift(question: Question, *, baseline: Baseline = None) -> Answer:
    """DeepLIFT by the rescale rule [1]_: differences from a baseline, carried back layer by layer.

    A trial's attributions add up to the difference that it makes to the logit where all that is
    not linear in the net are layers that the rule is for: ReLU, ELU, leaky ReLU, SiLU, GELU, Mish,
    sigmoid, tanh, softplus, softmax and max pooling. Of gates, attention and formulas the gradient
    is taken; a warning says where more than 1 % is missing, or 0.01 where the difference is less
    than one logit.

    Parameters
    ----------
    baseline : "zero", "mean" or array-like, optional
        As of integrated gradients.

    References
    ----------
    .. [1] A. Shrikumar, P. Greenside, A. Kundaje (2017), Learning important features through
       propagating activation differences, ICML, arXiv:1704.02685.
    """
    net, origin = question.net, baseline_of(question.X, baseline)
    method = captum().DeepLift(_with_plain_layers(net.whole, _layers_in_use_again(net)))
    beside = net.tensor(origin)[None]

    def attribute(x: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        with warnings.catch_warnings(action="ignore", category=UserWarning):  # of its hooks
            return method.attribute(x, beside.expand_as(x), target=target)

    values = net.map(attribute, question.X, question.codes, max(1, net.rows // 2))
    remedy = "integrated_gradients has no such layers"
    return _complete(question, values, origin, remedy)


def _layers_in_use_again(net: Differentiable) -> list[nn.Module]:
    """Smooth layers that work twice, whose gradient is taken; those of Captum's are refused.

    The differences of one use would be mixed up with those of the other.
    """
    names = {layer: name for name, layer in net.module.named_modules()}
    layers = [layer for layer in names if isinstance(layer, RESCALED + SMOOTH)]
    calls: Counter[nn.Module] = Counter()
    with hooks(layers, lambda layer, inputs, output: calls.update([layer])), torch.no_grad():
        net.whole(torch.zeros(1, *net.input_shape, device=net.device))
    again = [layer for layer, n_calls in calls.items() if n_calls > 1]
    refused = [names[layer] for layer in again if _formula_of(layer) in RESCALED]
    if refused:
        raise ParameterError(
            f"deep_lift follows each layer once, but {net.name} uses {shortlist(refused)} several "
            "times; use integrated_gradients or occlusion.",
            "method",
        )
    return again


def _with_plain_layers(module: nn.Module, again: Collection[nn.Module]) -> nn.Module:
    """Layers as torch's own that Captum has a rule for, which it knows by their very class.

    What a subclass computes by a formula of its own is left to the gradient.
    """
    for layer in module.modules():
        plain = _formula_of(layer)
        if plain in RESCALED:
            layer.__class__ = plain
        elif plain in SMOOTH and layer not in again:
            _behind_tanh(layer)
    return module


def _formula_of(layer: nn.Module) -> type[nn.Module] | None:
    """The layer with a rule whose function this one computes."""
    for plain in (*RESCALED, *SMOOTH):
        if isinstance(layer, plain) and type(layer).forward is plain.forward:
            return plain
    return None


def _behind_tanh(layer: Any) -> None:
    """Let Captum take a layer for a tanh, whose rule reads what goes in and what comes out."""
    layer.forward = layer.forward  # its own formula, whatever its class
    layer.__class__ = nn.Tanh


def _complete(
    question: Question, values: NDArray[np.float32], origin: NDArray[np.float32], remedy: str
) -> Answer:
    """An answer with its gaps, of which a warning tells where they are large."""
    net, n_trials = question.net, len(values)
    _tell_baselines(question, origin)
    codes, places = np.unique(question.codes, return_inverse=True)
    base = net.logits(np.repeat(origin[None], len(codes), axis=0), codes)
    difference = net.logits(question.X, question.codes) - base[places]
    gap = values.reshape(n_trials, -1).sum(axis=1, dtype=np.float64) - difference
    share = np.abs(gap) / np.maximum(np.abs(difference), 1.0)
    tolerance = TOLERANCE[question.method]
    n_missed = int((share > tolerance).sum())  # of NaN `explain` tells
    if n_missed:
        warn(
            f"{question.method} of {net.name} does not add up in {n_missed} of {n_trials} trials: "
            f"up to {share.max():.1%} of the difference between trial and baseline (of one logit, "
            "where that is more) is missing or too much; expected at most "
            f"{tolerance:.0%}: {remedy}."
        )
    return Answer(values, gap)


def _tell_baselines(question: Question, origin: NDArray[np.float32]) -> None:
    """Warn of trials that are what they are compared with, so that their maps are empty."""
    rounding = 1e-6 * max(question.X.max(), -question.X.min())
    n_equal = sum(bool(np.abs(x - origin).max() <= rounding) for x in question.X)
    if n_equal:
        warn(
            f"{n_equal} of {len(question.X)} trials are the baseline that they are compared with, "
            "so their attributions are zero and say nothing; explain other trials with them, or "
            "choose a baseline, such as 'zero'."
        )
