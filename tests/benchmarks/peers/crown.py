"""Linear bounds of the network and splitting of the input box, as verifiers of neural networks do it.

The bounds are auto_LiRPA's CROWN where that package can be imported, and the same bounds written here in NumPy: each
ReLU lies below its chord and above 0 or the identity. Neither knows that a student nearly copies its teacher.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from . import GAP, Answer, Peer
from .milp import Scaled

try:
    import auto_LiRPA
    import torch
    from auto_LiRPA.perturbations import PerturbationLpNorm
except Exception as error:  # old releases fail in their own imports with new torch and numpy, in several ways
    REASON = f"{type(error).__name__}: {error}"
else:
    REASON = None

NAMES = ("CROWN + input splitting (NumPy)", "auto_LiRPA + input splitting")
BATCH = 2048  # boxes bounded at once
MEMORY = 1e9  # bytes of open boxes at which the search gives up
ROUNDING = 1e-12  # relative to the sum of the terms: floats, no directed rounding

Bounds = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def get(name: str) -> tuple[Peer | None, str | None]:
    """The peer, or why there is none."""
    if name == NAMES[0]:
        return numpy_crown, None
    return (lirpa, None) if REASON is None else (None, REASON)


def version() -> str | None:
    """auto_LiRPA's."""
    return None if REASON else getattr(auto_LiRPA, "__version__", "unknown")


def numpy_crown(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """Branch and bound with `linear_bounds`."""
    return search(h, lambda X, R: linear_bounds(h, X, R), limit)


def lirpa(h: Scaled, limit: float, threads: int = 1) -> Answer:
    """Branch and bound with auto_LiRPA's backward bounds in float64."""
    n, d = h.P.shape
    hidden, out = torch.nn.Linear(d, n + 2 * d), torch.nn.Linear(n + 2 * d, 1)
    identity = np.eye(d)  # u = relu(u + 1) - 1 on the cube carries the affine part
    with torch.no_grad():
        hidden.weight.copy_(torch.tensor(np.concatenate([h.P, identity, -identity])))
        hidden.bias.copy_(torch.tensor(np.concatenate([h.beta, np.ones(2 * d)])))
        out.weight.copy_(torch.tensor(np.concatenate([h.c, h.slope / 2, -h.slope / 2])[None, :]))
        out.bias.copy_(torch.tensor([h.offset]))
    network = torch.nn.Sequential(hidden, torch.nn.ReLU(), out).double()
    module = auto_LiRPA.BoundedModule(network, torch.zeros(1, d, dtype=torch.float64))

    def bounds(X: np.ndarray, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ends = (torch.tensor(X - R), torch.tensor(X + R))
        boxes = auto_LiRPA.BoundedTensor(torch.tensor(X), PerturbationLpNorm(norm=np.inf, x_L=ends[0], x_U=ends[1]))
        with torch.no_grad():
            low, high = module.compute_bounds(x=(boxes,), method="CROWN")
        return np.stack([high[:, 0].numpy(), -low[:, 0].numpy()], axis=1), np.abs(h.c) @ np.abs(h.P) * R

    return search(h, bounds, limit)


def linear_bounds(h: Scaled, X: np.ndarray, R: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Upper bounds of h and of -h on boxes, and how much each coordinate matters.   (N, d) twice -> (N, 2), (N, d)"""
    Z, reach = X @ h.P.T + h.beta, R @ np.abs(h.P).T
    low, high = Z - reach, Z + reach
    unstable = (low < 0) & (high > 0)
    slope = np.where(unstable, high / np.where(unstable, high - low, 1), high > 0)
    above = np.where(unstable, -slope * low, 0)  # relu <= slope z + above
    below = np.where(unstable, high > -low, high > 0)  # relu >= below z
    upper = []
    for sign in (1, -1):
        c = sign * h.c
        weight = np.where(c > 0, slope, below) * c
        gradient = weight @ h.P + sign * h.slope
        rest = weight @ h.beta + np.where(c > 0, above, 0) @ np.maximum(c, 0) + sign * h.offset
        upper.append(rest + (gradient * X).sum(axis=1) + (np.abs(gradient) * R).sum(axis=1))
    return np.stack(upper, axis=1), (unstable * np.abs(h.c)) @ np.abs(h.P) * R


def search(h: Scaled, bounds: Bounds, limit: float) -> Answer:
    """Best-first branch and bound over boxes of the cube, halved along the coordinate that matters most."""
    end, d = time.monotonic() + limit, len(h.slope)
    X, R, worst, along = np.zeros((0, d)), np.zeros((0, d)), np.zeros(0), np.zeros(0, dtype=int)
    new_x, new_r, best, settled = np.zeros((1, d)), np.ones((1, d)), 0.0, 0.0
    status = "solved"
    while True:
        touching = (new_x @ h.A.T - new_r @ np.abs(h.A).T <= h.b).all(axis=1)
        new_x, new_r = new_x[touching], new_r[touching]
        if len(new_x):
            upper, weights = bounds(new_x, new_r)
            steps = new_r * np.sign(((new_x @ h.P.T + h.beta > 0) * h.c) @ h.P + h.slope)
            for points in (new_x, new_x + steps, new_x - steps):
                best = max(best, float(np.where(h.inside(points), np.abs(h(points)), 0).max()))
            tops = upper.max(axis=1)
            alive = tops * (1 - GAP) > best
            settled = max(settled, tops[~alive].max(initial=0.0))
            X, R = np.concatenate([X, new_x[alive]]), np.concatenate([R, new_r[alive]])
            worst = np.concatenate([worst, tops[alive]])
            along = np.concatenate([along, weights.argmax(axis=1)[alive]])
        if not len(X) or worst.max() * (1 - GAP) <= best:
            break
        full = X.nbytes + R.nbytes > MEMORY
        if time.monotonic() > end or full:
            status = f"limit: {len(X):,} open boxes" if full else "limit"
            break
        m = min(BATCH, len(X))
        taken = np.argpartition(-worst, m - 1)[:m]
        left = np.ones(len(X), dtype=bool)
        left[taken] = False
        new_x, new_r, axis = np.repeat(X[taken], 2, axis=0), np.repeat(R[taken], 2, axis=0), np.repeat(along[taken], 2)
        rows = np.arange(2 * m)
        new_r[rows, axis] /= 2
        new_x[rows, axis] += np.tile([-1, 1], m) * new_r[rows, axis]
        X, R, worst, along = X[left], R[left], worst[left], along[left]
    bound = max(settled, worst.max(initial=0.0), best)
    tolerance = ROUNDING * float(np.abs(h.c) @ np.maximum(h.high, -h.low) + abs(h.offset) + np.abs(h.slope).sum())
    return Answer(best, float(bound), status, tolerance)
