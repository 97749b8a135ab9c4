"""Corollary 1': a student alone on its hyperplane, seen by enough observers with room, has small fan-out.

Certifies   |v . v_k'| <= B_m for each observer, and the three norm bounds with the right norms.
Does not    apply if another node shares the hyperplane: then only |kappa_H|/|p_k'| is bounded.
"""

from __future__ import annotations

import itertools

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, above, at_least, equal, positives, same
from .theorem_a import BOUND, GAMMA, KAPPA, R
from .theorem_a import EPS as EPSILON

# |p_k'|, |v_km . v_k'|, ...
NORM, PRODUCT, ENTRY_SIZE, SIZE, SLACK, OUTPUTS = positives("p product q b slack C")
OBSERVED = 4 * EPSILON * sympy.sqrt(1 + GAMMA**2) / (NORM * R)  # B_m
INVERSE = sympy.Matrix([[1, 0], [1, sympy.Rational(1, 2)]])  # a Q^-1 that tells rows from columns


def one_observer() -> None:
    """kappa_H = -(v_k' . v_km) |p_k'|, the only node on H."""
    equal(sympy.solve((KAPPA * R - BOUND).subs(KAPPA, PRODUCT * NORM), PRODUCT)[0], OBSERVED)


def largest_entry() -> None:
    """v = Q^-T beta: entry i of v reads column i of Q^-1, and |q beta| <= |q| B term by term."""
    size, i = sympy.symbols("n i", integer=True, positive=True)
    Q, beta = sympy.MatrixSymbol("Q", size, size), sympy.MatrixSymbol("beta", size, 1)
    same((Q.T * (Q.I.T * beta)).doit(), beta)  # so v = Q^-T beta solves Q^T v = beta
    entry = (Q.T * beta)[i, 0]
    m = entry.variables[0]
    same(entry.function, Q[m, i] * beta[m, 0])
    for e, f in itertools.product(SIGNS, repeat=2):
        at_least(ENTRY_SIZE * (SIZE + SLACK), (e * ENTRY_SIZE) * (f * SIZE))


def column_sum() -> None:
    """beta = (1, 1) attains the maximal column sum, which is above the maximal row sum here."""
    fan_out = INVERSE.T * sympy.Matrix([1, 1])
    columns = [sum(abs(INVERSE[i, j]) for i in range(2)) for j in range(2)]
    rows = [sum(abs(INVERSE[i, j]) for j in range(2)) for i in range(2)]
    same(max(fan_out), max(columns))
    above(max(columns), max(rows))


def euclidean() -> None:
    """|v|_2^2 <= C |v|_inf^2, attained by equal entries: Q = 1, beta = (1, .., 1)."""
    at_least((SIZE + SLACK) ** 2, SIZE**2)
    equal(OUTPUTS * SIZE**2, (sympy.sqrt(OUTPUTS) * SIZE) ** 2)
    equal((sympy.eye(2) * sympy.Matrix([1, 1])).norm(), sympy.sqrt(2))


ENTRY = Entry(
    name="corollary-1-repaired",
    label="Corollary 1'",
    kind="proof",
    statement="Student k', p_k' != 0, no other node of either network on H_k'; observers k_1..k_C, none of"
    " them k', Q = [v_k1 .. v_kC] invertible; for each m a ball of radius r centred on H_k' inside A_km, eps"
    f" = eps_km, Gamma as in Theorem A for it. Then |v_km . v_k'| <= B_m = {OBSERVED}, p = |p_k'|; |v_k'|_inf"
    " <= |Q^-1|_1 max B_m with the largest absolute column sum; |v_k'|_2 <= the length of the vector of the sums over m of"
    " |Q^-1|_mi B_m, itself at most sqrt(C) |Q^-1|_1 max B_m; and |v_k'|_2 <= |B|_2/sigma_min(Q).",
    certifies="The bound of one observer from Theorem A; the column (not row) sum, attained; the factor sqrt C, needed.",
    does_not="sigma_min(Q) |v|_2 <= |Q^T v|_2 is the definition of the smallest singular value (words). k' is"
    " no observer of itself: H_k' is on the boundary of A_k', so no ball fits. If other nodes share H_k', B_m"
    " bounds |kappa_H|/|p_k'| only.",
    steps=(
        Step(
            "In h_km the node k' has c = -v_k' . v_km, alone on its hyperplane: |kappa_H| = |v_k' . v_km|"
            " |p_k'|, and Theorem A bounds it.",
            one_observer,
        ),
        Step(
            "beta = Q^T v_k' has |beta_m| <= B_m; v_k' = Q^-T beta, entry i is the sum over m of (Q^-1)_mi"
            " beta_m: at most the sum of |(Q^-1)_mi| B_m, and that at most the absolute sum of column i times max B_m.",
            largest_entry,
        ),
        Step(
            "The column sum is attained, and the row sum would be too small: Q^-1 = [[1, 0], [1, 1/2]], beta = (1, 1).",
            column_sum,
        ),
        Step("|v|_2 <= sqrt(C) |v|_inf, attained.", euclidean),
        Step("|v|_2 <= |beta|_2/sigma_min(Q): the definition of the smallest singular value."),
    ),
)
