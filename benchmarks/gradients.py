"""Gradients of braindecode's nets in single precision, against double precision.

    uv run --all-packages python benchmarks/gradients.py

On some processors oneDNN, which torch computes convolutions with, gives the weights of a filter
over 14 to 19 electrodes a wrong gradient. For each net and number of electrodes this prints how far
the gradient is from that in double precision, as a part of its length: by torch alone, and as
eegkit trains it; of all weights of a net, those that are furthest off.
"""

from __future__ import annotations

import copy
import re

import torch
from braindecode import models
from explain import processor
from torch import nn
from torch.nn import functional as F

from eegkit.classifiers._right_gradients import is_wrong, right_gradients

NETS = ("ShallowFBCSPNet", "Deep4Net", "EEGNet", "ATCNet")
ELECTRODES = (8, 14, 16, 19, 22)
N_TRIALS, N_TIMES, SFREQ = 8, 640, 128


def gradients(net: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The gradients of the loss by the weights of every layer."""
    net = copy.deepcopy(net).to(x.dtype).eval()
    F.cross_entropy(net(x), torch.arange(len(x)) % 2).backward()
    return [p.grad.double() for p in net.parameters() if p.grad is not None]


def error(found: list[torch.Tensor], right: list[torch.Tensor]) -> float:
    """How far the worst is off, as a part of its length, or of a thousandth of the longest."""
    least = max(part.norm() for part in right) / 1000
    pairs = zip(found, right, strict=True)
    return max(((a - b).norm() / max(b.norm(), least)).item() for a, b in pairs)


def errors(name: str, n_channels: int) -> tuple[float, float]:
    """Of torch alone and of eegkit."""
    torch.manual_seed(0)
    options = {"n_chans": n_channels, "n_outputs": 2, "n_times": N_TIMES, "sfreq": SFREQ}
    net = getattr(models, name)(**options)
    x = torch.randn(N_TRIALS, n_channels, N_TIMES)
    right, alone = gradients(net, x.double()), gradients(net, x)
    with right_gradients(net, (n_channels, N_TIMES), "cpu"):
        ours = gradients(net, x)
    return error(alone, right), error(ours, right)


def main() -> None:
    onednn = re.search(r"MKL-DNN v([\d.]+)", torch.__config__.show())
    print(
        f"{processor()}, {torch.backends.cpu.get_cpu_capability()}; torch {torch.__version__}, "
        f"oneDNN {onednn[1] if onednn else 'none'}"
    )
    print(f"wrong here: {is_wrong()}")
    print(f"{'net':<18}{'electrodes':>12}{'torch alone':>14}{'eegkit':>12}")
    for name in NETS:
        for n_channels in ELECTRODES:
            alone, ours = errors(name, n_channels)
            print(f"{name:<18}{n_channels:>12}{alone:>14.1e}{ours:>12.1e}")


if __name__ == "__main__":
    main()
