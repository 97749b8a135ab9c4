"""The training problem of a student, in whitened coordinates of the data plane.

Labels of points of the plane see only the in-plane part of a weight, so only that part is trained; the rest
stays as initialised (Section 3.2 after Theorem 1).
"""

from __future__ import annotations

import numpy as np

from ..networks import TwoLayer
from ..regions import Subspace
from .levenberg import unit_rows

ORTHONORMAL = 1e-12  # a basis this close to orthonormal is used as it is
FLAT = 1e-12  # a variance this small beside the largest is rounding: the samples do not fill the plane
INNER = 0.7  # initial boundaries pass through samples drawn this far towards the mean: they cross the data
RIDGE = 1e-3  # of the first fit of the fan-outs; keeps them of the size of the labels
HALO = 8  # points between a witness and samples: a witness alone would leave the slope in its cell free


class Problem:
    """Samples projected on the plane, x = origin + (mean + u spread) Q, where u has mean 0 and covariance 1.

    samples  (n, d)        the projected samples
    points   (n, d' + 1)   their whitened coordinates u, with a 1 appended
    labels   (n, C)        the teacher's values, divided by `scale`, their root mean square
    """

    def __init__(self, teacher: TwoLayer, X, subspace: Subspace | None):
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != teacher.inputs or len(X) == 0:
            raise ValueError(f"the teacher has {teacher.inputs} inputs, so X needs shape (n, {teacher.inputs}); got {X.shape}")
        subspace = Subspace.whole(X.shape[1]) if subspace is None else subspace
        if subspace.ambient != X.shape[1]:
            raise ValueError(f"X has {X.shape[1]} columns, so the subspace needs ambient {X.shape[1]}; got {subspace.ambient}")
        self.teacher = teacher.floats()
        self.Q = np.asarray(subspace.basis, dtype=np.float64)
        self.origin = np.asarray(subspace.origin, dtype=np.float64)
        if np.abs(self.Q @ self.Q.T - np.eye(len(self.Q))).max() > ORTHONORMAL:
            self.Q = np.linalg.qr(self.Q.T)[0].T
        Y = (X - self.origin) @ self.Q.T
        self.mean = Y.mean(axis=0)
        variances, axes = np.linalg.eigh((Y - self.mean).T @ (Y - self.mean) / len(Y))
        if variances[0] <= FLAT * variances[-1]:
            raise ValueError(
                "the samples need to spread in every direction of the plane; they are flat in "
                "one: lower the dimension of the subspace, or draw more"
            )
        self.spread = np.sqrt(variances)[:, None] * axes.T
        self.whiten = axes / np.sqrt(variances)
        self.samples = self.origin + Y @ self.Q
        self.points = self.augmented(self.samples)
        self.scale = float(np.sqrt((self.teacher(self.samples) ** 2).sum(axis=1).mean()))
        if self.scale == 0:
            raise ValueError("the teacher needs to be nonzero on some sample; got 0 on all of them")
        self.labels = self.label(self.points)

    def augmented(self, x) -> np.ndarray:
        """Whitened coordinates of points, projected on the plane, and a 1.   (n, d) -> (n, d' + 1)"""
        u = ((x - self.origin) @ self.Q.T - self.mean) @ self.whiten
        return np.hstack([u, np.ones((len(u), 1))])

    def label(self, points) -> np.ndarray:
        """The teacher's values at augmented points, in units of `scale`.   (n, d' + 1) -> (n, C)"""
        return self.teacher(self.origin + (self.mean + points[:, :-1] @ self.spread) @ self.Q) / self.scale

    def halo(self, witnesses, rng: np.random.Generator) -> np.ndarray:
        """Witnesses, and points on the segments from them to random samples, more of them near the witness.

        (m, d) -> (m (1 + HALO), d' + 1), augmented
        """
        ends = self.augmented(witnesses)
        chosen = self.points[rng.integers(len(self.points), size=(HALO, len(ends)))]
        t = rng.random((HALO, len(ends), 1)) ** 2
        return np.vstack([ends, (ends + t * (chosen - ends)).reshape(-1, ends.shape[1])])

    def initial(self, width: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Random directions, boundaries through samples drawn towards the mean, fan-outs by ridge regression.

        Uses the samples and their labels only.   -> P (width, d' + 1), V (C, width)
        """
        P = rng.normal(size=(width, self.points.shape[1]))
        crossed = self.points[rng.integers(len(self.points), size=width), :-1] * INNER
        P[:, -1] = -(P[:, :-1] * crossed).sum(axis=1)
        P /= np.linalg.norm(P, axis=1, keepdims=True)
        A = np.maximum(self.points @ P.T, 0)
        count = len(A)
        return P, np.linalg.solve(A.T @ A / count + RIDGE * np.eye(width), A.T @ self.labels / count).T

    def off_plane_rows(self, width: int, size: float, rng: np.random.Generator) -> np.ndarray:
        """Random weights orthogonal to the plane, of norm `size`; zeros if it has no room.   -> (width, d)"""
        if self.Q.shape[0] == self.Q.shape[1] or size == 0:
            return np.zeros((width, self.Q.shape[1]))
        rows = rng.normal(size=(width, self.Q.shape[1]))
        rows -= rows @ self.Q.T @ self.Q
        return size * rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def network(self, P, V, rows) -> TwoLayer:
        """The student of whitened weights P: in-plane weights of norm 1, off-plane weights `rows`."""
        p = P[:, :-1] @ self.whiten.T
        beta = P[:, -1] - p @ self.mean
        sizes = np.linalg.norm(p, axis=1)
        sizes = np.where(sizes > 0, sizes, 1.0)
        W = (p / sizes[:, None]) @ self.Q + rows
        return TwoLayer(W, beta / sizes - W @ self.origin, V * sizes * self.scale)

    def weights_of(self, network: TwoLayer) -> tuple[np.ndarray, np.ndarray]:
        """Whitened weights (rows of norm 1) and fan-outs of a network: the inverse of `network`."""
        p = network.W @ self.Q.T
        beta = network.W @ self.origin + network.b + p @ self.mean
        return unit_rows(np.hstack([p @ self.spread.T, beta[:, None]]), network.V / self.scale)
