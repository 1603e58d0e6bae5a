"""Montages: other references, bipolar chains, regional means."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from eegkit.parameters import ParameterError
from eegkit.recordings import match_channels
from eegkit.signals import SignalArray
from eegkit.transforms._base import Transformer

Kind = Literal[
    "average", "reference", "bipolar", "regions", "double_banana", "double_banana_regions"
]
# The four chains of the longitudinal bipolar montage, by their names in clinical EEG.
DOUBLE_BANANA = {
    "LL": ("Fp1", "F7", "T7", "P7", "O1"),
    "RL": ("Fp2", "F8", "T8", "P8", "O2"),
    "RP": ("Fp2", "F4", "C4", "P4", "O2"),
    "LP": ("Fp1", "F3", "C3", "P3", "O1"),
}


class Montage(Transformer):
    """Derive channels from channels, by name.

    Parameters
    ----------
    max_memory_mb, n_jobs
        See `Transformer`.
    kind : str, default "average"
        - ``"average"``: every channel less the mean of all.
        - ``"reference"``: every channel less the mean of those named in `reference`.
        - ``"bipolar"``: the differences named in `pairs`.
        - ``"regions"``: the means of the channels named in `regions`.
        - ``"double_banana"``: the longitudinal bipolar montage, 16 differences along four
          chains: LL (Fp1-F7-T7-P7-O1), RL (Fp2-F8-T8-P8-O2), RP (Fp2-F4-C4-P4-O2) and
          LP (Fp1-F3-C3-P3-O1).
        - ``"double_banana_regions"``: the mean of the four differences of each chain: four
          channels, LL, RL, RP and LP.
    reference : str or sequence of str, optional
        For ``"reference"``.
    pairs : sequence of (str, str), optional
        For ``"bipolar"``: ``("Fp1", "F7")`` is Fp1 - F7.
    regions : mapping of str to sequence of str, optional
        For ``"regions"``: channels by the name of the region.
    ch_names : sequence of str, optional
        The channels of X, where X does not know them itself.

    Attributes
    ----------
    ch_names_out_ : tuple of str or None
        The derived channels.
    matrix_ : ndarray, shape (n_channels_out, n_channels)
        X is multiplied by it.

    Raises
    ------
    ValueError
        On `fit`: channels are unknown or missing (they are named), or X does not know its
        channels and `ch_names` is not given.

    Notes
    -----
    Channels are found by their usual names: without regard to case, T3, T4, T5 and T6 are T7, T8,
    P7 and P8.

    References
    ----------
    J. N. Acharya et al. (2016), American Clinical Neurophysiology Society guideline 3: a
    proposal for standard montages to be used in clinical EEG, Journal of Clinical
    Neurophysiology 33(4), 312-316.

    Examples
    --------
    >>> import numpy as np
    >>> from eegkit.transforms import Montage
    >>> montage = Montage(kind="bipolar", pairs=[("C3", "C4")], ch_names=["C3", "C4"])
    >>> montage.fit_transform(np.ones((1, 2, 5))).ch_names
    ('C3-C4',)
    """

    kind: Kind = "average"
    reference: str | Sequence[str] | None = None
    pairs: Sequence[tuple[str, str]] | None = None
    regions: Mapping[str, Sequence[str]] | None = None
    ch_names: Sequence[str] | None = None

    def prepare(self, signals: SignalArray) -> None:
        n_channels = signals.shape[1]
        if self.kind == "average":
            matrix = np.eye(n_channels) - 1 / n_channels
            self.ch_names_out_ = signals.ch_names or _tuple(self.ch_names)
        else:
            weights = self._weights(self._names(signals))
            matrix = np.stack(list(weights.values()))
            self.ch_names_out_ = tuple(weights)
        self.matrix_ = matrix.astype(np.float32)
        self.output_shape_ = (len(matrix), signals.shape[2])

    def _names(self, signals: SignalArray) -> tuple[str, ...]:
        names = signals.ch_names or _tuple(self.ch_names)
        if names is None:
            raise ValueError(
                f"X does not know the names of its channels, which Montage(kind={self.kind!r}) "
                "needs; pass ch_names=, or an X that knows them (trials.X, mne.Epochs)."
            )
        if len(names) != signals.shape[1]:
            raise ValueError(f"ch_names has {len(names)} names, but X {signals.shape[1]} channels.")
        return names

    def _weights(self, ch_names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """The weights of all channels in each derived one, by its name."""
        if self.kind == "reference":
            reference = self._lookup("reference")
            mean = _mean_of([reference] if isinstance(reference, str) else reference, ch_names)
            return dict(zip(ch_names, np.eye(len(ch_names)) - mean, strict=True))
        if self.kind == "regions":
            regions = self._lookup("regions").items()
            return {region: _mean_of(sites, ch_names) for region, sites in regions}
        chains = {name: list(itertools.pairwise(c)) for name, c in DOUBLE_BANANA.items()}
        pairs = [pair for chain in chains.values() for pair in chain]
        if self.kind == "bipolar":
            pairs = list(self._lookup("pairs"))
        rows = _weights_of([name for pair in pairs for name in pair], ch_names)
        differences = {f"{first}-{second}": rows[first] - rows[second] for first, second in pairs}
        if self.kind != "double_banana_regions":
            return differences
        return {
            name: np.mean([differences[f"{a}-{b}"] for a, b in chain], axis=0)
            for name, chain in chains.items()
        }

    def _lookup(self, name: str) -> Any:
        value = getattr(self, name)
        if not value:
            raise ParameterError(
                f"Montage(kind={self.kind!r}) needs {name}=; it is {value!r}.", name
            )
        return value

    def transform_block(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.matmul(self.matrix_, block)

    def as_module(self) -> Any:
        from eegkit.transforms._modules import mixed

        return mixed(self.matrix_)

    def output_metadata(self, signals: SignalArray) -> dict[str, Any]:
        return {"sfreq": signals.sfreq, "ch_names": self.ch_names_out_}


def _weights_of(names: Sequence[str], ch_names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """The weight of every channel of X in those of some names, found by `match_channels`."""
    rows = dict(zip(ch_names, np.eye(len(ch_names)), strict=True))
    return {
        name: rows[first] - sum(rows[other] for other in others)
        for name, (first, *others) in match_channels(names, ch_names, "X").items()
    }


def _mean_of(names: Sequence[str], ch_names: Sequence[str]) -> NDArray[np.float64]:
    return np.mean(list(_weights_of(names, ch_names).values()), axis=0)


def _tuple(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)
