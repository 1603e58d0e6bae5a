"""`Preparation`: what a recording goes through on its way to trials."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import ParameterError, Parametrized, Positive, Proportion


class Preparation(Parametrized):
    """How recordings become trials: filter, rate and windows.

    A whole recording is filtered, then resampled, then cut. `Trials` carry the preparation they
    went through, a fitted pipeline keeps it as ``preparation_``, its file holds it, and
    ``eegkit predict`` repeats it with a new recording.

    Parameters
    ----------
    window_s : float, optional
        Length of a window in s; by default each labelled piece is one.
    overlap : float, default 0.0
        Part of a window shared with the next one, from 0 to below 1.
    sfreq : float, optional
        Rate of the windows in Hz, to resample to; by default the recorded one.
    l_freq, h_freq : float, optional
        Edges in Hz of a zero-phase band-pass; by default none.
    filter_method : {"fir", "iir"}, default "fir"
        MNE's filter of that kind, with its defaults: a Hamming-windowed FIR filter, or a
        Butterworth filter of order 4, forwards and backwards.
    other_steps : tuple of str
        What else was done, in words, that a recording alone does not allow to repeat.

    Raises
    ------
    ParameterError
        A value makes no sense, or two do not go together; a ``ValueError``.

    Examples
    --------
    >>> from eegkit.recordings import Preparation
    >>> print(Preparation(window_s=4.0, sfreq=128.0, l_freq=1.0, h_freq=40.0))
    band-pass 1 to 40 Hz, at 128 Hz, windows of 4 s
    """

    dataclass_options: ClassVar[Mapping[str, Any]] = {"frozen": True}

    window_s: Positive | None = None
    overlap: Proportion = 0.0
    sfreq: Positive | None = None
    l_freq: Positive | None = None
    h_freq: Positive | None = None
    filter_method: Literal["fir", "iir"] = "fir"
    other_steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.check_parameters()

    def check_parameters(self) -> None:
        super().check_parameters()
        if self.l_freq is not None and self.h_freq is not None and self.l_freq >= self.h_freq:
            raise ParameterError(
                f"l_freq is {self.l_freq:g} Hz and h_freq {self.h_freq:g} Hz; expected l_freq "
                "below h_freq.",
                "l_freq",
            )
        for name, edge in self._edges():
            if self.sfreq is not None and edge >= self.sfreq / 2:
                raise ParameterError(
                    f"{name} is {edge:g} Hz, but at {self.sfreq:g} Hz no frequency from "
                    f"{self.sfreq / 2:g} Hz on is kept; lower {name} or resample to more.",
                    name,
                )

    def _edges(self) -> list[tuple[str, float]]:
        edges = (("l_freq", self.l_freq), ("h_freq", self.h_freq))
        return [(name, edge) for name, edge in edges if edge is not None]

    def check_recorded_rate(self, sfreq: float, source: Any = "the recordings") -> None:
        """Raise ValueError where recordings at `sfreq` Hz hold no such frequencies."""
        for name, edge in self._edges():
            check_below_nyquist(name, edge, sfreq, source)

    def applied(self, *, sfreq: float, n_times: int) -> Preparation:
        """The preparation of trials at `sfreq` Hz of `n_times` samples: nothing left open."""
        sfreq = float(sfreq)
        return dataclasses.replace(self, sfreq=sfreq, window_s=n_times / sfreq)

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON holds it."""
        values = dataclasses.asdict(self) | {"other_steps": list(self.other_steps)}
        return {
            name: value if isinstance(value, str | list) else float(value)
            for name, value in values.items()
            if getattr(self, name) != getattr(Preparation, name)
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Preparation:
        """What `to_dict` gave.

        Raises
        ------
        ValueError
            It holds something else.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        if set(values) - names:
            raise ValueError(
                f"A preparation has no {', '.join(sorted(set(values) - names))}; expected some of "
                f"{', '.join(sorted(names))}. A newer eegkit may have written it."
            )
        steps = tuple(values.get("other_steps", ()))
        return cls(**{**values, "other_steps": steps})

    def __str__(self) -> str:
        if self.l_freq is not None and self.h_freq is not None:
            band = f"band-pass {self.l_freq:g} to {self.h_freq:g} Hz"
        elif self.l_freq is not None:
            band = f"high-pass {self.l_freq:g} Hz"
        elif self.h_freq is not None:
            band = f"low-pass {self.h_freq:g} Hz"
        else:
            band = "no filter"
        band += " (IIR)" * (self.filter_method == "iir" and band != "no filter")
        # Of trials it is theirs, whether or not the recordings had it already.
        rate = "recorded rate" if self.sfreq is None else f"at {self.sfreq:g} Hz"
        windows = "whole pieces" if self.window_s is None else f"windows of {self.window_s:g} s"
        windows += f" overlapping by {self.overlap:.0%}" if self.overlap else ""
        return ", ".join([band, rate, windows, *self.other_steps])


def check_below_nyquist(name: str, frequency: float, sfreq: float, source: Any) -> None:
    """Raise ValueError where signals at `sfreq` Hz hold no such frequency."""
    if frequency >= sfreq / 2:
        raise ParameterError(
            f"{name} is {frequency:g} Hz; expected less than {sfreq / 2:g} Hz, half the rate of "
            f"{source}.",
            name,
        )


def common_preparation(preparations: Sequence[Preparation | None]) -> Preparation | None:
    """The preparation of all parts; None, and a warning, where they differ."""
    different = list(dict.fromkeys(p for p in preparations if p is not None))
    if len(different) > 1:
        warnings.warn(
            "The parts went through different preparations: "
            f"{'; '.join(map(str, different))}. Together they carry none, so that a decoder "
            "fitted on them cannot repeat it; prepare all alike.",
            UserWarning,
            stacklevel=3,
        )
        return None
    return different[0] if different and None not in preparations else None


def window_onsets(
    start: float, stop: float, window_s: float, overlap: float, sfreq: float
) -> NDArray[np.float64]:
    """Where windows begin between two times, in s: every so many whole samples.

    Counted in samples, so that neighbours share the same number of them throughout.

    Parameters
    ----------
    start, stop : float
        The two times, in s.
    window_s : float
        Length of a window in s.
    overlap : float
        Part of a window shared with the next one, from 0 to below 1.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    ndarray of float, shape (n_windows,)
        In s. Every window ends at `stop` or before.

    Examples
    --------
    >>> from eegkit.recordings import window_onsets
    >>> window_onsets(0.0, 10.0, window_s=4.0, overlap=0.5, sfreq=128.0).tolist()
    [0.0, 2.0, 4.0, 6.0]
    """
    n_times = round(window_s * sfreq)
    step = max(1, round(n_times * (1 - overlap)))
    first, last = round(start * sfreq), round(stop * sfreq)
    return np.arange(first, last - n_times + 1, step) / sfreq
