"""Functions of symmetric matrices, by their eigenvalues; and the geometry of positive ones.

A. Barachant et al. (2012), Multiclass brain-computer interface classification by Riemannian
geometry, IEEE Transactions on Biomedical Engineering 59(4), 920-928.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eegkit.notice import warn

Floats = NDArray[np.float64]
# Norm of the gradient at which a mean is one, and at which rounding may keep it.
TOLERANCE, ROUGH_TOLERANCE = 1e-9, 1e-5
MOST_STEPS = 100


def spectral_map(matrices: Floats, function: Callable[[Floats], Floats]) -> Floats:
    """Matrices of the same eigenvectors, and a function of the eigenvalues.

    Parameters
    ----------
    matrices : ndarray, shape (..., n, n)
    function : callable
        Of eigenvalues in ascending order, shape (..., n).
    """
    values, vectors = np.linalg.eigh(matrices)
    return (vectors * function(values)[..., None, :]) @ vectors.swapaxes(-1, -2)


def inverse_root(matrices: Floats, eps: float = 0.0) -> Floats:
    """The inverse square root, in the directions that have any power.

    Directions whose eigenvalue is at most `eps` of the largest are mapped to zero.
    """

    def function(values: Floats) -> Floats:
        is_flat = values <= eps * values[..., -1:]
        return np.where(is_flat, 0.0, 1 / np.sqrt(np.where(is_flat, 1.0, values)))

    return spectral_map(matrices, function)


def lifted(matrices: Floats, eps: float) -> Floats:
    """Matrices whose eigenvalues are at least `eps` of their largest; zeros become `eps`."""

    def function(values: Floats) -> Floats:
        largest = np.maximum(values[..., -1:], 0)
        return np.maximum(values, np.where(largest > 0, eps * largest, eps))

    return spectral_map(matrices, function)


def squared_distances(matrices: Floats, centre: Floats) -> Floats:
    """Squared affine-invariant distances of positive matrices to one, shape (n_matrices,)."""
    whitener = inverse_root(centre)
    return np.square(np.log(np.linalg.eigvalsh(whitener @ matrices @ whitener))).sum(axis=-1)


def geometric_mean(matrices: Floats, weights: Floats) -> Floats:
    """The matrix of the least weighted sum of squared affine-invariant distances.

    Parameters
    ----------
    matrices : ndarray, shape (n_matrices, n, n)
    weights : ndarray, shape (n_matrices,)
    """
    if len(matrices) == 2:
        return _on_geodesic(matrices[0], matrices[1], weights[1] / weights.sum())
    mean = np.average(matrices, axis=0, weights=weights)
    for _ in range(MOST_STEPS):
        root, whitener = spectral_map(mean, np.sqrt), inverse_root(mean)
        values, vectors = np.linalg.eigh(whitener @ matrices @ whitener)
        logarithms = (vectors * np.log(values)[:, None, :]) @ vectors.swapaxes(-1, -2)
        gradient = np.average(logarithms, axis=0, weights=weights)
        step = gradient * _step_size(values, weights)
        mean = root @ spectral_map(step, np.exp) @ root
        if np.linalg.norm(gradient) <= TOLERANCE:
            return mean
    if np.linalg.norm(gradient) > ROUGH_TOLERANCE:
        warn(f"The mean of {len(matrices)} covariances did not settle in {MOST_STEPS} steps.")
    return mean


def log_euclidean_mean(matrices: Floats, weights: Floats) -> Floats:
    """The matrix whose logarithm is the weighted mean of the logarithms.

    V. Arsigny et al. (2007), Geometric means in a novel vector space structure on symmetric
    positive-definite matrices, SIAM Journal on Matrix Analysis and Applications 29(1), 328-347.

    Parameters
    ----------
    matrices : ndarray, shape (n_matrices, n, n)
    weights : ndarray, shape (n_matrices,)
    """
    logarithms = spectral_map(matrices, np.log)
    return spectral_map(np.average(logarithms, axis=0, weights=weights), np.exp)


def _step_size(values: Floats, weights: Floats) -> Any:
    """The best fixed step from a mean, given eigenvalues of the matrices whitened by it.

    D. A. Bini, B. Iannazzo (2013), Computing the Karcher mean of symmetric positive definite
    matrices, Linear Algebra and its Applications 438(4), 1700-1710, section 4.
    """
    half = np.maximum(np.log(values[:, -1] / values[:, 0]) / 2, np.finfo(float).eps)
    curvature = np.average(half / np.tanh(half), weights=weights)
    return 2 / (1 + curvature)


def _on_geodesic(first: Floats, second: Floats, share: Any) -> Floats:
    """The point at a share of the way from one positive matrix to another."""
    root, whitener = spectral_map(first, np.sqrt), inverse_root(first)
    return root @ spectral_map(whitener @ second @ whitener, lambda values: values**share) @ root
