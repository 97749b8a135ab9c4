"""Teachers whose boundaries cross the data plane well inside the region, and second teachers near them.

Weights and biases are short binary fractions wherever the data's rotation and mean are, so that "agrees on
the data plane" can be exact.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..networks import TwoLayer
from .data import LowRankData, short

ATTEMPTS = 2000  # draws of a direction before a minimal angle is called out of reach


def geometric(nodes: int, ratio: float) -> np.ndarray:
    """Fan-out sizes 1, ratio, ratio^2, ...   -> (nodes,)"""
    return ratio ** np.arange(nodes, dtype=np.float64)


def power(nodes: int, exponent: float) -> np.ndarray:
    """Fan-out sizes 1, 2^-exponent, 3^-exponent, ...   -> (nodes,)"""
    return np.arange(1, nodes + 1, dtype=np.float64) ** -exponent


def random_teacher(
    data: LowRankData,
    nodes: int,
    outputs: int,
    rng: np.random.Generator,
    *,
    norms=1.0,
    depth: float = 0.6,
    fan_out=1.0,
    min_angle: float = 0.0,
    off_plane: float = 0.0,
) -> TwoLayer:
    """A teacher with random directions on the data plane.

    norms       |p_j|, norms of the weights projected on the plane: a number or (nodes,); met to about 1e-6
    depth       every boundary passes within depth * inradius of the centre of U ∩ R, so that it crosses the
                region well inside; in [0, 1)
    fan_out     |v_j|_2: a number or (nodes,) (see geometric, power); their directions are random
    min_angle   smallest angle between two boundaries, in radians, measured in the plane
    off_plane   norm of the weights' part orthogonal to the plane, which changes nothing on the plane

    Raises ValueError where a number is out of range or no direction keeps the minimal angle.
    """
    if not 0 <= depth < 1:
        raise ValueError(f"depth needs to be in [0, 1), so that boundaries cross the region; got {depth}")
    norms = np.broadcast_to(np.asarray(norms, dtype=np.float64), (nodes,))
    sizes = np.broadcast_to(np.asarray(fan_out, dtype=np.float64), (nodes,))
    for name, values in (("norms", norms), ("fan_out", sizes)):
        if not (values > 0).all():
            raise ValueError(f"{name} needs positive entries; got {values.min()}")
    directions = _spread_directions(nodes, data.rank, min_angle, rng)
    beta = short(depth * data.inradius * norms * rng.uniform(-1, 1, size=nodes))
    V = rng.normal(size=(outputs, nodes))
    V *= sizes / np.linalg.norm(V, axis=0)
    W = short(directions * norms[:, None]) @ data.basis[: data.rank]
    W = W + _off_plane_rows(data, nodes, off_plane, rng)
    return TwoLayer(W, beta - W @ data.mean, V)


def perturbed(teacher: TwoLayer, size: float, rng: np.random.Generator) -> TwoLayer:
    """A second teacher near the first: every weight, bias and fan-out moves by `size` times a standard normal one."""
    W, b, V = (array + size * rng.normal(size=array.shape) for array in (teacher.W, teacher.b, teacher.V))
    return replace(teacher, W=W, b=b, V=V)


def off_plane_twin(teacher: TwoLayer, data: LowRankData, size: float, rng: np.random.Generator) -> TwoLayer:
    """A second teacher, equal on the plane: weights w* + dw, dw orthogonal to it and of norm `size`.

    The biases absorb dw . mean. Equality on the plane is exact, in rationals, for a teacher of random_teacher
    on data with the default basis and mean; otherwise it holds up to rounding.

    Source: Section 3.2, w*' = w* + dw with dw orthogonal to the data.
    """
    if data.rank == data.ambient:
        raise ValueError("the data plane needs a complement; got data that fill the whole space")
    dW = _off_plane_rows(data, teacher.width, size, rng)
    return replace(teacher, W=teacher.W + dW, b=teacher.b - dW @ data.mean)


def _spread_directions(nodes: int, dimension: int, min_angle: float, rng: np.random.Generator) -> np.ndarray:
    """Random unit rows, each line at least min_angle away from those before.   -> (nodes, dimension)"""
    rows: list[np.ndarray] = []
    for _ in range(ATTEMPTS):
        row = rng.normal(size=dimension)
        row /= np.linalg.norm(row)
        if min_angle == 0 or all(abs(row @ other) <= np.cos(min_angle) for other in rows):
            rows.append(row)
        if len(rows) == nodes:
            return np.array(rows)
    raise ValueError(
        f"{nodes} directions in dimension {dimension} need a min_angle that they can keep; "
        f"got {min_angle} rad, at which {len(rows)} fitted: lower it"
    )


def _off_plane_rows(data: LowRankData, nodes: int, size: float, rng: np.random.Generator) -> np.ndarray:
    """Random weights of norm `size` orthogonal to the plane; zeros if there is no room.   -> (nodes, d)"""
    room = data.ambient - data.rank
    if room == 0 or size == 0:
        return np.zeros((nodes, data.ambient))
    rows = rng.normal(size=(nodes, room))
    return short(size * rows / np.linalg.norm(rows, axis=1, keepdims=True)) @ data.basis[data.rank :]
