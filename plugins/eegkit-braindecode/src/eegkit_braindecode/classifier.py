"""Any of braindecode's nets as an eegkit classifier."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from eegkit.base import DEFAULT_SFREQ
from eegkit.classifiers import NeuralClassifier
from eegkit.parameters import Count, ParameterError
from eegkit.recordings import make_info
from eegkit.text import suggest


class BraindecodeClassifier(NeuralClassifier):
    """Any net of braindecode under eegkit's contract.

    String labels, pickling when fitted, fitting again on another shape, `groups` and
    everything else work as with every net of eegkit; braindecode is imported on first use.

    Parameters
    ----------
    model : str, default "ShallowFBCSPNet"
        Name of a class in ``braindecode.models``, such as ``"ATCNet"`` or ``"EEGConformer"``.
    model_params : mapping, optional
        Arguments of that class other than the numbers of channels, times and classes and the
        sampling rate, which come from the data. Channel positions (``chs_info``) come from
        the channels' names where X knows them.
    min_n_times : int, default 1
        Trials with fewer samples than this are padded with zeros, with a warning.

    See Also
    --------
    NeuralClassifier : the parameters of training.

    Raises
    ------
    ImportError
        On `fit`: braindecode cannot be imported; the reason is given.
    ValueError
        On `fit`: braindecode has no such model, or the model refuses the trials.

    References
    ----------
    R. T. Schirrmeister et al. (2017), Deep learning with convolutional neural networks for
    EEG decoding and visualization, Human Brain Mapping 38(11), 5391-5420; and the paper of
    each model, named in braindecode's documentation.

    Examples
    --------
    >>> from eegkit_braindecode import BraindecodeClassifier
    >>> BraindecodeClassifier(model="ATCNet", max_epochs=5)
    BraindecodeClassifier(max_epochs=5, model='ATCNet')
    """

    model: str = "ShallowFBCSPNet"
    model_params: Mapping[str, Any] | None = None
    min_n_times: Count = 1

    @classmethod
    def conformance_params(cls) -> dict[str, Any]:
        return {
            "model": "EEGNet",
            "model_params": {
                "kernel_length": 8,
                "depthwise_kernel_length": 4,
                "pool1_kernel_size": 2,
                "pool2_kernel_size": 2,
                "drop_prob": 0.0,
            },
            "min_n_times": 8,
            "max_epochs": 25,
            "lr": 1e-2,
        }

    def min_input_shape(self) -> tuple[int, ...]:
        return (1, self.min_n_times)

    def build_module(self, input_shape: tuple[int, ...], n_classes: int) -> nn.Module:
        cls = _model_class(self.model)
        n_channels, n_times = input_shape
        parameters = inspect.signature(cls).parameters
        from_data = {
            "n_chans": n_channels,
            "n_outputs": n_classes,
            "n_times": n_times,
            "sfreq": self.sfreq_ or DEFAULT_SFREQ,
            "chs_info": _positions(self.ch_names_),
        }
        arguments = {k: v for k, v in from_data.items() if k in parameters and v is not None}
        arguments |= self.model_params or {}
        unknown = sorted(set(arguments) - set(parameters))
        if unknown:
            raise ParameterError(
                f"{self.model} has no parameter {', '.join(unknown)}; it has "
                f"{', '.join(parameters)}.",
                "model_params",
            )
        try:
            module = cls(**arguments)
        except Exception as error:
            raise ValueError(
                f"braindecode's {self.model} refuses trials of {n_channels} channels x {n_times} "
                f"samples: {type(error).__name__}: {error}"
            ) from error
        return module


def _model_class(name: str) -> type[nn.Module]:
    try:
        models = importlib.import_module("braindecode.models")
    except Exception as error:
        raise ImportError(
            f"BraindecodeClassifier needs braindecode, which could not be imported "
            f"({type(error).__name__}: {error}); its torchaudio must match the installed torch: "
            'install both anew: braindecode and "torch<2.15".'
        ) from error
    names = [
        key
        for key, value in vars(models).items()
        if inspect.isclass(value) and issubclass(value, nn.Module)
    ]
    if name not in names:
        raise ValueError(
            f"braindecode has no model {name!r}{suggest(name, names, '')} "
            f"It has {', '.join(names)}."
        )
    return getattr(models, name)


def _positions(ch_names: tuple[str, ...] | None) -> list[dict[str, Any]] | None:
    """MNE's description of the channels, where the 10-05 system knows every one of them."""
    if ch_names is None:
        return None
    info = make_info(ch_names, 1.0)
    complete = all(np.isfinite(channel["loc"][:3]).all() for channel in info["chs"])
    return info["chs"] if complete else None
