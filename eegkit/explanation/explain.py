"""`explain`: what a decoder looks at, by any of the methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from eegkit.evaluation import Results
from eegkit.explanation.answers import Answer, Question
from eegkit.explanation.attributions import Attributions
from eegkit.explanation.methods import (
    OF_NETS,
    check_method,
    check_probabilities,
    check_request,
)
from eegkit.explanation.modules import Differentiable
from eegkit.explanation.occlusion import Request, occlusion
from eegkit.explanation.reading import (
    Reading,
    Space,
    best_of,
    is_net,
    own_signals,
    parts,
    read,
)
from eegkit.explanation.spectra import by_frequency, frequencies
from eegkit.explanation.targets import labels_of, target_codes
from eegkit.notice import warn


def explain(
    decoder: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    method: str = "integrated_gradients",
    target: Any = "predicted",
    layer: str | None = None,
    space: Space | None = None,
    max_memory_mb: float = 512.0,
    **options: Any,
) -> Attributions:
    """Say how much each channel, frequency and time counted for a decoder's answers.

    The decoder is left as it is: gradients are those of a copy of its net.

    Parameters
    ----------
    decoder : estimator
        Fitted: a net, or a pipeline that ends in one; for "occlusion" any that has
        ``predict_proba``.
    X : array-like, Trials or mne.Epochs
        Trials as ``predict`` takes them, best of people the decoder was not trained on. Those of
        a file are ``eegkit.prediction.recordings_for(decoder).read("session.edf")[0]``.
    y : array-like, shape (n_trials,), optional
        Their labels; by default those that X has, if it is `Trials`. No method needs them but by
        ``target="true"``.
    method : str, default "integrated_gradients"
        One of `eegkit.explanation.METHODS`; see the notes.
    target : "predicted", "true", or one of the classes
        The class whose logit is explained in each trial: the decoder's answer, the label in y, or
        the same in all. A class that is called "predicted" or "true" is explained by y. Numbers
        name classes that are numbers (1, 1.0 and NumPy's are the same), truth values those that
        are truth values, text those that are text: True is not 1, and "1" is neither.
    layer : str, optional
        Of "gradcam": the layer, by its name in the net's ``module_.named_modules()``; by default
        the one that the net names as its feature map.
    space : {"input", "raw", "spectrum"}, optional
        Whether attributions are of what the classifier reads (channels x freqs x frames after a
        spectrogram), or go back through the transforms to the raw trials (channels x times) or to
        the frequencies of these (channels x freqs). By default "raw" for "occlusion", "input" for
        all others.
    max_memory_mb : float, default 512
        Memory that the work may take beside X, the attributions and a copy of each, in MB; trials
        come in batches accordingly.
    **options
        Of the method; see the notes.

    Returns
    -------
    Attributions

    Raises
    ------
    ValueError
        X is malformed, or differs from what was seen in `fit`, as in ``predict``; or a parameter
        makes no sense here: no such method, class or layer, a step without a gradient.
    ImportError
        Captum is not installed.
    sklearn.exceptions.NotFittedError
        `fit` was not called.

    Notes
    -----
    "saliency"
        The size of the gradient.
    "input_x_gradient"
        The gradient times the input.
    "integrated_gradients"
        The gradient's mean on the way from ``baseline`` ("zero", "mean" of the trials, or an
        array), at ``n_steps=50`` points, times the way. Adds up to the difference of logits.
    "deep_lift"
        Differences from ``baseline`` carried back by the rescale rule. Adds up likewise, where
        the net has nothing that the rule is not for; a warning says where it does not.
    "smoothgrad"
        The mean size of the gradient at ``n_samples=25`` copies with noise of ``noise=0.1``
        standard deviations of the trial, drawn from ``random_state=0``.
    "gradcam"
        The net's feature map, or that of `layer`, weighed by its gradient, spread over the input.
    "attention_rollout"
        The attention of all layers of a Transformer, multiplied; the same for every class.
    "occlusion"
        The probability less that without a part of the trial: ``by="channel"``, ``"band"``,
        ``"window"`` or several of them; ``bands`` in Hz, ``window_s``. Parts become those of
        ``n_others=4`` other trials, or of a ``baseline`` ("zero", "mean", or an array).

    Examples
    --------
    >>> import eegkit
    >>> from eegkit import Pipeline
    >>> from eegkit.classifiers import CNNBiGRU
    >>> from eegkit.datasets import Simulated
    >>> from eegkit.transforms import STFT
    >>> trials = Simulated(n_subjects=2, n_trials=8).load()
    >>> decoder = Pipeline([STFT(), CNNBiGRU(max_epochs=1, random_state=0)]).fit(trials.X, trials.y)
    >>> eegkit.explain(decoder, trials, method="saliency")  # doctest: +SKIP
    <Attributions: saliency of 16 trials, 19 channels x 75 freqs x 9 frames>
    """
    arguments = options if layer is None else {**options, "layer": layer}
    check_request(method, {"space": space, "max_memory_mb": max_memory_mb, **arguments})
    if space is None:
        space = "raw" if method == "occlusion" else "input"
    _check_decoder(decoder)
    # Which also checks the trials.
    proba = np.asarray(decoder.predict_proba(own_signals(decoder, X)))
    classes = np.asarray(best_of(decoder).classes_)
    labels = labels_of(X, y, len(proba))
    predicted = _predicted(decoder, X, proba, classes)
    codes = target_codes(target, predicted, labels, classes)
    check_method(decoder, method)
    if method == "occlusion":
        reading = read(decoder, X, space)
        predictor = decoder if space == "raw" else parts(decoder)[1]
        request = Request(predictor, reading, codes, proba, max_memory_mb)
        answer = occlusion(request, **arguments)
    else:
        with torch.inference_mode(False), torch.enable_grad():
            net = Differentiable(decoder, space, max_memory_mb)
            reading = read(decoder, X, space)
            answer = _of_net(net, reading, codes, method, arguments)
    _tell_of_nan(answer, method)
    facts = {"space": space, "method": method, "options": arguments, "decoder": decoder}
    facts["again"] = partial(explain, method=method, space=space, **arguments)
    facts |= {"classes": classes, "targets": classes[codes], "y": labels}
    return _attributions(reading, answer, predicted=predicted, **facts)


def _predicted(decoder: Any, X: Any, proba: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """The decoder's answers, which need not be the most probable classes: an SVC's are not."""
    if is_net(parts(decoder)[1]):
        return classes[proba.argmax(axis=1)]
    return np.asarray(decoder.predict(own_signals(decoder, X)))


def _of_net(
    net: Differentiable,
    reading: Reading,
    codes: NDArray[np.intp],
    method: str,
    arguments: Mapping[str, Any],
) -> Answer:
    """What a method that looks into a net answers, by frequency where the net reads these."""
    if net.has_spectrum:
        reading.facts["freqs"] = frequencies(reading)
    trials = reading.X.reshape(-1, *net.input_shape)
    answer = OF_NETS[method](Question(net, trials, codes, method), **arguments)
    if not net.has_spectrum:
        return answer
    return replace(answer, values=by_frequency(answer.values), axes=("channel", "freq"))


def _attributions(reading: Reading, answer: Answer, **facts: Any) -> Attributions:
    return Attributions(
        values=answer.values if answer.axes else answer.values.reshape(reading.X.shape),
        axes=answer.axes or reading.axes,
        X=reading.X,
        gap=answer.gap,
        bands=answer.bands,
        windows=answer.windows,
        **reading.facts,
        **facts,
    )


def _tell_of_nan(answer: Answer, method: str) -> None:
    flat = answer.values.reshape(len(answer.values), -1)
    is_finite = np.asarray(np.isfinite(flat).all(axis=1))
    if not is_finite.all():
        warn(
            f"{method} of {np.sum(~is_finite)} of {len(flat)} trials is not a number in "
            "places, as the slope of a root or a logarithm is at zero; choose another baseline, "
            "leave silent channels out, or use occlusion."
        )


def _check_decoder(decoder: Any) -> None:
    if isinstance(decoder, Results):
        raise ValueError(
            "These are results of many decoders; eegkit.explanation.explain_people explains each "
            "person with the one that never saw them."
        )
    check_probabilities(decoder)
    if not hasattr(decoder, "predict_proba"):
        check_is_fitted(decoder)  # or it would have
