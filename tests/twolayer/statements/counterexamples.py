"""Every counterexample to the paper's statements as an exact instance, in one table.

Each function returns an Instance in Fractions; COUNTEREXAMPLES says which row fails as printed, with which numbers, and
which missing hypothesis is to blame. test_counterexample_instances.py recomputes every number without the checker;
examples/instances/NAME.json are the same instances as files; `python -m tests.twolayer.statements.counterexamples` writes
them.

Source: Section 3.2 (Theorems 1, 2, Corollary 1) and Appendix A.9 (Theorem 3) of the paper.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Polytope, Subspace

ZERO, HUNDREDTH, THOUSANDTH = Fraction(0), Fraction(1, 100), Fraction(1, 1000)
SHORT, LONG = Fraction(200, 10001), Fraction(9999, 10001)  # SHORT^2 + LONG^2 = 1


def exact(rows) -> np.ndarray:
    """An object array of Fractions of nested lists of ints and Fractions."""
    ints = np.array(rows, dtype=object)
    out = np.empty(ints.shape, dtype=object)
    for index, x in np.ndenumerate(ints):
        out[index] = Fraction(x)
    return out


def network(*nodes) -> TwoLayer:
    """A network from nodes (weight, bias, fan-out); a fan-out is a number or one number an output."""
    weights, biases, fan_outs = zip(*nodes, strict=True)
    columns = [v if isinstance(v, tuple) else (v,) for v in fan_outs]
    return TwoLayer(exact(weights), exact(biases), exact(columns).T)


def box(*sides) -> Polytope:
    """A box from its sides (lower, upper)."""
    rows, limits = [], []
    for sign in (1, -1):
        for i, side in enumerate(sides):
            rows.append([sign * int(i == j) for j in range(len(sides))])
            limits.append(side[1] if sign > 0 else -side[0])
    return Polytope(exact(rows), exact(limits))


def instance(name, teacher, student, region, subspace=None, second_teacher=None) -> Instance:
    """An instance with a subspace in Fractions: the first coordinates, or the whole space."""
    d = region.dimension
    rows = [[int(i == j) for j in range(d)] for i in range(subspace or d)]
    return Instance(teacher, student, region, Subspace(exact(rows), exact([0] * d)), second_teacher, name)


SQUARE = box((-1, 1), (-1, 1))
CUBE = box((-1, 1), (-1, 1), (-1, 1))
DIAMOND = Polytope(exact([[1, 1], [1, -1], [-1, 1], [-1, -1]]), exact([1, 1, 1, 1]))


# Theorem 1: g_1 = 0 on R, and yet no student has the teacher's projected direction with lambda > 0.


def theorem_1_sign() -> Instance:
    """relu(-x) + x = relu(x): a flipped student and an affine rest do what the teacher does."""
    student = network(((-1, 0), 0, 1), ((1, 1), 3, 1), ((0, 1), 3, -1))
    return instance("a flipped student copies the teacher", network(((1, 0), 0, 1)), student, SQUARE)


def theorem_1_dead_observer() -> Instance:
    """The student never activates on R, so its gradient vanishes; the boundaries cross far away."""
    return instance("the only observer is dead", network(((0, 1), 0, 1)), network(((1, 0), -2, 1)), SQUARE)


def theorem_1_boundary() -> Instance:
    """The teacher's boundary x = 0 misses R = (1, 2) x (-1, 1), where the teacher is affine."""
    return instance(
        "the teacher's boundary misses the region",
        network(((1, 0), 0, 1)),
        network(((1, 1), 3, 1), ((0, 1), 3, -1)),
        box((1, 2), (-1, 1)),
    )


def theorem_1_edge() -> Instance:
    """Two flipped students cancel each other; their active regions meet the boundary x = 0 in their edge only."""
    return instance(
        "the boundary is only the edge of the active region",
        network(((1, 0), 0, 1)),
        network(((-1, 0), 0, 1), ((-2, 0), 0, Fraction(-1, 2))),
        SQUARE,
    )


def theorem_1_alpha() -> Instance:
    """Two outputs: the fan-outs of teacher and students are orthogonal, so no student feels the teacher."""
    teacher, student = network(((1, 0), 0, (1, 0))), network(((1, 1), 3, (0, 1)), ((1, 1), 3, (0, -1)))
    return instance("the observers' fan-outs are orthogonal to the teacher's", teacher, student, SQUARE)


def theorem_1_shared_hyperplane() -> Instance:
    """relu(x) - relu(-x) = x: two teachers on one hyperplane have no crease together."""
    return instance(
        "two teachers on one hyperplane cancel",
        network(((1, 0), 0, 1), ((-1, 0), 0, -1)),
        network(((1, 1), 3, 1), ((0, 1), 3, -1)),
        SQUARE,
    )


def theorem_1_norm() -> Instance:
    """The teacher's weight is orthogonal to U = {x3 = 0}: its projection 0 is a multiple of no student's."""
    return instance(
        "the teacher's projected weight is zero",
        network(((0, 0, 1), 0, 1)),
        network(((1, 0, 1), 2, 1), ((1, 0, 0), 2, -1)),
        CUBE,
        subspace=2,
    )


# Theorem 2: |g_1| <= eps, and yet the angle of every student exceeds M K eps / alpha.


def theorem_2_corner(t: Fraction = HUNDREDTH) -> Instance:
    """r is measured on the whole boundary y = 0, of which the observer sees a corner of size t."""
    return instance("observer sees only a corner", network(((0, 1), 0, 1)), network(((1, 0), t - 1, 1)), DIAMOND)


def theorem_2_dead_observer() -> Instance:
    """An observer that is never active on R has no gradient at all."""
    return instance("the observer is dead", network(((0, 1), 0, 1)), network(((1, 0), -2, 1)), SQUARE)


def tent(t: Fraction, height: Fraction = Fraction(1)) -> tuple[tuple, tuple]:
    """(teacher's affine node, student node): relu(h y) + teacher - student = h (|y|/2 - t/4) where both are active."""
    slanted = (Fraction(4, 5), Fraction(3, 5))
    return ((1, 0), 8 - 3 * t / 8, height * 2 / 3), (slanted, Fraction(32, 5), height * 5 / 6)


def theorem_2_thin(t: Fraction = HUNDREDTH) -> Instance:
    """r is the length of the boundary y = 0 and does not know that R is thin across it."""
    affine, student = tent(t)
    return instance("thin region", network(((0, 1), 0, 1), affine), network(student), box((-1, 1), (-t, t)))


def theorem_2_norm(h: Fraction = SHORT, k: Fraction = LONG) -> Instance:
    """h^2 + k^2 = 1: on U = {x3 = 0} the teacher's weight has length h, which alpha does not know."""
    affine, student = tent(Fraction(1), h)
    lift = ((*affine[0], 0), *affine[1:]), ((*student[0], 0), *student[1:])
    return instance("short projected weight", network(((0, h, k), 0, 1), lift[0]), network(lift[1]), CUBE, subspace=2)


def theorem_2_rescaling(s: Fraction = HUNDREDTH) -> Instance:
    """relu(s y)/s = relu(y): alpha is 1/s times as large and the function the same."""
    affine, student = tent(Fraction(1))
    return instance("rescaled teacher", network(((0, s), 0, 1 / s), affine), network(student), SQUARE)


def theorem_2_unnormalised() -> Instance:
    """Teacher and student are one; projected weights of length 3/5 have arccos(p . p) with sine^2 = 544/625."""
    node = ((Fraction(3, 5), 0, Fraction(4, 5)), 0, 1)
    return instance("identical student, unnormalised projections", network(node), network(node), CUBE, subspace=2)


def theorem_2_sign() -> Instance:
    """alpha = -1 makes the bound negative; the first student lies exactly on the teacher's hyperplane."""
    student = network(((0, 1), 0, Fraction(99, 100)), ((1, 0), 3, -1), ((1, 0), 3, 1))
    return instance("negative alpha", network(((0, 1), 0, 1)), student, SQUARE)


def _parallel_teachers(t: Fraction) -> tuple[TwoLayer, TwoLayer]:
    s, c = 2 * t / (1 + t * t), (1 - t * t) / (1 + t * t)
    return network(((0, 1), 0, 1), ((s, c), 0, -1), ((1, 0), 4, 1)), network(((1, 0), 4, 1))


def theorem_2_student(t: Fraction = THOUSANDTH) -> Instance:
    """Two nearly parallel teachers cancel up to 2 t: another node is near, but it is no student."""
    return instance("two nearly parallel teachers cancel", *_parallel_teachers(t), SQUARE)


# Corollary 1: the angle of student k' to every other node is at least c0, and yet its fan-out is large.


def corollary_1_corner(t: Fraction = HUNDREDTH) -> Instance:
    """The observer sees a corner of size t of the boundary of k' = student 0."""
    return instance(
        "the fan-out is seen from a corner only",
        network(((1, 1), 3, 1), ((1, 0), 3, -1)),
        network(((0, 1), 0, 1), ((1, 0), t - 1, 1)),
        DIAMOND,
    )


def _fan_out_on(region: Polytope, name: str, scale: Fraction) -> Instance:
    teacher = network(((1, 1), 3, 1), ((1, 0), 3, -1), ((1, 0), 4, 1))
    return instance(name, teacher, network(((0, scale), 0, 1 / scale), ((1, 0), 4, 1)), region)


def corollary_1_thin(t: Fraction = THOUSANDTH) -> Instance:
    """R is thin across the boundary of k' = student 0."""
    return _fan_out_on(box((-1, 1), (-t, t)), "the fan-out is hidden by a thin region", Fraction(1))


def corollary_1_rescaling(s: Fraction = HUNDREDTH) -> Instance:
    """w_k' = (0, s), v_k' = 1/s: the fan-out is as large as one likes, the function the same."""
    return _fan_out_on(SQUARE, "rescaled student", s)


# Theorem 3: the teacher is judged by a second teacher within e0 of the first.


def theorem_3_corner(t: Fraction = HUNDREDTH) -> Instance:
    """Theorem 2's corner with e0 = 0: relu(2 y)/2 is the same function as relu(y)."""
    first, second = network(((0, 2), 0, Fraction(1, 2))), network(((0, 1), 0, 1))
    return instance("second teacher, seen from a corner", first, network(((1, 0), t - 1, 1)), DIAMOND, second_teacher=second)


def theorem_3_thin(t: Fraction = HUNDREDTH) -> Instance:
    """The student is the first teacher, so g_1 = 0; the second is a tent of height t/4 away from it."""
    affine, student = tent(t)
    return instance(
        "second teacher in a thin region",
        network(student),
        network(student),
        box((-1, 1), (-t, t)),
        second_teacher=network(((0, 1), 0, 1), affine),
    )


def theorem_3_student(t: Fraction = THOUSANDTH) -> Instance:
    """g_1 = 0, and the second teacher differs by two nearly parallel nodes that cancel up to 2 t."""
    second, student = _parallel_teachers(t)
    return instance("two nearly parallel nodes of the second teacher cancel", student, student, SQUARE, second_teacher=second)


def theorem_3_sign() -> Instance:
    """alpha = -1 makes the bound negative, e0 = 0."""
    printed = theorem_2_sign()
    return instance("second teacher, negative alpha", printed.teacher, printed.student, SQUARE, second_teacher=printed.teacher)


@dataclass(frozen=True)
class Counterexample:
    """What a counterexample shows.

    name       name of its file in examples/instances
    statement  theorem-1 | theorem-2 | corollary-1 | theorem-3
    build      the instance
    row        indices of the row whose printed form must fail: teacher, observer (Theorems 2, 3), student (Corollary 1)
    reason     the hypothesis that is missing
    epsilon    sup |g_1| over all students, exactly
    measured   the measured side; for Theorem 1 the sine to the best student with lambda > 0
    bound      the printed bound, to three digits
    e0         Theorem 3: sup |f* - f*'| on U ∩ R, exactly
    """

    name: str
    statement: str
    build: Callable[[], Instance]
    row: dict[str, int]
    reason: str
    epsilon: Fraction
    measured: float
    bound: float
    e0: Fraction = ZERO


HALF_ROOT = 0.5**0.5
CANCELLED = 2 * THOUSANDTH * (1 + THOUSANDTH) / (1 + THOUSANDTH**2)  # sup |relu(y) - relu(c y + s x)|: at (-1, 1)
T0, K0 = {"teacher": 0}, {"student": 0}
PAIR, SECOND = {"teacher": 0, "observer": 0}, {"teacher": 0, "observer": 1}

COUNTEREXAMPLES = (
    Counterexample("theorem-1-sign", "theorem-1", theorem_1_sign, T0, "sign", ZERO, HALF_ROOT, 0),
    Counterexample("theorem-1-dead-observer", "theorem-1", theorem_1_dead_observer, T0, "region", ZERO, 1, 0),
    Counterexample("theorem-1-boundary-outside", "theorem-1", theorem_1_boundary, T0, "region", ZERO, HALF_ROOT, 0),
    Counterexample("theorem-1-edge", "theorem-1", theorem_1_edge, T0, "region", ZERO, 1, 0),
    Counterexample("theorem-1-alpha", "theorem-1", theorem_1_alpha, T0, "alpha", ZERO, HALF_ROOT, 0),
    Counterexample(
        "theorem-1-shared-hyperplane", "theorem-1", theorem_1_shared_hyperplane, T0, "shared-hyperplane", ZERO, HALF_ROOT, 0
    ),
    Counterexample("theorem-1-norm", "theorem-1", theorem_1_norm, T0, "norm", ZERO, 1, 0),
    Counterexample("theorem-2-corner", "theorem-2", theorem_2_corner, PAIR, "region", HUNDREDTH, 1, 0.119),
    Counterexample("theorem-2-dead-observer", "theorem-2", theorem_2_dead_observer, PAIR, "region", ZERO, 1, 0),
    Counterexample("theorem-2-thin", "theorem-2", theorem_2_thin, PAIR, "thickness", HUNDREDTH * 5 / 24, 0.8, 0.0428),
    Counterexample("theorem-2-norm", "theorem-2", theorem_2_norm, PAIR, "norm", SHORT**2 * 5 / 24, 0.8, 0.0868),
    Counterexample("theorem-2-rescaling", "theorem-2", theorem_2_rescaling, PAIR, "norm", Fraction(5, 24), 0.8, 0.0428),
    Counterexample("theorem-2-sign", "theorem-2", theorem_2_sign, SECOND, "sign", HUNDREDTH, 0, -0.238),
    Counterexample("theorem-2-student", "theorem-2", theorem_2_student, PAIR, "student", CANCELLED, 1, 0.0456),
    Counterexample("corollary-1-corner", "corollary-1", corollary_1_corner, K0, "region", HUNDREDTH, 1, 0.336),
    Counterexample("corollary-1-thin", "corollary-1", corollary_1_thin, K0, "thickness", THOUSANDTH, 1, 0.0401),
    Counterexample("corollary-1-rescaling", "corollary-1", corollary_1_rescaling, K0, "norm", Fraction(1), 100, 42.0),
    Counterexample("theorem-3-corner", "theorem-3", theorem_3_corner, PAIR, "region", HUNDREDTH, 1, 0.119),
    Counterexample("theorem-3-thin", "theorem-3", theorem_3_thin, PAIR, "thickness", ZERO, 0.8, 0.0428, HUNDREDTH / 4),
    Counterexample("theorem-3-student", "theorem-3", theorem_3_student, PAIR, "student", ZERO, 1, 0.0456, CANCELLED),
    Counterexample("theorem-3-sign", "theorem-3", theorem_3_sign, SECOND, "sign", HUNDREDTH, 0, -0.238),
)

# Not a failing row: the printed forms normalise projections. It shows what happens to those who do not.
UNNORMALISED = ("theorem-2-unnormalised", theorem_2_unnormalised, Fraction(544, 625))

FOLDER = Path(__file__).resolve().parents[3] / "examples" / "instances"


def written(case: Instance) -> str:
    """The instance file, one field a line."""
    data = json.loads(case.to_json())

    def lines(value: dict, indent: str) -> str:
        inner = (
            f"{indent}  {json.dumps(key)}: " + (lines(x, indent + "  ") if isinstance(x, dict) else json.dumps(x))
            for key, x in value.items()
        )
        return "{\n" + ",\n".join(inner) + f"\n{indent}}}"

    return lines(data, "") + "\n"


def main() -> None:
    """Write all of them to examples/instances."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, build in [(case.name, case.build) for case in COUNTEREXAMPLES] + [UNNORMALISED[:2]]:
        (FOLDER / f"{name}.json").write_text(written(build()), encoding="utf-8")


if __name__ == "__main__":
    main()
