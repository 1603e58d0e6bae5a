"""The head of the simulations: MNE's spherical model, the same on every CPU."""

import os
import subprocess
import sys

import mne
import numpy as np
import pytest
from numpy.polynomial import legendre

from eegkit.datasets import Simulated
from eegkit.datasets._head import BERG_RADII, BERG_STRENGTHS, HEAD_CENTRE, SKIN_CONDUCTIVITY, Head
from eegkit.datasets._simulation import CONDITIONS
from eegkit.recordings import make_info

SHELLS = {0.90: 0.33, 0.92: 1.0, 0.97: 0.004, 1.0: SKIN_CONDUCTIVITY}  # S/m by relative radius
SMALL = {"n_subjects": 1, "n_trials": 8, "channels": ["C3", "CP4", "Oz"]}
SIMULATE = f"""
import sys
import numpy as np
from eegkit.datasets import Simulated
np.savez(sys.argv[1], **{{c: Simulated(condition=c, **{SMALL}).load().X for c in {[*CONDITIONS]}}})
"""


@pytest.fixture(scope="module")
def dipoles():
    """Directions and tilts."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(40, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return directions, rng.normal(size=directions.shape)


def series_factors(n_terms):
    """What the shells do to the terms 1, 2, ... of the potential of a head of skin alone.

    A potential r**n + b * r**-(n + 1) goes through every boundary with the current through it, and
    no current leaves the head.
    """
    factors = []
    radii, conductivities = list(SHELLS), list(SHELLS.values())
    for n in range(1, n_terms + 1):
        # From the outside in: a potential of 1 at the skin, whose slope is zero.
        a, b = (n + 1) / (2 * n + 1), n / (2 * n + 1)
        for radius, outer, inner in zip(
            radii[-2::-1], conductivities[:0:-1], conductivities[-2::-1], strict=True
        ):
            rising, falling = a * radius**n, b * radius ** -(n + 1)
            potential, current = rising + falling, outer * (n * rising - (n + 1) * falling) / inner
            a = ((n + 1) * potential + current) / (2 * n + 1) / radius**n
            b = (n * potential - current) / (2 * n + 1) * radius ** (n + 1)
        # A dipole sets b in the brain; in a head of skin alone the skin would have 1 for it.
        factors.append(n / (2 * n + 1) / b * SKIN_CONDUCTIVITY / conductivities[0])
    return np.array(factors)


def test_three_dipoles_stand_for_one_in_shells():
    n = np.arange(1, 201)
    berg = sum(s * r ** (n - 1.0) for r, s in zip(BERG_RADII, BERG_STRENGTHS, strict=True))
    cosines = np.linspace(-1, 1, 101)
    for depth in (0.5, 0.74, 0.8):  # in parts of the head's radius; sources lie at 0.53 to 0.79
        # Radial dipoles: the terms of the series of a homogeneous sphere.
        terms = (2 * n + 1) * depth ** (n - 1.0)
        exact, seen = (
            legendre.legval(cosines, [0, *terms * factors])
            for factors in (series_factors(200), berg)
        )
        np.testing.assert_allclose(seen, exact, atol=0.01 * np.abs(exact).max())


def test_gain_is_mnes(dipoles):
    directions, tilts = dipoles
    head = Head(["C3", "CP4"])
    pointing = directions + tilts
    pointing /= np.linalg.norm(pointing, axis=1, keepdims=True)
    ones = np.ones(len(directions))
    sources = mne.Dipole(
        np.arange(len(ones)) / 1000, HEAD_CENTRE + 0.07 * directions, ones, pointing, ones
    )
    sphere = mne.make_sphere_model(HEAD_CENTRE, 0.095, verbose="error")
    sphere["mu"] = np.array(BERG_RADII)
    sphere["lambda"] = np.array(BERG_STRENGTHS) / SKIN_CONDUCTIVITY
    info = make_info(head.names, 1000.0)
    forward, _ = mne.make_forward_dipole(sources, sphere, info, verbose="error")
    expected = forward["sol"]["data"]
    gain = head.gain(directions, tilts, 0.07)
    np.testing.assert_allclose(gain, expected, atol=1e-5 * expected.std())


@pytest.mark.parametrize("kernel", ["Haswell", "Prescott"])
def test_a_seed_gives_the_same_with_every_kernel_of_linear_algebra(kernel, tmp_path):
    path = tmp_path / "signals.npz"
    environment = os.environ | {"OPENBLAS_CORETYPE": kernel}
    subprocess.run([sys.executable, "-c", SIMULATE, path], env=environment, check=True)
    with np.load(path) as theirs:
        for condition in CONDITIONS:
            X = np.asarray(Simulated(condition=condition, **SMALL).load().X)
            np.testing.assert_allclose(theirs[condition], X, rtol=0, atol=1e-6 * X.std())
