"""What the counterexamples share: the printed statements in our words, and an Entry from a module's
docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..entry import Entry, Step

PRINTED = {
    "Theorem 1": "If the data R lie in X and g_1 = 0 on R, then for every teacher node j observed by a "
    "student node (the boundary of j meets the closed activation region of the student) some "
    "student k has Proj_X w_k = lambda Proj_X w*_j with lambda > 0.",
    "Theorem 2": "If |g_1| <= eps on R, then for every teacher node j observed by a student k some student "
    "k' has sin theta <= M K eps/alpha_jk, where theta is the angle of the projections of w*_j "
    "and w_k' to U, alpha_jk = v*_j . v_k, K counts the nodes of both networks, M = O(1/r), r "
    "the radius of the largest ball in U ∩ R ∩ boundary of j; explicitly M = (10/r') "
    "sqrt(d'/(2 pi)) with r' = r - 5 eps/|alpha_jk|.",
    "Theorem 3": "If |f* - f*'| <= e0 on R for a second teacher f*' and |g_1| <= eps, then for every node j "
    "of f*' observed by a student k some student k' has sin theta <= M K (eps + e0 max_k "
    "|v_k|_1)/alpha'_jk.",
    "Corollary 1": "If |g_1| <= eps, a student k' is observed by students with fan-outs Q = [v_k1 .. v_kC], "
    "and its projected angle to every other node of either network has sine at least c0, "
    "then |v_k'|_2 <= |Q^-1|_1 M K eps/c0, M taken at k'.",
    "Lemma 2": "w_j, w_j' are two different hyperplanes with weight parts of length 1, theta is the angle "
    "between the vectors w_j and w_j' (bias included). Then some u orthogonal to the weight part "
    "of w_j has w_j' . u = sin theta.",
    "Lemma 3": "K nodes with unit weights, not collinear with their biases; the boundary of j meets the "
    "open set R. Either some j' != j has sin theta <= M K eps/|c_j| and |b_j' - b_j| <= M_2 "
    "eps/|c_j|, or some x in R on the boundary of j has |w_j' . x| > 5 eps/|c_j| for every j' != "
    "j. Here M = (10/r) sqrt(d/(2 pi)), M_2 = 2 M_0 M K + 5, M_0 = max |x| over R ∩ boundary of "
    "j, r the radius of a (d-1)-ball in it.",
    "Lemma 4": "K nodes with unit weights, not collinear with their biases, |sum c_i f_i + affine| <= eps "
    "on R, and the boundary of j meets R. Then some j' != j has sin theta <= M K eps/|c_j| and "
    "|b_j' - b_j| <= M_2 eps/|c_j|, M, M_2 as in Lemma 3 with r' = r - 5 eps/|c_j| for r.",
}


def counterexample(
    module: str,
    doc: str | None,
    label: str,
    steps: tuple[Step, ...],
    instance: Callable[[], dict[str, Any]] | None = None,
    expects: Mapping[str, Any] | None = None,
) -> Entry:
    """The Entry of a counterexample module: its docstring's first line is the conclusion, then `Certifies`,
    `Does not`.

    label: the printed statement, then the letter of the reason in brackets, as in "Theorem 2 (a)".
    """
    conclusion, _, rest = (doc or "").partition("\n\nCertifies")
    certifies, marker, does_not = rest.partition("\nDoes not")
    if not marker:
        raise ValueError(f'{module} needs a docstring with "Certifies" and "Does not"')
    conclusion, certifies, does_not = (" ".join(part.split()) for part in (conclusion, certifies, does_not))
    printed = PRINTED[label.partition(" (")[0]]
    name = module.rpartition(".")[2].replace("_", "-")
    return Entry(
        name,
        label,
        "counterexample",
        f"Printed: {printed} Refuted: {conclusion}",
        certifies,
        f"It does not {does_not}",
        steps,
        instance,
        expects,
    )
