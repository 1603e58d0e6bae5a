"""The training engine: a skorch net whose epochs run at the speed of a loop by hand."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import skorch
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from skorch.callbacks import Callback, EpochTimer
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, OneCycleLR, ReduceLROnPlateau

from eegkit.blocks import release
from eegkit.classifiers._advice import refuse_no_numbers
from eegkit.classifiers._batches import Augment, Batch, Batches, TrialData, as_input
from eegkit.classifiers._generators import drawing, seeded
from eegkit.classifiers._objective import Objective, Tally, accuracies
from eegkit.classifiers._options import TrainingOptions
from eegkit.classifiers._processor import on_processor
from eegkit.classifiers._random_layers import draw_from_generator
from eegkit.classifiers._schedules import scheduler_of
from eegkit.classifiers._weights import hold_statistics
from eegkit.classifiers.callbacks import ProgressBar

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "lbfgs": torch.optim.LBFGS,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
FUSED = ("adam", "adamw", "sgd")
AUTOCAST = {"bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
BATCH_EVENTS = ("on_batch_begin", "on_batch_end", "on_grad_computed")


class _StopTraining(Exception):  # noqa: N818
    """A callback has asked to stop."""


class Net(ClassifierMixin, skorch.NeuralNet):
    """skorch's net, its callbacks and its history, with an epoch loop of our own.

    Of batches only those callbacks hear that want to; without any, all are recorded as one.
    To callbacks, labels are their positions among the classes: 0, 1, ...
    """

    def get_default_callbacks(self) -> list[tuple[str, Callback]]:
        return [("epoch_timer", EpochTimer())]

    to_train = True

    def initialize_optimizer(self, *args: Any, **kwargs: Any) -> Net:
        """A net that only predicts has none: the first of a process costs torch seconds."""
        return super().initialize_optimizer(*args, **kwargs) if self.to_train else self

    @property
    def device_type(self) -> str:
        return torch.device(self.device).type

    def set_up(self, options: Any, seed: int) -> Net:
        """Settle how to train."""
        self.options, self.seed = options, seed
        self.classes_ = np.arange(len(options.classes_))
        module = self.module_
        if options.compile:
            mode = "reduce-overhead" if self.device_type == "cuda" else "default"
            module = torch.compile(module, mode=mode)
        self.logits_of: Callable[[torch.Tensor], torch.Tensor] = module.__call__
        self.augment = options.augment and Augment(options.augment, options.augment_ratio)
        self._dtype = AUTOCAST.get(options.precision)
        is_half = self._dtype is torch.float16
        self.scaler = torch.amp.GradScaler(self.device_type, enabled=is_half)
        # What is compiled, on a GPU, or code of others may draw from the global generators. In
        # mixed precision threads empty one another's cache of weights, which alters rounding.
        is_alone = self.device_type == "cpu" and not options.compile and not options.augment
        is_alone = is_alone and self._dtype is None
        self.has_generator = is_alone and options.has_generator
        if self.has_generator:
            draw_from_generator(module)
        self.forget_progress()
        return self

    def forget_progress(self) -> None:
        """Have no schedule, and no best epoch so far."""
        self.scheduler: Any = None
        # The best loss of the held-out trials, its weights, and how many epochs ago it was.
        self.best_loss = math.inf
        self.best_weights: dict[str, torch.Tensor] | None = None
        self.n_stalled = 0

    def notify(self, method_name: str, **kwargs: Any) -> None:
        """Tell the callbacks; skorch's stop the training as the keyboard does."""
        try:
            super().notify(method_name, **kwargs)
        except KeyboardInterrupt:
            raise _StopTraining from None

    def train(
        self,
        data: TrialData,
        valid: TrialData | None,
        n_epochs: int,
        save: Callable[[Net, bool], None] | None = None,
    ) -> None:
        """Train up to so many epochs in all, or for as long as the held-out trials get better.

        Every epoch draws from a seed of its own, so it comes out the same whether the ones
        before it ran in this process or another.
        """
        self.prepare(n_epochs)
        batches = self.batches_of(data)
        datasets = {"dataset_train": data, "dataset_valid": valid}
        place = on_processor(self.module_, data.shape, self.batch_size, self.device_type)
        with contextlib.suppress(_StopTraining), place:
            self.notify("on_train_begin", X=data, y=None)
            while not self.is_done():
                self.notify("on_epoch_begin", **datasets)
                self._run_epoch(batches, valid)
                self.notify("on_epoch_end", **datasets)
                if save is not None:
                    save(self, self.is_done())
        self.return_to_best()
        with contextlib.suppress(_StopTraining):
            self.notify("on_train_end", X=data, y=None)

    def prepare(self, n_epochs: int) -> None:
        """Be ready for epochs, up to so many in all."""
        self.n_epochs = n_epochs
        self.module_.zero_grad()  # what is frozen now may have a gradient from before
        self._parameters = [p for p in self.module_.parameters() if p.requires_grad]
        # Whether a callback wants to hear of every batch.
        self._told_of_batches = any(
            getattr(type(callback), event) is not getattr(Callback, event)
            for _, callback in self.callbacks_
            for event in BATCH_EVENTS
        )

    def batches_of(self, data: TrialData) -> Batches:
        """The batches of an epoch, anew each time."""
        return Batches(data, self.batch_size, True, self.device, self.augment)

    def is_done(self) -> bool:
        is_stale = self.options.early_stopping and self.n_stalled >= self.options.patience
        return is_stale or len(self.history) >= self.n_epochs

    def return_to_best(self) -> None:
        """Take the weights of the best epoch, where training stops by one."""
        if self.options.early_stopping and self.best_weights is not None:
            self.module_.load_state_dict(self.best_weights)

    def begin_epoch(self) -> int:
        """Record the rate, and seed the augmentation; the seed of the epoch's random numbers."""
        self.history.record("lr", self.optimizer_.param_groups[0]["lr"])
        epoch = len(self.history)
        seed = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0])
        if self.augment is not None:
            self.augment.seed(seed)
        return seed

    def _run_epoch(self, batches: Batches, valid: TrialData | None) -> None:
        seed = self.begin_epoch()
        draws = drawing(seed) if self.has_generator else seeded(seed, self.augment is not None)
        with draws:
            metrics = self._train_epoch(batches)
            valid_metrics = None if valid is None else self.evaluate(valid)
        self.end_epoch(metrics, batches, valid_metrics, valid)

    def end_epoch(
        self,
        metrics: dict[str, float],
        batches: Batches,
        valid_metrics: dict[str, float] | None,
        valid: TrialData | None,
    ) -> None:
        """Record an epoch, remember its weights if they are the best, and change the rate."""
        self._record("train", metrics, len(batches.dataset))
        if valid is not None and valid_metrics is not None:
            self._record("valid", valid_metrics, len(valid))
            self._remember_best(valid_metrics["loss"])
        if isinstance(self.scheduler, ReduceLROnPlateau):
            self.scheduler.step((valid_metrics or metrics)["loss"])
        elif isinstance(self.scheduler, CosineAnnealingLR):
            self.scheduler.step()

    def _record(self, prefix: str, metrics: dict[str, float], n_trials: int) -> None:
        if not self._told_of_batches:
            self.history.new_batch()
            self._record_batch(prefix, metrics["loss"], n_trials)
        for name, value in metrics.items():
            self.history.record(f"{prefix}_{name}", value)
        past = [row[f"{prefix}_loss"] for row in self.history[:-1]]
        self.history.record(f"{prefix}_loss_best", all(metrics["loss"] < loss for loss in past))

    def _train_epoch(self, batches: Batches) -> dict[str, float]:
        """One pass over the training trials; their loss and accuracy on the way."""
        self.module_.train()
        hold_statistics(self.module_)
        events = self._told_of_batches
        tally = self.tally_of(batches)
        for batch in batches:
            if events:
                self.notify("on_batch_begin", batch=batch[:2], training=True)
            loss, pred = self._step(batch)
            if events:
                self._tell_of_batch(batch, loss, pred, training=True)
            self.end_step()
            tally.add(loss, pred, batch[1])
            del batch
        return tally.metrics(len(self.history), self.options.lr)

    def tally_of(self, batches: Batches) -> Tally:
        """What is to become of the steps of an epoch."""
        n_trials = len(batches.dataset) * (1 + (self.options.augment_ratio or 0))
        return Tally(len(batches), n_trials, self.device)

    def end_step(self) -> None:
        """Change the rate where it changes with every batch."""
        if isinstance(self.scheduler, OneCycleLR):
            self.scheduler.step()

    def _step(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of the optimiser; the loss and logits before it."""
        if isinstance(self.optimizer_, torch.optim.LBFGS):
            results: list[tuple[torch.Tensor, torch.Tensor]] = []

            def closure() -> torch.Tensor:
                results.append(self._gradients(batch))
                return results[-1][0]

            self.optimizer_.step(closure)
            return results[0]
        result = self._gradients(batch)
        self.scaler.step(self.optimizer_)
        self.scaler.update()
        return result

    def _gradients(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss and logits of a batch; every parameter gets its gradient."""
        X, y, weight = batch
        for parameter in self._parameters:
            parameter.grad = None  # as zero_grad does, without its bookkeeping
        if self._dtype is None:
            logits = self.logits_of(X)
        else:
            with torch.autocast(self.device_type, dtype=self._dtype):
                logits = self.logits_of(X)
            logits = logits.float()
        loss = self.criterion_.forward(logits, y, weight)
        # A module that has more to minimise says so of the batch it has just seen.
        extra_loss = getattr(self.module_, "extra_loss", None)
        if extra_loss is not None:
            loss = loss + extra_loss(len(self.history))
        self.scaler.scale(loss).backward()
        if self.options.clip_grad_norm is not None:
            self.scaler.unscale_(self.optimizer_)
            nn.utils.clip_grad_norm_(self._parameters, self.options.clip_grad_norm)
        if self._told_of_batches:
            parameters = list(self.module_.named_parameters())
            details = {"named_parameters": parameters, "batch": batch[:2], "training": True}
            self.notify("on_grad_computed", **details)
        return loss.detach(), logits.detach()

    def evaluate(self, data: TrialData) -> dict[str, float]:
        """Loss and accuracy of all trials of a data set, as one batch would give them."""
        self.module_.eval()
        logits, labels = [], []
        weights: list[Any] = []
        with torch.inference_mode():
            for X, y, weight in Batches(data, max(256, self.batch_size), False, self.device):
                if self._told_of_batches:
                    self.notify("on_batch_begin", batch=(X, y), training=False)
                with torch.autocast(self.device_type, self._dtype, self._dtype is not None):
                    logits.append(self.logits_of(X).float())
                if self._told_of_batches:
                    loss = self.criterion_(logits[-1], y)
                    self._tell_of_batch((X, y, weight), loss, logits[-1], training=False)
                labels.append(y)
                weights.append(weight)
            output, y = torch.cat(logits), torch.cat(labels)
            weight = None if weights[0] is None else torch.cat(weights)
            return {"loss": self.criterion_(output, y, weight).item()} | accuracies(output, y)

    def _tell_of_batch(
        self, batch: Batch, loss: torch.Tensor, y_pred: torch.Tensor, training: bool
    ) -> None:
        self._record_batch("train" if training else "valid", loss.item(), len(batch[1]))
        details = {"batch": batch[:2], "training": training, "y_pred": y_pred}
        self.notify("on_batch_end", loss=loss, **details)

    def _record_batch(self, prefix: str, loss: float, size: int) -> None:
        self.history.record_batch(f"{prefix}_loss", float(loss))
        self.history.record_batch(f"{prefix}_batch_size", size)

    def _remember_best(self, loss: float) -> None:
        self.n_stalled += 1
        if loss < self.best_loss:
            self.best_loss, self.n_stalled = loss, 0
            if self.options.early_stopping:
                state = self.module_.state_dict()
                self.best_weights = {name: value.clone() for name, value in state.items()}

    def schedule(self, data: TrialData, n_epochs: int) -> None:
        """Let the learning rate change over so many epochs."""
        n_batches = len(self.batches_of(data))
        self.scheduler = scheduler_of(self.optimizer_, self.options, n_epochs, n_batches)

    # What skorch's callbacks ask for.

    def get_dataset(self, X: Any, y: Any = None) -> TrialData:
        if isinstance(X, TrialData):
            return X
        # The trials of a batch are as the module wants them.
        array = X.cpu().numpy() if isinstance(X, torch.Tensor) else self.options.as_fitted(X)
        rows = np.arange(len(array))
        return TrialData(array, np.zeros_like(rows), rows, self.options.padded_shape)

    def evaluation_step(self, batch: Batch, training: bool = False) -> torch.Tensor:
        was_training = self.module_.training
        self.module_.train(training)
        with torch.set_grad_enabled(training):
            logits = self.module_(batch[0].to(self.device))
        if was_training:  # a callback has asked in the midst of an epoch
            self.module_.train()
            hold_statistics(self.module_)
        return logits

    def predict(self, X: Any) -> NDArray[np.intp]:
        return self.predict_proba(X).argmax(axis=-1)


def _beside(valid: TrialData, train: TrialData) -> tuple[TrialData, TrialData]:
    return train, valid


def make_net(
    module: nn.Module,
    options: TrainingOptions,
    *,
    device: str,
    seed: int = 0,
    class_weight: NDArray[np.float64] | None = None,
    valid: TrialData | None = None,
    to_train: bool = True,
) -> Net:
    """An initialized skorch net around a module, set up to train with these options."""
    weight = None if class_weight is None else torch.tensor(class_weight, dtype=torch.float32)
    arguments: dict[str, Any] = {"lr": options.lr}
    if to_train and options.optimizer != "lbfgs":
        arguments["optimizer__weight_decay"] = options.weight_decay
    if to_train and options.optimizer in FUSED and torch.device(device).type in ("cpu", "cuda"):
        arguments["optimizer__fused"] = True
    net = Net(
        module,
        criterion=Objective(weight, options.label_smoothing),
        optimizer=OPTIMIZERS[options.optimizer],
        batch_size=options.batch_size,
        iterator_train=Batches,
        iterator_valid=Batches,
        predict_nonlinearity=partial(torch.softmax, dim=-1),
        train_split=None if valid is None else partial(_beside, valid),
        callbacks=[*(options.callbacks or ()), *([ProgressBar()] if options.verbose else [])],
        device=device,
        verbose=0,
        **arguments,
    )
    net.to_train = to_train
    return net.initialize().set_up(options, seed)


def predict_proba(
    net: Net, X: NDArray[Any], shape: Sequence[int], batch_size: int
) -> NDArray[np.float32]:
    """Class probabilities, shape (n_trials, n_classes), read from X block by block.

    Raises
    ------
    ValueError
        Some are no numbers, as signals of 10^30 lead to.
    """
    module = net.module_
    if module.training:
        module.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(X), batch_size):
            block = as_input(X[start : start + batch_size], shape)
            parts.append(module(block.to(net.device)).softmax(-1).cpu())
            release(X)
    probabilities = (parts[0] if len(parts) == 1 else torch.cat(parts)).numpy()
    refuse_no_numbers(probabilities, X)
    return probabilities
