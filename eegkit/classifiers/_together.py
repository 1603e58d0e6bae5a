"""Several nets trained at once: one forward and backward pass serves all.

Each net has its own trials, order of batches, random numbers, loss, optimiser, schedule and end,
so that it comes out as alone, up to the rounding of sums that are taken in another order.
"""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from eegkit.classifiers._batches import Batch, TrialData
from eegkit.classifiers._engine import Net
from eegkit.classifiers._generators import Stream
from eegkit.classifiers._joint_optimizer import JointOptimizer
from eegkit.classifiers._objective import Tally, losses_of_all
from eegkit.classifiers._processor import on_processor
from eegkit.classifiers._random_layers import draw_from_generator
from eegkit.classifiers._stack import Row, Stack
from eegkit.classifiers._weights import hold_statistics
from eegkit.joint_work import do_jointly, is_joint, note_alone
from eegkit.text import brief

# Values of all the batches of a step: of more of them nets at once were no faster.
MOST_VALUES = 2**20
MOST_NETS = 32
# Where no more than two or three fit in, what is saved is little.
FEWEST_NETS = 4
# Of the trials of all of them.
MOST_BYTES = 2**31
# On a batch's way forward: where more is computed, that is what takes the time, and at once it
# takes as long.
MOST_OPERATIONS = 2.5e7
# So many trials show whether nets can train at once.
FEW_TRIALS = 8
# How far logits and gradients of a net among others may be from those of the net alone.
TOLERANCE = 1e-4


class Fit:
    """The training of one net.

    Parameters
    ----------
    net : Net
        Set up, with its schedule.
    train, valid : TrialData
    n_epochs : int
    """

    def __init__(self, net: Net, train: TrialData, valid: TrialData | None, n_epochs: int) -> None:
        self.net, self.train, self.valid, self.n_epochs = net, train, valid, n_epochs
        self.error: Exception | None = None
        # Why it was trained alone; "" among others.
        self.alone = ""

    def run(self) -> None:
        """Train alone."""
        self.net.train(self.train, self.valid, self.n_epochs)

    @property
    def batch_values(self) -> int:
        """Values of one batch."""
        n_copies = 1 + (self.net.options.augment_ratio or 0)
        return self.net.batch_size * n_copies * int(np.prod(self.train.shape))

    @property
    def most_at_once(self) -> int:
        """So many such nets are worth training at once, and fit into memory with their trials."""
        n_bytes = max(1, self.train.array.nbytes)
        return min(MOST_NETS, MOST_VALUES // self.batch_values, MOST_BYTES // n_bytes)

    def obstacle(self) -> str:
        """What stands against others beside it, or ""."""
        net, options = self.net, self.net.options
        dtypes = {p.dtype for p in net.module_.parameters()}
        obstacles = {
            f"the device is {net.device!r}": net.device_type != "cpu",
            "compile is set": options.compile,
            "callbacks are set": options.callbacks,
            "verbose is set": options.verbose,
            f"precision is {options.precision!r}": options.precision != "32",
            "L-BFGS takes steps of several passes": options.optimizer == "lbfgs",
            "the trials are read from files": self.train.reads_ahead,
            "the module has an extra_loss": hasattr(net.module_, "extra_loss"),
            "the optimiser has a state from before": bool(net.optimizer_.state),
            "some weights are not of single precision": dtypes != {torch.float32},
            # What is slow in them is no faster at once, and is laid out anew for it.
            "its convolutions are laid out channels last": _is_channels_last(net.module_),
            "of batches as large nothing is saved": self.most_at_once < FEWEST_NETS,
        }
        return next((text for text, holds in obstacles.items() if holds), "") or self._weight()

    def _weight(self) -> str:
        """What the operations of a batch say against others, or "".

        It depends on the net and the batch alone, not on a measurement, so that the same training
        comes out the same; it is counted once for nets of one kind.
        """
        kind = self.kind
        weight = _WEIGHTS.get(kind)
        if weight is None:
            weight = self._counted_weight()
            if id(self) not in kind:
                _WEIGHTS[kind] = weight
        return weight

    def _counted_weight(self) -> str:
        X = self.train.batch(torch.from_numpy(self.train.rows[:FEW_TRIALS]))[0]
        module = copy.deepcopy(self.net.module_).train()
        draw_from_generator(module)
        counter = FlopCounterMode(display=False)
        try:
            with Stream(0, self.net.has_generator).use(), torch.no_grad(), counter:
                module(X)
        except Exception as error:
            return f"its operations cannot be counted ({brief(error)})"
        n_operations = counter.get_total_flops() / X.numel() * self.batch_values
        is_heavy = n_operations > MOST_OPERATIONS
        return "where as much is computed nothing is saved" if is_heavy else ""

    @property
    def kind(self) -> tuple[Any, ...]:
        """Nets of the same kind can be trained at once."""
        net = self.net
        weights = [(n, p.shape, p.requires_grad) for n, p in net.module_.named_parameters()]
        params = net.options.architecture_params()
        text = repr(sorted(params.items()))
        # Of large arrays the text leaves out the middle.
        architecture = type(net.options), text, repr(net.module_), "..." in text and id(self)
        return (*architecture, repr(weights), self.train.shape, self.batch_values)


# By kind of net, what its operations say against others; a few words for each.
_WEIGHTS: dict[tuple[Any, ...], str] = {}


def _is_channels_last(module: nn.Module) -> bool:
    return any(p.ndim == 4 and not p.is_contiguous() for p in module.parameters())


def train_at_once(fits: Sequence[Fit]) -> None:
    """Train nets of one kind; what becomes of one is in its `net`, or in its `error`.

    Those that cannot go through their layers at once are trained one after the other.
    """
    first = fits[0]
    size = len(fits) * first.net.batch_size
    with on_processor(first.net.module_, first.train.shape, size, "cpu"):
        reason = "nobody else trained a net of this kind" if not fits[1:] else _disagreement(fits)
        if not reason:
            _train_members([_Member(fit) for fit in fits])
            return
    for fit in fits:
        fit.alone = reason
        _guarded(fit)


def _train_members(members: list[_Member]) -> None:
    while members:
        rows = [member.row for member in members]
        stack = Stack(rows)
        optimizer = JointOptimizer(rows, stack.weights)
        n_before = len(members)
        while len(members) == n_before:
            _run_epoch(stack, optimizer, members)
            members = [member for member in members if not member.has_ended()]


def _guarded(fit: Fit) -> None:
    try:
        fit.run()
    except Exception as error:
        fit.error = error


class _Member:
    """One net of those that are trained."""

    def __init__(self, fit: Fit) -> None:
        self.fit, self.net = fit, fit.net
        self.net.prepare(fit.n_epochs)
        draw_from_generator(self.net.module_)
        self.batches = self.net.batches_of(fit.train)
        self.row = Row(self.net.module_, self.net.optimizer_)
        self.net.notify("on_train_begin", X=fit.train, y=None)
        self._data = {"dataset_train": fit.train, "dataset_valid": fit.valid}

    def begin_epoch(self) -> Iterator[Batch]:
        net = self.net
        net.notify("on_epoch_begin", **self._data)
        self.stream = Stream(net.begin_epoch(), net.has_generator, net.augment is not None)
        self.tally: Tally = net.tally_of(self.batches)
        with self.stream.use():
            batches = iter(self.batches)
        while True:
            with self.stream.use():
                batch = next(batches, None)
            if batch is None:
                return
            yield batch

    def clip(self, grad: torch.Tensor) -> None:
        if self.net.options.clip_grad_norm is not None:
            self.row.vector.grad = grad
            nn.utils.clip_grad_norm_([self.row.vector], self.net.options.clip_grad_norm)

    def end_step(self, loss: torch.Tensor, logits: torch.Tensor, y: Any) -> None:
        self.net.end_step()
        self.tally.add(loss, logits, y)

    def end_epoch(self) -> None:
        net, fit = self.net, self.fit
        try:
            metrics = self.tally.metrics(len(net.history), net.options.lr)
            with self.stream.use():
                valid_metrics = None if fit.valid is None else net.evaluate(fit.valid)
        except Exception as error:
            fit.error = error
            return
        net.end_epoch(metrics, self.batches, valid_metrics, fit.valid)
        net.notify("on_epoch_end", **self._data)

    def has_ended(self) -> bool:
        """Whether it is done; then it has left."""
        if self.fit.error is None and not self.net.is_done():
            return False
        self.row.release()
        self.net.return_to_best()
        self.net.notify("on_train_end", X=self.fit.train, y=None)
        return True


def _run_epoch(stack: Stack, optimizer: JointOptimizer, members: Sequence[_Member]) -> None:
    """One pass of every net over its trials; those with fewer batches wait for the others."""
    coming = {number: member.begin_epoch() for number, member in enumerate(members)}
    while coming:
        batches = {number: next(iterator, None) for number, iterator in coming.items()}
        coming = {number: coming[number] for number, batch in batches.items() if batch is not None}
        # The last batch of an epoch may be smaller.
        by_size: dict[int, dict[int, Batch]] = defaultdict(dict)
        for number, batch in batches.items():
            if batch is not None:
                by_size[len(batch[1])][number] = batch
        for alike in by_size.values():
            _step(stack, optimizer, members, alike)
    for member in members:
        member.end_epoch()


def _step(
    stack: Stack, optimizer: JointOptimizer, members: Sequence[_Member], batches: dict[int, Batch]
) -> None:
    chosen = [members[number] for number in batches]
    X, y, weights_of_trials = zip(*batches.values(), strict=True)
    streams = [member.stream for member in chosen]
    logits, weights = stack.forward(list(batches), torch.stack(X, 1).transpose(0, 1), streams)
    criteria = [member.net.criterion_ for member in chosen]
    losses = losses_of_all(criteria, logits, y, weights_of_trials)
    (grads,) = torch.autograd.grad(losses.sum(), weights)
    for member, grad in zip(chosen, grads, strict=True):
        member.clip(grad)
    optimizer.step(list(batches), grads)
    results = zip(chosen, losses.detach(), logits.detach(), y, strict=True)
    for member, loss, of_net, labels in results:
        member.end_step(loss, of_net, labels)


def _disagreement(fits: Sequence[Fit]) -> str:
    """Why logits or gradients of several at once are not those of each alone; "" if they are."""
    n = min(FEW_TRIALS, *(len(fit.train) for fit in fits))
    batches = [fit.train.batch(torch.from_numpy(fit.train.rows[:n]))[0] for fit in fits]
    modules = [copy.deepcopy(fit.net.module_).train() for fit in fits]
    for module in modules:
        draw_from_generator(module)
    rows = [Row(module, torch.optim.SGD(module.parameters())) for module in modules]
    streams = [Stream(0, fit.net.has_generator) for fit in fits]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="There is a performance drop")
            logits, weights = Stack(rows).forward(range(len(fits)), torch.stack(batches), streams)
            (grads,) = torch.autograd.grad(logits.square().sum(), weights)
            # Batch norms have learned from these trials by now, but go by them, as before.
            alone = [_trial(m, X, fit) for m, X, fit in zip(modules, batches, fits, strict=True)]
    except Exception as error:
        return f"they cannot go through their layers at once ({brief(error)})"
    pairs = zip(alone, zip(logits, grads, strict=True), strict=True)
    agree = all(
        bool((b - a).abs().max() <= TOLERANCE * (1 + a.abs().max()))
        for one, other in pairs
        for a, b in zip(one, other, strict=True)
    )
    return "" if agree else "logits or gradients of several at once were not those of each alone"


def _trial(module: nn.Module, X: torch.Tensor, fit: Fit) -> tuple[torch.Tensor, torch.Tensor]:
    """The logits of a net alone, and the gradient of their squares by all that is trained.

    Raises
    ------
    RuntimeError
        Some weights have no gradient: alone these are left as they are, in a stack they decay.
    """
    hold_statistics(module)
    with Stream(0, fit.net.has_generator).use():
        logits = module(X)
    trained = [p for p in module.parameters() if p.requires_grad]
    grads = torch.autograd.grad(logits.square().sum(), trained)
    return logits, torch.cat([grad.flatten() for grad in grads])


def train_beside_others(fit: Fit) -> None:
    """Train a net, at once with those of other calls where there are any that can join.

    Raises
    ------
    Exception
        What went wrong in the training of this net.
    """
    if not is_joint():
        fit.run()
        return
    fit.alone = fit.obstacle()
    if fit.alone:
        note_alone(fit.alone)
        fit.run()
        return
    do_jointly(fit.kind, fit, fit.most_at_once, train_at_once)
    if fit.alone:
        note_alone(fit.alone)
    if fit.error is not None:
        raise fit.error
