"""The exact zero test: g_1,k = 0 on A_k, decided in rationals.   Source: theory notes, Theorem 1' (stronger form)."""

from __future__ import annotations

from .. import exact
from ..linear.programs import interior_point
from ..restriction.domains import Domain
from ..restriction.ridges import RidgeSum
from .units import balanced


def vanishes(h: RidgeSum, region: Domain) -> bool:
    """True iff h = 0 on the whole region, exactly.

    h vanishes iff every hyperplane that meets the interior has kink mass zero and the affine rest is zero. Masses are
    merged by hyperplane first, so orientation, scale and duplicates do not matter; linear in the number of nodes.
    Raises ArithmeticError if an incidence could not be decided.
    """
    if h(region.interior) != 0:
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
