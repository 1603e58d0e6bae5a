"""A spherical head with electrodes, for simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eegkit.recordings.channels import MONTAGE

if TYPE_CHECKING:
    import mne

TEN_TWENTY = (
    "Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz",
    "C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2",
)  # fmt: skip

# In m, in MNE's head coordinates.
HEAD_CENTRE = np.array([0.0, 0.0, 0.04])
CORTEX_RADIUS = 0.070
# A dipole in a head of MNE's default shells (brain, fluid, skull and skin of 0.33, 1, 0.004 and
# 0.33 S/m up to 0.90, 0.92, 0.97 and 1 of the radius) looks like three in a head of skin alone
# (Berg & Scherg 1994). Their radii and strengths, in parts of its own, are the least squares over
# 200 terms of the series: constants, because where an optimiser ends depends on the CPU.
SKIN_CONDUCTIVITY = 0.33
BERG_RADII = (0.944851, 0.667792, -0.296607)
BERG_STRENGTHS = (0.136825, 0.683664, -0.010120)


class Head:
    """The electrodes, the spherical head model, and what dipoles look like at them."""

    def __init__(self, channels: Sequence[str]) -> None:
        import mne

        montage = mne.channels.make_standard_montage(MONTAGE)
        strange = [name for name in channels if name not in montage.ch_names]
        if strange or not channels or len(set(channels)) < len(channels):
            raise ValueError(
                f"channels is {list(channels)}; expected different names of the 10-05 system, "
                f"such as C3, Cz, C4{' (unknown: ' + ', '.join(strange) + ')' if strange else ''}; "
                f"the usual ones are {', '.join(TEN_TWENTY)}."
            )
        # The 10-20 electrodes are always there: strengths are defined at them.
        self.names = list(dict.fromkeys([*TEN_TWENTY, *channels]))
        self.picks = [self.names.index(name) for name in channels]
        self._places = _in_head(montage, self.names) - HEAD_CENTRE
        self._directions = self._places / np.linalg.norm(self._places, axis=1, keepdims=True)

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
        pointing = directions + tilts
        pointing /= np.linalg.norm(pointing, axis=1, keepdims=True)
        gain = np.zeros((len(self.names), len(directions)))
        for part, strength in zip(BERG_RADII, BERG_STRENGTHS, strict=True):
            gain += strength * _homogeneous_gain(
                self._places[:, None], part * radius * directions, pointing
            )
        return gain


def _in_head(montage: mne.channels.DigMontage, names: Sequence[str]) -> NDArray[np.float64]:
    """Places of electrodes in MNE's head coordinates, in m; `mne.Info` has single precision."""
    positions = montage.get_positions()
    left, nasion, right = (positions[point] for point in ("lpa", "nasion", "rpa"))
    x = (right - left) / np.linalg.norm(right - left)
    origin = left + _dot(nasion - left, x) * x
    y = (nasion - origin) / np.linalg.norm(nasion - origin)
    axes = np.stack([x, y, np.cross(x, y)])
    places = np.array([positions["ch_pos"][name] for name in names])
    return _dot((places - origin)[:, None], axes)


def _homogeneous_gain(
    sensors: NDArray[np.float64], dipoles: NDArray[np.float64], pointing: NDArray[np.float64]
) -> NDArray[np.float64]:
    """What dipoles of 1 Am in a head of skin alone look like at its surface, in V.

    The surface is where a sensor is, as MNE has it, though they are not equally far away. By
    Mosher, Leahy & Lewis (1999), EEG and MEG: forward solutions for inverse methods, IEEE
    Transactions on Biomedical Engineering 46(3), 245-259, https://doi.org/10.1109/10.748978.
    `sensors` have shape (n_sensors, 1, 3), the others (n_dipoles, 3), from the centre.
    """
    away = sensors - dipoles
    distance, radius = np.sqrt(_dot(away, away)), np.sqrt(_dot(sensors, sensors))
    depth_squared = _dot(dipoles, dipoles)
    surface = distance * (radius * distance + _dot(sensors, away))
    inward = 2 * _dot(away, dipoles) / distance**3 + 1 / distance - 1 / radius
    outward = 2 / distance**3 + (distance + radius) / (radius * surface)
    along_dipole = (inward - outward * _dot(sensors, dipoles)) * _dot(dipoles, pointing)
    potential = along_dipole + outward * depth_squared * _dot(sensors, pointing)
    return potential / (4 * np.pi * SKIN_CONDUCTIVITY * depth_squared)


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of vectors along the last axis."""
    return (a * b).sum(-1)
