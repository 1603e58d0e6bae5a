"""A variational autoencoder that denoises trials, and makes new ones.

One class, long for its docstrings.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from scipy.stats import loguniform
from sklearn.utils.validation import check_is_fitted
from torch import nn

from eegkit import SignalArray, Transformer
from eegkit.classifiers.training import (
    GeneratorMode,
    ModuleEstimator,
    draw_seed,
    drawing,
    pick_device,
    seeded,
)
from eegkit.parameters import Count, NonNegative, Positive, check_for
from eegkit.transforms import Standardizer
from eegkit_vae._autoencoder import AutoencoderParams, VAEModule, make_vae
from eegkit_vae._modules import DenoisingModule, PosteriorDraws
from eegkit_vae._training import (
    Standardisation,
    train,
)

# Trials decoded at once by what does not go through `transform`.
N_AT_ONCE = 64


class VAEDenoiser(AutoencoderParams, ModuleEstimator, Transformer):
    """Denoise trials by a variational autoencoder, which can make new ones, too.

    The encoder turns a trial into a Gaussian over latents, the decoder turns latents into
    the trial; both are trained so that trials come back, at a price for every bit that the
    latents hold [1]_. What trials have in common is worth the price, noise is not. The
    denoised trial is the decoded mean of its latents.

    Trials are standardised inside, each channel by its mean and standard deviation in
    `fit`, and brought back, so input and output are in microvolts.

    Stages at 22 channels, 1000 samples: "conv" (22, 1000) -> mean and log-variance
    (32, 250) each -> (22, 1000), 49,964 parameters; "dense" 22,000 -> 2,000 -> mean and
    log-variance, 20 each -> 2,000 -> 22,000, 88,146,040 parameters.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `eegkit.Transformer`.
    architecture : {"conv", "dense"}, default "conv"
        "conv": latents for every `stride` samples, by convolutions from and to all channels,
        each a linear one plus one with a hidden layer. "dense": latents for the whole
        trial, by one hidden layer on either side.
    n_latent : int, optional
        Latents, of "conv" for each frame of `stride` samples; by default 32 for "conv", 20 for
        "dense".
    n_hidden : int, optional
        Hidden units; by default 64 for "conv", 2000 for "dense".
    stride : int, default 4
        Samples between frames of the latents, of "conv" alone; filters are twice as long.
    beta : float, default 0.5
        Weight of the divergence between the latents and their prior [2]_. More removes more,
        noise and weak signals; 1 is the bound of [1]_.
    warmup : int, default 5
        Epochs over which the weight rises along a line to `beta` [3]_; 0 for none.
    noise : float, optional
        Standard deviation of the decoder's Gaussian, in standard deviations of the channels.
        By default that of each channel under which its trials are most likely [4]_.
    max_epochs : int, default 40
        Passes over the training trials.
    batch_size : int, default 32
        Trials of one step.
    lr : float, default 5e-3
        Learning rate at the start; it falls along half a cosine to zero.
    weight_decay : float, default 0
        Weight decay, in the optimiser's own sense.
    optimizer : {"adamw", "adam"}, default "adamw"
        The optimiser.
    device : str, default "auto"
        ``"cpu"``, ``"cuda"``, ...; ``"auto"`` takes a GPU where there is one.
    random_state : int, RandomState or None
        Same number, same machine, same result, alone or in threads beside others; None draws
        anew each time. The global generators are as before after `fit`.
    verbose : int, default 0
        1 prints a line for each epoch.

    Attributes
    ----------
    module_ : torch.nn.Module
        The trained autoencoder of standardised trials.
    latent_shape_ : tuple of int
        Shape of one trial's latents: (n_latent,) or (n_latent, n_frames).
    mean_, scale_ : ndarray, shape (n_channels,)
        Mean and standard deviation of each channel in `fit`, in microvolts.
    noise_ : ndarray, shape (n_channels,)
        Standard deviation of what the autoencoder left out of each channel in the last epoch,
        in microvolts.
    weights_ : dict of str to ndarray
        The weights of the module.
    history_ : pandas.DataFrame, one row per epoch
        ``epoch``, ``lr``, ``beta``, ``loss`` (in nats a sample), ``reconstruction`` and ``kl``
        (in nats a trial), ``explained`` (part of the variance that comes back) and ``dur`` in s.

    Raises
    ------
    ValueError
        On `fit`: X is malformed, or a parameter makes no sense.
    FloatingPointError
        The loss became infinite or NaN.

    See Also
    --------
    eegkit_vae.VAEClassifier : trained together with a classifier.
    eegkit.transforms.WaveletDenoiser : needs no training.

    Notes
    -----
    What is noise is not known: what little is shared by channels or neighbouring samples
    goes first. A weak rhythm goes with it where `n_latent` is small, `noise` is large or `beta`
    is large. With 20 latents for a whole trial, whose phase nobody knows beforehand, hardly
    any rhythm is left (a project's published settings, ``"dense"``); and a mean over samples in
    place of their sum multiplies `beta` by half the number of values of a trial, which leaves
    nothing. The defaults are careful: on simulated people decoding lost nothing.
    ``history_["explained"]`` says how much came back.

    Deviations: the hidden layers have GELUs, Kingma and Welling's tanh. The log-variance is
    held within 10 by a tanh. `sample` draws the latents of "conv" frame by frame, as
    the prior has them, so its trials hang together over a few frames only.

    References
    ----------
    .. [1] D. P. Kingma, M. Welling (2014), Auto-encoding variational Bayes, arXiv:1312.6114.
    .. [2] I. Higgins et al. (2017), beta-VAE: learning basic visual concepts with a
       constrained variational framework, ICLR.
    .. [3] C. K. Sonderby et al. (2016), Ladder variational autoencoders, arXiv:1602.02282.
    .. [4] O. Rybkin, K. Daniilidis, S. Levine (2021), Simple and effective VAE training with
       calibrated decoders, arXiv:2006.13298.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit_vae import VAEDenoiser
    >>> rng = np.random.default_rng(0)
    >>> phase = rng.uniform(0, 2 * np.pi, (40, 1, 1))
    >>> clean = 20 * np.sin(2 * np.pi * 10 * np.arange(64) / 128 + phase) * np.ones((8, 1))
    >>> noisy = clean + rng.normal(scale=20, size=clean.shape)
    >>> vae = VAEDenoiser(beta=1.0, random_state=0).fit(noisy)
    >>> bool(np.var(vae.transform(noisy) - clean) < np.var(noisy - clean) / 4)
    True
    >>> vae.sample(3, random_state=0).shape
    (3, 8, 64)
    """

    fits_in_threads = True

    max_epochs: Count = 40
    batch_size: Count = 32
    lr: Positive = 5e-3
    weight_decay: NonNegative = 0.0
    optimizer: Literal["adamw", "adam"] = "adamw"

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {"n_latent": 4, "n_hidden": 8, "max_epochs": 2, "device": "cpu"}

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        return {
            "n_latent": [16, 32, 64],
            "stride": [2, 4, 8],
            "beta": loguniform(0.1, 3),
            "lr": loguniform(1e-3, 1e-2),
        }

    def prepare(self, signals: SignalArray) -> None:
        standard = Standardizer().fit(signals)
        self.mean_, self.scale_ = standard.mean_, standard.scale_
        self.output_shape_ = self.input_shape_
        device = pick_device(self.device)
        seed = draw_seed(self.random_state)
        has_generator = self.has_generator and device == "cpu"
        with drawing(seed) if has_generator else seeded(seed):
            with GeneratorMode():
                module = cast(VAEModule, self.make_module()).to(device)
            array = signals.view(np.ndarray)
            self._history, error = train(module, array, self._standardisation, self, device)
        self.module_ = module.eval()
        self.noise_ = self.scale_ * np.sqrt(error)

    def make_module(self) -> nn.Module:
        return make_vae(
            self.input_shape_, self.architecture, self.n_latent, self.n_hidden, self.stride
        )

    @property
    def _standardisation(self) -> Standardisation:
        return Standardisation(self.mean_, self.scale_)

    @property
    def latent_shape_(self) -> tuple[int, ...]:
        """Shape of one trial's latents."""
        return self.module_.latent_shape

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        x = self._standardisation.apply(block).to(self._device)
        # One by one, a trial comes out the same to the bit whatever stands beside it. The
        # dense net takes them together: it would read all its weights for each.
        alone = self.architecture == "conv" and self._device.type == "cpu"
        with torch.inference_mode():
            x_hat = torch.cat([self.module_(part) for part in x.split(1 if alone else len(x))])
        return self._standardisation.undo(x_hat)

    @property
    def _device(self) -> torch.device:
        return next(self.module_.parameters()).device

    def encode(self, X: Any) -> NDArray[np.float32]:
        """The means of the trials' latents.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts, as in `transform`.

        Returns
        -------
        ndarray, shape ``(n_trials, *latent_shape_)``

        Raises
        ------
        ValueError
            X is malformed, or differs from what was seen in `fit`.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        array = self._check_input(X, reset=False).view(np.ndarray)
        return np.concatenate(
            [self._posterior(array[rows])[0].cpu().numpy() for rows in _parts(len(array))]
        )

    def _posterior(self, X: NDArray[Any]) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.inference_mode():
            return self.module_.encode(self._standardisation.apply(X).to(self._device))

    def decode(self, Z: ArrayLike) -> SignalArray:
        """The trials that latents stand for: the way back from `encode`.

        Parameters
        ----------
        Z : array-like, shape ``(n_trials, *latent_shape_)``

        Returns
        -------
        SignalArray, float32, shape (n_trials, n_channels, n_times)
            In microvolts.

        Raises
        ------
        ValueError
            Z has another shape, or holds NaN or infinite values.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        check_is_fitted(self)
        latents = np.asarray(Z, dtype=np.float32)
        if latents.shape[1:] != self.latent_shape_ or latents.ndim != 1 + len(self.latent_shape_):
            expected = ", ".join(map(str, ("n_trials", *self.latent_shape_)))
            raise ValueError(
                f"Z has shape {latents.shape}; expected ({expected}), as encode gives it."
            )
        n_bad = np.count_nonzero(~np.isfinite(latents))
        if n_bad:
            raise ValueError(f"Z holds {n_bad} NaN or infinite values; remove them first.")
        x_hat = np.empty((len(latents), *self.input_shape_), dtype=np.float32)
        for rows in _parts(len(latents)):
            x_hat[rows] = self._decoded(torch.tensor(latents[rows]))
        return SignalArray(x_hat, sfreq=self.sfreq_, ch_names=self.ch_names_)

    def _decoded(self, latents: torch.Tensor) -> NDArray[np.float32]:
        with torch.inference_mode():
            return self._standardisation.undo(self.module_.decode(latents.to(self._device)))

    def sample(self, n: int = 1, random_state: Any = None) -> SignalArray:
        """New trials: decoded draws from the prior of the latents.

        Parameters
        ----------
        n : int, default 1
            How many.
        random_state : int, RandomState or None
            Same number, same trials.

        Returns
        -------
        SignalArray, float32, shape (n, n_channels, n_times)
            In microvolts, without the noise of the decoder (``noise_``).

        Raises
        ------
        ValueError
            `n` is less than 1.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        check_is_fitted(self)
        check_for(Count).require("n", n)
        rng = np.random.default_rng(draw_seed(random_state))
        return self.decode(rng.standard_normal((n, *self.latent_shape_), dtype=np.float32))

    def augment(
        self, X: Any, y: ArrayLike | None = None, n: int = 1, random_state: Any = None
    ) -> tuple[SignalArray, NDArray[Any] | None]:
        """New trials near given ones, whose labels they keep.

        Of each trial the latents are drawn from their posterior and decoded.

        Parameters
        ----------
        X : array-like, shape (n_trials, n_channels, n_times), Trials or mne.Epochs
            Signals in microvolts, as in `transform`.
        y : array-like, n_trials first, optional
            Labels, or anything that is known of each trial.
        n : int, default 1
            New trials of each.
        random_state : int, RandomState or None
            Same number, same trials.

        Returns
        -------
        X : SignalArray, float32, shape (n * n_trials, n_channels, n_times)
            A new one of every trial, in their order, then the next of every trial.
        y : ndarray, n * n_trials first, or None
            Their labels.

        Raises
        ------
        ValueError
            X is malformed, y has another length, or `n` is less than 1.
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        signals = self._check_input(X, reset=False)
        check_for(Count).require("n", n)
        n_trials = len(signals)
        labels = None if y is None else np.asarray(y)
        if labels is not None and len(labels) != n_trials:
            raise ValueError(f"y has {len(labels)} entries; expected one for each of {n_trials}.")
        array = signals.view(np.ndarray)
        rng = np.random.default_rng(draw_seed(random_state))
        x_hat = np.empty((n * n_trials, *self.input_shape_), dtype=np.float32)
        for rows in _parts(n_trials):
            mean, log_variance = (part.cpu().numpy() for part in self._posterior(array[rows]))
            for k in range(n):
                noise = rng.standard_normal(mean.shape, dtype=np.float32)
                latents = mean + np.exp(0.5 * log_variance) * noise
                start = k * n_trials
                x_hat[start + rows.start : start + rows.stop] = self._decoded(torch.tensor(latents))
        groups = None if signals.groups is None else np.concatenate([signals.groups] * n)
        X = SignalArray(x_hat, groups=groups, **self.output_metadata(signals))
        return X, None if labels is None else np.concatenate([labels] * n)

    def as_augmentation(self) -> PosteriorDraws:
        """`augment` for batches of torch tensors: the ``augment=`` of a net.

        The net then sees new trials in every epoch. They are denoised ones: put a denoiser
        before the net as well, or mix both kinds with ``augment_ratio``. A net that holds it
        can be pickled, but `eegkit.save` wants ``augment=None``.

        Returns
        -------
        torch.nn.Module
            ``f(X, y)`` gives X and y, in microvolts, drawn from torch's own generator.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            `fit` was not called.
        """
        check_is_fitted(self)
        return PosteriorDraws(self.module_, self.mean_, self.scale_)

    def as_module(self) -> nn.Module:
        check_is_fitted(self)
        return DenoisingModule(self.module_, self.mean_, self.scale_)


def _parts(n: int) -> list[slice]:
    return [slice(start, min(start + N_AT_ONCE, n)) for start in range(0, n, N_AT_ONCE)]
