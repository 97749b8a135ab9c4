"""J directions: if all other creases have at most J directions, their number does not matter.

Certifies   sin theta_min <= C_J eps/(|kappa| r), C_J = 2^(J-1) J/binom(J-2, J/2-1), J even; C_2 = 4, 16, 32,
            51.2.
Does not    claim C_J sharp beyond J = 2.
"""

from __future__ import annotations

import sympy

from ..entry import Entry, Step
from ._algebra import SIGNS, acute, at_least, equal, inner, positives, reals

EPS, KAPPA, R, A, SLACK = positives("eps kappa r a slack")
J, HALF = sympy.symbols("J m", integer=True, positive=True)  # J = 2 m
MIDDLE = sympy.binomial(J - 2, J / 2 - 1)
CONSTANT = 2 ** (J - 1) * J / MIDDLE
BOUND = CONSTANT * EPS / (KAPPA * R)  # of sin theta_min
VALUES = {2: 4, 4: 16, 6: 32, 8: sympy.Rational(256, 5)}


def product_of_differences() -> None:
    """prod (1 - shift_j): sums over subsets with sign (-1)^|S|; a class that is constant along v_j is
    killed.

    Binomially many subsets of each size; one shift more turns the sign, so subsets with and without j cancel. A linear
    function is a sum of parts that two shifts change by a constant each.
    """
    size = sympy.symbols("size", integer=True, nonnegative=True)
    equal(sympy.summation(sympy.binomial(J, size), (size, 0, J)), 2**J)
    equal(sympy.powsimp((-1) ** size + (-1) ** (size + 1)), 0)
    value, first, second = reals("value first second")  # of a linear function, and its changes along two of the v_j
    equal(value - (value + first) - (value + second) + (value + first + second), 0)


def crease() -> None:
    """Heights (i - m) a with weights (-1)^i binom(J, i): the sum of relu is +-a binom(J - 2, m - 1).

    Generating function: relu(i) has z/(1 - z)^2, so the J-th difference is (1 - z)^J z/(1 - z)^2 = z (1 -
    z)^(J-2), and its coefficient of z^m is (-1)^(m-1) binom(2m - 2, m - 1) (binomial theorem). Read from the other end,
    i -> 2m - i, that is the sum of the weights times relu(i - m).
    """
    z = sympy.Symbol("z")
    i = sympy.Symbol("i", integer=True, positive=True)
    # (1 - z)^2 sum i z^i = z: coefficients 0, 1, and from z^2 on this
    equal(i - 2 * (i - 1) + (i - 2), 0)
    equal((1 - z) ** (2 * HALF) * z / (1 - z) ** 2 / (z * (1 - z) ** (2 * HALF - 2)), 1)
    equal(MIDDLE.subs(J, 2 * HALF), sympy.binomial(2 * HALF - 2, HALF - 1))
    equal(sympy.gammasimp((sympy.binomial(2 * HALF, i) / sympy.binomial(2 * HALF, 2 * HALF - i)).rewrite(sympy.gamma)), 1)
    equal(sympy.powsimp((-1) ** (2 * HALF - i) * (-1) ** i), 1)
    equal(HALF - (2 * HALF - i), i - HALF)


def inside_the_ball() -> None:
    """v_j of height a along crease j has length a/sin theta_j <= a/sin theta_min; half the sum of J of them
    is at most r."""
    cosine, sine = acute()
    gram = ((1, cosine), (cosine, 1))
    along = (A / sine**2, -A * cosine / sine**2)
    other, normal = sympy.eye(2).row(1), sympy.eye(2).row(0)
    equal(inner(along, other, gram), 0)
    equal(inner(along, normal, gram), A)
    equal(inner(along, along, gram), (A / sine) ** 2)
    height = 2 * R * sine / J
    equal(J * (height / sine) / 2, R)
    at_least(1 / sine, 1 / (sine * (1 + SLACK)))
    for e in SIGNS:
        equal(e * height * (e * J / 2), R * sine)


def constants() -> None:
    """2^J eps >= kappa a MIDDLE with a = 2 r sin/J."""
    sine = sympy.Symbol("s", positive=True)
    equal(sympy.solve(2**J * EPS - KAPPA * (2 * R * sine / J) * MIDDLE, sine)[0] / BOUND, 1)
    for count, value in VALUES.items():
        equal(CONSTANT.subs(J, count), value)


ENTRY = Entry(
    name="directions-j",
    label="J directions",
    kind="proof",
    statement="A ball of radius r centred on H, |h| <= eps on it, d' >= 2. If all other creases that meet the"
    f" ball have at most J directions, J even, then min sin theta <= {BOUND}: C_2 = 4, C_4 = 16, C_6 = 32,"
    " C_8 = 51.2.",
    certifies="The signs and sizes of the J-fold difference, its value on H by generating functions (every"
    " even J), the ball, the constants.",
    does_not="All creases are counted, whatever their sign (theorem-a-two-directions refutes the"
    " opposing-only version). Fewer directions, or odd J: repeat one (words). A parallel crease has sine 0:"
    " nothing to show.",
    steps=(
        Step(
            "v_j along direction j, rising by a; h summed over p + (1/2) sum +-v_j with the product of the"
            " signs, prod_j (1 - shift by v_j) at p - (1/2) sum v_j: kills every class, and affine"
            " functions, J >= 2; total weight 2^J.",
            product_of_differences,
        ),
        Step("On H's crease: sum over i of (-1)^i binom(J, i) relu((i - J/2) a) = +-a binom(J - 2, J/2 - 1).", crease),
        Step("a = 2 r sin theta_min/J: all 2^J points are in the ball.", inside_the_ball),
        Step("kappa a binom(J - 2, J/2 - 1) <= 2^J eps.", constants),
    ),
)
