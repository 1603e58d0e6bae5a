"""Decoders for elsewhere: one ONNX file from trials to probabilities."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import logging
import os
import warnings
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from eegkit.access import access_of
from eegkit.atomic import atomic_write
from eegkit.libraries import install_command
from eegkit.step_names import flat_steps

N_CHECKED = 5
TOLERANCE = 1e-4


def export_onnx(estimator: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted net, or a pipeline that ends in one, as an ONNX file.

    The file maps the input ``X``, float32 of any number of trials of the fitted shape, to the
    output ``probabilities``, in the order of the classes. Its metadata hold the classes,
    the channels, the sampling rate and the versions, as JSON. Before it appears, it is run by
    onnxruntime on random trials and compared with ``predict_proba``.

    Parameters
    ----------
    estimator : NeuralClassifier, or Pipeline of transforms and one
        Fitted. The transforms must have a form as a torch module (`as_module`): `STFT`,
        `MelSpectrogram`, `SpectrogramImage`, `Standardizer`, `Montage` and `Crop` have.
    path : str or path-like
        The file to make; one that is there is replaced.

    Raises
    ------
    ValueError
        It does not end in a fitted net, a transform has no form as a torch module, or the
        file's probabilities differ.
    ImportError
        onnx, onnxscript or onnxruntime is not installed (``pip install eegkit[onnx]``).
    sklearn.exceptions.NotFittedError
        `fit` was not called.

    Examples
    --------
    >>> import eegkit
    >>> eegkit.export_onnx(decoder, "decoder.onnx")  # doctest: +SKIP
    """
    onnx, runtime = _libraries()
    transforms, net = _steps(estimator)
    shape = (transforms[0] if transforms else net).input_shape_
    X = np.random.default_rng(0).normal(scale=10, size=(N_CHECKED, *shape)).astype(np.float32)
    with atomic_write(path) as part:
        program = _program(_module(transforms, net), X)
        program.save(part)
        model = onnx.load(part)
        for key, value in _description(transforms, net).items():
            model.metadata_props.add(key=key, value=json.dumps(value))
        onnx.save(model, part)
        session = runtime.InferenceSession(part, providers=["CPUExecutionProvider"])
        # Of the rate, settled in fit.
        with warnings.catch_warnings(action="ignore", category=UserWarning):
            expected = estimator.predict_proba(X)
        made = [session.run(None, {"X": x})[0] for x in (X[:1], X[1:])]
        difference = float(np.abs(np.concatenate(made) - expected).max())
        if not difference <= TOLERANCE:
            raise ValueError(
                f"The exported file's probabilities differ by {difference:.2g} from those of "
                "predict_proba; it was not written."
            )


def _libraries() -> tuple[Any, Any]:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401, torch's exporter uses it
    except ImportError as error:
        raise ImportError(
            f"export_onnx needs onnx, onnxscript and onnxruntime ({error}): "
            f"{install_command('eegkit[onnx]')}."
        ) from error
    return onnx, onnxruntime


def _steps(estimator: Any) -> tuple[list[Any], Any]:
    """The transforms, and the net behind them."""
    check_is_fitted(estimator)
    *transforms, net = flat_steps(estimator)
    for step in (*transforms, net):
        if access_of(step) != "none":
            raise ValueError(
                f"{type(step).__name__} has the access {access_of(step)!r}: what it makes of a "
                "trial depends on others of the same person, but an ONNX file is given trials "
                "alone."
            )
    if not hasattr(net, "net_"):
        raise ValueError(
            f"{type(net).__name__} is no net of eegkit; export_onnx takes a net, or a pipeline "
            "that ends in one."
        )
    for transform in transforms:
        if not hasattr(transform, "as_module"):
            raise ValueError(f"{type(transform).__name__} has no form as a torch module.")
    return transforms, net


def _module(transforms: list[Any], net: Any) -> Any:
    """All of it as one torch module, from trials to probabilities."""
    from torch import nn
    from torch.nn.utils import parametrize

    from eegkit.transforms._modules import padded

    # A copy of the net builds its module anew, with parametrisations of its own to remove.
    module = copy.deepcopy(net).net_.module_.cpu()
    for part in list(module.modules()):
        if parametrize.is_parametrized(part):
            for name in list(part.parametrizations):
                parametrize.remove_parametrizations(part, name, leave_parametrized=True)
    parts = [transform.as_module() for transform in transforms]
    padding = padded(net.input_shape_, net.padded_shape)
    return nn.Sequential(*parts, padding, module, nn.Softmax(-1)).eval()


def _program(module: Any, X: np.ndarray) -> Any:
    """torch's exporter, quiet."""
    import torch

    trials = {0: torch.export.Dim("n_trials", min=1)}
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"), contextlib.redirect_stdout(io.StringIO()):
            return torch.onnx.export(
                module,
                (torch.from_numpy(X),),
                dynamo=True,
                dynamic_shapes=(trials,),
                input_names=["X"],
                output_names=["probabilities"],
                verbose=False,
            )
    finally:
        logger.setLevel(level)


def _description(transforms: list[Any], net: Any) -> dict[str, Any]:
    from importlib.metadata import version

    first = transforms[0] if transforms else net
    return {
        "classes": net.classes_.tolist(),
        "ch_names": first.ch_names_ and list(first.ch_names_),
        "sfreq": getattr(first, "sfreq_", None) or net.sfreq_,
        "steps": [repr(step) for step in (*transforms, net)],
        "versions": {name: version(name) for name in ("eegkit", "torch", "onnx")},
    }
