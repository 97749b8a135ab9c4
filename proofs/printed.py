"""The printed statements, read literally, on exact instances: what they presuppose, what they measure, what
they bound.

Printed Theorem 2 is read with its explicit constant M = (10/r') sqrt(d'/(2 pi)), r' = r - 5 eps/|alpha|, and
K the number of nodes of both networks; "observed" is as printed: the boundary of one node meets the closed
activation region of the other, anywhere in space. Bounds contain 1/sqrt(pi); their squares times pi are
rational, and are compared by proved bounds on pi. Numbers may be functions of a parameter (families.py).

Source: Section 3.2 and Appendix A.4 to A.9 of the paper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .geometry import merged
from .instances import Instance, Network
from .kernel import PI_HIGH, PI_LOW, Matrix, Number, dot, exact_root, inverse, rational, transpose


def observed(of: Network, j: int, by: Network, k: int) -> bool:
    """Whether {w_j . x + b_j = 0} meets {w_k . x + b_k >= 0}, anywhere in space; w_j is not 0."""
    w, other = of.W[j], by.W[k]
    length = dot(w, w)
    if dot(w, other) * dot(w, other) != length * dot(other, other):
        return True  # not parallel
    return by.b[k] - dot(w, other) / length * of.b[j] >= 0


def sines_squared(instance: Instance, net: Network, j: int, others: Iterable[tuple[Network, int]]) -> tuple[Number, ...]:
    """sin^2 of the projected angle of node j to other nodes (network, index); those without projection are
    left out.
    """
    a, _ = instance.node(net, j)
    forms = (instance.node(other, i)[0] for other, i in others)
    return tuple(instance.sine_squared(a, form) for form in forms if any(form))


def length_squared(instance: Instance, net: Network, j: int) -> Number:
    """|p_j|^2."""
    a, _ = instance.node(net, j)
    return instance.inner(a, a)


def nodes(net: Network) -> tuple[tuple[Network, int], ...]:
    """All nodes as (network, index)."""
    return tuple((net, i) for i in range(len(net.W)))


def has_multiple(instance: Instance, j: int, either_sign: bool = False) -> bool:
    """Theorem 1's conclusion: p_k = lambda p_j for a student k and some lambda > 0 (or of either sign)."""
    a, _ = instance.node(instance.teacher, j)
    for _, k in nodes(instance.student):
        other, _ = instance.node(instance.student, k)
        if not any(a):
            if not any(other):
                return True
        elif any(other) and instance.sine_squared(a, other) == 0:
            if either_sign or instance.inner(a, other) > 0:
                return True
    return False


def gradient_vanishes(instance: Instance) -> bool:
    """Theorem 1's hypothesis g_1 = 0 on U ∩ R, by the exact zero test on every A_k."""
    regions = [(k, instance.active(k)) for _, k in nodes(instance.student)]
    return all(where is None or instance.gradient(k).vanishes_on(where) for k, where in regions)


def pi_bound_squared(epsilon: Number, size: Number, radius_squared: Number, count: int, dimension: int) -> Number:
    """pi (M K eps/size)^2 = 50 d' (K eps/(size r'))^2, r' = r - 5 eps/|size|.

    ValueError where r' <= 0, where the statement says nothing, and where r is not rational.
    """
    radius = exact_root(radius_squared)
    if radius is None:
        raise ValueError(f"expected a rational radius; got its square {radius_squared}")
    left = radius - 5 * epsilon / abs(size)
    if not left > 0:
        raise ValueError(f"expected r' > 0; got {left}")
    ratio = count * epsilon / (size * left)
    return 50 * dimension * ratio * ratio


def between(low: Any, pi_times_square: Number, high: Any) -> bool:
    """Whether low < sqrt(pi_times_square/pi) < high is proved; 0 <= low < high, numbers or decimal strings."""
    low, high = rational(low), rational(high)
    return PI_HIGH * low * low < pi_times_square < PI_LOW * high * high


def below(pi_times_square: Number, square: Number) -> bool:
    """Whether sqrt(pi_times_square/pi) < sqrt(square) is proved."""
    return pi_times_square < PI_LOW * square


@dataclass(frozen=True)
class AngleBound:
    """Printed Theorem 2 for a teacher node and an observer: sin theta <= M K eps/alpha.

    epsilon          sup |g_1| over all students (Theorem 3: with e0 times the norm of the fan-outs added)
    alpha            v*_j . v_k
    radius_squared   r^2, r the radius of the largest (d'-1)-ball in U ∩ R ∩ boundary of j
    nodes            K
    dimension        d'
    sines_squared    what is measured: sin^2 of the angle to every student with a projection
    length_squared   |p_j|^2, which the bound does not know: 1 unless that is the point
    """

    epsilon: Number
    alpha: Number
    radius_squared: Number
    nodes: int
    dimension: int
    sines_squared: tuple[Number, ...]
    length_squared: Number = 1

    @property
    def pi_times_square(self) -> Number:
        """pi times the square of the bound; its sign is that of alpha."""
        return pi_bound_squared(self.epsilon, self.alpha, self.radius_squared, self.nodes, self.dimension)


def angle_bound(instance: Instance, j: int, k: int, extra: Number = 0, second: bool = False) -> AngleBound:
    """Both sides of printed Theorem 2 for teacher node j, observer k; of Theorem 3 with `second` and extra =
    e0 norm.
    """
    teacher = instance.second_teacher if second else instance.teacher
    assert teacher is not None, "Theorem 3 needs a second teacher"
    return AngleBound(
        instance.epsilon + extra,
        dot(teacher.fan_outs[j], instance.student.fan_outs[k]),
        instance.boundary_radius_squared(*instance.node(teacher, j)),
        len(teacher.W) + len(instance.student.W),
        instance.dimension,
        sines_squared(instance, teacher, j, nodes(instance.student)),
        length_squared(instance, teacher, j),
    )


@dataclass(frozen=True)
class FanOutBound:
    """Printed Corollary 1 for a student k' and observers k_1 .. k_C: |v_k'|_2 <= |Q^-1|_1 M K eps/c0.

    alpha              min over m of |v_km . v_k'|, which is in r' = r - 5 eps/alpha
    distance_squared   c0^2, the smallest sin^2 to any other node of either network
    inverse_norm       |Q^-1|_1
    fan_out_squared    what is measured: |v_k'|_2^2
    length_squared     |p_k'|^2, which the bound does not know: 1 unless that is the point
    """

    epsilon: Number
    alpha: Number
    radius_squared: Number
    nodes: int
    dimension: int
    distance_squared: Number
    inverse_norm: Number
    fan_out_squared: Number
    length_squared: Number = 1

    @property
    def pi_times_square(self) -> Number:
        """pi times the square of the bound."""
        single = pi_bound_squared(self.epsilon, self.alpha, self.radius_squared, self.nodes, self.dimension)
        factor = self.alpha * self.inverse_norm
        return single * factor * factor / self.distance_squared


def fan_out_bound(instance: Instance, k: int, observers: tuple[int, ...], norm=None) -> FanOutBound:
    """Both sides of printed Corollary 1 for student k and observers; norm(Q^-1) is the column sum unless
    given.
    """
    student = instance.student
    fans = student.fan_outs
    others = [*nodes(instance.teacher), *(pair for pair in nodes(student) if pair[1] != k)]
    Q_inverse = inverse(transpose(tuple(fans[m] for m in observers)))
    return FanOutBound(
        instance.epsilon,
        min(abs(dot(fans[m], fans[k])) for m in observers),
        instance.boundary_radius_squared(*instance.node(student, k)),
        len(others) + 1,
        instance.dimension,
        min(sines_squared(instance, student, k, others)),
        (norm or column_sum)(Q_inverse),
        dot(fans[k], fans[k]),
        length_squared(instance, student, k),
    )


def column_sum(A: Matrix) -> Number:
    """|A|_1, the maximum absolute column sum."""
    return max(sum(map(abs, column)) for column in transpose(A))


def row_sum(A: Matrix) -> Number:
    """|A|_inf, the maximum absolute row sum."""
    return max(sum(map(abs, row)) for row in A)


def teacher_distance(instance: Instance) -> Number:
    """e0 of Theorem 3: sup over U ∩ R of the largest |f*_c - f*'_c|, exactly."""
    first, second = instance.teacher, instance.second_teacher
    assert second is not None, "Theorem 3 needs a second teacher"
    largest: Number = 0
    for output in range(len(first.V)):
        unit = tuple(int(c == output) for c in range(len(first.V)))
        h = merged([*instance.terms(second, unit), *instance.terms(first, unit, -1)], instance.dimension)
        (low, _), (high, _) = h.extrema(instance.data)
        largest = max(largest, high, -low)
    return largest
