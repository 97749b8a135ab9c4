"""The exact zero test: g_1,k = 0 on A_k, decided in rationals.   Source: theory notes, Theorem 1' (stronger form)."""

from __future__ import annotations

import numpy as np

from .. import exact
from ..linear.programs import interior_point
from ..restriction.domains import Domain
from ..restriction.ridges import RidgeSum
from .units import SURE, balanced

LARGE = 1e100  # products of three such numbers are floats


def vanishes(h: RidgeSum, region: Domain) -> bool:
    """True iff h = 0 on the whole region, exactly.

    h vanishes iff every hyperplane that meets the interior has kink mass zero and the affine rest is zero. Masses are
    merged by hyperplane first, so orientation, scale and duplicates do not matter; linear in the number of nodes.
    Raises ArithmeticError if an incidence could not be decided.
    """
    if _is_surely_nonzero(h, region) or h(region.interior) != 0:
        return False
    one = balanced(h, region)
    h, region = one.h, one.region  # one ridge for each hyperplane that crosses the box
    slope, offset = h.slope, h.offset
    for p, beta, mass in zip(h.P, h.beta, h.c, strict=True):
        if mass == 0:
            continue
        if interior_point(region.A, region.c, p, beta)[0] is not None:
            return False  # a kink inside
        if (p * region.interior).sum() + beta > 0:
            slope = slope + mass * p
            offset += mass * beta
    return exact.is_zero(slope) and offset == 0


def _is_surely_nonzero(h: RidgeSum, region: Domain) -> bool:
    """True if floats already tell that h is not 0 at the region's interior point; a tenth of the exact value's time.

    All coefficients are correctly rounded, so the value is off by far less than SURE of the terms; and where no number is
    above LARGE and the terms add up to more than 1 / LARGE, what underflows is less than that too.
    """
    f, z = h.floats, np.abs(region.floats.interior)
    with np.errstate(all="ignore"):
        terms = np.abs(f.c) @ (np.abs(f.P) @ z + np.abs(f.beta)) + np.abs(f.slope) @ z + abs(f.offset)
        largest = max(np.abs(x).max(initial=0.0) for x in (f.P, f.beta, f.c, f.slope, f.offset, z))
        value = f(region.floats.interior[None])[0]
        return bool(largest < LARGE and terms > 1 / LARGE and abs(value) > SURE * terms)
