"""A spherical head with electrodes, for simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eegkit.datasets._recordings import MONTAGE

if TYPE_CHECKING:
    import mne

TEN_TWENTY = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
    "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip

# The head: three shells around one centre, in m, in MNE's head coordinates.
HEAD_CENTRE = np.array([0.0, 0.0, 0.04])
HEAD_RADIUS = 0.095
CORTEX_RADIUS = 0.070


class Head:
    """The electrodes, the spherical head model, and what dipoles look like at them."""

    def __init__(self, channels: Sequence[str]) -> None:
        import mne

        known = mne.channels.make_standard_montage(MONTAGE).ch_names
        strange = [name for name in channels if name not in known]
        if strange or not channels or len(set(channels)) < len(channels):
            raise ValueError(
                f"channels is {list(channels)}; expected different names of the 10-05 system, "
                f"such as C3, Cz, C4{' (unknown: ' + ', '.join(strange) + ')' if strange else ''}."
            )
        # The 10-20 electrodes are always there: strengths are defined at them.
        self.names = list(dict.fromkeys([*TEN_TWENTY, *channels]))
        self.picks = [self.names.index(name) for name in channels]
        self._info = self.info(self.names, 1000.0)
        with mne.utils.use_log_level("error"):
            self._sphere = mne.make_sphere_model(HEAD_CENTRE, HEAD_RADIUS)
        places = np.array([ch["loc"][:3] for ch in self._info["chs"]]) - HEAD_CENTRE
        self._directions = places / np.linalg.norm(places, axis=1, keepdims=True)

    @staticmethod
    def info(channels: Sequence[str], sfreq: float) -> mne.Info:
        import mne

        info = mne.create_info(list(channels), float(sfreq), "eeg", verbose="error")
        return info.set_montage(MONTAGE, verbose="error")

    def below(self, *names: str) -> NDArray[np.float64]:
        """The direction, from the centre, of the middle of some electrodes."""
        middle = self._directions[[self.names.index(name) for name in names]].mean(0)
        return middle / np.linalg.norm(middle)

    def gain(
        self, directions: NDArray[np.float64], tilts: NDArray[np.float64], radius: float
    ) -> NDArray[np.float64]:
        """What dipoles of 1 Am look like, in V, shape (n_names, n_dipoles).

        They lie at `radius` m in these directions and point outwards, tilted.
        """
        import mne

        places = HEAD_CENTRE + radius * directions
        pointing = directions + tilts
        pointing /= np.linalg.norm(pointing, axis=1, keepdims=True)
        n = len(places)
        dipoles = mne.Dipole(np.arange(n) / 1000, places, np.ones(n), pointing, np.ones(n))
        forward, _ = mne.make_forward_dipole(dipoles, self._sphere, self._info, verbose="error")
        return forward["sol"]["data"]
