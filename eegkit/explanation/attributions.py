"""`Attributions`: how much each channel, frequency and time counted for each trial's answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eegkit.labels import with_names
from eegkit.parameters import ParameterError
from eegkit.text import suggest
from eegkit.transforms.band_power import BANDS

if TYPE_CHECKING:
    import pandas as pd

    from eegkit.explanation.faithfulness import Faithfulness

# What trials may be put together by.
KEYS = ("class", "person", "label", "trial")
# What there is for each trial.
OF_TRIALS = ("X", "values", "targets", "predicted", "y", "groups", "onsets", "gap")


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Attributions:
    """How much each part of some trials counted for a decoder's answers; what `explain` gives.

    Parameters
    ----------
    values : ndarray of float32, shape ``(n_trials, *axes)``
        Attributions. Positive ones speak for the class of `targets`, negative ones against it;
        those of "saliency", "smoothgrad", "gradcam" and "attention_rollout" have no sign. In
        logits, of "occlusion" in parts of probability; of saliency in logits per unit of X.
    axes : tuple of str
        What each axis of a trial is: "channel", "time", "freq", "frame", "feature"; of occlusion
        what was hidden: "channel", "band", "window".
    X : ndarray of float32, shape ``(n_trials, *shape)``
        What was explained: what the classifier reads, or the raw trials.
    space : {"input", "raw", "spectrum"}
        Whether `X` is what the classifier reads or what the decoder does; "spectrum" explains the
        frequencies of the latter.
    method : str
        See `explain`.
    options : dict of str to object
        Those that were given for it.
    classes : ndarray, shape (n_classes,)
        Of the decoder.
    targets, predicted : ndarray, shape (n_trials,)
        The class that is explained, and the decoder's answer.
    y, groups, onsets : ndarray, shape (n_trials,), or None
        Labels, subjects and times from the subject's first trial in s, where they are known.
    gap : ndarray, shape (n_trials,), or None
        Of methods whose attributions add up to the difference between the logits of trial and
        baseline: what they add up to less that difference.
    ch_names : tuple of str, or None
        Of the axis "channel".
    sfreq : float, or None
        Sampling rate in Hz.
    freqs, times : ndarray, or None
        Of the axis "freq" in Hz, and of "time" or "frame" in s from the start of the trial, what a
        `Crop` before the classifier leaves out included; of ``mne.Epochs`` their own times. None
        where they are unknown, as behind a function that shortens trials.
    tmin : float, or None
        When the first sample of what was explained is, in s, likewise.
    bands, windows : dict of str to (float, float), or tuple of (float, float); or None
        Of the axes "band" in Hz and "window" in s, in samples or frames where `times` is None.
    decoder : estimator
        The one that was explained, by reference; pickles leave it out.
    again : callable
        Explains other decoders and trials by the same method; pickles leave it out.

    Attributes
    ----------
    faithfulness : Faithfulness or None
        What `check` said last, which pictures and reports tell; None of what is made from these
        attributions, some of the trials included.

    See Also
    --------
    eegkit.explain : makes them, with an example.
    """

    values: NDArray[np.float32]
    axes: tuple[str, ...]
    X: NDArray[np.float32]
    space: str
    method: str
    classes: NDArray[Any]
    targets: NDArray[Any]
    predicted: NDArray[Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    y: NDArray[Any] | None = None
    groups: NDArray[Any] | None = None
    onsets: NDArray[Any] | None = None
    gap: NDArray[np.float64] | None = None
    ch_names: tuple[str, ...] | None = None
    sfreq: float | None = None
    freqs: NDArray[Any] | None = None
    times: NDArray[Any] | None = None
    tmin: float | None = 0.0
    bands: Mapping[str, tuple[float, float]] | None = None
    windows: tuple[tuple[float, float], ...] | None = None
    decoder: Any = None
    again: Callable[..., Attributions] | None = None
    faithfulness: Faithfulness | None = field(default=None, init=False)

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        axes = " x ".join(
            f"{n} {name}s" for name, n in zip(self.axes, self.values.shape[1:], strict=True)
        )
        return f"<Attributions: {self.method} of {len(self)} trials, {axes}>"

    def _repr_html_(self) -> str:
        classes, counts = np.unique(self.targets, return_counts=True)
        rows = "".join(
            f"<tr><td>{escape(str(name))}</td><td>{n}</td></tr>"
            for name, n in zip(classes, counts, strict=True)
        )
        head = "<tr><th>class explained</th><th>trials</th></tr>"
        return f"<div><p>{escape(repr(self).strip('<>'))}</p><table>{head}{rows}</table></div>"

    def __getitem__(self, rows: Any) -> Attributions:
        """Some of the trials, by a slice, a list of numbers or a mask."""
        index = np.arange(len(self))[rows]
        known = {name: getattr(self, name) for name in OF_TRIALS}
        picked = {name: v[np.atleast_1d(index)] for name, v in known.items() if v is not None}
        return replace(self, **picked)

    def __getstate__(self) -> dict[str, Any]:
        return {f.name: getattr(self, f.name) for f in fields(self)} | {
            "decoder": None,
            "again": None,
        }

    def coordinates(self, axis: str) -> Sequence[Any]:
        """The names, Hz or s along an axis; numbers from 0 where they are unknown.

        Parameters
        ----------
        axis : str
            One of `axes`.

        Returns
        -------
        sequence
            As long as the axis. Of "window" it holds (start, end) in s.
        """
        n = self.values.shape[1 + self._axis(axis)]
        known: dict[str, Any] = {
            "channel": self.ch_names,
            "freq": self.freqs,
            "time": self.times,
            "frame": self.times,
            "band": self.bands and list(self.bands),
            "window": self.windows,
        }
        values = known.get(axis)
        return range(n) if values is None else list(values)

    def mean(
        self,
        by: str | Iterable[str] = "class",
        *,
        absolute: bool = False,
        bands: Mapping[str, tuple[float, float]] | None = None,
    ) -> pd.DataFrame:
        """Mean attributions over all but what is named.

        Parameters
        ----------
        by : str or sequence of str
            "class" (the one explained), "person", "label", "trial" (its number), and any of
            `axes`; "band", where there are frequencies, is the mean over a band's.
        absolute : bool, default False
            Take sizes, so that what speaks for and against does not cancel.
        bands : mapping of str to (float, float), optional
            In Hz, ends included; delta to gamma by default.

        Returns
        -------
        pandas.DataFrame
            A row for each combination; columns as in `by`, and ``attribution``. Trials without a
            label or person (None, NaN) are in no mean by these, and a warning counts them.

        Raises
        ------
        ParameterError
            There is no such axis, or nobody's name is known.
        """
        import pandas as pd

        names = [by] if isinstance(by, str) else list(by)
        keys = [name for name in names if name in KEYS]
        values, axes, coordinates = self._reduced(names, absolute, bands)
        codes, groups = self._combinations(keys)
        tables = []
        for code, group in enumerate(groups):
            mean = values[codes == code].mean(axis=0, dtype=np.float64)
            table = _long(mean, axes, coordinates)
            for key, name in zip(keys, group, strict=True):
                table[key] = name
            tables.append(table)
        return pd.concat(tables, ignore_index=True)[[*names, "attribution"]]

    def maps(self, by: str = "class") -> dict[Any, NDArray[np.float64]]:
        """The mean attributions of each class, person or label, of the shape of a trial's.

        Parameters
        ----------
        by : {"class", "person", "label"}

        Returns
        -------
        dict of object to ndarray, shape ``(*axes)``
            Of trials that have one; a warning counts the others.
        """
        whose = np.asarray(self._of_trials(by))
        names = set(whose[with_names(whose, by)].tolist())
        return {
            name: self.values[whose == name].mean(axis=0, dtype=np.float64)
            for name in sorted(names, key=str)
        }

    def to_frame(self) -> pd.DataFrame:
        """A row for each trial and each part of it.

        Returns
        -------
        pandas.DataFrame
            ``trial``, ``class``, ``person`` and ``label`` where they are known, a column for each
            of `axes`, and ``attribution``.
        """
        import pandas as pd

        coordinates = {"trial": range(len(self))} | {a: self.coordinates(a) for a in self.axes}
        table = _long(self.values, ["trial", *self.axes], coordinates)
        columns: dict[str, Any] = {"class": self.targets, "person": self.groups, "label": self.y}
        trial = table["trial"].to_numpy()
        known = {key: pd.Series(v[trial]) for key, v in columns.items() if v is not None}
        return pd.concat(
            [table[["trial"]], pd.DataFrame(known), table.drop(columns="trial")], axis=1
        )

    def check(self, **options: Any) -> Faithfulness:
        """Say whether the maps can be trusted, and what they were tried by.

        The decoder has to know the classes of these trials. The method has to give these maps of
        it; others of its net with random weights, made so layer by layer from the head [1]_ (the
        last stage, all of them, decides); and, with `train`, others of a decoder fitted on random
        labels. To hide the channels, bins or frames that the maps name behind those of another
        trial, from the largest on, and to show them alone, has to change the answer more than a
        random order does [2]_. Less than
        a rank correlation of 0.5 is another map; p is below 0.05.

        Parameters
        ----------
        explain_with : callable, optional
            Called with a decoder, X, y (the classes explained) and ``target="true"``; gives
            attributions as an array or `Attributions`. By default the method they are by.
        train : Trials, optional
            What the decoder was fitted on, to fit it again on labels permuted within people.
        source : dict of str to (float, float) or names, optional
            Where the signal is known to be, by axis: ``{"channel": ["C3"], "freq": (8, 12)}``.
            Of rightly answered trials, the share whose largest mean is there.
        n_trials : int, default 32
            So many, drawn at random, are explained again, once for each stage.
        n_stages : int, default 5
        random_state : int, default 0
        verbose : bool, optional
            Whether to show a progress bar; by default on a terminal and in a notebook.

        Returns
        -------
        Faithfulness
            ``passed``, ``table``, ``skipped`` and, in words, ``describe()``.

        Raises
        ------
        ValueError
            The decoder is not there: they are from a pickle.

        References
        ----------
        .. [1] J. Adebayo et al. (2018), Sanity checks for saliency maps, arXiv:1810.03292.
        .. [2] V. Petsiuk et al. (2018), RISE, BMVC, arXiv:1806.07421.
        """
        from eegkit.explanation.checks import check

        report = check(self._checked_trials(), **options)
        if options.get("explain_with") is None:
            object.__setattr__(self, "faithfulness", report)
        return report

    def _checked_trials(self) -> Sequence[Attributions]:
        """What is checked, a part for each decoder."""
        return [self]

    def _reduced(
        self, names: list[str], absolute: bool, bands: Mapping[str, tuple[float, float]] | None
    ) -> tuple[NDArray[Any], list[str], dict[str, Any]]:
        """Values with the axes that are named, in their order here, and their coordinates."""
        values = np.abs(self.values) if absolute else self.values
        coordinates = {axis: self.coordinates(axis) for axis in self.axes}
        axes = list(self.axes)
        if "band" in names and "band" not in axes:
            values, bands = self._in_bands(values, BANDS if bands is None else bands)
            axes[axes.index("freq")] = "band"
            coordinates["band"] = list(bands)
        for name in set(names) - set(KEYS):
            if name not in axes:
                self._axis(name)
        kept = [axis for axis in axes if axis in names]
        gone = tuple(1 + i for i, axis in enumerate(axes) if axis not in names)
        return values.mean(axis=gone), kept, coordinates

    def _combinations(self, keys: list[str]) -> tuple[NDArray[np.intp], Sequence[tuple[Any, ...]]]:
        """Which combination of names each trial has, and these; -1 where a name is absent."""
        import pandas as pd

        if not keys:
            return np.zeros(len(self), np.intp), [()]
        columns = [self._of_trials(key) for key in keys]
        named = [with_names(np.asarray(c), key) for key, c in zip(keys, columns, strict=True)]
        is_there = np.logical_and.reduce(named)
        if len(self) and not is_there.any():
            raise ParameterError(f"No trial has a {' and a '.join(keys)} to take means by.", "by")
        codes = np.full(len(self), -1)
        index = pd.MultiIndex.from_arrays([np.asarray(c)[is_there] for c in columns])
        codes[is_there], groups = index.factorize(True)
        return codes, groups

    def _in_bands(
        self, values: NDArray[Any], bands: Mapping[str, tuple[float, float]]
    ) -> tuple[NDArray[Any], Mapping[str, tuple[float, float]]]:
        """The mean over the frequencies of each band that has any."""
        if "freq" not in self.axes or self.freqs is None:
            raise ParameterError(
                "by names 'band', but no frequencies are known; explain with space='spectrum', or "
                "use method='occlusion' with by='band'.",
                "by",
            )
        axis = 1 + self._axis("freq")
        inside = {k: (self.freqs >= low) & (self.freqs <= up) for k, (low, up) in bands.items()}
        inside = {name: rows for name, rows in inside.items() if rows.any()}
        if not inside:
            raise ParameterError(f"bands is {dict(bands)!r}, none of which has a bin.", "bands")
        means = [np.compress(rows, values, axis).mean(axis) for rows in inside.values()]
        return np.stack(means, axis), {name: bands[name] for name in inside}

    def _axis(self, name: str) -> int:
        if name not in self.axes:
            choices = [*self.axes, *KEYS]
            raise ParameterError(f"There is no axis {name!r}{suggest(name, choices)}", "by")
        return self.axes.index(name)

    def _of_trials(self, key: str) -> NDArray[Any]:
        known: dict[str, Any] = {"class": self.targets, "person": self.groups, "label": self.y}
        known["trial"] = np.arange(len(self))
        values = known.get(key)
        if values is None:
            raise ParameterError(
                f"by is {key!r}, which is not known of these trials"
                f"{suggest(key, [name for name, v in known.items() if v is not None])}",
                "by",
            )
        return values


def _long(
    values: NDArray[Any], axes: Sequence[str], coordinates: Mapping[str, Sequence[Any]]
) -> pd.DataFrame:
    """A row for each value, with its coordinates."""
    import pandas as pd

    places = np.indices(values.shape).reshape(len(axes), values.size if axes else 0)
    columns: dict[str, Any] = {
        axis: pd.Series(list(coordinates[axis])).to_numpy()[place]
        for axis, place in zip(axes, places, strict=True)
    }
    return pd.DataFrame(columns | {"attribution": np.ravel(values)})
