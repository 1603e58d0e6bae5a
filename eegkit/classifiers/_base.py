"""`NeuralClassifier`: the base of every net.

Long for its docstrings: the options of every net are described here, once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.parameter import UninitializedParameter

from eegkit.base import AXES
from eegkit.classifiers import _engine, _targets
from eegkit.classifiers._advice import advice
from eegkit.classifiers._batches import TrialData
from eegkit.classifiers._checkpoint import Checkpoint, restore, run_of
from eegkit.classifiers._contract import net_contract
from eegkit.classifiers._fitted import FittedNet
from eegkit.classifiers._together import Fit, train_beside_others
from eegkit.classifiers._weights import begin_with, freeze
from eegkit.classifiers.callbacks import scalars
from eegkit.classifiers.training import draw_seed, pick_device
from eegkit.joint_work import note_alone
from eegkit.labels import class_labels, trial_names
from eegkit.notice import warn
from eegkit.parameters import ParameterError
from eegkit.roles import with_role
from eegkit.text import count

# Fewer steps than these hold hardly any order in time.
FEWEST_STEPS = 4
# What one step is, and how there are more, by what the net reads.
STEPS = {
    "raw": ("step", "lower its stride or pool_size"),
    "spectrogram": ("frame", "shorten window_s or hop_s of the transform before it"),
}


class NeuralClassifier(FittedNet):
    """A neural net as a scikit-learn classifier.

    A net of your own is a subclass with its architecture's parameters as annotated
    fields, ``input_kind`` ("raw" or "spectrogram"), and `build_module`, which makes the
    ``torch.nn.Module``. Everything below comes with it.

    Parameters
    ----------
    max_epochs : int, default 20
        Passes over the training trials.
    batch_size : int, default 32
        Trials of one step.
    lr : float, default 1e-3
        Learning rate.
    weight_decay : float, default 1e-2
        Weight decay, in the optimiser's own sense.
    optimizer : {"adamw", "adam", "sgd", "rmsprop", "lbfgs"}, default "adamw"
        The optimiser, fused where torch can. L-BFGS wants large batches; it has no weight decay.
    lr_schedule : {None, "cosine", "plateau", "one_cycle"}, default None
        How the learning rate changes: along half a cosine to zero; halved when the loss (of the
        held-out trials where there are any) has not fallen for 5 epochs; up to `lr` and
        down again, batch by batch [1]_.
    clip_grad_norm : float, optional
        Largest norm of the gradient of all parameters together.
    validation_split : float, scikit-learn splitter or (X, y), optional
        Trials held out to watch (and to stop by): a fraction, a splitter whose first split
        is used, or trials of their own. Whole subjects are held out wherever they are known,
        from `groups` or from X itself. 0.2 where early stopping needs one and none is given.
    early_stopping : bool, default False
        Stop when the loss of the held-out trials has not fallen for `patience` epochs, and
        go back to the best weights.
    patience : int, default 10
        See `early_stopping`.
    class_weight : "balanced", dict or None
        Weights of the classes in the loss, as in scikit-learn.
    label_smoothing : float, default 0
        Part of the probability that is spread over all classes.
    balance : {None, "class", "domain"}, default None
        Let every batch hold as many trials of each class, or of each of the `domains` (data
        sets, say) given to `fit`. Trials of rare ones come several times in an epoch.
    augment : callable, optional
        ``augment(X, y)`` is given a batch as torch tensors and makes X, or X and y, of it: any
        of braindecode's transforms, or a function.
    augment_ratio : int, optional
        Augmented copies that stand beside each trial of a batch; by default an augmented one
        stands in its place.
    init_weights : mapping of str to array, or path, optional
        Weights to begin with, by the names of the module's ``state_dict``: ``net.weights_`` of a
        fitted net, or a safetensors file. What is missing or has another shape there keeps
        its random beginning, and a warning says so.
    freeze : sequence of str, default ()
        Names of parameters (or patterns such as ``"temporal.*"``) that are not trained.
    warm_start : bool, default False
        Let `fit` go on from the weights of the fit before.
    precision : {"32", "bf16-mixed", "16-mixed"}, default "32"
        Precision of the forward pass and its gradients.
    compile : bool, default False
        Compile the net with ``torch.compile``; worth it on a GPU and in long runs.
    device : str, default "auto"
        Where to train: ``"cpu"``, ``"cuda"``, ...; ``"auto"`` takes a GPU where there is one.
    checkpoint_dir : path, optional
        A folder where the state of training is kept. A `fit` that was killed and is run again
        goes on from there, and ends (on the CPU, bit for bit) as one that never was; a net of
        other code, parameters or data is trained anew. All samples are read once for that.
    random_state : int, RandomState or None
        Same number, same machine, same result, alone or in threads beside others; None draws
        anew each time. The global generators are as before after `fit`; see `fits_in_threads`.
    verbose : int, default 0
        1 shows a progress bar.
    callbacks : sequence of skorch callbacks
        Called while training. Their own state is not in checkpoints.

    Attributes
    ----------
    fits_in_threads : bool, default False
        Of the class: whether `build_module` and what it makes draw random numbers only by
        functions that take a generator, torch's `Dropout`, `GRU`, `LSTM`, `RNN` and
        `MultiheadAttention`, and from `eegkit.classifiers.training.generator`. Fits on the CPU
        then have a generator each; others seed torch's global one for an epoch, and those in
        threads take turns.
    classes_ : ndarray, shape (n_classes,)
        The labels; 0, 1, ... where `y` was class probabilities.
    input_shape_ : tuple of int
        Shape of one trial in `fit`.
    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the ``torch.nn.Module``.
    weights_ : dict of str to ndarray
        The weights and buffers of the module.
    history_ : pandas.DataFrame, one row per epoch
        ``epoch``, ``lr``, ``train_loss``, ``train_acc`` (part of the trials that were right on
        the way), with held-out trials ``valid_loss`` and ``valid_acc``, with more than five
        classes ``train_top5`` and ``valid_top5``, and ``dur`` in s.

    References
    ----------
    .. [1] L. N. Smith, N. Topin (2019), Super-convergence: very fast training of neural
       networks using large learning rates, arXiv:1708.07120.

    Examples
    --------
    >>> from torch import nn
    >>> from eegkit import NeuralClassifier
    >>> from eegkit.testing import example_trials
    >>> class OneLayer(NeuralClassifier):
    ...     n_hidden: int = 8
    ...     def build_module(self, input_shape, n_classes):
    ...         n_channels, n_times = input_shape
    ...         hidden = nn.LazyLinear(self.n_hidden)
    ...         return nn.Sequential(nn.Flatten(), hidden, nn.Linear(self.n_hidden, n_classes))
    >>> trials = example_trials()
    >>> OneLayer(max_epochs=2, random_state=0).fit(trials.X, trials.y).predict_proba(trials.X).shape
    (13, 2)
    """

    def fit(
        self,
        X: Any,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> NeuralClassifier:
        """Train the net, from scratch unless ``warm_start``.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            Raw trials, shape (n_trials, n_channels, n_times), in microvolts, or spectrograms,
            shape (n_trials, n_channels, n_freqs, n_frames), as the net reads. A memmap is
            read batch by batch.
        y : array-like, shape (n_trials,) or (n_trials, n_classes)
            Labels, text or whole numbers, or the probability of every class:
            numbers from 0 that add up to 1, to which the Kullback-Leibler divergence is minimised.
        groups : array-like, shape (n_trials,), optional
            The subject of every trial; by default what X knows (`trials.X` does). Used for
            the inner validation split alone, never seen by the net. As all below by keyword
            only.
        sample_weight : array-like, shape (n_trials,), optional
            Weights of the trials in the loss.
        domains : array-like, shape (n_trials,), optional
            What ``balance="domain"`` balances: the data set of every trial, say.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            X, y, groups or a parameter is malformed; the message says what was seen, what
            was expected and what to do.
        FloatingPointError
            The loss became infinite or NaN.
        MemoryError
            Memory ran out.
        """
        goes_on = self.warm_start and hasattr(self, "net_")
        data, people = self._read(X, y, None, goes_on, groups, sample_weight, domains)
        seed = draw_seed(self.random_state)
        run = self._run(data, people, seed, goes_on)
        state = run and run.load()
        if state:
            seed = state[1]["seed"]
        device = pick_device(self.device)
        with advice(self, device), net_contract(self):
            data.move_to(device)
            train, valid = self._split(data, people, seed)
            net = self._make_net(train, valid, device, seed, goes_on)
            net.schedule(train, self.max_epochs)
            if state:
                restore(net, *state)
            if run:
                note_alone("checkpoint_dir is set")
                net.train(train, valid, self.max_epochs, run.save)
            else:
                train_beside_others(Fit(net, train, valid, self.max_epochs))
        self.net_, self._history = net, _columns(net.history)
        return self

    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        *,
        sample_weight: ArrayLike | None = None,
    ) -> NeuralClassifier:
        """Train for one epoch on some trials, going on from what was learned before.

        Parameters
        ----------
        X : array-like, Trials or mne.Epochs
            As in `fit`.
        y : array-like
            As in `fit`.
        classes : array-like, shape (n_classes,), optional
            All labels that will ever come; needed at the first call, if `y` lacks some.
        sample_weight : array-like, shape (n_trials,), optional
            As in `fit`.

        Returns
        -------
        self
        """
        goes_on = hasattr(self, "net_")
        data, _ = self._read(X, y, classes, goes_on, None, sample_weight, None)
        device = pick_device(self.device)
        with advice(self, device), net_contract(self):
            data.move_to(device)
            if not goes_on or not self.net_.history:
                # There is no net, or it was loaded and has forgotten its optimiser.
                self.net_ = self._make_net(
                    data, None, device, draw_seed(self.random_state), goes_on
                )
            self.net_.forget_progress()
            self.net_.train(data, None, len(self.net_.history) + 1)
        self._history = _columns(self.net_.history)
        return self

    def _read(
        self, X: Any, y: Any, classes: Any, goes_on: bool, groups: Any, weight: Any, domains: Any
    ) -> tuple[TrialData, NDArray[Any] | None]:
        """The trials, all that is known of them, and their subjects; checked and encoded."""
        self.check_parameters()
        signals, labels = self._check_input(X, _targets.read_labels(y), reset=not goes_on)
        if not goes_on:
            self.classes_ = _targets.learn_classes(
                labels if classes is None else class_labels(classes, "classes")
            )
            self._warn_of_padding()
            self._warn_of_short_sequence()
        people = signals.groups
        n = len(signals)
        if groups is not None:
            people = _targets.same_length(trial_names(groups, "groups"), n, "groups")
        if domains is not None:
            domains = trial_names(domains, "domains", "domain")
            domains = _targets.same_length(domains, n, "domains")
        codes = _targets.encode(labels, self.classes_)
        if codes.ndim == 2 and self.class_weight is not None:
            raise ParameterError(
                "class_weight has no meaning where y is class probabilities.", "class_weight"
            )
        weight = _targets.check_weight(weight, n)
        strata = _targets.strata_of(self.balance, codes, domains)
        array = signals.view(np.ndarray)
        return TrialData(array, codes, np.arange(n), self.padded_shape, weight, strata), people

    def _run(self, data: TrialData, people: Any, seed: int, goes_on: bool) -> Checkpoint | None:
        """Where the state of this run is kept."""
        if self.checkpoint_dir is None:
            return None
        others = {"callbacks", *with_role(type(self), "place", "manner")}
        params = {k: v for k, v in self.get_params(deep=False).items() if k not in others}
        if self.random_state is not None:
            params["random_state"] = seed
        begins = self.weights_ if goes_on else None
        parts = (data.targets.numpy(), people, data.weight, data.strata, self.classes_, begins)
        run = run_of(self, params, data.array, *parts)
        return Checkpoint(self.checkpoint_dir, type(self).__name__, run)

    def _split(
        self, data: TrialData, people: NDArray[Any] | None, seed: int
    ) -> tuple[TrialData, TrialData | None]:
        """Training and held-out trials."""
        split = self.validation_split
        if split is None and self.early_stopping:
            split = _targets.DEFAULT_VALIDATION_SPLIT
        codes = data.codes
        if split is None:
            return data, None
        if isinstance(split, tuple):
            X, y = split
            signals, labels = self._check_input(X, _targets.read_labels(y), reset=False)
            array, y = signals.view(np.ndarray), _targets.encode(labels, self.classes_)
            return data, TrialData(array, y, np.arange(len(y)), self.padded_shape)
        if people is None and self.early_stopping:
            warn(
                f"{type(self).__name__} stops early by trials drawn without regard to subjects, "
                "because none are known: a person may be on both sides of the inner split. Pass "
                "groups= to fit, or an X that knows them (trials.X)."
            )
        if people is not None:
            people = trial_names(people, "groups")
        rows, held_out = _targets.hold_out(split, codes, people, seed)
        _targets.tell_absent(codes[rows], self.classes_, type(self).__name__)
        return data.with_rows(rows), data.with_rows(held_out)

    def _make_net(
        self, train: TrialData, valid: TrialData | None, device: str, seed: int, goes_on: bool
    ) -> _engine.Net:
        """A net around a new module, or around the one there is."""
        if goes_on:
            module = self.net_.module_
        else:
            with self.initialising(seed):
                module = self.make_module()
                if any(isinstance(p, UninitializedParameter) for p in module.parameters()):
                    module(torch.zeros(2, *self.padded_shape))  # lazy layers learn their shapes
            if self.init_weights is not None:
                begin_with(module, self.init_weights)
        freeze(module, self.freeze)
        weight = _targets.class_weights(self.class_weight, self.classes_, train.codes[train.rows])
        return _engine.make_net(
            module, self, device=device, seed=seed, class_weight=weight, valid=valid
        )

    def _warn_of_padding(self) -> None:
        if self.padded_shape != self.input_shape_:
            axes = ", ".join(AXES[self.input_kind][1:])
            warn(
                f"{type(self).__name__} needs trials of at least {self.min_input_shape()} "
                f"({axes}); those of X, {self.input_shape_}, are padded with zeros."
            )

    def _warn_of_short_sequence(self) -> None:
        length = self.sequence_length()
        if length is None or length >= FEWEST_STEPS:
            return
        step, remedy = STEPS[self.input_kind]
        warn(
            f"{type(self).__name__} reads one {step} after the other, but trials of shape "
            f"{self.input_shape_} have {count(length, step)}; expected at least {FEWEST_STEPS}: "
            f"{remedy}, or give longer trials."
        )


def _columns(history: Any) -> dict[str, list[Any]]:
    """What was recorded, a list for each name: plain, so that it can be saved."""
    rows = [scalars(row) for row in history]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
