"""EEGNet's first two convolutions, exchanged: space first, time second.

A temporal filter w_f, its batch norm and the spatial filters S_m on it are linear:

    y_m = sum_c S_mc (a_f w_f * x_c + b_f)  =  a_f w_f * (sum_c S_mc x_c) + b_f sum_c S_mc

with a_f, b_f the scale and shift of the batch norm. On the right only D * F1 signals are
filtered instead of F1 * C, and no (B, F1, C, T) array is made. In training the batch norm needs
the mean and variance of w_f * x_c over trials, channels and samples. With xp the padded signal,

    mean_f = w_f . m          m_k  = mean xp[t + k]
    E_f    = w_f' R w_f       R_kl = mean xp[t + k] xp[t + l],    variance_f = E_f - mean_f^2

and m and R come from the spectrum of x, which serves the filtering as well.

Shapes: B trials, C channels, T samples, F temporal filters of length K, M spatial filters.
"""

from __future__ import annotations

import functools
from functools import partial
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import Function

from eegkit.classifiers.layers import has_hooks, is_stacked, on_stack, runs_eagerly_on_cpu

# A float32 spectrum leaves an error of about 1e-7 mean^2 in a variance.
LARGEST_MEAN = 10.0  # in standard deviations of a filter's output


def applies(x: torch.Tensor, temporal: nn.Sequential, spatial: nn.Sequential) -> bool:
    """Whether `space_first` can stand in for the two convolutions and their batch norms.

    Hooks of the layers it skips need the layers; edges are handled for T >= 2 K only.
    """
    layers = (temporal, *temporal, spatial[0], spatial[1])
    return (
        runs_eagerly_on_cpu(x)
        and len(x) > 0
        and x.shape[-1] >= 2 * cast(nn.Conv2d, temporal[1]).kernel_size[1]
        and not has_hooks(*layers)
    )


def space_first(x: torch.Tensor, temporal: nn.Sequential, spatial: nn.Sequential) -> torch.Tensor:
    """`spatial[1](spatial[0](temporal(x)))`: (B, C, T) -> (B, M, 1, T)."""
    conv, norm = cast(nn.Conv2d, temporal[1]), cast(nn.BatchNorm2d, temporal[2])
    norm2 = cast(nn.BatchNorm2d, spatial[1])
    w, S = conv.weight[:, 0, 0], cast(torch.Tensor, spatial[0].weight)[:, 0, :, 0]
    if not (norm.training or norm2.training or torch.is_grad_enabled()):
        return _inference(x, w, S, norm, norm2)
    if is_stacked() and norm.training:
        function = partial(_of_nets, eps=norm.eps, momentum=cast(float, norm.momentum))
        n_batches = cast(torch.Tensor, norm.num_batches_tracked)
        tensors = norm.weight, norm.bias, *_running(norm), n_batches
        return cast(torch.Tensor, norm2(on_stack(function, x, w, S, *tensors)))
    K, T = w.shape[1], x.shape[2]
    n = fft_length(T + K - 1)
    X = spectrum(x, n)
    if norm.training:
        mean, var = batch_statistics(x, X, w, n)
        _update_running(norm, mean, var, x.numel())
    else:
        mean, var = _running(norm)
    scale = norm.weight * (var + norm.eps).rsqrt()
    D = len(S) // len(w)
    shift = (norm.bias - scale * mean).repeat_interleave(D) * S.sum(1)
    filters = (scale[:, None] * w).repeat_interleave(D, 0)
    y = filtered(_mix(S, X), kernel_spectrum(filters, n, (K - 1) // 2), n, T)
    return cast(torch.Tensor, norm2((y + shift[:, None]).unsqueeze(2)))


def _of_nets(
    x: torch.Tensor,
    w: torch.Tensor,
    S: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    *statistics: torch.Tensor,
    eps: float,
    momentum: float,
) -> torch.Tensor:
    """What goes into the second norm, of N nets that train: (N, B, C, T) -> (N, B, M, 1, T).

    With the channels before the trials, mixtures of channels are one product for each net.
    """
    n_trials, (K, T) = x.shape[1], (w.shape[-1], x.shape[-1])
    n, D = fft_length(T + K - 1), S.shape[1] // w.shape[1]
    x = x.transpose(1, 2).contiguous()  # (N, C, B, T)
    X = Spectrum.apply(x, n)
    mean, var = batch_statistics(x, X, w, n)
    running_mean, running_var, batches = statistics
    _move_running(running_mean, running_var, batches, mean, var, momentum, x[0].numel())
    scale = weight * (var + eps).rsqrt()
    shift = (bias - scale * mean).repeat_interleave(D, 1) * S.sum(2)
    filters = (scale[..., None] * w).repeat_interleave(D, 1)
    Z = torch.bmm(S, torch.view_as_real(X).flatten(2)).unflatten(2, (n_trials, -1, 2))
    W = kernel_spectrum(filters, n, (K - 1) // 2)[:, :, None]
    y = Filter.apply(torch.view_as_complex(Z), W, n, T) + shift[..., None, None]
    return cast(torch.Tensor, y.transpose(1, 2).unsqueeze(3))


def _inference(
    x: torch.Tensor, w: torch.Tensor, S: torch.Tensor, norm: nn.BatchNorm2d, norm2: nn.BatchNorm2d
) -> torch.Tensor:
    """Without gradients, a direct convolution is faster; the second norm goes into it as well."""
    mean, var = _running(norm)
    mean2, var2 = _running(norm2)
    scale = norm.weight * (var + norm.eps).rsqrt()
    scale2 = norm2.weight * (var2 + norm2.eps).rsqrt()
    D, K = len(S) // len(w), w.shape[1]
    shift = (norm.bias - scale * mean).repeat_interleave(D) * S.sum(1)
    filters = (scale[:, None] * w).repeat_interleave(D, 0)
    bias = scale2 * (shift - mean2) + norm2.bias
    z = torch.bmm((scale2[:, None] * S).expand(len(x), -1, -1), x)
    # The convolution's own padding makes it ten times as slow.
    z = F.pad(z, ((K - 1) // 2, K // 2))
    return F.conv1d(z, filters[:, None], bias, groups=len(S)).unsqueeze(2)


def _running(norm: nn.BatchNorm2d) -> tuple[torch.Tensor, torch.Tensor]:
    return cast(torch.Tensor, norm.running_mean), cast(torch.Tensor, norm.running_var)


@torch.no_grad()
def _update_running(norm: nn.BatchNorm2d, mean: torch.Tensor, var: torch.Tensor, n: int) -> None:
    """As BatchNorm2d does after a batch of n values, with the unbiased variance."""
    running_mean, running_var = _running(norm)
    batches = cast(torch.Tensor, norm.num_batches_tracked)
    momentum = 1 / (float(batches) + 1) if norm.momentum is None else norm.momentum
    _move_running(running_mean, running_var, batches, mean, var, momentum, n)


@torch.no_grad()
def _move_running(
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    batches: torch.Tensor,
    mean: torch.Tensor,
    var: torch.Tensor,
    momentum: float,
    n: int,
) -> None:
    batches.add_(1)
    running_mean.mul_(1 - momentum).add_(mean * momentum)
    running_var.mul_(1 - momentum).add_(var * (momentum * n / (n - 1)))


def batch_statistics(
    x: torch.Tensor, X: torch.Tensor, w: torch.Tensor, n: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each filter's output over the batch.

    Any axes may be in front: x (..., B, C, T), w (..., F, K) to (..., F).
    """
    m, R = _moments(x, X, w.shape[-1], n)
    w64 = w.double()
    mean = (w64 @ m[..., None])[..., 0]
    outer = m[..., :, None] * m[..., None, :]
    var = ((w64 @ (R - outer)) * w64).sum(-1)
    if x.dtype == torch.float32 and (mean.square() > LARGEST_MEAN**2 * var).any():
        # The variance is a small difference of large numbers: again, in double precision.
        x64 = x.double()
        mean, var = batch_statistics(x64, Spectrum.apply(x64, n), w64, n)
    return mean.to(w.dtype), var.clamp(min=0).to(w.dtype)


def _moments(x: torch.Tensor, X: torch.Tensor, K: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """m and R of the padded x, in float64, from X, its spectrum of n >= T + K - 1 points.

    With `before` zeros in front, R_kl sums x[j] x[j + l - k] over j = k - before, ...,
    k - before + T - 1: all products at lag l - k, which the spectrum gives, but for those of
    the first samples (k, l > before) or of the last ones (k, l < before).
    """
    before, after = (K - 1) // 2, K // 2
    power = torch.view_as_real(X).square().sum(-3).double().sum((-3, -1))
    autocorrelation = torch.fft.irfft(power, n)[..., :K]
    total = X[..., 0].real.double().sum((-2, -1))
    head = x[..., :after].double().flatten(-3, -2)
    tail = x[..., x.shape[-1] - before :].double().flatten(-3, -2).flip(-1)

    k = torch.arange(K)
    R = autocorrelation[..., (k[:, None] - k).abs()]
    first = _diagonal_cumsum(head.mT @ head)
    last = _diagonal_cumsum(tail.mT @ tail).flip(-2, -1)
    R = R - F.pad(first, (K - after, 0, K - after, 0)) - F.pad(last, (0, K - before, 0, K - before))
    first = head.sum(-2).cumsum(-1)
    last = tail.sum(-2).cumsum(-1).flip(-1)
    m = total[..., None] - F.pad(first, (K - after, 0)) - F.pad(last, (0, K - before))
    n_values = x.shape[-3:].numel()
    return m / n_values, R / n_values


def _diagonal_cumsum(G: torch.Tensor) -> torch.Tensor:
    """Sum of G along its diagonals: G[i, j] + G[i - 1, j - 1] + ..."""
    step = 1
    while step < G.shape[-1]:
        G = G + F.pad(G, (step, -step, step, -step))
        step *= 2
    return G


def _mix(S: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
    """S X for a real S and a complex X, as a real product: half the work."""
    Z = torch.bmm(S.expand(len(X), -1, -1), torch.view_as_real(X).flatten(2))
    return torch.view_as_complex(Z.unflatten(2, (-1, 2)))


def kernel_spectrum(w: torch.Tensor, n: int, before: int) -> torch.Tensor:
    """What a signal's spectrum is multiplied by to give sum_k w[k] x[t + k - before]."""
    return torch.fft.rfft(F.pad(w, (0, n - w.shape[-1])).roll(-before, -1)).conj()


@functools.lru_cache
def fft_length(n: int) -> int:
    """The least multiple of 16 from n on without prime factors above 7, which MKL does fast."""
    length = -(-n // 16) * 16
    while True:
        rest = length
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return length
        length += 16


def _multiplicity(n: int, like: torch.Tensor) -> torch.Tensor:
    """How often each bin of a half spectrum of n points stands in the whole one."""
    count = torch.full((n // 2 + 1,), 2.0, dtype=like.dtype, device=like.device)
    count[0] = 1
    count[n // 2] = 1  # n is even
    return count


class Spectrum(Function):
    """rfft(x, n) whose gradient is one real transform; torch takes a complex one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x: torch.Tensor, n: int) -> torch.Tensor:
        return torch.fft.rfft(x, n)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        x, ctx.n = inputs
        ctx.T = x.shape[-1]

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        (grad,) = grads
        grad = grad * (ctx.n / _multiplicity(ctx.n, grad.real))
        return torch.fft.irfft(grad, ctx.n)[..., : ctx.T], None


class Filter(Function):
    """irfft(X * W, n)[..., :T]; the transform pads the gradient.

    X (B, M, bins) with W (M, bins), or of N nets X (N, B, M, bins) with W (N, 1, M, bins), or the
    trials after the maps in both.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(X: torch.Tensor, W: torch.Tensor, n: int, T: int) -> torch.Tensor:
        return torch.fft.irfft(X * W, n)[..., :T]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        X, W, ctx.n, _ = inputs
        ctx.save_for_backward(X, W)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None, None]:
        X, W = ctx.saved_tensors
        share = _multiplicity(ctx.n, grads[0]) / ctx.n
        G = torch.fft.rfft(grads[0], ctx.n)
        products = G.conj_physical().mul_(X)
        of_W = products.sum_to_size(W.shape) if W.ndim == X.ndim else products.sum(0)
        return G.mul_(W.conj() * share), of_W.conj() * share, None, None


def spectrum(x: torch.Tensor, n: int) -> torch.Tensor:
    """rfft(x, n), of several nets as well."""
    if is_stacked():
        return cast(torch.Tensor, on_stack(partial(spectrum, n=n), x))
    return cast(torch.Tensor, Spectrum.apply(x, n))


def filtered(X: torch.Tensor, W: torch.Tensor, n: int, T: int) -> torch.Tensor:
    """irfft(X * W, n)[..., :T] for X (B, M, bins), W (M, bins), of several nets as well."""
    if is_stacked():
        return cast(torch.Tensor, on_stack(lambda X, W: Filter.apply(X, W[:, None], n, T), X, W))
    return cast(torch.Tensor, Filter.apply(X, W, n, T))
