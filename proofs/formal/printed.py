"""The rows of the printed statements that are false: a counterexample each, for every constant where one is printed."""

from __future__ import annotations

from .row import formal

PRINTED_2 = (
    "For every constant C there are two networks in the plane with the hypotheses of the printed Theorem 2 and no student with"
    " sin theta <= C K eps/(alpha r), K the number of nodes: "
)
IN_THE_CONSTANT = "Keep sqrt(d') and r' = r - 5 eps/|alpha| apart: d' = 2 is fixed and 10 eps <= r |alpha|, so both are in C."

FALSE = (
    formal(
        "theorem-1-printed-false",
        "Theorem 1, printed (sign)",
        "Counterexamples.theorem_1_printed_false",
        "The printed Theorem 1, with hypotheses added (f = f* on the open region, the observer active at the boundary"
        " point, alpha != 0, the inputs span the space), is false: some teacher node has no student with the same"
        " direction, lambda > 0.",
        "Refute lambda of either sign.",
        kind="counterexample",
    ),
    formal(
        "theorem-2-dead-observer",
        "Theorem 2, printed (dead observer)",
        "PrintedTheorem2.theorem_2_dead_observer",
        PRINTED_2 + "the observer is active only outside the region; eps = 0, every student is at a right angle.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-corner",
        "Theorem 2, printed (observer in a corner)",
        "PrintedTheorem2.theorem_2_corner",
        PRINTED_2
        + "the observer sees a corner of the region, its boundary point in it; eps = t, every student is at a right angle.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-thin-region",
        "Theorem 2, printed (thin region)",
        "PrintedTheorem2.theorem_2_thin_region",
        PRINTED_2
        + "the region (-1,1) x (-t,t) is thin across the boundary, whose length alone is r; eps = t, the only student is"
        " at 45 degrees.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-rescaled-teacher",
        "Theorem 2, printed (rescaled teacher)",
        "PrintedTheorem2.theorem_2_rescaled_teacher",
        PRINTED_2 + "the teacher's weight is scaled by t and its fan-out by 1/t, which changes alpha and no function;"
        " every student is at a right angle.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-projected-norm",
        "Theorem 2, printed (short projection)",
        "PrintedNorm.theorem_2_projected_norm",
        "For every constant C there are a teacher and a student of one node each, of weights of length 1, and a plane of inputs"
        " with the hypotheses of the printed Theorem 2 and no student with sin theta <= C K eps/(alpha r), theta the angle"
        " of the projections: the teacher's projection is short, and the student's is at a right angle to it.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-negative-alpha",
        "Theorem 2, printed (alpha < 0)",
        "PrintedTheorem2.theorem_2_negative_alpha",
        PRINTED_2 + "alpha = -1 makes the bound negative, and a sine is not (C > 0).",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-cancelling-teachers",
        "Theorem 2, printed (cancelling teachers)",
        "PrintedTheorem2.theorem_2_cancelling_teachers",
        PRINTED_2 + "a second teacher, nearly parallel to the first, cancels it; eps = t, every student is at a right angle.",
        IN_THE_CONSTANT,
        kind="counterexample",
    ),
    formal(
        "theorem-2-unnormalised-angle",
        "Theorem 2, printed (unnormalised angle)",
        "PrintedAngle.theorem_2_unnormalised_angle",
        "For every constant C there are a network, its own student, of weights of length 1, and a plane of inputs with the"
        " hypotheses of the printed Theorem 2 and eps = 0, so that C K eps/(alpha r) = 0, where the printed angle arccos(p ."
        " p') of the projections, which are not normalised, has a positive sine, sqrt(544/625) here.",
        "Concern the angle of normalised projections, which is 0 here.",
        kind="counterexample",
    ),
)
