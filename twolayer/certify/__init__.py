"""Certified quantities: suprema that are upper bounds, radii that are lower bounds, each with evidence.

    certified_gradient(instance)       (lower, upper) of sup |g_1| over all student nodes
    gradient_suprema(restricted(...))  the same, node by node, with witnesses and evidence
    supremum(h, region)                sup of |h| for any ridge sum h over any polytope
    inscribed_radii(problem, ...)      radii of balls on creases, from below

Source: the hypotheses of Theorems 1-3 and Corollary 1.
"""

from __future__ import annotations

from ..restriction.domains import Domain
from ..restriction.restricted import restricted
from ..restriction.ridges import RidgeSum
from .enclosure import Enclosure
from .radii.many import inscribed_radii
from .suprema import active_domains, certified_gradient, gradient_suprema, largest, supremum

__all__ = [
    "Domain",
    "Enclosure",
    "RidgeSum",
    "active_domains",
    "certified_gradient",
    "gradient_suprema",
    "inscribed_radii",
    "largest",
    "restricted",
    "supremum",
]
